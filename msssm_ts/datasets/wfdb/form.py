"""WFDB records as recordings of named signals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from msssm_ts.datasets.signals.about import facts
from msssm_ts.datasets.signals.names import numbered
from msssm_ts.datasets.signals.record import Format, Record, Stretch
from msssm_ts.datasets.wfdb.checksums import sums_differ
from msssm_ts.datasets.wfdb.comments import fields_of_comments, without_labels
from msssm_ts.datasets.wfdb.headers import RecordHeader, frames_beyond, read_record_header
from msssm_ts.datasets.wfdb.signals import RecordExcerpt, is_plain, read_record_excerpt

# Frames that are looked at to see a record vary, before any is decoded.
_GLANCE = 256


def _header(file: Path) -> Record:
    header = read_record_header(file.with_suffix(""))
    odd = []
    if not all(s.calibrated for s in header.signals if s.file != "~"):
        odd.append("no gain in the header, taken as 200 steps of the converter a mV, as WFDB does")
    if frames_beyond(header) > header.frame_rate:
        odd.append("signals go on behind what the header counts, which is left out")
    elif sums_differ(header):
        odd.append(
            "samples do not add up to the checksums in the header: they, or the header, were "
            "changed since; get the record anew, or leave it out"
        )
    if not header.rate_said:
        odd.append("no sampling rate in the header, taken as 250 Hz, as WFDB does")
    return Record(
        file,
        numbered(header.leads),
        tuple(s.unit for s in header.signals),
        tuple(header.n_frames * s.per_frame for s in header.signals),
        tuple(header.frame_rate * s.per_frame for s in header.signals),
        _stretches(header),
        header,
        tuple(odd),
        facts(without_labels(fields_of_comments(header.comments))),
    )


def _stretches(header: RecordHeader) -> tuple[Stretch, ...]:
    """Segments that follow one another without a gap are one stretch."""
    if all(name != "~" for name, _ in header.segments):
        return ()
    found: list[Stretch] = []
    frame = 0
    for name, n in header.segments:
        start, stop = frame / header.frame_rate, (frame + n) / header.frame_rate
        if name != "~" and n:
            if found and found[-1].stop == start:
                start = found.pop().start
            found.append(Stretch(start, stop))
        frame += n
    return tuple(found)


def _item(record: Record, start: int, stop: int, signals: tuple[int, ...]) -> RecordExcerpt:
    header: RecordHeader = record.detail
    # None for the signals as they are makes a smaller item.
    places = None if signals == tuple(range(len(record.names))) else signals
    per_frame = max(header.signals[i].per_frame for i in signals)
    return RecordExcerpt(str(header.stem), start, stop, places, 0, per_frame)


def beat_item(record: Record, start: int, stop: int, signals: tuple[int, ...]) -> RecordExcerpt:
    """Return what is needed to read a piece of a record that many pieces are read of."""
    found = _item(record, start, stop, signals)
    return found._replace(record_size=len(record.names) * record.detail.n_frames * found.per_frame)


def is_alive(record: Record) -> bool:
    """Whether the first samples are seen to vary; False where that costs more than a glance."""
    header: RecordHeader = record.detail
    if not is_plain(header):
        return False
    stop = min(_GLANCE, header.n_frames)
    values = read_record_excerpt(RecordExcerpt(str(header.stem), 0, stop, None))
    return bool((np.abs(np.diff(values, axis=1)) > 0).any())


WFDB = Format(
    "records", (".hea",), _header, _item, read_record_excerpt, named_by_stem=True, alive=is_alive
)
