"""WFDB records (PhysioNet): whole, with a table of labels, or cut into annotated beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions, Split
from msssm_ts.datasets.recordings.described import Recordings, describe
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.datasets.wfdb.beats import ANNOTATORS, DEFAULT_WINDOW, find_annotator, read_beats
from msssm_ts.datasets.wfdb.signals import (
    RecordExcerpt,
    RecordHeader,
    read_record_excerpt,
    read_record_header,
    segment_names,
)
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries


def read_wfdb(
    source: Path, options: ReadOptions, *, parts: Mapping[str, Split] | None = None
) -> LabelledSeries:
    """Read WFDB records; signals are decoded when they are asked for.

    Records are series as a whole where a table in the folder gives each a label (columns
    ``record`` and ``label``, or a PhysioNet ``REFERENCE.csv``). Otherwise, where beat
    annotations lie beside them, and always with ``options.window``, every annotated beat is a
    series: its label is its class, its group the record (or the patient that the table gives), its
    id ``record:sample``. Beats whose
    window leaves the record are left out. Channels are those that all records have, by name, of
    training and test part alike.

    Parameters
    ----------
    source : Path
        A folder, or a header (.hea) or signal (.dat) file of one record.
    options : ReadOptions
        ``window`` and ``beat_classes`` for beats; ``split`` where the table has a column with
        train and test; ``drop`` for channels.
    parts : mapping of str to {"train", "test"}, optional
        A split by record, where no table in the folder has one; records that it does not name
        are left out.

    Raises
    ------
    InputError
        If records cannot be read, or do not fit together.

    Examples
    --------
    >>> import tempfile, wfdb
    >>> folder = tempfile.mkdtemp()
    >>> wfdb.wrsamp("r1", 360, ["mV"], ["MLII"], np.zeros((1000, 1)), fmt=["16"], write_dir=folder)
    >>> wfdb.wrann("r1", "atr", np.array([300, 600]), ["N", "V"], write_dir=folder)
    >>> read_wfdb(Path(folder), ReadOptions()).summary()
    '2 series, 1 channel × 256 steps at 360 Hz, 2 classes: N V; grouped by record (1)'
    """
    folder = source.parent if source.is_file() else source
    stems, recordings = _stems(source), None
    if source.is_dir():
        recordings = _described(folder, stems, options)
    chosen = stems
    if recordings is not None:
        stems = [f.with_suffix("") for f in recordings.every]
        chosen = [f.with_suffix("") for f in recordings.files]
    if parts is not None and not (recordings is not None and _splits(recordings)):
        stems = [s for s in stems if s.name in parts]
        chosen = [s for s in stems if parts[s.name] == options.split]
        if not chosen:
            raise InputError(f"{source}: none of the records of the {options.split} part is there")
    if recordings is None:
        recordings = Recordings(chosen, chosen)
    elif len(chosen) < len(recordings.files):
        kept = set(chosen)
        recordings = recordings.take(
            [i for i, f in enumerate(recordings.files) if f.with_suffix("") in kept]
        )
    annotator = find_annotator(chosen)
    if options.window is not None and annotator is None:
        raise InputError(
            f"{source}: --window cuts around beat annotations, but there are none "
            f"(.{', .'.join(ANNOTATORS)}); leave it out to read whole records"
        )
    every = {s: read_record_header(s) for s in stems}
    channels, left_out = _common_channels(list(every.values()), options)
    read = [every[s] for s in chosen]
    shared: dict[str, Any] = {
        "sampling_rate": read[0].sampling_rate,
        "channel_names": tuple(channels),
        "units": _units(list(every.values()), len(channels)),
        "source": str(source),
    }
    account = _account(list(every.values()), channels, left_out)
    recordings = replace(recordings, account=recordings.account + account)
    names = _names(folder, chosen)
    if annotator is not None and (options.window is not None or recordings.labels is None):
        return _beats(read, names, annotator, channels, options, recordings, shared)
    items = [RecordExcerpt(str(r.stem), 0, r.n_samples, _positions(r, channels)) for r in read]
    return LabelledSeries(
        LazySeries(items, read_record_excerpt, [r.n_samples for r in read]),
        ids=np.array(names),
        **shared,
        **recordings.fields(),
    )


def _described(folder: Path, stems: Sequence[Path], options: ReadOptions) -> Recordings:
    below = files_below(folder)
    headers = [s.with_name(f"{s.name}.hea") for s in stems]
    annotated = find_annotator(stems) is not None
    return describe(folder, headers, below, options, others="records", by_folders=not annotated)


def _splits(recordings: Recordings) -> bool:
    """Whether tables or folders say which records are in which part."""
    return any(role == "part" for role, _ in recordings.account.taken)


def _stems(source: Path) -> list[Path]:
    """List a folder's records, without the segments that others join, or the one of a file."""
    if source.is_file():
        stem = source.with_suffix("")
        if not stem.with_name(f"{stem.name}.hea").exists():
            raise InputError(
                f"{source}: its header {stem.name}.hea is missing; put it into the same folder"
            )
        return [stem]
    files = files_below(source)
    headers = with_suffix(files, [".hea"])
    if not headers:
        raise InputError(
            f"{source}: no WFDB header (.hea); found are {describe_files(files)}; give the "
            "folder with the records"
        )
    segments = {h.with_name(name) for h in headers for name in segment_names(h)}
    return [s for s in (h.with_suffix("") for h in headers) if s not in segments]


