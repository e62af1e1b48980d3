"""Series out of a table: its layout is seen from its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles
from msssm_ts.datasets.tables.lists import list_columns
from msssm_ts.datasets.tables.long import read_channels, read_steps, read_values
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tables.wide import read_wide
from msssm_ts.errors import InputError


def read_text_table(file: Path, options: ReadOptions) -> LabelledSeries:
    r"""Read a text table: CSV, TSV, the UCR archive's format, or any that separates columns.

    Wide: a series a row. Every column but label, id, group and fold is a step; empty cells at a
    row's end make a shorter series, others are missing values. Long: a value a row, with
    columns id, value and, where there are any, time, channel, label, group and fold; or a step a
    row, with columns id and time and a column a channel; or a channel a row, with columns id and
    channel and steps. Without a header the first column is the label, as in the UCR archive.

    Parameters
    ----------
    file : Path
        Text, possibly compressed (.gz, .zip, .bz2, .xz).
    options : ReadOptions
        Columns that the user named.

    Raises
    ------
    InputError
        Naming file, line and column, for what cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("class,a,b,c\nx,1,2,\ny,3,4,5\n")
    >>> read_text_table(file, ReadOptions()).summary()
    '2 series, 1 channel × 2–3 steps, 2 classes: x y'
    """
    return series_of_table(*read_text(file, options))


def series_of_table(table: Table, roles: Roles) -> LabelledSeries:
    """Return the series of a table, wide or long.

    Raises
    ------
    InputError
        If they cannot be understood.
    """
    if roles.value is not None and roles.id is not None:
        return read_values(table, roles)
    if roles.value is not None:
        if roles.time is not None or roles.channel is not None:
            raise InputError(
                f"{table.source}: a value a row (column {roles.value!r}) needs a column that says "
                "which series it belongs to; name it with --id"
            )
        # A step that happens to be called so.
        rest = {*roles.rest, roles.value}
        roles = replace(roles, value=None, rest=tuple(c for c in table.columns if c in rest))
    if roles.id is not None and not list_columns(table, roles.rest) and _repeats(table, roles.id):
        if roles.time is not None:
            return read_steps(table, roles)
        if roles.channel is not None:
            return read_channels(table, roles)
    return read_wide(table, roles)


def _repeats(table: Table, column: str) -> bool:
    codes = table.texts(column).codes
    codes = codes[codes >= 0]
    return len(np.unique(codes)) < len(codes)
