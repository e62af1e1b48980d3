"""Recordings as tables: a step a row, and no column that says where a series ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import account_of, columns_in_words
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.dates import past_midnight
from msssm_ts.datasets.tables.guess import numbers_of
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.times import named_clock, sampling_rate, times_of, times_or_step
from msssm_ts.datasets.tables.units import named_channels
from msssm_ts.datasets.values import check_values
from msssm_ts.errors import InputError
from msssm_ts.text import counted

_INCREASING = 0.9
# As many columns are sources rather than steps, which are called otherwise.
_FEW = 12
_STEPS = {
    "",
    "t",
    "x",
    "v",
    "f",
    "c",
    "s",
    "step",
    "time",
    "value",
    "col",
    "column",
    "feature",
    "att",
}


def is_stream(table: Table, roles: Roles, options: ReadOptions, numbered: bool) -> bool:
    """Whether the rows of a table are steps of recordings: its times go on from row to row."""
    if roles.time is None or not roles.rest:
        return False
    if options.time is not None:
        if not _goes_on(times_of(table, roles.time), ~_changes(table, roles)[1:]):
            raise InputError(
                f"{table.source}: the times in column {roles.time!r} (--time) do not go on from "
                "row to row, and no column says which series a row belongs to; name it with --id"
            )
        return True
    if (numbered and not are_sources(roles.rest)) or len(table) < 2:
        return False
    times = numbers_of(table, roles.time)
    if times is None:
        try:
            times = times_of(table, roles.time)
        except InputError:
            return False
    if np.isnan(times).any():
        return False
    within = ~_changes(table, roles)[1:]
    # Labels that change from row to row are those of series.
    return bool(within.sum() >= len(table) / 4 and _goes_on(times, within))


def are_sources(columns: Sequence[str]) -> bool:
    """Whether numbered columns are few, and called as what is measured, such as pump 1.

    Examples
    --------
    >>> are_sources(["EEG 1", "EEG 2"]), are_sources(["t0", "t1"])
    (True, False)
    """
    stems = {re.sub(r"[\d\W_]+", "", c).casefold() for c in columns}
    return len(columns) <= _FEW and stems.isdisjoint(_STEPS)


def _goes_on(times: NDArray[np.float64], within: NDArray[np.bool_]) -> bool:
    """Whether nearly all times are later than those of the row before."""
    steps = np.diff(times)
    steps = steps[within] if within.any() else steps
    return not len(steps) or bool((steps > 0).mean() >= _INCREASING)


def read_stream(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return recordings, cut where their label, or what they belong to, changes.

    With ``options.episodes`` the pieces are cut into series of so many seconds.

    Raises
    ------
    InputError
        If no row has a label, or a value is not a number.
    """
    assert roles.time is not None
    options.refuse_unused(["channel"], table.source, "every column of values is a channel")
    words = table.words(roles.rest)
    unneeded = set(words)
    rest = tuple(c for c in roles.rest if c not in unneeded)
    if not rest:
        raise InputError(
            f"{table.source}: no columns left for the values of the series; there are only "
            f"{', '.join(table.columns[:6])}"
        )
    time = roles.time
    roles = replace(roles, rest=rest)
    starts = _changes(table, roles)
    times, note = past_midnight(table, time, times_of(table, time), np.cumsum(starts))
    # A clock that starts anew is another recording.
    back = np.flatnonzero(np.diff(times) < 0) + 1
    anew = back[~starts[back]]
    usable = len(anew) <= len(table) / 1000 + len(np.flatnonzero(starts))
    if usable:
        starts[back] = True
    values = table.numbers(list(rest))
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(table))
    account = table.account.remarking(note)
    if usable and len(anew):
        account = account.remarking(
            f"took {counted(len(anew), 'row')} whose {time} is before that of the row above "
            f"({table.place(int(anew[0]))}{', …' * (len(anew) > 1)}) for the start of another "
            "recording; --id says otherwise"
        )
    if roles.labels:
        labelled = np.all([table.texts(c).codes[first] >= 0 for c in roles.labels], axis=0)
        lost = int((last - first)[~labelled].sum())
        account = account.without(lost, "rows", f"without {columns_in_words(roles.labels)}")
        first, last = first[labelled], last[labelled]
        if not len(first):
            raise InputError(
                f"{table.source}: no row has a label in column {roles.labels[0]!r}; fill it in"
            )
        account = account.remarking(
            f"took each run of one label ({columns_in_words(roles.labels)}) for a series; "
            "--id says otherwise"
        )
    name, unit = named_clock(table, time)
    name = name if table.headed else "time"
    owner = np.repeat(np.arange(len(first)), last - first)
    kept = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
    rate = sampling_rate(name, times[kept], owner, unit) or options.sampling_rate
    if options.episodes is not None:
        first, last, lost = _episodes(first, last, options.episodes, rate, table.source)
        account = account.without(lost, "rows", f"behind the last {options.episodes:g} s of a run")
    empty = np.array([bool(np.isnan(values[a:b]).all()) for a, b in zip(first, last, strict=True)])
    account = account.without(int(empty.sum()), "runs", "without any value")
    first, last = first[~empty], last[~empty]
    series = [np.ascontiguousarray(values[a:b].T) for a, b in zip(first, last, strict=True)]
    check_values(series, lambda i, text: table.error(int(first[i]), text))
    stamps = [times[a:b] for a, b in zip(first, last, strict=True)]
    account = account_of(
        replace(table, account=account),
        roles,
        "recordings: a step a row",
        columns_in_words(rest),
        rate=rate is not None,
    )
    account = account.without(len(words), "columns", "text", words)
    # Other rows need no label.
    is_first = np.zeros(len(table), dtype=bool)
    is_first[first] = True
    carried: dict[str, Any] = {}
    if not usable:
        account = account.remarking("times left out, for they go back and forth")
    else:
        carried = times_or_step(stamps)
    names, units = named_channels(table, rest)
    return LabelledSeries(
        series,
        channel_names=names,
        sampling_rate=rate,
        units=units,
        source=table.source,
        account=account,
        **carried,
        **per_series(table.select(is_first), replace(roles, id=None), np.arange(len(first))),
    )


def _changes(table: Table, roles: Roles) -> NDArray[np.bool_]:
    """Rows where a series begins: the first, and where the label, or another key, changes."""
    starts = np.zeros(len(table), dtype=bool)
    starts[0] = True
    for column in (*roles.labels, roles.group, roles.fold, roles.part):
        if column is not None:
            codes = table.texts(column).codes
            starts[1:] |= codes[1:] != codes[:-1]
    return starts


def _episodes(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    seconds: float,
    rate: float | None,
    source: str,
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Cut runs of rows into pieces of so many seconds; count the rows left over."""
    if rate is None:
        raise InputError(
            f"{source}: pieces of {seconds:g} s need a sampling rate, which the times do not tell; "
            "give it with --fs"
        )
    length = max(1, round(seconds * rate))
    counts = (last - first) // length
    if not counts.any():
        raise InputError(
            f"{source}: no run of one label is {seconds:g} s long ({counted(length, 'step')}); "
            "give fewer seconds"
        )
    begin = np.concatenate(
        [a + length * np.arange(n) for a, n in zip(first, counts, strict=True)]
    ).astype(np.int64)
    return begin, begin + length, int((last - first - counts * length).sum())
