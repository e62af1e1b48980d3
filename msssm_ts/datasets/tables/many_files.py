"""One table in several files: the files, and their rows one behind the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import DROPPED, Account, LeftOut
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions, named_columns
from msssm_ts.datasets.tables.columns import PART, Roles, find_roles, plain_name, unique_names
from msssm_ts.datasets.tables.joint_id import with_joint_id
from msssm_ts.datasets.tables.partitions import FOLDER
from msssm_ts.datasets.tables.table import Table, is_text
from msssm_ts.datasets.tables.units import check_same_units
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET = (".parquet",)


@dataclass(frozen=True)
class Parts:
    """The files of one table, and what their places say of their rows.

    Parameters
    ----------
    folder : Path
        What was named: a folder, or a file.
    files : tuple of Path
        In order.
    columns : mapping from str to list
        Columns that names of folders are, with the value of each file.
    account : Account
        What else lies there.
    """

    folder: Path
    files: tuple[Path, ...]
    columns: Mapping[str, list[str | None]]
    account: Account

    @classmethod
    def alone(cls, file: Path) -> Parts:
        """Return a table that one file is."""
        return cls(file, (file,), {}, Account())

    @property
    def source(self) -> str:
        """What messages name: the folder, or a file that was named alone."""
        return str(self.folder if self.folder.is_dir() else self.files[0])

    @property
    def is_parquet(self) -> bool:
        """Whether they are Parquet files, rather than text."""
        return self.files[0].suffix.lower() in PARQUET


def parquet_table(data: pa.Table, file: Path) -> Table:
    """Return what was read of a Parquet file, without the index of a data frame."""
    stored = stored_names(data.column_names, file)
    data = data.select(list(stored.values())).rename_columns(list(stored))
    return Table(data, str(file), lambda row: f"row {row + 1}")


def stored_names(names: Sequence[str], file: Path) -> dict[str, str]:
    """Return the names that columns have here and in a Parquet file; indices are no columns."""
    kept = [n for n in names if not n.startswith("__index_level_")]
    return dict(zip(unique_names(kept, str(file)), kept, strict=True))


def options_of_file(
    options: ReadOptions, columns: Sequence[str], outside: Mapping[str, object]
) -> ReadOptions:
    """Return the options that concern a file: not what names a folder's column."""
    fields = ("id", "group", "time", "channel", "fold")
    gone: dict[str, Any] = {n: None for n in fields if getattr(options, n) in outside}
    labels = [c for c in named_columns(options.label, [*columns, *outside]) if c not in outside]
    there = replace(options, **gone, label=",".join(labels) or None)
    missing = set(there.beside_missing(columns))
    return replace(
        there,
        drop=tuple(n for n in options.drop if n not in outside and options_match(n, columns)),
        beside=tuple(n for n in options.beside if n not in missing),
    )


def options_match(name: str, columns: Sequence[str]) -> bool:
    """Whether a name, or a pattern, of ``drop`` is one of some columns."""
    return bool(ReadOptions(drop=(name,)).dropped(columns))


def joined(tables: Sequence[Table], parts: Parts) -> Table:
    """Put tables of the same columns together, with the columns that folders' names are.

    Raises
    ------
    InputError
        If they differ in columns, or in what these hold.
    """
    import pyarrow as pa

    first = tables[0]
    datas = [first.data]
    for table in tables[1:]:
        check_same(first, table)
        datas.append(table.data.select(first.columns))
    kinds = [common_type([d[name].type for d in datas]) for name in first.columns]
    alike = [
        pa.table(
            [_as(d[name], kind) for name, kind in zip(first.columns, kinds, strict=True)],
            names=first.columns,
        )
        for d in datas
    ]
    starts = np.cumsum([0, *map(len, tables)])
    data = pa.concat_tables(alike)
    for name, values in parts.columns.items():
        data = with_column(data, name, values, np.diff(starts), tables)

    def place(row: int) -> str:
        k = bisect_right(starts, row) - 1
        if len(tables) == 1 and not parts.columns:
            return tables[0].place(row)
        file = parts.files[k].relative_to(parts.folder).as_posix()
        return f"{file}, {tables[k].place(int(row - starts[k]))}"

    account = Account()
    for table in tables:
        account = account + Account((), table.account.left_out, table.account.remarks)
    account = Account((), _counted_together(account), tuple(dict.fromkeys(account.remarks)))
    return replace(first, data=data, source=parts.source, place=place, account=account)


def _counted_together(account: Account) -> tuple[LeftOut, ...]:
    """Count what is left out of every file for the same reason once for columns, else in all."""
    found: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for entry in account.left_out:
        names = entry.names if entry.what == "columns" else ()
        key = (entry.what, entry.why, names)
        same = entry.what == "columns" and key in found
        found[key] = found.get(key, 0) + (0 if same else entry.count)
    total = Account()
    for (what, why, names), count in found.items():
        total = total.without(count, what, why, names)
    return total.left_out


