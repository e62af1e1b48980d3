"""The state of a fitted classifier, its model and the model's sums, and how it comes about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from msssm_ts.display import reporting
from msssm_ts.errors import InputError, Interrupted, TrainingError
from msssm_ts.fitted import FittedModel, Source
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.fit import fit_model
from msssm_ts.updating import Sums, load_sums, summed


def fit_into(estimator: BaseEstimator, data: TrainingData, source: Source, **how: Any) -> None:
    """Fit; where that is cut short, keep what there is.

    Parameters
    ----------
    estimator : BaseEstimator
        A classifier.
    data, source, **how
        As for :func:`msssm_ts.fitting.fit.fit_model`.
    """
    for name in {"sums_", "_file"} & vars(estimator).keys():
        delattr(estimator, name)
    try:
        estimator.model_ = fit_model(data, estimator.get_params(deep=False), source, **how)
    except (Interrupted, TrainingError) as error:
        if error.partial is not None:
            estimator.model_ = error.partial
        raise
    if estimator.updatable:
        with reporting(estimator.verbose, estimator.callbacks) as reporter:
            made = summed(estimator.model_, data, estimator.class_weight, reporter)
        become(estimator, made)


def become(estimator: BaseEstimator, updated: tuple[FittedModel, Sums]) -> None:
    """Let an estimator have another model, and its sums."""
    estimator.model_, estimator.sums_ = updated


def model_to_go_on_from(estimator: BaseEstimator) -> FittedModel | None:
    """Return the model of an estimator, if it has a member that learns by steps."""
    model: FittedModel | None = vars(estimator).get("model_")
    if model is None or not any(member.learns_by_steps for member in model.vote.members):
        return None
    return model


def let_sums_wait(estimator: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Remember which file sums are beside: they are large, and few ask for them."""
    estimator._file = Path(path).absolute()


def sums_of(estimator: BaseEstimator) -> Sums:
    """Return the sums of an updatable model, read from beside its file where they wait there.

    Raises
    ------
    InputError
        If there are none.
    """
    if "sums_" not in vars(estimator):
        file = vars(estimator).get("_file")
        if file is None:
            raise InputError(
                "the model has no sums and cannot be updated: fit it with updatable=True, to "
                "the end"
            )
        estimator.sums_ = load_sums(estimator.model_, file)
    sums: Sums = estimator.sums_
    return sums
