"""The column of a table that divides its series into parts: train, validation, test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import are_parts, are_tests_beside, part_of, parts_in_column
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.table import Table
from msssm_ts.errors import InputError


def with_part(table: Table, roles: Roles) -> Roles:
    """Find the column of parts by what it holds, where none is known by its name."""
    for column in named_parts(table, roles):
        if are_parts(table.texts(column).different.tolist()):
            rest = tuple(c for c in roles.rest if c != column)
            left_out = tuple(c for c in roles.left_out if c != column)
            return replace(roles, part=column, rest=rest, left_out=left_out)
    return roles


def named_parts(table: Table, roles: Roles) -> tuple[str, ...]:
    """Return the columns that hold names of parts alone; none where one is known by its name."""
    if roles.part is not None:
        return ()
    texts = table.text_columns
    found = [c for c in (*roles.left_out, *roles.rest) if c in texts]
    return tuple(c for c in found if _are_named(table.texts(c).different.tolist()))


def _are_named(names: Sequence[str]) -> bool:
    return bool(names) and all(part_of(n) is not None for n in names)


def rows_of_part(table: Table, roles: Roles, options: ReadOptions) -> tuple[Table, Roles]:
    """Keep the rows of the part that is meant, where a column divides the table."""
    if roles.part is not None:
        named = parts_in_column(roles.part, table.texts(roles.part).different.tolist())
        if len({*named} - {None}) < 2:
            roles = replace(roles, part=None, left_out=(*roles.left_out, roles.part))
    roles = with_part(table, roles)
    if roles.part is None:
        return table, roles
    texts = table.texts(roles.part)
    names = texts.different.tolist()
    parts = parts_in_column(roles.part, names)
    odd = [n for n, part in zip(names, parts, strict=True) if part is None]
    if odd:
        raise InputError(
            f"{table.source}: column {roles.part!r} names parts of a split, but "
            f"{enumerate_names(odd, 3)} is none; call it train, validation or test, or remove "
            "those rows"
        )
    wanted = {"test"} if options.split == "test" else {"train", "validation"}
    meant = np.array([*(part in wanted for part in parts), False])
    keep = meant[texts.codes]
    if not keep.any():
        raise InputError(
            f"{table.source}: no row has {options.split!r} in column {roles.part!r}, but "
            f"{', '.join(names[:6])}; give a table with such rows"
        )
    gone = sorted({n for n, m in zip(names, meant, strict=False) if not m})
    none = texts.codes < 0
    account = table.account.without(
        int((~keep & ~none).sum()), "rows", f"of another part in column {roles.part}", gone
    ).without(int(none.sum()), "rows", f"without a part in column {roles.part}")
    tests = are_tests_beside(parts, options.split)
    return replace(table.select(keep), account=account), replace(roles, has_test_part=tests)
