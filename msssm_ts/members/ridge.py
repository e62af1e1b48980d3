"""Ridge regression onto class signs, its penalty and temperature chosen by leaving one out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Penalties tried, in units of the mean squared length of a row of features.
_PENALTIES = np.logspace(-6, 1, 15)
# An eigendecomposition of more rows would take minutes: the penalty is then chosen on so many.
_MOST_ROWS = 3000
# Rows of a Gram matrix that are computed together.
_BLOCK = 512
# Rows whose scores are computed together.
_ROWS = 32


@dataclass(frozen=True)
class Ridge:
    """Linear scores of features, and the temperature that turns them into probabilities.

    Parameters
    ----------
    coefficients : array of shape (n_features, n_outputs)
        Weights of the features.
    intercept : array of shape (n_outputs,)
        Scores where every feature is 0.
    temperature : float
        Factor of the scores in the softmax or sigmoid.
    left_out_accuracy : float
        Weighted share of right answers on the training rows, each (or each group) left out in
        its turn.
    multilabel : bool
        Whether outputs are labels on their own or classes.
    """

    coefficients: NDArray[np.float32]
    intercept: NDArray[np.float64]
    temperature: float
    left_out_accuracy: float
    multilabel: bool

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float32],
        signs: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        multilabel: bool,
        groups: NDArray[Any] | None = None,
    ) -> Ridge:
        """Fit in closed form.

        The penalty is the one with the smallest squared error when each row in turn is left out,
        which costs nothing beyond one eigendecomposition (Golub, Heath, Wahba, "Generalized
        Cross-Validation", Technometrics 21, 1979). The temperature gives the left-out scores the
        highest likelihood.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
            Standardised; overwritten.
        signs : array of shape (n_rows, n_outputs)
            1 or −1.
        weights : array of shape (n_rows,), optional
            Of the rows in the squared error.
        multilabel : bool
            Whether outputs are labels on their own.
        groups : array of shape (n_rows,), optional
            A patient, a speaker: temperature and left-out accuracy are then from leaving out all
            rows of one at a time.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(50, 4)).astype(np.float32)
        >>> signs = np.where(x[:, :1] > 0, [[-1.0, 1.0]], [[1.0, -1.0]])
        >>> ridge = Ridge.fit(x.copy(), signs, None, multilabel=False)
        >>> bool(((ridge.predict_proba(x)[:, 1] > 0.5) == (x[:, 0] > 0)).mean() > 0.9)
        True
        """
        z = torch.from_numpy(features)
        w = torch.ones(len(z), dtype=torch.float64)
        if weights is not None:
            w = torch.from_numpy(weights / weights.mean()).to(torch.float64)
        y, share = torch.from_numpy(signs), w / w.sum()
        center, mean = share.float() @ z, share @ y
        z -= center
        root = w.sqrt()[:, None]
        z *= root.float()
        target = (y - mean) * root
        tried = _drawn(len(z))
        fit = _Spectrum.of(z[tried], target[tried], share[tried])
        penalty = fit.best_penalty()
        left_out = fit.left_out(penalty, None if groups is None else groups[tried])
        solution = fit.solution(z, penalty) if fit.is_of(z) else _solve(z, target, penalty)
        scores = left_out / root[tried] + mean
        truth, share = y[tried] > 0, share[tried] / share[tried].sum()
        return cls(
            solution.numpy(),
            (mean - center.double() @ solution.double()).numpy(),
            _temperature(scores, truth, share, multilabel),
            float(share @ _right(scores, truth, multilabel)),
            multilabel,
        )

    def decision(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return scores (n_rows, n_outputs)."""
        n, size = len(features), len(self.coefficients)
        # Always as many rows at once: a matrix product rounds by how many there are, and a
        # series' scores must not depend on what it came with.
        padded = np.zeros((-(-n // _ROWS) * _ROWS, size), np.float32)
        padded[:n] = features
        products = [padded[i : i + _ROWS] @ self.coefficients for i in range(0, n, _ROWS)]
        scores: NDArray[np.float64] = np.concatenate(products)[:n] + self.intercept
        return scores

    def predict_proba(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities (n_rows, n_outputs)."""
        scores = torch.from_numpy(self.decision(features) * self.temperature).double()
        proba = torch.sigmoid(scores) if self.multilabel else torch.softmax(scores, -1)
        result: NDArray[np.float64] = proba.numpy()
        return result


@dataclass(frozen=True)
class _Spectrum:
    """Eigendecomposition from which fits with any penalty, and without any rows, follow."""

    values: Tensor
    vectors: Tensor
    left: Tensor
    target: Tensor
    share: Tensor

    @classmethod
    def of(cls, z: Tensor, target: Tensor, share: Tensor) -> _Spectrum:
        """Decompose the smaller of both Gram matrices; rows come centred and weighted."""
        dual = z.shape[0] <= z.shape[1]
        # It reads the lower half only.
        values, vectors = torch.linalg.eigh(_lower_gram(z if dual else z.T).double())
        values = values.clamp(min=0)
        # Left singular vectors of z, as far as they matter.
        left = vectors if dual else (z.double() @ vectors) / values.clamp(min=1e-12).sqrt()
        return cls(values, vectors, left, target, share / share.sum())

    def is_of(self, z: Tensor) -> bool:
        """Whether it is of all these rows."""
        return len(z) == len(self.target)

    def solution(self, z: Tensor, penalty: float) -> Tensor:
        """Return the weights (n_features, n_outputs) of a fit to all rows, those it is of."""
        dual = z.shape[0] <= z.shape[1]
        right = self.target if dual else z.T.double() @ self.target
        inner = (self.vectors.T @ right) / (self.values + penalty)[:, None]
        solution = (self.vectors @ inner).float()
        return z.T @ solution if dual else solution

    def best_penalty(self) -> float:
        """Return the penalty with the smallest squared error of rows left out one by one."""
        scale = float(self.values.sum()) / len(self.left) or 1.0
        errors = [
            float((self.target - self.left_out(penalty)).square().mean())
            for penalty in _PENALTIES * scale
        ]
        return float(_PENALTIES[int(np.argmin(errors))] * scale)

    def left_out(self, penalty: float, groups: NDArray[Any] | None = None) -> Tensor:
        """Return the scores of each row, or group of rows, from a fit to all others."""
        shrunk = self.values / (self.values + penalty)
        residual = self.target - self.left @ (shrunk[:, None] * (self.left.T @ self.target))
        # The intercept takes part in every fit.
        if groups is None:
            leverage = self.left.square() @ shrunk + self.share
            return self.target - residual / (1 - leverage.clamp(max=1 - 1e-9))[:, None]
        root, out = self.share.sqrt(), torch.empty_like(self.target)
        for group in np.unique(groups):
            rows = torch.from_numpy(np.flatnonzero(groups == group))
            part = self.left[rows]
            hat = (part * shrunk) @ part.T + root[rows, None] * root[rows]
            inverse = torch.eye(len(rows), dtype=hat.dtype) * (1 + 1e-9) - hat
            out[rows] = self.target[rows] - torch.linalg.solve(inverse, residual[rows])
        return out


def _lower_gram(z: Tensor) -> Tensor:
    """Return z · zᵀ; above the diagonal only some of it, 0 elsewhere.

    Examples
    --------
    >>> z = torch.ones(700, 2)
    >>> float(_lower_gram(z)[699, 0]), float(_lower_gram(z)[0, 699])
    (2.0, 0.0)
    """
    gram = z.new_zeros(len(z), len(z))
    for i in range(0, len(z), _BLOCK):
        gram[i:, i : i + _BLOCK] = z[i:] @ z[i : i + _BLOCK].T
    return gram


def _drawn(n: int) -> slice | NDArray[np.int64]:
    """Return rows to choose by: all, or a part of them, of at most _MOST_ROWS, at random.

    Not every k-th: labels may come in turns.
    """
    size = -(-n // -(-n // _MOST_ROWS))
    if size == n:
        # No copy of all features.
        return slice(None)
    return np.sort(np.random.default_rng(0).choice(n, size, replace=False))


def _solve(z: Tensor, target: Tensor, penalty: float) -> Tensor:
    """Return the weights (n_features, n_outputs), from the smaller of both normal equations."""
    n, p = z.shape
    dual = n <= p
    gram = z @ z.T if dual else z.T @ z
    if min(n, p) <= _MOST_ROWS:
        gram = gram.double()
    gram.diagonal().add_(penalty)
    factor, failed = torch.linalg.cholesky_ex(gram)
    # Sums in float32 over many features may be further off than the penalty: as much as it takes.
    # Beyond the mean square it is not that, but numbers that are not finite.
    largest = float(gram.diagonal().mean())
    while failed and penalty < largest:
        gram.diagonal().add_(9 * penalty)
        penalty *= 10
        factor, failed = torch.linalg.cholesky_ex(gram)
    if failed:
        # It says why.
        factor = torch.linalg.cholesky(gram)
    right = target.to(gram.dtype) if dual else z.T.to(gram.dtype) @ target.to(gram.dtype)
    solution = torch.cholesky_solve(right, factor)
    return z.T @ solution.float() if dual else solution.float()


def _right(scores: Tensor, truth: Tensor, multilabel: bool) -> Tensor:
    """Return the part of each row's answers that is right."""
    if multilabel:
        return ((scores > 0) == truth).double().mean(1)
    return truth.gather(1, scores.argmax(1, keepdim=True)).double().squeeze(1)


def _temperature(scores: Tensor, truth: Tensor, weights: Tensor, multilabel: bool) -> float:
    """Return the factor of the scores with which they are most likely."""
    from scipy.optimize import minimize_scalar

    def loss(log_factor: float) -> float:
        z = scores * np.exp(log_factor)
        if multilabel:
            signs = torch.where(truth, 1.0, -1.0)
            rows = torch.nn.functional.softplus(-signs * z).sum(1)
        else:
            rows = -torch.log_softmax(z, 1)[truth]
        return float((weights * rows).sum())

    found = minimize_scalar(loss, bounds=(-3.0, 5.0), method="bounded")
    return float(np.exp(found.x))
