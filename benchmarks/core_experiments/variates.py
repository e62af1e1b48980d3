"""What becomes of the channels: mixed at first, or an axis of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from core_experiments.experiment import Arm, Experiment, Outcome, Sides, fitted


def permuted(sides: Sides, seed: int) -> Sides:
    """Put the channels into another order, the same on both sides."""
    order = np.random.default_rng(seed).permutation(len(sides.X[0]))
    return sides.seen(lambda x: x[order])


def chained(at_random: bool) -> Callable[..., Outcome]:
    """Take a chain of the channels for the graph, as they come or in random order."""

    def score(sides: Sides, parameters: Mapping[str, Any], seed: int) -> Outcome:
        n = len(sides.X[0])
        order = np.random.default_rng(seed).permutation(n) if at_random else np.arange(n)
        weights = np.zeros((n, n))
        weights[order[:-1], order[1:]] = 1
        return fitted(sides, {**parameters, "adjacency": weights + weights.T}, seed)

    return score


def waves(seed: int, n: int = 200, n_test: int = 200) -> Sides:
    """Waves along 16 electrodes, upward or downward, in noise.

    Frequency, wavelength and phase are drawn for each, so that a channel by itself is a sine in
    noise whatever the class, and every channel is like every other.
    """
    rng = np.random.default_rng(10_000 + seed)
    count = n + n_test
    y = np.arange(count) % 2
    t, v = np.arange(40), np.arange(16)[:, None]
    series = []
    for up in y:
        turn, lag = 2 * np.pi * rng.uniform(0.05, 0.15), rng.uniform(0.2, 0.9)
        wave = np.sin(turn * t + (lag if up else -lag) * v + rng.uniform(0, 2 * np.pi))
        series.append((wave + rng.normal(size=wave.shape)).astype(np.float32))
    return Sides.parted(series, y, n)


EXPERIMENT = Experiment(
    name="variates",
    question="Channels mixed at first, or an axis of their own?",
    baseline="mix",
    sets=(
        "FingerMovements",
        "JapaneseVowels",
        "BasicMotions",
        "RacketSports",
        "ERing",
        "AtrialFibrillation",
    ),
    generate={"waves": waves},
    parameters={"max_epochs": 30, "n_layers": 2, "early_stopping": False},
    arms=(
        Arm("mix"),
        Arm("scan", {"variates": "scan"}, control="scan, channels permuted"),
        Arm("scan, channels permuted", {"variates": "scan"}, change=permuted),
        Arm("coupled", {"variates": "coupled"}, control="coupled, channels permuted"),
        Arm("coupled, channels permuted", {"variates": "coupled"}, change=permuted),
        Arm("graph", {"variates": "graph"}, control="graph, random order"),
        Arm(
            *("graph, a chain as they come", {"variates": "graph"}),
            score=chained(False),
            control="graph, random order",
        ),
        Arm("graph, random order", {"variates": "graph"}, score=chained(True)),
    ),
)
