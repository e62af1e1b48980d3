"""Features compared within a group: a heart rate beside the same patient's others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import BY_GROUP, ReadOptions, meant_column
from msssm_ts.errors import OptionError
from msssm_ts.series.side_features import SideFeatures


def compared_within_groups(data: LabelledSeries, options: ReadOptions) -> LabelledSeries:
    """Put numbers that were asked for as ``NAME@group`` in their group's standard deviations.

    A column that is called ``NAME@group`` itself stays as it is, which is said.

    Parameters
    ----------
    data : LabelledSeries
        With all columns that are meant.
    options : ReadOptions
        ``beside`` names them; patterns may be among them.

    Raises
    ------
    OptionError
        If there are no groups, a column is of categories, or one is called as what would be made.

    Examples
    --------
    >>> beside = SideFeatures(("hr",), (np.array([60.0, 80.0, 100.0, 104.0]),))
    >>> data = LabelledSeries([], groups=np.array(list("aabb")), features=beside)
    >>> found = compared_within_groups(data, ReadOptions(beside=("hr@group",))).features
    >>> found.names, found.columns[0].tolist()
    (('hr@group',), [-1.0, 1.0, -1.0, 1.0])
    """
    features = data.features
    if features is None or not any(name.endswith(BY_GROUP) for name in options.beside):
        return data
    columns, account = {}, data.account
    for asked in options.beside:
        is_called_so = asked in features.names
        if is_called_so and asked.endswith(BY_GROUP):
            account = account.remarking(
                f"took {asked} for the column that is called so, as it is; to compare "
                f"{meant_column(asked)} within groups call that column otherwise"
            )
        for name in ReadOptions(beside=(asked,)).beside_columns(features.names):
            values = features.columns[features.names.index(name)]
            if asked.endswith(BY_GROUP) and not is_called_so:
                name, values = name + BY_GROUP, _compared(values, data, asked)
                _refuse_called_so(name, asked, data)
            columns[name] = values
    features = SideFeatures(tuple(columns), tuple(columns.values()))
    return replace(data, features=features, account=account)


def _refuse_called_so(name: str, asked: str, data: LabelledSeries) -> None:
    assert data.features is not None
    if name in data.features.names:
        raise OptionError(
            f"{data.source}: --with {asked} would make {name}, and a column is called so; rename "
            "the column, or name columns one by one",
            "beside",
        )


def _compared(values: NDArray[np.float64], data: LabelledSeries, asked: str) -> NDArray[np.float64]:
    if data.groups is None:
        raise OptionError(
            f"{data.source}: --with {asked} compares within a group, and there are no groups; name "
            "their column with --group",
            "beside",
        )
    if values.dtype.kind != "f":
        raise OptionError(
            f"{data.source}: --with {asked} is of categories, which have no mean; take "
            f"{meant_column(asked)} as it is",
            "beside",
        )
    group = np.unique(data.groups, return_inverse=True)[1]
    known = ~np.isnan(values)
    count = np.maximum(np.bincount(group, known), 1)
    mean = np.bincount(group, np.where(known, values, 0.0)) / count
    apart = values - mean[group]
    spread = np.sqrt(np.bincount(group, np.where(known, apart, 0.0) ** 2) / count)[group]
    # All alike, or alone: as the group's mean.
    found: NDArray[np.float64] = np.where(
        known & (spread == 0), 0.0, apart / np.where(spread > 0, spread, 1.0)
    )
    return found
