"""Recordings of AliveCor's Kardia devices (.atc).

Source: AliveCor, ATC File Format Specification 1.7, https://github.com/alivecor/ATCpy: a signature
and blocks, each with a name, a length, data and a CRC-32. "fmt " says rate and resolution, a block
a lead holds 16-bit samples.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.stored import Stored, stored_format
from msssm_ts.errors import InputError

_SIGNATURE = b"ALIVE\0\0\0"
_START = 12
_NAMES = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_LEADS = {f"ecg{sign}".encode(): name for sign, name in zip(" 23456789abc", _NAMES, strict=True)}


def decode_atc(file: Path) -> Stored:
    """Read the leads of a Kardia recording.

    Raises
    ------
    InputError
        If it is none, or damaged.
    """
    try:
        demand(5 * file.stat().st_size, file, "its leads")
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); replace the file") from error
    if not data.startswith(_SIGNATURE):
        raise InputError(f"{file}: not a Kardia recording; convert it to EDF or WFDB")
    blocks, sound = _blocks(file, data)
    if len(blocks.get(b"fmt ", b"")) < 6 or not blocks.keys() & _LEADS.keys():
        raise InputError(
            f"{file}: a Kardia recording without leads or their rate; replace the file"
        )
    form, rate, nanovolts = struct.unpack_from("<BHH", blocks[b"fmt "])
    if form != 1 or not rate or not nanovolts:
        raise InputError(
            f"{file}: samples of kind {form} at {rate} Hz, {nanovolts} nV a step, are not read; "
            "export it as EDF or CSV"
        )
    there = [key for key in _LEADS if key in blocks]
    rows = [np.frombuffer(blocks[k][: len(blocks[k]) // 2 * 2], "<i2") for k in there]
    if len({len(r) for r in rows}) > 1 or not len(rows[0]):
        raise InputError(
            f"{file}: its leads have {sorted({len(r) for r in rows})} samples; replace the file"
        )
    odd = [] if sound else ["a checksum is another than that of what it is of"]
    if any(key[:3] in (b"avg", b"med") for key in blocks):
        odd.append("the averaged beats beside the rhythm are not read")
    return Stored(
        (np.stack(rows) * (nanovolts * 1e-6)).astype(np.float32),
        tuple(_LEADS[k] for k in there),
        ("mV",) * len(rows),
        float(rate),
        tuple(odd),
    )


def _blocks(file: Path, data: bytes) -> tuple[dict[bytes, bytes], bool]:
    """Return the first block of each name, and whether their checksums are right."""
    found: dict[bytes, bytes] = {}
    sound, place = True, _START
    while place + 8 <= len(data):
        name = data[place : place + 4]
        (size,) = struct.unpack_from("<I", data, place + 4)
        end = place + 8 + size
        if end + 4 > len(data):
            raise InputError(
                f"{file}: breaks off after {len(data)} of {end + 4} bytes; replace the file"
            )
        found.setdefault(name, data[place + 8 : end])
        (said,) = struct.unpack_from("<I", data, end)
        sound &= zlib.crc32(data[place:end]) == said
        place = end + 4
    return found, sound


ATC = stored_format((".atc",), decode_atc)
