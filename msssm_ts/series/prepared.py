"""Prepared series, or windows of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series.lazy import LazySeries, Series, lengths_of, take
from msssm_ts.series.side_features import SideFeatures

# Time stamps of a series, (length,), in seconds or whatever the user counts in.
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Prepared:
    """What the members of a vote are given.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    owner : integer array of shape (len(series),)
        The series that each is, or is a window of.
    sampling_rate : float or None
        Of the prepared series, in hertz; frames a second of spectra.
    times : sequence of arrays of shape (length,), optional
        Time stamps of each one's steps.
    spectral : bool
        Whether the channels are rows of spectra.
    starts : integer array of shape (len(series),), optional
        The step of its series that each window begins with.
    bands : int
        Channels that are the bands of one spectrum, from low to high; 0: none are.
    features : SideFeatures, optional
        What is known beside each; a window has what its series has.
    """

    series: Sequence[Series]
    owner: NDArray[np.int64]
    sampling_rate: float | None = None
    times: Sequence[Times] | None = None
    spectral: bool = False
    starts: NDArray[np.int64] | None = None
    bands: int = 0
    features: SideFeatures | None = None

    @classmethod
    def of(cls, series: Sequence[Series]) -> Prepared:
        """Take series as they are.

        Examples
        --------
        >>> Prepared.of([np.ones((1, 3))]).lengths
        array([3])
        """
        return cls(series, np.arange(len(series)))

    def __len__(self) -> int:
        return len(self.series)

    def __sizeof__(self) -> int:
        # By it a cluster decides who comes to whom: work, or the series.
        held = () if isinstance(self.series, LazySeries) else self.series
        return object.__sizeof__(self) + sum(s.nbytes for s in held)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each."""
        return lengths_of(self.series)

    @property
    def is_cut(self) -> bool:
        """Whether some are windows of the same series."""
        return len(np.unique(self.owner)) < len(self.owner)

    def take(self, index: NDArray[np.int64]) -> Prepared:
        """Return some of them, lazy ones as lazy."""
        times = None if self.times is None else [self.times[i] for i in index]
        starts = None if self.starts is None else self.starts[index]
        chosen = take(self.series, index)
        features = None if self.features is None else self.features.take(index)
        return replace(
            self,
            series=chosen,
            owner=self.owner[index],
            times=times,
            starts=starts,
            features=features,
        )

    def joined(self, *others: Prepared) -> Prepared:
        """Return these and others of the same kind, without what is known beside them."""
        parts = (self, *others)
        starts = None if self.starts is None else np.concatenate([p.starts for p in parts])
        return replace(
            self,
            series=[series for part in parts for series in part.series],
            owner=np.concatenate([part.owner for part in parts]),
            times=None if self.times is None else [t for part in parts for t in part.times or ()],
            starts=starts,
            features=None,
        )

    def with_features(self, features: SideFeatures | None) -> Prepared:
        """Return the same with what is known beside the series that they come from."""
        return replace(self, features=None if features is None else features.take(self.owner))

    def standardized(self, standardizer: Any, dtype: str) -> Prepared:
        """Return the same standardised, lazy ones when they are read."""
        if not isinstance(self.series, LazySeries):
            return replace(self, series=standardizer.apply(self.series, dtype))
        read = _StandardizedRead(self.series.read, standardizer, dtype)
        series = LazySeries(self.series.items, read, self.series.lengths)
        return replace(self, series=series)


@dataclass(frozen=True)
class _StandardizedRead:
    """Read a lazy series standardised; pickles for worker processes."""

    read: Callable[[Any], Series]
    standardizer: Any
    dtype: str

    def __call__(self, item: Any) -> Series:
        """Read one."""
        standardized: Series = self.standardizer.one(self.read(item), self.dtype)
        return standardized
