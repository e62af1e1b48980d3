"""Small ECGs in the binary formats of devices (SCP-ECG, MFER, Kardia), and Philips' XML."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SCP_LEADS = {"I": 1, "II": 2, "V1": 3, "V2": 4, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64}


def huffman(steps: Sequence[int]) -> bytes:
    """Encode numbers with the standard's own table of SCP-ECG."""
    bits = ""
    for step in steps:
        if step == 0:
            bits += "0"
        elif abs(step) <= 8:
            bits += "1" * abs(step) + "0" + ("0" if step > 0 else "1")
        elif -128 <= step < 128:
            bits += "1111111110" + f"{step & 0xFF:08b}"
        else:
            bits += "1" * 10 + f"{step & 0xFFFF:016b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big") if bits else b""


def custom_huffman(steps: Sequence[int]) -> tuple[bytes, bytes]:
    """Encode numbers with two tables of ours, of which one holds zeros; return section 2, too.

    In the first 0 is "0", another number "10" and 16 bits, and "11" means the second, in which "1"
    is zero and "0" leads back.
    """

    def code(prefix: str, total: int, mode: int, value: int) -> bytes:
        bits = int(prefix[::-1], 2)
        return struct.pack("<BBBhI", len(prefix), total, mode, value, bits)

    first = [code("0", 1, 1, 0), code("10", 18, 1, 0), code("11", 2, 0, 2)]
    second = [code("1", 1, 1, 0), code("0", 1, 0, 1)]
    section = struct.pack("<H", 2)
    for table in (first, second):
        section += struct.pack("<H", len(table)) + b"".join(table)
    bits = ""
    for step in steps:
        bits += "1110" if step == 0 else "10" + f"{step & 0xFFFF:016b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big"), section


def differences(values: np.ndarray, order: int) -> list[int]:
    """Return what is stored of a lead: its first values, then differences."""
    steps = values.astype(np.int64)
    for _ in range(order):
        steps = np.concatenate([steps[:1], np.diff(steps)])
    if order == 2:
        # The second value stands as it is.
        steps[1:2] = values[1:2]
    return steps.tolist()


def scp_leads(
    leads: Sequence[np.ndarray], *, order: int, coded: str, nanovolts: int, bimodal: int = 0
) -> tuple[bytes, bytes]:
    """Return a body of section 5 or 6, and of section 2."""
    tables = struct.pack("<H", 19999)
    raw = []
    for values in leads:
        steps = differences(np.asarray(values), order)
        if coded == "standard":
            raw.append(huffman(steps))
        elif coded == "custom":
            own, tables = custom_huffman(steps)
            raw.append(own)
        else:
            raw.append(np.array(steps, "<i2").tobytes())
    head = struct.pack("<HHBB", nanovolts, 2000, order, bimodal)
    return head + struct.pack(f"<{len(raw)}H", *map(len, raw)) + b"".join(raw), tables


