"""The definitions that an MFER file is made of: a tag, a length, and what is defined.

Source: ISO 22077-1, Medical waveform format, Part 1: Encoding rules (Tables of tags, of types of
data, of units and of leads).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

END, PREAMBLE = 0x80, 0x40
BYTE_ORDER, BLOCK, CHANNELS, SEQUENCES, KIND, LEAD, TYPE, INTERVAL, SENSITIVITY, OFFSET = (
    *(0x01, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D),
)
COMPRESSION, NULL, WAVE, OF_CHANNEL, GROUP = 0x0E, 0x12, 0x1E, 0x3F, 0x67
PATIENT, AGE, SEX = 0x82, 0x83, 0x84
# Definitions that may be made for all channels, or for one.
OF_SAMPLES = (BLOCK, SEQUENCES, LEAD, TYPE, INTERVAL, SENSITIVITY, OFFSET, NULL)

# Types of samples, as numpy calls them; 4 are flags, 9 is a compression.
TYPES = {0: "i2", 1: "u2", 2: "i4", 3: "u1", 4: "u2", 5: "i1", 6: "u4", 7: "f4", 8: "f8"}
FLAGS = 4
# What is no rhythm: the averaged beat.
AVERAGED = 9
# Units of a sensitivity, and how many of ours one is.
UNITS = {
    0: ("mV", 1000.0),
    1: ("mmHg", 1.0),
    2: ("Pa", 1.0),
    3: ("cmH2O", 1.0),
    7: ("%", 1.0),
    8: ("degC", 1.0),
    9: ("/min", 1.0),
    12: ("A", 1.0),
}
# fmt: off
LEADS = {
    1: "I", 2: "II", 3: "V1", 4: "V2", 5: "V3", 6: "V4", 7: "V5", 8: "V6", 9: "V7", 11: "V3R",
    12: "V4R", 13: "V5R", 14: "V6R", 15: "V7R", 16: "X", 17: "Y", 18: "Z", 19: "CC5", 20: "CM5",
    31: "NASA", 32: "CB4", 33: "CB5", 34: "CB6", 61: "III", 62: "aVR", 63: "aVL", 64: "aVF",
    65: "-aVR", 66: "V8", 67: "V9", 68: "V8R", 69: "V9R", 70: "D", 71: "A", 72: "J",
}
# fmt: on
# Definitions within definitions within ...
_DEEPEST = 4


class Definition(NamedTuple):
    """A definition, of one channel where it says so."""

    tag: int
    channel: int | None
    value: bytes


def definitions(data: bytes) -> Iterator[Definition]:
    r"""Yield the definitions of a file in order, those within others in their place.

    Raises
    ------
    ValueError
        If one is longer than the file, or they are nested too deeply.

    Examples
    --------
    >>> list(definitions(bytes([0x05, 1, 2, 0x3F, 1, 3, 0x09, 1, 2, 0x80])))[1:]
    [Definition(tag=9, channel=1, value=b'\x02')]
    """
    # Places behind what is open, and the channels that it is of.
    opened: list[tuple[int | None, int | None]] = [(len(data), None)]
    place = 0
    while opened:
        end, channel = opened[-1]
        if place >= (len(data) if end is None else end):
            opened.pop()
            continue
        tag = data[place]
        place += 1
        if tag == 0:
            # Filling; two of them end what has no length.
            if end is None and data[place : place + 1] == b"\0":
                place += 1
                opened.pop()
            continue
        if tag == END:
            return
        if tag == OF_CHANNEL:
            channel, place = _number(data, place)
        length, place = _length(data, place)
        if length is not None and place + length > len(data):
            raise ValueError(f"definition {tag:#04x} promises {length} bytes")
        if tag in (OF_CHANNEL, GROUP):
            if len(opened) > _DEEPEST:
                raise ValueError("its definitions are nested too deeply")
            opened.append((None if length is None else place + length, channel))
            continue
        if length is None:
            raise ValueError(f"definition {tag:#04x} has no length")
        yield Definition(tag, channel, data[place : place + length])
        place += length


def _number(data: bytes, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; all bytes but the last have the highest bit."""
    number = 0
    for byte in data[place : place + 4]:
        number = number << 7 | byte & 0x7F
        place += 1
        if byte < 0x80:
            return number, place
    raise ValueError("the number of a channel has no end")


def _length(data: bytes, place: int) -> tuple[int | None, int]:
    if place >= len(data):
        raise ValueError("it breaks off")
    first = data[place]
    if first < 0x80:
        return first, place + 1
    n = first & 0x7F
    if not n:
        return None, place + 1
    if n > 4:
        raise ValueError(f"the length of a definition takes {n} bytes")
    return int.from_bytes(data[place + 1 : place + 1 + n], "big"), place + 1 + n
