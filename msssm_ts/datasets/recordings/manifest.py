"""What the tables beside recordings say of them: label, part, fold, group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions, label_columns
from msssm_ts.datasets.parts import Part, are_parts, part_of
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.tables import (
    Listing,
    candidates,
    candidates_above,
    has_label,
    lists_files,
    read_listing,
)
from msssm_ts.datasets.tables.columns import FOLD, GROUP, LABEL, find_column
from msssm_ts.datasets.tables.strings import read_strings
from msssm_ts.datasets.tree import is_about
from msssm_ts.errors import InputError, OptionError

# Columns that are true for the recordings of one part.
_FLAGS: dict[str, Part] = {
    "is_valid": "validation",
    "is_validation": "validation",
    "is_val": "validation",
    "is_test": "test",
    "is_train": "train",
}
_PART_NAMES = ("split", "part", "set", "subset", "partition", "usage", "dataset", "phase")
# Groups that need no column of a table.
_OWN_GROUPS = ("record", "speaker", "file")
# Where the part stands that a whole table is of.
_OF_TABLE = ""
_TRUE, _FALSE = ("1", "true", "yes", "t"), ("0", "false", "no", "f")


@dataclass(frozen=True)
class Manifest:
    """What tables say of files.

    Parameters
    ----------
    files : list of Path
        Those that are listed, in the folder's order.
    label : dict of Path to str, or None
        A label a file; empty where the table has none for it.
    several : dict of Path to tuple of int, or None
        0 or 1 for each of several labels.
    label_names : tuple of str
        Of those.
    part, fold, group : dict of Path to str, or None
        Part of a split, fold, patient or speaker.
    group_name : str
        The column of the groups.
    account : Account
        Which table gave what, and what was left out.
    rows : dict of Path to str
        Table and line of each.
    """

    files: list[Path]
    label: dict[Path, str] | None
    several: dict[Path, tuple[int, ...]] | None
    label_names: tuple[str, ...]
    part: dict[Path, Part] | None
    fold: dict[Path, str] | None
    group: dict[Path, str] | None
    group_name: str
    account: Account
    rows: dict[Path, str]

    def where(self, file: Path) -> str:
        """Say where the table speaks of a file."""
        return self.rows[file]


def find_manifest(
    folder: Path,
    files: Sequence[Path],
    below: Sequence[Path],
    options: ReadOptions,
    others: str = "files",
) -> Manifest | None:
    """Find the tables that list the files of a folder; None where there are none.

    Tables lie in the folder, below it, or beside it. Those called after parts (``train.tsv``,
    ``dev.tsv``) are taken together. Where one has the labels and another the speakers, both are
    used.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : sequence of Path
        What a table may list.
    below : sequence of Path
        Everything below the folder.
    options : ReadOptions
        Columns that the user named.
    others : str
        What the files are called in messages.

    Raises
    ------
    InputError
        If a table cannot be read, is meant to list the files but names none of them, lists one
        twice, or has no value for one.
    """
    names = FileNames(folder, files)
    listings, idle = _listings(candidates(folder, below), names)
    if not listings:
        above, _ = _listings(candidates_above(folder), names, ours=False)
        # A table above is meant only if it is about these files.
        listings = [x for x in above if len(set(x.files) - {None}) > len(files) / 2]
    if not listings:
        _refuse_unmatched(folder, idle, files)
        return None
    used, unused = _chosen(listings, options)
    roles = _Roles.find(used, options)
    manifest = _read(folder, roles, files, names, others)
    also = [_name(x.table.file, folder) for x in unused]
    account = manifest.account.without(
        len(also), "tables", "not used, though naming files too", also
    ).without(len(idle), "tables", f"list none of the {others}", [_name(t, folder) for t in idle])
    return replace(manifest, account=account)


def _listings(
    tables: Iterable[Path], names: FileNames, *, ours: bool = True
) -> tuple[list[Listing], list[Path]]:
    """Tables that list files, and those that do not; unreadable ones of others do not matter."""
    listings, idle = [], []
    for file in tables:
        try:
            listing = read_listing(file, names)
        except InputError:
            if ours:
                raise
            continue
        if listing is not None:
            listings.append(listing)
        elif file.suffix.lower() != ".txt" and not is_about(file):
            idle.append(file)
    return listings, idle


def _refuse_unmatched(folder: Path, tables: Sequence[Path], files: Sequence[Path]) -> None:
    """Raise InputError for a table that is meant to list the files, and lists others."""
    suffixes = sorted({f.suffix.lower() for f in files})
    for file in tables:
        table = read_strings(file)
        column = lists_files(table, suffixes)
        if column is not None:
            first = next(c for c in table.cells[column] if c)
            raise InputError(
                f"{file}: its column {column!r} lists recordings, the first {first!r}, but none of "
                f"them is below {folder}; name the folder that holds them, or mend the table"
            )


def _chosen(listings: list[Listing], options: ReadOptions) -> tuple[list[Listing], list[Listing]]:
    """Tables to use, the one with the labels first, and those that are left."""
    parts = [x for x in listings if x.part is not None]
    if len({x.part for x in parts}) > 1:
        # Each part once: of validated.tsv and train.tsv only the second names one.
        by_part: dict[tuple[Part | None, Path], Listing] = {}
        for x in parts:
            by_part.setdefault((x.part, x.table.file.parent), x)
        chosen = [x for x in by_part.values() if x.columns == next(iter(by_part.values())).columns]
        return chosen, [x for x in listings if x not in chosen]
    ordered = sorted(listings, key=lambda x: not has_label(x, options.label))
    used = ordered[:1]
    for x in ordered[1:]:
        # A second table is used for what the first does not say.
        if _adds(x, used, options):
            used.append(x)
    return used, [x for x in listings if x not in used]


def _adds(listing: Listing, used: list[Listing], options: ReadOptions) -> bool:
    for names, chosen in ((GROUP, _column(options.group)), (FOLD, options.fold)):
        known = [find_column(x.columns, names, None) or (chosen in x.columns) for x in used]
        here = chosen in listing.columns if chosen else find_column(listing.columns, names, None)
        if here and not any(known):
            return True
    return False


def _column(group: str | None) -> str | None:
    """Leave out what means no column of a table here."""
    return None if group in _OWN_GROUPS else group


@dataclass(frozen=True)
class _Roles:
    """Tables, and which of their columns says what."""

    listings: list[Listing]
    labels: tuple[str, ...]
    group: str | None
    fold: str | None
    part: str | None
    flag: str | None

    @classmethod
    def find(cls, listings: list[Listing], options: ReadOptions) -> _Roles:
        columns = list(dict.fromkeys(c for x in listings for c in x.columns))
        labels = label_columns(options.label, columns)
        group = _column(options.group)
        every = list(dict.fromkeys(c for x in listings for c in x.table.columns))
        where = ", ".join(str(x.table.file) for x in listings)
        for option, chosen in (
            *(("label", c) for c in labels),
            ("group", group),
            ("fold", options.fold),
        ):
            if chosen is not None and chosen not in every:
                raise OptionError(
                    f"{where}: no column {chosen!r} (--{option}); it has {enumerate_names(every)}",
                    option,
                )
        part, flag = _part_column(listings, [c for c in columns if c not in labels])
        taken = {group, options.fold, part, flag}
        if not labels and options.label_from is None:
            by_name = find_column([c for c in columns if c not in taken], LABEL, None)
            labels = () if by_name is None else (by_name,)
        free = [c for c in columns if c not in {*labels, part, flag}]
        return cls(
            listings,
            labels,
            find_column(free, GROUP, group),
            find_column(free, FOLD, options.fold),
            part,
            flag,
        )

    @property
    def used(self) -> set[str]:
        names = {*self.labels, self.group, self.fold, self.part, self.flag}
        return {n for n in names if n is not None}


def _part_column(listings: list[Listing], columns: list[str]) -> tuple[str | None, str | None]:
    """Find the column of parts, or one that is true for a part."""
    for column in columns:
        cells = {c for x in listings for c in x.table.cells.get(column, ()) if c}
        known = {c for c in cells if part_of(c) is not None}
        named = column.lower() in _PART_NAMES
        if known == cells and (are_parts(cells) or (named and cells)):
            return column, None
        if known and (named or are_parts(cells)):
            odd = sorted(cells - known)
            raise InputError(
                f"{listings[0].table.file}: column {column!r} names parts of a split "
                f"({enumerate_names(sorted(known))}), but {enumerate_names(odd, 3)} is none; call "
                "it train, validation or test, or remove those rows"
            )
        if column.lower() in _FLAGS and {c.lower() for c in cells} <= {*_TRUE, *_FALSE}:
            return None, column
    return None, None


def _read(
    folder: Path, roles: _Roles, files: Sequence[Path], names: FileNames, others: str
) -> Manifest:
    entries: dict[Path, dict[str, str]] = {}
    rows: dict[Path, str] = {}
    absent: list[str] = []
    repeated = 0
    for k, listing in enumerate(roles.listings):
        # A second table adds to what the first lists; those of parts list files of their own.
        lists = k == 0 or listing.part is not None
        table, seen = listing.table, dict[Path, int]()
        for row, file in enumerate(listing.files):
            text = table.cells[listing.column][row]
            if file is None:
                if names.is_ambiguous(text):
                    where = f"{table.file}, {table.place(row)}"
                    raise InputError(f"{where}: {text!r} names several files; give the path")
                absent += [text] if lists else []
                continue
            cells = {c: table.cells[c][row] for c in roles.used if c in listing.columns}
            if listing.part is not None:
                cells[_OF_TABLE] = listing.part
            if file in seen:
                if any(entries[file].get(c) != value for c, value in cells.items()):
                    raise InputError(
                        f"{table.file}, {table.place(row)}: {text!r} stands in "
                        f"{table.place(seen[file])} already, with other values; keep one"
                    )
                repeated += 1
            elif file in entries or lists:
                seen[file] = row
                rows.setdefault(file, f"{table.file}, {table.place(row)}")
                entries.setdefault(file, {}).update(cells)
    entries = {f: entries[f] for f in files if f in entries}
    unlisted = [f.name for f in files if f not in entries]
    first = roles.listings[0].table.file
    name = _name(first, folder)
    account = (
        _account(roles, folder)
        .without(len(absent), "rows", f"{name} lists them, but there is no such file", absent)
        .without(repeated, "rows", f"{name} lists their files twice")
        .without(len(unlisted), others, f"not in {name}", unlisted)
    )
    label = several = None
    if len(roles.labels) == 1:
        label = {f: cells.get(roles.labels[0], "") for f, cells in entries.items()}
    elif roles.labels:
        several = {f: _flags(rows[f], f, cells, roles.labels) for f, cells in entries.items()}
    return Manifest(
        list(entries),
        label,
        several,
        roles.labels,
        _parts(roles, entries),
        None if roles.fold is None else _values(roles.fold, "fold", entries, rows),
        None if roles.group is None else _values(roles.group, "group", entries, rows),
        roles.group or "group",
        account,
        rows,
    )


def _values(
    column: str, what: str, entries: dict[Path, dict[str, str]], rows: dict[Path, str]
) -> dict[Path, str]:
    for file, cells in entries.items():
        if not cells.get(column):
            raise InputError(
                f"{rows[file]}: no {what} for {file.stem!r} (column {column!r}); fill it in"
            )
    return {f: cells[column] for f, cells in entries.items()}


def _parts(roles: _Roles, entries: dict[Path, dict[str, str]]) -> dict[Path, Part] | None:
    if roles.part is not None:
        found = {f: part_of(cells.get(roles.part, "")) for f, cells in entries.items()}
        return {f: part or "train" for f, part in found.items()}
    if roles.flag is not None:
        flagged: Part = _FLAGS[roles.flag.lower()]
        rest: Part = "test" if flagged == "train" else "train"
        return {
            f: flagged if cells.get(roles.flag, "").lower() in _TRUE else rest
            for f, cells in entries.items()
        }
    if len({cells.get(_OF_TABLE) for cells in entries.values()}) > 1:
        return {f: part_of(cells.get(_OF_TABLE, "")) or "train" for f, cells in entries.items()}
    return None


def _flags(
    where: str, file: Path, cells: dict[str, str], columns: tuple[str, ...]
) -> tuple[int, ...]:
    flags = []
    for column in columns:
        value = cells.get(column, "").lower()
        value = value.removesuffix(".0")
        if value not in (*_TRUE, *_FALSE):
            raise InputError(
                f"{where}: column {column!r} has {value!r} for {file.stem!r}, neither 0 nor 1; of "
                "several label columns each says whether the series has that label"
            )
        flags.append(int(value in _TRUE))
    return tuple(flags)


def _account(roles: _Roles, folder: Path) -> Account:
    account = Account()
    where: dict[str, str] = {}
    for listing in roles.listings:
        for column in [listing.column, *listing.columns]:
            where.setdefault(column, _name(listing.table.file, folder))
    account = account.took(
        "files",
        f"column {roles.listings[0].column} of "
        + ", ".join(_name(x.table.file, folder) for x in roles.listings),
    )
    if roles.labels:
        several = ", ".join(roles.labels)
        account = account.took("label", f"column {several} of {where[roles.labels[0]]}")
    for role, chosen in (
        ("group", roles.group),
        ("fold", roles.fold),
        ("part", roles.part or roles.flag),
    ):
        if chosen is not None:
            account = account.took(role, f"column {chosen} of {where[chosen]}")
    if roles.part is None and roles.flag is None and len({x.part for x in roles.listings}) > 1:
        account = account.took("part", "the tables' names")
    rest = [c for c in where if c not in roles.used and c not in {x.column for x in roles.listings}]
    if not roles.labels:
        account = account.remarking(
            f"no label column in {_name(roles.listings[0].table.file, folder)} (it has "
            f"{enumerate_names(rest)}); --label names one"
            if rest
            else ""
        )
        return account
    return account.without(len(rest), "columns", f"of {where[rest[0]] if rest else ''}", rest)


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def matrix(manifest: Manifest, files: Sequence[Path]) -> NDArray[np.int64]:
    """Return several labels of files as a matrix (n_files, n_labels) of 0 and 1."""
    assert manifest.several is not None
    return np.array([manifest.several[f] for f in files], dtype=np.int64)
