"""How long a model and its exported file take."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from msssm_ts.export.parity import Predict, Source

# Rounds, and seconds after which no further one begins.
_ROUNDS, _SECONDS = 30, 5.0


def median_milliseconds(predictors: dict[str, Predict], source: Source) -> dict[str, float]:
    """Return the median time of each, taken in turns, after a first round that does not count.

    Parameters
    ----------
    predictors : dict of str to callable
        What is to be timed.
    source : Source
        Series that each is asked about at once.

    Examples
    --------
    >>> import numpy as np
    >>> list(median_milliseconds({"nothing": lambda s: np.ones(1)}, Source([np.ones((1, 2))])))
    ['nothing']
    """
    times: dict[str, list[float]] = {name: [] for name in predictors}
    for predict in predictors.values():
        predict(source)
    began = time.perf_counter()
    while len(times[next(iter(times))]) < _ROUNDS and time.perf_counter() - began < _SECONDS:
        for name, predict in predictors.items():
            times[name].append(_seconds(lambda run=predict: run(source)))  # type: ignore[misc]
    return {name: 1e3 * median(values) for name, values in times.items()}


def _seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
