"""The bytes of a WFDB annotation file, parsed here: wfdb's loop does not end on damaged ones.

Format: ``annot(5)`` in the WFDB Applications Guide. Words of 16 bits, the low byte first: 6 bits
say what kind of annotation it is, 10 how many samples behind the last; some kinds say more of the
annotation before them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

# Kinds that are no annotations: a long interval, and four that say more of the one before.
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_NOTE = 22
# By their numbers; those that are missing have no symbol.
_SYMBOLS = dict(
    zip(
        (*range(1, 15), 16, *range(18, 42)),
        'NLRaVFJASEj/Q~|sT*D"=pB^t+u?![]en@xf()r',
        strict=True,
    )
)
_RESOLUTION = re.compile(r"## time resolution: (\d+\.?\d*)")
_DEFINITION = re.compile(r"(\d+) (\S+) .+")
_DEFINITIONS = ("## annotation type definitions", "## end of definitions")


class Parsed(NamedTuple):
    """What an annotation file holds.

    Parameters
    ----------
    samples : list of int
        When, in units of its resolution.
    symbols, texts : list of str
        What kind each is, and what is written beside it.
    resolution : float
        Units in a second; 0 where it does not say.
    """

    samples: list[int]
    symbols: list[str]
    texts: list[str]
    resolution: float


def parse_annotations(data: bytes) -> Parsed:
    """Return the annotations in the bytes of a file.

    Raises
    ------
    ValueError
        If it breaks off within an annotation.

    Examples
    --------
    >>> parse_annotations(bytes([100, 1 << 2, 20, 5 << 2, 0, 0]))[:2]
    ([100, 120], ['N', 'V'])
    """
    if len(data) % 2:
        raise ValueError("an odd number of bytes")
    words: list[int] = np.frombuffer(data, dtype="<u2").tolist()
    samples: list[int] = []
    kinds: list[int] = []
    texts: list[str] = []
    time, place, last = 0, 0, len(words) - 1
    while place < last:
        kind, interval = words[place] >> 10, words[place] & 0x3FF
        place += 1
        if kind == _SKIP:
            if place + 2 > last:
                raise ValueError("it breaks off")
            # Signed, the high word first.
            long = words[place] << 16 | words[place + 1]
            time += long - (1 << 32 if long >> 31 else 0)
            place += 2
        elif kind < _SKIP:
            time += interval
            samples.append(time)
            kinds.append(kind)
            texts.append("")
        elif kind == _AUX:
            n_bytes = interval & 0xFF
            raw = data[2 * place : 2 * place + n_bytes]
            place += (n_bytes + 1) // 2
            if len(raw) < n_bytes:
                raise ValueError("it breaks off within a text")
            if texts:
                texts[-1] = raw.decode("latin-1")
    return _described(samples, kinds, texts)


def _described(samples: list[int], kinds: list[int], texts: list[str]) -> Parsed:
    """Take notes about the file away, and give kinds their symbols."""
    symbols, resolution, defining = dict(_SYMBOLS), 0.0, False
    kept: list[int] = []
    for i, (sample, kind, text) in enumerate(zip(samples, kinds, texts, strict=True)):
        if kind == _NOTE and sample == 0:
            said = _RESOLUTION.match(text)
            defined = _DEFINITION.match(text) if defining else None
            if said is not None:
                resolution = resolution or float(said[1])
            elif text in _DEFINITIONS:
                defining = text == _DEFINITIONS[0]
            elif defined is not None:
                symbols[int(defined[1])] = defined[2]
        elif kind:
            kept.append(i)
    return Parsed(
        [samples[i] for i in kept],
        [symbols.get(kinds[i], f"#{kinds[i]}") for i in kept],
        [texts[i] for i in kept],
        resolution,
    )
