"""Whether a nonlinear recurrence tracks states that others cannot, and what it is worth else."""

from __future__ import annotations

from typing import Any

import numpy as np
from core_experiments.experiment import Arm, Experiment, Series, Sides
from numpy.typing import NDArray


def parity(n: int, lengths: range, seed: int) -> tuple[Series, NDArray[np.int64]]:
    """Return series of sparse events in noise, and whether they are odd in number.

    Parameters
    ----------
    n : int
        Series.
    lengths : range
        Of the series.
    seed : int
        Of all draws.
    """
    rng = np.random.default_rng(seed)
    series, labels = [], []
    for _ in range(n):
        length = int(rng.choice(lengths))
        event = rng.uniform(size=length) < 0.1
        x = event + 0.1 * rng.normal(size=length)
        series.append(x[None].astype(np.float32))
        labels.append(int(event.sum()) % 2)
    return series, np.array(labels)


def _same(seed: int) -> Sides:
    lengths = range(20, 61)
    return Sides(*parity(4000, lengths, seed), *parity(1000, lengths, 1000 + seed))


def _longer(seed: int) -> Sides:
    """Return the same to train on; to score, lengths that were never trained on."""
    return Sides(*parity(4000, range(20, 61), seed), *parity(1000, range(200, 201), 2000 + seed))


# Causal, and read out where the series ends: what is asked of a state.
_STATES: dict[str, Any] = {"bidirectional": False, "pooling": "last"}

EXPERIMENT = Experiment(
    name="recurrent",
    question="Does a nonlinear recurrence track states that others cannot?",
    baseline="lti",
    generate={"parity at 20-60 steps": _same, "parity at 200 steps": _longer},
    sets=("UMD", "JapaneseVowels", "PenDigits"),
    parameters={"n_layers": 1, "d_model": 32, "n_scales": 1, **_STATES},
    arms=tuple(
        Arm(core, {"core": core}, control="s6" * (core in ("gru", "lstm")))
        for core in ("lti", "s6", "gru", "lstm")
    ),
)
