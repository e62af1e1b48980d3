"""Ridge regression onto class signs, its penalty and temperature chosen by leaving one out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.linear import lower_gram, product_by_rows
from msssm_ts.members.strata import drawn_from, standing_for

# Penalties tried, in units of the mean squared length of a row of features.
_PENALTIES = np.logspace(-6, 1, 15)
# An eigendecomposition of more rows would take minutes: the penalty is then chosen on so many.
MOST_ROWS = 3000
# Up to so many rows threads would wait for each other longer than they work.
_SMALL = 1000


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
    left_out : array of shape (n_rows, n_outputs), optional
        Probabilities of the training rows, each (or each group) left out in its turn; NaN where
        there were too many. Of a classifier that was just fitted.
    penalty : float
        That was chosen, in units of the mean squared length of a row; NaN where an older file does
        not say.
    """

    coefficients: NDArray[np.float32]
    intercept: NDArray[np.float64]
    temperature: float
    left_out_accuracy: float
    multilabel: bool
    left_out: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)
    penalty: float = field(default=np.nan, repr=False, compare=False)

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

        The penalty is the one with the smallest squared error when each row, or each group of
        rows, is left out in its turn (then of scores times the factor that suits them best), which
        costs nothing, or little, beyond one eigendecomposition (Golub, Heath, Wahba, "Generalized
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
            A patient, a speaker: penalty, temperature and left-out answers are then from leaving
            out all rows of one at a time.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(50, 4)).astype(np.float32)
        >>> signs = np.where(x[:, :1] > 0, [[-1.0, 1.0]], [[1.0, -1.0]])
        >>> ridge = Ridge.fit(x.copy(), signs, None, multilabel=False)
        >>> bool(((ridge.predict_proba(x)[:, 1] > 0.5) == (x[:, 0] > 0)).mean() > 0.9)
        True
        """
        z, target, center, mean, w = _centred(torch.from_numpy(features), signs, weights)
        y, share, root = torch.from_numpy(signs), w / w.sum(), w.sqrt()[:, None]
        tried = _drawn(signs)
        some_z, some_target, some_mean = z[tried], target[tried], mean
        if isinstance(tried, np.ndarray):
            # They stand for all: what is rare is not to be taken for frequent. Their own means are
            # what a fit to them would have for itself.
            standing = torch.from_numpy(standing_for(tried, _classes(signs), w.numpy()))
            standing *= w.mean() / standing.mean()
            factor = (standing / w[tried]).sqrt()[:, None]
            share = share.clone()
            share[tried], root[tried] = standing, root[tried] * factor
            some_z, some_target = some_z * factor.float(), some_target * factor
            off_z, off_target = (
                root[tried].to(x.dtype).T @ x / standing.sum().to(x.dtype)
                for x in (some_z, some_target)
            )
            some_z -= root[tried].float() * off_z
            some_target -= root[tried] * off_target
            some_mean = mean + off_target[0]
        with _threads_for(len(some_z)):
            fit = _Spectrum.of(some_z, some_target, share[tried])
            together = None if groups is None else _by_size(groups[tried])
            penalty = fit.best_penalty(together)
            left_out = fit.left_out(penalty, together)
        solution = fit.solution(z, penalty) if fit.is_of(z) else _solve(z, target, penalty)
        scores = left_out / root[tried] + some_mean
        truth, share = y[tried] > 0, share[tried] / share[tried].sum()
        temperature = _temperature(scores, truth, share, multilabel)
        known = np.full(signs.shape, np.nan)
        known[tried] = _probabilities(scores * temperature, multilabel)
        return cls(
            solution.numpy(),
            (mean - center.double() @ solution.double()).numpy(),
            temperature,
            float(share @ _right(scores, truth, multilabel)),
            multilabel,
            known,
            penalty / fit.scale,
        )

    def without(
        self,
        rest: NDArray[np.int64],
        rows: NDArray[np.int64],
        columns: NDArray[np.bool_],
        features: NDArray[np.float32],
        signs: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        """Return probabilities of rows from a fit to others, and to some of the features.

        Parameters
        ----------
        rest : integer array
            The others.
        rows : integer array of shape (n_left_out,)
            That are left out.
        columns : bool array of shape (n_features,)
            Features that are used.
        features : array of shape (n_rows, n_features)
            As :meth:`fit` has left them.
        signs, weights : arrays
            As :meth:`fit` was given them.

        Returns
        -------
        array of shape (n_left_out, n_outputs)
        """
        root = np.ones(len(features)) if weights is None else np.sqrt(weights / weights.mean())
        # fit has multiplied by them.
        parts = [
            torch.from_numpy(features[part][:, columns] / root[part, None].astype(np.float32))
            for part in (rest, rows)
        ]
        z, target, center, mean, _ = _centred(parts[0], signs[rest], root[rest] ** 2)
        scale = float(z.square().sum(dtype=torch.float64)) / len(z) or 1.0
        solution = _solve(z, target, self.penalty * scale)
        scores = ((parts[1] - center) @ solution).double() + mean
        return _probabilities(scores * self.temperature, self.multilabel)

    def decision(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return scores (n_rows, n_outputs)."""
        products = product_by_rows(features, self.coefficients)
        scores: NDArray[np.float64] = products + self.intercept
        return scores

    def predict_proba(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities (n_rows, n_outputs)."""
        scores = torch.from_numpy(self.decision(features) * self.temperature).double()
        return _probabilities(scores, self.multilabel)


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
        values, vectors = torch.linalg.eigh(lower_gram(z if dual else z.T).double())
        values = values.clamp(min=0)
        # Left singular vectors of z, as far as they matter.
        left = vectors if dual else (z.double() @ vectors) / values.clamp(min=1e-12).sqrt()
        share = share / share.sum()
        # The intercept has that direction for itself: what sums in float32 have left of it in the
        # features would count twice, and let rows that resemble each other tell of themselves.
        root = share.sqrt()
        left = left - torch.outer(root, root @ left)
        return cls(values, vectors, left, target, share)

    @property
    def scale(self) -> float:
        """Mean squared length of a row."""
        return float(self.values.sum()) / len(self.left) or 1.0

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

    def best_penalty(self, together: Sequence[Tensor] | None = None) -> float:
        """Return the penalty with the smallest squared error of what is left out.

        Of groups: after the factor that suits the scores best, which is for the temperature to
        find. Others are so different that else hardly anything but the mean would be learned.
        """
        errors = []
        for penalty in _PENALTIES * self.scale:
            scores = self.left_out(penalty, together)
            factor = 1.0
            if together is not None:
                factor = float((self.target * scores).sum() / scores.square().sum())
            errors.append(float((self.target - factor * scores).square().mean()))
        return float(_PENALTIES[int(np.argmin(errors))] * self.scale)

    def left_out(self, penalty: float, together: Sequence[Tensor] | None = None) -> Tensor:
        """Return the scores of each row, or group of rows, from a fit to all others.

        Parameters
        ----------
        penalty : float
            Of the fits.
        together : sequence of integer Tensor of shape (n_groups, n_rows), optional
            Rows that are left out together, groups of one size in a tensor.
        """
        shrunk = self.values / (self.values + penalty)
        residual = self.target - self.left @ (shrunk[:, None] * (self.left.T @ self.target))
        # The intercept takes part in every fit.
        if together is None:
            leverage = self.left.square() @ shrunk + self.share
            return self.target - residual / (1 - leverage.clamp(max=1 - 1e-9))[:, None]
        root, out = self.share.sqrt(), torch.empty_like(self.target)
        for rows in together:
            part = self.left[rows]
            hat = (part * shrunk) @ part.mT + root[rows][:, None] * root[rows][..., None]
            inverse = torch.eye(rows.shape[1], dtype=hat.dtype) * (1 + 1e-9) - hat
            out[rows] = self.target[rows] - torch.linalg.solve(inverse, residual[rows])
        return out


def _by_size(groups: NDArray[Any]) -> list[Tensor]:
    """Return the rows of each group, those of one size in a tensor (n_groups, n_rows).

    Examples
    --------
    >>> [rows.tolist() for rows in _by_size(np.array(["a", "b", "b", "c"]))]
    [[[0], [3]], [[1, 2]]]
    """
    _, group, counts = np.unique(groups, return_inverse=True, return_counts=True)
    rows = np.split(np.argsort(group, kind="stable"), np.cumsum(counts)[:-1])
    sizes = np.unique(counts)
    return [torch.from_numpy(np.stack([r for r in rows if len(r) == n])) for n in sizes]


def _centred(
    z: Tensor, signs: NDArray[np.float64], weights: NDArray[np.float64] | None
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return what a fit without intercept takes, then centre, mean of signs, weights.

    Features are overwritten.
    """
    w = torch.ones(len(z), dtype=torch.float64)
    if weights is not None:
        w = torch.from_numpy(weights / weights.mean()).to(torch.float64)
    y, share = torch.from_numpy(signs), w / w.sum()
    center, mean = share.float() @ z, share @ y
    z -= center
    root = w.sqrt()[:, None]
    z *= root.float()
    return z, (y - mean) * root, center, mean, w


def _probabilities(scores: Tensor, multilabel: bool) -> NDArray[np.float64]:
    proba = torch.sigmoid(scores) if multilabel else torch.softmax(scores, -1)
    result: NDArray[np.float64] = proba.numpy()
    return result


def _classes(signs: NDArray[np.float64]) -> NDArray[Any]:
    """Return classes as one index a row, where each row is of one."""
    of_one = ((signs > 0).sum(1) == 1).all()
    return signs.argmax(1) if of_one else signs


def _threads_for(n_rows: int) -> AbstractContextManager[None]:
    """Let torch's operations on so many rows have one thread, where more would not be quicker."""
    return parallel.kernels_alone() if n_rows <= _SMALL else nullcontext()


def _drawn(signs: NDArray[np.float64]) -> slice | NDArray[np.int64]:
    """Return rows to choose by: all, or a part of them, of at most MOST_ROWS, at random.

    Not every k-th: labels may come in turns. Of rare classes all.
    """
    n = len(signs)
    size = -(-n // -(-n // MOST_ROWS))
    if size == n:
        # No copy of all features.
        return slice(None)
    return drawn_from(_classes(signs), size, 0)


def _solve(z: Tensor, target: Tensor, penalty: float) -> Tensor:
    """Return the weights (n_features, n_outputs), from the smaller of both normal equations."""
    n, p = z.shape
    dual = n <= p
    # A Cholesky factorisation reads the lower half only.
    gram = lower_gram(z if dual else z.T)
    if min(n, p) <= MOST_ROWS:
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
