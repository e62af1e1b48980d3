"""Recordings whose headers are read; broken and dead ones are left out, and said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.signals.record import Format, Record
from msssm_ts.errors import InputError

# Steps that are looked at first; a record that varies within them is alive.
_GLANCE = 256
_CHUNK = 2**16
# As many that cannot be read are told the reason of, each.
_FEW = 3


def open_records(recordings: Recordings, form: Format) -> tuple[Recordings, dict[Path, Record]]:
    """Read the headers of recordings, and see that there is something in them.

    Parameters
    ----------
    recordings : Recordings
        Of all parts.
    form : Format
        How they are read.

    Returns
    -------
    recordings : Recordings
        Those that can be used; its account names the others.
    records : dict of Path to Record
        Of all parts.

    Raises
    ------
    InputError
        If none of them can be used.
    """
    records: dict[Path, Record] = {}
    broken: dict[Path, str] = {}
    dead: dict[Path, str] = {}
    first: InputError | None = None
    for file in recordings.every:
        try:
            record = form.header(file)
            why = _dead(record, form)
        except InputError as error:
            first = first or error
            broken[file] = f"cannot be read, {_reason(error, file)}"
            continue
        if why:
            first = first or InputError(f"{file}: {why}; remove it")
            dead[file] = why
        else:
            records[file] = record
    kept = [i for i, f in enumerate(recordings.files) if f in records]
    if not kept:
        assert first is not None
        raise first
    account = recordings.account
    # Reasons name a recording's own files: of many of one kind, that of the first stands for all.
    if len(broken) > _FEW:
        firsts: dict[str, str] = {}
        broken = {f: firsts.setdefault(_kind(why, f), why) for f, why in broken.items()}
    unusable = broken | dead
    for why in dict.fromkeys(unusable.values()):
        names = [f.name for f, w in unusable.items() if w == why]
        account = account.without(len(names), form.title, why, names)
    if len(kept) < len(recordings.files):
        recordings = recordings.take(kept)
    every = [f for f in recordings.every if f in records]
    return replace(recordings, every=every, account=account), records


def _reason(error: InputError, file: Path) -> str:
    """Take what is wrong from a message of what, where and the remedy."""
    text = str(error).removeprefix(f"{file}: ")
    return text.split(";")[0].replace(f"{file.parent}/", "")


def _kind(reason: str, file: Path) -> str:
    return re.sub(r"\d+", "#", reason.replace(file.stem, "*"))


def _dead(record: Record, form: Format) -> str:
    """Say why there is nothing to learn from a record; empty where there is.

    Only as much is decoded as it takes to see a signal vary.
    """
    if form.alive is not None and form.alive(record):
        return ""
    signals = tuple(range(len(record.names)))
    length = record.length()
    least, most = np.full(len(signals), np.inf), np.full(len(signals), -np.inf)
    for start, stop in _chunks(record.stretches_at(record.rate(), length)):
        values = form.read(form.item(record, start, stop, signals))
        known = ~np.isnan(values)
        least = np.minimum(least, np.where(known, values, np.inf).min(axis=1))
        most = np.maximum(most, np.where(known, values, -np.inf).max(axis=1))
        if (least < most).any():
            return ""
    if not np.isfinite(least).any():
        return "no sample is valid"
    return "every signal has one value throughout" if length > 1 else ""


def _chunks(stretches: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Cut what was recorded into pieces, a small one first; in gaps there is nothing to see."""
    size = _GLANCE
    for start, stop in stretches:
        while start < stop:
            yield start, min(start + size, stop)
            start, size = start + size, _CHUNK


def names_of(files: Sequence[Path], folder: Path, form: Format) -> list[str]:
    """Return ids: names without suffix where the format has such, paths where two are equal."""
    if form.named_by_stem:
        short = [f.stem for f in files]
        if len(set(short)) == len(short):
            return short
        return [f.relative_to(folder).with_suffix("").as_posix() for f in files]
    return [f.relative_to(folder).as_posix() for f in files]
