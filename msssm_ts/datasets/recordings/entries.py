"""What the rows of tables say of each recording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.parts import TRUE, Part, part_of, parts_in_column
from msssm_ts.datasets.recordings.cutting import Pieces
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.pieces import short_name
from msssm_ts.datasets.recordings.roles import Roles
from msssm_ts.datasets.recordings.tables import Listing
from msssm_ts.datasets.tables.strings import Strings
from msssm_ts.datasets.tree import relative_name
from msssm_ts.errors import InputError
from msssm_ts.text import counted

# Where the part stands that a whole table is of.
_OF_TABLE = ""
_NUMBER = re.compile(r"\d+(\.0+)?")
# What a file belongs to that is in tables of several parts: the one that is never trained on.
_STRICTEST: tuple[Part, ...] = ("test", "validation", "train")


@dataclass(frozen=True)
class Entries:
    """Cells by recording.

    Parameters
    ----------
    cells : dict of Path to dict of str to str
        Those of the columns that say something, of each recording that is listed.
    rows : dict of Path to (Strings, int)
        Table and row of each; to say where a row stands, a table is read again.
    account : Account
        Rows and files that are left out.
    """

    cells: dict[Path, dict[str, str]]
    rows: dict[Path, tuple[Strings, int]]
    account: Account

    def where(self, file: Path) -> str:
        """Say where a table speaks of a file."""
        table, row = self.rows[file]
        return f"{table.file}, {table.place(row)}"


def read_entries(
    folder: Path,
    roles: Roles,
    files: Sequence[Path],
    names: FileNames,
    others: str,
    pieces: Pieces | None = None,
) -> Entries:
    """Collect what the tables say of each file, or piece.

    Of a piece that stands in several rows with different labels there is one for each.

    Raises
    ------
    InputError
        If a row names several files, or two rows say different things of one.
    """
    cells: dict[Path, dict[str, str]] = {}
    rows: dict[Path, tuple[Strings, int]] = {}
    absent: list[str] = []
    repeated, in_several = 0, list[str]()
    again: dict[Path, list[Path]] = {}
    for k, listing in enumerate(roles.listings):
        # A second table adds to what the first lists; those of parts list files of their own.
        first = roles.listings[0]
        lists = k == 0 or listing.part is not None or listing.goes_on(first)
        table, seen = listing.table, dict[Path, int]()
        columns = [c for c in roles.used if c in listing.columns]
        for row, file in enumerate(listing.files):
            if file is None:
                absent += [_absent(listing, row, names)] if lists else []
                continue
            own = {c: table.cells[c][row] for c in columns}
            if file in seen:
                same = [file, *again.get(file, ())]
                if all(any(cells[f].get(c) != value for c, value in own.items()) for f in same):
                    if pieces is not None and file in pieces.of:
                        other = pieces.again(file)
                        again.setdefault(file, []).append(other)
                        rows[other], cells[other] = (table, row), cells[file] | own
                        continue
                    text = table.cells[listing.column][row]
                    raise InputError(
                        f"{table.file}, {table.place(row)}: {text!r} stands in "
                        f"{table.place(seen[file])} already, with other values; keep one"
                    )
                repeated += 1
            elif file in cells or lists:
                seen[file] = row
                rows.setdefault(file, (table, row))
                entry = cells.setdefault(file, {})
                entry.update({c: v for c, v in own.items() if v or c not in entry})
                if listing.part is not None:
                    known = part_of(entry.get(_OF_TABLE, "")) or listing.part
                    if known != listing.part:
                        in_several.append(file.name)
                    entry[_OF_TABLE] = min(known, listing.part, key=_STRICTEST.index)
    name = relative_name(roles.listings[0].table.file, folder)
    account = (
        Account()
        .without(len(absent), "rows", f"of {name}, which name no file", absent)
        .without(repeated, "rows", f"{name} lists their {others} twice")
    )
    account = account.remarking(_on_again(again))
    if in_several:
        account = account.remarking(
            f"{_count(in_several, others)} listed by tables of several parts "
            f"({enumerate_names(in_several)}): taken for test rather than validation or training"
        )
    loosely = next((x for x in roles.listings if x.loosely), None)
    if loosely is not None:
        account = account.remarking(f"{name} says {_otherwise(loosely, others)} alone")
    in_order = [g for f in files if f in cells for g in (f, *again.get(f, ()))]
    return Entries({f: cells[f] for f in in_order}, rows, account)


def _on_again(again: Mapping[Path, Sequence[Path]]) -> str:
    """Say which pieces are there with several labels."""
    if not again:
        return ""
    return (
        f"{counted(len(again), 'piece has', 'pieces have')} several rows with different labels "
        f"({enumerate_names([f.name for f in again], 3)}): each is a series; several labels of "
        "one series stand in one cell, as in dog;rain"
    )


def _otherwise(listing: Listing, others: str) -> str:
    """Say in what a table's names are otherwise than those of the recordings."""
    cells = listing.table.cells[listing.column]
    if all(_NUMBER.fullmatch(c) for c in cells):
        written = "without the zeros before them" if all(map(str.isdecimal, cells)) else "as 1.0"
        return f"numbers {written} for the {others}: found by their numbers"
    folders = any("/" in c or "\\" in c for c in cells)
    return f"other {'folders' if folders else 'suffixes'} for the {others}: found by their names"


