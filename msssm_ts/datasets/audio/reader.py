"""Audio files: a folder per class, or a manifest that lists them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries

SUFFIXES = (".wav", ".flac", ".ogg")

# Long recordings of noise beside the words of Speech Commands; not a class.
_BACKGROUND = "_background_noise_"
_SPEAKER = re.compile(r"^(.+)_nohash_\d+$")


class AudioExcerpt(NamedTuple):
    """A stretch of an audio file, in frames."""

    path: str
    start: int
    stop: int


class _Header(NamedTuple):
    frames: int
    rate: int
    channels: int


def read_audio_excerpt(item: AudioExcerpt) -> NDArray[np.float32]:
    """Decode a stretch of an audio file to (n_channels, length), values in -1 to 1.

    Raises
    ------
    InputError
        If the file has gone, or breaks off before the stretch ends.
    """
    import soundfile

    try:
        values, _ = soundfile.read(
            item.path, start=item.start, stop=item.stop, dtype="float32", always_2d=True
        )
    except (OSError, RuntimeError) as error:
        raise InputError(f"{item.path}: cannot be decoded ({error}); replace the file") from error
    if len(values) != item.stop - item.start:
        raise InputError(
            f"{item.path}: breaks off after {item.start + len(values)} frames, of which its "
            f"header promises {item.stop}; replace the file"
        )
    return np.ascontiguousarray(values.T)


def read_audio(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read audio files (WAV, FLAC, OGG); only headers now, the sound when it is asked for.

    A folder has a folder per class, or ``train`` and ``test`` (and ``validation``) folders that
    have, or a CSV file with columns ``file`` and ``label`` (and ``split``, ``fold``,
    ``speaker``). The names of the files, relative to the folder, are the ids. Speakers are the
    groups where all files are named as in Speech Commands, ``<speaker>_nohash_<n>.wav``.

    Parameters
    ----------
    source : Path
        A folder, or one file, which has no label.
    options : ReadOptions
        Its ``split`` chooses between ``train`` and ``test``.

    Raises
    ------
    InputError
        If a file cannot be decoded or holds no sound, or sampling rates or channels differ.

    Examples
    --------
    >>> import soundfile, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for word in ("no", "yes"):
    ...     (folder / word).mkdir()
    ...     soundfile.write(folder / word / "1.wav", np.zeros(800), 8000)
    >>> read_audio(folder, ReadOptions()).summary()
    '2 series, 1 channel × 800 steps at 8000 Hz, 2 classes: no yes'
    """
    if source.is_file():
        return audio_series(Recordings([source], [source]), source.parent, str(source))
    files = files_below(source)
    sounds = with_suffix(files, SUFFIXES)
    sounds = [f for f in sounds if _BACKGROUND not in f.relative_to(source).parts]
    if not sounds:
        raise InputError(
            f"{source}: no {', '.join(SUFFIXES)} file in a class folder; found are "
            f"{describe_files(files)}"
        )
    return audio_series(describe(source, sounds, files, options), source)


def audio_series(recordings: Recordings, folder: Path, source: str | None = None) -> LabelledSeries:
    """Return the series of some audio files, lazily; groups are found where none are known.

    Parameters
    ----------
    recordings : Recordings
        The files, and what is known of them.
    folder : Path
        Ids are relative to it.
    source : str, optional
        What to call it in messages; else the folder.

    Raises
    ------
    InputError
        If a file cannot be decoded or holds no sound, or sampling rates or channels differ.
    """
    files = recordings.files
    headers = [_read_header(f) for f in files]
    _refuse_mixtures(files, headers)
    if recordings.groups is None:
        speakers = [_SPEAKER.match(f.stem) for f in files]
        if all(speakers):
            groups = np.array([s[1] for s in speakers if s])
            recordings = replace(recordings, groups=groups, group_name="speaker")
    items = [AudioExcerpt(str(f), 0, h.frames) for f, h in zip(files, headers, strict=True)]
    return LabelledSeries(
        LazySeries(items, read_audio_excerpt, [h.frames for h in headers]),
        sampling_rate=float(headers[0].rate),
        units=("of full scale",) * headers[0].channels,
        ids=np.array([f.relative_to(folder).as_posix() for f in files]),
        source=source or str(folder),
        **recordings.fields(),
    )


def _read_header(file: Path) -> _Header:
    import soundfile

    try:
        info = soundfile.info(str(file))
    except (OSError, RuntimeError) as error:
        size = file.stat().st_size if file.exists() else 0
        what = "an empty file" if size == 0 else "not a readable audio file"
        raise InputError(f"{file}: {what}; remove or replace it") from error
    if info.frames == 0:
        raise InputError(f"{file}: the file holds no sound (0 frames); remove or replace it")
    return _Header(info.frames, info.samplerate, info.channels)


def _refuse_mixtures(files: Sequence[Path], headers: Sequence[_Header]) -> None:
    for file, header in zip(files, headers, strict=True):
        if header.rate != headers[0].rate:
            raise InputError(
                f"{file}: {header.rate} Hz, but {files[0]} has {headers[0].rate} Hz; resample "
                "the files to one rate"
            )
        if header.channels != headers[0].channels:
            raise InputError(
                f"{file}: {header.channels} channels, but {files[0]} has {headers[0].channels}; "
                "mix the files down to one number of channels"
            )
