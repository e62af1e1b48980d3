"""EDF and BDF files as recordings of named signals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.edf.annotations import EdfAnnotation, read_edf_annotations
from msssm_ts.datasets.edf.header import EdfHeader, read_edf_header
from msssm_ts.datasets.edf.signals import Block, EdfExcerpt, read_edf_excerpt
from msssm_ts.datasets.signals.about import facts, years_between
from msssm_ts.datasets.signals.names import numbered
from msssm_ts.datasets.signals.record import Facts, Format, Record, Stretch
from msssm_ts.errors import InputError

SUFFIXES = (".edf", ".bdf")


@dataclass(frozen=True)
class EdfDetail:
    """What is wanted of a file again.

    Parameters
    ----------
    header : EdfHeader
        Its header.
    annotations : tuple of EdfAnnotation
        What is annotated in it.
    blocks : tuple of Block
        What was recorded, where there are gaps.
    """

    header: EdfHeader
    annotations: tuple[EdfAnnotation, ...]
    blocks: tuple[Block, ...]


def _header(file: Path) -> Record:
    header = read_edf_header(file)
    if not header.signals:
        raise InputError(f"{file}: there are no signals in it, only annotations; remove the file")
    if header.n_records < 1:
        raise InputError(f"{file}: the file is empty (0 samples); remove it")
    annotations, onsets = read_edf_annotations(header)
    odd = []
    if np.isnan(onsets).any() or (np.diff(onsets) < 0).any():
        odd.append("the times of the data records are damaged, taken to follow one another")
        onsets = np.arange(header.n_records, dtype=np.float64) * np.float64(header.duration)
    blocks = _blocks(header, onsets)
    end = header.n_records
    seconds = end * header.duration
    if blocks:
        seconds = blocks[-1].onset + blocks[-1].n_records * header.duration
    if not all(s.calibrated for s in header.signals):
        odd.append("a range of values is empty in the header, taken as steps of the converter")
    if header.promised < 1:
        odd.append("the recorder did not write how long they are, read as far as they go")
    if header.beyond:
        odd.append("data records go on behind those that the header counts, which are left out")
    return Record(
        file,
        numbered(s.label for s in header.signals),
        tuple(s.unit if s.calibrated else "" for s in header.signals),
        tuple(round(seconds * s.samples / header.duration) for s in header.signals),
        tuple(s.samples / header.duration for s in header.signals),
        tuple(Stretch(b.onset, b.onset + b.n_records * header.duration) for b in blocks),
        EdfDetail(header, tuple(annotations), blocks),
        tuple(odd),
        _about(header),
    )


def _about(header: EdfHeader) -> Facts:
    """Read the patient's field of EDF+: code, sex, date of birth, name; in others it is free."""
    words = header.patient.split()
    if len(words) < 3 or words[1] not in ("F", "M", "X"):
        return ()
    birth: date | None
    try:
        birth = datetime.strptime(words[2], "%d-%b-%Y").date()
    except ValueError:
        birth = None
    then = None if header.begin is None else header.begin.date()
    return facts([("age", years_between(birth, then)), ("sex", words[1]), ("patient", words[0])])


def _blocks(header: EdfHeader, onsets: NDArray[np.float64]) -> tuple[Block, ...]:
    """Return the data records between gaps; none where there is no gap."""
    if not header.gaps or header.n_records < 2:
        return ()
    # Clocks drift by less than a sample of the fastest signal.
    tolerance = max(header.duration / max(s.samples for s in header.signals), 1e-3)
    breaks = np.flatnonzero(np.diff(onsets) > header.duration + tolerance) + 1
    if not len(breaks):
        return ()
    starts = [0, *breaks.tolist()]
    stops = [*breaks.tolist(), header.n_records]
    return tuple(Block(float(onsets[a]), a, b - a) for a, b in zip(starts, stops, strict=True))


def _item(record: Record, start: int, stop: int, signals: tuple[int, ...]) -> EdfExcerpt:
    return EdfExcerpt(str(record.file), start, stop, signals, record.detail.blocks)


EDF = Format("files", SUFFIXES, _header, _item, read_edf_excerpt)
