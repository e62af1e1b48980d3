"""Long tables: several rows a series, which belong together by its identifier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import account_of, columns_in_words
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.dates import past_midnight
from msssm_ts.datasets.tables.guess import whole_numbers
from msssm_ts.datasets.tables.joint_id import telling_apart
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.table import Table, Texts
from msssm_ts.datasets.tables.times import named_clock, sampling_rate, times_of, times_or_step
from msssm_ts.datasets.tables.units import named_channels, unit_column, units_of, units_of_rows
from msssm_ts.datasets.values import check_values, without_padding
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.series import Series

_APART = "name the column that tells them apart with --id or --channel"


def read_values(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return the series of a table with one value a row, in columns id, value, time, channel.

    Raises
    ------
    InputError
        If a series lacks a channel, its channels differ in length, a time stands twice, or
        what should be the same in all rows of a series is not.
    """
    assert roles.value is not None
    table, values = _without_blank_rows(table, [roles.value], roles)
    rows = _Rows.sort(table, roles)
    counts = rows.counts()
    missing = np.argwhere(counts == 0)
    if len(missing):
        owner, channel = missing[0]
        raise rows.error(
            owner,
            f"no rows for channel {rows.channel_names()[channel]!r}; every series needs every "
            "channel",
        )
    uneven = np.flatnonzero((counts != counts[:, :1]).any(axis=1))
    if len(uneven):
        named = dict(zip(rows.channel_names(), counts[uneven[0]].tolist(), strict=True))
        raise rows.error(
            uneven[0], f"its channels differ in length ({named}); give each as many values"
        )
    pieces = np.split(values[rows.order, 0], np.cumsum(counts.sum(axis=1))[:-1])
    series: list[Series] = [p.reshape(counts.shape[1], -1) for p in pieces]
    names = rows.channel_names() if roles.channel is not None else None
    times, note = None, ""
    if rows.times is not None:
        stamps = np.split(rows.times[rows.order], np.cumsum(counts.sum(axis=1))[:-1])
        by_channel = [t.reshape(counts.shape[1], -1) for t in stamps]
        # There is one stamp a step.
        if all((t == t[0]).all() for t in by_channel):
            times = [t[0] for t in by_channel]
        else:
            note = "times left out, for channels were measured at times of their own"
    units, roles = _units(table, roles, rows.channel)
    account = account_of(
        table,
        roles,
        "long table: a value a row",
        "one channel"
        if names is None
        else f"{columns_in_words([str(roles.channel)])}: {enumerate_names(names, 12)}",
        left_out=roles.rest,
        rate=rows.rate(roles.time) is not None,
    )
    return _series(rows, roles, series, names, account.remarking(note), times, units)


def _units(
    table: Table, roles: Roles, channel: NDArray[np.int64]
) -> tuple[tuple[str, ...] | None, Roles]:
    """Return the units that a column gives, or the values' own has, and the other columns."""
    n_channels = int(channel.max()) + 1
    column = unit_column(table, roles.rest)
    if column is None:
        units = named_channels(table, [str(roles.value)])[1]
        return units and units * n_channels, roles
    roles = replace(roles, unit=column, rest=tuple(c for c in roles.rest if c != column))
    return units_of_rows(table, column, channel, n_channels), roles


