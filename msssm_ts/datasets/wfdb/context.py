"""When a beat comes, beside the other beats of its record: what its window does not show."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Values = NDArray[np.float64]

# Intervals in a mean that one is compared with: the last beats, half a minute, a minute.
_COUNTS = (10, 32, 80)
# Seconds of the longest mean.
_LONG = 300.0
# Where most beats of a record are early, its long intervals are the sinus rhythm's.
_LATE = 0.8
# Beats before and after by which an irregular rhythm is seen.
_AROUND = 16


def interval_features(
    seconds: Values, stretches: NDArray[np.int64] | None = None
) -> dict[str, Values]:
    """Return what the times of all beats of a record, without their classes, say of each.

    Parameters
    ----------
    seconds : array of shape (n_beats,)
        When they are, rising.
    stretches : integer array of shape (n_beats,), optional
        Which stretch of the record each lies in; no interval spans the gap between two.

    Returns
    -------
    dict of str to array of shape (n_beats,)
        ``interval_before`` and ``interval_after`` in seconds; each of them over the mean of the 10,
        32 and 80 intervals before ``interval_before`` (``interval_before_over_10``) and of those
        of the five minutes before it (``_over_5min``), over the median of the record's
        (``_over_record``) and over their 80th percentile (``_over_late``);
        ``interval_before_over_after``; ``interval_before_over_previous``, and the interval before
        the previous beat and after the next one over the record's median
        (``previous_interval_over_record``, ``next_interval_over_record``); ``irregularity``, the
        median change from an interval to the next among the 33 around the beat, over the
        record's median interval. NaN where it is not known, as before the first beat.

    Examples
    --------
    >>> found = interval_features(np.array([0.0, 1.0, 2.0, 2.5, 4.0]))
    >>> found["interval_before"]
    array([nan, 1. , 1. , 0.5, 1.5])
    >>> found["interval_before_over_10"]
    array([nan, nan, 1. , 0.5, 1.8])
    """
    n = len(seconds)
    before = np.full(n, np.nan)
    before[1:] = np.diff(seconds)
    if stretches is not None:
        before[1:][np.diff(stretches) != 0] = np.nan
    after, previous = _moved(before, 1), _moved(before, -1)
    usual = _quantile(before, 0.5)
    references = {str(k): _mean_before(before, np.arange(n) - k) for k in _COUNTS}
    references["5min"] = _mean_before(before, np.searchsorted(seconds, seconds - _LONG))
    references["record"] = usual
    references["late"] = _quantile(before, _LATE)
    found = {"interval_before": before, "interval_after": after}
    for kind, intervals in tuple(found.items()):
        found |= {f"{kind}_over_{name}": ratio(intervals, r) for name, r in references.items()}
    return found | {
        "interval_before_over_after": ratio(before, after),
        "interval_before_over_previous": ratio(before, previous),
        "previous_interval_over_record": ratio(previous, usual),
        "next_interval_over_record": ratio(_moved(after, 1), usual),
        "irregularity": ratio(_median_around(np.abs(before - previous)), usual),
    }


def ratio(part: Values, whole: Values) -> Values:
    """Divide, to NaN where the divisor is not positive.

    Examples
    --------
    >>> ratio(np.array([1.0, 2.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    found: Values = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return found


def _moved(values: Values, steps: int) -> Values:
    """Return the value of the beat so many later; NaN where there is none."""
    moved = np.full(len(values), np.nan)
    if steps > 0:
        moved[:-steps] = values[steps:]
    else:
        moved[-steps:] = values[:steps]
    return moved


def _quantile(values: Values, share: float) -> Values:
    known = values[~np.isnan(values)]
    return np.full(len(values), np.quantile(known, share) if len(known) else np.nan)


def _mean_before(values: Values, first: NDArray[np.int64]) -> Values:
    """Mean of what is known of values[first:i], for every i; NaN where nothing is."""
    known = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    start, stop = np.maximum(first, 0), np.arange(len(values))
    return ratio(sums[stop] - sums[start], (counts[stop] - counts[start]).astype(np.float64))


def _median_around(values: Values) -> Values:
    """Median of what is known of the values around each; NaN where nothing is."""
    padded = np.pad(values, _AROUND, constant_values=np.nan)
    # NaN is sorted last, so that the median lies in the middle of what is before.
    ordered = np.sort(sliding_window_view(padded, 2 * _AROUND + 1), axis=1)
    counts = (~np.isnan(ordered)).sum(1)
    rows = np.arange(len(values))
    middle: Values = (
        ordered[rows, np.maximum(counts - 1, 0) // 2] + ordered[rows, counts // 2]
    ) / 2
    return middle