def with_column(
    data: pa.Table,
    name: str,
    values: Sequence[str | None],
    counts: NDArray[np.int64],
    tables: Sequence[Table],
) -> pa.Table:
    """Add a column that folders' names are; one in the files has to say the same."""
    import pyarrow as pa

    if name in data.column_names:
        for table, value in zip(tables, values, strict=True):
            different = table.texts(name).different.tolist()
            if different != [value or ""] and len(table):
                raise InputError(
                    f"{table.source}: column {name} says {enumerate_names(different, 3)}, but the "
                    f"folder's name {name}={value}; leave one of them out"
                )
        return data
    texts = list(dict.fromkeys(values))
    known = [t for t in texts if t is not None]
    codes = [-1 if v is None else known.index(v) for v in values]
    repeated = np.repeat(np.array(codes, dtype=np.int32), counts)
    indices = pa.array(repeated, mask=repeated < 0)
    cells = pa.DictionaryArray.from_arrays(indices, pa.array(known, pa.string()))
    return data.append_column(name, cells)


def check_same(first: Table, other: Table) -> None:
    """Refuse tables that differ in columns, or one of which has text where the other has numbers.

    Raises
    ------
    InputError
        Naming file and column.
    """
    mine, theirs = set(first.columns), set(other.columns)
    for name, table, one in ((n, other, first) for n in first.columns if n not in theirs):
        raise InputError(
            f"{table.source}: no column {name!r}, which {Path(one.source).name} has; files of one "
            "table have the same columns"
        )
    for name in (n for n in other.columns if n not in mine):
        raise InputError(
            f"{other.source}: a column {name!r}, which {Path(first.source).name} does not have; "
            "files of one table have the same columns"
        )
    if first.decimal != other.decimal or first.headed != other.headed:
        raise InputError(
            f"{other.source}: written otherwise than {Path(first.source).name} (header, decimal "
            "mark); write both alike"
        )
    check_same_units(first, other)
    for name in first.columns:
        kinds = [first.data[name].type, other.data[name].type]
        if common_type(kinds) is None:
            raise InputError(
                f"{other.source}, column {name}: holds {kinds[1]}, but {kinds[0]} in "
                f"{Path(first.source).name}; write both alike"
            )


def common_type(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """Return a type that holds the cells of several; None where there is none."""
    import pyarrow as pa

    different = [k for k in dict.fromkeys(kinds) if not pa.types.is_null(k)]
    if len(different) < 2:
        return different[0] if different else pa.null()
    if all(is_text(k) for k in different):
        return pa.string()
    if all(map(_is_number, different)):
        whole = all(pa.types.is_integer(k) for k in different)
        return pa.int64() if whole else pa.float64()
    if all(map(_is_list, different)):
        inner = common_type([k.value_type for k in different])
        return None if inner is None else pa.large_list(inner)
    return None


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _as(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return cells if cells.type == kind else cells.cast(kind)


def roles_by_name(parts: Parts, table: Table, options: ReadOptions) -> tuple[Table, Roles]:
    """Return a table of all files, and what its columns are for, as far as names tell.

    Folders' columns hold no values of series.
    """
    dropped = (n for e in table.account.left_out if e.why == DROPPED for n in e.names)
    options.check_columns([*table.columns, *dropped], parts.source)
    gone = [c for c in options.dropped(table.columns) if parts.is_parquet or c in parts.columns]
    account = table.account.without(len(gone), "columns", DROPPED, gone)
    table = replace(table, data=table.data.drop_columns(gone), account=account)
    roles = find_roles(table.columns, options)
    if not roles.labels and FOLDER in parts.columns and FOLDER in table.columns:
        rest = tuple(c for c in roles.rest if c != FOLDER)
        roles = replace(roles, labels=(FOLDER,), rest=rest)
        said = "took the folders for classes; --label names a column, and --drop folder takes none"
        table = replace(table, account=table.account.remarking(said))
    idle = [c for c in roles.rest if c in parts.columns]
    rest = tuple(c for c in roles.rest if c not in set(idle))
    return table, replace(roles, rest=rest, left_out=(*roles.left_out, *idle))


def ids_apart(parts: Parts, table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Tell ids that every folder counts from one apart by the folder."""
    by = [c for c in parts.columns if c in table.columns and plain_name(c) not in PART]
    table, roles = with_joint_id(table, roles)
    identifier = roles.id or roles.loose_id
    if identifier is None or identifier in by or not by:
        return table, roles
    ids = table.texts(identifier).codes
    owners = np.stack([ids, *(table.texts(c).codes for c in by)])
    if len(np.unique(owners, axis=1).T) == len(np.unique(ids)):
        return table, roles
    name = " and ".join([*by, identifier])
    account = table.account.remarking(f"took {name} together for the id; --id says otherwise")
    table = replace(table.joined((*by, identifier), name, " "), account=account)
    return table, replace(roles, id=name, loose_id=None)
