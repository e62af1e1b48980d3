"""Classify a series before it ends: as soon as the model is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted import FittedClassifier
from msssm_ts.lazy import LazySeries, Series, lengths_of
from msssm_ts.series import as_series_list
from msssm_ts.streaming import Stream, why_not_streamed

# Prefixes of a series at which a model that cannot read step by step is asked.
N_PREFIXES = 20
# Steps that a stream reads at once, and series whose prefixes are classified together.
_CHUNK, _BLOCK = 64, 64


@dataclass(frozen=True)
class EarlyPrediction:
    """What was predicted, and after how much of each series.

    Parameters
    ----------
    labels : array of shape (n_samples,) or (n_samples, n_labels)
        As :meth:`MSSSMClassifier.predict` gives them.
    proba : array of shape (n_samples, n_classes)
        Probabilities at the step where reading stopped.
    n_read : integer array of shape (n_samples,)
        Steps read.
    n_timepoints : integer array of shape (n_samples,)
        Steps there were.
    step_by_step : bool
        False where the model was asked at 20 evenly spaced prefixes instead.
    """

    labels: NDArray[Any]
    proba: NDArray[np.float64]
    n_read: NDArray[np.int64]
    n_timepoints: NDArray[np.int64]
    step_by_step: bool

    @property
    def part_read(self) -> NDArray[np.float64]:
        """Part of each series that was read, shape (n_samples,)."""
        return self.n_read / self.n_timepoints

    @property
    def earliness(self) -> float:
        """Mean part read: 1 where every series was read to its end."""
        return float(self.part_read.mean())


class EarlyClassifier(FittedClassifier):
    """The part of :class:`msssm_ts.MSSSMClassifier` that answers while a series comes in."""

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
        return Stream(self)

    def predict_early(
        self,
        X: Any,
        confidence: float = 0.95,
        *,
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
    ) -> EarlyPrediction:
        """Classify each series as soon as the model is sure, without looking at the rest.

        A model that can :meth:`stream` is read step by step. Any other (bidirectional, with
        spectra, windows, ...) is asked again for longer and longer prefixes of each series, in 20
        even steps, each time as if the series ended there.

        Parameters
        ----------
        X : as in :meth:`fit`
            Series.
        confidence : float, default=0.95
            Stop at a class of this probability; with several labels at once where each of them is
            this probable, or this improbable. A series that never gets there is read to its end.
        sampling_rate : float, optional
            Of the series, in hertz, if it is not the training series'; they are resampled.
        channel_names : sequence of str, optional
            Names of the channels, if they are not the training series'; those are chosen.

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
        if not 0 < confidence <= 1:
            raise ValueError(f"confidence must be above 0 and at most 1, not {confidence}")
        streamed = why_not_streamed(self) is None and not self._resamples(sampling_rate)
        series = self._check_series(X, reset=False, channel_names=channel_names)
        if streamed:
            series = self._prepared(series, sampling_rate, channel_names).series
            stream = self.stream()
            found = [_read_stream(stream, s, confidence, self.multilabel_) for s in series]
            proba, n_read, lengths = map(np.array, zip(*found, strict=True))
        else:
            # A gap is not to be interpolated towards a value that has not come yet.
            raw = X if isinstance(X, LazySeries) else as_series_list(X, "mask")
            blocks = [
                self._read_prefixes(raw[i : i + _BLOCK], confidence, sampling_rate, channel_names)
                for i in range(0, len(raw), _BLOCK)
            ]
            proba, n_read, lengths = (np.concatenate(p) for p in zip(*blocks, strict=True))
        return EarlyPrediction(self._labels(proba), proba, n_read, lengths, streamed)

    def _resamples(self, sampling_rate: float | None) -> bool:
        wanted = self.preparation_.sampling_rate
        return bool(sampling_rate and wanted and sampling_rate != wanted)

    def _read_prefixes(
        self,
        series: Sequence[Series],
        confidence: float,
        sampling_rate: float | None,
        channel_names: Sequence[str] | None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
        """Ask for longer and longer prefixes of the series that are not sure yet."""
        values = list(series)
        lengths = lengths_of(values)
        proba = np.full((len(values), len(self.classes_)), np.nan)
        n_read, unsure = lengths.copy(), np.arange(len(values))
        for k in range(1, N_PREFIXES + 1):
            ends = -(-lengths * k // N_PREFIXES)
            ready = [
                i
                for i in unsure
                if k == N_PREFIXES or _has_begun(values[i][:, : ends[i]], self.missing)
            ]
            if not ready:
                continue
            proba[ready] = self.predict_proba(
                [values[i][:, : ends[i]] for i in ready],
                sampling_rate=sampling_rate,
                channel_names=channel_names,
            )
            n_read[ready] = ends[ready]
            unsure = unsure[~(certainty(proba[unsure], self.multilabel_) >= confidence)]
        return proba, n_read, lengths


def certainty(proba: NDArray[np.float64], multilabel: bool) -> NDArray[np.float64]:
    """How sure probabilities (n, n_classes) are, (n,): of a class, or of the least sure label.

    Examples
    --------
    >>> certainty(np.array([[0.9, 0.1], [0.4, 0.6]]), False)
    array([0.9, 0.6])
    >>> certainty(np.array([[0.9, 0.1], [0.9, 0.6]]), True)
    array([0.9, 0.6])
    """
    if multilabel:
        decided: NDArray[np.float64] = np.maximum(proba, 1 - proba).min(1)
        return decided
    best: NDArray[np.float64] = proba.max(1)
    return best


def _read_stream(
    stream: Stream, series: Series, confidence: float, multilabel: bool
) -> tuple[NDArray[np.float64], int, int]:
    """Read one series until it is sure; return probabilities, steps read and steps."""
    stream.reset()
    length = series.shape[1]
    for begin in range(0, length, _CHUNK):
        # A chunk costs less than its steps one by one; what lies behind the answer is not used.
        proba = stream.step(series[:, begin : begin + _CHUNK])
        sure = np.flatnonzero(certainty(proba, multilabel) >= confidence)
        if len(sure):
            return proba[sure[0]], begin + int(sure[0]) + 1, length
    return proba[-1], length, length


def _has_begun(prefix: Series, missing: str) -> bool:
    """Whether there is a value to classify by; to interpolate, one in every channel."""
    known = ~np.isnan(prefix)
    return bool(known.any(1).all() if missing == "interpolate" else known.any())
