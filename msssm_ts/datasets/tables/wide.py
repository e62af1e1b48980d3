"""Wide tables: one series a row, or one channel of a series."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import account_of, columns_in_words
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.lists import list_columns, list_series
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.steps import Steps, find_steps
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.values import without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import Series

# So few columns with names of their own may as well be the channels of one recording.
_FEW, _MANY_ROWS = 12, 50


def read_wide(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return the series of a table with one a row.

    Columns with lists hold a whole series each, as a channel; else every column that is nothing
    else is a step, and empty cells at a row's end make a shorter series.

    Raises
    ------
    InputError
        If there are no steps, or a row cannot be understood.
    """
    options.refuse_unused(
        ["time", "channel"],
        table.source,
        "each row is a series of its own and no id holds rows together (--id)",
    )
    lists = list_columns(table, roles.rest)
    remark = ""
    if lists:
        names, series = list_series(table, lists)
        left_out = [c for c in roles.rest if c not in lists]
        layout, channels = "a series a row, in lists", columns_in_words(lists)
    else:
        table, steps, series = _series_of_steps(table, roles)
        names, left_out, remark = steps.channels, list(steps.left_out), steps.remark
        layout = "wide table: a series a row"
        channels = "one channel" if names is None else enumerate_names(names, 12)
        channels += f", steps {columns_in_words(steps.columns)}"
        if not steps.numbered and table.headed and len(table) >= _MANY_ROWS:
            remark = remark or _may_be_steps(steps)
    rows = np.arange(len(series))
    # Known by their names, but of no use in a wide table.
    unused = [c for c in (roles.time, roles.channel) if c is not None]
    roles = replace(roles, time=None, channel=None)
    account = account_of(table, roles, layout, channels, left_out=[*left_out, *unused])
    return LabelledSeries(
        series,
        channel_names=names,
        source=table.source,
        account=account.remarking(remark),
        **per_series(table, roles, rows),
    )


def _may_be_steps(steps: Steps) -> str:
    if len(steps.columns) > _FEW:
        return ""
    return (
        f"took every row for a series of {len(steps.columns)} steps "
        f"({enumerate_names(steps.columns, 4)}); where rows are steps, --id or --time says so"
    )


def _series_of_steps(table: Table, roles: Roles) -> tuple[Table, Steps, list[Series]]:
    table, steps = steps_of(table, roles)
    values = table.numbers(steps.columns)
    table, values = _without_blank_rows(table, values, roles)
    shape = (len(values), len(steps.channels or [0]), -1)
    return table, steps, without_padding(values.reshape(shape), table.error)


def steps_of(table: Table, roles: Roles) -> tuple[Table, Steps]:
    """Return the columns that are steps; those of words are left out in the table's account.

    Raises
    ------
    InputError
        If there are none.
    """
    steps = find_steps(roles.rest, table.source)
    if not steps.numbered:
        # Words among columns that nothing else is known of; among numbered steps they are wrong.
        words = tuple(table.words(steps.columns))
        unneeded = set(words)
        if words and len(table) > 1:
            steps = find_steps([c for c in roles.rest if c not in unneeded], table.source)
            table = replace(
                table, account=table.account.without(len(words), "columns", "text", words)
            )
    if not steps.columns:
        raise InputError(
            f"{table.source}: no columns left for the values of the series; there are only "
            f"{enumerate_names(table.columns)}"
        )
    return table, steps


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
    if blank.any():
        account = table.account.without(int(blank.sum()), "rows", "empty")
        table = replace(table.select(~blank), account=account)
    return table, values[~blank]
