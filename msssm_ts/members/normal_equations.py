"""Ridge regression from sums over rows, block by block: no more rows are held than a block's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

# Columns of the sum of products that are computed together.
_COLUMNS = 512
# Of a product in float32, and of the square root of how many there are in a row.
_ROUNDING = 2.0**-22


@dataclass
class NormalEquations:
    """Weighted sums over rows, from which a ridge regression onto all of them follows.

    Sums are in float64, products of a block's rows in the rows' type: the same blocks in the same
    order give the same bits, whoever computes them. Of rows in float64 other blocks give the same
    but for the last bits, so that what was added can be taken away again.

    Parameters
    ----------
    products : array of shape (n_features, n_features)
        Σ w z zᵀ, its lower half; above the diagonal only some of it.
    towards : array of shape (n_features, n_outputs)
        Σ w z yᵀ.
    features, outputs : arrays of shape (n_features,) and (n_outputs,)
        Σ w z and Σ w y.
    weight : float
        Σ w.
    n_rows : int
        Rows that were added.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(50, 2)).astype(np.float32)
    >>> y = z[:, :1] * 3.0 + 1
    >>> sums = NormalEquations.of(2, 1)
    >>> for rows in (slice(0, 20), slice(20, 50)):
    ...     sums.add(z[rows], y[rows], np.ones(len(y[rows])))
    >>> weights, intercept = sums.solution(1e-9)
    >>> weights.round(3).ravel().tolist(), intercept.round(3).tolist()
    ([3.0, 0.0], [1.0])
    """

    products: NDArray[np.float64]
    towards: NDArray[np.float64]
    features: NDArray[np.float64]
    outputs: NDArray[np.float64]
    weight: float = 0.0
    n_rows: int = 0

    @classmethod
    def of(cls, n_features: int, n_outputs: int) -> Self:
        """Return the sums over no rows."""
        products = np.zeros((n_features, n_features))
        towards = np.zeros((n_features, n_outputs))
        return cls(products, towards, np.zeros(n_features), np.zeros(n_outputs))

    def add(
        self,
        z: NDArray[np.floating[Any]],
        y: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        """Add rows; take them away again where their weights are negative.

        Parameters
        ----------
        z : array of shape (n_rows, n_features)
            Standardised features.
        y : array of shape (n_rows, n_outputs)
            What to learn.
        weights : array of shape (n_rows,)
            Of the rows.
        """
        weighted = (z * weights[:, None].astype(z.dtype)).T
        for columns in _blocks(z.shape[1]):
            self.products[columns.start :, columns] += weighted[columns.start :] @ z[:, columns]
        self.towards += weighted @ y
        self.features += weighted.sum(1, dtype=np.float64)
        self.outputs += weights @ y
        self.weight += float(weights.sum())
        self.n_rows += int(np.sign(weights).sum())

    def merged(self, other: Self) -> Self:
        """Return the sums over these and over other rows, which somebody else has computed."""
        names = ("products", "towards", "features", "outputs", "weight", "n_rows")
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))

    def __sizeof__(self) -> int:
        # By it a cluster decides who comes to whom.
        arrays = (self.products, self.towards, self.features, self.outputs)
        return object.__sizeof__(self) + sum(array.nbytes for array in arrays)

    def __getstate__(self) -> dict[str, Any]:
        # Only the half travels that means something.
        strips = [self.products[c.start :, c].copy() for c in _blocks(len(self.products))]
        return {**vars(self), "products": strips}

    def __setstate__(self, state: dict[str, Any]) -> None:
        strips = state.pop("products")
        vars(self).update(state)
        self.products = np.zeros((len(self.features), len(self.features)))
        first = 0
        for strip in strips:
            self.products[first:, first : first + strip.shape[1]] = strip
            first += strip.shape[1]

    def solution(self, penalty: float) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return weights (n_features, n_outputs) and intercept (n_outputs,); the sums are used up.

        Parameters
        ----------
        penalty : float
            In units of the mean squared length of a centred row.

        Raises
        ------
        ValueError
            Where sums are not finite.
        """
        mean, target = self.features / self.weight, self.outputs / self.weight
        # As of weights that are 1 in the mean.
        unit = self.n_rows / self.weight
        a = self.products
        for rows in _blocks(len(a)):
            a[rows] -= self.features[rows, None] * mean
        a *= unit
        diagonal = np.diagonal(a).copy()
        scale = float(diagonal.sum()) / self.n_rows or 1.0
        towards = (self.towards - self.features[:, None] * target) * unit
        weights = _solved(a, diagonal, towards, penalty * scale).astype(np.float32)
        return weights, target - mean @ weights.astype(np.float64)


def _solved(
    a: NDArray[np.float64], diagonal: NDArray[np.float64], b: NDArray[np.float64], penalty: float
) -> NDArray[np.float64]:
    """Return (A + penalty)⁻¹ b, given A's lower half; A is used up, where it lies."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    for rows in _blocks(len(a)):
        a[rows, rows.stop :] = a[rows.stop :, rows].T
    # No less than what products in float32 may be off by; more if that does not suffice. Beyond
    # the mean square it is not that.
    penalty = max(penalty, _ROUNDING * len(a) ** 0.5 * float(diagonal.mean()))
    while True:
        a[np.diag_indices_from(a)] = diagonal + penalty
        try:
            # The transpose is laid out as LAPACK wants it; the half above the diagonal stays.
            factor = cho_factor(a.T, lower=False, overwrite_a=True)
        except LinAlgError:
            if penalty > diagonal.mean():
                raise
        else:
            solution: NDArray[np.float64] = cho_solve(factor, b)
            return solution
        penalty *= 10
        for rows in _blocks(len(a)):
            a[rows.stop :, rows] = a[rows, rows.stop :].T
            square = a[rows, rows]
            square[:] = np.triu(square) + np.triu(square, 1).T


def _blocks(n: int) -> list[slice]:
    return [slice(i, min(i + _COLUMNS, n)) for i in range(0, n, _COLUMNS)]
