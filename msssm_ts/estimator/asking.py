"""A fitted classifier is asked about series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from msssm_ts.beside import as_side_features
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.unseen import feature_lines
from msssm_ts.series import Series
from msssm_ts.sklearn_state import Stamps, checked_series, noticed_stamps
from msssm_ts.warned import warn_caller


def asked_series(
    estimator: BaseEstimator, X: Any, channel_names: Sequence[str] | None, times: Any
) -> tuple[Sequence[Series], Stamps]:
    """Return checked series and time stamps for the model of an estimator.

    Stamps that it takes no notice of are warned of, where they are uneven.

    Raises
    ------
    ValueError, sklearn.exceptions.NotFittedError
        If there is no model, or they cannot be used.
    """
    check_is_fitted(estimator)
    series = checked_series(estimator, X, estimator.model_, channel_names)
    return series, noticed_stamps(estimator.model_, series, times)


def warn_of_features(model: FittedModel, features: Any, n_series: int) -> None:
    """Warn of features that a model does not use, and of categories that it has not seen.

    Raises
    ------
    InputError
        If they cannot be used, or some that it needs are missing.
    """
    if features is None or model.beside is None:
        return
    given = as_side_features(features, n_series)
    model.beside.check(given)
    if not model.beside.votes:
        # Of those that it was fitted with, the fit has said so.
        given = given.only([name for name in given.names if name not in model.beside.names])
    for line in feature_lines(model, given):
        warn_caller(line)


def answers(
    estimator: BaseEstimator,
    function: Callable[[FittedModel], Callable[..., NDArray[np.float64]]],
    X: Any,
    sampling_rate: float | None,
    channel_names: Sequence[str] | None,
    times: Any,
    features: Any,
) -> NDArray[np.float64]:
    """Return what the model of an estimator, by one of its functions of checked series, says of X.

    Parameters
    ----------
    estimator : BaseEstimator
        With ``model_``.
    function : callable
        From the model to the function that answers.
    X, sampling_rate, channel_names, times, features
        As in :meth:`msssm_ts.MSSSMClassifier.predict_proba`.
    """
    series, stamps = asked_series(estimator, X, channel_names, times)
    if sampling_rate is not None and estimator.model_.preparation.sampling_rate is None:
        warn_caller(
            f"the model knows no sampling rate: {sampling_rate:g} Hz makes no difference to it"
        )
    if channel_names is not None and estimator.model_.preparation.channels is None:
        warn_caller(
            "the model knows no names of channels: they are taken in the order "
            f"{enumerate_names(channel_names)}"
        )
    warn_of_features(estimator.model_, features, len(series))
    return function(estimator.model_)(series, sampling_rate, channel_names, stamps, features)
