"""What was understood of a table, in the words of its account."""

from __future__ import annotations

from collections.abc import Sequence

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.several import several_in_cells
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.dates import on_dates
from msssm_ts.datasets.tables.table import Table


def account_of(
    table: Table,
    roles: Roles,
    layout: str,
    channels: str,
    *,
    left_out: Sequence[str] = (),
    rate: bool = False,
) -> Account:
    """Return the account of a table: what each column was taken for, and which are left out.

    Parameters
    ----------
    table : Table
        What was read.
    roles : Roles
        Its columns.
    layout : str
        In words.
    channels : str
        What the channels, and their steps, are.
    left_out : sequence of str
        Columns that become no part of the series, beside those of ``roles``.
    rate : bool
        Whether the column of times tells the sampling rate.
    """
    account = table.account.took("layout", layout)
    for role, columns in (
        ("label", roles.labels),
        ("id", (roles.id,)),
        ("group", (roles.group,)),
        ("fold", (roles.fold,)),
        ("part", (roles.part,)),
        ("time", (roles.time,)),
        ("channel", (roles.channel,)),
        ("value", (roles.value,)),
        ("unit", (roles.unit,)),
        ("beside the series", roles.beside),
    ):
        names = [c for c in columns if c is not None]
        if names:
            account = account.took(role, columns_in_words(names))
    if len(roles.labels) == 1:
        several = several_in_cells(table.texts(roles.labels[0]).different.tolist())
        if several is not None:
            account = account.remarking(several.remark(roles.labels[0]))
    account = account.remarking(on_dates(table, roles.time)).took("channels", channels)
    if rate and roles.time is not None:
        account = account.took("sampling rate", f"the steps of {columns_in_words([roles.time])}")
    names = list(dict.fromkeys([*left_out, *roles.left_out]))
    return account.without(len(names), "columns", names=names)


def columns_in_words(columns: Sequence[str]) -> str:
    """Name columns.

    Examples
    --------
    >>> columns_in_words(["a"]), columns_in_words(["t0", "t1", "t2"])
    ('column a', 'columns t0, t1, t2')
    """
    kind = "column" if len(columns) == 1 else "columns"
    if len(columns) > 8:
        return f"{kind} {columns[0]} … {columns[-1]} ({len(columns)} in all)"
    shown = ["without name" if c in ("", ".1") else c for c in columns]
    return f"{kind} {enumerate_names(shown, 8)}"
