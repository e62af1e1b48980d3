"""Checks on the estimator's parameters, and the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from msssm_ts.preparation import Preparation
from msssm_ts.presets import PRESETS

_WHOLE_NUMBERS = ("n_scales", "d_model", "n_layers", "d_state", "kernel_size", "n_iter_no_change")
_OPTIONAL_WHOLE_NUMBERS = ("max_epochs", "batch_size")
_WHOLE_OR_AUTO = ("stem_stride",)
_AUTO = ("mixup", "shift")
_CHOICES = {
    "preset": tuple(PRESETS),
    "core": ("s6", "lti"),
    "pooling": ("mean", "max", "mean_max", "last"),
    "early_stopping": (True, False, "auto"),
    "missing": ("error", "mask", "interpolate"),
    "dtype": ("float32", "float64"),
    "warm_start": (True, False),
}
_NUMBERS = (int, float, np.integer, np.floating)
_FRACTIONS = ("dropout", "validation_fraction", "label_smoothing", "shift")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise ValueError or TypeError, naming it, for a parameter out of range."""
    for name in (*_WHOLE_NUMBERS, *_OPTIONAL_WHOLE_NUMBERS, *_WHOLE_OR_AUTO):
        value = parameters[name]
        if (value is None and name in _OPTIONAL_WHOLE_NUMBERS) or (
            name in _WHOLE_OR_AUTO and isinstance(value, str) and value == "auto"
        ):
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"{name} must be an integer, not {value!r}")
        least = 0 if name == "n_scales" else 1
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    for name, allowed in _CHOICES.items():
        value = parameters[name]
        # Not "in" alone: an array is equal to nothing in one word.
        if not isinstance(value, (str, bool, np.bool)) or value not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, not {value!r}")
    for name in (*_FRACTIONS, "learning_rate", "weight_decay", "mixup"):
        value = parameters[name]
        if name in _AUTO and isinstance(value, str) and value == "auto":
            continue
        if isinstance(value, bool) or not isinstance(value, _NUMBERS):
            raise TypeError(f"{name} must be a number, not {value!r}")
        if name in _FRACTIONS and not 0 <= value < 1:
            raise ValueError(f"{name} must lie in [0, 1), not {value}")
    if not 0 < parameters["learning_rate"] < float("inf"):
        raise ValueError(f"learning_rate must be positive, not {parameters['learning_rate']}")
    for name in ("weight_decay", "mixup"):
        if parameters[name] != "auto" and not 0 <= parameters[name] < float("inf"):
            raise ValueError(f"{name} must not be negative, not {parameters[name]}")
    budget = parameters["time_budget"]
    if budget is not None:
        if isinstance(budget, bool) or not isinstance(budget, _NUMBERS):
            raise TypeError(f"time_budget must be a number of seconds, not {budget!r}")
        if not 0 < budget < float("inf"):
            raise ValueError(f"time_budget must be positive, not {budget}")
    if parameters["preparation"] is not None:
        if not isinstance(parameters["preparation"], Preparation):
            raise TypeError(f"preparation must be a Preparation, not {parameters['preparation']!r}")
        parameters["preparation"].check()
    weight = parameters["class_weight"]
    if not (weight is None or isinstance(weight, Mapping) or weight == "balanced"):
        raise ValueError(f"class_weight must be a dict, 'balanced' or None, not {weight!r}")


def seed_from(random_state: int | np.random.RandomState | None) -> int:
    """Return the seed that random_state stands for; drawn anew for None."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return int(random_state)
