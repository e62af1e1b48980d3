"""How a text table is written: separator, decimal mark, encoding, header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from msssm_ts.datasets.compressed import open_bytes
from msssm_ts.datasets.tables.columns import (
    CHANNEL,
    FOLD,
    GROUP,
    ID,
    LABEL,
    TIME,
    VALUE,
    unique_names,
)
from msssm_ts.errors import InputError

# Any run of spaces and tabs.
WHITESPACE = ""
_SEPARATORS = (",", ";", "\t", "|")
# As much of the file as is looked at: some lines, but not all of a few endless ones.
_LINES, _BYTES, _CELLS = 20, 1 << 20, 2000
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
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
    """

    separator: str
    decimal: str
    encoding: str
    columns: tuple[str, ...]
    headed: bool
    lines_above: int
    quoted: bool
    line_bytes: int


def detect_dialect(file: Path) -> Dialect:
    r"""Find out how a text table is written from its first lines.

    Raises
    ------
    InputError
        If it is empty, or no text in UTF-8 or (with its mark) UTF-16.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label;t0;t1\na;1,5;2\n")
    >>> dialect = detect_dialect(file)
    >>> dialect.separator, dialect.decimal, dialect.columns
    (';', ',', ('label', 't0', 't1'))
    """
    text, encoding = _head(file)
    # Other breaks than these, such as form feeds, stand within cells.
    lines = list(io.StringIO(text, newline=""))
    rows_by_separator = {s: _rows(lines, s) for s in (*_SEPARATORS, WHITESPACE)}
    separator = _separator(rows_by_separator, preferred="\t" if ".tsv" in file.suffixes else ",")
    rows = rows_by_separator[separator]
    if not rows:
        raise InputError(f"{file}: the file is empty; give one with series")
    table = [[c.strip() for c in cells[:_CELLS]] for _, cells in rows]
    headed = _is_header(table[0], table[1:], separator)
    first_line, first = rows[0]
    return Dialect(
        separator,
        _decimal(table, separator),
        encoding,
        tuple(unique_names(first, str(file)) if headed else map(str, range(1, len(first) + 1))),
        headed,
        first_line if headed else 0,
        '"' in text,
        max(len(line) for line in lines),
    )


def _head(file: Path) -> tuple[str, str]:
    """Read the first lines, and the encoding; the last line is whole, or all there is."""
    with open_bytes(file) as stream:
        data = b""
        while len(data) < _BYTES and data.count(b"\n") < _LINES:
            block = stream.read(1 << 16)
            if not block:
                break
            data += block
        complete = not stream.read(1)
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data or data.startswith((b"PK\3\4", b"\x1f\x8b")):
        raise InputError(
            f"{file}: not a text table but binary data; save it as CSV in UTF-8, or give the file "
            "the suffix of its format"
        )
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, complete)
    except UnicodeDecodeError as error:
        raise not_text(file, data[: error.start].count(b"\n") + 1) from error
    if not complete and text.count("\n") > 1:
        text = text[: text.rindex("\n") + 1]
    return text, encoding


def not_text(file: Path, line: int) -> InputError:
    """Return the error for a line that is not UTF-8."""
    return InputError(f"{file}, line {line}: not UTF-8 text; save the table as CSV in UTF-8")


def _rows(lines: Sequence[str], separator: str) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, with the line they end in."""
    if separator == WHITESPACE:
        return [(n, line.split()) for n, line in enumerate(lines, 1) if line.strip()]
    reader = csv.reader(lines, delimiter=separator)
    found: list[tuple[int, list[str]]] = []
    try:
        while len(found) < _LINES and (cells := next(reader, None)) is not None:
            if cells:
                found.append((reader.line_num, cells))
    except csv.Error:
        # A quotation mark that never ends; what was found before counts.
        pass
    return found


def _separator(rows_by_separator: dict[str, list[tuple[int, list[str]]]], preferred: str) -> str:
    """Choose what splits most lines alike and leaves most numbers."""
    best, best_score = preferred, (0.0, 0)
    # Space is the last choice, for there is some beside most separators.
    for separator in (*sorted(_SEPARATORS, key=lambda s: s != preferred), WHITESPACE):
        rows = [cells for _, cells in rows_by_separator[separator]]
        width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width < 2:
            continue
        cells = [c for row in rows[1:] or rows for c in row[:_CELLS] if c.strip()]
        numbers = sum(_is_number(c, separator) for c in cells)
        score = (count / len(rows) + numbers / max(1, len(cells)), width)
        if score > best_score:
            best, best_score = separator, score
    return best


def _decimal(table: list[list[str]], separator: str) -> str:
    cells = [c for row in table for c in row]
    commas = separator != "," and any(_DECIMAL_COMMA.fullmatch(c) for c in cells)
    return "," if commas and not any(_DECIMAL_POINT.fullmatch(c) for c in cells) else "."


def _is_number(cell: str, separator: str) -> bool:
    try:
        float(cell if separator == "," else cell.replace(",", ".", 1))
    except ValueError:
        return False
    return True


def _is_header(first: list[str], following: list[list[str]], separator: str) -> bool:
    """Whether the first row names the columns.

    It does if it holds a known name, numbers the columns, or has words where numbers follow.
    """
    words = [not _is_number(c, separator) for c in first]
    if all(words):
        return True
    numbers = [float(c.replace(",", ".")) for c, w in zip(first, words, strict=True) if not w]
    steps = [b - a for a, b in pairwise(numbers)]
    # Beside values a known name is a label: target, and non-target.
    if any(c.lower() in _CERTAIN for c in first) and all(step > 0 for step in steps):
        return True
    numeric = [
        i
        for i in range(len(first))
        if following and all(i >= len(row) or _is_number(row[i], separator) for row in following)
    ]
    named = sum(words[i] and bool(first[i]) for i in numeric)
    if steps and steps[0] > 0 and max(steps) - min(steps) < 1e-6 * steps[0]:
        from_the_start = any(words) or numbers[0] in (0, 1)
        return bool(named) or (len(numbers) > 9 and from_the_start)
    return named > len(numeric) / 2
