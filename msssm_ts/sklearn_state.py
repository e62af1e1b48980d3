"""What scikit-learn wants an estimator to remember: a table's width, and that there was a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from msssm_ts.fitted.parts import Source, check_sampling_rate
from msssm_ts.fitted.scale import in_order, scale_line
from msssm_ts.fitted.takes_series import TakesSeries
from msssm_ts.fitted.told import stamps_line
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.checks import check_series, check_times, is_table, without_torch
from msssm_ts.series.fingerprints import fingerprints
from msssm_ts.series.glance import looks_turned
from msssm_ts.series.nested import unnested
from msssm_ts.text import counted
from msssm_ts.warned import warn_caller

Stamps = Sequence[NDArray[np.float64]] | None

# By so many series it is told whether values are of another size.
_LOOKED_AT = 32
_WIDTH = ("n_features_in_", "feature_names_in_")


def checked_series(
    estimator: BaseEstimator,
    X: Any,
    fitted: TakesSeries | None = None,
    channel_names: Sequence[str] | None = None,
) -> Sequence[Series]:
    """Return checked series, and remember the width of a table, or compare it.

    Parameters
    ----------
    estimator : BaseEstimator
        With parameters ``missing`` and ``dtype``.
    X : as for :class:`msssm_ts.MSSSMClassifier`
        Series.
    fitted : FittedModel or FittedEncoder, optional
        What the series are for: channels, width and columns must be as they were then. None: they
        are to be learned from.
    channel_names : sequence of str, optional
        Of the series, where they are for what was fitted.

    Raises
    ------
    ValueError
        If they cannot be used.
    """
    given = X
    X = X if isinstance(X, LazySeries) else without_torch(unnested(X))
    if fitted is None:
        series = check_series(X, estimator.missing, str(estimator.dtype))
    else:
        series = fitted.checked(X, channel_names)
        if not isinstance(X, LazySeries):
            _warn_of_size(fitted, series, channel_names)
    if not isinstance(X, LazySeries) and is_table(X):
        # With other input lengths are free.
        validate_data(estimator, X, reset=fitted is None, skip_check_array=True)
    elif X is not given and len(getattr(given, "columns", ())) > 1:
        # Channels in the cells of columns, which are held to their names.
        validate_data(estimator, given, reset=fitted is None, skip_check_array=True)
    elif fitted is None:
        for name in vars(estimator).keys() & {*_WIDTH}:
            delattr(estimator, name)
    return series


def warn_of_order(X: Any, **along: Any) -> None:
    """Warn of what goes along with X, a row a series, and has X's index in another order."""
    own: Any = getattr(X, "index", None)
    for name, given in along.items():
        other: Any = getattr(given, "index", None)
        if not (hasattr(own, "equals") and hasattr(other, "equals")) or own.equals(other):
            continue
        if len(own) == len(other) and own.isin(other).all() and other.isin(own).all():
            warn_caller(
                f"the index of {name} is that of X in another order: rows belong together by their "
                f"place; pass {name}.loc[X.index] if they do by their index"
            )


def _warn_of_size(
    fitted: TakesSeries, series: Sequence[Series], channel_names: Sequence[str] | None
) -> None:
    """Warn of values of quite another size than those that were learned from."""
    names = fitted.preparation.channels
    given = list((fitted.source.channel_names or ()) if channel_names is None else channel_names)
    if names and not set(names) <= set(given):
        # It is refused, with the names.
        return
    some = np.linspace(0, len(series) - 1, min(len(series), _LOOKED_AT)).astype(int)
    line = scale_line(fitted, *in_order(fitted, [series[i] for i in some], given))
    if line:
        warn_caller(line)


def noticed_stamps(model: TakesSeries, series: Sequence[Series], times: Any) -> Stamps:
    """Return checked time stamps; uneven ones that a model takes no notice of are warned of."""
    stamps = check_times(times, series)
    warn_of_stamps(model, stamps)
    return stamps


def warn_of_stamps(model: TakesSeries, stamps: Stamps) -> None:
    """Warn of checked time stamps that are uneven where a model takes no notice of them."""
    line = None if stamps is None else stamps_line(model, stamps)
    if line is not None:
        warn_caller(line)


def required_y(estimator: BaseEstimator, y: Any) -> Any:
    """Return y, or say as scikit-learn does that it is wanted."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None"
        )
    return y


def source_of(
    estimator: BaseEstimator,
    series: Sequence[Series],
    channel_names: Sequence[str] | None = None,
    sampling_rate: float | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Source:
    """Return where checked training series come from, with what is remembered of a table."""
    check_sampling_rate(sampling_rate)
    _warn_of_turned(series, channel_names, origin)
    width, names = (getattr(estimator, name, None) for name in _WIDTH)
    return Source(
        series[0].shape[0],
        None if channel_names is None else tuple(map(str, channel_names)),
        sampling_rate,
        width,
        None if names is None else tuple(names),
        origin,
        fingerprints(series),
    )


def _warn_of_turned(series: Sequence[Series], names: Any, origin: Any) -> None:
    """Warn of steps that were passed as channels, unless these have names, or a reader knows."""
    if names is not None or origin is not None or isinstance(series, LazySeries):
        return
    if looks_turned(series):
        n, steps = len(series[0]), max(one.shape[1] for one in series)
        warn_caller(
            f"X has {n} channels of {counted(steps, 'step')}: if these are {n} steps of "
            f"{counted(steps, 'channel')}, pass X.transpose(0, 2, 1), or [x.T for x in X]"
        )


def restore_width(estimator: BaseEstimator, source: Source) -> None:
    """Let an estimator that comes from a file remember what it did when it was fitted."""
    if source.n_features is not None:
        estimator.n_features_in_ = source.n_features
    if source.feature_names is not None:
        estimator.feature_names_in_ = np.array(source.feature_names, dtype=object)


def fitted_value(estimator: BaseEstimator, name: str, asked: str) -> Any:
    """Return what a fit has left, or say as scikit-learn does that it is not there yet.

    Parameters
    ----------
    estimator : BaseEstimator
        Fitted or not.
    name : str
        The attribute that a fit sets.
    asked : str
        The attribute that was asked for, for the message.

    Raises
    ------
    AttributeError
        Before a fit.
    """
    if name not in vars(estimator):
        raise AttributeError(f"{type(estimator).__name__} is not fitted: it has no {asked}")
    return vars(estimator)[name]
