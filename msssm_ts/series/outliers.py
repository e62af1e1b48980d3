"""Values that lie far from all others of their channel: found, named, and limited.

Far is measured in spans: what the channel's values reach from end to end without the hundredth at
either end. In the 106 channels of 52 sets, house currents and accelerations among them, the
farthest value lies 5 spans off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series.lazy import Series
from msssm_ts.text import counted

# What the values of a channel are limited to, a pair each; None: nothing.
Limits = tuple[tuple[float, float] | None, ...]
Floats = NDArray[np.float64]

# Part of the values at either end that does not count for the span, and how few values have none.
_ENDS, _FEWEST = 0.01, 50
# Spans beside the others from where on a value is far, and from where on it cannot be a value.
FAR, WILD = 30.0, 1e10
# What lies far and is more than a few, or than this part of all, is what the series are like.
_FEW, _RARE = 3, 1e-4
# What programs write where there is no value; the last are netCDF's and the largest of float32.
FILLS = (
    *(-999.0, -999.25, -999.9, -9999.0, -9999.9, -99999.0, -999999.0, 999.9, 9999.0, 9999.9),
    *(99999.0, 999999.0, -1e20, 1e20, -1e30, 1e30),
    *(-1e35, 1e35, 1e36, 9.969209968386869e36, float(np.finfo(np.float32).max)),
)
# Spans beside the others from where on such a number is one, if it occurs more than once.
_FILL_FAR = 5.0
# The same for any other number at an end of a channel, which is left as it is.
_END_FAR, _OFTEN = 10.0, 3
# Values that a span is measured on.
_MOST_VALUES = 1 << 21

_REMEDY = (
    "; if it stands for a missing value, write NaN or leave the cell empty, with missing='mask' "
    "(--missing mask)"
)


def find_limits(
    series: Sequence[Series],
    names: Sequence[str] | None = None,
    numbers: NDArray[np.int64] | None = None,
) -> tuple[Limits, tuple[str, ...]]:
    """Find what a few values that lie far from all others of their channel are to be limited to.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        NaN is a missing value.
    names : sequence of str, optional
        Of the channels.
    numbers : integer array of shape (n_series,), optional
        The series' own, from 0, where others were left out.

    Returns
    -------
    limits : tuple of (low, high) or None
        One a channel, a span beyond the values that are not far; empty where none are far.
    remarks : tuple of str
        What was found and done, a sentence a channel.

    Raises
    ------
    ValueError
        If a value is so far off that it cannot be one, or fills places where there is none.

    Examples
    --------
    >>> series = [np.sin(np.arange(60.0))[None], np.cos(np.arange(60.0))[None]]
    >>> find_limits(series)
    ((), ())
    >>> series[1][0, 7] = 1e5
    >>> limits, remarks = find_limits(series)
    >>> print(remarks[0])
    1 value of channel 1 (series 2, step 8: 100000) lies 5e+04 times as far from all others as \
those span: limited to -3 … 3
    """
    numbers = np.arange(len(series)) if numbers is None else numbers
    limits: list[tuple[float, float] | None] = []
    remarks: list[str] = []
    for channel in range(series[0].shape[0]):
        name = f"channel {channel + 1 if names is None else repr(names[channel])}"
        column = _Column([s[channel] for s in series], name, numbers)
        column.refuse_fills()
        found, remark = column.limits()
        limits.append(found)
        remarks += remark or column.on_ends()
    return (tuple(limits) if any(limits) else ()), tuple(remarks)


def limited(series: Series, limits: Limits) -> Series:
    """Limit a series (n_channels, length) channel by channel; NaN stays NaN.

    Examples
    --------
    >>> limited(np.array([[1.0, 9.0], [1.0, 9.0]]), (None, (0.0, 5.0)))
    array([[1., 9.],
           [1., 5.]])
    """
    if not any(limits):
        return series
    if len(limits) != len(series):
        raise ValueError(
            f"limits for {counted(len(limits), 'channel')}, but a series has {len(series)}"
        )
    low, high = limit_arrays(limits).astype(series.dtype)
    return np.clip(series, low, high)


def limit_arrays(limits: Limits) -> Floats:
    """Return the lower and the upper limits, (2, n_channels, 1), infinite where there are none."""
    pairs = [(-np.inf, np.inf) if pair is None else pair for pair in limits]
    return np.array(pairs).T[:, :, None]


@dataclass(frozen=True)
class _Bulk:
    """Where most of a channel's values lie."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Floats, ends: float = _ENDS) -> _Bulk | None:
        """Measure values; None where they are too few, or nearly all the same."""
        n = len(values)
        if n < _FEWEST:
            return None
        k = max(2, int(np.ceil(ends * n)))
        low, high = np.partition(values, (k, n - 1 - k))[[k, n - 1 - k]].tolist()
        return cls(low, high) if low < high else None

    @property
    def span(self) -> float:
        """From end to end."""
        return self.high - self.low

    def beside(self, values: Series | tuple[float, ...]) -> Floats:
        """Return how many spans values lie beside; 0 within, and for what is missing."""
        x = np.asarray(values, dtype=np.float64)
        return np.fmax(np.fmax(self.low - x, x - self.high), 0.0) / self.span


