"""JSON from a file that anyone may have written: what it holds is bounded, and plain."""

from __future__ import annotations

import json
import math
import re
from typing import Any

# Characters of a text, and commas and brackets in it: what is made of it stays below 200 MB.
LARGEST_TEXT, _MOST_ITEMS = 16_000_000, 500_000
_DEEPEST, _MOST_DIGITS = 32, 100
_HALF_A_PAIR = re.compile(r"[\ud800-\udfff]")


def parse_json(text: str) -> Any:
    """Return what a JSON text says.

    Numbers are finite, whole ones have at most 100 digits; no name occurs twice in an object;
    texts can be encoded again; nothing is nested deeper than 32 levels.

    Parameters
    ----------
    text : str
        Of at most 16 million characters.

    Raises
    ------
    ValueError
        For anything else, with the reason.

    Examples
    --------
    >>> parse_json('{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> parse_json('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ...
    ValueError: 'a' is there twice
    """
    if len(text) > LARGEST_TEXT:
        raise ValueError(f"{len(text):,} characters; at most {LARGEST_TEXT:,} are read")
    if sum(map(text.count, ",[{")) > _MOST_ITEMS:
        raise ValueError(f"more than {_MOST_ITEMS:,} items")
    try:
        found = json.loads(
            text,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_number,
            object_pairs_hook=once,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_levels(found)
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; refuse a name that is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"{twice[:80]!r} is there twice")
    return found


def _check_levels(found: Any) -> None:
    """Refuse what is nested too deeply, or a text that no encoding has, a level at a time."""
    level = [found]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not item.isascii() and _HALF_A_PAIR.search(item):
                    raise ValueError("a text with half a character")
            elif isinstance(item, list):
                below += item
            elif isinstance(item, dict):
                below += item
                below += item.values()
        level = below
        if not level:
            return
    raise ValueError("nested too deeply")
