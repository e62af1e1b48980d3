"""Audio files: a folder per class, or tables that list them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.audio.decode import AudioExcerpt, read_audio_excerpt
from msssm_ts.datasets.audio.formats import (
    SUFFIXES,
    UNDECODED,
    refuse_undecoded,
    without_undecoded,
)
from msssm_ts.datasets.audio.groups import grouped
from msssm_ts.datasets.audio.headers import alike, readable
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import tidy_labels
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.recordings.pattern import account_of_pattern, by_pattern
from msssm_ts.datasets.tree import describe_files, files_below, relative_name, with_suffix
from msssm_ts.errors import InputError

__all__ = ["SUFFIXES", "AudioExcerpt", "audio_series", "read_audio", "read_audio_excerpt"]

# Long recordings of noise beside the words of Speech Commands; not a class.
_BACKGROUND = "_background_noise_"


def read_audio(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read audio files of every kind that libsndfile decodes; only headers now, sound when asked.

    A folder has a folder per class, or ``train`` and ``test`` (and ``validation``) folders that
    have, or tables that list files with their labels; or the files' names say them
    (``options.label_from``). The names of the files, relative to the folder, are the ids. Files of
    other sampling rates are resampled to the most frequent one; where the numbers of channels
    differ, or with ``options.mono``, channels are mixed down to one.

    Parameters
    ----------
    source : Path
        A folder, or one file, which has no label.
    options : ReadOptions
        Its ``split`` chooses between ``train`` and ``test``.

    Raises
    ------
    InputError
        If most files hold nothing to read, or what is said of them does not fit together.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for word in ("no", "yes"):
    ...     (folder / word).mkdir()
    ...     soundfile.write(folder / word / "1.wav", np.zeros(800), 8000)
    >>> read_audio(folder, ReadOptions()).summary()
    '2 series, 1 channel × 800 steps at 8000 Hz, 2 classes: no yes'
    """
    if source.is_file():
        one = _one(source, options)
        _check_without_table(one, options, source)
        return audio_series(one, source.parent, str(source), options=options)
    below = [*options.recordings, *options.tables] or files_below(source)
    sounds = with_suffix(below, SUFFIXES)
    noise = [f for f in sounds if _BACKGROUND in f.relative_to(source).parts]
    sounds = [f for f in sounds if _BACKGROUND not in f.relative_to(source).parts]
    if not sounds:
        refuse_undecoded(source, below)
        raise InputError(
            f"{source}: no audio file ({', '.join(SUFFIXES[:6])} and so on) in a class folder; "
            f"found are {describe_files(below)}"
        )
    found = describe(
        source,
        sounds,
        below,
        options,
        drop=options.drop,
        others_read=(*SUFFIXES, *UNDECODED),
    )
    _check_without_table(found, options, source)
    account = Account().without(len(noise), "files", f"{_BACKGROUND} is no class")
    account = account.remarking(_in_several_formats(found.files, source))
    found = found.adding(account + without_undecoded(below))
    return audio_series(found, source, options=options)


def _in_several_formats(files: Sequence[Path], folder: Path) -> str:
    """Say which sounds are there twice, by their names: a copy must not be learnt by heart."""
    by_stem: dict[Path, list[Path]] = {}
    for file in files:
        by_stem.setdefault(file.with_suffix(""), []).append(file)
    twice = [same for same in by_stem.values() if len(same) > 1]
    if not twice:
        return ""
    example = " and ".join(relative_name(f, folder) for f in twice[0])
    return (
        f"{len(twice)} names stand for several files, such as {example}: each is a series of its "
        "own; take one format if they are copies"
    )


def _one(file: Path, options: ReadOptions) -> Recordings:
    """Return one file, with what its name says."""
    named = by_pattern(file.parent, [file], options)
    if named is None:
        return Recordings([file], [file])
    labels = tidy_labels(named["label"].values())
    return Recordings(
        [file], [file], labels, account=account_of_pattern(named, [file], options, "files")
    )


def _check_without_table(found: Recordings, options: ReadOptions, source: Path) -> None:
    """Raise InputError for a column that was named where there is no table."""
    if any(role == "files" for role, _ in found.account.taken):
        return
    for option, column in (
        ("--label", options.label),
        ("--drop", next(iter(options.drop), None)),
        ("--validation", options.fold if found.folds is None else None),
    ):
        if column is not None:
            raise InputError(
                f"{source}: no table lists the files, so that there is no column {column!r} "
                f"({option}); leave it out, or put a table with it beside them"
            )


def audio_series(
    recordings: Recordings,
    folder: Path,
    source: str | None = None,
    *,
    options: ReadOptions | None = None,
) -> LabelledSeries:
    """Return the series of some audio files, lazily; groups are found where none are known.

    Parameters
    ----------
    recordings : Recordings
        The files, and what is known of them.
    folder : Path
        Ids are relative to it.
    source : str, optional
        What to call it in messages; else the folder.
    options : ReadOptions, optional
        ``mono`` and ``group``.

    Raises
    ------
    InputError
        If most files hold nothing to read, or the one file does not.
    """
    options = options or ReadOptions()
    source = source or str(folder)
    recordings, headers = readable(recordings)
    recordings = grouped(recordings, options.group, source)
    files = recordings.files
    items = [AudioExcerpt(str(f), 0, headers[f].frames) for f in files]
    return alike(
        items,
        read_audio_excerpt,
        [headers[f] for f in files],
        list(headers.values()),
        recordings.fields() | {"ids": [relative_name(f, folder) for f in files]},
        mono=options.mono,
        source=source,
    )
