"""Numbers as people write them: decimal comma, separators of thousands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from statistics import median
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
# Marks between thousands that are no decimal mark anywhere.
_BETWEEN = re.compile(r"[\s'’]")
_BY_THREES = re.compile(r"[+-]?\d{1,3}([\s'’]\d{3})+([.,]\d*)?")
# A mark that separates thousands, in numbers that have no other; and what may as well be decimals.
_GROUPED = {m: re.compile(rf"[+-]?[1-9]\d{{0,2}}(\{m}\d{{3}})+") for m in ",."}
_FRACTION = {m: re.compile(rf"[+-]?\d*(\{m}\d+)+([eE][+-]?\d+)?") for m in ",."}
_SMALL = re.compile(r"[+-]?[1-9]\d{0,2}")
# Whole numbers beside decimals are not ten times as large; of thirty decimals one ends in 0.
_FEW_GROUPED, _MANY_GROUPED, _OTHER_SIZE = 3, 30, 10.0
# What word processors, and locales, write for a minus.
_MINUS = ("\u2212", "\uff0d", "\ufe63")
_AS_MINUS = r"^[\u2212\uff0d\ufe63](?=[\d.,])"


def as_float(cell: str) -> float | None:
    """Return what a cell is as a number, whatever its decimal mark; None where it is none.

    Examples
    --------
    >>> as_float("1,5"), as_float("1.234,5"), as_float("1,234.5"), as_float("x")
    (1.5, 1234.5, 1234.5, None)
    """
    cell = without_groups(cell)
    for text in (cell, cell.replace(",", ".", 1)):
        try:
            return float(text)
        except ValueError:
            continue
    for decimal, pattern in _THOUSANDS.items():
        if pattern.fullmatch(cell):
            return float(_plain(cell, decimal))
    return None


def is_number(cell: str) -> bool:
    """Whether a cell is a number, whatever its decimal mark."""
    return as_float(cell) is not None


def without_groups(text: str) -> str:
    """Return a number without spaces or apostrophes between its thousands, and a typist's minus.

    Examples
    --------
    >>> without_groups("1 234,5"), without_groups("1'234'567"), without_groups("12 34")
    ('1234,5', '1234567', '12 34')
    >>> without_groups("\u22125"), without_groups("\u2212")
    ('-5', '\u2212')
    """
    if text[:1] in _MINUS and text[1:2].isdecimal():
        text = f"-{text[1:]}"
    grouped = text[:1].isdecimal() or text[:1] in "+-"
    return _BETWEEN.sub("", text) if grouped and _BY_THREES.fullmatch(text) else text


def decimal_mark(cells: list[str]) -> str:
    """Return the decimal mark of some cells: a comma where some have one, and none a point.

    Examples
    --------
    >>> decimal_mark(["1,5", "2"]), decimal_mark(["1,5", "2.5"])
    (',', '.')
    """
    cells = [without_groups(c) for c in cells]
    with_comma = any(_WITH_COMMA.fullmatch(c) or _THOUSANDS[","].fullmatch(c) for c in cells)
    return "," if with_comma and not any(_WITH_POINT.fullmatch(c) for c in cells) else "."


def on_commas(cells: Sequence[str]) -> str:
    """Say that commas are taken for decimal marks, where they may separate thousands.

    Examples
    --------
    >>> on_commas(["1,109", "2,512"])[:33], on_commas(["1,109", "0,512"])
    ("the comma in '1,109' is taken for", '')
    """
    marked = [c for c in cells if "," in c and _FRACTION[","].fullmatch(c)]
    if not marked or any(_GROUPED[","].fullmatch(c) is None for c in marked):
        return ""
    return (
        f"the comma in {marked[0]!r} is taken for the decimal mark; leave it out of the table "
        "where it separates thousands"
    )


def thousands_in(rows: Sequence[Sequence[str]]) -> tuple[str, str] | None:
    """Return a number whose mark is one of thousands, and one below 1000 in its column.

    As decimals such numbers would all have three places and none below 1 or a 0 at the end, beside
    whole ones of another size. None where nothing speaks for it.

    Examples
    --------
    >>> thousands_in([["788", "0.5"], ["1,109", "1"], ["1,376", "2"], ["1,600", "3"]])
    ('1,109', '788')
    >>> thousands_in([["7.125"], ["8"], ["9.25"], ["1.375"], ["2.875"]])
    """
    for mark, pattern in _GROUPED.items():
        cells = (c for row in rows for c in row if mark in c and _FRACTION[mark].fullmatch(c))
        first = next(cells, None)
        # Most tables show with the first number that these are decimals.
        if first is None or not all(pattern.fullmatch(c) for c in chain((first,), cells)):
            continue
        width = max(map(len, rows))
        columns = [[row[i] for row in rows if i < len(row)] for i in range(width)]
        grouped: list[str] = []
        plain: list[str] = []
        for column in columns:
            own = [c for c in column if pattern.fullmatch(c)]
            small = [c for c in column if _SMALL.fullmatch(c)]
            if own and small:
                grouped += own
                plain += small
        if len(grouped) < _FEW_GROUPED:
            continue
        as_decimals = median(abs(float(".".join(c.split(mark)[:2]))) for c in grouped)
        larger = median(abs(float(c)) for c in plain) > _OTHER_SIZE * as_decimals
        if larger or len(grouped) >= _MANY_GROUPED:
            return grouped[0], plain[0]
    return None


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

    stripped = texts.str.strip().str.replace(_AS_MINUS, "-", regex=True)
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
