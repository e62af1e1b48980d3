"""Series out of a table: its layout is seen from its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.clocks import with_clocks
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.flags import possible_labels
from msssm_ts.datasets.tables.guess import refined
from msssm_ts.datasets.tables.joint_id import owners_of, with_joint_id
from msssm_ts.datasets.tables.lists import list_columns, with_lists
from msssm_ts.datasets.tables.long import read_channels, read_steps, read_values
from msssm_ts.datasets.tables.part import rows_of_part
from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.stream import is_stream, read_stream
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.wide import read_wide
from msssm_ts.datasets.tables.written import with_numbers
from msssm_ts.errors import InputError

# Reads the series of a table.
Layout = Callable[[Table, Roles, ReadOptions], LabelledSeries]
# Cells that name a file or a record, rather than hold values.
_PATH = re.compile(
    r"[^\s,;]*[/\\][^\s,;]*|[^,;]*\.(wav|flac|mp3|ogg|opus|m4a|edf|bdf|dat|hea|mat|npy|npz|h5|hdf5)",
    re.IGNORECASE,
)


def series_of_table(table: Table, roles: Roles, options: ReadOptions) -> LabelledSeries:
    """Return the series of a table, wide or long.

    Raises
    ------
    InputError
        If they cannot be understood.
    """
    _refuse_paths(table, roles)
    table, roles = rows_of_part(table, roles, options)
    table, roles, read = understood(table, roles, options)
    if options.unlabelled and read is not read_stream:
        table, roles = _without_some_labels(table, roles)
    return read(table, roles, options)


def _without_some_labels(table: Table, roles: Roles) -> tuple[Table, Roles]:
    """Leave out labels that only some series have, where none are needed."""
    if not roles.labels:
        return table, roles
    has_one = np.all([table.texts(c).codes >= 0 for c in roles.labels], axis=0)
    owner = np.arange(len(table)) if roles.id is None else table.texts(roles.id).codes
    n_series = len(np.unique(owner[owner >= 0]))
    n_labelled = len(np.unique(owner[has_one & (owner >= 0)]))
    if n_labelled in (0, n_series):
        return table, roles
    account = table.account.without(
        len(roles.labels),
        "columns",
        f"only {n_labelled} of {n_series} series have a label",
        roles.labels,
    )
    return replace(table, account=account), replace(roles, labels=())


def understood(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles, Layout]:
    """Tell from columns what a table's layout is.

    Returns
    -------
    table, roles : Table, Roles
        With what only values tell of the roles.
    read : callable
        Reads the layout.

    Raises
    ------
    InputError
        If it cannot be understood.
    """
    values = [c for c in (roles.value, *roles.rest) if c is not None]
    table = with_lists(table, values)
    if roles.value in list_columns(table, values):
        # A series a row, whatever it is called.
        roles = replace(roles, value=None, rest=tuple(values))
    table = with_numbers(table, values, states=_are_steps(table, roles))
    table, roles = with_joint_id(*refined(table, roles, options))
    table, roles = with_clocks(table, roles, options)
    flags = () if roles.labels or not table.headed else possible_labels(table, roles)
    if flags:
        table = replace(table, account=table.account.took("possible labels", ", ".join(flags)))
    if roles.value is not None and roles.id is None and roles.loose_id is not None:
        roles = replace(roles, id=roles.loose_id, loose_id=None)
    if roles.id is not None or roles.time is None:
        options.refuse_unused(["episodes"], table.source, "its rows are no recording")
    if roles.value is not None and roles.id is not None:
        return table, roles, read_values
    if roles.value is not None:
        if roles.channel is not None:
            raise InputError(
                f"{table.source}: a value a row (column {roles.value!r}) needs a column that says "
                "which series it belongs to; name it with --id"
            )
        # A step, or a channel, that happens to be called so.
        rest = {*roles.rest, roles.value}
        roles = replace(roles, value=None, rest=tuple(c for c in table.columns if c in rest))
    if list_columns(table, roles.rest):
        return table, with_unique_id(table, roles), read_wide
    # Without a header columns are numbered whatever they are.
    numbered = table.headed and find_steps(roles.rest, table.source).numbered
    table, roles = _with_loose_id(table, roles, numbered)
    if roles.id is not None and _repeats(table, roles.id):
        if roles.channel is not None and (roles.time is None or numbered):
            return table, roles, read_channels
        if roles.time is not None or not numbered:
            return table, roles, read_steps
    elif is_stream(table, roles, options, numbered):
        return table, roles, read_stream
    return table, roles, read_wide


def _refuse_paths(table: Table, roles: Roles) -> None:
    column, cell = paths_in(table, roles)
    if column:
        raise InputError(
            f"{table.source}: a table of files (column {column!r}, such as {cell[:60]!r}), not of "
            "series; give the folder with the files and the table in it"
        )


def paths_in(table: Table, roles: Roles) -> tuple[str, str]:
    """Find a column that names files, in a table that says what they are and holds no values."""
    candidates = [c for c in (*roles.rest, roles.id, roles.group) if c is not None]
    words = table.words(candidates)
    values = _others(roles.rest, words)
    if not words or (len(values) > 2 and find_steps(values, table.source).numbered):
        return "", ""
    for column in words:
        given = [t for t in table.texts(column).different.tolist() if t]
        if sum(_PATH.fullmatch(t) is not None for t in given) >= 0.8 * len(given) > 0:
            return column, given[0]
    return "", ""


def _others(columns: Sequence[str], words: Sequence[str]) -> list[str]:
    unneeded = set(words)
    return [c for c in columns if c not in unneeded] if words else []


def with_unique_id(table: Table, roles: Roles) -> Roles:
    """Take a trial, or the like, for the id where no two rows have the same."""
    loose = roles.loose_id
    if loose is None or roles.id is not None:
        return roles
    if _repeats(table, loose):
        return replace(roles, loose_id=None, left_out=(*roles.left_out, loose))
    return replace(roles, id=loose, loose_id=None)


def _with_loose_id(table: Table, roles: Roles, numbered: bool) -> tuple[Table, Roles]:
    """Take a trial, or the like, for the id where the rows of one can be the steps of a series."""
    loose = roles.loose_id
    if loose is None or roles.id is not None:
        return table, roles
    # Times beside them are those of steps, even where channels are numbered (dim_0, dim_1).
    if (numbered and roles.time is None) or not _repeats(table, loose):
        return table, with_unique_id(table, roles)
    codes = table.texts(loose).codes
    owners = owners_of(table, loose, roles)
    if owners:
        # Trials that every person, or every session of one, counts from one.
        left_out = tuple(c for c in roles.left_out if c not in owners)
        roles = replace(roles, joint=(*owners, loose), left_out=left_out)
        table, roles = with_joint_id(table, roles)
        said = f"took {roles.id} together for the id; --id says otherwise"
        return replace(table, account=table.account.remarking(said)), roles
    if len(np.flatnonzero(np.diff(codes))) + 1 > len(table) / 2 and roles.time is None:
        return table, with_unique_id(table, roles)
    return table, replace(roles, id=loose, loose_id=None)


def _are_steps(table: Table, roles: Roles) -> bool:
    """Whether names of columns say that a row is a step, or a value, rather than a series."""
    known = roles.value is not None or roles.time is not None
    return known or any(_repeats(table, c) for c in (roles.id, roles.loose_id) if c is not None)


def _repeats(table: Table, column: str) -> bool:
    codes = table.texts(column).codes
    codes = codes[codes >= 0]
    return len(np.unique(codes)) < len(codes)
