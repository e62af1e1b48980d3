"""Text tables larger than memory: a series a row, read from its place when it is asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.compressed import SUFFIXES
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.memory import allowed_bytes
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, find_roles
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect
from msssm_ts.datasets.tables.guess import is_unnamed
from msssm_ts.datasets.tables.layout import paths_in, understood
from msssm_ts.datasets.tables.lazy_rows import ROW, ReadRow, demand_places
from msssm_ts.datasets.tables.many_files import (
    Parts,
    check_same,
    common_type,
    ids_apart,
    joined,
    options_of_file,
    roles_by_name,
)
from msssm_ts.datasets.tables.part import rows_of_part
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.spans import Span, find_spans
from msssm_ts.datasets.tables.steps import Steps
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import TextRows
from msssm_ts.datasets.tables.units import units_of
from msssm_ts.datasets.tables.wide import (
    account_of_steps,
    is_blank,
    read_wide,
    series_of_rows,
    steps_of,
    without_blank_rows,
)
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series

if TYPE_CHECKING:
    import pyarrow as pa

# Bytes that a value takes, of one character and what separates it from the next at least.
_VALUE, _CELL = 8, 1


def read_text_lazily(parts: Parts, options: ReadOptions) -> LabelledSeries | None:
    """Read text tables whose rows are series each, without holding their values.

    The columns by which a table is understood are read whole, and every value is looked at once, so
    that the series are those that the same files give in memory.

    Parameters
    ----------
    parts : Parts
        The files.
    options : ReadOptions
        Columns that the user named.

    Returns
    -------
    LabelledSeries or None
        None where they fit into memory, or can only be read as a whole.

    Raises
    ------
    InputError
        If rows cannot be understood, or files differ in their columns.
    """
    dialects = [detect_dialect(f) for f in parts.files]
    if not _are_too_large(parts.files, dialects):
        return None
    several = len(parts.files) > 1 or bool(parts.columns)
    files = []
    for path, dialect in zip(parts.files, dialects, strict=True):
        own = options
        if several:
            own = options_of_file(options, dialect.columns, parts.columns)
        own.check_columns(dialect.columns, str(path))
        spans = find_spans(path, dialect)
        if spans is None:
            return None
        files.append(_File.of(path, dialect, own, spans))
    try:
        return _read(parts, files, options, several)
    except _AsAWhole:
        return None


class _AsAWhole(Exception):
    """Series that only the table as a whole tells."""


@dataclass(frozen=True)
class _File:
    """A file of the table.

    Parameters
    ----------
    rows : TextRows
        All of it.
    spans : tuple of Span
        In order.
    roles : Roles
        Of its columns, by name.
    columns : tuple of str
        Those that are read.
    dropped : tuple of str
        Those that are not, as asked.
    """

    rows: TextRows
    spans: tuple[Span, ...]
    roles: Roles
    columns: tuple[str, ...]
    dropped: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, dialect: Dialect, options: ReadOptions, spans: Sequence[Span]) -> _File:
        """Return a file, given how it is written and where its rows stand."""
        roles = find_roles(dialect.columns, options)
        dropped = tuple(options.dropped(dialect.columns))
        unused = {*dropped, *roles.left_out} - {*roles.owners}
        columns = tuple(c for c in dialect.columns if c not in unused)
        return cls(TextRows(path, dialect), tuple(spans), roles, columns, dropped)

    def empty(self) -> Table:
        """Return its columns without a row."""
        import pyarrow as pa

        names = list(self.columns)
        return self.rows.table(pa.table([pa.nulls(0)] * len(names), names=names), self.dropped)

    def read(self, span: int, columns: Sequence[str]) -> tuple[TextRows, pa.Table]:
        """Read columns of a span."""
        return replace(self.rows, span=self.spans[span]).read(self.roles, columns)


def _read(
    parts: Parts, files: Sequence[_File], options: ReadOptions, several: bool
) -> LabelledSeries:
    for other in files[1:]:
        check_same(files[0].empty(), other.empty())
    names = [*files[0].columns, *(c for c in parts.columns if c not in files[0].columns)]
    if several:
        nothing = replace(files[0].empty(), source=parts.source)
        _, roles = roles_by_name(parts, _with_columns(nothing, names), options)
    else:
        roles = files[0].roles
    telling = _telling(roles, files[0], parts.columns)
    read = [_read_telling(f, [c for c in f.columns if c in telling]) for f in files]
    table = joined([t for t, _ in read], parts)
    if several:
        table, roles = roles_by_name(parts, _with_columns(table, names), options)
        table, roles = ids_apart(parts, table, roles)
    if paths_in(table, roles)[0]:
        raise _AsAWhole
    names = table.columns
    held = [c for c in names if c in telling or c in roles.keys or c in parts.columns]
    table = replace(table, data=table.data.select(held).append_column(ROW, [np.arange(len(table))]))
    table, roles = rows_of_part(table, roles, options)
    table, roles, layout = understood(_with_columns(table, [*names, ROW]), roles, options)
    if layout is not read_wide:
        raise _AsAWhole
    options.refuse_unused(
        ["time", "channel"],
        table.source,
        "each row is a series of its own and no id holds rows together (--id)",
    )
    table, steps = steps_of(table, roles)
    # Values stand in the files; an empty column would be copied with every choice of rows.
    table = replace(table, data=table.data.select([*dict.fromkeys((*roles.keys, ROW))]))
    kept = table.data[ROW].to_numpy().astype(np.int64)
    demand_places(len(kept), parts.source)
    keyless = np.ones(len(table), dtype=bool)
    for key in roles.keys:
        keyless &= table.texts(key).codes < 0
    counts = [n for _, own in read for n in own]
    blocks = _Spans(tuple(files), steps)
    values, blank = _pass(blocks, counts, kept, keyless)
    table, _ = without_blank_rows(table, blank, roles)
    account = account_of_steps(table, roles, steps, ", on disk")
    roles = replace(roles, time=None, channel=None)
    return LabelledSeries(
        values,
        channel_names=steps.channels,
        units=units_of(table, steps.by_channel),
        source=parts.source,
        account=parts.account + account,
        **per_series(table, roles, np.arange(len(table))),
    )


def _pass(
    blocks: _Spans, counts: Sequence[int], kept: NDArray[np.int64], keyless: NDArray[np.bool_]
) -> tuple[LazySeries, NDArray[np.bool_]]:
    """Look at every value; return the series, and which rows that are kept have no value."""
    blank = np.zeros(len(kept), dtype=bool)
    read = ReadRow(blocks)
    items: list[tuple[int, int, int, int]] = []
    places = [(f, s) for f, file in enumerate(blocks.files) for s in range(len(file.spans))]
    first = 0
    for (file, span), n_rows in zip(places, counts, strict=True):
        begin, end = np.searchsorted(kept, (first, first + n_rows))
        inside = kept[begin:end] - first
        first += n_rows
        if not len(inside):
            continue
        blocks.kept[file, span] = inside if len(inside) < n_rows else None
        table = blocks.checked(file, span, n_rows)
        rows = table.numbers(blocks.steps.columns)
        empty = is_blank(rows) & keyless[begin:end]
        if empty.any():
            blank[begin:end] = empty
            blocks.kept[file, span] = inside[~empty]
            table, rows = table.select(~empty), rows[~empty]
        series = series_of_rows(rows, blocks.steps, table.error) if len(rows) else []
        items += [(file, span, i, s.shape[1]) for i, s in enumerate(series)]
    return LazySeries(items, read, [length for *_, length in items]), blank


@dataclass
class _Spans:
    """Reads the series of a span; pickles for worker processes.

    Parameters
    ----------
    files : tuple of _File
        From these.
    steps : Steps
        Columns with the values.
    kept : dict from (file, span) to array of int, or None
        The rows that are series; None for all.
    """

    files: tuple[_File, ...]
    steps: Steps
    kept: dict[tuple[int, int], NDArray[np.int64] | None] = field(default_factory=dict)

    def read(self, file: int, block: int) -> list[Series]:
        """Return the series of a span."""
        table = self._table(file, block)
        return series_of_rows(table.numbers(self.steps.columns), self.steps, table.error)

    def checked(self, file: int, span: int, n_rows: int) -> Table:
        """Return the values of a span that are read as they are where all of the table is.

        Raises
        ------
        InputError
            If a cell is no number.
        _AsAWhole
            If there are others.
        """
        table = self._table(file, span, n_rows)
        of_file = self.files[file]
        texts = {*of_file.roles.keys, *of_file.rows.dialect.texts, *_ends(of_file.roles)}
        for column in (c for c in self.steps.columns if c in table.text_columns):
            # pandas reads what pyarrow does not take for a number, and all of a column with it.
            comma = table.decimal != "."
            if column not in texts if comma else not table.is_plain(column):
                table.numbers([column])
                raise _AsAWhole
        return table

    def _table(self, file: int, span: int, n_rows: int | None = None) -> Table:
        import pyarrow as pa

        rows, data = self.files[file].read(span, self.steps.columns)
        if n_rows not in (None, len(data)):
            raise _AsAWhole
        table = rows.table(data)
        kept = self.kept[file, span]
        if kept is None:
            return table
        return replace(
            table,
            data=data.take(pa.array(kept)),
            place=lambda row: rows.place(int(kept[row])),
        )


def _are_too_large(files: Sequence[Path], dialects: Sequence[Dialect]) -> bool:
    """Whether text tables, or the numbers that they hold, take more memory than they may."""
    if any(f.suffix.lower() in SUFFIXES for f in files):
        return False
    sizes = [f.stat().st_size for f in files]
    if sum(sizes) > allowed_bytes():
        return True
    if sum(sizes) // _CELL * _VALUE <= allowed_bytes():
        return False
    cells = sum(_lines_in(f) * len(d.columns) for f, d in zip(files, dialects, strict=True))
    return cells * _VALUE > allowed_bytes()


def _lines_in(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def _ends(roles: Roles) -> tuple[str, ...]:
    """Columns either of which may be the label where none has a name."""
    return (*roles.rest[:3], *roles.rest[-1:])


def _telling(roles: Roles, file: _File, outside: Collection[str]) -> frozenset[str]:
    """Columns whose values tell what a table is, and what its series are."""
    rest = roles.rest
    some = (*rest[:4], *rest[-1:], *rest[len(rest) // 2 :][:1])
    unnamed = filter(is_unnamed, rest) if file.rows.dialect.headed else ()
    named = {*roles.keys, roles.time, roles.value, *file.roles.keys, file.roles.time}
    found = {*named, *file.rows.dialect.texts, *_ends(file.roles), *some, *unnamed, *outside}
    return frozenset(c for c in found if c is not None)


def _read_telling(file: _File, columns: Sequence[str]) -> tuple[Table, list[int]]:
    """Read columns of all spans; return how many rows each span has, too."""
    if not columns:
        raise _AsAWhole
    read, taken = [], 0
    for span in range(len(file.spans)):
        read.append(file.read(span, columns))
        taken += read[-1][1].nbytes
        if taken > allowed_bytes():
            raise _AsAWhole
    counts = [len(data) for _, data in read]
    if not sum(counts):
        headed = file.rows.dialect.headed
        where = "there are no rows below the header" if headed else "the file is empty"
        raise InputError(f"{file.rows.file}: {where}; give one with series")
    starts = [0, *accumulate(counts)]

    def place(row: int) -> str:
        span = bisect_right(starts, row) - 1
        return read[span][0].place(row - starts[span])

    whole = replace(
        file.rows,
        n_comments=sum(rows.n_comments for rows, _ in read),
        n_headers=sum(rows.n_headers for rows, _ in read),
    )
    data = _stacked([rows.table(data) for rows, data in read if len(data)])
    return replace(whole.table(data, file.dropped), place=place), counts


def _stacked(tables: Sequence[Table]) -> pa.Table:
    """Return the rows of tables of the same columns, one below the other."""
    import pyarrow as pa

    stacked = {}
    for name in tables[0].columns:
        cells = [t.data[name] for t in tables]
        kind = common_type([c.type for c in cells if c.null_count < len(c)])
        if kind is None:
            # Words among numbers, unless they are numbers that are written in another way.
            for table in tables:
                if name in table.text_columns:
                    table.numbers([name])
            raise _AsAWhole
        kind = cells[0].type if kind == pa.null() else kind
        chunks = [
            chunk
            for c in cells
            for chunk in (c if c.type == kind else c.cast(pa.string()).cast(kind)).chunks
        ]
        stacked[name] = pa.chunked_array(chunks, kind)
    return pa.table(stacked).unify_dictionaries().combine_chunks()


def _with_columns(table: Table, names: Sequence[str]) -> Table:
    """Return a table with columns that it lacks; they are empty, and all the same memory."""
    import pyarrow as pa

    nothing = pa.nulls(len(table), pa.float64())
    known = set(table.columns)
    arrays = [table.data[n] if n in known else nothing for n in names]
    return replace(table, data=pa.table(arrays, names=list(names)))
