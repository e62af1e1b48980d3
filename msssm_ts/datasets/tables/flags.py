"""Columns of 0 and 1 that may be labels, where nothing else is one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

import numpy as np

from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.guess import whole_numbers
from msssm_ts.datasets.tables.table import Table

_DIGITS = re.compile(r"\d+")


def possible_labels(table: Table, roles: Roles) -> tuple[str, ...]:
    """Return the columns at either end that hold 0 and 1 alone, as classes that are a column each.

    Parameters
    ----------
    table : Table
        With names for its columns.
    roles : Roles
        Without labels.

    Returns
    -------
    tuple of str
        Empty where all columns are such: these are series of 0 and 1. So is one of many steps.
    """

    def flags(columns: Iterable[str]) -> list[str]:
        return list(takewhile(lambda column: _are_flags(table, column), columns))

    last = flags(reversed(roles.rest))
    if len(last) == len(roles.rest):
        return ()
    found = [*flags(roles.rest), *reversed(last)]
    others = {_DIGITS.sub("", c) for c in roles.rest if c not in set(found)}
    return tuple(c for c in found if _DIGITS.sub("", c) not in others)


def _are_flags(table: Table, column: str) -> bool:
    numbers = whole_numbers(table, column)
    return numbers is not None and np.array_equal(np.unique(numbers), [0, 1])
