"""The classifier: its parameters, how it is fitted, and what scikit-learn wants to know of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from sklearn.base import BaseEstimator

from msssm_ts.beside import as_side_features
from msssm_ts.datasets.labels import on_groups, on_one_hot, spelt_alike
from msssm_ts.estimator.answers import AnswersMixin
from msssm_ts.estimator.features import FeaturesMixin
from msssm_ts.estimator.files import FilesMixin
from msssm_ts.estimator.state import fit_into, model_to_go_on_from
from msssm_ts.estimator.told import ToldMixin
from msssm_ts.estimator.updates import UpdatesMixin
from msssm_ts.fitted.parts import check_channel_names
from msssm_ts.fitting.asked_checkpoint import asked_checkpoint
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.data import training_data
from msssm_ts.fitting.notes import rounding_remarks
from msssm_ts.fitting.targets import label_names_of
from msssm_ts.fitting.unlabelled import check_unlabelled
from msssm_ts.parameter_rows import documented
from msssm_ts.parameters import Parameters, check_parameters
from msssm_ts.series import LazySeries
from msssm_ts.series.checks import as_series_list, check_series, check_times, is_float32
from msssm_ts.sklearn_state import checked_series, required_y, source_of, warn_of_order


@documented
@dataclass(eq=False, repr=False)
class MSSSMClassifier(
    Parameters,
    UpdatesMixin,
    AnswersMixin,
    FeaturesMixin,
    ToldMixin,
    FilesMixin,
    BaseEstimator,  # type: ignore[misc]
):
    """Time-series classifier with a multi-scale state-space model (MS-SSM).

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    model_ : FittedModel
        All that was learned, as a frozen value: members of the vote and their weights,
        standardisation, labels, where the series come from, how the fit went. See
        :class:`msssm_ts.fitted.FittedModel`; what follows is read from it.
    classes_ : array of shape (n_classes,)
        Labels, sorted; with several labels at once their column numbers.
    multilabel_ : bool
        Whether a series can have several labels at once.
    thresholds_ : array of shape (n_labels,)
        With several labels: the probabilities from which on each is predicted, best by F1 on the
        validation split, 0.5 where there was none.
    decision_ : OperatingPoint, LogPriors or None
        How ``predict`` chooses a class, by ``sensitivity``, ``specificity`` or ``decide``; None:
        the most probable one. ``model_ = model_.deciding(...)`` chooses another way.
    n_channels_in_ : int
        Channels of the training series.
    n_features_in_ : int
        Steps, where X was a table (n_samples, n_timepoints).
    feature_names_in_ : array of shape (n_timepoints,)
        Its columns' names, where all are strings.
    history_ : dict of str to list
        Losses, accuracies, learning rate and seconds of a network's training, one entry per epoch.
    n_iter_, best_iter_ : int
        Epochs trained, and the epoch whose weights were kept.
    sums_ : msssm_ts.updating.Sums
        Of an updatable model: what series are added to and taken away from.
    networks_ : list of MSSSMNetwork
        The trained networks; ``network_`` is the first.

    References
    ----------
    Karami, Behrouz, Zhong, Pascanu, Mirrokni, "MS-SSM: A Multi-Scale State Space Model for
    Efficient Sequence Modeling", COLM 2025, arXiv 2512.23824.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 30))
    >>> y = np.repeat(["calm", "loud"], 10)
    >>> X[y == "loud"] *= 5
    >>> clf = MSSSMClassifier(random_state=0).fit(X, y)
    >>> clf.predict_proba(X[:3]).shape
    (3, 2)
    """

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        validation: Any = None,
        label_names: Sequence[str] | None = None,
        channel_names: Sequence[str] | None = None,
        sampling_rate: float | None = None,
        times: Any = None,
        features: Any = None,
        unlabelled: Any = None,
        origin: Mapping[str, Any] | None = None,
        ids: Sequence[Any] | None = None,
        checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
        resume: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Train on labelled series.

        Parameters
        ----------
        X : array of shape (n_samples, n_timepoints) or (n_samples, n_channels, n_timepoints), \
or list of arrays of shape (n_channels, length)
            Series, of equal or different lengths; numpy, pandas, polars or torch.
        y : array of shape (n_samples,) or (n_samples, n_labels)
            Labels of any kind; a matrix of 0 and 1 where a series can have several.
        sample_weight : array of shape (n_samples,), optional
            Weight k counts like k copies, weight 0 like absence.
        groups : array of shape (n_samples,), optional
            A patient, a speaker: the validation split keeps each on one side.
        validation : boolean array of shape (n_samples,), optional
            The series to set aside for validation, instead of a random split.
        label_names : sequence of str, optional
            Names of y's columns, where a series can have several labels; kept with the model. Of a
            data frame they are its columns' names, where all are text.
        channel_names : sequence of str, optional
            Names of the channels, kept with the model.
        sampling_rate : float, optional
            In hertz, kept with the model.
        times : array of shape (n_samples, n_timepoints) or list of arrays of shape (length,), \
optional
            A time stamp a step, for cores that use them; ``model_.record.notes`` says where none
            does.
        features : data frame, mapping of columns, or array of shape (n_samples, n_features), \
optional
            What is known of each series beside it: numbers and categories such as an age, a sex,
            the interval before a beat. NaN, None and "" are missing. They have a part in the
            answers as far as they make left-out series' labels more likely; see
            :class:`msssm_ts.beside.Beside`. Whatever predicts wants them, too.
        unlabelled : as X, optional
            Series of the same kind whose labels nobody knows. Members in closed form learn the
            vote's own answers about them, where it is sure enough. Where ``members`` names a
            network or "encoder_ridge", with the preset "network", or where ``objective`` is given,
            an encoder learns from them and from X first: a network begins with it, the other
            reads it. See docs/unlabelled.md.
        origin : mapping, optional
            What was understood of the series' source, as
            :meth:`msssm_ts.datasets.LabelledSeries.origin` says it; kept with the model.
        ids : sequence of length n_samples, optional
            What the series are called; kept of those that ``exemplars`` keeps.
        checkpoint : path or msssm_ts.fitting.Checkpoint, optional
            Folder to keep the work in while it goes on, once a minute. It can be removed when the
            model is saved.
        resume : path, optional
            Such a folder, to go on with the fit that was cut short, with the same series, labels
            and parameters; the model is, on the same machine with the same number of threads, the
            same bit for bit as if it had not been.

        Returns
        -------
        MSSSMClassifier
            Itself. A ``KeyboardInterrupt`` leaves it fitted with what there is so far, a network
            with its best weights after the first step, and goes on to the caller.

        Raises
        ------
        ValueError
            If X or y cannot be used, or a parameter is out of range.
        TrainingError
            If the loss is no longer finite; it is fitted with what there was before.
        """
        check_parameters(self.get_params(deep=False))
        previous = model_to_go_on_from(self) if self.warm_start else None
        series = checked_series(self, X, previous)
        along = {"y": y, "sample_weight": sample_weight, "groups": groups, "features": features}
        warn_of_order(X, **along, validation=validation)
        check_channel_names(channel_names, series[0].shape[0])
        data = training_data(
            series,
            required_y(self, y),
            sample_weight=sample_weight,
            groups=groups,
            validation=validation,
            times=check_times(times, series),
            features=None if features is None else as_side_features(features, len(series)),
            ids=ids,
            known=None if previous is None else previous.labels,
        )
        if not isinstance(X, LazySeries) and self.dtype == "float32" and not is_float32(X):
            given = as_series_list(X, "mask", "float64")
            data = replace(data, remarks=(*data.remarks, *rounding_remarks(given, "float32")))
        if ids is not None and not self.exemplars:
            said = "ids had nothing to act on: no series are kept without exemplars"
            data = replace(data, remarks=(*data.remarks, said))
        if origin is None:
            # Else what has read the labels says so.
            seen = [spelt_alike(data.targets.classes)]
            if data.targets.multilabel:
                seen.append(on_one_hot(data.targets.encoded))
            if data.groups is not None:
                seen.append(spelt_alike(dict.fromkeys(data.groups.tolist()), "groups"))
                seen.append(on_groups(data.targets.encoded, data.groups))
            data = replace(data, remarks=(*data.remarks, *filter(None, seen)))
        if unlabelled is not None:
            more = check_series(unlabelled, self.missing, str(self.dtype))
            check_unlabelled(more, self.get_params(deep=False), series[0].shape[0])
            data = replace(data, unlabelled=more)
        label_names = label_names_of(label_names, y, data.targets)
        source = source_of(self, series, channel_names, sampling_rate, origin)
        with asked_checkpoint(checkpoint, resume) as kept:
            how = {"label_names": label_names, "previous": previous, "checkpoint": kept}
            fit_into(self, data, source, **how)
        return self

    def _repr_html_inner(self) -> str:
        """Return scikit-learn's diagram, and below it what was fitted."""
        drawn: str = super()._repr_html_inner()
        return drawn + (self.model_._repr_html_() if self.__sklearn_is_fitted__() else "")

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] = self._repr_html_inner()
        return bundle

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is anything that predicts."""
        return "model_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing != "error"
        tags.classifier_tags.multi_label = True
        return tags
