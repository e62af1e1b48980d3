"""Wide tables: one series a row, or one channel of a series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import account_of, columns_in_words
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.lists import OF_STEPS, list_columns, list_series
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.steps import Steps, find_steps
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.units import named_channels, units_of
from msssm_ts.datasets.values import Error, without_padding
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series import Series
from msssm_ts.text import counted, plural

# So few columns with names of their own may as well be the channels of one recording.
_FEW, _VERY_FEW, MANY_ROWS = 12, 3, 50


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
    if lists:
        series = list_series(table, lists)
        names, units = _of_lists(table, lists, len(series[0]))
        unused = [c for c in roles.rest if c not in lists] + _unused(roles)
        roles = replace(roles, time=None, channel=None)
        words = columns_in_words(lists)
        turned = _of_steps(table, lists, series)
        layout = OF_STEPS if turned else "a series a row, in lists"
        account = account_of(table, roles, layout, words, left_out=unused).remarking(turned)
    else:
        table, steps = steps_of(table, roles)
        values = table.numbers(steps.columns)
        table, kept = without_blank_rows(table, is_blank(values), roles)
        values = values if kept.all() else values[kept]
        series = series_of_rows(values, steps, table.error)
        names, account = steps.channels, account_of_steps(table, roles, steps)
        account = account.remarking(_on_telling_steps(table, roles, steps, values))
        units = units_of(table, steps.by_channel)
    roles = replace(roles, time=None, channel=None)
    return LabelledSeries(
        series,
        channel_names=names,
        units=units,
        source=table.source,
        account=account,
        **per_series(table, roles, np.arange(len(series))),
    )


def _on_telling_steps(table: Table, roles: Roles, steps: Steps, values: NDArray[np.float64]) -> str:
    """Say which steps, if they have names of their own, hold one value for each class."""
    if steps.numbered or len(roles.labels) != 1 or not table.headed:
        return ""
    codes = table.texts(roles.labels[0]).codes
    counts = np.bincount(codes[codes >= 0])
    if len(counts) < 2 or counts.min() < 2:
        return ""
    of_class = [values[codes == c] for c in range(len(counts))]
    still = np.all([np.ptp(v, axis=0) == 0 for v in of_class], axis=0)
    telling = [
        name
        for i, name in enumerate(steps.columns)
        if still[i] and len({v[0, i] for v in of_class}) == len(of_class)
    ]
    return (
        f"{plural(len(telling), 'column')} {enumerate_names(telling, 4)} "
        f"{plural(len(telling), 'has', 'have')} one value for each class, as if the label stood "
        "there in numbers; --drop leaves it out"
        if telling
        else ""
    )


def _of_steps(table: Table, lists: Sequence[str], series: Sequence[Series]) -> str:
    """Say that each list in a cell was taken for a step; empty where it was not."""
    if len(lists) > 1 or len(series[0]) == 1:
        return ""
    if len(table.data[lists[0]][0]) == len(series[0]):
        return ""
    return (
        f"took each list in {columns_in_words(lists)} for a step of "
        f"{counted(len(series[0]), 'channel')}; write a list a channel where they are channels"
    )


def _of_lists(
    table: Table, lists: Sequence[str], n_channels: int
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the names and units of channels, which lists of lists hold without names."""
    names, units = named_channels(table, lists)
    if len(lists) > 1:
        return names, units
    return None, None if units is None else units * n_channels


def account_of_steps(table: Table, roles: Roles, steps: Steps, where: str = "") -> Account:
    """Return the account of a table whose columns are steps.

    Parameters
    ----------
    table : Table
        Its rows are the series.
    roles, steps : Roles, Steps
        Its columns.
    where : str
        What there is to add to the layout.
    """
    names = steps.channels
    channels = "one channel" if names is None else enumerate_names(names, 12)
    remark = steps.remark
    named = not steps.numbered or len(steps.columns) <= _VERY_FEW
    if named and table.headed and len(table) >= MANY_ROWS:
        remark = remark or may_be_steps(steps, "--id or --time says so")
    account = account_of(
        table,
        replace(roles, time=None, channel=None),
        f"wide table: a series a row{where}",
        f"{channels}, steps {columns_in_words(steps.columns)}",
        left_out=[*steps.left_out, *_unused(roles)],
    )
    return account.remarking(remark)


def _unused(roles: Roles) -> list[str]:
    """Columns that are known by their names, but of no use in a wide table."""
    return [c for c in (roles.time, roles.channel) if c is not None]


def may_be_steps(steps: Steps, remedy: str) -> str:
    """Say that rows were taken for series of a few steps each; empty where these are many."""
    if len(steps.columns) > _FEW:
        return ""
    return (
        f"took every row for a series of {counted(len(steps.columns), 'step')} "
        f"({enumerate_names(steps.columns, 4)}); where rows are steps, {remedy}"
    )


def series_of_rows(values: NDArray[Any], steps: Steps, error: Error) -> list[Series]:
    """Return the series that rows of steps are.

    Raises
    ------
    InputError
        If one has no value.
    """
    shape = (len(values), len(steps.channels or [0]), -1)
    return without_padding(values.reshape(shape), error)


def steps_of(table: Table, roles: Roles) -> tuple[Table, Steps]:
    """Return the columns that are steps; those of words are left out in the table's account.

    Raises
    ------
    InputError
        If there are none.
    """
    steps = find_steps(roles.rest, table.source)
    if steps.numbered and table.headed:
        _refuse_a_step(table, roles)
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


def _refuse_a_step(table: Table, roles: Roles) -> None:
    """Refuse a step of the series as what they are divided by, or what is known beside them."""
    named = [("--validation", "fold", roles.fold), ("--group", "group", roles.group)]
    named += [("--with", "beside", column) for column in roles.beside]
    for option, field, column in named:
        if column is None:
            continue
        together = {*roles.rest, column}
        own = find_steps([c for c in table.columns if c in together], table.source)
        if own.numbered and column in own.columns:
            raise OptionError(
                f"{table.source}: column {column!r} ({option}) is one of the numbered steps of the "
                "series; name one that says something of a series as a whole",
                field,
            )


def is_blank(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which rows have no value."""
    return np.asarray(np.isnan(values).all(axis=1))


def without_blank_rows(
    table: Table, blank: NDArray[np.bool_], roles: Roles
) -> tuple[Table, NDArray[np.bool_]]:
    """Leave out rows whose cells are all empty, as spreadsheets write them.

    Parameters
    ----------
    table : Table
        The columns of ``roles`` that say something of a series.
    blank : boolean array of shape (n_rows,)
        Rows without a value.
    roles : Roles
        Its columns.

    Returns
    -------
    table : Table
        The others.
    kept : boolean array of shape (n_rows,)
        Which these are.

    Raises
    ------
    InputError
        If none is left.
    """
    if blank.any():
        for key in roles.keys:
            blank = np.logical_and(blank, table.texts(key).codes < 0)
    if blank.all():
        raise InputError(f"{table.source}: there are no rows with values; give a file with series")
    if blank.any():
        account = table.account.without(int(blank.sum()), "rows", "empty")
        table = replace(table.select(~blank), account=account)
    return table, ~blank
