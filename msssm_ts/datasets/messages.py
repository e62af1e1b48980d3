"""Pieces of messages."""

from __future__ import annotations

from collections.abc import Sequence

from msssm_ts.text import meant

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


def no_column(name: str, there: Sequence[str], option: str = "with") -> str:
    """Say that there is no such column, what there is, and what may be meant.

    Examples
    --------
    >>> no_column("agee", ["age", "sex"])
    "no column 'agee' (--with); there are age, sex; is 'age' meant?"
    """
    return (
        f"no column {name!r} (--{option}); there are {enumerate_names(there, 12)}"
        f"{meant(name, there)}"
    )
