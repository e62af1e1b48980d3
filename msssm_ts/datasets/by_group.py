"""Features compared within a group: a heart rate beside the same patient's others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import OptionError
from msssm_ts.series.side_features import SideFeatures

BY_GROUP = "@group"


def plain_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that are meant.

    Examples
    --------
    >>> plain_names(["age", "hr@group", "hr"])
    ('age', 'hr')
    """
    return tuple(dict.fromkeys(name.removesuffix(BY_GROUP) for name in names))


def compared_within_groups(data: LabelledSeries, options: ReadOptions) -> LabelledSeries:
    """Put numbers that were asked for as ``NAME@group`` in their group's standard deviations.

    Parameters
    ----------
    data : LabelledSeries
        With all columns that are meant.
    options : ReadOptions
        ``beside`` names them; patterns may be among them.

    Raises
    ------
    OptionError
        If there are no groups, or a column is of categories.

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
    columns = {}
    for asked in options.beside:
        plain = ReadOptions(beside=(asked.removesuffix(BY_GROUP),))
        for name in plain.beside_columns(features.names):
            values = features.columns[features.names.index(name)]
            if asked.endswith(BY_GROUP):
                name, values = name + BY_GROUP, _compared(values, data, asked)
            columns[name] = values
    return replace(data, features=SideFeatures(tuple(columns), tuple(columns.values())))


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
            f"{asked.removesuffix(BY_GROUP)} as it is",
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
