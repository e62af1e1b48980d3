"""Pictures as matplotlib figures: for notebooks and papers, and what commands and report draw.

Every function returns a :class:`matplotlib.figure.Figure`, which a notebook shows and
``savefig`` writes; none touches pyplot or its settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.style import figure_style
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from msssm_ts.analysis.importance.measure import Importance
    from msssm_ts.fitted import FittedModel

__all__ = [
    "answers",
    "calibration",
    "class_scores",
    "confusion_matrix",
    "coverage",
    "importance",
    "members",
    "operating_points",
    "precision_recall",
    "roc",
    "series",
    "series_importance",
    "training",
]


def answers(model: FittedModel, X: Any, y: Any, **known: Any) -> Predictions:
    """Ask a model about labelled series; most pictures are drawn from what this returns.

    Parameters
    ----------
    model : FittedModel
        ``clf.model_`` of a fitted estimator, or from :func:`msssm_ts.fitted.load_model`.
    X, y : as for :meth:`msssm_ts.MSSSMClassifier.fit`
        Series and their labels.
    **known
        ``sampling_rate``, ``channel_names``, ``times``, ``features``, as for ``predict_proba``.

    Raises
    ------
    ValueError
        If the model cannot use the series.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier, plots
    >>> X, y = np.random.default_rng(0).normal(size=(24, 30)), np.repeat(["calm", "loud"], 12)
    >>> X[y == "loud"] *= 5
    >>> clf = MSSSMClassifier("fast", random_state=0).fit(X[::2], y[::2])
    >>> found = plots.answers(clf.model_, X[1::2], y[1::2])
    >>> found.names, found.n_series
    (('calm', 'loud'), 12)
    >>> figure = plots.confusion_matrix(found)
    >>> figure.savefig("confusion.png")  # doctest: +SKIP
    """
    return Predictions.of(model, y, model.predict_proba(X, **known))


@figure_style()
def confusion_matrix(predictions: Predictions) -> Figure:
    """Draw counts by true and predicted class.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.

    Raises
    ------
    InputError
        If a series can have several labels.
    """
    from msssm_ts.analysis.results.confusion_figure import confusion_figure

    return confusion_figure(predictions)


@figure_style()
def class_scores(
    predictions: Predictions, groups: NDArray[Any] | None = None, n_resamples: int = 200
) -> Figure:
    """Draw precision, recall and F1 of every class, with bootstrap intervals of 95 %.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.
    groups : array of shape (n_series,), optional
        What each series belongs to: whole groups are resampled.
    n_resamples : int
        Of the bootstrap.
    """
    from msssm_ts.analysis.results.class_scores_figure import class_scores_figure

    return class_scores_figure(predictions, groups, n_resamples)


@figure_style()
def calibration(predictions: Predictions) -> Figure:
    """Draw how often the model is right over how often it says so.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.
    """
    from msssm_ts.analysis.results.calibration import axis_names, calibration_of
    from msssm_ts.analysis.results.calibration_figure import calibration_figure

    return calibration_figure(calibration_of(predictions), *axis_names(predictions.multilabel))


@figure_style()
def roc(predictions: Predictions, point: tuple[int, float] | None = None) -> Figure:
    """Draw each class against the rest: true over false positive rate.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.
    point : (int, float), optional
        A class, by its column, and the probability from which on it is answered, to be marked.
    """
    from msssm_ts.analysis.results.class_curves import roc_figure

    return roc_figure(predictions, point)


@figure_style()
def precision_recall(predictions: Predictions) -> Figure:
    """Draw each class against the rest: precision over recall.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.
    """
    from msssm_ts.analysis.results.class_curves import precision_recall_figure

    return precision_recall_figure(predictions)


@figure_style()
def operating_points(
    predictions: Predictions, positive: int = 1, threshold: float | None = None
) -> Figure:
    """Draw sensitivity and specificity of a class over its threshold.

    Parameters
    ----------
    predictions : Predictions
        From :func:`answers`.
    positive : int
        The class, by its column.
    threshold : float, optional
        To be marked, such as ``clf.decision_.threshold``.

    Raises
    ------
    InputError
        If there is no such class, or all series, or none, are of it.
    """
    from msssm_ts.analysis.results.operating_figure import operating_figure

    return operating_figure(predictions, positive, threshold)


@figure_style()
def coverage(model: FittedModel, predictions: Predictions, per_class: bool = False) -> Figure:
    """Draw how often sets of classes hold the true one, and how large they are.

    Parameters
    ----------
    model : FittedModel
        Whose sets they are.
    predictions : Predictions
        From :func:`answers`, of series that it was not trained on.
    per_class : bool
        Whether each class is to be covered as often.

    Raises
    ------
    InputError
        If the model has no such sets.
    """
    from msssm_ts.analysis.results.coverage_figure import coverage_figure

    return coverage_figure(model.labels.coverage, predictions, per_class)


@figure_style()
def members(model: FittedModel) -> Figure:
    """Draw who votes, with which share, and how right each is of training series left out.

    Parameters
    ----------
    model : FittedModel
        To look into.
    """
    from msssm_ts.analysis.results.members_figure import members_figure
    from msssm_ts.fitted.told import rows_of

    return members_figure(rows_of(model), model.record.estimate)


@figure_style()
def training(model: FittedModel) -> Figure:
    """Draw the losses and accuracies of a network's training.

    Parameters
    ----------
    model : FittedModel
        With a member that was trained by steps.

    Raises
    ------
    InputError
        If it has none.
    """
    from msssm_ts.analysis.results.training_curve import training_figure

    record = model.record
    if not record.history.get("epoch"):
        raise InputError("no member of this model was trained by steps: there is no curve")
    return training_figure(record.history, record.best_iter)


@figure_style()
def series(
    values: Any,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    unit: str = "",
) -> Figure:
    """Draw one series, its first four channels one below the other.

    Parameters
    ----------
    values : array of shape (n_channels, length) or (length,)
        NaN leaves a gap.
    sampling_rate : float, optional
        In hertz; without it the axis counts steps.
    channel_names : sequence of str, optional
        One a channel.
    unit : str
        Of the values.

    Examples
    --------
    >>> from msssm_ts import plots
    >>> figure = plots.series(np.sin(np.arange(100) / 8), sampling_rate=50, unit="mV")
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('time (s)', 'value (mV)')
    """
    from msssm_ts.analysis.results.series_figure import series_figure

    names = None if channel_names is None else tuple(channel_names)
    return series_figure(np.atleast_2d(np.asarray(values)), sampling_rate, names, unit)


@figure_style()
def series_importance(
    model: FittedModel,
    values: Any,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    features: Any = None,
    times: Any = None,
) -> Figure:
    """Draw one series over what its steps add to the probability of its predicted class.

    Parameters
    ----------
    model : FittedModel
        To be asked, with stretches of the series hidden.
    values : array of shape (n_channels, length) or (length,)
        The series.
    sampling_rate, channel_names : float, sequence of str, optional
        Of it; what is not said is the training series'.
    features : data frame, mapping or array, optional
        What is known beside this series, where the model was fitted with such features.
    times : array of shape (length,), optional
        Time stamps of its steps.

    Raises
    ------
    ValueError
        If the model cannot use the series.
    """
    from msssm_ts.analysis.network.draw_series import draw_series
    from msssm_ts.analysis.network.view import view_series
    from msssm_ts.analysis.vote.series_saliency import series_saliency
    from msssm_ts.beside import as_side_features

    beside = None if features is None else as_side_features(features, 1)
    one = np.atleast_2d(np.asarray(values))
    view = view_series(model, one, sampling_rate, channel_names, beside, times)
    saliency = series_saliency(model, view, beside)
    title = f"predicted {view.prediction} with {view.probability:.0%}"
    return draw_series(view, saliency, (), 1, title)


@figure_style()
def importance(
    found: Importance, units: Sequence[str] | None = None, seconds: float | None = None
) -> Figure:
    """Draw which channels and times a model's answers hang on, over a whole set.

    Parameters
    ----------
    found : Importance
        From :func:`msssm_ts.analysis.importance.measure.importance`.
    units : sequence of str, optional
        Of the channels' values.
    seconds : float, optional
        Length of every series, where they are alike and the sampling rate is known.
    """
    from msssm_ts.analysis.importance.figure import importance_figure

    return importance_figure(found, None if units is None else tuple(units), seconds)
