"""What is written down of a fit."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from msssm_ts.pretraining.known import Known

# A model is the same whoever made it.
_ELSEWHERE = ("callbacks", "cluster")


def json_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that JSON can hold; what is of this run alone stays behind.

    Examples
    --------
    >>> json_parameters({"n_scales": np.int64(3), "callbacks": [print], "class_weight": {1: 2.0}})
    {'n_scales': 3, 'class_weight': [[1, 2.0]]}
    """
    kept = {
        name: value.item() if isinstance(value, np.generic) else _plain(value)
        for name, value in parameters.items()
        if name not in _ELSEWHERE and not isinstance(value, np.random.RandomState)
    }
    weights = kept.get("class_weight")
    if isinstance(weights, Mapping):
        # Pairs: JSON would turn labels that are numbers into strings.
        pairs = np.array(list(weights), dtype=object).tolist(), map(float, weights.values())
        kept["class_weight"] = [
            [k.item() if isinstance(k, np.generic) else k, v] for k, v in zip(*pairs, strict=True)
        ]
    if kept.get("preparation") is not None:
        kept["preparation"] = kept["preparation"].to_dict()
    if kept.get("members") is not None:
        kept["members"] = list(kept["members"])
    return kept


def _plain(value: Any) -> Any:
    """Return lists for an array, its name for a path, and what was asked for what is known."""
    if isinstance(value, Known):
        return value.asked
    if isinstance(value, np.ndarray):
        return value.tolist()
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def from_json_parameters(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what :func:`json_parameters` was made from."""
    from msssm_ts.preparation import Preparation

    parameters = dict(kept)
    if isinstance(parameters.get("class_weight"), list):
        parameters["class_weight"] = dict(map(tuple, parameters["class_weight"]))
    if parameters.get("preparation") is not None:
        parameters["preparation"] = Preparation.from_dict(parameters["preparation"])
    return parameters


def versions() -> dict[str, str]:
    """Return the versions of this and the libraries that a fit rests on."""
    return {
        **{name: version(name) for name in ("msssm-ts", "torch", "numpy", "numba")},
        "python": platform.python_version(),
    }


def seed_from(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed that random_state stands for; drawn anew for None."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return int(random_state)