def _count(found: Sequence[object], others: str) -> str:
    return counted(len(found), others.removesuffix("s"), others)


def _absent(listing: Listing, row: int, names: FileNames) -> str:
    """Return what a row names that is not there; refuse what may be several."""
    table, text = listing.table, listing.table.cells[listing.column][row]
    if names.is_ambiguous(text, table.file.parent, loosely=listing.loosely):
        where = f"{table.file}, {table.place(row)}"
        raise InputError(f"{where}: {text!r} names several files; give the path")
    return text


def column_values(
    roles: Roles,
    column: str,
    what: str,
    entries: Entries,
    others: str,
    pieces: Pieces | None,
) -> tuple[dict[Path, str], Account]:
    """Return the values of the column of groups or folds; where groups lack one, the file's name.

    Raises
    ------
    InputError
        If one is missing, and the user named the column, or it is that of folds.
    """
    lacking = [f for f, cells in entries.cells.items() if not cells.get(column)]
    if lacking and not (what == "group" and roles.group_guessed):
        raise InputError(
            f"{entries.where(lacking[0])}: no {what} for {short_name(lacking[0])!r} (column "
            f"{column!r}); fill it in"
        )
    account = Account()
    if lacking:
        which = enumerate_names([f.name for f in lacking])
        each = "each is" if pieces is None else "those of a file are"
        account = account.remarking(
            f"{_count(lacking, others)} without {column} ({which}): {each} a group of its own"
        )
    own = {f: f if pieces is None else pieces.whole(f) for f in entries.cells}
    return {f: cells.get(column) or own[f].name for f, cells in entries.cells.items()}, account


def parts_of(
    roles: Roles, entries: Entries, others: str
) -> tuple[dict[Path, Part] | None, Account]:
    """Return the part of each recording that has one; None where there are no parts."""
    account = Account()
    cells = entries.cells
    if roles.part is not None:
        # Where a table has no such column, its name may say it.
        texts = {f: c.get(roles.part) or c.get(_OF_TABLE, "") for f, c in cells.items()}
        found = {f: part_of(text) for f, text in texts.items()}
        without = [f.name for f, part in found.items() if part is None]
        account = account.without(len(without), others, f"no part in column {roles.part}", without)
        return {f: part for f, part in found.items() if part is not None}, account
    if roles.flag is not None:
        flags = parts_in_column(roles.flag, [c.get(roles.flag, "") for c in cells.values()])
        return {f: part or "train" for f, part in zip(cells, flags, strict=True)}, account
    if len({c.get(_OF_TABLE) for c in cells.values()}) > 1:
        return {f: part_of(c.get(_OF_TABLE, "")) or "train" for f, c in cells.items()}, account
    return None, account


def flags_of(roles: Roles, entries: Entries) -> dict[Path, tuple[int, ...]]:
    """Return 0 or 1 for each of several label columns.

    Raises
    ------
    InputError
        If a cell is neither.
    """
    return {f: _flags(entries, f, c, roles.labels) for f, c in entries.cells.items()}


def _flags(
    entries: Entries, file: Path, cells: Mapping[str, str], columns: Sequence[str]
) -> tuple[int, ...]:
    flags = []
    for column in columns:
        cell = cells.get(column, "")
        value = cell.lower().removesuffix(".0")
        if value not in ("1", "true", "yes", "t", "0", "false", "no", "f"):
            raise InputError(
                f"{entries.where(file)}: column {column!r} has {cell!r} for {short_name(file)!r}, "
                "neither 0 nor 1; of several label columns each says whether the series has that "
                "label"
            )
        flags.append(int(value in TRUE))
    return tuple(flags)
