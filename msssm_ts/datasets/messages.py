"""Pieces of messages."""

from __future__ import annotations

from collections.abc import Sequence

# Of a damaged file a name may be all of it.
_LONGEST = 80


def enumerate_names(names: Sequence[object], limit: int = 6) -> str:
    """Join names for a message, their number and each of them shortened.

    Examples
    --------
    >>> enumerate_names(["a", "b"])
    'a, b'
    >>> enumerate_names(range(9), limit=3)
    '0, 1, 2 … (9 in all)'
    """
    texts = map(str, names[:limit])
    shown = ", ".join(t if len(t) <= _LONGEST else t[: _LONGEST - 1] + "…" for t in texts)
    return shown if len(names) <= limit else f"{shown} … ({len(names)} in all)"
