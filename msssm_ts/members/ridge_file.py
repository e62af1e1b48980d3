"""A ridge classifier, and the standardisation of its features, as what a model file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.file_checks import FileCheck, Number, OneOf
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.tensors import TensorSpec, check_range

# What a file says of a classifier.
FACTS = {"temperature": Number(1e-9, 1e9), "left_out_accuracy": Number(-1e-6, 1 + 1e-6)}
# Older files do not say.
MORE_FACTS: dict[str, FileCheck] = {"penalty": Number(0, 1e9), "bent": OneOf(True)}


def state_of(scaling: Scaling, ridge: Ridge) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays and the facts of a model file."""
    arrays: dict[str, NDArray[Any]] = {
        "mean": scaling.mean,
        "scale": scaling.scale,
        "coefficients": ridge.coefficients,
        "intercept": ridge.intercept,
    }
    facts: dict[str, Any] = {
        "temperature": ridge.temperature,
        "left_out_accuracy": ridge.left_out_accuracy,
    }
    if scaling.bent:
        facts["bent"] = True
    if np.isfinite(ridge.penalty):
        facts["penalty"] = ridge.penalty
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
    """Return what :func:`state_of` described.

    Raises
    ------
    ValueError
        If a number is none that it can be.
    """
    for name in ("mean", "coefficients", "intercept"):
        check_range(name, arrays[name])
    check_range("scale", arrays["scale"], least=0)
    scaling = Scaling(arrays["mean"], arrays["scale"], facts.get("bent", False))
    ridge = Ridge(
        arrays["coefficients"],
        arrays["intercept"],
        facts["temperature"],
        facts["left_out_accuracy"],
        multilabel,
        penalty=facts.get("penalty", np.nan),
    )
    return scaling, ridge
