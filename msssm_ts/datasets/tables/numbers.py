"""Numbers as people write them: decimal comma, separators of thousands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# Both marks are there, so that neither can be taken for the other.
_THOUSANDS = {
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+"),
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+"),
}
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


def as_float(cell: str) -> float | None:
    """Return what a cell is as a number, whatever its decimal mark; None where it is none.

    Examples
    --------
    >>> as_float("1,5"), as_float("1.234,5"), as_float("1,234.5"), as_float("x")
    (1.5, 1234.5, 1234.5, None)
    """
    for text in (cell, cell.replace(",", ".", 1)):
        try:
            return float(text)
        except ValueError:
            continue
    for decimal, pattern in _THOUSANDS.items():
        if pattern.fullmatch(cell):
            return float(_plain(cell, decimal))
    return None


def decimal_mark(cells: list[str]) -> str:
    """Return the decimal mark of some cells: a comma where some have one, and none a point.

    Examples
    --------
    >>> decimal_mark(["1,5", "2"]), decimal_mark(["1,5", "2.5"])
    (',', '.')
    """
    with_comma = any(_WITH_COMMA.fullmatch(c) or _THOUSANDS[","].fullmatch(c) for c in cells)
    return "," if with_comma and not any(_WITH_POINT.fullmatch(c) for c in cells) else "."


def parsed(texts: pd.Series, decimal: str) -> tuple[pd.Series, bool]:
    """Return texts as numbers, NaN for what is none, and whether thousands are separated.

    A mark that could be either is none: a guess would be wrong by a factor of 1000.

    Examples
    --------
    >>> import pandas as pd
    >>> parsed(pd.Series(["1.234,5", "0,5", "1.234"]), ",")[0].tolist()
    [1234.5, 0.5, nan]
    """
    import pandas as pd

    stripped = texts.str.strip()
    thousands = stripped.str.fullmatch(_THOUSANDS[decimal].pattern).fillna(False).astype(bool)
    if decimal == ",":
        doubtful = stripped.str.contains(".", regex=False, na=False) & ~thousands
        stripped = stripped.where(~doubtful, "?")
        stripped = stripped.where(~thousands, stripped.str.replace(".", "", regex=False))
        stripped = stripped.str.replace(",", ".", regex=False)
    elif thousands.any():
        stripped = stripped.where(~thousands, stripped.str.replace(",", "", regex=False))
    return pd.to_numeric(stripped, errors="coerce"), bool(thousands.any())


def _plain(cell: str, decimal: str) -> str:
    other = "." if decimal == "," else ","
    return cell.replace(other, "").replace(",", ".")
