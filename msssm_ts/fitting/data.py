"""What there is to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas import isna
from sklearn.utils.validation import check_consistent_length

from msssm_ts.datasets.labels import first_missing
from msssm_ts.fitted.parts import Labels
from msssm_ts.fitting.targets import Targets, check_weights, encode_targets
from msssm_ts.series import Series, lengths_of, take
from msssm_ts.series.checks import refuse_masked
from msssm_ts.series.prepared import Times
from msssm_ts.series.side_features import SideFeatures
from msssm_ts.text import counted


@dataclass(frozen=True)
class TrainingData:
    """Checked series and what belongs to them, one entry a series.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    targets : Targets
        Labels.
    weights : array of shape (n_series,)
        Of the series, above 0.
    groups : array of shape (n_series,), optional
        A patient, a speaker.
    validation : boolean array of shape (n_series,), optional
        The series to set aside.
    times : list of arrays of shape (length,), optional
        Time stamps.
    remarks : tuple of str
        What was noticed when the series were checked, for the record.
    numbers : integer array of shape (n_series,), optional
        The series' places among those that were passed, where some were left out.
    features : SideFeatures, optional
        What is known beside the series.
    ids : sequence of str, optional
        What the series are called.
    unlabelled : sequence of arrays of shape (n_channels, length), optional
        Series without labels, a list or lazy; none of the above is of them.
    """

    series: Sequence[Series]
    targets: Targets
    weights: NDArray[np.float64]
    groups: NDArray[Any] | None = None
    validation: NDArray[np.bool_] | None = None
    times: Sequence[Times] | None = None
    remarks: tuple[str, ...] = ()
    numbers: NDArray[np.int64] | None = None
    features: SideFeatures | None = None
    ids: Sequence[str] | None = None
    unlabelled: Sequence[Series] | None = None

    def __len__(self) -> int:
        return len(self.series)

    def facts(self) -> dict[str, Any]:
        """Return what a model remembers of the series that it has learned from."""
        lengths = lengths_of(self.series)
        encoded = self.targets.encoded
        counts = (
            encoded.sum(0)
            if self.targets.multilabel
            else np.bincount(encoded, minlength=len(self.targets.classes))
        )
        facts: dict[str, Any] = {
            "n_series": len(self),
            "shortest": int(lengths.min()),
            "longest": int(lengths.max()),
            "counts": counts.astype(int).tolist(),
        }
        if self.groups is not None:
            facts["n_groups"] = len(np.unique(self.groups))
        return facts

    def take(self, index: NDArray[np.int64]) -> TrainingData:
        """Return some of the series with all that belongs to them."""
        return TrainingData(
            take(self.series, index),
            self.targets[index],
            self.weights[index],
            None if self.groups is None else self.groups[index],
            None if self.validation is None else self.validation[index],
            None if self.times is None else [self.times[i] for i in index],
            self.remarks,
            index if self.numbers is None else self.numbers[index],
            None if self.features is None else self.features.take(index),
            None if self.ids is None else [self.ids[i] for i in index],
            self.unlabelled,
        )


def training_data(
    series: Sequence[Series],
    y: Any,
    *,
    sample_weight: Any = None,
    groups: Any = None,
    validation: Any = None,
    times: Sequence[Times] | None = None,
    features: SideFeatures | None = None,
    ids: Sequence[Any] | None = None,
    known: Labels | None = None,
    classes: NDArray[Any] | None = None,
) -> TrainingData:
    """Check what was passed to ``fit``; series of no weight are left out.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Checked.
    y, sample_weight, groups, validation, times, features, ids
        As of :meth:`msssm_ts.MSSSMClassifier.fit`.
    known : Labels, optional
        Of the first fit, where this one goes on from it.
    classes : array, optional
        All labels that will ever come.

    Raises
    ------
    ValueError
        If they do not belong together.
    """
    wanted = {"sample_weight": sample_weight, "groups": groups, "validation": validation}
    for name, value in wanted.items():
        refuse_masked(name, value)
    targets = encode_targets(y, classes if known is None else known.classes)
    check_consistent_length(series, targets.encoded)
    if known is not None and targets.multilabel != known.multilabel:
        raise ValueError("y must be of the same kind as in the first fit: labels or a matrix")
    data = TrainingData(
        series,
        targets,
        check_weights(sample_weight, len(series)),
        None if groups is None else np.asarray(groups),
        None if validation is None else np.asarray(validation),
        times,
        features=features,
        ids=None if ids is None else [str(name) for name in ids],
    )
    if ids is not None:
        check_consistent_length(series, data.ids)
    for name, value in (("groups", data.groups), ("validation", data.validation)):
        if value is not None and value.shape != (len(series),):
            raise ValueError(f"{name} must have one entry a series, not shape {value.shape}")
    flags = data.validation
    if flags is not None and (isna(flags).any() or not np.isin(flags, (False, True)).all()):
        raise ValueError(
            "validation must say of each series whether it is set aside, by True or False"
        )
    if data.groups is not None and (gone := first_missing(data.groups.tolist())) is not None:
        raise ValueError(
            f"groups has no value for series {gone} (counted from 0): name what it belongs to, or "
            "leave the series out"
        )
    if data.groups is not None and data.groups.dtype.kind == "O":
        kinds = {isinstance(name, str) for name in data.groups}
        if len(kinds) > 1:
            raise ValueError("groups are text for some series and not for others: make all text")
    if data.validation is not None and data.groups is not None:
        data = replace(data, remarks=_on_both_sides(data.groups.astype(str), data.validation))
    of_weight = np.flatnonzero(data.weights > 0)
    if len(of_weight) < len(series):
        data = data.take(of_weight)
        if known is None and classes is None:
            data = replace(data, targets=encode_targets(data.targets.labels))
    return data


def _on_both_sides(groups: NDArray[Any], validation: NDArray[Any]) -> tuple[str, ...]:
    """Say that series set aside are of groups that are learned from."""
    aside = validation.astype(bool)
    n = len(np.intersect1d(groups[aside], groups[~aside]))
    if not n:
        return ()
    return (
        f"validation sets aside series of {counted(n, 'group')} that others are learned from: what "
        "is measured on them is too good for new groups",
    )
