"""What columns are whose names do not say it, seen from their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, plain_name
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.datasets.tables.table import Table, Texts, is_text

# So few rows can be of any classes.
_FEW_ROWS = 20
_UNNAMED = re.compile(r"|\.\d+|Unnamed: .*|level_\d+|__index_level_\d+__")
# A recording has few columns, and long runs of one label.
_STREAM_COLUMNS, _STREAM_ROWS, _STREAM_RUN = 64, 50, 10


def refined(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles]:
    """Return a table and its roles with those that only its values tell.

    Guesses stand in the table's account, each with the option that says otherwise.
    """
    table, roles = _without_unnamed(table, roles)
    table, roles = _of_influx(table, roles, options)
    roles = _second_axis(table, roles, options)
    if roles.id is None and options.id is None and options.time is None:
        table, roles = _counted_rows(table, roles)
    if not table.headed:
        if roles.id is None and roles.time is None:
            table, roles = _headerless_stream(table, roles)
        if not roles.labels and roles.id is None and roles.time is None:
            table, roles = _headerless_label(table, roles)
    return table, roles


def _of_influx(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles]:
    """Tell the columns of InfluxDB's tables: a table a series, a field a channel."""
    columns = {*table.columns}
    if (
        not columns >= {"result", "table", "_time"}
        or options.id is not None
        or roles.id is not None
    ):
        return table, roles
    fields = "_field" if {"_field", "_value"} <= columns else None
    tags = [c for c in table.words(roles.rest) if not c.startswith("_") and c != "result"]
    several = fields is not None and len(table.texts(fields).different) > 1
    if several and tags:
        # Every field of a series is a table of its own.
        table = table.joined(tags, " and ".join(tags)) if len(tags) > 1 else table
        own, channel = " and ".join(tags), options.channel or fields
    else:
        own, channel = "table", options.channel
    gone = {own, channel, "result", "table", *tags, *(c for c in columns if c.startswith("_"))}
    rest = tuple(c for c in roles.rest if c not in gone)
    left_out = tuple(c for c in roles.rest if c in gone and c not in (own, channel))
    said = f"took {own} for the id, as InfluxDB writes its tables; --id says otherwise"
    roles = replace(roles, id=own, channel=channel, rest=rest)
    roles = replace(roles, left_out=(*roles.left_out, *left_out))
    return replace(table, account=table.account.remarking(said)), roles


def is_unnamed(column: str) -> bool:
    """Whether a column has no name but what a writer of tables gives it.

    Examples
    --------
    >>> is_unnamed("Unnamed: 0"), is_unnamed("t0")
    (True, False)
    """
    return _UNNAMED.fullmatch(column) is not None


def is_plausible_label(texts: Texts, n_rows: int) -> bool:
    """Whether a column can be labels: words or whole numbers, and few different ones.

    Parameters
    ----------
    texts : Texts
        The column.
    n_rows : int
        Of the table.
    """
    numbers = [as_float(t) for t in texts.different.tolist()]
    known = [n for n in numbers if n is not None]
    if any(not n.is_integer() for n in known):
        return False
    return n_rows <= _FEW_ROWS or len(numbers) <= n_rows / 2