def _names(folder: Path, stems: Sequence[Path]) -> list[str]:
    """Short names of records, unless two in different folders have the same."""
    short = [s.name for s in stems]
    if len(set(short)) == len(short):
        return short
    return [s.relative_to(folder).as_posix() for s in stems]


def _common_channels(
    records: Sequence[RecordHeader], options: ReadOptions
) -> tuple[list[str], list[str]]:
    """Channels of all records, and those that only some have; rates must be the same."""
    first = records[0]
    for record in records:
        if record.sampling_rate != first.sampling_rate:
            raise InputError(
                f"{record.stem}.hea: {record.sampling_rate:g} Hz, but {first.stem}.hea has "
                f"{first.sampling_rate:g} Hz; read records of one sampling rate at a time"
            )
    everywhere = set.intersection(*(set(r.leads) for r in records)) - set(options.drop)
    channels = [lead for lead in dict.fromkeys(first.leads) if lead in everywhere]
    if not channels:
        other = min(records, key=lambda r: len(set(r.leads) & set(first.leads)))
        raise InputError(
            f"{other.stem}.hea: its channels {enumerate_names(other.leads)} and those of "
            f"{first.stem}.hea, {enumerate_names(first.leads)}, have none in common; read "
            "records of the same leads"
        )
    seen = {lead for r in records for lead in r.leads}
    return channels, sorted(seen - everywhere - set(options.drop))


def _units(records: Sequence[RecordHeader], n_channels: int) -> tuple[str, ...] | None:
    """Return the unit that all signals have, if there is one."""
    units = {unit for r in records for unit in r.units}
    return (units.pop(),) * n_channels if len(units) == 1 else None


def _account(
    records: Sequence[RecordHeader], channels: Sequence[str], left_out: list[str]
) -> Account:
    account = Account()
    if left_out:
        verb = "is" if len(channels) == 1 else "are"
        account = account.without(
            len(left_out),
            "channels",
            f"only {enumerate_names(channels)} {verb} in all {len(records)} records",
            left_out,
        )
    if any(r.several_rates for r in records):
        account = account.remarking("signals with more samples are averaged to that rate")
    return account


def _positions(record: RecordHeader, channels: Sequence[str]) -> tuple[int, ...] | None:
    """Where the channels stand in a record; None if it has these and no others, in this order."""
    if tuple(channels) == record.leads:
        return None
    return tuple(record.leads.index(name) for name in channels)


def _beats(
    records: Sequence[RecordHeader],
    names: Sequence[str],
    annotator: str,
    channels: Sequence[str],
    options: ReadOptions,
    recordings: Recordings,
    shared: dict[str, Any],
) -> LabelledSeries:
    rate = records[0].sampling_rate
    before, after = (round(s * rate) for s in options.window or DEFAULT_WINDOW)
    items, labels, ids, owner = [], [], [], []
    for k, (record, name) in enumerate(zip(records, names, strict=True)):
        positions = _positions(record, channels)
        # One string for all beats of a record, here and in what is sent to worker processes.
        stem, size = str(record.stem), record.n_samples * len(record.leads)
        for sample, label in read_beats(record.stem, annotator, options.beat_classes):
            start, stop = sample - before, sample + after
            if start < 0 or stop > record.n_samples:
                continue
            items.append(RecordExcerpt(stem, start, stop, positions, size))
            labels.append(label)
            ids.append(f"{name}:{sample}")
            owner.append(k)
    if not items:
        raise InputError(
            f"{shared['source']}: no annotated beat whose window lies inside its record; are "
            f"there beats in the .{annotator} files, and is --window short enough?"
        )
    if recordings.groups is None or options.group == "record":
        recordings = replace(recordings, groups=np.array(names), group_name="record")
    beats = replace(recordings.take(owner), labels=np.array(labels), label_names=None)
    return LabelledSeries(
        LazySeries(items, read_record_excerpt, [before + after] * len(items)),
        ids=np.array(ids),
        **shared,
        **beats.fields(),
    )
