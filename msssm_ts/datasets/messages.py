"""Pieces of messages."""

from __future__ import annotations

from collections.abc import Sequence


def enumerate_names(names: Sequence[object], limit: int = 6) -> str:
    """Join names for a message, shortened.

    Examples
    --------
    >>> enumerate_names(["a", "b"])
    'a, b'
    >>> enumerate_names(range(9), limit=3)
    '0, 1, 2 … (9 in all)'
    """
    shown = ", ".join(str(n) for n in names[:limit])
    return shown if len(names) <= limit else f"{shown} … ({len(names)} in all)"