def read_steps(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return the series of a table with one step a row: columns id, time, and one a channel.

    Without times the rows of a series are its steps in their order.

    Raises
    ------
    InputError
        If a time stands twice, or what should be the same in all rows of a series is not.
    """
    if roles.channel is not None:
        options.refuse_unused(["channel"], table.source, "every column of values is a channel")
        roles = replace(roles, channel=None, left_out=(*roles.left_out, roles.channel))
    words = table.words(roles.rest)
    rest, same = _measured(table, roles, words)
    if not rest:
        raise InputError(
            f"{table.source}: no columns left for the values of the series; there are only "
            f"{enumerate_names(table.columns)}"
        )
    roles = replace(roles, rest=rest)
    table, values = _without_blank_rows(table, list(rest), roles)
    rows = _Rows.sort(table, roles)
    pieces = np.split(values[rows.order], np.cumsum(rows.counts().sum(axis=1))[:-1])
    series: list[Series] = [np.ascontiguousarray(p.T) for p in pieces]
    times = None
    if rows.times is not None:
        times = np.split(rows.times[rows.order], np.cumsum(rows.counts().sum(axis=1))[:-1])
    account = account_of(
        table,
        roles,
        "long table: a step a row",
        columns_in_words(rest),
        rate=rows.rate(roles.time) is not None,
    )
    account = account.without(len(words), "columns", "text", words)
    account = account.without(len(same), "columns", "the same in all rows of a series", same)
    if roles.time is None:
        account = account.remarking(
            f"took the rows of one {roles.id}, in their order, for the steps of a series; --time "
            "says otherwise"
        )
    names, units = named_channels(table, rest)
    return _series(rows, roles, series, names, account, times, units)


def _measured(table: Table, roles: Roles, words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return columns that vary within series, and those that say something of a series alone.

    The latter are whole numbers that are the same in all rows of every series, but not in all of
    the table: a device, an age.
    """
    assert roles.id is not None
    owner = table.texts(roles.id).codes
    first = np.unique(owner, return_index=True)[1]
    same = []
    unneeded = set(words)
    # Of series with one step nothing can be said.
    long_enough = len(first) > 1 and len(owner) >= 2 * len(first)
    place = np.searchsorted(owner[first], owner)
    for column in roles.rest:
        if not long_enough or column in unneeded:
            continue
        numbers = whole_numbers(table, column)
        if numbers is None:
            continue
        ones = numbers[first]
        if (ones != ones[0]).any() and (numbers == ones[place]).all():
            same.append(column)
    unneeded |= set(same)
    return tuple(c for c in roles.rest if c not in unneeded), same


def read_channels(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return the series of a table with one channel a row: columns id, channel, and steps.

    Raises
    ------
    InputError
        If a series lacks a channel or has one twice.
    """
    options.refuse_unused(["time"], table.source, "the steps of a row are its columns")
    steps = find_steps(roles.rest, table.source)
    table, values = _without_blank_rows(table, list(steps.columns), roles)
    rows = _Rows.sort(table, roles)
    counts = rows.counts()
    odd = np.argwhere(counts != 1)
    if len(odd):
        series, channel = odd[0]
        raise rows.error(
            series,
            f"{counts[series, channel]} rows for channel {rows.channel_names()[channel]!r}; every "
            "series needs every channel once",
        )
    cube = values[rows.order].reshape(*counts.shape, -1)
    unused = [*steps.left_out, *([] if roles.time is None else [roles.time])]
    roles = replace(roles, time=None)
    names = rows.channel_names()
    account = account_of(
        table,
        roles,
        "long table: a channel a row",
        f"{columns_in_words([str(roles.channel)])}: {enumerate_names(names, 12)}; steps "
        f"{columns_in_words(steps.columns)}",
        left_out=unused,
    ).remarking(steps.remark)
    units = units_of(table, [steps.columns] * len(names))
    return _series(rows, roles, without_padding(cube, rows.error), names, account, units=units)


@dataclass(frozen=True)
class _Rows:
    """Rows of a table by series, channel and time.

    Parameters
    ----------
    table : Table
        The table.
    series, channel : arrays of shape (n_rows,)
        To which series, in the order of their first rows, and channel each row belongs.
    first : array of shape (n_series,)
        The first row of each series.
    order : array of shape (n_rows,)
        The rows sorted by series, channel and time.
    ids : Texts
        The column that identifies the series.
    channels : Texts, optional
        The column of channels.
    times : array of shape (n_rows,), optional
        Seconds, or whatever the column of times counts.
    note : str
        What was guessed of the times.
    """

    table: Table
    series: NDArray[np.int64]
    channel: NDArray[np.int64]
    first: NDArray[np.int64]
    order: NDArray[np.int64]
    ids: Texts
    channels: Texts | None
    times: NDArray[np.float64] | None
    note: str = ""

    @classmethod
    def sort(cls, table: Table, roles: Roles) -> _Rows:
        assert roles.id is not None
        ids = table.texts(roles.id)
        ids.check_complete()
        channels = None if roles.channel is None else table.texts(roles.channel)
        channel = np.zeros(len(table), dtype=np.int64)
        if channels is not None:
            channels.check_complete()
            # Ten comes after nine where channels are numbers.
            channel = np.argsort(np.argsort(channels.names(_one_of_each(channels))))[channels.codes]
        _, first, inverse = np.unique(ids.codes, return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(first))
        series = place[inverse]
        times, note = None, ""
        if roles.time is not None:
            times = times_of(table, roles.time)
            of_row = series * (channel.max() + 1) + channel
            times, note = past_midnight(table, roles.time, times, of_row)
        keys = [np.arange(len(table)) if times is None else times, channel, series]
        first, order = np.sort(first), np.lexsort(keys)
        rows = cls(table, series, channel, first, order, ids, channels, times, note)
        rows._refuse_repeated_times(roles)
        return rows

    def counts(self) -> NDArray[np.int64]:
        """Rows of each series and channel."""
        width = int(self.channel.max()) + 1
        cells = np.bincount(self.series * width + self.channel, minlength=len(self.first) * width)
        return cells.reshape(-1, width)

    def channel_names(self) -> tuple[str, ...]:
        if self.channels is None:
            return ("",)
        return tuple(str(n) for n in np.sort(self.channels.names(_one_of_each(self.channels))))

    def error(self, series: int, text: str) -> InputError:
        """Return the error for a series."""
        row = int(self.first[series])
        name = str(self.ids.different[self.ids.codes[row]])
        return self.table.error(row, f"{self.ids.column} {name!r}: {text}")

    def completed(self, column: str, remedy: str) -> _Rows:
        """Give all rows of a series what some have; refuse series whose rows differ in it."""
        codes = self.table.texts(column).codes
        known = codes >= 0
        own = np.full(len(self.first), -1)
        # Of several the first counts: rows are gone through from the last.
        own[self.series[known][::-1]] = codes[known][::-1]
        differing = np.flatnonzero(known & (codes != own[self.series]))
        lacking = int((~known & (own[self.series] >= 0)).sum())
        if len(differing):
            row = differing[0]
            name = str(self.ids.different[self.ids.codes[row]])
            raise self.table.error(
                row,
                f"{self.ids.column} {name!r} has more than one {column}; give each series one, "
                f"or {remedy}",
            )
        if not lacking:
            return self
        account = self.table.account.remarking(
            f"took the {column} of a series from its rows that have one ({lacking} of {len(codes)} "
            "have none)"
        )
        table = self.table.with_texts(column, own[self.series])
        return replace(self, table=replace(table, account=account))

    def _refuse_repeated_times(self, roles: Roles) -> None:
        if self.times is None:
            return
        keys = np.stack([self.series, self.channel, self.times])[:, self.order]
        same = np.flatnonzero((keys[:, 1:] == keys[:, :-1]).all(axis=0))
        if len(same):
            again = int(same[self.order[same + 1].argmin()])
            row, before = int(self.order[again + 1]), int(self.order[again])
            pair = [self.table.data.slice(r, 1).to_pylist() for r in (row, before)]
            if pair[0] == pair[1]:
                raise self.table.error(
                    row,
                    f"the same cells as in {self.table.place(before)}, and {len(same)} of "
                    f"{len(self.table)} rows stand for a time again; leave copies out, or leave "
                    f"{roles.time!r} out with --drop to take the rows in their order",
                )
            columns = [c for c in (roles.id, roles.channel, roles.time) if c is not None]
            apart = telling_apart(self.table, roles, [self.channel.astype(float), self.times])
            which = f"take {' and '.join(apart)} together with --id {','.join(apart)}"
            raise self.table.error(
                row,
                f"a second value for the same {', '.join(columns)}, as in {len(same)} rows of "
                f"{len(self.table)}; {which if apart else _APART}, or "
                f"leave {roles.time!r} out with --drop to take the rows in their order",
            )

    def rate(self, column: str | None) -> float | None:
        """Return the sampling rate that the times tell, if they do."""
        if self.times is None or column is None:
            return None
        times, owner = self.times[self.order], (self.series * (self.channel.max() + 1))
        owner = (owner + self.channel)[self.order]
        name, unit = named_clock(self.table, column)
        return sampling_rate(name, times, owner, unit)


def _series(
    rows: _Rows,
    roles: Roles,
    series: list[Series],
    names: tuple[str, ...] | None,
    account: Account,
    times: list[NDArray[np.float64]] | None = None,
    units: tuple[str, ...] | None = None,
) -> LabelledSeries:
    check_values(series, rows.error)
    for column in (*roles.labels, roles.group, roles.fold, roles.part, *roles.beside):
        if column is not None:
            other = f"leave {column!r} out with --drop"
            if column == roles.fold:
                other = "name another column with --validation, for this one is measured"
            rows = rows.completed(column, other)
    remarks = [r for r in rows.table.account.remarks if r not in account.remarks]
    return LabelledSeries(
        series,
        channel_names=names,
        sampling_rate=rows.rate(roles.time),
        **times_or_step(times),
        units=units,
        source=rows.table.source,
        account=account.remarking(rows.note, *remarks),
        **per_series(rows.table, roles, rows.first),
    )


def _one_of_each(texts: Texts) -> NDArray[np.int64]:
    """Return a row of each different text."""
    return np.asarray(np.unique(texts.codes, return_index=True)[1])


def _without_blank_rows(
    table: Table, columns: list[str], roles: Roles
) -> tuple[Table, NDArray[np.float64]]:
    """Leave out rows without value and identifier, as spreadsheets write them."""
    assert roles.id is not None
    values = table.numbers(columns)
    blank = np.isnan(values).all(axis=1)
    if not blank.any():
        return table, values
    blank &= table.texts(roles.id).codes < 0
    if blank.all():
        raise InputError(f"{table.source}: there are no rows with values; give a file with series")
    if blank.any():
        account = table.account.without(int(blank.sum()), "rows", "empty")
        table = replace(table.select(~blank), account=account)
    return table, values[~blank]
