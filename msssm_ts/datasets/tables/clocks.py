"""Times that names alone do not tell: a date beside a clock, moments under any name, counters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, plain_name
from msssm_ts.datasets.tables.guess import is_unnamed, numbers_of, runs_of, whole_numbers
from msssm_ts.datasets.tables.table import Table, is_text
from msssm_ts.datasets.tables.times import times_of
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

_DATES = ("date", "datum", "day", "fecha", "jour", "tag", "日期", "дата")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}([:.]\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?")
_MOMENT = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([T ]\d{1,2}:\d{2}.*)?|-?\d+ days?( [+-]?\d+:\d{2}:\d{2}.*)?"
)
# Names of columns that count, and as many of their steps as go up by one.
_COUNTER = re.compile(
    r".*(index|idx|counter|count|number|num|nr|packet|sampleno|frame|tick|rownum|lineno|sample|seq)",
)
_UP, _FEWEST, _JUMP = 0.9, 4, 10


def with_clocks(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles]:
    """Return a table and its roles with the times, and the series, that only its cells tell.

    Guesses stand in the table's account, each with the option that says otherwise.
    """
    # Of a table that is larger than memory only some columns are here.
    here = {*table.columns}
    if not here.issuperset(roles.rest):
        return table, roles
    if options.time is None and table.headed:
        table, roles = _with_date(table, roles)
        if roles.time is None and roles.value is None:
            table, roles = _moments(table, roles)
    if roles.id is None and roles.loose_id is None and roles.time is not None:
        table, roles = _named_runs(table, roles)
    return _without_counters(table, roles, options)


def _texts(table: Table, column: str) -> pd.Series | None:
    if not is_text(table.data[column].type):
        return None
    return table.data[column].cast("string").to_pandas().astype(object).str.strip()


def _with_date(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Put a date and a time of day, in a column each, together."""
    import pyarrow as pa

    clock = roles.time
    if clock is None:
        return table, roles
    others = (*roles.rest, *roles.left_out)
    date = next((c for c in others if plain_name(c) in _DATES), None)
    if date is None:
        return table, roles
    days, times = _texts(table, date), _texts(table, clock)
    if days is None or times is None or not (days.notna() & times.notna()).all():
        return table, roles
    if not (days.str.fullmatch(_DATE).all() and times.str.fullmatch(_CLOCK).all()):
        return table, roles
    name = f"{date} {clock}"
    moments = days + " " + times.str.replace(r"^(\d+)\.(\d+)\.(\d+)$", r"\1:\2:\3", regex=True)
    data = table.data.append_column(name, pa.array(moments, pa.string()))
    account = table.account.remarking(f"took {date} and {clock} together for the time")
    roles = replace(
        roles,
        time=name,
        rest=tuple(c for c in roles.rest if c != date),
        left_out=tuple(c for c in roles.left_out if c != date),
    )
    return replace(table, data=data, account=account), roles


def _moments(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Find the one column of moments, under whatever name, in a table of a step a row."""
    import pyarrow as pa

    found = [c for c in roles.rest if _are_moments(table, c)]
    # An index of moments has no name.
    temporal = [c for c in found if is_unnamed(c) or pa.types.is_temporal(table.data[c].type)]
    identifier = roles.id or roles.loose_id
    repeats = False
    if identifier is not None:
        codes = table.texts(identifier).codes
        repeats = len(np.unique(codes)) < len(codes)
    if len(found) != 1 or len(roles.rest) < 2 or not (repeats or (temporal and identifier is None)):
        return table, roles
    time = found[0]
    which = "the column without name" if is_unnamed(time) else f"column {time}"
    account = table.account.remarking(f"took {which} for the time; --time says otherwise")
    rest = tuple(c for c in roles.rest if c != time)
    return replace(table, account=account), replace(roles, time=time, rest=rest)


def _are_moments(table: Table, column: str) -> bool:
    import pyarrow as pa

    kind = table.data[column].type
    if pa.types.is_temporal(kind):
        return bool(table.data[column].null_count == 0)
    if column not in table.text_columns or not table.is_words(column):
        return False
    texts = table.texts(column)
    return bool((texts.codes >= 0).all()) and all(
        _MOMENT.fullmatch(t) for t in texts.different.tolist()
    )


def _named_runs(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Find the column of words whose every run has a clock of its own: machines, files, trials."""
    assert roles.time is not None
    for column in table.words(roles.rest):
        starts = runs_of(table, column)
        if starts is None or not 2 <= len(starts) <= len(table) / _FEWEST:
            continue
        try:
            times = times_of(table, roles.time)
        except InputError:
            return table, roles
        steps = np.diff(times)
        within = np.ones(len(steps), dtype=bool)
        within[starts[1:] - 1] = False
        usual = np.median(steps[within])
        apart = (steps[~within] <= 0) | (steps[~within] > _JUMP * usual)
        if (steps[within] > 0).all() and apart.all():
            said = f"took column {column} for the id, for its times begin anew; --id says otherwise"
            rest = tuple(c for c in roles.rest if c != column)
            table = replace(table, account=table.account.remarking(said))
            return table, replace(roles, id=column, rest=rest)
    return table, roles


def _without_counters(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles]:
    """Leave out columns that count the steps, where a row is one; the first may be the time."""
    identifier = roles.id or roles.loose_id
    if roles.value is not None or (identifier is None and roles.time is None):
        return table, roles
    owner = np.zeros(len(table), dtype=np.int64)
    if identifier is not None:
        owner = table.texts(identifier).codes
    within = np.diff(owner) == 0
    found = [
        c
        for c in roles.rest
        if c not in options.wanted
        and _COUNTER.fullmatch(plain_name(c))
        and _counts(table, c, within)
    ]
    if not found or len(found) == len(roles.rest):
        return table, roles
    rest = tuple(c for c in roles.rest if c not in found)
    free = roles.time is None and options.time is None
    time = next((c for c in found if free and _is_time(table, c, owner)), None)
    if time is not None:
        found.remove(time)
        said = f"took column {time} for the time; --time says otherwise"
        table = replace(table, account=table.account.remarking(said))
        roles = replace(roles, time=time)
    account = table.account.without(len(found), "columns", "steps that are counted", found)
    return replace(table, account=account), replace(roles, rest=rest)


def _counts(table: Table, column: str, within: NDArray[np.bool_]) -> bool:
    numbers = whole_numbers(table, column)
    if numbers is None or within.sum() < _FEWEST:
        return False
    return bool((np.diff(numbers)[within] == 1).mean() >= _UP)


def _is_time(table: Table, column: str, owner: NDArray[np.int64]) -> bool:
    """Whether no number comes again in a series."""
    numbers = numbers_of(table, column)
    assert numbers is not None
    return len(np.unique(np.stack([owner, numbers]), axis=1).T) == len(table)
