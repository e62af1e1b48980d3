"""Holter recordings in the ISHNE format.

Source: Badilini, The ISHNE Holter Standard Output File Format (Ann. Noninvasive Electrocardiol.
3(3), 1998): a magic number, a checksum, a header of 512 bytes, one of any length, then the samples,
16-bit integers, lead by lead at each time.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.about import facts, years_between
from msssm_ts.datasets.signals.names import numbered
from msssm_ts.datasets.signals.record import Facts, Format, Record
from msssm_ts.errors import InputError

_MAGIC = b"ISHNE1.0"
_HEADER = 522
_MOST_LEADS = 12
# fmt: off
_LEADS = {
    2: "X", 3: "Y", 4: "Z", 5: "I", 6: "II", 7: "III", 8: "aVR", 9: "aVL", 10: "aVF", 11: "V1",
    12: "V2", 13: "V3", 14: "V4", 15: "V5", 16: "V6", 17: "ES", 18: "AS", 19: "AI",
}
# fmt: on


class _Layout(NamedTuple):
    start: int
    frames: int
    names: tuple[str, ...]
    resolutions: tuple[int, ...]
    rate: float
    about: Facts


class IshneExcerpt(NamedTuple):
    """A stretch of a file, in frames."""

    path: str
    start: int
    stop: int
    signals: tuple[int, ...]


def _layout(file: Path) -> _Layout:
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(_HEADER)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    if head[:8] != _MAGIC:
        raise InputError(f"{file}: not an ISHNE Holter file; convert it to EDF or WFDB")
    if len(head) < _HEADER:
        raise InputError(f"{file}: breaks off within its header; replace the file")
    samples, _, start = struct.unpack_from("<iii", head, 14)
    (n_leads,) = struct.unpack_from("<h", head, 156)
    if not 0 < n_leads <= _MOST_LEADS:
        raise InputError(
            f"{file}: its header says {n_leads} leads, of 1 to {_MOST_LEADS}; replace the file"
        )
    specs = struct.unpack_from("<12h", head, 158)[:n_leads]
    resolutions = struct.unpack_from("<12h", head, 206)[:n_leads]
    (rate,) = struct.unpack_from("<h", head, 272)
    if rate <= 0:
        raise InputError(f"{file}: its header says a rate of {rate} Hz; replace the file")
    if not _HEADER <= start <= size:
        raise InputError(
            f"{file}: its samples would begin at byte {start} of {size}; replace the file"
        )
    there = (size - start) // (2 * n_leads)
    # Some recorders count the samples of all leads together.
    frames = samples // n_leads if samples == there * n_leads else samples
    if not 0 < frames <= there:
        raise InputError(
            f"{file}: breaks off after {there} of {frames} samples that its header promises; "
            "replace the file"
        )
    names = tuple(_LEADS.get(s, f"channel {i}") for i, s in enumerate(specs, 1))
    return _Layout(start, frames, names, resolutions, float(rate), _about(head))


def _about(head: bytes) -> Facts:
    (sex,) = struct.unpack_from("<h", head, 128)
    return facts(
        [
            ("age", years_between(_day(head, 132), _day(head, 138))),
            ("sex", {1: "M", 2: "F"}.get(sex, "")),
            ("patient", head[108:128].partition(b"\0")[0].decode("latin-1")),
        ]
    )


def _day(head: bytes, place: int) -> date | None:
    day, month, year = struct.unpack_from("<hhh", head, place)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _header(file: Path) -> Record:
    found = _layout(file)
    n = len(found.names)
    calibrated = all(r > 0 for r in found.resolutions)
    odd = () if calibrated else ("no resolution in the header, taken as steps of the converter",)
    units = tuple("mV" if r > 0 else "" for r in found.resolutions)
    return Record(
        file,
        numbered(found.names),
        units,
        (found.frames,) * n,
        (found.rate,) * n,
        odd=odd,
        about=found.about,
    )


def _item(record: Record, start: int, stop: int, signals: tuple[int, ...]) -> IshneExcerpt:
    return IshneExcerpt(str(record.file), start, stop, signals)


def read_ishne_excerpt(item: IshneExcerpt) -> NDArray[np.float32]:
    """Decode a stretch of a file to (n_channels, length), in millivolts.

    Raises
    ------
    InputError
        If the file has gone or breaks off.
    """
    found = _layout(Path(item.path))
    n = len(found.names)
    demand(4 * n * (item.stop - item.start), item.path, "its signals")
    with open(item.path, "rb") as stream:
        stream.seek(found.start + 2 * n * item.start)
        raw = np.frombuffer(stream.read(2 * n * (item.stop - item.start)), dtype="<i2")
    if len(raw) != n * (item.stop - item.start):
        raise InputError(f"{item.path}: breaks off; replace the file")
    # Resolutions are in nanovolts.
    scale = np.array([r * 1e-6 if r > 0 else 1.0 for r in found.resolutions])
    values = raw.reshape(-1, n).T * scale[:, None]
    return np.ascontiguousarray(values[list(item.signals)], dtype=np.float32)


ISHNE = Format("files", (".ecg",), _header, _item, read_ishne_excerpt)


def are_ishne(files: Sequence[Path]) -> bool:
    """Whether files in a folder are of this format, by the first few."""
    for file in files[:5]:
        try:
            with file.open("rb") as stream:
                if stream.read(8) == _MAGIC:
                    return True
        except OSError:
            continue
    return False
