"""Columns whose cells are whole series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.values import check_values
from msssm_ts.series import Series
from msssm_ts.series.glance import looks_turned
from msssm_ts.text import counted

if TYPE_CHECKING:
    import pyarrow as pa

# What the layout is called where a list in a cell is a step.
OF_STEPS = "a series a row, in lists of its steps"
# How numbers of NumPy are written in lists.
_TYPED = re.compile(r"(?:np\.)?(?:float|int|array)\d*\(([^()]*)\)")
# What stands between numbers in one cell, and where commas are decimal marks; fewer numbers may be
# a date, or a place.
_BETWEEN, _BETWEEN_COMMAS, _FEWEST = re.compile(r"[\s,;|]+"), re.compile(r"[\s;|]+"), 4
_WITH_COMMAS = re.compile(r"[+-]?\d*,\d+([\s;|]+[+-]?\d*,?\d+)+")


def list_columns(table: Table, columns: Sequence[str]) -> list[str]:
    """Return the columns whose cells are lists."""
    lists = {n for n, k in table.other_types.items() if _is_list(k)}
    return [c for c in columns if c in lists] if lists else []


def with_lists(table: Table, columns: Sequence[str]) -> Table:
    """Return a table whose texts of several numbers a cell, such as "[1.5, 2]", are lists.

    Frames with lists in their cells are written so. Where other columns are numbered steps, or more
    than a list has values, a list is something beside them.

    Raises
    ------
    InputError
        If a text is cut short, as arrays are printed.
    """
    written = [c for c in columns if c in table.text_columns]
    if not written or not len(table):
        return table
    found = {c: lists for c in written if (lists := _lists_in(table, c)) is not None}
    others = [c for c in columns if c not in written]
    fewest = min((len(lists[0]) for lists in found.values()), default=0)
    if len(others) > fewest or (len(others) > 1 and find_steps(others, table.source).numbered):
        return table
    import pyarrow as pa

    data = table.data
    for column, lists in found.items():
        data = data.set_column(table.columns.index(column), column, pa.array(lists))
    return replace(table, data=data)


def _lists_in(table: Table, column: str) -> list[list[Any]] | None:
    """Return what the cells of a column of text list; None where one is no list."""
    lists: list[list[Any]] = []
    for row, cell in enumerate(table.data[column].cast("string").to_pylist()):
        text = _TYPED.sub(r"\1", cell or "").strip()
        found = _listed(text.replace("...", " "))
        if found is None and not (lists and text.startswith("[")):
            return None
        if found is None:
            raise table.error(row, f"{text[:40]!r} is no list of numbers; mend it", column)
        if "..." in text:
            raise table.error(
                row,
                "'...' stands for values that were not written; write all of them, or save the "
                "table as .parquet",
                column,
            )
        lists.append(found)
    return lists


def _listed(text: str) -> list[Any] | None:
    """Return the numbers of a text, or the lists of such in it; None where it has something else.

    Examples
    --------
    >>> _listed("[1, 2.5, nan, 3]"), _listed("[[1 2 3 4] [5 6 7 8]]"), _listed("1,5 2 3 4,5")
    ([1.0, 2.5, nan, 3.0], [[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]], [1.5, 2.0, 3.0, 4.5])
    """
    inner = re.findall(r"\[([^\[\]]*)\]", text)
    if len(inner) > 1 or text.startswith("[["):
        channels = [_listed(f"[{part}]") for part in inner]
        return None if None in channels else channels
    bare = text.strip("[]() \n")
    commas = _WITH_COMMAS.fullmatch(bare) is not None
    words = [w for w in (_BETWEEN_COMMAS if commas else _BETWEEN).split(bare) if w]
    if len(words) < (1 if text.startswith("[") else _FEWEST):
        return None
    try:
        return [float(w.replace(",", ".")) for w in words]
    except ValueError:
        return None


def list_series(table: Table, columns: Sequence[str]) -> list[Series]:
    """Return the series of list columns, a channel each.

    One column of lists of lists holds all channels of a series, a list each, or a list a step
    (:func:`are_steps`).

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
    if are_steps(series):
        return [np.ascontiguousarray(s.T) for s in series]
    odd = next((i for i, s in enumerate(series) if len(s) != len(series[0])), None)
    if odd is not None:
        raise table.error(
            odd,
            f"{counted(len(series[odd]), 'channel')}, but the first series has {len(series[0])}; "
            "give every series all channels",
        )
    return series


def are_steps(series: Sequence[Series]) -> bool:
    """Whether lists of lists have a list a step, with the value of each channel in it.

    They do where they differ in their number and are of one length, or go on from list to list.

    Examples
    --------
    >>> waves = [np.sin(np.arange(n))[:, None] + [0.0, 1.0] for n in (40, 50)]
    >>> are_steps(waves), are_steps([wave.T for wave in waves])
    (True, False)
    """
    lengths = {s.shape[1] for s in series}
    counts = {len(s) for s in series}
    if len(lengths) > 1 or 1 in counts:
        return False
    return (len(counts) > 1 and min(counts) > max(lengths)) or looks_turned(series)


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
