"""How a text table is written: separator, decimal mark, encoding, header."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from msssm_ts.datasets.compressed import open_bytes
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.tables.columns import (
    CHANNEL,
    FOLD,
    GROUP,
    ID,
    LABEL,
    TIME,
    VALUE,
    on_repeated,
    unique_names,
)
from msssm_ts.datasets.tables.encoding import find_encoding
from msssm_ts.datasets.tables.numbers import (
    as_float,
    decimal_mark,
    is_number,
    on_commas,
    thousands_in,
)
from msssm_ts.datasets.tables.preamble import (
    COMMENT,
    Preamble,
    are_units,
    commented,
    first_of_table,
    is_comment,
    joined_headers,
    named_separator,
    named_twice,
    unit_of,
)
from msssm_ts.datasets.tables.separators import (
    CELLS,
    LINES,
    ROWS,
    WHITESPACE,
    divided,
    split_spaced,
)
from msssm_ts.errors import InputError
from msssm_ts.text import counted

# As much of the file as is looked at: some lines, but not all of a few endless ones.
_BYTES = 1 << 20
# What a column takes in memory beside its values.
_COLUMN = 7000
# One letter may also be a class.
_CERTAIN = {
    name
    for names in (LABEL, ID, GROUP, FOLD, TIME, CHANNEL, VALUE)
    for name in names
    if len(name) > 1
}


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    separator : str
        Between columns; ``WHITESPACE`` for any run of spaces and tabs.
    decimal : str
        Decimal mark.
    encoding : str
        Of the text.
    columns : tuple of str
        Their names: those of the header, or 1, 2, ...
    headed : bool
        Whether there is a header.
    lines_above : int
        Lines above the first row of values.
    quoted : bool
        Whether a cell is in quotation marks, which can hold line breaks.
    line_bytes : int
        Of the longest line looked at.
    header : str
        The line with the header, which may be repeated below.
    ending : str
        What ends every line without being a cell.
    texts : frozenset of str
        Columns that hold words in all rows looked at.
    fractions : frozenset of str
        Of the first columns and the last those with numbers that are not whole.
    units : mapping from str to str
        Of columns, from a line below the header.
    preamble : Preamble
        What stands above the table.
    first : tuple of tuple of str
        Cells of the first rows of values.
    remarks : tuple of str
        What was guessed.
    """

    separator: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]
    headed: bool
    lines_above: int
    quoted: bool
    line_bytes: int
    header: str = ""
    ending: str = ""
    texts: frozenset[str] = frozenset()
    fractions: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)
    preamble: Preamble = field(default_factory=lambda: Preamble({}))
    first: tuple[tuple[str, ...], ...] = ()
    remarks: tuple[str, ...] = ()


