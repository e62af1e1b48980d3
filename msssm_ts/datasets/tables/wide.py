"""Wide tables: one series a row, or one channel of a series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.tables.columns import Roles, find_steps
from msssm_ts.datasets.tables.lists import list_columns, list_series
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.values import without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import Series


def read_wide(table: Table, roles: Roles) -> LabelledSeries:
    """Return the series of a table with one a row.

    Columns with lists hold a whole series each, as a channel; else every column that is nothing
    else is a step, and empty cells at a row's end make a shorter series.

    Raises
    ------
    InputError
        If there are no steps, or a row cannot be understood.
    """
    lists = list_columns(table, roles.rest)
    if lists:
        names, series = list_series(table, lists)
        left_out = [c for c in roles.rest if c not in lists]
    else:
        table, names, series, left_out = _series_of_steps(table, roles)
    rows = np.arange(len(series))
    # Known by their names, but of no use in a wide table.
    left_out += [*roles.left_out, *(c for c in (roles.time, roles.channel) if c is not None)]
    return LabelledSeries(
        series,
        channel_names=names,
        source=table.source,
        account=Account().without(len(left_out), "columns", names=left_out),
        **per_series(table, roles, rows),
    )


def _series_of_steps(
    table: Table, roles: Roles
) -> tuple[Table, tuple[str, ...] | None, list[Series], list[str]]:
    rest = _without_row_numbers(table, roles.rest)
    steps = find_steps(rest)
    if not steps.columns:
        raise InputError(
            f"{table.source}: no columns left for the values of the series; there are only "
            f"{enumerate_names(table.columns)}"
        )
    values = table.numbers(steps.columns)
    table, values = _without_blank_rows(table, values, roles)
    shape = (len(values), len(steps.channels or [0]), -1)
    series = without_padding(values.reshape(shape), table.error)
    left_out = [c or "row numbers" for c in roles.rest if c not in set(steps.columns)]
    return table, steps.channels, series, left_out


def _without_row_numbers(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out a first column without a name that counts the rows, as pandas writes it."""
    first = columns[0] if columns else ""
    if not columns or not (first == "" or first.startswith("Unnamed:")):
        return columns
    numbers = table.numbers([first])[:, 0]
    return columns[1:] if np.array_equal(numbers, np.arange(len(table))) else columns


def _without_blank_rows(
    table: Table, values: NDArray[np.float64], roles: Roles
) -> tuple[Table, NDArray[Any]]:
    """Leave out rows whose cells are all empty, as spreadsheets write them."""
    blank = np.asarray(np.isnan(values).all(axis=1))
    if not blank.any():
        return table, values
    for key in roles.keys:
        blank = np.logical_and(blank, table.texts(key).codes < 0)
    if blank.all():
        raise InputError(f"{table.source}: there are no rows with values; give a file with series")
    return table.select(~blank), values[~blank]
