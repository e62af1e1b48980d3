"""Audio files: a folder per class, or tables that list them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.audio.decode import (
    AudioExcerpt,
    Unreadable,
    read_audio_excerpt,
    read_header,
)
from msssm_ts.datasets.audio.formats import (
    SUFFIXES,
    UNDECODED,
    refuse_undecoded,
    without_undecoded,
)
from msssm_ts.datasets.audio.groups import grouped
from msssm_ts.datasets.audio.headers import alike, readable
from msssm_ts.datasets.audio.pieces import SOUND_CUTTER, excerpts
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import tidy_labels
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.recordings.pattern import account_of_pattern, by_pattern
from msssm_ts.datasets.tree import describe_files, files_below, relative_name, with_suffix
from msssm_ts.errors import InputError, OptionError

__all__ = ["SUFFIXES", "AudioExcerpt", "audio_series", "read_audio", "read_audio_excerpt"]

# Long recordings of noise beside the words of Speech Commands; not a class.
_BACKGROUND = "_background_noise_"
# Other names for it; such a folder may be a class, too, of clips that are as long as the others.
_NOISE = re.compile(
    r"[_ -]*(background[_ -]*)?noises?[_ -]*|[_ -]*backgrounds?[_ -]*", re.IGNORECASE
)
_LONGER, _GLANCE = 3, 100


def read_audio(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read audio files of every kind that libsndfile decodes; only headers now, sound when asked.

    A folder has a folder per class, or ``train`` and ``test`` (and ``validation``) folders that
    have, or tables that list files, or pieces of them, with their labels, or a label file beside
    each; or the files' names say them (``options.label_from``). The names of the files, relative to
    the folder, are the ids; behind those of pieces stand their ends. Files of other sampling rates
    are resampled to the most frequent one; where the numbers of channels differ, or with
    ``options.mono``, channels are mixed down to one.

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
    noise, why = _background(source, sounds)
    sounds = [f for f in sounds if f not in noise]
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
        rest=[f for f in below if f.suffix.lower() not in (*SUFFIXES, *UNDECODED)],
        cutter=SOUND_CUTTER,
    )
    _check_without_table(found, options, source)
    account = Account().without(len(noise), "files", why)
    if found.pieces is None:
        account = account.remarking(_in_several_formats(found.files, source))
    found = found.adding(account + without_undecoded(below))
    return audio_series(found, source, options=options)


def _background(folder: Path, sounds: Sequence[Path]) -> tuple[set[Path], str]:
    """Find recordings of noise to be mixed with others, and say why they are no class."""
    within = {f: f.relative_to(folder).parts[:-1] for f in sounds}
    noise = {f for f, parts in within.items() if _BACKGROUND in parts}
    if noise:
        return noise, f"{_BACKGROUND} is no class"
    called = [f for f, parts in within.items() if any(_NOISE.fullmatch(p) for p in parts)]
    others = [f for f in sounds if f not in set(called)]
    if not called or not others:
        return set(), ""
    lengths = [_seconds(f) for f in others[:: max(1, len(others) // _GLANCE)]]
    if min(map(_seconds, called)) <= _LONGER * max(lengths):
        return set(), ""
    name = next(p for p in within[called[0]] if _NOISE.fullmatch(p))
    why = f"recordings of {name}, far longer than the others, are no class; rename it to have one"
    return set(called), why


def _seconds(file: Path) -> float:
    """Return how long a sound is; 0 where it cannot be read, which is said later."""
    try:
        header = read_header(file)
    except Unreadable:
        return 0.0
    return header.frames / header.rate


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
    """Raise OptionError for a column that was named where there is no table."""
    if any(role == "files" for role, _ in found.account.taken):
        return
    for field, column in (
        ("label", options.label),
        ("drop", next(iter(options.drop), None)),
        ("fold", options.fold if found.folds is None else None),
    ):
        if column is not None:
            raise OptionError(
                f"{source}: no table lists the files, so that there is no column {column!r} "
                f"({options.command_line_name(field)}); leave it out, or put a table with it "
                "beside them",
                field,
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
    ids = [relative_name(f, folder) for f in files]
    if recordings.pieces is None:
        own = [headers[f] for f in files]
        items = [AudioExcerpt(str(f), 0, h.frames) for f, h in zip(files, own, strict=True)]
        whole = None
    else:
        items, own = excerpts(recordings, headers)
        recordings = recordings.adding(recordings.pieces.account())
        if all(i.channel is not None for i in items):
            headers = {f: h._replace(channels=1) for f, h in headers.items()}
        every = dict.fromkeys(map(recordings.whole, files))
        whole = {relative_name(f, folder): headers[f] for f in every}
    return alike(
        items,
        read_audio_excerpt,
        own,
        list(headers.values()),
        recordings.fields() | {"ids": ids},
        mono=options.mono,
        source=source,
        files=whole,
    )
