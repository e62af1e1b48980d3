"""Whether tokens that read a few steps each help, and whether they must be learned, and sparse."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from core_experiments.experiment import SMALL, Arm, Experiment, Series, both, built
from numpy.typing import NDArray
from torch import Tensor

from msssm_ts.model.workspace import Workspace


def frozen() -> AbstractContextManager[Any]:
    """Tokens stay as they were drawn."""
    return built(Workspace, lambda layer, _: layer.tokens.requires_grad_(False))


def all_steps() -> AbstractContextManager[Any]:
    """Let a token read every step, by the softmax of its scores."""

    def shares(layer: Workspace, x: Tensor, counted: Tensor | None = None) -> Tensor:
        scores = layer.scores(x).mT
        if counted is not None:
            scores = scores.masked_fill(~counted.unsqueeze(1), -torch.inf)
        return scores.softmax(-1)

    return patch.object(Workspace, "shares", shares)


def cued(rng: np.random.Generator, n: int) -> tuple[Series, NDArray[np.int64]]:
    """Bumps up and down in one channel, and in the other a pulse beside one of them.

    The class is which way that one goes. As many go up as down, whatever the class: neither
    channel by itself tells anything, nor does the mean or the largest value of both.
    """
    bump = 2.0 * np.hanning(7)
    y = rng.integers(0, 2, n)
    X = rng.normal(0, 0.8, (n, 2, 120)).astype(np.float32)
    for x, up in zip(X, y, strict=True):
        places = 15 * np.arange(8) + rng.integers(0, 8, 8)
        signs = rng.permutation(np.repeat([1, -1], 4))
        for place, sign in zip(places, signs, strict=True):
            x[0, place : place + 7] += sign * bump
        chosen = rng.choice(places[signs == (1 if up else -1)])
        x[1, chosen + 3] += 3.0
    return list(X), y


EXPERIMENT = Experiment(
    name="workspace",
    question="Do tokens that read a few steps of the whole series help?",
    baseline="none",
    sets=("OSULeaf", "Adiac", "ACSF1", "FaceAll", "ECG5000"),
    generate={"cued": both(cued)},
    parameters={"max_epochs": 40, **SMALL},
    arms=(
        Arm("none"),
        Arm("workspace", {"workspace": 8}),
        Arm("tokens frozen", {"workspace": 8}, network=frozen),
        Arm("every step read", {"workspace": 8}, network=all_steps),
        Arm("mean pooling", {"pooling": "mean"}),
        Arm("mean pooling, workspace", {"pooling": "mean", "workspace": 8}),
    ),
)
