"""Ids that several columns are together: trials that every session of a person counts anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.table import Table


def with_joint_id(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Make one column of those that the user named together for the id."""
    if roles.id is not None or not roles.joint:
        return table, roles
    name = " and ".join(roles.joint)
    return table.joined(roles.joint, name), replace(roles, id=name, loose_id=None)


def owners_of(table: Table, column: str, roles: Roles) -> tuple[str, ...]:
    """Return columns of people, sessions or the like within which a column counts anew."""
    return _telling_apart(table, table.texts(column).codes, _candidates(roles))


def telling_apart(
    table: Table, roles: Roles, keys: Sequence[NDArray[np.float64]]
) -> tuple[str, ...]:
    """Return the columns that would be an id with which no two rows have the same keys.

    Parameters
    ----------
    table : Table
        The whole table.
    roles : Roles
        Its columns.
    keys : sequence of arrays of shape (n_rows,)
        What is the same in several rows of a series: channel and time.

    Returns
    -------
    tuple of str
        Empty where none are known.
    """
    own = roles.joint or ((roles.id,) if roles.id is not None else ())
    codes = _together([table.texts(c).codes for c in own])
    words = table.words(roles.rest)
    candidates = [c for c in (*_candidates(roles), *words) if c not in own]
    found = _telling_apart(table, codes, candidates)
    every = [codes, *(table.texts(c).codes for c in found), *keys]
    apart = bool(found) and len(np.unique(np.stack(every), axis=1).T) == len(table)
    return (*found, *own) if apart else ()


def _candidates(roles: Roles) -> tuple[str, ...]:
    return (*(() if roles.group is None else (roles.group,)), *roles.owners)


def _telling_apart(
    table: Table, codes: NDArray[np.int64], candidates: Sequence[str]
) -> tuple[str, ...]:
    """Return candidates that differ in rows of one code, each where the ones before it agree."""
    found: list[str] = []
    for column in candidates:
        both = _together([codes, table.texts(column).codes])
        if len(np.unique(both)) > len(np.unique(codes)):
            found.append(column)
            codes = both
    return tuple(found)


def _together(codes: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.asarray(np.unique(np.stack(codes), axis=1, return_inverse=True)[1]).reshape(-1)
