"""Times that are typed: 90s, 10m, 2h."""

from __future__ import annotations

import re

from msssm_ts.errors import InputError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str | None) -> float | None:
    """Read a time of ``--time-budget``.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> seconds_of("1.5h"), seconds_of("90")
    (5400.0, 90.0)
    """
    if text is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    seconds = float(found[1]) * _UNITS[found[2] or "s"] if found else 0.0
    if not 0 < seconds < float("inf"):
        raise InputError(f"--time-budget {text}: must be a time, such as 90s, 10m or 2h")
    return seconds
