"""A table of series, and tables beside it with one row for each value of a column of its."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_in
from msssm_ts.datasets.tables.columns import Roles, find_roles, plain_name
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect
from msssm_ts.datasets.tables.layout import series_of_table
from msssm_ts.datasets.tables.many_files import options_of_file
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tree import is_about
from msssm_ts.errors import InputError

_TEXT = (".csv", ".tsv", ".txt")
# More tables in one folder are something else; of larger ones the rows are not held twice.
_MOST, _LARGEST = 6, 1 << 30
_ANSWERS = re.compile(r".*submission.*", re.IGNORECASE)
_OF_LABELS = {"y", "label", "labels", "target", "targets", "answers", "truth", "classes"}


@dataclass(frozen=True)
class _Key:
    """A table with one row a key, and the column of the series' table that it is about."""

    table: Table
    own: str
    column: str


def read_keyed(folder: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a table of a step a row with tables of labels, or of subjects, beside it.

    Each of these has one row for each value of one column that both have, such as a series' id or
    a subject's. Where it is not so, or there are several ways, the folder is none of the kind.

    Parameters
    ----------
    folder : Path
        With ``X_train.csv`` and ``y_train.csv``, ``train.csv`` and ``train_labels.csv``,
        ``data.csv`` and ``subjects.csv``, and the like.
    options : ReadOptions
        Columns that the user named, of any of the tables.

    Returns
    -------
    LabelledSeries or None
        None where the folder is none of the kind.

    Raises
    ------
    InputError
        If a value has no row, or the series cannot be understood.
    """
    files, unused, has_test_part = _files(folder, options)
    if not 2 <= len(files) <= _MOST or sum(f.stat().st_size for f in files) > _LARGEST:
        return None
    try:
        dialects = {f: detect_dialect(f) for f in files}
    except InputError:
        return None
    if not all(d.headed for d in dialects.values()) or not _share(list(dialects.values())):
        return None
    tables = [_read(f, dialects, options) for f in files]
    found = [(i, keys) for i, t in enumerate(tables) if (keys := _keys(tables, i)) is not None]
    if len(found) != 1:
        return None
    place, keys = found[0]
    _refuse_missing(tables[place], keys)
    table, roles = _joined(tables[place], keys, files, options)
    data = series_of_table(table, roles, options)
    names = [f.name for f in unused]
    account = data.account.without(len(names), "files", f"{files[place].name} is read", names)
    return replace(data, source=str(folder), account=account, has_test_part=has_test_part)


def _files(folder: Path, options: ReadOptions) -> tuple[list[Path], list[Path], bool]:
    """Return the tables of the part that is asked for, others, and whether tests have labels."""
    every = [f for f in sorted(folder.iterdir()) if f.is_file() and bare_suffix(f) in _TEXT]
    every = [f for f in every if not f.name.startswith(".") and not is_about(f)]
    about = [f for f in every if _ANSWERS.fullmatch(f.stem)]
    tables = [f for f in every if f not in set(about)]
    parts = {f: part_in(f.stem) for f in tables}
    wanted = [f for f, part in parts.items() if part in (options.split, None)]
    n_test, n_train = (list(parts.values()).count(p) for p in ("test", "train"))
    return wanted, about, bool(n_test) and n_test >= n_train


def _share(dialects: Sequence[Dialect]) -> bool:
    """Whether each table has a column that another has, too, and others of its own."""
    columns = [{plain_name(c) for c in d.columns} for d in dialects]
    return all(
        any(own & other and own != other for j, other in enumerate(columns) if j != i)
        for i, own in enumerate(columns)
    )


def _read(file: Path, dialects: dict[Path, Dialect], options: ReadOptions) -> Table:
    """Read a table with those of the options that name columns of it."""
    own = dialects[file].columns
    outside = {c: None for d in dialects.values() for c in d.columns if c not in set(own)}
    concerned = options_of_file(options, own, outside)
    return read_text(file, concerned, dialect=dialects[file])[0]


def _keys(tables: Sequence[Table], place: int) -> list[_Key] | None:
    """Return the other tables as keys of one; None where one is none, or may be in several ways."""
    series = tables[place]
    keys = []
    for other in (t for i, t in enumerate(tables) if i != place):
        ways = [
            _Key(other, own, column)
            for own in other.columns
            for column in series.columns
            if plain_name(own) == plain_name(column) and _is_key(other, own, series, column)
        ]
        if len(ways) != 1:
            return None
        keys += ways
    return keys


def _is_key(other: Table, own: str, series: Table, column: str) -> bool:
    """Whether a column has each value once, and most that another has, some of them more often."""
    ours, theirs = other.texts(own), series.texts(column)
    if (ours.codes < 0).any() or len(ours.different) < len(ours.codes):
        return False
    different = theirs.different.tolist()
    known = {*ours.different.tolist()} & {*different}
    return 1 < len(different) < len(series) and 2 * len(known) > len(different)


def _refuse_missing(series: Table, keys: Sequence[_Key]) -> None:
    """Refuse tables that have no row for some of the keys."""
    for key in keys:
        known = {*key.table.texts(key.own).different.tolist()}
        different = series.texts(key.column).different.tolist()
        lacking = [t for t in different if t not in known]
        if lacking:
            raise InputError(
                f"{key.table.source}: no row for {key.column} {lacking[0]!r} ({len(lacking)} of "
                f"{len(different)} are missing), which {Path(series.source).name} has; add them, "
                f"or name {Path(series.source).name} to read it alone"
            )


def _joined(
    series: Table, keys: Sequence[_Key], files: Sequence[Path], options: ReadOptions
) -> tuple[Table, Roles]:
    """Return the table of series with the columns of the others, and what these are for."""
    import pyarrow as pa

    data, account = series.data, series.account
    added: dict[str, Table] = {}
    lost: list[str] = []
    for key in keys:
        texts, own = series.texts(key.column), key.table.texts(key.own)
        row_of = dict(zip(own.different[own.codes].tolist(), range(len(own.codes)), strict=True))
        rows = np.array([*(row_of[t] for t in texts.different.tolist()), -1])[texts.codes]
        places = pa.array(rows, mask=rows < 0)
        for column in (c for c in key.table.columns if c != key.own):
            if column in data.column_names:
                lost.append(column)
                continue
            data = data.append_column(column, key.table.data[column].take(places))
            added[column] = key.table
        name = Path(key.table.source).name
        account = account.remarking(f"took {name} for what is known of each {key.column}")
        account = account + Account((), key.table.account.left_out, key.table.account.remarks)
    account = account.without(len(lost), "columns", "in the table of series, too", lost)
    table = replace(series, data=data, account=account)
    dropped = options.dropped([*series.columns, *(c for k in keys for c in k.table.columns)])
    gone = [n for e in account.left_out for n in e.names if e.why == "as asked"]
    options.check_columns([*table.columns, *dropped, *gone], str(files[0].parent))
    roles = find_roles(table.columns, options)
    rest = tuple(c for c in roles.rest if c not in added)
    others = [c for c in roles.rest if c in added]
    if not roles.labels:
        label = _only_label([c for c in others if _tells_labels(added[c])])
        if label:
            others.remove(label)
            roles = replace(roles, labels=(label,))
            said = f"took column {label} for the label; --label says otherwise"
            table = replace(table, account=table.account.remarking(said))
    if roles.id is None and roles.loose_id is None and not roles.joint:
        of_series = [k for k in keys if {*k.table.columns} & {*roles.labels}] or list(keys)
        column = of_series[0].column
        rest = tuple(c for c in rest if c != column)
        if column != roles.group:
            roles = replace(roles, id=column)
    return table, replace(roles, rest=rest, left_out=(*roles.left_out, *others))


def _tells_labels(table: Table) -> bool:
    words = re.split(r"[^a-z0-9]+", Path(table.source).stem.casefold())
    return not _OF_LABELS.isdisjoint(words)


def _only_label(columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else ""
