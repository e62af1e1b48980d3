"""Which steps of a series an answer hangs on, whatever it is that answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

# Stretches that a series is cut into, each covered half by the next.
_N_STRETCHES = 32
# With more channels all are hidden at once.
_MOST_CHANNELS = 6

Probability = Callable[[Sequence[NDArray[np.floating]]], NDArray[np.float64]]


def occlusion(probability: Probability, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Hide stretches of a series and see what becomes of a probability.

    A stretch is replaced by a straight line between the steps beside it. Zeiler, Fergus,
    "Visualizing and Understanding Convolutional Networks", ECCV 2014.

    Parameters
    ----------
    probability : callable
        From series to the probability of one class, an entry a series.
    values : array of shape (n_channels, length)
        The series, channel by channel where there are at most six.

    Returns
    -------
    array of shape (length, n_channels)
        How much the probability falls when a step is hidden, on average over the stretches that
        it lies in: positive where it speaks for the class.

    Examples
    --------
    >>> x = np.array([[0.0, 0.0, 9.0, 0.0, 0.0]])
    >>> highest = lambda series: np.array([s.max() / 9 for s in series])
    >>> occlusion(highest, x).ravel().tolist()
    [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    n_channels, length = values.shape
    width = max(1, 2 * length // (_N_STRETCHES + 1))
    begins = range(0, max(1, length - width // 2), max(1, width // 2))
    each = [[c] for c in range(n_channels)]
    rows = each if n_channels <= _MOST_CHANNELS else [list(range(n_channels))]
    places = [(channels, a, min(a + width, length)) for channels in rows for a in begins]
    proba = probability([values, *(hidden(values, *place) for place in places)])
    falls, count = np.zeros((length, n_channels)), np.zeros((length, n_channels))
    for (channels, a, b), after in zip(places, proba[1:], strict=True):
        falls[a:b, channels] += proba[0] - after
        count[a:b, channels] += 1
    saliency: NDArray[np.float64] = falls / np.maximum(count, 1)
    return saliency


def hidden(
    values: NDArray[np.floating], channels: list[int], a: int, b: int
) -> NDArray[np.floating]:
    """Return the series with steps a to b − 1 of some channels drawn straight.

    Examples
    --------
    >>> hidden(np.array([[0.0, 9.0, 9.0, 3.0]]), [0], 1, 3)
    array([[0., 1., 2., 3.]])
    """
    drawn = values.copy()
    known = np.r_[0:a, b : values.shape[1]]
    for channel in channels:
        beside = known[np.isfinite(values[channel, known])]
        if len(beside):
            drawn[channel, a:b] = np.interp(np.arange(a, b), beside, values[channel, beside])
        else:
            drawn[channel, a:b] = 0.0
    return drawn