def write_scp(
    file: Path,
    leads: dict[str, np.ndarray],
    *,
    order: int = 2,
    coded: str = "standard",
    bimodal: int = 0,
    beat: tuple[dict[str, np.ndarray], list[tuple[int, int, int, int]], int] | None = None,
    patient: bytes | None = None,
    samples: int | None = None,
    tables: bytes = b"",
) -> None:
    """Write an SCP-ECG file at 500 Hz, 2.5 µV a step.

    ``beat`` has the reference beat of each lead, where it was subtracted (type, first, middle, last
    sample, from 1) and its own middle; what was subtracted is not in ``leads``.
    """
    length = len(next(iter(leads.values())))
    rhythm, own = scp_leads(
        list(leads.values()), order=order, coded=coded, nanovolts=2500, bimodal=bimodal
    )
    said = length if samples is None else samples
    named = struct.pack("<BB", len(leads), (beat is not None) | 4 | len(leads) << 3)
    named += b"".join(struct.pack("<IIB", 1, said, SCP_LEADS[n]) for n in leads)
    if patient is None:
        patient = b"\x02\x03\0p7\0" + b"\x04\x03\0" + struct.pack("<HB", 63, 1) + b"\x08\x01\0\x02"
    sections = {1: patient + b"\xff\0\0", 3: named, 6: rhythm}
    if coded != "plain":
        sections[2] = tables or own
    if beat is not None:
        beats, places, middle = beat
        body = struct.pack("<HHH", 2 * len(next(iter(beats.values()))), middle, len(places))
        sections[4] = body + b"".join(struct.pack("<HIII", *p) for p in places)
        sections[4] += bytes(8 * len(places))
        sections[5] = scp_leads(
            [beats[n] for n in leads], order=order, coded=coded, nanovolts=2500
        )[0]
    blocks: dict[int, bytes] = {}
    for number, body in sorted(sections.items()):
        body += bytes(len(body) % 2)
        rest = struct.pack("<HIBB6x", number, 16 + len(body), 20, 20) + body
        blocks[number] = struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest
    pointers = struct.pack("<HII", 0, 16 + 10 * (len(blocks) + 1), 7)
    place = 6 + 16 + 10 * (len(blocks) + 1)
    for number, block in blocks.items():
        pointers += struct.pack("<HII", number, len(block), place + 1)
        place += len(block)
    rest = struct.pack("<HIBB6s", 0, 16 + len(pointers), 20, 20, b"SCPECG") + pointers
    zero = struct.pack("<H", binascii.crc_hqx(rest, 0xFFFF)) + rest
    content = zero + b"".join(blocks.values())
    sized = struct.pack("<I", 6 + len(content)) + content
    file.write_bytes(struct.pack("<H", binascii.crc_hqx(sized, 0xFFFF)) + sized)


def mfer(tag: int, value: bytes, channel: int | None = None) -> bytes:
    """Return a definition of MFER, of one channel where that is said."""
    long = len(value) > 127
    length = b"\x84" + struct.pack(">I", len(value)) if long else bytes([len(value)])
    own = bytes([tag]) + length + value
    return own if channel is None else bytes([0x3F, channel, len(own)]) + own


def write_mfer(
    file: Path,
    leads: dict[str, np.ndarray],
    *,
    block: int = 10,
    order: str = "<",
    more: bytes = b"",
    frames: int = 1,
    cut: int = 0,
) -> None:
    """Write an MFER file at 250 Hz, 5 µV a step; 9999 is no value."""
    codes = {"I": 1, "II": 2, "V1": 3, "III": 61, "aVR": 62}
    values = np.stack(list(leads.values()))
    n, length = values.shape
    endian = b"\1" if order == "<" else b"\0"
    text = mfer(0x40, b"MFR Standard 12 leads ECG") + mfer(0x01, endian)
    text += mfer(0x0B, b"\0" + b"\0" + struct.pack(order + "h", 250))
    text += mfer(0x0C, b"\0" + struct.pack("b", -6) + struct.pack(order + "h", 5))
    text += mfer(0x05, struct.pack(order + "h", n)) + mfer(0x04, struct.pack(order + "h", block))
    text += mfer(0x12, struct.pack(order + "h", 9999))
    text += mfer(0x82, b"p7^hospital") + mfer(0x83, bytes([63, 0, 0])) + mfer(0x84, b"\2") + more
    for k, name in enumerate(leads):
        text += mfer(0x09, struct.pack(order + "h", codes[name]), k)
    for part in np.split(values, frames, axis=1):
        sequences = length // frames // block
        raw = part.reshape(n, sequences, block).transpose(1, 0, 2).astype(order + "i2").tobytes()
        text += mfer(0x06, struct.pack(order + "h", sequences))
        text += mfer(0x1E, raw[: len(raw) - cut])
    file.write_bytes(text + b"\x80\0")


def write_atc(
    file: Path, leads: Sequence[np.ndarray], *, cut: int = 0, spoil: bool = False
) -> None:
    """Write a Kardia recording at 300 Hz, 500 nV a step."""
    blocks = [(b"info", b"2020-06-01T12:00:00.000+00:00".ljust(264, b"\0"))]
    blocks.append((b"fmt ", struct.pack("<BHHBH", 1, 300, 500, 2, 0)))
    names = [b"ecg ", *(f"ecg{i}".encode() for i in range(2, 10)), b"ecga", b"ecgb", b"ecgc"]
    blocks += [
        (n, np.asarray(v).astype("<i2").tobytes()) for n, v in zip(names, leads, strict=False)
    ]
    blocks.append((b"avg ", bytes(20)))
    content = b"ALIVE\0\0\0" + struct.pack("<I", 5)
    for name, data in blocks:
        block = name + struct.pack("<I", len(data)) + data
        content += block + struct.pack("<I", zlib.crc32(block) ^ spoil)
    file.write_bytes(content[: len(content) - cut])