def _headerless_label(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Take the first column for the label, as in the UCR archive, or the last, if it can be one."""
    if len(roles.rest) < 2:
        return table, roles
    first, last = roles.rest[0], roles.rest[-1]
    n_rows = len(table)
    can = [_can_be_label(table, c) for c in (first, last)]
    inner = roles.rest[len(roles.rest) // 2]
    if can[0] and len(table.texts(first).different) > _FEW_ROWS < n_rows:
        # Whole numbers throughout, and the first column is like the others.
        others = table.texts(inner)
        can[0] = not (
            is_plausible_label(others, n_rows)
            and len(table.texts(first).different) > len(others.different) / 4
        )
    if can[1] and not can[0]:
        # All zero is what pads the end of series.
        can[1] = len(table.texts(last).different) > 1
    if not (can[0] or can[1]):
        return replace(
            table,
            account=table.account.remarking(
                "took the table for one without labels, for neither the first nor the last column "
                "can be one; --label says otherwise"
            ),
        ), roles
    if can[0]:
        return table, replace(roles, labels=(first,), rest=roles.rest[1:])
    account = table.account.remarking(f"took column {last} for the label; --label says otherwise")
    rest, left_out = roles.rest[:-1], roles.left_out
    if table.is_words(first):
        rest, left_out = rest[1:], (*left_out, first)
    table = replace(table, account=account)
    return table, replace(roles, labels=(last,), rest=rest, left_out=left_out)


def _can_be_label(table: Table, column: str) -> bool:
    """Whether a column of a text can be labels; one read as numbers has shown fractions."""
    return column in table.text_columns and is_plausible_label(table.texts(column), len(table))


def _without_unnamed(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Leave out columns without name that are empty, or count the rows as pandas writes them."""
    if not table.headed:
        return table, roles
    unnamed = [c for c in roles.rest if is_unnamed(c)]
    # Two of them are the index of series and of their steps.
    if len(unnamed) == 2 and list(roles.rest[:2]) == unnamed:
        return table, roles
    empty = [c for c in unnamed if table.is_empty(c)]
    counting = [c for c in unnamed[:1] if c == table.columns[0] and _counts_rows(table, c)]
    account = table.account.without(len(empty), "columns", "without name and empty")
    account = account.without(len(counting), "columns", names=["row numbers"][: len(counting)])
    gone = {*empty, *counting}
    rest = tuple(c for c in roles.rest if c not in gone) if gone else roles.rest
    return replace(table, account=account), replace(roles, rest=rest)


def _counts_rows(table: Table, column: str) -> bool:
    """Whether a column counts the rows, of all or of some that were chosen, or those of each id."""
    numbers = whole_numbers(table, column)
    if numbers is None or numbers.min() < 0:
        return False
    if len(np.unique(numbers)) == len(numbers):
        return True
    begins = np.flatnonzero(np.diff(numbers, prepend=numbers[0]) != 1)
    return numbers[0] in (0, 1) and bool((numbers[begins] == numbers[0]).all())


def _second_axis(table: Table, roles: Roles, options: ReadOptions) -> Roles:
    """Take y beside x for a channel where it is measured, rather than for the label."""
    if options.label is not None or len(roles.labels) != 1:
        return roles
    label = roles.labels[0]
    if plain_name(label) != "y" or "x" not in map(plain_name, roles.rest):
        return roles
    numbers = [as_float(t) for t in table.texts(label).different.tolist()]
    if None in numbers or all(n is not None and n.is_integer() for n in numbers):
        return roles
    taken = {*roles.rest, label}
    return replace(roles, labels=(), rest=tuple(c for c in table.columns if c in taken))


def _counted_rows(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Find an index of series and steps: a column that counts up in runs of another."""
    if roles.loose_id is not None:
        return table, roles
    steps = roles.rest[1:2] if roles.time is None else (roles.time,)
    values = roles.rest if roles.value is None else (*roles.rest, roles.value)
    if len(values) < 2 + (roles.time is None) or not (roles.rest and steps):
        return table, roles
    series, step = roles.rest[0], steps[0]
    runs = runs_of(table, series)
    if runs is None or not 2 <= len(runs) <= len(table) / 3:
        return table, roles
    counts = whole_numbers(table, step)
    if counts is None:
        return table, roles
    owner = np.zeros(len(table), dtype=bool)
    owner[runs] = True
    up = np.diff(counts)[~owner[1:]]
    starts = counts[runs]
    if not (up > 0).all() or (starts == np.median(starts)).mean() < 0.9 or starts.max() > 1:
        return table, roles
    rest = tuple(c for c in roles.rest if c not in (series, step))
    named = not (is_unnamed(series) or is_unnamed(step))
    said = f"columns {series} and {step}" if named else "the first two columns"
    account = table.account.remarking(f"took {said} for id and time; --id and --time say otherwise")
    return replace(table, account=account), replace(roles, id=series, time=step, rest=rest)


def runs_of(table: Table, column: str) -> NDArray[np.int64] | None:
    """Return the first rows of runs of equal values, if no value comes again; None otherwise."""
    if is_text(table.data[column].type) and table.is_words(column):
        codes = table.texts(column).codes
    else:
        numbers = whole_numbers(table, column)
        if numbers is None:
            return None
        codes = np.unique(numbers, return_inverse=True)[1]
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    return starts if len(starts) == len(np.unique(codes)) else None


def whole_numbers(table: Table, column: str) -> NDArray[np.float64] | None:
    """Return the values of a column of whole numbers without gap; None if it is no such."""
    numbers = numbers_of(table, column)
    if numbers is None or not len(numbers):
        return None
    # Most columns of other numbers show it at once.
    for part in (numbers[:100], numbers):
        if not np.array_equal(part, np.round(part)):
            return None
    return numbers


def numbers_of(table: Table, column: str) -> NDArray[np.float64] | None:
    """Return the values of a column of numbers; None where one is something else."""
    from msssm_ts.errors import InputError

    try:
        return table.numbers([column])[:, 0]
    except InputError:
        return None


@dataclass(frozen=True)
class _Stream:
    label: str
    time: str
    group: str | None


def _headerless_stream(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Find the label, time and person of a recording with a step a row and no names."""
    if len(roles.rest) > _STREAM_COLUMNS or len(table) < _STREAM_ROWS:
        return table, roles
    found = _find_stream(table, roles)
    if found is None:
        return table, roles
    named = {"label": found.label, "time": found.time, "group": found.group}
    said = ", ".join(f"column {c} for the {role}" for role, c in named.items() if c is not None)
    account: Account = table.account.remarking(
        f"took {said}; --label, --time and --group say otherwise"
    )
    taken = set(named.values())
    rest = tuple(c for c in roles.rest if c not in taken)
    roles = replace(
        roles, labels=(found.label,), time=found.time, group=found.group or roles.group, rest=rest
    )
    return replace(table, account=account), roles


def _find_stream(table: Table, roles: Roles) -> _Stream | None:
    candidates = roles.labels or tuple(
        c for c in (*roles.rest[:3], roles.rest[-1]) if _has_long_runs(table, c)
    )
    words = [c for c in candidates if table.is_words(c)]
    for label in words or candidates:
        codes = table.texts(label).codes
        within = np.diff(codes) == 0
        for time in roles.rest[:4]:
            if time == label:
                continue
            values = numbers_of(table, time)
            if values is None or np.isnan(values).any():
                continue
            if within.any() and (np.diff(values)[within] > 0).mean() >= 0.9:
                groups = [
                    c
                    for c in candidates
                    if c not in (label, time) and whole_numbers(table, c) is not None
                ]
                return _Stream(label, time, groups[0] if groups and label in words else None)
    return None


def _has_long_runs(table: Table, column: str) -> bool:
    if column not in table.text_columns:
        return False
    texts = table.texts(column)
    runs = 1 + int((np.diff(texts.codes) != 0).sum())
    return (
        is_plausible_label(texts, len(table))
        and len(texts.different) <= _STREAM_COLUMNS
        and runs <= len(table) / _STREAM_RUN
    )
