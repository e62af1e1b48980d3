"""What is kept of a series that is looked at once: a few numbers a channel, and a sketch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Series
from msssm_ts.series.fingerprints import fingerprint
from msssm_ts.series.standardizer import is_constant

# Numbers in a sketch: distances are off by a sixteenth (a standard deviation).
WIDTH = 128
# Copies of channels are looked for among so many, in series of so many steps or more.
MOST_CHANNELS, _FEWEST_STEPS = 1024, 8
# From so many equal values one after another on, an extreme may be where values are cut off.
_STRETCH = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sketcher:
    """A random projection of series that keeps their distances.

    Every value, by its channel and step, goes with a random sign into one of ``WIDTH`` sums; where
    there are no more values than that, each has its own and nothing is lost.

    Charikar, Chen, Farach-Colton, "Finding frequent items in data streams", 2002; Weinberger et
    al., "Feature hashing for large scale multitask learning", 2009.

    Parameters
    ----------
    bucket : array of shape (n_channels, n_timepoints)
        The sum that a value goes into.
    sign : array of the same shape
        1 or -1.
    """

    bucket: NDArray[np.uint8]
    sign: NDArray[np.int8]

    @classmethod
    def draw(cls, n_channels: int, longest: int) -> Sketcher:
        """Draw one for series of so many channels and at most so many steps."""
        rng, shape = np.random.default_rng(0), (n_channels, longest)
        sign = rng.integers(0, 2, shape, dtype=np.int8) * 2 - 1
        if n_channels * longest <= WIDTH:
            return cls(np.arange(n_channels * longest, dtype=np.uint8).reshape(shape), sign)
        return cls(rng.integers(0, WIDTH, shape, dtype=np.uint8), sign)

    def sketch(self, standardized: Floats) -> Floats:
        """Return the sketch of a series (n_channels, length), scaled to norm 1; 0 stays 0.

        Examples
        --------
        >>> Sketcher.draw(1, 2).sketch(np.array([[3.0, 4.0]])).round(1)[:3].tolist()
        [0.6, 0.8, 0.0]
        """
        values = standardized[:, : self.bucket.shape[1]]
        norm = float(np.linalg.norm(values)) or 1.0
        places = np.s_[:, : values.shape[1]]
        signed = (values * self.sign[places]).ravel() / norm
        return np.bincount(self.bucket[places].ravel(), signed, minlength=WIDTH)


@dataclass(frozen=True)
class Digests:
    """What is known of series that were looked at, a row each.

    Parameters
    ----------
    fingerprints : integer array of shape (n_series,)
        Equal series have equal ones.
    sketches : array of shape (n_series, WIDTH)
        Of the series with every channel standardised; the product of two is close to their
        correlation. 0 where nothing varies.
    missing, infinite : integer arrays of shape (n_series, n_channels)
        How many values are.
    deviations : array of shape (n_series, n_channels)
        In units of the data; 0 where a channel is constant, NaN where it is empty.
    stretches : integer array of shape (n_series, n_channels)
        Steps for which a channel stays at its highest or lowest value, as if cut off there; or 0.
    alike : array of shape (n_channels, n_channels)
        The least correlation, without its sign, that two channels have in any series in which both
        vary; NaN where there is none.
    """

    fingerprints: NDArray[np.int64]
    sketches: NDArray[np.float32]
    missing: NDArray[np.int64]
    infinite: NDArray[np.int64]
    deviations: Floats
    stretches: NDArray[np.int64]
    alike: Floats

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which channels of which series do not vary."""
        return self.deviations == 0

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Which series have a channel that varies."""
        return (self.deviations > 0).any(axis=1)


def digested(
    series: Iterable[Series],
    n_series: int,
    n_channels: int,
    sketcher: Sketcher,
    tell: Callable[[float, float], None] = lambda done, total: None,
) -> Digests:
    """Look at each series once.

    Parameters
    ----------
    series : iterable of arrays of shape (n_channels, length)
        NaN is a missing value.
    n_series, n_channels : int
        How many.
    sketcher : Sketcher
        The same for all that are to be compared.
    tell : callable
        Is told how many are done, and of how many.

    Examples
    --------
    >>> found = digested([np.array([[1.0, 2.0], [5.0, 5.0]])], 1, 2, Sketcher.draw(2, 2))
    >>> found.constant.tolist()
    [[False, True]]
    """
    shape = (n_series, n_channels)
    prints = np.zeros(n_series, np.int64)
    sketches = np.zeros((n_series, WIDTH), np.float32)
    missing, infinite, stretches = (np.zeros(shape, np.int64) for _ in range(3))
    deviations = np.full(shape, np.nan)
    compared = n_channels if 1 < n_channels <= MOST_CHANNELS else 0
    alike = np.full((compared, compared), np.nan)
    for i, values in enumerate(series):
        prints[i] = fingerprint(values)
        x = np.asarray(values, dtype=np.float64)
        known = np.isfinite(x)
        missing[i], infinite[i] = np.isnan(x).sum(axis=1), np.isinf(x).sum(axis=1)
        z, deviations[i] = _standardized(x, known)
        sketches[i] = sketcher.sketch(z)
        if compared and x.shape[1] >= _FEWEST_STEPS:
            alike = np.fmin(alike, _correlations(z, deviations[i]))
        stretches[i] = [
            _stretch(c[k]) if d > 0 else 0 for c, k, d in zip(x, known, deviations[i], strict=True)
        ]
        tell(i + 1, n_series)
    return Digests(prints, sketches, missing, infinite, deviations, stretches, alike)


def _standardized(x: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return channels less their mean over their deviation, 0 where unknown; and the deviation."""
    count = known.sum(axis=1)
    values = np.where(known, x, 0.0)
    mean = values.sum(axis=1) / np.maximum(count, 1)
    centred = np.where(known, values - mean[:, None], 0.0)
    deviation = np.sqrt((centred**2).sum(axis=1) / np.maximum(count, 1))
    deviation[is_constant(mean, deviation)] = 0.0
    scale = np.where(deviation > 0, deviation, np.inf)
    return centred / scale[:, None], np.where(count > 0, deviation, np.nan)


def _correlations(z: Floats, deviation: Floats) -> Floats:
    """Return how alike every two channels are; NaN where one does not vary."""
    norm = np.sqrt((z**2).sum(axis=1))
    norm[~(deviation > 0)] = np.nan
    found: Floats = np.abs(z @ z.T) / np.outer(norm, norm)
    return found


def _stretch(x: Floats) -> int:
    """Return for how long values stay at an end of what they reach, as if cut off; else 0.

    As if cut off: for twice as long as they stay anywhere else, and not for half of the time,
    which would be where they rest.

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> _stretch(wave), _stretch(np.minimum(np.sin(np.arange(40.0) / 4), 0.8))
    (0, 6)
    """
    starts = np.flatnonzero(np.r_[True, x[1:] != x[:-1]])
    lengths, values = np.diff(np.r_[starts, len(x)]), x[starts]
    ends = (values == values.max()) | (values == values.min())
    elsewhere, longest = lengths[~ends].max(initial=0), int(lengths[ends].max())
    cut = longest >= _STRETCH and longest > 2 * elsewhere and 2 * lengths[ends].sum() < len(x)
    return longest if cut else 0
