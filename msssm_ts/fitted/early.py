"""Classify a series before it ends: as soon as the model is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import as_side_features
from msssm_ts.errors import InputError
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.streaming import Stream, why_not_streamed
from msssm_ts.series import LazySeries, Series, lengths_of
from msssm_ts.series.checks import as_series_list
from msssm_ts.series.side_features import SideFeatures

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
        As :meth:`MSSSMClassifier.predict` gives them for these probabilities.
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


def predict_early(
    model: FittedModel,
    X: Any,
    confidence: float = 0.95,
    *,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    features: Any = None,
) -> EarlyPrediction:
    """Classify each series as soon as the model is sure, without looking at the rest.

    A model that can be streamed is read step by step. Any other (bidirectional, with spectra,
    windows, ...) is asked again for longer and longer prefixes of each series, in 20 even steps,
    each time as if the series ended there.

    Parameters
    ----------
    model : FittedModel
        The model.
    X : as for :class:`msssm_ts.MSSSMClassifier`
        Series.
    confidence : float
        Stop at a class of this probability; with several labels at once where each of them is
        this probable, or this improbable. A series that never gets there is read to its end.
    sampling_rate : float, optional
        Of the series, in hertz, if it is not the training series'; they are resampled.
    channel_names : sequence of str, optional
        Names of the channels, if they are not the training series'; those are chosen.
    features : as for :meth:`msssm_ts.MSSSMClassifier.fit`, optional
        What is known beside the series from the beginning.

    Returns
    -------
    EarlyPrediction
        Labels, probabilities and how much of each series was read.

    Raises
    ------
    ValueError
        If X cannot be used, or ``confidence`` is not in (0, 1].
    """
    if not 0 < confidence <= 1:
        raise ValueError(f"confidence must be above 0 and at most 1, not {confidence}")
    if model.needs_times:
        raise InputError(
            "early answers are given from series without time stamps, which this model needs: fit "
            "it with stamps='ignore', or predict from whole series"
        )
    wanted, multilabel = model.preparation.sampling_rate, model.labels.multilabel
    resamples = bool(sampling_rate and wanted and sampling_rate != wanted)
    streamed = why_not_streamed(model) is None and not resamples
    if streamed:
        checked = model.checked(X, channel_names)
        series = model.prepared(checked, sampling_rate, channel_names, features=features).series
        stream = Stream(model)
        found = [_read_stream(stream, s, confidence, multilabel) for s in series]
        proba, n_read, lengths = map(np.array, zip(*found, strict=True))
    else:
        # A gap is not to be interpolated towards a value that has not come yet.
        raw = X if isinstance(X, LazySeries) else as_series_list(X, "mask", model.dtype)
        where = {"sampling_rate": sampling_rate, "channel_names": channel_names}
        beside = None if features is None else as_side_features(features, len(raw))
        blocks = [
            _read_prefixes(model, raw[i : i + _BLOCK], confidence, where, _part(beside, i))
            for i in range(0, len(raw), _BLOCK)
        ]
        proba, n_read, lengths = (np.concatenate(p) for p in zip(*blocks, strict=True))
    return EarlyPrediction(model.labels.chosen(proba), proba, n_read, lengths, streamed)


def _read_prefixes(
    model: FittedModel,
    series: Sequence[Series],
    confidence: float,
    where: dict[str, Any],
    beside: SideFeatures | None,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Ask for longer and longer prefixes of the series that are not sure yet."""
    values = list(series)
    lengths = lengths_of(values)
    proba = np.full((len(values), len(model.labels.classes)), np.nan)
    n_read, unsure = lengths.copy(), np.arange(len(values))
    for k in range(1, N_PREFIXES + 1):
        ends = -(-lengths * k // N_PREFIXES)
        ready = [
            i
            for i in unsure
            if k == N_PREFIXES or _has_begun(values[i][:, : ends[i]], model.missing)
        ]
        if not ready:
            continue
        known = None if beside is None else beside.take(np.array(ready))
        prefixes = [values[i][:, : ends[i]] for i in ready]
        proba[ready] = model.predict_proba(prefixes, **where, features=known)
        n_read[ready] = ends[ready]
        sure = certainty(proba[unsure], model.labels.multilabel) >= confidence
        unsure = unsure[~sure]
    return proba, n_read, lengths


def _part(beside: SideFeatures | None, first: int) -> SideFeatures | None:
    """Return what is known of a block of series."""
    return None if beside is None else beside.take(np.arange(len(beside))[first : first + _BLOCK])


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
