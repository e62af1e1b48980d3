"""The scikit-learn face: parameters, and a fitted model."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted, validate_data

from msssm_ts.beside import as_side_features
from msssm_ts.display import TrainingDisplay
from msssm_ts.errors import InputError, Interrupted, TrainingError
from msssm_ts.fitted import (
    FittedModel,
    LogPriors,
    OperatingPoint,
    Source,
    load_model,
    save_model,
)
from msssm_ts.fitted.parts import check_channel_names
from msssm_ts.fitted.shared import shared_proba
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.data import TrainingData, training_data
from msssm_ts.fitting.fit import fit_model
from msssm_ts.fitting.notes import rounding_remarks
from msssm_ts.fitting.record import from_json_parameters
from msssm_ts.fitting.unlabelled import check_unlabelled
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import MSSSMNetwork
from msssm_ts.optional import NEWER
from msssm_ts.parameter_checks import Whole
from msssm_ts.parameter_rows import documented
from msssm_ts.parameters import Parameters, check_parameters
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.checks import (
    as_series_list,
    check_series,
    check_times,
    is_float32,
    is_table,
    without_torch,
)
from msssm_ts.series.fingerprints import fingerprints
from msssm_ts.training import Reporter
from msssm_ts.updating import (
    Sums,
    is_updatable,
    load_sums,
    save_updatable,
    summed,
    with_series,
    without_series,
)

if TYPE_CHECKING:
    from msssm_ts.export import ExportReport
    from msssm_ts.fitted.early import EarlyPrediction
    from msssm_ts.fitted.streaming import Stream


@documented
@dataclass(eq=False, repr=False)
class MSSSMClassifier(
    Parameters,
    ClassNamePrefixFeaturesOutMixin,  # type: ignore[misc]
    TransformerMixin,  # type: ignore[misc]
    ClassifierMixin,  # type: ignore[misc]
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
    ) -> MSSSMClassifier:
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
            Names of y's columns, where a series can have several labels; kept with the model.
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
        previous = self._to_go_on_from() if self.warm_start else None
        series = self._check_series(X, previous)
        check_channel_names(channel_names, series[0].shape[0])
        data = training_data(
            series,
            self._check_y(y),
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
            data = replace(data, remarks=rounding_remarks(given, "float32"))
        if ids is not None and not self.exemplars:
            said = "ids had nothing to act on: no series are kept without exemplars"
            data = replace(data, remarks=(*data.remarks, said))
        if unlabelled is not None:
            more = check_series(unlabelled, self.missing, str(self.dtype))
            check_unlabelled(more, self.get_params(deep=False), series[0].shape[0])
            data = replace(data, unlabelled=more)
        targets = data.targets
        n_labels = len(targets.classes)
        if label_names is not None and not (targets.multilabel and len(label_names) == n_labels):
            raise ValueError(f"{len(label_names)} label_names, which y does not have columns for")
        source = self._source(series, channel_names, sampling_rate, origin)
        kept = Checkpoint.of(checkpoint, resume)
        try:
            self._keep(*(data, source), label_names=label_names, previous=previous, checkpoint=kept)
        finally:
            # What the caller made is the caller's to release.
            if kept is not None and kept is not checkpoint:
                kept.release()
        return self

    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> MSSSMClassifier:
        """Learn from more series.

        With ``updatable=True`` the whole vote does, from sums: it is then what it would be if all
        series had come at once, but for what the first call measured (standardisation, thresholds,
        penalty, temperature, what is expected), and the first call is a fit. Else a network goes
        on training, one pass with a fresh optimiser; there is no other member then, whatever the
        preset.

        Parameters
        ----------
        X, y, sample_weight : as in :meth:`fit`
            More series. The standardisation stays that of the first call.
        classes : array of shape (n_classes,), optional
            All labels that will ever come, for the first call; those in y by default.
        sampling_rate, channel_names : as in :meth:`predict_proba`
            Of the series; with ``updatable=True``.
        times : as in :meth:`fit`
            A time stamp a step, where the first call had such.

        Returns
        -------
        MSSSMClassifier
            Itself.

        Raises
        ------
        ValueError
            As in :meth:`fit`, and if a label is not among those of the first call.
        """
        check_parameters(self.get_params(deep=False))
        where = (sampling_rate, channel_names)
        if self.updatable and self.__sklearn_is_fitted__():
            data = self._more(X, y, classes, sample_weight, channel_names, times)
            sums = self._sums_there()
            with self._telling() as reporter:
                changed = with_series(self.model_, sums, data, *where, reporter)
            self._become(changed)
            return self
        if not self.updatable and where != (None, None):
            raise InputError(
                "sampling_rate and channel_names have nothing to act on in partial_fit without "
                "updatable=True"
            )
        previous = self._to_go_on_from()
        if previous is not None and previous.beside is not None:
            raise InputError(
                "the model was trained with features beside the series, which are not learned in "
                "parts; train it anew with all series"
            )
        series = self._check_series(X, previous)
        data = training_data(
            series,
            self._check_y(y),
            sample_weight=sample_weight,
            times=check_times(times, series),
            known=None if previous is None else previous.labels,
            classes=None if classes is None else np.unique(classes),
        )
        source = self._source(series, channel_names, sampling_rate)
        source = source if previous is None else previous.source
        self._keep(data, source, previous=previous, in_parts=not self.updatable)
        return self

    def withdraw(
        self,
        X: Any,
        y: Any = None,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> MSSSMClassifier:
        """Take series away again that an updatable model has learned.

        The classifiers are then those of the other series alone. What the first fit measured
        stays, though: if it must not hold anything of the series, fit anew.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series, value for value as they were learned.
        y : as in :meth:`fit`, optional
            Their labels, to be compared; weights are those that they were learned with.
        sampling_rate, channel_names, times : as in :meth:`predict_proba`
            Of the series.

        Returns
        -------
        MSSSMClassifier
            Itself.

        Raises
        ------
        InputError
            If the model was fitted without ``updatable=True``, its sums are not there, some of
            the series were never learned (or with another label), or fewer than two classes would
            be left.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        check_is_fitted(self)
        model, sums = self.model_, self._sums_there()
        series = self._check_series(X, model, channel_names)
        stamps = check_times(times, series)
        targets = None
        if y is not None:
            known = training_data(series, y, known=model.labels)
            targets = known.targets.encoded
        where = (sampling_rate, channel_names)
        with self._telling() as reporter:
            changed = without_series(model, sums, series, targets, stamps, *where, reporter)
        self._become(changed)
        return self

    def _become(self, updated: tuple[FittedModel, Sums]) -> None:
        self.model_, self.sums_ = updated

    @contextmanager
    def _telling(self) -> Iterator[Reporter]:
        with TrainingDisplay(quiet=not self.verbose) as shown:
            yield Reporter((*(self.callbacks or ()), shown))

    def _more(
        self, X: Any, y: Any, classes: Any, sample_weight: Any, channel_names: Any, times: Any
    ) -> TrainingData:
        """Return checked series for an updatable model."""
        labels = self.model_.labels
        if classes is not None and np.unique(classes).tolist() != labels.classes.tolist():
            raise InputError("classes differ from those of the first call, which cannot change")
        series = self._check_series(X, self.model_, channel_names)
        return training_data(
            series,
            self._check_y(y),
            sample_weight=sample_weight,
            times=check_times(times, series),
            known=labels,
        )

    def _sums_there(self) -> Sums:
        """Return the sums of an updatable model, read from beside its file where they wait."""
        if "sums_" not in vars(self):
            file = vars(self).get("_file")
            if file is None:
                raise InputError(
                    "the model has no sums and cannot be updated: fit it with updatable=True, to "
                    "the end"
                )
            self.sums_ = load_sums(self.model_, file)
        return self.sums_

    def _source(
        self,
        series: Sequence[Series],
        channel_names: Sequence[str] | None = None,
        sampling_rate: float | None = None,
        origin: Mapping[str, Any] | None = None,
    ) -> Source:
        """Return where the training series come from, with what scikit-learn keeps of a table."""
        names = getattr(self, "feature_names_in_", None)
        return Source(
            series[0].shape[0],
            None if channel_names is None else tuple(channel_names),
            sampling_rate,
            getattr(self, "n_features_in_", None),
            None if names is None else tuple(names),
            origin,
            fingerprints(series),
        )

    def _keep(self, data: Any, source: Source, **how: Any) -> None:
        """Fit; where that is cut short, keep what there is."""
        for name in {"sums_", "_file"} & vars(self).keys():
            delattr(self, name)
        try:
            self.model_ = fit_model(data, self.get_params(deep=False), source, **how)
        except (Interrupted, TrainingError) as error:
            if error.partial is not None:
                self.model_ = error.partial
            raise
        if self.updatable:
            with self._telling() as reporter:
                made = summed(self.model_, data, self.class_weight, reporter)
            self._become(made)

    def _check_y(self, y: Any) -> Any:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        return y

    def _check_series(
        self, X: Any, model: FittedModel | None, channel_names: Sequence[str] | None = None
    ) -> Sequence[Series]:
        """Return checked series; of those for a model, width and columns must be as they were."""
        X = X if isinstance(X, LazySeries) else without_torch(X)
        if model is None:
            series = check_series(X, self.missing, str(self.dtype))
        else:
            series = model.checked(X, channel_names)
        if not isinstance(X, LazySeries) and is_table(X):
            # With other input lengths are free.
            validate_data(self, X, reset=model is None, skip_check_array=True)
        elif model is None:
            for name in {"n_features_in_", "feature_names_in_"} & vars(self).keys():
                delattr(self, name)
        return series

    def _to_go_on_from(self) -> FittedModel | None:
        """Return the model, if it has a member that learns by steps."""
        model: FittedModel | None = vars(self).get("model_")
        if model is None or not any(member.learns_by_steps for member in model.vote.members):
            return None
        return model

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

    def _fitted(self, name: str) -> FittedModel:
        """Return the model, or say as scikit-learn does that an attribute is not there yet."""
        model: FittedModel | None = vars(self).get("model_")
        if model is None:
            raise AttributeError(f"{type(self).__name__} is not fitted: it has no {name}")
        return model

    @property
    def classes_(self) -> NDArray[Any]:
        """Labels, sorted; with several labels at once their column numbers."""
        return self._fitted("classes_").labels.classes

    @property
    def multilabel_(self) -> bool:
        """Whether a series can have several labels at once."""
        return self._fitted("multilabel_").labels.multilabel

    @property
    def thresholds_(self) -> NDArray[np.float64]:
        """With several labels: the probabilities from which on each is predicted."""
        return self._fitted("thresholds_").labels.thresholds

    @property
    def decision_(self) -> OperatingPoint | LogPriors | None:
        """How ``predict`` chooses a class; None: the most probable one."""
        return self._fitted("decision_").labels.decision

    @property
    def label_names(self) -> NDArray[Any]:
        """What the columns of probabilities are called: classes, or names of several labels."""
        return self._fitted("label_names").labels.shown

    @property
    def n_channels_in_(self) -> int:
        """Channels of the training series."""
        return self._fitted("n_channels_in_").source.n_channels

    @property
    def history_(self) -> dict[str, list[Any]]:
        """Losses, accuracies, learning rate and seconds, one entry per epoch."""
        return self._fitted("history_").record.history

    @property
    def n_iter_(self) -> int:
        """Epochs trained."""
        return self._fitted("n_iter_").record.n_iter

    @property
    def best_iter_(self) -> int:
        """The epoch whose weights were kept."""
        return self._fitted("best_iter_").record.best_iter

    @property
    def networks_(self) -> list[MSSSMNetwork]:
        """The trained networks."""
        members = self._fitted("networks_").vote.members
        return [member.network for member in members if isinstance(member, NetworkMember)]

    @property
    def network_(self) -> MSSSMNetwork:
        """The trained network, of several the first."""
        networks = self.networks_
        if not networks:
            raise AttributeError("there is no network_: none was fitted, or none has a vote")
        return networks[0]

    @property
    def _n_features_out(self) -> int:
        """How many features :meth:`transform` gives; scikit-learn asks."""
        member = self.model_.vote.featured
        return 0 if member is None else member.n_features or 0

    def predict_proba(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series. Their lengths may differ from the training series', except in a table
            (n_samples, n_timepoints) where the training series came as one too.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.
        times : as in :meth:`fit`
            A time stamp a step.
        features : as in :meth:`fit`
            What is known beside the series, where the model was trained with such: the same
            columns, in any order. A category that training had not counts as missing.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``; with several labels at once each on its own.

        Raises
        ------
        ValueError
            If X cannot be used, or has another width or number of channels; if features that the
            model was trained with are missing, or some are given that it was not.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        known = (sampling_rate, channel_names, times, features)
        # Without a cluster there is nothing to tell.
        telling = nullcontext(Reporter()) if self.cluster is None else self._telling()
        with telling as reporter:
            shared = partial(shared_proba, cluster=self.cluster, reporter=reporter)
            return self._answers(lambda model: partial(shared, model), X, *known)

    def predict(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[Any]:
        """Return labels.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.

        Returns
        -------
        array of shape (n_samples,), or (n_samples, n_labels) of 0 and 1
            The most probable label, or as ``decision_`` has it; with several at once, those above
            ``thresholds_``.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        proba = self.predict_proba(
            X,
            sampling_rate=sampling_rate,
            channel_names=channel_names,
            times=times,
            features=features,
        )
        return self.model_.labels.chosen(proba)

    def score(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> float:
        """Return the accuracy; with several labels at once the part with every label right.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.
        y, sample_weight : as in :meth:`fit`
            Their labels, and how much each counts.
        """
        predicted = self.predict(
            X,
            sampling_rate=sampling_rate,
            channel_names=channel_names,
            times=times,
            features=features,
        )
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def decision_function(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return the confidence in each class.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.

        Returns
        -------
        array of shape (n_samples, n_classes), or (n_samples,) for two classes
            Logits (of a vote: logarithms of its probabilities); for two classes how much the
            second's is larger than the first's.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        """
        known = (sampling_rate, channel_names, times, features)
        logits = self._answers(lambda model: model.series_logits, X, *known)
        if len(self.classes_) == 2 and not self.multilabel_:
            return logits[:, 1] - logits[:, 0]
        return logits

    def transform(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> NDArray[np.float64]:
        """Return features of each series, for other estimators to build on.

        They are what the network's head sees; without a network, those of the first ridge
        classifier.

        Parameters
        ----------
        X, sampling_rate, channel_names, times : as in :meth:`predict_proba`
            Series.

        Returns
        -------
        array of shape (n_samples, n_features)
            d_model features, or 2 · d_model for "mean_max" pooling; thousands without a network.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If no member of the vote has features.
        """
        known = (sampling_rate, channel_names, times, None)
        return self._answers(lambda model: partial(model.by_series, model.features), X, *known)

    def fit_transform(
        self, X: Any, y: Any = None, *, times: Any = None, **known: Any
    ) -> NDArray[np.float64]:
        """Train, and return the features of the training series.

        Parameters
        ----------
        X, y, times : as in :meth:`fit`
            Series, their labels, and a time stamp a step.
        **known
            The other parameters of :meth:`fit`.

        Returns
        -------
        array of shape (n_samples, n_features)
            As :meth:`transform`.
        """
        return self.fit(X, y, times=times, **known).transform(X, times=times)

    def unknown_score(
        self,
        X: Any,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return how unlike the training series others are.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.

        Returns
        -------
        array of shape (n_samples,)
            Between 0 and 1: the share of training series that, when they were left out, looked no
            stranger (see :class:`msssm_ts.fitted.familiarity.Familiarity`).

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If the model does not know: its file is of an earlier version, no member of its vote
            has features, or too few series were left out.
        """
        known = (sampling_rate, channel_names, times, features)
        return self._answers(lambda model: model.series_unknown, X, *known)

    def kneighbors(
        self,
        X: Any,
        n_neighbors: int = 5,
        return_distance: bool = True,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.int64] | tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return which training series, of those kept, others are most like.

        Parameters
        ----------
        X, sampling_rate, channel_names, times, features : as in :meth:`predict_proba`
            Series, and what is known of them.
        n_neighbors : int
            How many for each.
        return_distance : bool
            Whether to return distances, too.

        Returns
        -------
        distances : array of shape (n_samples, n_neighbors)
            Between fingerprints (see :class:`msssm_ts.fitted.exemplars.Exemplars`), the nearest
            first; 1 is usual between a training series and the one that is nearest to it.
        indices : array of shape (n_samples, n_neighbors)
            Of the series that were passed to :meth:`fit`.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`.
        InputError
            If the model was fitted without ``exemplars``, or keeps not so many.

        Examples
        --------
        >>> X, y = np.eye(12), np.arange(12) % 2
        >>> clf = MSSSMClassifier("fast", exemplars=6, random_state=0).fit(X, y)
        >>> clf.kneighbors(X, 3, return_distance=False).shape
        (12, 3)
        """
        from msssm_ts.fitted.similar import kept_by, similar_to

        check_is_fitted(self)
        Whole()("n_neighbors", n_neighbors)
        own = kept_by(self.model_)
        series = self._check_series(X, self.model_, channel_names)
        known = (sampling_rate, channel_names, times, features)
        distances, places = similar_to(self.model_, series, n_neighbors, known)
        indices = own.numbers[places]
        return (distances, indices) if return_distance else indices

    def _answers(
        self,
        function: Callable[[FittedModel], Callable[..., NDArray[np.float64]]],
        X: Any,
        sampling_rate: float | None,
        channel_names: Sequence[str] | None,
        times: Any,
        features: Any,
    ) -> NDArray[np.float64]:
        """Ask the model, by one of its functions of checked series, about X."""
        check_is_fitted(self)
        series = self._check_series(X, self.model_, channel_names)
        return function(self.model_)(series, sampling_rate, channel_names, times, features)

    def stream(self) -> Stream:
        """Return an object that reads a series step by step.

        The model must be causal (``bidirectional=False``), with a preparation that needs no later
        steps: no resampling, filter, spectra or windows, standardised by all series.

        Returns
        -------
        Stream
            Whose ``step(values)`` gives the probabilities of the series so far, in constant time
            and memory.

        Raises
        ------
        InputError
            If the model cannot be read so, with the reason and what to train instead.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        from msssm_ts.fitted.streaming import Stream

        check_is_fitted(self)
        return Stream(self.model_)

    def predict_early(
        self,
        X: Any,
        confidence: float = 0.95,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        features: Any = None,
    ) -> EarlyPrediction:
        """Classify each series as soon as the model is sure; see :mod:`msssm_ts.fitted.early`.

        Parameters
        ----------
        X, sampling_rate, channel_names, features : as in :meth:`predict_proba`
            Series, and what is known of them from the beginning.
        confidence : float, default=0.95
            Stop at a class of this probability; with several labels at once where each of them is
            this probable, or this improbable. A series that never gets there is read to its end.

        Returns
        -------
        EarlyPrediction
            Labels, probabilities and how much of each series was read.

        Raises
        ------
        ValueError, sklearn.exceptions.NotFittedError
            As :meth:`predict_proba`, and if ``confidence`` is not in (0, 1].

        Examples
        --------
        >>> from msssm_ts import MSSSMClassifier
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(20, 30)), np.repeat(["calm", "loud"], 10)
        >>> X[y == "loud"] *= 5
        >>> settings = dict(d_model=16, n_layers=1, max_epochs=5, random_state=0)
        >>> model = MSSSMClassifier("network", bidirectional=False, **settings).fit(X, y)
        >>> early = model.predict_early(X, 0.6)
        >>> early.n_read.shape, 0 < early.earliness <= 1
        ((20,), True)
        """
        from msssm_ts.fitted.early import predict_early

        check_is_fitted(self)
        self._check_series(X, self.model_, channel_names)
        return predict_early(
            self.model_,
            X,
            confidence,
            sampling_rate=sampling_rate,
            channel_names=channel_names,
            features=features,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file (see :mod:`msssm_ts.fitted.artifact`).

        The sums of an updatable one go beside it, to ``sums.safetensors``, or ``NAME.sums`` where
        the file is not called ``model.safetensors``.

        Parameters
        ----------
        path : path
            File to write, all or nothing.

        Raises
        ------
        OSError
            If the file cannot be written.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        check_is_fitted(self)
        if is_updatable(self.model_.record.parameters):
            try:
                save_updatable(self.model_, self._sums_there(), path)
            except InputError as error:
                warnings.warn(f"saved without its sums: {error}", stacklevel=2)
            else:
                return
        save_model(self.model_, path)

    def export(
        self,
        path: str | os.PathLike[str],
        format: Literal["onnx", "pt2", "safetensors", "c"] = "onnx",
    ) -> ExportReport:
        """Write the model to a file that runs without msssm-ts (see :mod:`msssm_ts.export`).

        The file goes from the series to the probabilities, for any batch and any length. It is run
        and compared with the model before it is put in its place.

        Parameters
        ----------
        path : path
            File to write, all or nothing.
        format : {"onnx", "pt2", "safetensors", "c"}
            For ONNX runtimes, for ``torch.export.load``, the model file of :meth:`save`, or C99 (a
            source whose name ends in ``.c``, and a header beside it) of a causal network.

        Returns
        -------
        ExportReport
            The largest difference of a probability that was found, and what is left to do to
            series before they are given to the file.

        Raises
        ------
        InputError
            If the format is unknown, or needs a library that is not installed.
        ExportError
            If the file answers differently than the model, or a member cannot be exported.
        OSError
            If the file cannot be written.
        sklearn.exceptions.NotFittedError
            Before :meth:`fit`.
        """
        from msssm_ts.export import export_model

        check_is_fitted(self)
        return export_model(self.model_, path, format)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: str = "auto") -> MSSSMClassifier:
        """Read a model that :meth:`save` wrote, on any machine.

        Parameters
        ----------
        path : path
            Model file, or the run folder that holds it.
        device : str
            Where to run it.

        Returns
        -------
        MSSSMClassifier
            As it was saved.

        Raises
        ------
        InputError
            If the file is missing, damaged, or newer than this version can read.
        """
        estimator = cls._of(load_model(path, device))
        # Sums are large, and few ask for them.
        estimator._file = Path(path).absolute()
        return estimator

    @classmethod
    def _of(cls, model: FittedModel) -> MSSSMClassifier:
        """Return an estimator with a model's parameters, fitted with it."""
        try:
            estimator = cls(**from_json_parameters(model.record.parameters))
        except TypeError as error:
            raise InputError(
                f"the model was made with a parameter that this version does not know "
                f"({error}); {NEWER}"
            ) from error
        estimator.model_ = model
        source = model.source
        # scikit-learn's own attributes, which it sets in fit.
        if source.n_features is not None:
            estimator.n_features_in_ = source.n_features
        if source.feature_names is not None:
            estimator.feature_names_in_ = np.array(source.feature_names, dtype=object)
        return estimator
