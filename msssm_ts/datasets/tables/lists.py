"""Columns whose cells are whole series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.values import check_values
from msssm_ts.series import Series
from msssm_ts.text import counted

if TYPE_CHECKING:
    import pyarrow as pa


def list_columns(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the columns whose cells are lists."""
    lists = {n for n, k in table.other_types.items() if _is_list(k)}
    return [c for c in columns if c in lists] if lists else []


def list_series(table: Table, columns: Sequence[str]) -> list[Series]:
    """Return the series of list columns, a channel each.

    One column of lists of lists holds all channels of a series.

    Raises
    ------
    InputError
        If a list is missing, the lists of a row differ in length, or the rows in channels.
    """
    parts = [_pieces(table, c) for c in columns]
    series: list[Series] = []
    for row, cells in enumerate(zip(*parts, strict=True)):
        lengths = [cell.shape[1] for cell in cells]
        if len(set(lengths)) > 1:
            raise table.error(
                row,
                f"the lists of {', '.join(columns)} differ in length ({lengths})"
                "; give each as many values",
            )
        series.append(cells[0] if len(cells) == 1 else np.concatenate(cells))
    check_values(series, table.error)
    odd = next((i for i, s in enumerate(series) if len(s) != len(series[0])), None)
    if odd is not None:
        raise table.error(
            odd,
            f"{counted(len(series[odd]), 'channel')}, but the first series has {len(series[0])}; "
            "give every series all channels",
        )
    return series


def _pieces(table: Table, column: str) -> list[NDArray[np.float64]]:
    """Each cell of a column as (n_channels, length)."""
    cells = table.data[column]
    nested = _is_list(cells.type.value_type)
    lengths = _lengths(table, column, cells, range(len(table)))
    inner = _flat(cells)
    if not nested:
        values = _floats(table, column, inner)
        return [piece[None] for piece in np.split(values, np.cumsum(lengths)[:-1])]
    owner = np.repeat(np.arange(len(table)), lengths)
    inner_lengths = _lengths(table, column, inner, owner)
    rows = np.split(_floats(table, column, _flat(inner)), np.cumsum(inner_lengths)[:-1])
    pieces, place = [], 0
    for row, count in enumerate(lengths):
        channels = rows[place : place + count]
        place += count
        if len({len(c) for c in channels}) > 1:
            raise table.error(
                row, "the channels differ in length; give each as many values", column
            )
        pieces.append(np.stack(channels))
    return pieces


def _lengths(
    table: Table, column: str, cells: pa.ChunkedArray, owner: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.int64]:
    import pyarrow.compute as pc

    lengths = pc.list_value_length(cells).fill_null(0).to_numpy().astype(np.int64)
    if (lengths == 0).any():
        raise table.error(
            int(owner[int(np.argmin(lengths))]), "the list has no value; remove the row", column
        )
    return np.asarray(lengths)


def _flat(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.list_flatten(cells)


def _floats(table: Table, column: str, values: pa.ChunkedArray) -> NDArray[np.float64]:
    import pyarrow as pa

    flat = Table(pa.table([values], names=[column]), f"{table.source}, column {column}", _position)
    return flat.numbers([column])[:, 0]


def _position(row: int) -> str:
    return f"value {row + 1} of all lists"


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
