"""Series that no model has seen, to compare an exported file on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from msssm_ts.export.parity import Source
from msssm_ts.fitted import FittedModel
from msssm_ts.preparation.spectral import frame_sizes
from msssm_ts.series import Series
from msssm_ts.series.side_features import SideFeatures

# Steps of the network.
_LENGTHS = (1, 2, 9, 40, 131)
_TIMED, _TIMED_STEPS = 16, 256
_SEED = 20_251

Array = NDArray[np.float64]
# From random numbers, time from 0 to 1 and the number of channels to values of deviation about 1.
Shape = Callable[[np.random.Generator, Array, int], Array]


def _noise(rng: np.random.Generator, t: Array, channels: int) -> Array:
    return rng.standard_normal((channels, len(t)))


def _waves(rng: np.random.Generator, t: Array, channels: int) -> Array:
    return np.sin(rng.uniform(3, 60, (channels, 1)) * t) + 0.1 * _noise(rng, t, channels)


def _drift(rng: np.random.Generator, t: Array, channels: int) -> Array:
    return rng.uniform(-3, 3, (channels, 1)) * t + 0.2 * _noise(rng, t, channels)


def _steps(rng: np.random.Generator, t: Array, channels: int) -> Array:
    return np.sign(t - rng.uniform(0, 1, (channels, 1))) + 0.1 * _noise(rng, t, channels)


def _spikes(rng: np.random.Generator, t: Array, channels: int) -> Array:
    rare = rng.uniform(size=(channels, len(t))) < 0.05
    return np.where(rare, 20.0, 0.3) * _noise(rng, t, channels)


def _flat(rng: np.random.Generator, t: Array, channels: int) -> Array:
    return rng.standard_normal((channels, 1)) + 0 * t


_SHAPES: tuple[Shape, ...] = (_noise, _waves, _drift, _steps, _spikes, _flat)


def made_up_series(model: FittedModel) -> list[Source]:
    """Make batches of several sizes, of equal and of different lengths.

    Noise, and what signals look like: waves, drifts, steps, spikes, a dead channel; in the units
    of the training series as far as the model knows them, with gaps where it takes them.

    Parameters
    ----------
    model : FittedModel
        The model.
    """
    rng = np.random.default_rng(_SEED)
    make = _Maker(model)
    batches = [
        [make(rng, _SHAPES[(i + n) % len(_SHAPES)], n) for i in range(size)]
        for size, n in zip((1, 1, 3, 6, 2), _LENGTHS, strict=True)
    ]
    ragged = [make(rng, shape, n) for shape, n in zip(_SHAPES, (*_LENGTHS, 77), strict=True)]
    return [
        Source(batch, features=_features(model, rng, len(batch))) for batch in (*batches, ragged)
    ]


def made_up_noise(model: FittedModel) -> Source:
    """Make a batch to time a model on, 16 series of 256 steps of its network.

    Parameters
    ----------
    model : FittedModel
        The model.
    """
    rng, make = np.random.default_rng(_SEED), _Maker(model)
    series = [make(rng, _noise, _TIMED_STEPS) for _ in range(_TIMED)]
    return Source(series, features=_features(model, rng, _TIMED))


def _features(model: FittedModel, rng: np.random.Generator, n: int) -> SideFeatures | None:
    """Make up what is known beside n series, where a model asks for it: as in training."""
    if model.beside is None or model.beside.member is None:
        return None
    columns = []
    for column in model.beside.member.columns:
        seen = column.categories if column.knots is None else column.knots
        missing = "" if column.knots is None else np.nan
        columns.append(rng.choice(np.array([*seen, missing]), n))
    return SideFeatures(model.beside.names, tuple(columns))


class _Maker:
    """Makes one series of a shape for a model."""

    def __init__(self, model: FittedModel):
        whole = model.preparation
        self.channels = model.source.n_channels
        # A step of the network is so many of the series.
        self.hop = math.lcm(*(member.stride for member in model.vote.members))
        self.heard = whole.features != "raw"
        rate = whole.sampling_rate or model.source.sampling_rate
        if self.heard and rate is not None:
            self.hop *= frame_sizes(rate, whole.frame_length, whole.frame_step)[1]
        filtered = self.heard or whole.filters
        self.gaps = model.missing == "mask" and not filtered
        mean, std = model.standardizer.mean, model.standardizer.std
        knows_units = whole.standardize == "global" and whole.features == "raw"
        self.mean, self.std = (mean, std) if knows_units else (0.0 * mean[:1], 0.2 + 0.0 * std[:1])

    def __call__(self, rng: np.random.Generator, shape: Shape, steps: int) -> Series:
        t = np.linspace(0, 1, steps * self.hop)
        values = self.mean[:, None] + self.std[:, None] * shape(rng, t, self.channels)
        if self.heard:
            # What is level has no sound. With it frames would all be the same but for rounding, and
            # filters that compete on them equal, in one way here and in another there.
            values -= values.mean(1, keepdims=True)
        if self.gaps:
            values[:, rng.uniform(size=len(t)) < 0.2] = np.nan
            values[0, rng.uniform(size=len(t)) < 0.2] = np.nan
            # One value at least.
            values[:, -1] = self.mean
        series: Series = values.astype(np.float32)
        return series
