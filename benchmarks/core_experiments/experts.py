"""Whether a mixture of experts helps, and whether it is the routing that does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from core_experiments.experiment import SMALL, Arm, Experiment, Series, both, built
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.model.experts import CHOSEN, Experts


def one_layer() -> AbstractContextManager[Any]:
    """One layer for all steps, as wide as the experts of a step together."""

    def widen(layer: Experts, config: Any) -> None:
        d = config.d_model
        for name, shape in (
            ("inner", (1, CHOSEN * d, d)), ("bias", (CHOSEN * d,)), ("outer", (1, d, CHOSEN * d))
        ):  # fmt: skip
            like = d**-0.5 if name != "outer" else (CHOSEN * d) ** -0.5
            setattr(layer, name, nn.Parameter(torch.empty(shape).uniform_(-like, like)))

    return built(Experts, widen)


def at_random() -> AbstractContextManager[Any]:
    """Two experts by a step's number, with a half each, whatever is in the step."""

    def route(layer: Experts, normed: Tensor) -> tuple[Tensor, Tensor]:
        n_experts = len(layer.inner)
        drawn = torch.rand(normed.shape[1], n_experts, generator=torch.Generator().manual_seed(0))
        chosen = drawn.topk(CHOSEN, -1).indices
        gates = torch.zeros_like(drawn).scatter(-1, chosen, 1 / CHOSEN).to(normed.dtype)
        gates = gates.expand(len(normed), -1, -1)
        return gates, gates

    return patch.object(Experts, "route", route)


def by_the_two() -> AbstractContextManager[Any]:
    """Weights are the two's probabilities, divided by their sum, as is usual."""

    def route(layer: Experts, normed: Tensor) -> tuple[Tensor, Tensor]:
        probabilities = layer.router(normed).softmax(-1)
        two = probabilities.topk(CHOSEN, -1)
        gates = torch.zeros_like(probabilities).scatter(-1, two.indices, two.values)
        return probabilities, gates / gates.sum(-1, keepdim=True)

    return patch.object(Experts, "route", route)


def no_balance() -> AbstractContextManager[Any]:
    """Nothing sees to it that all experts are chosen."""
    return patch("msssm_ts.training.aims.BALANCE", 0.0)


def rules(rng: np.random.Generator, n: int) -> tuple[Series, NDArray[np.int64]]:
    """Make a short shape that goes up or down, and what that means hangs on the background.

    There are four backgrounds, slow waves of different frequencies: with two of them up is the
    first class, with the others down.
    """
    time, shape = np.arange(100), 2.5 * np.hanning(9)
    y, kind = rng.integers(0, 2, n), rng.integers(0, 4, n)
    X = rng.normal(0, 0.6, (n, 1, 100)).astype(np.float32)
    for x, label, background in zip(X, y, kind, strict=True):
        x[0] += np.sin(0.15 * (background + 1) * time + rng.uniform(0, 6))
        first = rng.integers(0, 91)
        sign = 1 if (label + background) % 2 else -1
        x[0, first : first + 9] += sign * shape
    return list(X), y


EXPERIMENT = Experiment(
    name="experts",
    question="Does a mixture of experts behind the last block help?",
    baseline="none",
    sets=("OSULeaf", "Adiac", "ACSF1", "FaceAll", "ECG5000"),
    generate={"rules": both(rules)},
    parameters={"max_epochs": 40, **SMALL},
    arms=(
        Arm("none"),
        Arm("experts", {"experts": 8}),
        Arm("one layer", {"experts": 1}, network=one_layer),
        Arm("routed at random", {"experts": 8}, network=at_random),
        Arm("weights of the two", {"experts": 8}, network=by_the_two),
        Arm("no balance", {"experts": 8}, network=no_balance),
    ),
)
