"""Which column of the tables beside recordings says what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names, no_column
from msssm_ts.datasets.options import ReadOptions, named_columns
from msssm_ts.datasets.parts import FALSE, TRUE, are_parts, flag_of, part_of
from msssm_ts.datasets.recordings.ranked import are_ranked, ranked_columns
from msssm_ts.datasets.recordings.tables import MORE_LABELS, Listing
from msssm_ts.datasets.tables.columns import FOLD, GROUP, LABEL, find_column
from msssm_ts.datasets.tree import relative_name
from msssm_ts.errors import InputError, OptionError
from msssm_ts.text import plural

# Columns that are of parts, whatever is in them, and those that may be of anything.
_PARTS = ("split", "partition")
_PERHAPS_PARTS = ("part", "set", "subset", "usage", "dataset", "phase")
# Groups that need no column of a table.
OWN_GROUPS = ("record", "speaker", "file", "folder")
# Further names of groups, where values recur.
_GROUPS = (
    *("client_id", "speaker_id", "spk", "spk_id", "speakerid", "actor", "actor_id", "participant"),
    *("participant_id", "person", "person_id", "user", "user_id", "patientid", "subjectid"),
    *("fsid", "src_file", "source_file", "recording_id", "session", "session_id"),
)


@dataclass(frozen=True)
class Roles:
    """Tables, and which of their columns says what.

    Parameters
    ----------
    listings : list of Listing
        The tables.
    labels : tuple of str
        One column, several of 0 and 1, or none.
    group, fold, part, flag : str, optional
        Columns; a flag is true for the recordings of one part.
    left : tuple of str
        All other columns.
    beside : tuple of str
        Those that the user wants told beside the recordings.
    dropped : tuple of str
        Those that the user leaves out.
    remarks : tuple of str
        What was guessed.
    group_guessed : bool
        Whether the user did not name the column of groups.
    ranked : bool
        Whether the columns of labels hold as many labels as a row has, rather than 0 and 1.
    """

    listings: list[Listing]
    labels: tuple[str, ...]
    group: str | None
    fold: str | None
    part: str | None
    flag: str | None
    left: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    group_guessed: bool = False
    beside: tuple[str, ...] = ()
    ranked: bool = False

    @property
    def used(self) -> set[str]:
        """The columns that say something."""
        names = {*self.labels, self.group, self.fold, self.part, self.flag, *self.beside}
        return {n for n in names if n is not None}

    def of_table(self, column: str) -> Path:
        """Return the table that has a column."""
        return next(x.table.file for x in self.listings if column in x.table.columns)

    def account(self, folder: Path, others: str) -> Account:
        """Say which column was taken for what; the recordings are called so in the plural."""
        names = [relative_name(x.table.file, folder) for x in self.listings]
        account = Account().took("files", f"column {self.listings[0].column} of {', '.join(names)}")
        for x in [x for x in self.listings if x.owners]:
            owned = f"{x.column} of {relative_name(x.table.file, folder)}"
            account = account.remarking(f"took column {owned} for {x.owners.format(others=others)}")

        def column(*columns: str) -> str:
            table = relative_name(self.of_table(columns[0]), folder)
            return f"{plural(len(columns), 'column')} {', '.join(columns)} of {table}"

        if self.labels:
            account = account.took("label", column(*self.labels))
        for role, name in (
            ("group", self.group),
            ("fold", self.fold),
            ("part", self.part or self.flag),
        ):
            if name is not None:
                account = account.took(role, column(name))
        if self.beside:
            account = account.took("beside the series", column(*self.beside))
        if self.part is None and self.flag is None and len({x.part for x in self.listings}) > 1:
            account = account.took("part", "the tables' names")
        account = account.without(len(self.dropped), "columns", "--drop", self.dropped)
        account = account.without(len(self.left), "columns", f"of {', '.join(names)}", self.left)
        return account.remarking(
            *self.remarks, *dict.fromkeys(r for x in self.listings for r in x.table.remarks)
        )

    def no_label(self, folder: Path) -> str:
        """Say that no column is known for a label; empty where there is none to choose."""
        if self.labels or not self.left:
            return ""
        return (
            f"no label column in {relative_name(self.listings[0].table.file, folder)} (it has "
            f"{enumerate_names(self.left, 12)}); --label names one"
        )


def column_of_group(group: str | None) -> str | None:
    """Leave out what means no column of a table."""
    return None if group in OWN_GROUPS else group


def find_roles(
    listings: list[Listing],
    options: ReadOptions,
    drop: Sequence[str] = (),
    taken: Sequence[str] = (),
) -> Roles:
    """Tell the columns of tables beside recordings apart: those that were named, then by names.

    Parameters
    ----------
    listings : list of Listing
        The tables.
    options : ReadOptions
        Columns that the user named.
    drop, taken : sequence of str
        Columns to leave out, and those that are for something else.

    Raises
    ------
    InputError
        If a named column is not there, or one of parts is half understood.
    """
    every = list(dict.fromkeys(c for x in listings for c in x.table.columns))
    other = {*drop, *taken}
    columns = [c for c in dict.fromkeys(c for x in listings for c in x.columns) if c not in other]
    beside = options.beside_columns(columns)
    columns = [c for c in columns if c not in beside]
    labels = named_columns(options.label, every)
    group = column_of_group(options.group)
    if group is None and options.group in columns:
        group = options.group
    if group is not None and group not in every and group.casefold() in options.headers:
        group = None
    where = ", ".join(str(x.table.file) for x in listings)
    named = [("label", c) for c in labels] + [("drop", c) for c in drop]
    for option, chosen in (*named, ("group", group), ("fold", options.fold)):
        if chosen is not None and chosen not in every:
            said = "validation" if option == "fold" else option
            raise OptionError(f"{where}: {no_column(chosen, every, said)}", option, chosen)
    options.check_told_once(every, where)
    part, flag = _part_column(listings, [c for c in columns if c not in labels])
    remarks: list[str] = []
    if not labels and options.label_from is None:
        free = [c for c in columns if c not in {group, part, flag}]
        label, remark = _find_label(listings, free)
        labels, remarks = (() if label is None else (label,)), [remark]
        if label is None:
            labels = _ranked(listings, ranked_columns(free))
            remarks = [_on_ranked(labels)]
    free = [c for c in columns if c not in {*labels, part, flag}]
    found = None if group is not None else _owner(listings, labels)
    # What is said of owners puts them together for other reasons.
    of_owners = {c for x in listings if x.owners and group is None for c in x.columns}
    loose = [c for c in free if c not in of_owners]
    found = found or find_column(loose, GROUP, group) or _recurring(listings, loose, _GROUPS)
    fold = find_column([c for c in free if c != found], FOLD, options.fold)
    used = {*labels, found, fold, part, flag, *(x.column for x in listings if x.owners)}
    return Roles(
        listings,
        labels,
        found,
        fold,
        part,
        flag,
        tuple(c for c in columns if c not in used),
        tuple(drop),
        tuple(filter(None, remarks)),
        group_guessed=group is None,
        beside=beside,
        ranked=bool(_ranked(listings, labels)),
    )


def _owner(listings: list[Listing], labels: tuple[str, ...]) -> str | None:
    """Return the column of a table of owners, where each may have several recordings.

    Owners that are as many as the classes are these.
    """
    for x in [x for x in listings if x.owners and x.column not in labels]:
        owners = {c for c, f in zip(x.table.cells[x.column], x.files, strict=True) if f is not None}
        told = [c for c in labels if c in x.columns]
        known = x.column.casefold() in {*GROUP, *_GROUPS}
        if len(owners) < len({*x.files} - {None}) and (told or known):
            cells = zip(*(_cells([x], c) for c in told or [x.column]), strict=True)
            if not told or len(owners) > len({*cells}):
                return x.column
    return None


def _ranked(listings: list[Listing], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return columns that hold as many labels as a row has; none where they are something else."""
    cells = {c: _cells(listings, c) for c in columns}
    return columns if are_ranked(columns, cells) else ()


