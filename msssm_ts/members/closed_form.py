"""What members with a ridge classifier on standardised features share: its fit, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.file_checks import Number
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.tensors import TensorSpec

# Numbers of features that are held at once: 64 MB.
_HELD = 1 << 24
# What a file says of a classifier.
FACTS = {"temperature": Number(1e-9, 1e9), "left_out_accuracy": Number(-1e-6, 1 + 1e-6)}


def fit_closed_form(
    z: NDArray[np.float32], weights: NDArray[np.float32], problem: Problem
) -> tuple[Scaling, Ridge]:
    """Standardise features, and fit a ridge classifier to them.

    Parameters
    ----------
    z : array of shape (n_series, n_features)
        Of the problem's series; overwritten.
    weights : array of shape (n_features,)
        How much each feature counts.
    problem : Problem
        What to learn.
    """
    scaling = Scaling.fit(z, weights)
    scaling.apply(z)
    ridge = Ridge.fit(z, problem.signs, problem.weights, problem.multilabel, problem.groups)
    return scaling, ridge


def left_out_of(
    ridge: Ridge, problem: Problem, index: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Return what a classifier answers of series left out, (n_series, n_outputs).

    Parameters
    ----------
    ridge : Ridge
        Just fitted.
    problem : Problem
        All series.
    index : integer array
        Those that it was fitted to.
    """
    if not problem.asks_left_out or ridge.left_out is None:
        return None
    answers = np.full((len(problem), problem.n_outputs), np.nan)
    answers[index] = ridge.left_out
    return answers


def in_parts(n_series: int, n_numbers: int, held: int = _HELD) -> list[NDArray[np.int64]]:
    """Return the indices of series in parts that take little memory.

    Parameters
    ----------
    n_series : int
        All of them.
    n_numbers : int
        That a series takes, its features for one.
    held : int
        Numbers that are held at once.

    Examples
    --------
    >>> [len(part) for part in in_parts(5, 1 << 23)]
    [2, 2, 1]
    """
    size = max(1, held // n_numbers)
    return np.split(np.arange(n_series), range(size, n_series, size))


def state_of(scaling: Scaling, ridge: Ridge) -> tuple[dict[str, NDArray[Any]], dict[str, float]]:
    """Return the arrays and the facts of a model file."""
    arrays: dict[str, NDArray[Any]] = {
        "mean": scaling.mean,
        "scale": scaling.scale,
        "coefficients": ridge.coefficients,
        "intercept": ridge.intercept,
    }
    facts = {"temperature": ridge.temperature, "left_out_accuracy": ridge.left_out_accuracy}
    return arrays, facts


def specs_of(n_features: int | str, n_outputs: int) -> dict[str, TensorSpec]:
    """Return shapes and types of the arrays of :func:`state_of`."""
    return {
        "mean": TensorSpec((n_features,)),
        "scale": TensorSpec((n_features,)),
        "coefficients": TensorSpec((n_features, n_outputs)),
        "intercept": TensorSpec((n_outputs,), "float64"),
    }


def from_state_of(
    arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any], multilabel: bool
) -> tuple[Scaling, Ridge]:
    """Return what :func:`state_of` described."""
    scaling = Scaling(arrays["mean"], arrays["scale"])
    ridge = Ridge(
        arrays["coefficients"],
        arrays["intercept"],
        facts["temperature"],
        facts["left_out_accuracy"],
        multilabel,
    )
    return scaling, ridge
