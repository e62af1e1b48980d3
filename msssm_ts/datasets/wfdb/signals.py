"""Signals of WFDB records: headers, and stretches of samples that are decoded on demand."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError

# Decoded records that a process keeps: the half-hour records of one side of MIT-BIH fit.
CACHE_BYTES = 128 * 2**20
# Bytes a sample takes in the formats that do not compress.
_SAMPLE_BYTES = {
    "8": 1.0,
    "16": 2.0,
    "24": 3.0,
    "32": 4.0,
    "61": 2.0,
    "80": 1.0,
    "160": 2.0,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
_TIME = re.compile(r"\d{1,2}:\d{2}:\d{2}(\.\d+)?$|\d{1,2}:\d{2}(\.\d+)?$|\d{1,2}(\.\d+)?$")
_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}$")


@dataclass(frozen=True)
class RecordHeader:
    """What the header of a record says.

    Parameters
    ----------
    stem : Path
        The record's path without suffix.
    sampling_rate : float
        Frames a second.
    n_samples : int
        Frames.
    leads : tuple of str
        Names of the signals.
    several_rates : bool
        Whether some signals have several samples a frame; they are averaged.
    units : tuple of str
        Units of the signals; empty for joined segments.
    """

    stem: Path
    sampling_rate: float
    n_samples: int
    leads: tuple[str, ...]
    several_rates: bool
    units: tuple[str, ...] = ()


class RecordExcerpt(NamedTuple):
    """A stretch of a record, in frames.

    Parameters
    ----------
    stem : str
        The record's path without suffix.
    start, stop : int
        The stretch.
    channels : tuple of int, optional
        Those to return; None for all.
    record_size : int
        Values of the whole record; 0 if it is not worth keeping, for it is asked for once.
    """

    stem: str
    start: int
    stop: int
    channels: tuple[int, ...] | None
    record_size: int = 0


def read_record_header(stem: Path) -> RecordHeader:
    """Read a record's header and see that its signals are there.

    Raises
    ------
    InputError
        If the header cannot be understood, or a signal file is missing or too short.
    """
    import wfdb

    header_file = stem.with_name(f"{stem.name}.hea")
    try:
        with _as_wfdb_reads_it(stem) as path:
            header = wfdb.rdheader(path, rd_segments=True)
    # wfdb raises what its parser happens to run into.
    except Exception as error:
        raise InputError(
            f"{header_file}: not a readable WFDB header ({_one_line(error)}); replace the file"
        ) from error
    leads = tuple(str(n) for n in header.sig_name or ())
    if not header.n_sig or not leads:
        raise InputError(f"{header_file}: the record has no signals; remove it")
    if not header.fs:
        raise InputError(f"{header_file}: no sampling rate; put it into the first line")
    n_samples = header.sig_len
    if isinstance(header, wfdb.Record):
        _check_signal_files(stem, header)
        if n_samples is None:
            n_samples = _decode(str(stem), 0, None).shape[1]
        per_frame = set(header.samps_per_frame)
    else:
        per_frame = {1}
        for segment in header.segments:
            if segment is not None and segment.sig_len:
                _check_signal_files(stem.with_name(segment.record_name), segment)
    if not n_samples:
        raise InputError(f"{header_file}: the record is empty (0 samples); remove it")
    units = tuple(getattr(header, "units", None) or ())
    return RecordHeader(stem, float(header.fs), int(n_samples), leads, per_frame != {1}, units)


def segment_names(header_file: Path) -> list[str]:
    """Names of the records that a multi-segment header joins; none for other headers."""
    lines = _content(header_file)
    if not lines or "/" not in lines[0].split()[0]:
        return []
    return [line.split()[0] for line in lines[1:] if line.split()[0] != "~"]


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
        self._records: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._last_missed = ""

    def excerpt(self, item: RecordExcerpt) -> NDArray[np.float32]:
        """All channels of the stretch, (n_channels, length)."""
        known = self._records.get(item.stem)
        if known is None:
            in_order, self._last_missed = item.stem == self._last_missed, item.stem
            size = 4 * item.record_size
            used = sum(r.nbytes for r in self._records.values())
            if not 0 < size <= CACHE_BYTES or (used + size > CACHE_BYTES and not in_order):
                return _decode(item.stem, item.start, item.stop)
            while self._records and used + size > CACHE_BYTES:
                used -= self._records.popitem(last=False)[1].nbytes
            self._records[item.stem] = known = _decode(item.stem, 0, None)
        # Another thread may have dropped it.
        with contextlib.suppress(KeyError):
            self._records.move_to_end(item.stem)
        return known[:, item.start : item.stop]


_decoded = _DecodedRecords()


def _decode(stem: str, start: int, stop: int | None) -> NDArray[np.float32]:
    """All channels of a stretch, (n_channels, length)."""
    import wfdb

    try:
        with _as_wfdb_reads_it(Path(stem)) as path:
            record = wfdb.rdrecord(path, sampfrom=start, sampto=stop, return_res=32)
    # wfdb and numpy raise what they happen to run into in a damaged file.
    except Exception as error:
        raise InputError(
            f"{stem}.hea: the signals cannot be decoded ({_one_line(error)}); replace the record"
        ) from error
    return np.ascontiguousarray(record.p_signal.T, dtype=np.float32)


def _content(header_file: Path) -> list[str]:
    """Lines of a header that are neither empty nor comments."""
    try:
        text = header_file.read_text(encoding="ascii", errors="ignore")
    except OSError as error:
        raise InputError(f"{header_file}: cannot be read ({error.strerror})") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@contextlib.contextmanager
def _as_wfdb_reads_it(stem: Path) -> Iterator[str]:
    """Path of a record whose header wfdb accepts.

    The challenges of 2017 and 2020 write the date as 2014-05-08 or 05-May-2020 and before the
    time, which wfdb refuses. Such a header is copied to a temporary folder without them, the
    signal files linked beside it.
    """
    header_file = stem.with_name(f"{stem.name}.hea")
    lines = _content(header_file)
    words = lines[0].split() if lines else []
    moments = words[4:]
    if not moments or _valid_moments(moments):
        yield str(stem)
        return
    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as folder:
        cleaned = [" ".join(words[:4]), *lines[1:]]
        Path(folder, header_file.name).write_text("\n".join(cleaned) + "\n", encoding="ascii")
        for name in {line.split()[0] for line in lines[1:]}:
            if stem.with_name(name).exists():
                _link(stem.with_name(name), Path(folder, name))
        yield os.path.join(folder, stem.name)


def _valid_moments(words: Sequence[str]) -> bool:
    return bool(_TIME.match(words[0])) and (len(words) == 1 or bool(_DATE.match(words[1])))


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source.absolute())
    except OSError:
        # Windows lets only some users make links.
        shutil.copyfile(source, target)


def _check_signal_files(stem: Path, header: Any) -> None:
    """Refuse a record whose signal files are missing or shorter than its header says."""
    promised: dict[str, float] = {}
    signals = zip(
        header.file_name, header.fmt, header.samps_per_frame, header.byte_offset, strict=True
    )
    for name, form, per_frame, offset in signals:
        if name == "~":
            continue
        size = (header.sig_len or 0) * (per_frame or 1) * _SAMPLE_BYTES.get(form, 0.0)
        promised[name] = promised.get(name, offset or 0) + size
    for name, size in promised.items():
        file = stem.with_name(name)
        if not file.exists():
            raise InputError(
                f"{stem}.hea: its signal file {name} is missing; put it into the same folder"
            )
        if file.stat().st_size < int(size):
            raise InputError(
                f"{file}: breaks off after {file.stat().st_size} of {int(size)} bytes that "
                f"{stem.name}.hea promises; replace the file"
            )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