def _on_ranked(columns: tuple[str, ...]) -> str:
    if not columns:
        return ""
    return (
        f"took {enumerate_names(columns)} for the labels of a recording, one or several; --label "
        "names one"
    )


def _cells(listings: list[Listing], column: str) -> list[str]:
    """Return the cells of a column in rows that name recordings."""
    return [
        cell
        for x in listings
        if column in x.table.columns
        for cell, file in zip(x.table.cells[column], x.files, strict=True)
        if file is not None
    ]


def _find_label(listings: list[Listing], columns: list[str]) -> tuple[str | None, str]:
    """Find the column of labels, and what was guessed; one of words before its numbers."""
    label = find_column(columns, LABEL, None)
    guessed = label is None
    if label is None:
        label = _recurring(listings, columns, MORE_LABELS, share=0.5)
    if label is None:
        return None, ""
    cells = _cells(listings, label)
    if all(_is_number(c) for c in cells):
        for other in [c for c in columns if c != label and c.lower() in {*LABEL, *MORE_LABELS}]:
            words = _cells(listings, other)
            if not any(_is_number(w) for w in words) and _one_to_one(cells, words):
                return other, (
                    f"took {other} for the label; {label} has the same in numbers (--label {label})"
                )
    bare = next((x for x in listings if not x.table.headed and {label} < {*x.columns}), None)
    if bare is not None:
        others = [c for c in bare.columns if c != label]
        return label, (
            f"took the first column beside the names ({enumerate_names([*dict.fromkeys(cells)], 3)}"
            f") for the label; --label {others[-1]!r} names another"
        )
    return label, f"took {label} for the label; --label names another" if guessed else ""


