"""XLI, in which Philips' electrocardiographs compress samples.

Source: the description in the Sierra ECG Tools, https://github.com/sixlettervariables/sierra-ecg-tools:
a chunk a lead, of a size, a first prediction and codes of LZW with 10 bits, which unpack to the
high bytes of all samples, then their low bytes. Samples are what a straight line through the last
two misses, which is stored one sample late, less 64.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_HEADER = 8
_BITS = 10
# The highest number of a string; the last code ends a chunk.
_LAST = (1 << _BITS) - 2
_BIAS = 64


def read_chunks(data: bytes, n_leads: int, length: int) -> NDArray[np.int64]:
    """Decode the leads that come first.

    Parameters
    ----------
    data : bytes
        The chunks.
    n_leads, length : int
        Leads, and samples of each.

    Returns
    -------
    array of shape (n_leads, length)

    Raises
    ------
    ValueError
        If they break off.
    """
    rows, place = [], 0
    for lead in range(1, n_leads + 1):
        if place + _HEADER > len(data):
            raise ValueError(f"lead {lead} of {n_leads} is not there")
        size, _, start = struct.unpack_from("<ihh", data, place)
        place += _HEADER
        if not 0 <= size <= len(data) - place:
            raise ValueError(f"lead {lead} breaks off")
        unpacked = unpack(data[place : place + size], 2 * length)
        place += size
        if len(unpacked) < 2 * length:
            raise ValueError(
                f"lead {lead} breaks off after {len(unpacked) // 2} of {length} samples"
            )
        rows.append(_samples(unpacked, start))
    return np.stack(rows)


def unpack(packed: bytes, most: int) -> bytes:
    """Undo LZW with codes of 10 bits, as far as so many bytes.

    Raises
    ------
    ValueError
        If a code means nothing yet.

    Examples
    --------
    >>> unpack(bytes([0b00011000, 0b01010000, 0b00000000]), 3)
    b'aaa'
    """
    n_codes = 8 * len(packed) // _BITS
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))[: _BITS * n_codes]
    codes = bits.reshape(n_codes, _BITS) @ (1 << np.arange(_BITS)[::-1])
    strings = [bytes([i]) for i in range(256)]
    out = bytearray()
    before = b""
    for code in codes.tolist():
        if code > _LAST or len(out) >= most:
            break
        if code > len(strings) or (code == len(strings) and not before):
            raise ValueError("its compressed samples make no sense")
        now = strings[code] if code < len(strings) else before + before[:1]
        if before and len(strings) <= _LAST:
            strings.append(before + now[:1])
        out += now
        before = now
    return bytes(out[:most])


def _samples(unpacked: bytes, start: int) -> NDArray[np.int64]:
    high, low = np.frombuffer(unpacked, np.uint8).reshape(2, -1)
    missed = (high.astype(np.uint16) << 8 | low).view(np.int16).astype(np.int64)
    # The first two stand as they are; of those behind, each is told by what the one before held.
    slopes = missed.copy()
    slopes[1:2] -= missed[:1]
    slopes[2:3] = -start
    slopes[3:] = _BIAS - missed[2:-1]
    slopes[1:] = np.cumsum(slopes[1:])
    return np.cumsum(slopes)
