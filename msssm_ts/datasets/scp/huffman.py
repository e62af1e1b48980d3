"""The Huffman codes of SCP-ECG (EN 1064, section 2 and annex C).

A table has codes: a prefix that is looked for, further bits that hold a number, and what the two
together stand for, a value or another table.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# In place of a number of tables: the table that the standard prints.
_STANDARD = 19999
_MOST_TABLES = 32
# Prefixes are looked up in a table of all numbers of so many bits.
_WINDOW = 16
# Bits of a window over five bytes, and those that may be wanted from any bit of the first on.
_WIDE, _MOST = 40, 32


class Code(NamedTuple):
    """A code.

    Parameters
    ----------
    prefix : str
        Its bits, as text.
    n_more : int
        Bits behind the prefix, a number with sign that is added to the value.
    value : int
        What it stands for, or the place of another table from 1 on.
    switches : bool
        Whether it stands for another table.
    """

    prefix: str
    n_more: int
    value: int
    switches: bool = False


def standard_codes() -> list[Code]:
    """Return the codes of the standard's own table.

    Examples
    --------
    >>> [c.prefix for c in standard_codes() if abs(c.value) == 2]
    ['1100', '1101']
    """
    small = [Code("0", 0, 0)]
    for n in range(1, 9):
        small += [Code("1" * n + "00", 0, n), Code("1" * n + "01", 0, -n)]
    return [*small, Code("1" * 9 + "0", 8, 0), Code("1" * 10, 16, 0)]


def read_tables(body: bytes) -> list[list[Code]]:
    """Read the tables of section 2.

    Raises
    ------
    ValueError, struct.error
        If they make no sense, or break off.
    """
    (n_tables,) = struct.unpack_from("<H", body)
    if n_tables == _STANDARD:
        return [standard_codes()]
    if n_tables > _MOST_TABLES:
        raise ValueError(f"it has {n_tables} Huffman tables")
    tables, place = [], 2
    for _ in range(n_tables):
        (n_codes,) = struct.unpack_from("<H", body, place)
        place += 2
        codes = []
        for _ in range(n_codes):
            prefix, total, mode, value, bits = struct.unpack_from("<BBBhI", body, place)
            place += 9
            if not 1 <= prefix <= min(total, _WINDOW) or total > _MOST:
                raise ValueError(f"a Huffman code has {prefix} of {total} bits")
            # The first bit is the lowest.
            codes.append(Code(f"{bits:032b}"[::-1][:prefix], total - prefix, value, mode == 0))
        tables.append(codes)
    if not tables:
        raise ValueError("there is no Huffman table in it")
    return tables


def decode(
    raw: bytes, count: int, tables: Sequence[Sequence[Code]], spare: int = 0
) -> NDArray[np.int64]:
    """Decode so many numbers, and some to spare if there are; with a count of -1 all there are.

    Raises
    ------
    ValueError
        If there are fewer, or bits are no code.

    Examples
    --------
    >>> decode(bytes([0b10001010, 0b11011111, 0b11111011, 0b11111110]), 3, [standard_codes()])
    array([ 1,  0, -1])
    """
    n_bits = 8 * len(raw)
    padded = np.frombuffer(raw + bytes(_WIDE // 8 + 1), np.uint8).astype(np.int64)
    # The number in the five bytes from each byte on, and from the end.
    shifted = [padded[i : len(raw) + 1 + i] << (_WIDE - 8 * (i + 1)) for i in range(_WIDE // 8)]
    wide = np.sum(shifted, axis=0)

    def window(place: NDArray[np.int64], width: int | NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers of so many bits from bits on."""
        found: NDArray[np.int64] = wide[place >> 3] >> (_WIDE - (place & 7) - width)
        return found & ((1 << width) - 1)

    ahead = memoryview(window(np.arange(n_bits), _WINDOW).astype(np.uint16).tobytes()).cast("H")
    # Of most tables few are asked for.
    looked_up: dict[int, list[int]] = {}
    places: list[int] = []
    codes: list[Code] = []
    place = table = 0
    while count < 0 or len(places) < count + spare:
        enough = len(places) >= count
        if table not in looked_up:
            looked_up[table] = _looked_up(tables[table])
        code = looked_up[table][ahead[place]] if place < n_bits else -1
        one = tables[table][code] if code >= 0 else None
        end = n_bits + 1 if one is None else place + len(one.prefix) + one.n_more
        if one is None or end > n_bits:
            if enough:
                break
            raise ValueError(f"its samples break off after {len(places)} of {count}")
        if one.switches:
            if not 1 <= one.value <= len(tables):
                if enough and count >= 0:
                    break
                raise ValueError(f"there is no Huffman table {one.value}")
            table = one.value - 1
        else:
            places.append(place + len(one.prefix))
            codes.append(one)
        place = end
    values = np.array([c.value for c in codes], np.int64)
    width = np.array([c.n_more for c in codes], np.int64)
    more = window(np.array(places, np.int64), width)
    signed = np.where(more >= (1 << width) / 2, more - (1 << width), more)
    found_values: NDArray[np.int64] = values + signed * (width > 0)
    return found_values


def _looked_up(codes: Sequence[Code]) -> list[int]:
    """Return the place of the code that each number of 16 bits begins with; -1 where none does."""
    found = np.full(1 << _WINDOW, -1, np.int64)
    for place, code in enumerate(codes):
        rest = _WINDOW - len(code.prefix)
        first = int(code.prefix, 2) << rest
        found[first : first + (1 << rest)] = place
    places: list[int] = found.tolist()
    return places