def _recurring(
    listings: list[Listing], columns: list[str], names: Sequence[str], share: float = 1.0
) -> str | None:
    """Return the first column of one of the names whose values recur; others tell files apart."""
    by_name = {c.lower(): c for c in reversed(columns)}
    for column in [by_name[n] for n in names if n in by_name]:
        cells = _cells(listings, column)
        if 1 < len(set(cells)) < len(cells) and len(set(cells)) <= share * len(cells):
            return column
    return None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _one_to_one(cells: Sequence[str], words: Sequence[str]) -> bool:
    if len(cells) != len(words):
        return False
    pairs = set(zip(cells, words, strict=True))
    return len(pairs) == len(set(cells)) == len(set(words))


def _part_column(
    listings: list[Listing], columns: Collection[str]
) -> tuple[str | None, str | None]:
    """Find the column of parts, or one that is true for a part."""
    for column in columns:
        cells = [c for c in _cells(listings, column) if c]
        values = set(cells)
        known = {c for c in values if part_of(c) is not None}
        name = column.strip().lower()
        named = name in (*_PARTS, *_PERHAPS_PARTS)
        if known == values and (are_parts(values) or (named and values)):
            return column, None
        # Some class may be called so.
        many = sum(c in known for c in cells) > len(cells) / 2
        if known and (named or (are_parts(values) and many)):
            odd = sorted(values - known)
            raise InputError(
                f"{listings[0].table.file}: column {column!r} names parts of a split "
                f"({enumerate_names(sorted(known))}), but {enumerate_names(odd, 3)} is none; call "
                "it train, validation or test, or remove those rows"
            )
        if values and name in _PARTS and len(values) < len(cells):
            raise InputError(
                f"{listings[0].table.file}: column {column!r} says how the files are split, but "
                f"{enumerate_names(sorted(values), 3)} are not known for parts; call them train, "
                f"validation and test, or rename the column"
            )
        if flag_of(column) is not None and {c.lower() for c in cells} <= {*TRUE, *FALSE}:
            return None, column
    return None, None
