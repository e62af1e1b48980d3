"""More series for a fitted classifier, and fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from msssm_ts.display import reporting
from msssm_ts.errors import InputError
from msssm_ts.estimator.asking import asked_series
from msssm_ts.estimator.state import become, fit_into, model_to_go_on_from, sums_of
from msssm_ts.fitted import FittedModel
from msssm_ts.fitting.data import TrainingData, training_data
from msssm_ts.parameters import check_parameters
from msssm_ts.series.checks import check_times
from msssm_ts.sklearn_state import checked_series, required_y, source_of
from msssm_ts.training import Callback
from msssm_ts.updating import with_series, without_series


class UpdatesMixin:
    """Series are learned from beside those before, and taken away again."""

    model_: FittedModel
    updatable: bool
    verbose: int
    callbacks: Sequence[Callback] | None
    get_params: Callable[..., dict[str, Any]]

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
    ) -> Self:
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
            As in :meth:`fit`, and if a label is not among those of the first call, or a fitted
            model has no member that can go on learning.
        """
        check_parameters(self.get_params(deep=False))
        where = (sampling_rate, channel_names)
        if self.updatable and "model_" in vars(self):
            data = self._more(X, y, classes, sample_weight, channel_names, times)
            sums = sums_of(self)
            with reporting(self.verbose, self.callbacks) as reporter:
                changed = with_series(self.model_, sums, data, *where, reporter)
            become(self, changed)
            return self
        if not self.updatable and where != (None, None):
            raise InputError(
                "sampling_rate and channel_names have nothing to act on in partial_fit without "
                "updatable=True"
            )
        previous = model_to_go_on_from(self)
        if previous is None and "model_" in vars(self):
            raise InputError(
                "the model has no network that could go on, and partial_fit would begin anew "
                "without what it has learned: fit it with updatable=True, or members=['network']"
            )
        if previous is not None and previous.beside is not None:
            raise InputError(
                "the model was trained with features beside the series, which are not learned in "
                "parts; train it anew with all series"
            )
        series = checked_series(self, X, previous)
        data = training_data(
            series,
            required_y(self, y),
            sample_weight=sample_weight,
            times=check_times(times, series),
            known=None if previous is None else previous.labels,
            classes=None if classes is None else np.unique(classes),
        )
        source = source_of(self, series, channel_names, sampling_rate)
        source = source if previous is None else previous.source
        fit_into(self, data, source, previous=previous, in_parts=not self.updatable)
        return self

    def withdraw(
        self,
        X: Any,
        y: Any = None,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> Self:
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
        model, sums = self.model_, sums_of(self)
        series, stamps = asked_series(self, X, channel_names, times)
        targets = None
        if y is not None:
            known = training_data(series, y, known=model.labels)
            targets = known.targets.encoded
        where = (sampling_rate, channel_names)
        with reporting(self.verbose, self.callbacks) as reporter:
            changed = without_series(model, sums, series, targets, stamps, *where, reporter)
        become(self, changed)
        return self

    def _more(
        self, X: Any, y: Any, classes: Any, sample_weight: Any, channel_names: Any, times: Any
    ) -> TrainingData:
        """Return checked series for an updatable model."""
        labels = self.model_.labels
        if classes is not None and np.unique(classes).tolist() != labels.classes.tolist():
            raise InputError("classes differ from those of the first call, which cannot change")
        series, stamps = asked_series(self, X, channel_names, times)
        return training_data(
            series,
            required_y(self, y),
            sample_weight=sample_weight,
            times=stamps,
            known=labels,
        )
