"""What stands between the cells of a text table."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from msssm_ts.datasets.tables.numbers import is_number
from msssm_ts.datasets.tables.one_column import one_column
from msssm_ts.datasets.units import is_unit

# Any run of spaces and tabs.
WHITESPACE = ""
_SEPARATORS = (",", ";", "\t", "|")
# Where none of these is, what databases write between cells.
_RARE = ("^", "~", "\x01")
_SPACED = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')
_MEASURED = re.compile(r"[+-]?\d[\d.,]*\s?([^\d\s,;]{1,5})")
# As much of a table as is looked at. What stands above it may be long; of the table itself fewer
# rows are enough.
LINES, ROWS, CELLS = 60, 20, 2000
Rows = list[tuple[int, list[str]]]


def divided(
    lines: Sequence[tuple[int, str]], named: str | None, preferred: str
) -> tuple[str, Rows]:
    """Return the separator of some lines, and their rows with the line each ends in.

    Parameters
    ----------
    lines : sequence of (int, str)
        With their numbers.
    named : str, optional
        The separator, where the file says it.
    preferred : str
        What it is where several would do.

    Examples
    --------
    >>> divided([(1, "a;b"), (2, "1,5;2")], None, ",")
    (';', [(1, ['a', 'b']), (2, ['1,5', '2'])])
    """
    separators = (*_SEPARATORS, WHITESPACE) if named is None else (named,)
    rows_by_separator = {s: _rows(lines, s) for s in separators}
    column = None if named is not None else one_column(lines, rows_by_separator)
    if column is not None:
        return ";", column
    separator = _separator(rows_by_separator, named or preferred)
    rows = rows_by_separator[separator]
    if named is None and rows and len(rows[0][1]) == 1:
        rare = _rare(lines)
        return (separator, rows) if rare is None else (rare, _rows(lines, rare))
    return separator, rows


def _rows(lines: Sequence[tuple[int, str]], separator: str) -> Rows:
    """Rows that are not blank, with the line they end in."""
    if separator == WHITESPACE:
        return [(n, split_spaced(line)) for n, line in lines if line.strip()]
    reader = csv.reader([line for _, line in lines], delimiter=separator)
    found: Rows = []
    try:
        while len(found) < LINES and (cells := next(reader, None)) is not None:
            if cells:
                found.append((lines[reader.line_num - 1][0], cells))
    except csv.Error:
        # A quotation mark that never ends; what was found before counts.
        pass
    return found


def split_spaced(line: str) -> list[str]:
    """Return the cells of a line with spaces or tabs between them; those in quotes keep theirs.

    Examples
    --------
    >>> split_spaced('"1" "heart rate"  0.5')
    ['1', 'heart rate', '0.5']
    """
    if '"' not in line:
        return line.split()
    found = _SPACED.finditer(line.strip())
    return [m[2] if m[1] is None else m[1].replace('""', '"') for m in found]


def _rare(lines: Sequence[tuple[int, str]]) -> str | None:
    """Return a rare separator that all lines have equally often, and at least twice."""
    for mark in _RARE:
        counts = {line.count(mark) for _, line in lines if line.strip()}
        if len(counts) == 1 and min(counts) > 1:
            return mark
    return None


def _is_measured(cell: str) -> bool:
    """Whether a cell is a number with a unit behind it."""
    found = _MEASURED.fullmatch(cell.strip())
    return found is not None and is_unit(found[1])


def _separator(rows_by_separator: dict[str, Rows], preferred: str) -> str:
    """Choose what splits most lines alike and leaves most numbers."""
    best, best_score = preferred, (-1.0, 0)
    # Space is the last choice, for there is some beside most separators.
    order = sorted(rows_by_separator, key=lambda s: (s == WHITESPACE, s != preferred))
    for separator in order:
        rows = [cells for _, cells in rows_by_separator[separator]][-ROWS:]
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < 2:
            continue
        cells = [c for row in rows[1:] or rows for c in row[:CELLS] if c.strip()]
        numbers = sum(is_number(c) or _is_measured(c) for c in cells)
        score = (count / len(rows) + numbers / max(1, len(cells)), width)
        if len(rows_by_separator[separator][0][1]) == 1:
            # In no name, but in values: a decimal comma.
            score = (score[0] - 1, width)
        if score > best_score:
            best, best_score = separator, score
    return best
