"""Tables with a row a patient, speaker or device, each of which has recordings of its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from msssm_ts.datasets.tables.columns import LABEL
from msssm_ts.datasets.tables.strings import Strings

# What stands behind the owner in a file's name.
_BREAK = re.compile(r"[_\-. ]")


class Owned(NamedTuple):
    """A table of owners as one of recordings.

    Parameters
    ----------
    table : Strings
        A row a recording.
    files : list of (Path or None)
        The recording of each row; None for an owner without any.
    column : str
        Names the owners.
    how : str
        Where their names stand.
    """

    table: Strings
    files: list[Path | None]
    column: str
    how: str


def by_owner(table: Strings, folder: Path, files: Sequence[Path]) -> Owned | None:
    """Return what a table says of the recordings of those that it names; None where of few.

    A column names their folders, as ``participants.tsv`` does, or what the files' names begin
    with, once each.

    Parameters
    ----------
    table : Strings
        It names no recordings.
    folder : Path
        The recordings lie below it.
    files : sequence of Path
        The recordings.

    Examples
    --------
    >>> cells = {"patient": ["p1", "p2"], "label": ["AF", "SR"]}
    >>> table = Strings(Path("patients.csv"), tuple(cells), cells, True, str)
    >>> files = [Path("set", name) for name in ("p1/a.edf", "p1/b.edf", "p2/a.edf")]
    >>> by_owner(table, Path("set"), files).table.cells["label"]
    ['AF', 'AF', 'SR']
    """
    return _owned(table, _ways(folder, files), len(files))


def by_column(
    table: Strings, listed: Strings, files: Sequence[Path | None], where: str
) -> Owned | None:
    """Return what a table says of the recordings of those whom another table names beside them.

    Parameters
    ----------
    table : Strings
        It names no recordings.
    listed : Strings
        It does, and in one of its columns whose they are.
    files : sequence of (Path or None)
        The recording of each row of that.
    where : str
        What to call it.

    Examples
    --------
    >>> cells = {"patient": ["1", "2"], "label": ["AF", "SR"]}
    >>> table = Strings(Path("patients.csv"), tuple(cells), cells, True, str)
    >>> cells = {"file": ["a", "b", "c"], "who": ["001", "001", "002"]}
    >>> listed = Strings(Path("files.csv"), tuple(cells), cells, True, str)
    >>> found = by_column(table, listed, [Path("a"), Path("b"), Path("c")], "files.csv")
    >>> found.table.cells["label"], found.how
    (['AF', 'AF', 'SR'], 'those of column who of files.csv')
    """
    ways = []
    for column in listed.columns:
        cells = zip(listed.cells[column], files, strict=True)
        pairs = [(cell, file) for cell, file in cells if file is not None and cell]
        ways.append((f"those of column {column} of {where}", _together(pairs)))
    return _owned(table, ways, len({*files} - {None}))


def _owned(
    table: Strings, ways: Iterable[tuple[str, dict[str, list[Path]]]], n_files: int
) -> Owned | None:
    if not table.headed or len(table) < 2:
        return None
    best, most = None, n_files / 2
    for how, owned in ways:
        for column in [c for c in table.columns if c.casefold() not in LABEL]:
            cells = [_plain(c) for c in table.cells[column]]
            named = [owned[c] for c in cells if c in owned]
            if len(set(cells)) == len(cells) and len(named) > 1 and sum(map(len, named)) > most:
                best, most = (how, owned, column), sum(map(len, named))
    if best is None:
        return None
    how, owned, column = best
    pairs: list[tuple[int, Path | None]] = []
    for row, cell in enumerate(table.cells[column]):
        pairs += [(row, file) for file in owned.get(_plain(cell), [None])]
    rows = [row for row, _ in pairs]
    each = replace(
        table,
        cells={c: [cells[row] for row in rows] for c, cells in table.cells.items()},
        place=lambda row: table.place(rows[row]),
    )
    return Owned(each, [file for _, file in pairs], column, how)


def _ways(folder: Path, files: Sequence[Path]) -> Iterator[tuple[str, dict[str, list[Path]]]]:
    """Yield where owners may be named, and the recordings of each."""
    places = [f.relative_to(folder).parts[:-1] for f in files]
    for level in range(max(map(len, places), default=0)):
        inside = [(p[level], f) for p, f in zip(places, files, strict=True) if len(p) > level]
        yield "the folders that the {others} lie in", _together(inside)
    begin = [(words[0], f) for f in files if len(words := _BREAK.split(f.stem)) > 1]
    yield "what the names of the {others} begin with", _together(begin)


def _together(pairs: Sequence[tuple[str, Path]]) -> dict[str, list[Path]]:
    owned = defaultdict(list)
    for name, file in pairs:
        owned[_plain(name)].append(file)
    return dict(owned)


def _plain(name: str) -> str:
    """Return a name in small letters, a number without the zeros before it."""
    return name.lstrip("0") or "0" if name.isdecimal() else name.casefold()
