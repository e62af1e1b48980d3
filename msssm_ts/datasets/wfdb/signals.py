"""Signals of WFDB records, decoded on demand."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.adapted import resampled
from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.wfdb.headers import (
    RecordHeader,
    content,
    parse_header,
    read_record_header,
    segment_names,
    signal_file,
)
from msssm_ts.errors import InputError

__all__ = ["RecordExcerpt", "RecordHeader", "read_record_excerpt", "read_record_header"]

# Decoded records that a process keeps: the half-hour records of one side of MIT-BIH fit.
CACHE_BYTES = 128 * 2**20
# Marks a sample of format 16 as invalid.
_INVALID = -32768
_TIME = re.compile(r"\d{1,2}:\d{2}:\d{2}(\.\d+)?$|\d{1,2}:\d{2}(\.\d+)?$|\d{1,2}(\.\d+)?$")
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}$")


class RecordExcerpt(NamedTuple):
    """A stretch of a record.

    Parameters
    ----------
    stem : str
        The record's path without suffix.
    start, stop : int
        The stretch, in samples of the fastest signal.
    channels : tuple of int, optional
        Those to return; None for all.
    record_size : int
        Values of the whole record; 0 if it is not worth keeping, for it is asked for once.
    per_frame : int
        Samples a frame of the fastest signal; slower ones are resampled to as many.
    """

    stem: str
    start: int
    stop: int
    channels: tuple[int, ...] | None
    record_size: int = 0
    per_frame: int = 1


def read_record_excerpt(item: RecordExcerpt) -> NDArray[np.float32]:
    """Decode a stretch of a record to (n_channels, length), in physical units.

    Samples that the record marks as invalid are NaN. Records are kept decoded, as far as
    ``CACHE_BYTES`` reach.

    Raises
    ------
    InputError
        If the signals cannot be decoded.
    """
    values = _decoded.excerpt(item)
    if item.channels is not None:
        values = values[list(item.channels)]
    return np.ascontiguousarray(values)


class _DecodedRecords:
    """Decoded records, the longest unused ones dropped first.

    A record that does not fit beside the others is read in part, for decoding all of it for one
    beat at random costs ten times as much; only when its neighbour is asked for next, which is
    reading in order, does it take the place of others.
    """

    def __init__(self) -> None:
        self._records: OrderedDict[tuple[str, int], NDArray[np.float32]] = OrderedDict()
        self._last_missed = ("", 0)

    def excerpt(self, item: RecordExcerpt) -> NDArray[np.float32]:
        """All channels of the stretch, (n_channels, length)."""
        key = (item.stem, item.per_frame)
        known = self._records.get(key)
        if known is None:
            in_order, self._last_missed = key == self._last_missed, key
            size = 4 * item.record_size
            used = sum(r.nbytes for r in self._records.values())
            if not 0 < size <= CACHE_BYTES or (used + size > CACHE_BYTES and not in_order):
                return _decode(item.stem, item.start, item.stop, item.per_frame)
            while self._records and used + size > CACHE_BYTES:
                used -= self._records.popitem(last=False)[1].nbytes
            self._records[key] = known = _decode(item.stem, 0, None, item.per_frame)
        # Another thread may have dropped it.
        with contextlib.suppress(KeyError):
            self._records.move_to_end(key)
        return known[:, item.start : item.stop]


_decoded = _DecodedRecords()


def _decode(stem: str, start: int, stop: int | None, per_frame: int) -> NDArray[np.float32]:
    """All channels of a stretch, (n_channels, length)."""
    import wfdb

    header = parse_header(Path(stem))
    segments = header.segments
    n_steps = (header.n_frames * per_frame if stop is None else stop) - start
    demand(4 * max(len(header.signals), 1) * n_steps, f"{stem}.hea", "its signals")
    if per_frame == 1 and is_plain(header):
        return _decode_plain(header, start, stop)
    if any(name == "~" for name, _ in segments) and segments[0][1]:
        return _decode_joined(stem, segments, start, stop, per_frame)
    first = start // per_frame
    last = None if stop is None else -(-stop // per_frame)
    try:
        with _as_wfdb_reads_it(Path(stem)) as path:
            record = wfdb.rdrecord(
                path, sampfrom=first, sampto=last, return_res=32, smooth_frames=per_frame == 1
            )
    # wfdb and numpy raise what they happen to run into in a damaged file.
    except Exception as error:
        raise InputError(
            f"{stem}.hea: the signals cannot be decoded ({reason_of(error)}); replace the record"
        ) from error
    if per_frame == 1:
        return np.ascontiguousarray(record.p_signal.T, dtype=np.float32)
    n_frames = len(record.e_p_signal[0]) // record.samps_per_frame[0]
    rows = [
        resampled(np.asarray(row, dtype=np.float32)[None], own, per_frame)[
            0, : n_frames * per_frame
        ]
        for row, own in zip(record.e_p_signal, record.samps_per_frame, strict=True)
    ]
    whole = np.stack(rows)
    end = None if stop is None else stop - first * per_frame
    return np.ascontiguousarray(whole[:, start - first * per_frame : end])


def is_plain(header: RecordHeader) -> bool:
    """Whether all samples of a record are 16-bit integers, one a frame, in one file."""
    first = header.signals[0] if header.signals else None
    return first is not None and all(
        (s.file, s.form, s.offset, s.per_frame, s.skewed)
        == (first.file, "16", first.offset, 1, False)
        for s in header.signals
    )


def _decode_plain(header: RecordHeader, start: int, stop: int | None) -> NDArray[np.float32]:
    """Decode format 16, that of most ECGs, a hundred times as fast as wfdb parses the header."""
    n, file = len(header.signals), signal_file(header.stem, header.signals[0].file)
    if stop is None:
        stop = header.n_frames if header.n_frames > 0 else read_record_header(header.stem).n_frames
    try:
        with file.open("rb") as stream:
            stream.seek(header.signals[0].offset + 2 * n * start)
            raw = stream.read(2 * n * (stop - start))
    except OSError as error:
        raise InputError(
            f"{header.file}: the signals cannot be decoded ({error}); replace the record"
        ) from error
    if len(raw) != 2 * n * (stop - start):
        raise InputError(f"{file}: breaks off within step {start + len(raw) // 2 // n}; replace it")
    steps = np.frombuffer(raw, dtype="<i2").reshape(-1, n).T
    values = steps.astype(np.float32)
    # In double precision, and then rounded, as wfdb does.
    values -= np.array([[s.baseline] for s in header.signals], dtype=np.float64)
    values /= np.array([[s.gain] for s in header.signals], dtype=np.float64)
    values[steps == _INVALID] = np.nan
    return values


def _decode_joined(
    stem: str,
    segments: Sequence[tuple[str, int]],
    start: int,
    stop: int | None,
    per_frame: int,
) -> NDArray[np.float32]:
    """Segments of one layout with gaps between, which wfdb joins only without gaps."""
    ends = np.cumsum([n * per_frame for _, n in segments])
    stop = int(ends[-1]) if stop is None else stop
    parts: list[tuple[int, NDArray[np.float32]]] = []
    for (name, n), end in zip(segments, ends.tolist(), strict=True):
        begin = end - n * per_frame
        low, high = max(start, begin), min(stop, end)
        if name != "~" and low < high:
            part = str(Path(stem).with_name(name))
            parts.append((low, _decode(part, low - begin, high - begin, per_frame)))
    n_signals = len(parts[0][1]) if parts else len(read_record_header(Path(stem)).signals)
    demand(4 * n_signals * (stop - start), f"{stem}.hea", "its signals")
    whole = np.full((n_signals, stop - start), np.nan, dtype=np.float32)
    for low, values in parts:
        whole[:, low - start : low - start + values.shape[1]] = values
    return whole


@contextlib.contextmanager
def _as_wfdb_reads_it(stem: Path) -> Iterator[str]:
    """Path of a record whose header wfdb accepts.

    The challenges of 2017 and 2020 write the date as 2014-05-08 or 05-May-2020 and before the
    time, and PTB-XL+ writes the folder before the names of record and signals; wfdb refuses both.
    Such a header is copied to a temporary folder without them, the signal files linked beside it.
    """
    lines = content(stem.with_name(f"{stem.name}.hea"))
    words = lines[0].split() if lines else []
    segments = segment_names(stem.with_name(f"{stem.name}.hea"))
    files = [] if segments else [line.split()[0] for line in lines[1:] if line.split()[0] != "~"]
    moments = words[4:]
    plain = not any(c in name for name in [*files, *words[:1]] for c in "/\\")
    plain = plain and all(stem.with_name(n).exists() for n in [f"{stem.name}.hea", *files])
    if (plain or segments) and (not moments or _valid_moments(moments)):
        yield str(stem)
        return
    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as folder:
        ending = f"/{words[0].rpartition('/')[2]}" if segments else ""
        cleaned = [" ".join([stem.name + ending, *words[1:4]])]
        for line in lines[1:]:
            name, _, rest = line.partition(" ")
            cleaned.append(f"{_base(name)} {rest}")
        text = "\n".join(cleaned) + "\n"
        Path(folder, f"{stem.name}.hea").write_text(text, encoding="ascii", errors="ignore")
        for name in dict.fromkeys(files):
            source = signal_file(stem, name)
            if source.exists():
                _link(source, Path(folder, _base(name)))
        for segment in dict.fromkeys(segments):
            header = stem.with_name(f"{segment}.hea")
            _link(header, Path(folder, header.name))
            for name in {line.split()[0] for line in content(header)[1:]} - {"~"}:
                if stem.with_name(name).exists():
                    _link(stem.with_name(name), Path(folder, name))
        yield os.path.join(folder, stem.name)


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _valid_moments(words: Sequence[str]) -> bool:
    return bool(_TIME.match(words[0])) and (len(words) == 1 or bool(_DATE.match(words[1])))


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source.absolute())
    except OSError:
        # Windows lets only some users make links.
        shutil.copyfile(source, target)