def detect_dialect(file: Path) -> Dialect:
    r"""Find out how a text table is written from its first lines.

    Raises
    ------
    InputError
        If it is empty, or no text in an encoding that can be told.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label;t0;t1\na;1,5;2\n")
    >>> dialect = detect_dialect(file)
    >>> dialect.separator, dialect.decimal, dialect.columns
    (';', ',', ('label', 't0', 't1'))
    """
    text, encoding, remark = _head(file)
    # Other breaks than these, such as form feeds, stand within cells.
    lines = list(io.StringIO(text, newline=""))
    named = named_separator(lines[0]) if lines else None
    numbered = [(n, line) for n, line in enumerate(lines, 1) if n > (named is not None)]
    comments = [(n, line) for n, line in numbered if is_comment(line)]
    if len(comments) == len(numbered):
        comments = []
    about = {n for n, _ in comments}
    kept = [(n, line) for n, line in numbered if n not in about]
    separator, rows = divided(kept, named, "\t" if ".tsv" in file.suffixes else ",")
    if not rows:
        raise InputError(f"{file}: the file is empty; give one with series")
    table = [[c.strip() for c in cells[:CELLS]] for _, cells in rows]
    start = first_of_table(table, [is_number(r[0]) for r in table])
    preamble = Preamble(
        {r[0]: " ".join(r[1:]).strip() for r in table[:start]},
        commented([line for n, line in comments if n < rows[start][0]]),
    )
    line_above = rows[start - 1][0] if start else 0
    rows, table = rows[start : start + ROWS], table[start : start + ROWS]
    if all(len(c) > 2 and c[0] == c[-1] == "'" for c in table[0]):
        # Quoted twice.
        bare = [c[1:-1].strip() for c in table[0]]
        rows, table = [(rows[0][0], bare), *rows[1:]], [bare, *table[1:]]
    headed = _is_header(table[0], table[1:])
    first_line, first = rows[0]
    header = _line(lines, first_line) if headed else ""
    line_above = max(line_above, first_line) if headed else rows[0][0] - 1 if start else line_above
    if not headed:
        above = [(n, line) for n, line in comments if n < first_line]
        hidden = _header_in_comment(above, separator, len(first))
        if hidden:
            headed, first, header = True, hidden, above[-1][1].strip()
            rows, table = [(0, hidden), *rows], [hidden, *table]
        line_above = max(line_above, above[-1][0] if above else 0, int(named is not None))
    demand(_COLUMN * len(first), file, f"a table of {counted(len(first), 'column')}")
    several = headed and len(table) > 2
    together = joined_headers(first, table[1]) if several else []
    if several and not together:
        together = named_twice(first, table[1], table[2])
    if together:
        first, line_above = together, rows[1][0]
        rows, table = [rows[0], *rows[2:]], [table[0], *table[2:]]
    units: dict[str, str] = {}
    below = 1
    columns = tuple(
        unique_names(first, str(file)) if headed else map(str, range(1, len(first) + 1))
    )
    repeated = on_repeated(first, columns) if headed else ""
    while headed and below < min(4, len(table) - 1) and _gives_units(table[below:]):
        found = dict(zip(columns, map(unit_of, table[below]), strict=False))
        units.update({c: u for c, u in found.items() if u and u.upper() not in ("CAL", "RAW", "-")})
        line_above = rows[below][0]
        below += 1
    if units:
        rows, table = [rows[0], *rows[below:]], [table[0], *table[below:]]
    if headed:
        columns = _as_wide_as_rows(columns, table[1:])
    values = table[headed:]
    doubtful = thousands_in(values)
    if doubtful is not None:
        raise InputError(
            f"{file}: numbers such as {doubtful[0]!r} beside {doubtful[1]!r} have separators of "
            "thousands, which could be read as decimal marks; write them without"
        )
    cells = [c for row in values or table for c in row]
    decimal = decimal_mark(cells)
    return Dialect(
        separator,
        decimal,
        encoding,
        columns,
        headed,
        line_above,
        '"' in text,
        max(len(line) for line in lines),
        header.strip(),
        ";" if separator not in (";", WHITESPACE) and _end_in(values, ";") else "",
        frozenset(_text_columns(columns, values)),
        _with_fractions(columns, [cells for _, cells in rows[headed:]]),
        units,
        preamble,
        tuple(tuple(row[:16]) for row in values[:4]),
        tuple(
            filter(
                None,
                [
                    remark,
                    on_commas(cells) if decimal == "," else "",
                    repeated,
                    _on_rate(preamble),
                    "" if headed else _on_blocks(lines[line_above:]),
                ],
            )
        ),
    )


def _gives_units(rows: list[list[str]]) -> bool:
    """Whether the first row gives units; one of formats, CAL, may stand above it."""
    below = rows[1]
    if len(rows) > 2 and all(c.upper() in ("CAL", "RAW") for c in rows[0]):
        return are_units(below, rows[2])
    return are_units(rows[0], below)


def _on_blocks(lines: Sequence[str]) -> str:
    """Say that blank lines divide rows, where they do so again and again."""
    sizes = [len(list(own)) for filled, own in groupby(lines, lambda x: bool(x.strip())) if filled]
    if len(sizes) < 3 or min(sizes[:-1]) < 2:
        return ""
    return (
        f"blank lines divide the rows into blocks, of {sizes[0]} and {sizes[1]} rows and so on, "
        "and are passed over; where each block is a series, number them in a column and name it "
        "with --id"
    )


