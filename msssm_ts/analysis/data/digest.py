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
# A channel that moves otherwise is flat where it rests for so many times as long as ever elsewhere.
_FLAT = 10

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
        [-0.6, 0.8, 0.0]
        """
        values = standardized[:, : self.bucket.shape[1]]
        norm = float(np.linalg.norm(values)) or 1.0
        places = np.s_[:, : values.shape[1]]
        signed = (values * self.sign[places]).ravel() / norm
        sums = np.bincount(self.bucket[places].ravel(), signed, minlength=WIDTH)
        return np.asarray(sums, dtype=np.float64)


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
    flat : integer array of shape (n_series, n_channels)
        Steps for which a channel rests in the midst of its values, as if off there; or 0.
    filled_up : integer array of shape (n_series,)
        Steps for which all channels rest at the start or the end, as if filled up there; or 0.
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
    flat: NDArray[np.int64]
    filled_up: NDArray[np.int64]
    alike: Floats

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Which channels of which series do not vary."""
        return np.asarray(self.deviations == 0)

    @property
    def varies(self) -> NDArray[np.bool_]:
        """Which series have a channel that varies."""
        return np.asarray((self.deviations > 0).any(axis=1))


def digested(
    series: Iterable[Series],
    n_series: int,
    n_channels: int,
    sketcher: Sketcher,
    tell: Callable[[float, float], None] | None = None,
    full_scale: float = np.inf,
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
    tell : callable, optional
        Is told how many are done, and of how many.
    full_scale : float
        What no value is beyond, where that is known: as of sound.

    Examples
    --------
    >>> found = digested([np.array([[1.0, 2.0], [5.0, 5.0]])], 1, 2, Sketcher.draw(2, 2))
    >>> found.constant.tolist()
    [[False, True]]
    """
    shape = (n_series, n_channels)
    prints, filled_up = np.zeros(n_series, np.int64), np.zeros(n_series, np.int64)
    sketches = np.zeros((n_series, WIDTH), np.float32)
    missing, infinite, stretches, flat = (np.zeros(shape, np.int64) for _ in range(4))
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
        for c in np.flatnonzero(deviations[i] > 0):
            stretches[i, c] = _stretch(x[c][known[c]], full_scale)
            flat[i, c] = _flat(x[c][known[c]])
        filled_up[i] = _filled_up(x)
        if tell is not None:
            tell(i + 1, n_series)
    return Digests(
        *(prints, sketches, missing, infinite, deviations, stretches, flat, filled_up), alike
    )


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


def _stretch(x: Floats, full_scale: float = np.inf) -> int:
    """Return for how long values stay at an end of what they reach, as if cut off; else 0.

    As if cut off: for twice as long as they stay anywhere else, for a fiftieth of the time or more
    in all, and not for half of it, unless that is at full scale. A value with which the series
    begins or ends is one of rest.

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> _stretch(wave), _stretch(np.minimum(np.sin(np.arange(40.0) / 4), 0.8))
    (0, 5)
    """
    lengths, values = _runs(x)
    rest = (values == x[0]) | (values == x[-1])
    ends = ((values == x.max()) | (values == x.min())) & ~rest
    elsewhere, longest = lengths[~ends].max(initial=0), int(lengths[ends].max(initial=0))
    if longest < _STRETCH or longest <= 2 * elsewhere:
        return 0
    total = int(lengths[ends & (lengths >= _STRETCH)].sum())
    is_rest = 2 * total >= len(x) and np.abs(x).max() < full_scale
    return longest if len(x) <= 50 * total and not is_rest else 0


def _flat(x: Floats) -> int:
    """Return for how long a channel rests in the midst of its values, as if off there; else 0.

    As if off: once, for a twentieth of the time or more and ten times as long as ever elsewhere, at
    a value that is neither an end of what it reaches nor where it begins or ends. What moves in
    steps rests often, and machines that are off rest at their lowest.

    Examples
    --------
    >>> wave = np.sin(np.arange(40.0))
    >>> _flat(wave), _flat(np.where(abs(np.arange(40) - 20) < 6, 0.5, wave))
    (0, 11)
    """
    lengths, values = _runs(x)
    place = int(lengths.argmax())
    longest, value = int(lengths[place]), values[place]
    if value in (x[0], x[-1], x.min(), x.max()):
        return 0
    elsewhere = int(np.delete(lengths, place).max())
    return longest if longest >= max(_FLAT * elsewhere, len(x) / 20) else 0


def _runs(x: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return for how long each value stays, and the values."""
    starts = np.flatnonzero(np.r_[True, x[1:] != x[:-1]])
    return np.diff(np.r_[starts, len(x)]), x[starts]


def _filled_up(x: Floats) -> int:
    """Return for how long all channels rest at the start or the end, as if filled up; else 0.

    As if filled up: for a twentieth of the time or more, and twice as long as they rest together
    anywhere between.

    Examples
    --------
    >>> wave = np.sin(np.arange(20.0))[None]
    >>> _filled_up(wave), _filled_up(np.pad(wave, ((0, 0), (0, 9)), mode="edge"))
    (0, 10)
    """
    starts = np.flatnonzero(np.r_[True, (x[:, 1:] != x[:, :-1]).any(axis=0)])
    lengths = np.diff(np.r_[starts, x.shape[1]])
    longest = int(max(lengths[0], lengths[-1]))
    rests = len(lengths) > 1 and longest > 2 * lengths[1:-1].max(initial=0)
    return longest if rests and longest >= max(_STRETCH, x.shape[1] / 20) else 0
