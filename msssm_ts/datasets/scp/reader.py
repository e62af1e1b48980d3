"""SCP-ECG: the rhythm of all leads.

Sources: EN 1064:2005 and ISO 11073-91064: a checksum, a size, and sections with headers of 16 bytes
each. Section 0 says where the others are; 1 is of the patient, 2 has Huffman tables, 3 names the
leads, 4 and 5 have the reference beat and where it was subtracted, 6 the rhythm, as values, first
or second differences.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.scp.huffman import Code, decode, read_tables
from msssm_ts.datasets.signals.about import facts, years_between
from msssm_ts.datasets.signals.record import Facts
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.errors import InputError

_PREAMBLE, _HEADER, _POINTER = 6, 16, 10
_PATIENT, _TABLES, _LEADS, _BEATS, _REFERENCE, _RHYTHM = range(1, 7)
# fmt: off
_NAMES = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7", 10: "V2R",
    11: "V3R", 12: "V4R", 13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z", 19: "CC5",
    20: "CM5", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR", 66: "V8", 67: "V9",
    68: "V8R", 69: "V9R", 70: "D", 71: "A", 72: "J",
}
# fmt: on
# What a bit takes while its lead is decoded, and a sample from then on.
_BIT, _SAMPLE = 48, 40
# Units of an age, in years: years, months, weeks, days, hours.
_YEARS = {1: 1.0, 2: 1 / 12, 3: 7 / 365.25, 4: 1 / 365.25, 5: 1 / 8766}


# Codes of a bit each that are more than what fills up two bytes.
_FILLED = 17


class _Lead(NamedTuple):
    start: int
    stop: int
    code: int


class _Coded(NamedTuple):
    """What sections 5 and 6 have alike: millivolts a step, seconds a sample, and the leads.

    And whether samples are seen behind those that are counted.
    """

    scale: float
    interval: float
    leads: list[NDArray[np.int64]]
    goes_on: bool


def decode_scp(file: Path) -> Stored:
    """Read the rhythm of an SCP-ECG file.

    Raises
    ------
    InputError
        If it is damaged, or its rhythm is stored in a way that is not read.
    """
    try:
        demand(file.stat().st_size, file, "its sections")
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    try:
        return _read(file, data)
    except (struct.error, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = "it breaks off" if isinstance(error, struct.error) else str(error)
        raise InputError(
            f"{file}: not a readable SCP-ECG file ({reason}); replace the file"
        ) from error


def _read(file: Path, data: bytes) -> Stored:
    sections = _sections(data)
    if _LEADS not in sections or _RHYTHM not in sections:
        raise ValueError("it has no leads" if _LEADS not in sections else "it has no rhythm")
    flags, leads = _leads(sections[_LEADS])
    tables = read_tables(sections[_TABLES]) if _TABLES in sections else []
    if sections[_RHYTHM][5:6] not in (b"\0", b""):
        raise InputError(
            f"{file}: its rhythm is stored at two rates (bimodal compression), which is not read; "
            "export it uncompressed, or as EDF, WFDB or MUSE XML"
        )
    length = leads[0].stop - leads[0].start
    if any(lead[:2] != leads[0][:2] for lead in leads):
        raise InputError(
            f"{file}: its leads were not recorded at the same time; export them as EDF or WFDB"
        )
    rhythm = _coded(file, sections[_RHYTHM], [length] * len(leads), tables)
    values = np.stack(rhythm.leads).astype(np.float64) * rhythm.scale
    if flags & 1:
        reference = _reference(file, sections, len(leads), tables)
        _add_beats(values, leads[0].start, rhythm.interval, reference, sections[_BEATS])
    names = tuple(_NAMES.get(lead.code, "") for lead in leads)
    odd = []
    if binascii.crc_hqx(data[2:], 0xFFFF) != struct.unpack_from("<H", data)[0]:
        odd.append("the checksum of the file is another than that of its content")
    if rhythm.goes_on:
        odd.append("its leads go on behind the samples that are counted")
    if unknown := [lead.code for lead in leads if lead.code not in _NAMES]:
        odd.append(f"leads without a name that is known (code {enumerate_names(unknown)})")
    return Stored(
        values.astype(np.float32),
        names,
        ("mV",) * len(leads),
        round(1 / rhythm.interval, 6),
        tuple(odd),
        _about(sections.get(_PATIENT, b"")),
    )


def _sections(data: bytes) -> dict[int, bytes]:
    """Return what the sections hold, without their headers."""
    (size,) = struct.unpack_from("<I", data, 2)
    number, length = struct.unpack_from("<HI", data, _PREAMBLE + 2)
    if number != 0 or not _HEADER <= length <= len(data) - _PREAMBLE:
        raise ValueError("it does not begin as one")
    if size > len(data):
        raise ValueError(f"it breaks off after {len(data)} of {size} bytes")
    found: dict[int, bytes] = {}
    for place in range(_PREAMBLE + _HEADER, _PREAMBLE + length - _POINTER + 1, _POINTER):
        number, n_bytes, index = struct.unpack_from("<HII", data, place)
        if not (_PATIENT <= number <= _RHYTHM and n_bytes and index):
            continue
        body = data[index - 1 : index - 1 + n_bytes]
        if len(body) < n_bytes or n_bytes < _HEADER:
            raise ValueError(f"section {number} lies outside of it")
        if struct.unpack_from("<H", body, 2)[0] != number:
            raise ValueError(f"section {number} is not where it should be")
        found[number] = body[_HEADER:]
    return found


def _leads(body: bytes) -> tuple[int, list[_Lead]]:
    n_leads, flags = struct.unpack_from("<BB", body)
    leads = []
    for i in range(n_leads):
        first, last, code = struct.unpack_from("<IIB", body, 2 + 9 * i)
        if not 1 <= first <= last:
            raise ValueError(f"lead {i + 1} has samples {first} to {last}")
        leads.append(_Lead(first, last + 1, code))
    if not leads:
        raise ValueError("it has no leads")
    return flags, leads


def _coded(
    file: Path, body: bytes, counts: Sequence[int], tables: Sequence[Sequence[Code]]
) -> _Coded:
    """Decode the leads of section 5 or 6; a count of -1 means all samples that there are."""
    nanovolts, microseconds, order = struct.unpack_from("<HHB", body)
    if order > 2 or not nanovolts or not microseconds:
        raise ValueError(f"{nanovolts} nV, {microseconds} µs and differences of order {order}")
    sizes = struct.unpack_from(f"<{len(counts)}H", body, 6)
    # No code is shorter than a bit.
    most = [8 * size if tables else size // 2 for size in sizes]
    if 6 + 2 * len(counts) + sum(sizes) > len(body) or any(map(int.__gt__, counts, most)):
        raise ValueError("its samples break off")
    kept = sum(n if count < 0 else count for n, count in zip(most, counts, strict=True))
    demand(_BIT * 8 * max(sizes) + _SAMPLE * kept, file, "its rhythm")
    place = 6 + 2 * len(counts)
    leads, goes_on = [], False
    for size, count in zip(sizes, counts, strict=True):
        raw = body[place : place + size]
        place += size
        if tables:
            steps = decode(raw, count, tables, _FILLED)
        else:
            steps = np.frombuffer(raw[: size // 2 * 2], "<i2").astype(np.int64)
        # Two bytes may fill up: a number, or as many codes as they have bits.
        goes_on |= 0 <= count < len(steps) - (_FILLED - 1 if tables else 1)
        leads.append(_summed(steps if count < 0 else steps[:count], order))
    return _Coded(nanovolts * 1e-6, microseconds * 1e-6, leads, goes_on)


def _summed(steps: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Undo differences; the first values of a lead stand as they are. Samples have 16 bits."""
    values = steps.copy()
    if order == 2:
        values[1:2] -= values[:1]
        values[1:] = np.cumsum(values[1:])
    if order:
        values = np.cumsum(values)
    return values.astype(np.int16).astype(np.int64)