def _on_rate(preamble: Preamble) -> str:
    """Say that a comment above the table names a rate and tells none."""
    told = preamble.rate_that_is_none
    return f"{told!r} above the table tells no rate; --fs gives it" if told else ""


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _head(file: Path) -> tuple[str, str, str]:
    """Read the first lines, the encoding, and what was guessed; the last line is whole."""
    with open_bytes(file) as stream:
        data = b""
        while len(data) < _BYTES and data.count(b"\n") < LINES:
            block = stream.read(1 << 16)
            if not block:
                break
            data += block
        complete = not stream.read(1)
    encoding, remark = find_encoding(data, complete)
    binary = b"\0" in data and encoding != "utf-16"
    if binary and data.strip() and b"\0" not in data.rstrip(b"\0\r\n"):
        line = data.rstrip(b"\0\r\n").count(b"\n") + 1
        raise InputError(
            f"{file}, line {line}: nothing but zero bytes behind it, as a logger leaves them whose "
            "power went; cut them off"
        )
    if binary or data.startswith((b"PK\3\4", b"\x1f\x8b")):
        raise InputError(
            f"{file}: not a text table but binary data; save it as CSV in UTF-8, or give the file "
            "the suffix of its format"
        )
    if not encoding:
        raise not_text(file, _undecodable_line(data))
    text = data.decode(encoding, "ignore")
    if not complete and text.count("\n") > 1:
        text = text[: text.rindex("\n") + 1]
    return text, encoding, remark


def _undecodable_line(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data[: error.start].count(b"\n") + 1
    return 1


def not_text(file: Path, line: int) -> InputError:
    """Return the error for a line whose encoding cannot be told."""
    return InputError(
        f"{file}, line {line}: not UTF-8 text, nor in an encoding that can be told; save the table "
        "as CSV in UTF-8"
    )


def _is_header(first: list[str], following: list[list[str]]) -> bool:
    """Whether the first row names the columns.

    It does if it holds a known name, numbers the columns, or has words where numbers follow.
    """
    words = [not is_number(c) for c in first]
    if all(words):
        return True
    numbers = [n for n in map(as_float, first) if n is not None]
    steps = [b - a for a, b in pairwise(numbers)]
    # Beside values a known name is a label: target, and non-target.
    if any(c.lower() in _CERTAIN for c in first) and all(step > 0 for step in steps):
        return True
    numeric = [
        i
        for i in range(len(first))
        if following and all(i >= len(row) or is_number(row[i]) for row in following)
    ]
    named = sum(words[i] and bool(first[i]) for i in numeric)
    if steps and steps[0] > 0 and max(steps) - min(steps) < 1e-6 * steps[0]:
        from_the_start = any(words) or numbers[0] in (0, 1)
        return bool(named) or (len(numbers) > 9 and from_the_start)
    return named > len(numeric) / 2


def _header_in_comment(
    comments: Sequence[tuple[int, str]], separator: str, width: int
) -> list[str]:
    """Return the names that the last comment above the values has for them, as NumPy writes it."""
    if not comments:
        return []
    line = comments[-1][1].strip()
    for mark in COMMENT:
        line = line.removeprefix(mark)
    cells = [
        c.strip()
        for c in (split_spaced(line) if separator == WHITESPACE else line.split(separator))
    ]
    named = len(cells) == width > 1 and not any(is_number(c) for c in cells)
    return cells if named else []


def _as_wide_as_rows(columns: tuple[str, ...], rows: list[list[str]]) -> tuple[str, ...]:
    """Add a column without name where every row has one cell more than the header.

    It is the last where lines end in a separator, else the first, with names of rows.
    """
    if len(columns) >= CELLS or not rows or any(len(r) != len(columns) + 1 for r in rows):
        return columns
    if "" in columns:
        return columns
    return (*columns, "") if not any(r[-1] for r in rows) else ("", *columns)


def _end_in(rows: list[list[str]], mark: str) -> bool:
    return bool(rows) and all(r and r[-1].endswith(mark) for r in rows)


def _with_fractions(columns: tuple[str, ...], rows: list[list[str]]) -> frozenset[str]:
    found = []
    for i in (0, 1, 2, len(columns) - 1):
        numbers = [as_float(r[i].strip()) for r in rows if 0 <= i < min(len(r), len(columns))]
        if any(n is not None and n == n and not n.is_integer() for n in numbers):
            found.append(columns[i])
    return frozenset(found)


def _text_columns(columns: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """Columns in which no cell is a number, and some are words."""
    found = []
    for i, column in enumerate(columns[:CELLS]):
        cells = [r[i] for r in rows if i < len(r) and r[i]]
        if cells and not any(is_number(c) for c in cells):
            found.append(column)
    return found
