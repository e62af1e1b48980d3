"""Where the modes of core "s4d" start, and for how long they remember at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from core_experiments.experiment import SMALL, Arm, Experiment, Outcome, Sides, fitted

from msssm_ts.model.cores.s4d.core import S4D
from msssm_ts.model.cores.s4d.initialisation import INITIALISATIONS, Modes, lin

# The longest and the shortest memory, as parts of a series' length.
_MEMORY = (1.0, 0.02)


def drawn(n: int) -> Modes:
    """Return frequencies drawn evenly over the range of "lin", as a control."""
    modes = lin(n)
    frequency = (torch.rand(n, dtype=torch.float64) * modes.frequency[-1]).sort().values
    return Modes(frequency, modes.drive)


def starting(initialisation: str, by_length: bool = False) -> Callable[..., Outcome]:
    """Return what fits with another start of the modes, or of Δ."""

    def score(sides: Sides, parameters: Mapping[str, Any], seed: int) -> Outcome:
        dt_min, dt_max = S4D.__init__.__defaults__[:2]
        if by_length:
            # A memory lasts 1 / Δ steps.
            length = np.median([x.shape[1] for x in sides.X])
            dt_min, dt_max = (1 / (part * length) for part in _MEMORY)
        known = patch.dict(INITIALISATIONS, {"drawn": drawn})
        with known, patch.object(S4D.__init__, "__defaults__", (dt_min, dt_max, initialisation)):
            return fitted(sides, parameters, seed)

    return score


def tones(seed: int) -> Sides:
    """Tones of four frequencies a twentieth apart, in noise, of any phase."""
    rng = np.random.default_rng(20_000 + seed)
    y = np.arange(600) % 4
    turns = 0.1 * 1.05**y
    t = np.arange(150)
    phase = rng.uniform(0, 2 * np.pi, len(y))
    X = np.sin(2 * np.pi * turns[:, None] * t + phase[:, None]) + rng.normal(size=(len(y), len(t)))
    return Sides.parted(list(X[:, None].astype(np.float32)), y, 200)


EXPERIMENT = Experiment(
    name="initialisations",
    question="Where should the modes of s4d start?",
    baseline="lin",
    sets=(
        *("RacketSports", "BasicMotions", "SyntheticControl", "Plane"),
        *("ArrowHead", "MedicalImages", "OSULeaf"),
    ),
    generate={"tones": tones},
    parameters={"core": "s4d", "max_epochs": 20, **SMALL},
    arms=(
        Arm("lin", score=starting("lin")),
        *(
            Arm(name, score=starting(name), control="frequencies drawn")
            for name in ("inv", "legs", "fout", "dfout")
        ),
        Arm("frequencies drawn", score=starting("drawn")),
        Arm("Δ by length", score=starting("lin", by_length=True)),
        Arm("lti", {"core": "lti"}),
    ),
)
