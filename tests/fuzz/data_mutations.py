"""Ways to break a file."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_NUMBERS = (
    *(b"0", b"-1", b"1", b"nan", b"1e400", b"2147483648", b"4294967296", b"99999999999999999999"),
    *(b"-9223372036854775808", b"1e-400", b"0x10", b"", b"3.5"),
)
_SIGNS = (
    *(b"\x00", b"\x1b[31m", b"\r", b"\n", b"\x7f", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80"),
    *(b'"', b"'", b",", b";", b"\t", b"../x", b"\xe2\x80\xae", b"\\", b"{", b"<"),
)
_INTEGERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_DIGITS = re.compile(rb"-?\d+(?:\.\d+)?")


def _place(data: bytes, rng: random.Random) -> int:
    """Somewhere; in the first bytes more often, for headers decide more than values do."""
    if not data:
        return 0
    place = rng.randrange(len(data))
    return place if rng.random() < 0.4 else min(place, rng.randrange(600))


def _flip_bits(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        if out:
            out[_place(data, rng)] ^= 1 << rng.randrange(8)
    return bytes(out)


def _run_of_bytes(data: bytes, rng: random.Random) -> bytes:
    place, n = _place(data, rng), rng.choice((1, 2, 4, 8, 32))
    new = rng.randbytes(n) if rng.random() < 0.5 else bytes([rng.choice((0, 255, 128, 127))]) * n
    return data[:place] + new + data[place + n :]


def _truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: _place(data, rng)]


def _remove(data: bytes, rng: random.Random) -> bytes:
    place = _place(data, rng)
    return data[:place] + data[place + rng.randrange(1, 60) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    place, n = _place(data, rng), rng.randrange(1, 400)
    return data[: place + n] + data[place:]


def _lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    line = rng.randrange(len(lines))
    return b"\n".join(lines[:line] + [rng.choice(lines)] * rng.randrange(3) + lines[line + 1 :])


def _number(data: bytes, rng: random.Random) -> bytes:
    """Another number in place of one in text."""
    found = list(_DIGITS.finditer(data[:4000]))
    if not found:
        return _integer(data, rng)
    match, new = rng.choice(found), rng.choice(_NUMBERS)
    if rng.random() < 0.5:
        # Of the same width, as fixed fields want it.
        new = new[: len(match[0])].ljust(len(match[0]), b"9" if rng.random() < 0.5 else b" ")
    return data[: match.start()] + new + data[match.end() :]


def _integer(data: bytes, rng: random.Random) -> bytes:
    """Another integer of 2, 4 or 8 bytes, at an even place."""
    width = rng.choice((2, 4, 8))
    place = _place(data, rng) // 2 * 2
    value = rng.choice(_INTEGERS) & (256**width - 1)
    return (
        data[:place] + value.to_bytes(width, rng.choice(("little", "big"))) + data[place + width :]
    )


def _append(data: bytes, rng: random.Random) -> bytes:
    return data + rng.choice((rng.randbytes(300), b"\x00" * 300, data, b"\n,,,\n"))


def _insert(data: bytes, rng: random.Random) -> bytes:
    place = _place(data, rng)
    return data[:place] + rng.choice(_SIGNS) * rng.choice((1, 1, 1, 500)) + data[place:]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flip_bits, _run_of_bytes, _truncate, _remove, _double, _lines),
    *(_number, _number, _integer, _integer, _append, _insert),
)


def broken(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """Return a file's content with something changed in it, or the content of another file."""
    if others and rng.random() < 0.02:
        return rng.choice(others)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(MUTATIONS)(data, rng)
    return data
