"""One column of numbers with decimal commas, which nothing divides into cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NUMBER = re.compile(r"-?\d+,\d+")
# No whole number begins so: -0,12 and 5,012 have decimals.
_DECIMALS = re.compile(r"-0,\d+|-?\d+,0\d+")
_FEWEST = 4

_Rows = list[tuple[int, list[str]]]


def one_column(lines: Sequence[tuple[int, str]], rows: Mapping[str, _Rows]) -> _Rows | None:
    """Return the rows of a recording as watches write it where commas are decimal marks.

    Below lines with a name and a value each, divided as they like, stands a number a line. None
    where it is otherwise, or where the commas may divide two columns of whole numbers.

    Parameters
    ----------
    lines : sequence of (int, str)
        The first lines of the file, with their numbers.
    rows : mapping of str to rows
        The same, divided by each separator.

    Examples
    --------
    >>> lines = [*enumerate(["Rate;512 Hz", "-0,12", "1,055", "1,2", "3,1"], 1)]
    >>> one_column(lines, {";": [(n, line.split(";")) for n, line in lines]})
    [(1, ['Rate', '512 Hz']), (2, ['-0,12']), (3, ['1,055']), (4, ['1,2']), (5, ['3,1'])]
    """
    filled = [(n, line.strip()) for n, line in lines if line.strip()]
    start = len(filled)
    while start and _NUMBER.fullmatch(filled[start - 1][1]):
        start -= 1
    values = filled[start:]
    if not start or len(values) < _FEWEST:
        return None
    if not any(_DECIMALS.fullmatch(text) for _, text in values):
        return None
    first = values[0][0]
    above = [[row for row in own if row[0] < first] for own in rows.values()]
    best = max(above, key=lambda own: sum(len(cells) > 1 for _, cells in own))
    return [*best, *((n, [text]) for n, text in values)]
