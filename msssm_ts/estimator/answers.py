"""What a fitted classifier answers: classes of series, and how probable they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from msssm_ts.display import reporting
from msssm_ts.estimator.asking import answers, warn_of_features
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.shared import shared_proba
from msssm_ts.sklearn_state import checked_series
from msssm_ts.training import Callback, Reporter

if TYPE_CHECKING:
    from msssm_ts.fitted.early import EarlyPrediction
    from msssm_ts.fitted.streaming import Stream


class AnswersMixin(ClassifierMixin):  # type: ignore[misc]
    """Classes of series, of whole ones and while they go on."""

    model_: FittedModel
    cluster: Any
    verbose: int
    callbacks: Sequence[Callback] | None

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
            Of the series, in hertz, if it is not the training series'; they are resampled. A model
            that knows no rate says so, in a warning.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.
        times : as in :meth:`fit`
            A time stamp a step. A model that takes no notice of uneven ones says so, in a warning.
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
        silent = nullcontext(Reporter())
        telling = silent if self.cluster is None else reporting(self.verbose, self.callbacks)
        with telling as reporter:
            shared = partial(shared_proba, cluster=self.cluster, reporter=reporter)
            return answers(self, lambda model: partial(shared, model), X, *known)

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
        logits = answers(self, lambda model: model.series_logits, X, *known)
        labels = self.model_.labels
        if len(labels.classes) == 2 and not labels.multilabel:
            return logits[:, 1] - logits[:, 0]
        return logits

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
        series = checked_series(self, X, self.model_, channel_names)
        warn_of_features(self.model_, features, len(series))
        return predict_early(
            self.model_,
            X,
            confidence,
            sampling_rate=sampling_rate,
            channel_names=channel_names,
            features=features,
        )
