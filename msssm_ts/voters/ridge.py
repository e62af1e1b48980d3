"""Ridge regression onto class signs, its penalty and temperature chosen by leaving one out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Penalties tried, in units of the mean squared length of a row of features.
_PENALTIES = np.logspace(-6, 1, 15)
# Above this size float64 would take minutes; eigenvalues lost to float32 are far below
# any penalty that is chosen for so many series.
_EXACT_UP_TO = 3000


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
        Weighted share of right answers on the training rows, each left out in its turn.
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
        share = w / w.sum()
        center = share.float() @ z
        z -= center
        root = w.sqrt()
        z *= root[:, None].float()
        y = torch.from_numpy(signs)
        mean = share @ y
        target = (y - mean) * root[:, None]
        solution, left_out = _solve(z, target, share)
        # Undo the weights: rows of weight 0 never come here.
        scores = left_out / root[:, None] + mean
        coefficients = solution.float().numpy()
        return cls(
            coefficients,
            (mean - center.double() @ solution).numpy(),
            _temperature(scores, y > 0, w, multilabel),
            float(share @ _right(scores, y > 0, multilabel)),
            multilabel,
        )

    def decision(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return scores (n_rows, n_outputs)."""
        product: NDArray[np.float64] = features @ self.coefficients + self.intercept
        return product

    def predict_proba(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities (n_rows, n_outputs)."""
        scores = torch.from_numpy(self.decision(features) * self.temperature).double()
        proba = torch.sigmoid(scores) if self.multilabel else torch.softmax(scores, -1)
        result: NDArray[np.float64] = proba.numpy()
        return result


def _solve(z: Tensor, target: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weights (n_features, n_outputs) and left-out scores of the best penalty."""
    n, p = z.shape
    dual = n <= p
    gram = z @ z.T if dual else z.T @ z
    exact = min(n, p) <= _EXACT_UP_TO
    values, vectors = torch.linalg.eigh(gram.double() if exact else gram)
    values, vectors = values.clamp(min=0).double(), vectors.double()
    # Left singular vectors of z, as far as they matter.
    left = vectors if dual else (z.double() @ vectors) / values.clamp(min=1e-12).sqrt()
    rotated, squared = left.T @ target, left.square()
    scale = float(values.sum()) / n or 1.0
    best: tuple[float, float, Tensor] | None = None
    for penalty in _PENALTIES * scale:
        shrunk = values / (values + penalty)
        fitted = left @ (shrunk[:, None] * rotated)
        # The intercept takes part in every fit.
        leverage = (squared @ shrunk + share).clamp(max=1 - 1e-9)
        residual = (target - fitted) / (1 - leverage)[:, None]
        error = float(residual.square().mean())
        if best is None or error < best[0]:
            best = error, float(penalty), target - residual
    assert best is not None
    shrunk = 1 / (values + best[1])
    if dual:
        weights = z.T.double() @ (vectors @ (shrunk[:, None] * rotated))
    else:
        weights = vectors @ ((shrunk * values.sqrt())[:, None] * rotated)
    return weights, best[2]


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
