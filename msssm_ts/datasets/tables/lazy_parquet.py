"""Parquet files larger than memory: a row group at a time, series read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.memory import allowed_bytes
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import account_of
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.guess import refined
from msssm_ts.datasets.tables.layout import series_of_table, with_unique_id
from msssm_ts.datasets.tables.lazy_rows import ROW, ReadRow, demand_places
from msssm_ts.datasets.tables.lists import OF_STEPS, list_columns, list_series
from msssm_ts.datasets.tables.many_files import (
    Parts,
    check_same,
    ids_apart,
    joined,
    parquet_table,
    roles_by_name,
    stored_names,
)
from msssm_ts.datasets.tables.parquet import open_parquet, read_columns
from msssm_ts.datasets.tables.part import named_parts, rows_of_part, with_part
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.wide import steps_of
from msssm_ts.datasets.values import without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series
from msssm_ts.text import counted, size_text

# Of a row group, which all wait for that ask for a series of it.
_MANY_ROWS = 2000
# How layouts begin in an account whose rows are series each.
_LAYOUTS = ("a series a row", "wide table")


def read_lazily(parts: Parts, options: ReadOptions) -> LabelledSeries:
    """Read Parquet files whose rows are series each, without holding their values.

    Columns that say something of the series are read whole. Every value is looked at once, a row
    group at a time, so that the series are those that the same files give in memory.

    Parameters
    ----------
    parts : Parts
        The files.
    options : ReadOptions
        Columns that the user named.

    Raises
    ------
    InputError
        If rows are no series each, files differ in their columns, or a row group takes more memory
        than may be.
    """
    source = parts.source
    groups = _groups(parts)
    sample, roles = roles_by_name(parts, _first(parts, groups), options)
    # A row group may lie in one part of a split alone.
    names = named_parts(sample, roles)
    roles = with_part(_columns_of(parts, names), roles) if names else roles
    columns, roles = _values(sample, roles, options, source)
    keys = _columns_of(parts, roles.keys)
    keys, roles = ids_apart(parts, keys, roles)
    numbers = np.arange(len(keys))
    keys = replace(keys, data=keys.data.append_column(ROW, [numbers]))
    keys, roles = rows_of_part(keys, roles, options)
    roles = with_unique_id(keys, roles)
    kept = keys.data[ROW].to_numpy().astype(np.int64)
    keys = replace(keys, data=keys.data.drop_columns([ROW]))
    demand_places(len(kept), source)
    blocks = _RowGroups(columns, tuple(str(f) for f in parts.files))
    read = ReadRow(blocks)
    items: list[tuple[int, int, int, int]] = []
    first = n_channels = 0
    for file, group, n_rows in groups:
        inside = kept[(kept >= first) & (kept < first + n_rows)] - first
        first += n_rows
        if len(inside):
            blocks.kept[file, group] = inside if len(inside) < n_rows else None
            series = read.block(file, group)
            if len(series[0]) != (n_channels := n_channels or len(series[0])):
                raise InputError(
                    f"{parts.files[file]}: {counted(len(series[0]), 'channel')}, but others have "
                    f"{n_channels}; give every series all channels"
                )
            items += [(file, group, i, s.shape[1]) for i, s in enumerate(series)]
    account = account_of(
        keys, roles, f"{columns.layout}, on disk", columns.words, left_out=columns.left_out
    )
    # Those of the first row group: what was guessed is what all are read by.
    account = account.remarking(*(r for r in columns.remarks if r not in account.remarks))
    rows = max(n for _, _, n in groups)
    if rows > _MANY_ROWS:
        account = account.remarking(
            f"row groups have up to {rows} rows: a network, which reads series in the order of "
            "chance, is faster with smaller ones"
        )
    return LabelledSeries(
        LazySeries(items, read, [length for *_, length in items]),
        channel_names=columns.channels,
        units=columns.units,
        source=source,
        account=parts.account + account,
        **per_series(keys, roles, np.arange(len(kept))),
    )


@dataclass(frozen=True)
class _Columns:
    """Which columns hold values, and how.

    Parameters
    ----------
    names : tuple of str
        Theirs.
    lists : bool
        Whether each holds whole series; else a step of one.
    channels : tuple of str, optional
        Names of the channels, where there are several.
    units : tuple of str, optional
        Theirs, where any is known.
    layout, words : str
        For the account.
    left_out : tuple of str
        Columns that are of no use.
    remarks : tuple of str
        On what was guessed.
    """

    names: tuple[str, ...]
    lists: bool
    channels: tuple[str, ...] | None
    units: tuple[str, ...] | None
    layout: str
    words: str
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]

    def series(self, table: Table) -> list[Series]:
        """Return the series of a table's rows."""
        if self.lists:
            return list_series(table, list(self.names))
        values = table.numbers(list(self.names))
        shape = (len(values), len(self.channels or (0,)), -1)
        return without_padding(values.reshape(shape), table.error)


