"""Arrays of series whose labels stand in a table beside them, a row a series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.arrays.named_arrays import series_of_arrays
from msssm_ts.datasets.arrays.stored import Stored, series_of_stored
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.account import columns_in_words
from msssm_ts.datasets.tables.columns import find_roles
from msssm_ts.datasets.tables.joint_id import with_joint_id
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.errors import InputError
from msssm_ts.text import counted

_TABLES = (".csv", ".tsv")


def array_with_table(
    file: Path,
    array: NDArray[Any] | Stored,
    options: ReadOptions,
    beside: dict[str, Any] | None = None,
) -> LabelledSeries:
    """Return the series of an array, with labels, ids and groups of a table beside it.

    The table is called ``labels.csv``, ``y.csv``, or as the array is, and has a row for each
    series, in order.

    Parameters
    ----------
    file : Path
        Of the array.
    array : array or Stored
        The series.
    options : ReadOptions
        ``label``, ``id``, ``group``, ``fold`` and ``beside`` name columns of the table.
    beside : dict from str to array, optional
        Small arrays that say something of the series; where labels are among them no table is
        looked for.

    Raises
    ------
    InputError
        If the table has another number of rows, or an option names what is not there.
    """
    arrays = beside or {}
    table_file = None if "y" in arrays else _table(file)
    if table_file is None:
        options.refuse_unused(["beside"], str(file), "no table beside it has a row a series")
        return _series(array, arrays, str(file), options)
    data = _series(array, arrays, str(file), ReadOptions(axes=options.axes))
    own = replace(options, axes=None, sampling_rate=None, max_memory=None)
    table, _ = read_text(table_file, own)
    table, roles = with_joint_id(table, find_roles(table.columns, own))
    if len(table) != data.n_series:
        raise InputError(
            f"{table_file}: {counted(len(table), 'row')} for {data.n_series} series in "
            f"{file.name}; give one for each, in order"
        )
    roles = replace(roles, part=None, loose_id=None)
    fields = per_series(table, roles, np.arange(data.n_series))
    account = data.account.took("table", f"the order of rows in {table_file.name}")
    for role, columns in (
        ("label", roles.labels),
        ("id", (roles.id,)),
        ("group", (roles.group,)),
        ("fold", (roles.fold,)),
        ("beside the series", roles.beside),
    ):
        names = [c for c in columns if c is not None]
        account = account.took(role, columns_in_words(names)) if names else account
    used = set(roles.keys)
    rest = [*(c for c in table.columns if c not in used), *roles.left_out]
    rest = list(dict.fromkeys(rest))
    if len(table.columns) == 1 and not roles.labels:
        # A list of labels alone.
        roles = replace(roles, labels=(table.columns[0],))
        fields, rest = per_series(table, roles, np.arange(data.n_series)), []
        account = account.took("label", columns_in_words(roles.labels))
    account = account + Account((), table.account.left_out, table.account.remarks)
    return replace(
        data, **fields, account=account.without(len(rest), "columns", "of the table", rest)
    )


def _series(
    array: NDArray[Any] | Stored, beside: dict[str, Any], source: str, options: ReadOptions
) -> LabelledSeries:
    if isinstance(array, Stored):
        return series_of_stored(array, beside, source, options)
    return series_of_arrays({"X": array, **beside}, source, options)


def _table(file: Path) -> Path | None:
    stem = file.name.removesuffix(file.suffix)
    names = [f"{stem}_labels", f"{stem}_y", f"y_{stem}", f"labels_{stem}", stem]
    if stem[:1] in ("X", "x"):
        names += [f"y{stem[1:]}", f"labels{stem[1:]}"]
    names.append("labels")
    places = [file.with_name(f"{n}{suffix}") for n in names for suffix in _TABLES]
    return next((p for p in places if p.is_file()), None)