def _reference(
    file: Path, sections: dict[int, bytes], n_leads: int, tables: Sequence[Sequence[Code]]
) -> _Coded:
    """Decode the reference beat."""
    if _BEATS not in sections or _REFERENCE not in sections:
        raise ValueError("the reference beat that was subtracted from its rhythm is not there")
    return _coded(file, sections[_REFERENCE], [-1] * n_leads, tables)


def _add_beats(
    values: NDArray[np.float64], first: int, interval: float, reference: _Coded, beats: bytes
) -> None:
    """Add the reference beat where it was subtracted, in place."""
    if reference.interval != interval:
        raise ValueError("its reference beat has another rate than its rhythm")
    milliseconds, fiducial, n_beats = struct.unpack_from("<HHH", beats)
    # Bits that fill up the last byte are no samples.
    length = round(milliseconds * 1e-3 / interval)
    for k in range(n_beats):
        kind, begin, middle, last = struct.unpack_from("<HIII", beats, 6 + 14 * k)
        if kind:
            continue
        for row, beat in zip(values, reference.leads, strict=True):
            # Sample n of the record is sample n - shift of the beat, both counted from 1.
            shift = middle - fiducial
            a = max(begin, first, shift + 1)
            b = min(last + 1, first + len(row), shift + 1 + min(len(beat), length))
            if a < b:
                row[a - first : b - first] += beat[a - shift - 1 : b - shift - 1] * reference.scale


def _about(body: bytes) -> Facts:
    """Return what section 1 says: tags with a length each, up to tag 255."""
    tags: dict[int, bytes] = {}
    place = 0
    while place + 3 <= len(body) and body[place] != 255:
        tag, size = struct.unpack_from("<BH", body, place)
        tags.setdefault(tag, body[place + 3 : place + 3 + size])
        place += 3 + size
    age, unit = struct.unpack("<HB", tags[4]) if len(tags.get(4, b"")) == 3 else (0, 0)
    years = f"{int(age * _YEARS[unit])}" if age and unit in _YEARS else ""
    return facts(
        [
            ("age", years or years_between(_day(tags.get(5)), _day(tags.get(25)))),
            ("sex", {b"\1": "M", b"\2": "F"}.get(tags.get(8, b""), "")),
            ("patient", tags.get(2, b"").partition(b"\0")[0].decode("latin-1")),
        ]
    )


def _day(raw: bytes | None) -> date | None:
    if raw is None or len(raw) < 4:
        return None
    try:
        return date(*struct.unpack_from("<HBB", raw))
    except ValueError:
        return None


SCP = stored_format((".scp",), decode_scp)


def are_scp(files: Sequence[Path]) -> bool:
    """Whether files in a folder are of this format, by the first few; Kaldi's lists are called so.

    In front of all sections stands section 0, whose first pointer is to itself.
    """
    for file in files[:5]:
        try:
            with file.open("rb") as stream:
                head = stream.read(_PREAMBLE + _HEADER + _POINTER)
        except OSError:
            continue
        if len(head) == _PREAMBLE + _HEADER + _POINTER and head[8:10] == head[22:24] == b"\0\0":
            return True
    return False