@dataclass
class _RowGroups:
    """Reads the series of a row group.

    Parameters
    ----------
    columns : _Columns
        What it reads.
    files : tuple of str
        From these.
    kept : dict from (file, group) to array of int, or None
        The rows that are series; None for all.
    """

    columns: _Columns
    files: tuple[str, ...]
    kept: dict[tuple[int, int], NDArray[np.int64] | None] = field(default_factory=dict)

    def read(self, file: int, group: int) -> list[Series]:
        path = Path(self.files[file])
        with open_parquet(path, whole=False) as parquet:
            by_name = stored_names(parquet.schema_arrow.names, path)
            stored = [by_name[n] for n in self.columns.names]
            before = sum(parquet.metadata.row_group(g).num_rows for g in range(group))
            data = read_columns(parquet, path, stored, group)
        table = parquet_table(data.select(stored), path)
        inside = self.kept[file, group]
        rows = np.arange(len(table)) if inside is None else inside
        if inside is not None:
            table = replace(table, data=table.data.take(inside))
        table = replace(table, place=lambda row: f"row {before + int(rows[row]) + 1}")
        return self.columns.series(table)


def _groups(parts: Parts) -> list[tuple[int, int, int]]:
    """Return file, group and rows of all row groups; refuse files that differ in columns."""
    found = []
    first: Table | None = None
    for i, file in enumerate(parts.files):
        with open_parquet(file, whole=False) as parquet:
            empty = parquet_table(parquet.schema_arrow.empty_table(), file)
            if first is None:
                first = empty
            check_same(first, empty)
            meta = parquet.metadata
            found += [(i, g, meta.row_group(g).num_rows) for g in range(meta.num_row_groups)]
    if not any(n for _, _, n in found):
        raise InputError(f"{parts.source}: the table has no rows; give one with series")
    return [one for one in found if one[2]]


def _first(parts: Parts, groups: Sequence[tuple[int, int, int]]) -> Table:
    """Return the first row group, with the columns that folders' names are."""
    i, group, _ = groups[0]
    file = parts.files[i]
    with open_parquet(file, whole=False) as parquet:
        table = parquet_table(read_columns(parquet, file, None, group), file)
    one = replace(parts, files=(file,), columns={k: [v[i]] for k, v in parts.columns.items()})
    return replace(joined([table], one), source=parts.source)


def _values(
    table: Table, roles: Roles, options: ReadOptions, source: str
) -> tuple[_Columns, Roles]:
    """Tell from the first row group which columns hold values; return the roles of the others."""
    part = roles.part
    data = table.data if part is None else table.data.drop_columns([part])
    table, roles = replace(table, data=data), replace(roles, part=None)
    understood = series_of_table(table, roles, options)
    taken = dict(understood.account.taken)
    layout = taken["layout"]
    if not layout.startswith(_LAYOUTS) or layout == OF_STEPS:
        raise InputError(
            f"{source}: would take more than the {size_text(allowed_bytes())} that --max-memory "
            f"allows, and its layout ({layout}) is read as a whole; raise it, or write a series a "
            "row, in columns of lists ('msssm-ts data convert' does, to .parquet)"
        )
    table, roles = refined(table, roles, options)
    if roles.value is not None:
        rest = {*roles.rest, roles.value}
        roles = replace(roles, value=None, rest=tuple(c for c in table.columns if c in rest))
    unused = [c for c in (roles.time, roles.channel) if c is not None]
    lists = list_columns(table, roles.rest)
    names = tuple(lists)
    if not lists:
        table, steps = steps_of(table, roles)
        names = tuple(steps.columns)
    left_out = [c for c in roles.rest if c not in set(names)]
    columns = _Columns(
        *(names, bool(lists), understood.channel_names, understood.units),
        *(layout, taken["channels"]),
        left_out=(*left_out, *unused),
        remarks=understood.account.remarks,
    )
    return columns, replace(roles, part=part, time=None, channel=None)


def _columns_of(parts: Parts, columns: Sequence[str]) -> Table:
    """Return columns of all files, such as those that say something of the series."""
    import pyarrow as pa

    tables = []
    for file in parts.files:
        with open_parquet(file, whole=False) as parquet:
            stored = stored_names(parquet.schema_arrow.names, file)
            names = [stored[c] for c in columns if c in stored]
            data = read_columns(parquet, file, names) if names else None
            n_rows = parquet.metadata.num_rows
        if data is None:
            # A table without columns has no rows.
            data = pa.table({ROW: pa.nulls(n_rows)})
        tables.append(parquet_table(data, file))
    table = joined(tables, parts)
    spare = [c for c in table.columns if c == ROW and len(table.columns) > 1]
    return replace(table, data=table.data.drop_columns(spare))
