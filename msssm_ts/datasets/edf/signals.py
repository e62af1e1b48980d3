"""Signals of EDF and BDF files, decoded on demand."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.adapted import resampled
from msssm_ts.datasets.edf.header import EdfHeader, EdfSignal, read_edf_header
from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError


class Block(NamedTuple):
    """Data records that follow one another without a gap.

    Parameters
    ----------
    onset : float
        Seconds from the start of the recording.
    first, n_records : int
        The first of them, and how many.
    """

    onset: float
    first: int
    n_records: int


class EdfExcerpt(NamedTuple):
    """A stretch of some signals of an EDF file.

    Parameters
    ----------
    path : str
        The file.
    start, stop : int
        In samples of the fastest of the signals, gaps counted.
    signals : tuple of int
        Their places among those that are not annotations.
    blocks : tuple of Block
        What was recorded, where there are gaps.
    """

    path: str
    start: int
    stop: int
    signals: tuple[int, ...]
    blocks: tuple[Block, ...] = ()


def read_edf_excerpt(item: EdfExcerpt) -> NDArray[np.float32]:
    """Decode a stretch of an EDF file to (n_channels, length), in physical units; NaN in gaps.

    Raises
    ------
    InputError
        If the file has gone or breaks off.
    """
    header = read_edf_header(Path(item.path))
    chosen = [header.signals[i] for i in item.signals]
    per_record = max(s.samples for s in chosen)
    demand(4 * len(chosen) * (item.stop - item.start), item.path, "its signals")
    out = np.full((len(chosen), item.stop - item.start), np.nan, dtype=np.float32)
    for block in item.blocks or (Block(0.0, 0, header.n_records),):
        begin = round(block.onset * per_record / header.duration)
        low = max(item.start - begin, 0)
        high = min(item.stop - begin, block.n_records * per_record)
        if low >= high:
            continue
        rows = range(low // per_record, -(-high // per_record))
        raw = _data_records(header, block.first + rows.start, len(rows))
        inside = slice(low - rows.start * per_record, high - rows.start * per_record)
        place = begin + low - item.start
        for values, signal in zip(out, chosen, strict=True):
            samples = _samples(raw, signal, header.width)
            if signal.samples != per_record:
                samples = resampled(samples[None], signal.samples, per_record)[0]
            values[place : place + high - low] = samples[inside]
    return out


def _data_records(header: EdfHeader, first: int, count: int) -> NDArray[np.uint8]:
    try:
        with header.file.open("rb") as stream:
            stream.seek(header.start + first * header.record_bytes)
            raw = stream.read(count * header.record_bytes)
    except OSError as error:
        raise InputError(
            f"{header.file}: cannot be read ({error.strerror}); replace the file"
        ) from error
    if len(raw) != count * header.record_bytes:
        raise InputError(f"{header.file}: breaks off; replace the file")
    return np.frombuffer(raw, dtype=np.uint8).reshape(count, header.record_bytes)


def _samples(raw: NDArray[np.uint8], signal: EdfSignal, width: int) -> NDArray[np.float32]:
    """Values of a signal in some data records; two bytes in EDF, three in BDF, low ones first."""
    own = np.ascontiguousarray(raw[:, signal.place : signal.place + signal.samples * width])
    if width == 2:
        steps = own.view("<i2").ravel().astype(np.float64)
    else:
        thrice = own.reshape(-1, 3).astype(np.int32)
        whole = thrice[:, 0] | thrice[:, 1] << 8 | thrice[:, 2] << 16
        steps = (whole - ((whole & 0x800000) << 1)).astype(np.float64)
    return (steps * signal.gain + signal.offset).astype(np.float32)
