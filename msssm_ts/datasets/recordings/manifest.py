"""What the tables beside recordings say of them: label, part, fold, group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.beside import features_of_texts
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import Part
from msssm_ts.datasets.recordings.chosen import chosen_tables
from msssm_ts.datasets.recordings.cutting import Pieces, cut
from msssm_ts.datasets.recordings.entries import (
    Entries,
    column_values,
    flags_of,
    parts_of,
    read_entries,
)
from msssm_ts.datasets.recordings.folders import read_folders
from msssm_ts.datasets.recordings.label_files import by_stem, find_label_files, owner_of
from msssm_ts.datasets.recordings.lists import read_rows
from msssm_ts.datasets.recordings.meant import Cutter
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.ranked import union_of
from msssm_ts.datasets.recordings.roles import Roles, find_roles
from msssm_ts.datasets.recordings.tables import (
    Listing,
    candidates,
    candidates_above,
    has_label,
    lists_files,
    read_listing,
)
from msssm_ts.datasets.several import several_in_cells
from msssm_ts.datasets.tree import is_about, relative_name
from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures


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
    entries : Entries
        The rows.
    no_label : str
        What there is instead of a column of labels.
    tables : tuple of Path
        Those that were looked at and are accounted for.
    beside : tuple of str
        Columns that the user wants told beside the files.
    pieces : Pieces, optional
        What the paths stand for, where they are pieces of the files.
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
    entries: Entries
    no_label: str
    tables: tuple[Path, ...]
    beside: tuple[str, ...] = ()
    pieces: Pieces | None = None

    def where(self, file: Path) -> str:
        """Say where the table speaks of a file."""
        return self.entries.where(file)

    @property
    def says(self) -> bool:
        """Whether it says anything but which files there are."""
        known = (self.label, self.several, self.part, self.fold, self.group, self.pieces)
        return bool(self.beside) or any(k is not None for k in known)

    def on_empty(self, count: int, others: str) -> str:
        """Say that no recording of a part has a label where the others have theirs."""
        return (
            f"column {', '.join(self.label_names)} has no label of these {count} {others}: fill it "
            "in, or name another with --label"
        )

    def features(self, files: Sequence[Path]) -> SideFeatures | None:
        """Return what the user wants told beside some of the files."""
        cells = ([self.entries.cells[f].get(c, "") for f in files] for c in self.beside)
        source = ", ".join(map(str, self.tables))
        return features_of_texts(self.beside, cells, source)


def find_manifest(
    folder: Path,
    files: Sequence[Path],
    below: Sequence[Path],
    options: ReadOptions,
    others: str = "files",
    drop: Sequence[str] = (),
    cutter: Cutter | None = None,
) -> Manifest | None:
    """Find the tables that list the files of a folder, or label files; None where there are none.

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
        Columns that the user named, and tables.
    others : str
        What the files are called in messages.
    drop : sequence of str
        Columns to leave out.
    cutter : Cutter, optional
        How pieces of recordings are read, or why not; None where nobody knows.

    Raises
    ------
    InputError
        If a table cannot be read, is meant to list the files but names none of them, lists one
        twice, or has no value for one.
    """
    # A table named after one recording is about what happens in it.
    own = by_stem(files)
    tables = options.tables or candidates(
        folder,
        [f for f in below if f.with_suffix("") not in own and owner_of(f, own) is None],
    )
    beside = [] if options.tables else candidates_above(folder)
    names = FileNames(folder, files)
    labels = None
    if options.tables:
        # One of them may be a label file itself.
        labels = find_label_files(folder, files, options.tables, options, others, cutter)
        tables = [t for t in tables if labels is None or t not in labels.files]
    listings, idle = _listings(tables, names)
    if not any(has_label(x, options.label) for x in listings) and labels is None:
        labels = find_label_files(folder, files, below, options, others, cutter)
    if labels is not None:
        listings, files = [labels.listing, *listings], labels.recordings
        idle = [t for t in idle if t not in labels.files]
    if not listings:
        above, _ = _listings(beside, names, ours=False)
        # A table above is meant only if it is about these files.
        listings = [
            x for x in above if not x.loosely and len(set(x.files) - {None}) > len(files) / 2
        ]
        if (
            any(x.repeats for x in listings)
            and read_folders(folder, files, others).labels is not None
        ):
            listings = [x for x in listings if not x.repeats]
    if not listings:
        _refuse_unmatched(folder, idle, files, names)
        return None
    used, unused, idle = chosen_tables(listings, idle, folder, options)
    also = [relative_name(x.table.file, folder) for x in unused]
    account = (
        Account()
        .without(len(also), "tables", "not used, though naming files too", also)
        .without(
            len(idle),
            "tables",
            f"without any of the {others}",
            [relative_name(t, folder) for t in idle],
        )
    )
    seen = tuple(x.table.file for x in (*used, *unused)) + tuple(idle)
    if labels is not None:
        account, seen = labels.account + account, (*seen, *labels.files)
    found = manifest_of(
        folder, used, files, names, options, others=others, drop=drop, cutter=cutter
    )
    return replace(found, account=found.account + account, tables=seen)


def manifest_of(
    folder: Path,
    listings: list[Listing],
    files: Sequence[Path],
    names: FileNames,
    options: ReadOptions,
    *,
    others: str = "files",
    drop: Sequence[str] = (),
    cutter: Cutter | None = None,
) -> Manifest:
    """Return what some tables say of files, or of pieces of them.

    Raises
    ------
    InputError
        If a column that the user named is not there, or the tables do not fit together.
    """
    named = {*options.beside_columns(_columns(listings)), *drop}
    found = cut(folder, listings, files, cutter, lambda column: column not in named)
    if found is not None:
        listings, files = found.listings, found.files
    roles = find_roles(listings, options, drop, () if found is None else found.used)
    pieces = None if found is None else found.pieces
    entries = read_entries(
        folder, roles, files, names, others if pieces is None else "pieces", pieces
    )
    if all(x.owners for x in listings) and not (roles.labels or roles.part or roles.flag):
        # Who is not in it has labels nevertheless.
        entries = replace(entries, cells={f: entries.cells.get(f, {}) for f in files})
    entries = _with_the_rest(entries, listings, files)
    tables = tuple(x.table.file for x in listings)
    account = roles.account(folder, others)
    account += Account() if found is None else found.account
    return _manifest(folder, roles, entries, account, files, others, tables, pieces)


def _columns(listings: Sequence[Listing]) -> list[str]:
    return list(dict.fromkeys(c for x in listings for c in x.columns))


def _manifest(
    folder: Path,
    roles: Roles,
    entries: Entries,
    account: Account,
    files: Sequence[Path],
    others: str,
    tables: tuple[Path, ...],
    pieces: Pieces | None,
) -> Manifest:
    unlisted = [f.name for f in files if f not in entries.cells]
    named = ", ".join(relative_name(x.table.file, folder) for x in roles.listings)
    account += entries.account.without(len(unlisted), others, f"not in {named}", unlisted)
    others = others if pieces is None else "pieces"
    label = several = None
    label_names = roles.labels
    if len(roles.labels) == 1:
        label = {f: cells.get(roles.labels[0], "") for f, cells in entries.cells.items()}
        found = several_in_cells(label.values())
        if found is not None:
            label_names = found.labels
            several = {f: found.flags(text) for f, text in label.items()}
            account = account.remarking(found.remark(roles.labels[0]))
    elif roles.ranked:
        label_names, several = union_of(roles.labels, entries.cells)
    elif roles.labels:
        several = flags_of(roles, entries)
    parts, said = parts_of(roles, entries, others)
    account += said
    fold = group = None
    if roles.fold is not None:
        fold, said = column_values(roles, roles.fold, "fold", entries, others, pieces)
        account += said
    if roles.group is not None:
        group, said = column_values(roles, roles.group, "group", entries, others, pieces)
        account += said
    return Manifest(
        list(entries.cells),
        label,
        several,
        label_names,
        parts,
        fold,
        group,
        roles.group or "group",
        account,
        entries,
        roles.no_label(folder),
        tables,
        roles.beside,
        pieces,
    )


def _with_the_rest(entries: Entries, used: Sequence[Listing], files: Sequence[Path]) -> Entries:
    """Add the files that no list names, where lists name only those that are not trained on."""
    lists = all(x.part in ("test", "validation") and not x.columns for x in used)
    if not lists or len(entries.cells) == len(files):
        return entries
    cells = {f: entries.cells.get(f, {}) for f in files}
    account = entries.account.remarking("took the files that no list names for the training part")
    return replace(entries, cells=cells, account=account)


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
        elif file.suffix.lower() in (".csv", ".tsv") and not is_about(file):
            idle.append(file)
    return listings, idle


def _refuse_unmatched(
    folder: Path, tables: Sequence[Path], files: Sequence[Path], names: FileNames
) -> None:
    """Raise InputError for a table that is meant to list the files, and lists others."""
    suffixes = sorted({f.suffix.lower() for f in files})
    for file in tables:
        table = read_rows(file)
        column = lists_files(table, suffixes)
        if column is not None:
            first = next((c for c in table.cells[column] if c), "")
            if names.is_ambiguous(first, file.parent):
                raise InputError(
                    f"{file}: {first!r} in column {column!r} names several files; give the path, "
                    "or the suffix"
                )
            raise InputError(
                f"{file}: its column {column!r} lists recordings, the first {first!r}, but none of "
                f"them is below {folder}; name the folder that holds them, or mend the table"
            )


def matrix(manifest: Manifest, files: Sequence[Path]) -> NDArray[np.int64]:
    """Return several labels of files as a matrix (n_files, n_labels) of 0 and 1."""
    assert manifest.several is not None
    return np.array([manifest.several[f] for f in files], dtype=np.int64)