@dataclass(frozen=True)
class _Column:
    """A channel of all series."""

    parts: list[Series]
    name: str
    numbers: NDArray[np.int64]

    def limits(self) -> tuple[tuple[float, float] | None, list[str]]:
        """Return what to limit the values to, and a remark; None and none where there is no need.

        Raises
        ------
        ValueError
            For what cannot be a value.
        """
        values = self._known()
        bulk = _Bulk.of(values)
        # Of a channel that keeps still most of the time, its few other values tell what is wild.
        measure = bulk or _Bulk.of(values, _ENDS / 10) or _Bulk.of(values, 0.0)
        if measure is None or measure.beside(self._ends()).max() <= FAR:
            return None, []
        spans = [measure.beside(part) for part in self.parts]
        farthest = max(float(s.max()) for s in spans if len(s))
        place, value = self._first([s == farthest for s in spans])
        off = f"{farthest:.1g} times as far from all others as those span"
        if farthest > WILD:
            raise ValueError(f"{place}, {self.name}: {value:g} is {off}{_REMEDY}")
        if bulk is None:
            return None, []
        count = sum(int((s > FAR).sum()) for s in spans)
        subject = f"{count} value{' of' if count == 1 else 's of'} {self.name} ({place}: {value:g})"
        subject += " lies" if count == 1 else " lie up to"
        if count > max(_FEW, _RARE * len(values)):
            return None, [f"{subject} {off}: left as they are, too many to be mistakes"]
        low, high = _Column(
            [p[s <= FAR] for p, s in zip(self.parts, spans, strict=True)], self.name, self.numbers
        )._ends()
        low, high = low - bulk.span, high + bulk.span
        return (low, high), [f"{subject} {off}: limited to {low:.3g} … {high:.3g}"]

    def refuse_fills(self) -> None:
        """Raise ValueError for a number that stands where there is no value."""
        for fill, is_fill in self._fills():
            values = self._known()
            bulk = _Bulk.of(values[values != fill])
            if bulk is not None and bulk.beside((fill,))[0] > _FILL_FAR:
                count = sum(int(f.sum()) for f in is_fill)
                raise ValueError(
                    f"{self._first(is_fill)[0]}, {self.name}: {fill:g}, which stands in {count} "
                    f"places, lies far from all other values{_REMEDY}"
                )

    def on_ends(self) -> list[str]:
        """Say that a number stands in several places, and beside it none for a long way."""
        values = self._known()
        for end in dict.fromkeys(self._ends()):
            at_end = values == end
            if at_end.sum() < _OFTEN or at_end.all():
                continue
            bulk = _Bulk.of(values[~at_end], 0.0)
            if bulk is None or bulk.beside((end,))[0] <= _END_FAR:
                continue
            is_end = [part == end for part in self.parts]
            count = sum(int(e.sum()) for e in is_end)
            place, _ = self._first(is_end)
            return [
                f"{count} values of {self.name} ({place}: {end:g}) are one number that lies far "
                "from all others: left as they are, though they may stand for missing values"
            ]
        return []

    def _fills(self) -> Iterator[tuple[float, list[NDArray[np.bool_]]]]:
        """Yield numbers that fill places, as they are in the series' type, and where they stand."""
        low, high = self._ends()
        for fill in (float(self.parts[0].dtype.type(f)) for f in FILLS):
            if low <= fill <= high:
                is_fill = [part == fill for part in self.parts]
                if sum(int(f.sum()) for f in is_fill) > 1:
                    yield fill, is_fill

    def _known(self) -> Floats:
        """Return values that are there, as many as a span needs."""
        every = max(1, sum(len(part) for part in self.parts) // _MOST_VALUES)
        values = np.concatenate([part[::every] for part in self.parts]).astype(np.float64)
        return values[~np.isnan(values)]

    def _ends(self) -> tuple[float, float]:
        """Return the smallest and the largest of all values."""
        ends = [(np.fmin.reduce(part), np.fmax.reduce(part)) for part in self.parts if len(part)]
        low, high = np.array(ends, dtype=np.float64).T
        return float(np.fmin.reduce(low)), float(np.fmax.reduce(high))

    def _first(self, wanted: Sequence[NDArray[np.bool_]]) -> tuple[str, float]:
        """Return the first place of those wanted, counted from 1, and the value there."""
        i = next(i for i, w in enumerate(wanted) if w.any())
        step = int(wanted[i].argmax())
        return f"series {self.numbers[i] + 1}, step {step + 1}", float(self.parts[i][step])
