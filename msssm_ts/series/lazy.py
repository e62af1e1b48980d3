"""Series that are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating[Any]]


class LazySeries(Sequence[Series]):
    """Series of which only the places are kept.

    Parameters
    ----------
    items : sequence
        What ``read`` needs for one series: a path, a path and a range of samples.
    read : callable
        Decodes an item to an array (n_channels, length). Worker processes call it too: a
        function of a module, or an object that pickles.
    lengths : array of shape (n_series,)
        Steps of each series, as far as headers tell.

    Examples
    --------
    >>> series = LazySeries([2, 3], lambda n: np.ones((1, n)), [2, 3])
    >>> len(series), series[1].shape, series.lengths
    (2, (1, 3), array([2, 3]))
    """

    def __init__(
        self,
        items: Sequence[Any],
        read: Callable[[Any], Series],
        lengths: Sequence[int] | NDArray[np.int64],
    ):
        self.items, self.read = items, read
        self.lengths = np.asarray(lengths, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Series: ...
    @overload
    def __getitem__(self, index: slice) -> LazySeries: ...
    def __getitem__(self, index: int | slice) -> Series | LazySeries:
        if isinstance(index, slice):
            return self.take(range(len(self))[index])
        return self.read(self.items[index])

    def take(self, index: Sequence[int] | NDArray[np.integer[Any]]) -> LazySeries:
        """Return some of the series, as lazy as these."""
        chosen = np.asarray(index, dtype=np.int64)
        return LazySeries([self.items[i] for i in chosen], self.read, self.lengths[chosen])


def lengths_of(series: Sequence[Series]) -> NDArray[np.int64]:
    """Return the steps of each series, lazy ones without decoding them."""
    if isinstance(series, LazySeries):
        return series.lengths
    return np.array([s.shape[1] for s in series], dtype=np.int64)


def take(series: Sequence[Series], index: NDArray[np.int64]) -> Sequence[Series]:
    """Return some of the series, lazy ones as lazy."""
    return series.take(index) if isinstance(series, LazySeries) else [series[i] for i in index]


def joined(parts: Sequence[Sequence[Series]]) -> Sequence[Series]:
    """Return series of several sources one behind the other, lazy where one of them is.

    Examples
    --------
    >>> lazy = LazySeries([2, 3], lambda n: np.ones((1, n)), [2, 3])
    >>> [s.shape for s in joined([[np.zeros((1, 4))], lazy])]
    [(1, 4), (1, 2), (1, 3)]
    """
    if not any(isinstance(part, LazySeries) for part in parts):
        return [series for part in parts for series in part]
    items = [
        (k, item)
        for k, part in enumerate(parts)
        for item in (part.items if isinstance(part, LazySeries) else part)
    ]
    reads = tuple(part.read if isinstance(part, LazySeries) else _itself for part in parts)
    lengths = np.concatenate([lengths_of(part) for part in parts])
    return LazySeries(items, _ReadOfOne(reads), lengths)


def _itself(series: Series) -> Series:
    return series


@dataclass(frozen=True)
class _ReadOfOne:
    """Read an item by the source that it is of; pickles for worker processes."""

    reads: tuple[Callable[[Any], Series], ...]

    def __call__(self, item: tuple[int, Any]) -> Series:
        source, own = item
        return self.reads[source](own)
