"""What becomes of a model's answers when a channel, or a time, is hidden in all series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.vote.occlusion import hidden
from msssm_ts.errors import InputError
from msssm_ts.fitted import FittedModel
from msssm_ts.series import Series
from msssm_ts.series.side_features import SideFeatures

Floats = NDArray[np.float64]
# Beyond it channels and times are not looked at together: each of both is a pass over all series.
MOST_CHANNELS_TOGETHER = 12


@dataclass(frozen=True)
class Effects:
    """What hiding something does, an entry for each thing that was hidden.

    Parameters
    ----------
    accuracy, accuracy_error : array or None
        How much the accuracy falls, and the standard error of that; of several labels the accuracy
        of all answers. None without labels.
    probability, probability_error : array
        How much the probability of the true class falls, on average over the series; without
        labels how far the probabilities move: half the sum of their absolute differences, from 0
        to 1.
    """

    accuracy: Floats | None
    accuracy_error: Floats | None
    probability: Floats
    probability_error: Floats


@dataclass(frozen=True)
class Importance:
    """Importance of channels and of times.

    Parameters
    ----------
    channel_names : tuple of str
        Of the channels; numbered from 1 where they have no names.
    edges : array of shape (n_segments + 1,)
        Where segments begin and end, as parts of a series' length, from 0 to 1.
    channels : Effects of shape (n_channels,)
        Of whole channels.
    segments : Effects of shape (n_segments,)
        Of times, in all channels at once.
    both : Effects of shape (n_channels, n_segments), optional
        Of times of one channel; None with a single channel, or more than
        ``MOST_CHANNELS_TOGETHER``.
    accuracy : float, optional
        With nothing hidden; None without labels.
    n_series, n_units : int
        Series, and what varies independently of them: groups where there are any.
    n_repeats, seed : int
        Other series were drawn so often, by this seed.
    """

    channel_names: tuple[str, ...]
    edges: Floats
    channels: Effects
    segments: Effects
    both: Effects | None
    accuracy: float | None
    n_series: int
    n_units: int
    n_repeats: int
    seed: int


def importance(
    model: FittedModel,
    X: Sequence[Series],
    y: NDArray[Any] | None = None,
    *,
    sampling_rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    times: Any = None,
    features: SideFeatures | None = None,
    groups: NDArray[Any] | None = None,
    n_segments: int = 20,
    n_repeats: int = 3,
    seed: int = 0,
    tell: Callable[[float, float], None] | None = None,
) -> Importance:
    """Hide a channel, or a time, in every series, and see how much worse the answers are.

    A channel is taken from another series (permutation importance; Breiman, "Random Forests",
    Machine Learning 45, 2001): its values stay as likely as they were, and have nothing to do with
    the series any more. A time is drawn straight, as
    :func:`msssm_ts.analysis.vote.occlusion.occlusion` does: a stretch of another series would not
    join, and models answer to the jumps at its ends. Both is done before any preparation. What two
    channels, or times, tell alike is seen only where both are hidden together.

    Parameters
    ----------
    model : FittedModel
        To be asked.
    X : sequence of arrays of shape (n_channels, length)
        At least two series, not among those that the model was trained on.
    y : array of shape (n_series,) or (n_series, n_labels), optional
        True classes, all known to the model, or a matrix of 0 and 1.
    sampling_rate, channel_names, times, features : as for ``predict_proba``
        What is known of them. Features beside the series stay as they are.
    groups : array of shape (n_series,), optional
        What each series belongs to: standard errors are those of as many groups.
    n_segments : int
        Parts of equal length that the time is cut into, at least two; fewer where series are
        shorter.
    n_repeats : int
        How often other series are drawn for each channel.
    seed : int
        By which they are.
    tell : callable, optional
        Told how much is done, and of how much.

    Returns
    -------
    Importance

    Raises
    ------
    InputError
        If there is only one series, or one of a single step, or a number is too small.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> X, y = np.random.default_rng(0).normal(size=(40, 2, 20)), np.arange(40) % 2
    >>> X[y == 1, 1] *= 4
    >>> clf = MSSSMClassifier("fast", random_state=0).fit(X[:20], y[:20])
    >>> found = importance(clf.model_, X[20:], y[20:], n_segments=4)
    >>> found.channel_names[found.channels.accuracy.argmax()]
    'channel 2'
    """
    series = [np.asarray(s) for s in X]
    n = len(series)
    lengths = [s.shape[1] for s in series]
    if n < 2 or min(lengths) < 2:
        raise InputError("importance needs two series or more, each of two steps or more")
    if n_segments < 2 or n_repeats < 1:
        raise InputError("importance needs two segments or more, and one repeat or more")
    n_channels, n_segments = series[0].shape[0], min(n_segments, *lengths)
    rng = np.random.default_rng(seed)
    donors = [_others(n, rng) for _ in range(n_repeats)]

    known = None if channel_names is None else tuple(channel_names)

    def answer(values: list[Series]) -> Floats:
        return model.predict_proba(values, sampling_rate, known, times, features)

    judged = _Judge.of(model, answer(series), y)
    if channel_names is None:
        channel_names = [f"channel {c + 1}" for c in range(n_channels)]
    names = tuple(channel_names)
    together = 1 < n_channels <= MOST_CHANNELS_TOGETHER
    everything = list(range(n_channels))
    edges = np.linspace(0, 1, n_segments + 1)
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    places = [(everything, span) for span in spans]
    places += [([c], span) for c in everything for span in spans] if together else []
    n_steps, moved = n_channels + len(places), np.zeros((n_channels + len(places), 2, n))
    for k in range(n_steps):
        if k < n_channels:
            drawn = [[_swapped(v, series[i], k) for v, i in zip(series, other, strict=True)]
                     for other in donors]  # fmt: skip
        else:
            channels, (begin, end) = places[k - n_channels]
            drawn = [[hidden(v, channels, round(begin * v.shape[1]), round(end * v.shape[1]))
                      for v in series]]  # fmt: skip
        moved[k] = np.mean([judged.falls(answer(values)) for values in drawn], axis=0)
        if tell is not None:
            tell(k + 1, n_steps)
    units = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    effects = [_effects(moved, units, judged.labelled, part) for part in (
        slice(0, n_channels), slice(n_channels, n_channels + n_segments),
        slice(n_channels + n_segments, None),
    )]  # fmt: skip
    return Importance(
        names,
        edges,
        effects[0],
        effects[1],
        _shaped(effects[2], (n_channels, n_segments)) if together else None,
        judged.accuracy,
        n,
        int(units.max()) + 1,
        n_repeats,
        seed,
    )


def _others(n: int, rng: np.random.Generator) -> list[int]:
    """Return another series for each, every one once."""
    order = rng.permutation(n)
    other = np.empty(n, dtype=np.int64)
    other[order] = np.roll(order, 1)
    return other.tolist()


def _swapped(values: Series, other: Series, channel: int) -> Series:
    """Return a series with a channel of another, brought to its length where that differs."""
    length, theirs = values.shape[1], other.shape[1]
    from_ = ((np.arange(length) + 0.5) * theirs / length).astype(int)
    swapped = values.copy()
    swapped[channel] = other[channel, from_]
    return swapped


@dataclass(frozen=True)
class _Judge:
    """How good answers are, compared with those to the series as they are."""

    model: FittedModel
    before: Floats
    truth: NDArray[np.bool_] | None

    @classmethod
    def of(cls, model: FittedModel, before: Floats, y: NDArray[Any] | None) -> _Judge:
        if y is None:
            return cls(model, before, None)
        from msssm_ts.analysis.results.predictions import Predictions

        return cls(model, before, Predictions.of(model, y, before).truth)

    @property
    def labelled(self) -> bool:
        return self.truth is not None

    @property
    def accuracy(self) -> float | None:
        return None if self.truth is None else float(self._right(self.before).mean())

    def _right(self, proba: Floats) -> Floats:
        """Return whether each series is answered right; of several labels, which part."""
        assert self.truth is not None
        labels = self.model.labels
        if labels.multilabel:
            return np.asarray(((proba >= labels.thresholds) == self.truth).mean(1))
        return self.truth[np.arange(len(proba)), labels.chosen_columns(proba)].astype(float)

    def _sure(self, proba: Floats) -> Floats:
        """Return the probability of the truth; of several labels, its mean."""
        assert self.truth is not None
        if self.model.labels.multilabel:
            return np.asarray(np.where(self.truth, proba, 1 - proba).mean(1))
        return np.asarray(proba[self.truth])

    def falls(self, after: Floats) -> Floats:
        """Return by how much both fall of each series, (2, n_series)."""
        if self.truth is None:
            gap = np.abs(after - self.before)
            far = gap.mean(1) if self.model.labels.multilabel else gap.sum(1) / 2
            return np.stack([np.zeros(len(after)), far])
        return np.stack(
            [
                self._right(self.before) - self._right(after),
                self._sure(self.before) - self._sure(after),
            ]
        )


def _effects(moved: Floats, units: NDArray[np.int64], labelled: bool, part: slice) -> Effects:
    """Return means over the series with their standard errors, a unit's series together."""
    rows = moved[part]
    mean = rows.mean(-1)
    count = int(units.max()) + 1
    # A column a unit.
    sums = (rows - mean[..., None]) @ (units[:, None] == np.arange(count)).astype(float)
    spread = np.sqrt(np.square(sums).sum(-1) * count / max(count - 1, 1)) / rows.shape[-1]
    error = spread if count > 1 else np.full_like(spread, np.nan)
    if not labelled:
        return Effects(None, None, mean[:, 1], error[:, 1])
    return Effects(mean[:, 0], error[:, 0], mean[:, 1], error[:, 1])


def _shaped(effects: Effects, shape: tuple[int, int]) -> Effects:
    def of(values: Floats) -> Floats:
        return values.reshape(shape)

    if effects.accuracy is None or effects.accuracy_error is None:
        return Effects(None, None, of(effects.probability), of(effects.probability_error))
    return Effects(
        of(effects.accuracy),
        of(effects.accuracy_error),
        of(effects.probability),
        of(effects.probability_error),
    )
