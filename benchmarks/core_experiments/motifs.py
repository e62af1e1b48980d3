"""Whether attention to a codebook helps, and whether its codes must be learned."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from core_experiments.experiment import SMALL, Arm, Experiment, Series, both, built
from numpy.typing import NDArray
from torch import Tensor

from msssm_ts.model.motifs import MotifAttention, Seen


@contextmanager
def frozen() -> Iterator[None]:
    """Codes stay where they were drawn; keys still move towards them."""
    still = patch("msssm_ts.training.aims.revive", lambda *_: None)
    with still, built(MotifAttention, lambda layer, _: layer.codes.requires_grad_(False)):
        yield


def full() -> AbstractContextManager[Any]:
    """Keys are not quantised: attention over all pairs of steps."""

    def forward(layer: MotifAttention, x: Tensor, counted: Tensor | None = None) -> Tensor:
        normed = layer.norm(x)
        q, k, v = layer.query(normed), layer.keys(normed), layer.value(normed)
        mask = None if counted is None else counted.unsqueeze(1)
        read = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
        none = normed.new_zeros(0, normed.shape[-1])
        layer._seen = Seen(x.new_zeros(()), none, layer.idle)
        return x + layer.output(read)

    return patch.object(MotifAttention, "forward", forward)


def pairs(rng: np.random.Generator, n: int) -> tuple[Series, NDArray[np.int64]]:
    """Two short shapes of four in noise, at random places; the class is whether both are the same.

    Neither shape by itself tells anything: they have to be compared across the series.
    """
    time = np.arange(12)
    shapes = [np.sin(time * (0.5 + 0.5 * k)) * np.hanning(12) * 3 for k in range(4)]
    y = rng.integers(0, 2, n)
    X = rng.normal(0, 0.3, (n, 1, 100)).astype(np.float32)
    for x, same in zip(X, y, strict=True):
        one = int(rng.integers(4))
        other = one if same else (one + int(rng.integers(1, 4))) % 4
        for shape, first in ((one, rng.integers(0, 38)), (other, rng.integers(50, 88))):
            x[0, first : first + 12] += shapes[shape]
    return list(X), y


EXPERIMENT = Experiment(
    name="motifs",
    question="Does attention to motifs behind the last block help?",
    baseline="none",
    sets=("ACSF1", "OSULeaf", "FaceAll", "ECG5000"),
    generate={"pairs": both(pairs)},
    parameters={"max_epochs": 20, **SMALL},
    in_turns=False,
    arms=(
        Arm("none"),
        Arm("motifs", {"motifs": 16}, control="codes frozen"),
        Arm("codes frozen", {"motifs": 16}, network=frozen),
        Arm("full attention", {"motifs": 16}, network=full),
    ),
)
