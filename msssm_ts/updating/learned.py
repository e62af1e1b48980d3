"""Which series a model has learned: enough to know each again, and to take it away exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.series import Series
from msssm_ts.series.fingerprints import fingerprint

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Learned:
    """One entry a series.

    Parameters
    ----------
    series : int64 array of shape (n_series,)
        Fingerprints (:func:`msssm_ts.series.fingerprints.fingerprint`).
    targets : int64 array of shape (n_series,), or uint8 array of shape (n_series, n_labels)
        Class indices, or 0 and 1.
    weights : array of shape (n_series,)
        As they were given, above 0.
    """

    series: NDArray[np.int64]
    targets: NDArray[Any]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls, series: Sequence[Series], targets: NDArray[Any], weights: NDArray[np.float64]
    ) -> Self:
        """Write down series (n_channels, length), decoded where they are lazy."""
        known = np.array([fingerprint(one) for one in series], dtype=np.int64)
        return cls(known, targets.astype(np.uint8 if targets.ndim == 2 else np.int64), weights)

    def __len__(self) -> int:
        return len(self.series)

    def with_others(self, others: Self) -> Self:
        """Return these and others."""
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return type(self)(*(np.concatenate(pair) for pair in pairs))

    def take(self, rows: NDArray[Any]) -> Self:
        """Return some of them."""
        return type(self)(*(values[rows] for values in vars(self).values()))

    def counts(self, n_outputs: int) -> list[int]:
        """Return how many series there are of each class, or with each label."""
        if self.targets.ndim == 2:
            return [int(n) for n in self.targets.sum(0, dtype=np.int64)]
        return [int(n) for n in np.bincount(self.targets, minlength=n_outputs)]

    def places(self, series: Sequence[Series], targets: NDArray[Any] | None = None) -> Rows:
        """Return where series stand, each of them once: of equal ones the last that were learned.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            To be found.
        targets : array, optional
            Their labels, where they are known.

        Raises
        ------
        InputError
            If one was never learned, not as often as it is given, or with another label.

        Examples
        --------
        >>> a, b = np.zeros((1, 3)), np.ones((1, 3))
        >>> own = Learned.of([a, b, a], np.array([0, 1, 0]), np.ones(3))
        >>> own.places([a, b]).tolist()
        [2, 1]
        >>> own.places([b], np.array([0]))
        Traceback (most recent call last):
        ...
        msssm_ts.errors.InputError: 1 of 1 series were learned with another label, the first: ...
        """
        by_series: dict[int, list[int]] = {}
        for row, known in enumerate(self.series.tolist()):
            by_series.setdefault(known, []).append(row)
        found: list[int] = []
        never: list[int] = []
        otherwise: list[int] = []
        for i, one in enumerate(series):
            rows = by_series.get(fingerprint(one), [])
            fits = [
                row
                for row in rows
                if targets is None or np.array_equal(self.targets[row], targets[i])
            ]
            if fits:
                rows.remove(fits[-1])
                found.append(fits[-1])
            else:
                (otherwise if rows else never).append(i)
        for wrong, what in (
            (never, "were never learned, or are withdrawn already"),
            (otherwise, "were learned with another label"),
        ):
            if wrong:
                raise InputError(
                    f"{len(wrong)} of {len(series)} series {what}, the first: number "
                    f"{wrong[0] + 1}; nothing was withdrawn"
                )
        return np.array(found, dtype=np.int64)
