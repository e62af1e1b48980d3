"""Annotations in EDF+ and BDF+ files: time-stamped annotation lists (TALs), and record onsets.

Kemp and Olivan, EDF+ (Clin. Neurophysiol. 114, 2003), section 2.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.edf.header import EdfHeader


class EdfAnnotation(NamedTuple):
    """An annotation.

    Parameters
    ----------
    onset : float
        Seconds from the start of the recording.
    duration : float or None
        Seconds, where it says so.
    text : str
        What happens.
    """

    onset: float
    duration: float | None
    text: str


def read_edf_annotations(
    header: EdfHeader, at_most: int | None = None
) -> tuple[list[EdfAnnotation], NDArray[np.float64]]:
    """Read the annotations of a file, and when its data records begin.

    Parameters
    ----------
    header : EdfHeader
        Of the file.
    at_most : int, optional
        Data records to look at; all otherwise.

    Returns
    -------
    annotations : list of EdfAnnotation
        In the file's order.
    onsets : array of shape (n_records,)
        In seconds from the first. Of a file with gaps as it says, NaN where it does not.
    """
    onsets = np.arange(header.n_records, dtype=np.float64) * np.float64(header.duration)
    if not header.annotations or not header.n_records:
        return [], onsets
    rows = np.memmap(
        header.file,
        dtype=np.uint8,
        mode="r",
        offset=header.start,
        shape=(header.n_records, header.record_bytes),
    )
    found: list[EdfAnnotation] = []
    said = np.full(header.n_records, np.nan)
    for k, signal in enumerate(header.annotations):
        stop = signal.place + signal.samples * header.width
        for i, row in enumerate(rows[:at_most, signal.place : stop]):
            for onset, duration, text in _lists(row.tobytes()):
                if text:
                    found.append(EdfAnnotation(onset, duration, text))
                elif k == 0 and np.isnan(said[i]):
                    said[i] = onset
    first = said[0] if len(said) and not np.isnan(said[0]) else 0.0
    if header.gaps:
        onsets = said - first
    # A recording may begin a part of a second after the time that its header says.
    return [a._replace(onset=a.onset - first) for a in found], onsets


def _lists(raw: bytes) -> Iterator[tuple[float, float | None, str]]:
    """Yield onset, duration and text of each annotation of a data record."""
    for part in raw.split(b"\x00"):
        stamp, *texts = part.split(b"\x14")
        if not stamp or not texts:
            continue
        onset, _, duration = stamp.partition(b"\x15")
        try:
            start = float(onset)
            seconds = float(duration) if duration else None
        except ValueError:
            # Damaged, or padding; the others do not depend on it.
            continue
        words = [t.decode("utf-8", "replace").strip() for t in texts]
        # The first of a data record is empty, and says when this begins; others may follow it.
        for word in [*words[:1], *filter(None, words[1:])]:
            yield start, seconds, word
