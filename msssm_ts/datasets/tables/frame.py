"""Data frames of pandas and polars, and Parquet files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.datasets.account import DROPPED, Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, find_roles, on_repeated, unique_names
from msssm_ts.datasets.tables.layout import series_of_table
from msssm_ts.datasets.tables.lazy_parquet import read_lazily
from msssm_ts.datasets.tables.many_files import Parts
from msssm_ts.datasets.tables.parquet import is_too_large, open_parquet, read_columns
from msssm_ts.datasets.tables.table import Table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def from_frame(frame: Any, options: ReadOptions | None = None) -> LabelledSeries:
    """Return the series of a pandas or polars data frame, wide or long.

    The columns are those of a CSV file (see :func:`msssm_ts.datasets.load`). A column can
    also hold whole series, as lists, arrays or pandas Series; several such columns are channels.

    Parameters
    ----------
    frame : pandas.DataFrame or polars.DataFrame
        The table. An index of pandas becomes columns where it has names, and
        the column time where it holds times.
    options : ReadOptions, optional
        Columns that are not found by their names.

    Raises
    ------
    InputError
        If the series cannot be understood.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"label": ["a", "b"], "t0": [1.0, 2.0], "t1": [3.0, 4.0]})
    >>> from_frame(frame).summary()
    '2 series, 1 channel × 2 steps, 2 classes: a b'
    """
    # Only polars has it, and pandas none of the name.
    data = frame.to_arrow() if hasattr(frame, "to_arrow") else _of_pandas(frame)
    return series_of_arrow(data, "data frame", options or ReadOptions())


def is_frame(source: Any) -> bool:
    """Whether something is a data frame of pandas or polars."""
    return hasattr(source, "columns") and (hasattr(source, "to_arrow") or hasattr(source, "iloc"))


def read_parquet(file: Path, options: ReadOptions) -> LabelledSeries:
    """Read a Parquet file: wide, long, or with a column of series.

    Of one that is too large for memory, and has a series a row, series are read when they are asked
    for.

    Raises
    ------
    InputError
        If it is damaged, or the series cannot be understood.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.parquet")
    >>> pd.DataFrame({"label": ["a", "b"], "ecg": [[1.0, 2.0], [3.0]]}).to_parquet(file)
    >>> read_parquet(file, ReadOptions()).summary()
    '2 series, 1 channel × 1–2 steps, 2 classes: a b'
    """
    if is_too_large([file]):
        return read_lazily(Parts.alone(file), options)
    with open_parquet(file) as parquet:
        data = read_columns(parquet, file)
    index = [c for c in data.column_names if c.startswith("__index_level_")]
    # An index of one level counts rows, or says their times; one of two says series and step.
    if len(index) == 1 and _are_times(data, index[0]):
        names = ["time" if c == index[0] else c for c in data.column_names]
        data, index = data.rename_columns(names), []
    data = data if len(index) > 1 else data.drop_columns(index)
    order = [*index, *(c for c in data.column_names if c not in set(index))]
    return series_of_arrow(data.select(order) if len(index) > 1 else data, str(file), options)


def _are_times(data: pa.Table, index: str) -> bool:
    import pyarrow as pa

    kind = data.schema.field(index).type
    return "time" not in data.column_names and bool(pa.types.is_temporal(kind))


def series_of_arrow(
    data: pa.Table,
    source: str,
    options: ReadOptions,
    *,
    place: Callable[[int], str] = lambda row: f"row {row + 1}",
    account: Account | None = None,
) -> LabelledSeries:
    """Return the series of a table of Arrow.

    Parameters
    ----------
    data : pyarrow.Table
        Wide, long, or with columns of lists.
    source : str
        Where it comes from.
    options : ReadOptions
        Columns that the user named.
    place : callable
        Says in words where a row stands in the source.
    account : Account, optional
        Of what has been left out.

    Raises
    ------
    InputError
        If the series cannot be understood.
    """
    names = data.column_names
    data = data.rename_columns(unique_names(names, source))
    options.check_columns(data.column_names, source)
    if not data.num_rows:
        raise InputError(f"{source}: the table has no rows; give one with series")
    roles = _without_lists(find_roles(data.column_names, options), data, options)
    dropped = options.dropped(data.column_names)
    account = (account or Account()).without(len(dropped), "columns", DROPPED, dropped)
    account = account.remarking(on_repeated(names, data.column_names))
    table = Table(data.drop_columns(list(dropped)), source, place, account=account)
    return series_of_table(table, roles, options)


def _without_lists(roles: Roles, data: pa.Table, options: ReadOptions) -> Roles:
    """Return roles without a label that was found by its name, such as y, and holds series."""
    import pyarrow as pa

    if options.label is not None or len(roles.labels) != 1:
        return roles
    kind = data.schema.field(roles.labels[0]).type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return roles
    rest = {*roles.rest, *roles.labels}
    return replace(roles, labels=(), rest=tuple(c for c in data.column_names if c in rest))


def _of_pandas(frame: pd.DataFrame) -> pa.Table:
    import pandas as pd
    import pyarrow as pa

    if frame.index.nlevels > 1 or frame.index.name is not None:
        frame = frame.reset_index()
    elif isinstance(frame.index, (pd.DatetimeIndex, pd.TimedeltaIndex)) and "time" not in frame:
        frame = frame.reset_index(names="time")
    names = list(map(str, frame.columns))
    arrays = []
    for name, (_, cells) in zip(names, frame.items(), strict=True):
        if cells.dtype == np.float64:
            arrays.append(pa.array(cells.to_numpy(), from_pandas=True))
            continue
        first = cells.iloc[0] if len(cells) else None
        if isinstance(first, (pd.Series, np.ndarray)):
            # pyarrow knows neither, nor arrays of two dimensions.
            cells = [np.asarray(c).tolist() for c in cells]
        try:
            arrays.append(pa.array(cells, from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"data frame, column {name}: its cells are of different kinds ({reason[:120]}); "
                "make them all numbers or all text"
            ) from error
    return pa.table(arrays, names=names)
