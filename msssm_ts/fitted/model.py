"""The fitted model, a frozen value, and what it answers about series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import Beside, as_side_features
from msssm_ts.errors import InputError
from msssm_ts.fitted.answers import checked_finite, checked_proba
from msssm_ts.fitted.decision import Decision, OperatingPoint
from msssm_ts.fitted.exemplars import Exemplars
from msssm_ts.fitted.familiarity import Familiarity, projected
from msssm_ts.fitted.parts import FitRecord, Labels
from msssm_ts.fitted.takes_series import TakesSeries
from msssm_ts.fitted.vote import Vote, logits_of
from msssm_ts.members.closed_form import in_parts
from msssm_ts.model.device import resolve_device
from msssm_ts.preparation import vote
from msssm_ts.series import Prepared, Series


@dataclass(frozen=True)
class FittedModel(TakesSeries):
    """All that a prediction needs, and how it came about.

    Parameters
    ----------
    source : Source
        What series must be like.
    missing : {"error", "mask", "interpolate"}
        What happens to NaN.
    dtype : {"float32", "float64"}
        Precision of the series and of networks.
    preparation : Preparation
        What is done to series first.
    standardizer : Standardizer
        Of prepared series.
    labels : Labels
        What the outputs stand for.
    vote : Vote
        What answers.
    record : FitRecord
        How the model came about.
    beside : Beside, optional
        Of a model that was fitted with features beside the series: what they say.
    familiarity : Familiarity, optional
        What tells how unlike the training series others are; None where too little is known.
    exemplars : Exemplars, optional
        Training series that others are compared with, where they are kept.
    """

    labels: Labels
    vote: Vote
    record: FitRecord
    beside: Beside | None = None
    familiarity: Familiarity | None = None
    exemplars: Exemplars | None = None

    def _repr_html_(self) -> str:
        from msssm_ts.fitted.shown import model_html

        return model_html(self)

    @property
    def needs_times(self) -> bool:
        """Whether series must have time stamps: for an even grid, or for gaps that count."""
        return self.preparation.grid is not None or any(m.time_unit for m in self.vote.members)

    @property
    def uses_times(self) -> bool:
        """Whether time stamps of the steps make a difference."""
        return self.needs_times or any(member.uses_times for member in self.vote.members)

    @property
    def stamps_step(self) -> float:
        """The step of time that the model goes by, in the unit of its stamps; 0: none."""
        return super().stamps_step or max(member.time_unit for member in self.vote.members)

    def prepared(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> Prepared:
        """Prepare checked series as those that were trained on.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            From :meth:`checked`.
        sampling_rate, channel_names, times
            Of them; what is not said about them is the training series'.
        features : SideFeatures, data frame, mapping or array, optional
            What is known beside them, where the model was fitted with such features.

        Raises
        ------
        ValueError
            If that cannot be done to them.
        """
        beside = None if features is None else as_side_features(features, len(series))
        if beside is not None and self.beside is None:
            raise InputError(
                "features are given, but the model was trained without; leave them out, or train "
                "it with them"
            )
        if self.beside is not None and beside is not None:
            self.beside.check(beside)
        if times is None and self.needs_times:
            raise InputError(
                "the model was fitted by time stamps, and these series have none: give them "
                "(times; in a table a column of times), or fit it with stamps='ignore'"
            )
        values = super().prepared(series, sampling_rate, channel_names, times)
        return values.with_features(beside)

    def by_series(
        self,
        function: Callable[[Prepared], NDArray[np.float64]],
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return one row a series: the mean over its windows where it was cut.

        Parameters
        ----------
        function : callable
            From prepared, standardised series to a row for each: :meth:`proba`,
            :meth:`logits`, :meth:`features`.
        series, sampling_rate, channel_names, times, features : as for :meth:`prepared`
            Checked series, and what is known of them.
        """
        values = self.prepared(series, sampling_rate, channel_names, times, features)
        values = self.standardized(values)
        return vote(function(values), values.owner, len(series))

    def predict_proba(
        self,
        X: Any,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return class probabilities (n_samples, n_classes) of series, checked or not.

        Examples
        --------
        >>> from msssm_ts import MSSSMClassifier
        >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
        >>> model.predict_proba(np.eye(8)).shape
        (8, 2)
        """
        series = self.checked(X, channel_names)
        return self.series_proba(series, sampling_rate, channel_names, times, features)

    def series_proba(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return class probabilities (n_series, n_classes) of checked series.

        Parameters
        ----------
        series, sampling_rate, channel_names, times, features : as for :meth:`prepared`
            Checked series, and what is known of them.
        """
        if self.beside is None or not self.beside.votes:
            known = (sampling_rate, channel_names, times, features)
            return self.by_series(self.proba, series, *known)
        # Windows vote first: what is known beside a series is known once.
        beside = None if features is None else as_side_features(features, len(series))
        self.beside.check(beside)
        where = (sampling_rate, channel_names, times)
        proba = self.by_series(self.vote.predict_proba, series, *where)
        return checked_proba(self.beside.joined(proba, beside), self.labels.multilabel)

    def series_logits(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
    ) -> NDArray[np.float64]:
        """Return logits (n_series, n_classes) of checked series, see :meth:`series_proba`."""
        known = (sampling_rate, channel_names, times, features)
        if self.beside is None or not self.beside.votes:
            return self.by_series(self.logits, series, *known)
        return logits_of(self.series_proba(series, *known), self.labels.multilabel)

    def series_unknown(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
        features: Any = None,
        proba: NDArray[np.floating[Any]] | None = None,
    ) -> NDArray[np.float64]:
        """Return how unlike the training series checked series are, (n_series,).

        Parameters
        ----------
        series, sampling_rate, channel_names, times, features : as for :meth:`prepared`
            Checked series, and what is known of them.
        proba : array of shape (n_series, n_classes), optional
            What :meth:`series_proba` has answered of them.

        Returns
        -------
        array of shape (n_series,)
            The share of training series left out that are no stranger, see
            :class:`msssm_ts.fitted.familiarity.Familiarity`.

        Raises
        ------
        InputError
            If the model does not know what is strange.
        """
        known, own = (sampling_rate, channel_names, times, features), self.familiarity
        if own is None:
            raise InputError(
                "the model does not know how unlike its training series others are: it is of an "
                "earlier version, has no member with features, or was fitted with too few series "
                "left out; fit it again"
            )
        if proba is None:
            proba = self.series_proba(series, *known)
        at = self.by_series(lambda values: self.projected(values, own.member), series, *known)
        return own.unknown(own.strangeness(at, proba))

    def projected(self, values: Prepared, member: int) -> NDArray[np.float64]:
        """Return a member's features of standardised series on a few random directions.

        See :func:`msssm_ts.fitted.familiarity.projected`.
        """
        own = self.vote.members[member]
        return np.concatenate(
            [
                projected(checked_finite(own.transform(values.take(part)), "features"))
                for part in in_parts(len(values), own.n_features or 1)
            ]
        )

    def proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return the vote's probabilities (n_series, n_outputs) of standardised series.

        What is known beside the series has its part in them, where the model was fitted with that.

        Raises
        ------
        InputError
            If they are none, which only a file with made-up weights brings about, or the features
            that the model needs are not there.
        """
        if self.beside is not None:
            self.beside.check(values.features)
        proba = self.vote.predict_proba(values)
        if self.beside is not None:
            proba = self.beside.joined(proba, values.features)
        return checked_proba(proba, self.labels.multilabel)

    def logits(self, values: Prepared) -> NDArray[np.float64]:
        """Return the logits of a single network, or what would give the vote's probabilities."""
        if self.beside is not None and self.beside.votes:
            return logits_of(self.proba(values), self.labels.multilabel)
        return checked_finite(self.vote.logits(values, self.labels.multilabel), "logits")

    def features(self, values: Prepared) -> NDArray[np.float64]:
        """Return features of standardised series, (n_series, n_features).

        Raises
        ------
        InputError
            If no member of the vote has features.
        """
        member = self.vote.featured
        if member is None:
            raise InputError("no member of this model's vote has features to return")
        return checked_finite(member.transform(values), "features")

    def deciding(self, decision: Decision | None) -> FittedModel:
        """Return it with another way to choose a class; None: the most probable one.

        Raises
        ------
        InputError
            If a series can have several labels, which have thresholds, or there is no such class.

        Examples
        --------
        >>> from msssm_ts import MSSSMClassifier
        >>> from msssm_ts.fitted import OperatingPoint
        >>> clf = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2)
        >>> clf.model_ = clf.model_.deciding(OperatingPoint(positive=1, threshold=0.0))
        >>> clf.predict(np.eye(8))
        array([1, 1, 1, 1, 1, 1, 1, 1])
        """
        if decision is not None and self.labels.multilabel:
            raise InputError("a series can have several labels: each has a threshold of its own")
        if isinstance(decision, OperatingPoint) and decision.positive >= len(self.labels.classes):
            raise InputError(
                f"class {decision.positive} of {len(self.labels.classes)}: count from 0"
            )
        return replace(self, labels=replace(self.labels, decision=decision))

    def to(self, device: str) -> FittedModel:
        """Return it on a device: "auto" is a CUDA card where there is one.

        Raises
        ------
        InputError
            If there is no such device.
        """
        return replace(self, vote=self.vote.to(resolve_device(device)))
