"""Whether a mixture of experts helps, and whether it is the routing that does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from core_experiments.experiment import Arm, Experiment, Sides, changed
from torch import Tensor, nn

from msssm_ts.model.experts import CHOSEN, Experts


def one_layer() -> AbstractContextManager[Any]:
    """One layer for all steps, as wide as the experts of a step together."""

    def init(layer: Experts, config: Any) -> None:
        _INIT(layer, config)
        d = config.d_model
        for name, shape in (
            ("inner", (1, CHOSEN * d, d)), ("bias", (CHOSEN * d,)), ("outer", (1, d, CHOSEN * d))
        ):  # fmt: skip
            like = d**-0.5 if name != "outer" else (CHOSEN * d) ** -0.5
            setattr(layer, name, nn.Parameter(torch.empty(shape).uniform_(-like, like)))

    return patch.object(Experts, "__init__", init)


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


def rules(seed: int) -> Sides:
    """Make a short shape that goes up or down, and what that means hangs on the background.

    There are four backgrounds, slow waves of different frequencies: with two of them up is the
    first class, with the others down.
    """
    rng = np.random.default_rng(seed)
    time, shape = np.arange(100), 2.5 * np.hanning(9)
    sides: list[Any] = []
    for n in (400, 400):
        y, kind = rng.integers(0, 2, n), rng.integers(0, 4, n)
        X = rng.normal(0, 0.6, (n, 1, 100)).astype(np.float32)
        for x, label, background in zip(X, y, kind, strict=True):
            x[0] += np.sin(0.15 * (background + 1) * time + rng.uniform(0, 6))
            first = rng.integers(0, 91)
            sign = 1 if (label + background) % 2 else -1
            x[0, first : first + 9] += sign * shape
        sides += [list(X), y]
    return sides[0], sides[1], sides[2], sides[3]


_INIT = Experts.__init__

EXPERIMENT = Experiment(
    name="experts",
    question="Does a mixture of experts behind the last block help?",
    baseline="none",
    sets=("OSULeaf", "Adiac", "ACSF1", "FaceAll", "ECG5000"),
    generate={"rules": rules},
    parameters={"max_epochs": 40, "d_model": 32, "n_layers": 2},
    arms=(
        Arm("none"),
        Arm("experts", {"experts": 8}),
        Arm("one layer", {"experts": 1}, score=changed(one_layer)),
        Arm("routed at random", {"experts": 8}, score=changed(at_random)),
        Arm("weights of the two", {"experts": 8}, score=changed(by_the_two)),
        Arm(
            "no balance",
            {"experts": 8},
            score=changed(lambda: patch("msssm_ts.training.aims.BALANCE", 0.0)),
        ),
    ),
)