def lzw(data: bytes) -> bytes:
    """Pack bytes in codes of 10 bits."""
    strings = {bytes([i]): i for i in range(256)}
    codes, before = [], b""
    for byte in data:
        now = before + bytes([byte])
        if now in strings:
            before = now
            continue
        codes.append(strings[before])
        if len(strings) <= 1022:
            strings[now] = len(strings)
        before = now[-1:]
    codes.append(strings[before])
    bits = "".join(f"{c:010b}" for c in [*codes, 1023])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def xli(leads: Sequence[np.ndarray], start: int = 3) -> bytes:
    """Compress leads as Philips' electrocardiographs do."""
    chunks = b""
    for values in leads:
        z = np.asarray(values).astype(np.int64)
        stored = z.copy()
        bends = 2 * z[1:-1] - z[:-2] - z[2:]
        # The first bend is the header's, each other is told one sample early.
        stored[2:-1] = bends[1:] + 64
        stored[-1] = 64
        words = stored.astype(np.int16).view(np.uint16)
        packed = lzw(bytes((words >> 8).astype(np.uint8)) + bytes((words & 255).astype(np.uint8)))
        first = int(bends[0])
        chunks += struct.pack("<ihh", len(packed), 1, first) + packed
    return chunks


def write_philips(
    file: Path,
    leads: dict[str, np.ndarray],
    *,
    form: str = "XLI",
    version: str = "1.04",
    seconds: float | None = None,
    method: str = "XLI",
) -> None:
    """Write a Philips XML file at 500 Hz, 5 µV a step; ``form`` is XLI, Base64 or Plain."""
    values = {n: np.asarray(v).astype(np.int64) for n, v in leads.items()}
    length = len(next(iter(values.values())))
    if form == "XLI" and len(values) >= 6:
        one, two, three, *augmented = list(values.values())[:6]
        rest = list(values.values())[6:]
        expected = (-((one + two) // 2), (one - three) // 2, (two + three) // 2)
        stored = [one, two, two - one - three]
        stored += [e - a for e, a in zip(expected, augmented, strict=True)]
        raw = base64.b64encode(xli([*stored, *rest])).decode()
    elif form == "XLI":
        raw = base64.b64encode(xli(list(values.values()))).decode()
    else:
        flat = np.concatenate(list(values.values()))
        raw = " ".join(map(str, flat.tolist()))
        if form == "Base64":
            raw = base64.b64encode(flat.astype("<i2").tobytes()).decode()
    milliseconds = round(1000 * length / 500 if seconds is None else 1000 * seconds)
    named = f'numberofleads="{len(values)}" leadlabels="{" ".join(values)}" resolution="5"'
    encoding = "Plain" if form == "Plain" else "Base64"
    method = f'compressflag="True" compressmethod="{method}"' if form == "XLI" else ""
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><restingecgdata '
        'xmlns="http://www3.medical.philips.com"><documentinfo><documenttype>SierraECG'
        f"</documenttype><documentversion>{version}</documentversion></documentinfo>"
        "<dataacquisition><signalcharacteristics><samplingrate>500</samplingrate>"
        f"<signalresolution>5</signalresolution><acquisitiontype>STD-12</acquisitiontype>"
        f"<numberchannelsallocated>{len(values)}</numberchannelsallocated>"
        "</signalcharacteristics></dataacquisition><patient><generalpatientdata>"
        "<patientid>p7</patientid><age><years>63</years></age><sex>Female</sex>"
        "</generalpatientdata></patient><waveforms><parsedwaveforms "
        f'durationperchannel="{milliseconds}" dataencoding="{encoding}" {method} '
        f"{named if version != '1.03' else ''}>{raw}</parsedwaveforms></waveforms>"
        "</restingecgdata>"
    )
