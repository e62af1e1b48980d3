"""Whether time stamps count where samples of real series are lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from core_experiments.experiment import Arm, Experiment, Sides
from core_experiments.times import WAYS, with_stamps
from numpy.typing import NDArray

# One step in so many at most is kept where rates differ.
_SLOWEST = 4
# Bursts a series that are lost, and the part of it that each is at most.
_BURSTS, _LONGEST = 4, 0.22


def rates(length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Keep one step in 1 to 4, as many in all of a series."""
    every = rng.integers(1, _SLOWEST + 1)
    return np.arange(rng.integers(every), length, every)


def bursts(length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Lose four stretches, each a twentieth to a fifth of the series, wherever they begin."""
    kept = np.ones(length, bool)
    for _ in range(_BURSTS):
        size = int(rng.uniform(0.05, _LONGEST) * length)
        first = rng.integers(length - size)
        kept[first : first + size] = False
    return np.flatnonzero(kept)


def losing(which: Callable[..., NDArray[np.int64]]) -> Callable[[Sides, int], Sides]:
    """Return what makes lost steps missing, the same ones in every arm."""

    def change(sides: Sides, seed: int) -> Sides:
        rng = np.random.default_rng(seed)

        def left(x: NDArray[np.float32]) -> NDArray[np.float32]:
            out = np.full_like(x, np.nan)
            kept = which(x.shape[1], rng)
            out[:, kept] = x[:, kept]
            return out

        return sides.seen(left)

    return change


_ASKED = (
    "stamps ignored",
    "--stamps use, s4d",
    "--stamps grid",
    "preset fast, stamps ignored",
    "preset fast, --stamps grid",
)

EXPERIMENT = Experiment(
    name="times_lost",
    question="Do time stamps tell what the samples alone do not? Real series, samples lost.",
    baseline="rates: stamps ignored",
    sets=("GunPoint", "CBF", "Plane", "ECG200", "FaceFour"),
    parameters={"max_epochs": 25},
    arms=tuple(
        Arm(
            *(f"{name}: {way}", WAYS[way], losing(lose)),
            score=with_stamps,
            against=f"{name}: {'preset fast, ' * ('fast' in way)}stamps ignored",
        )
        for name, lose in (("rates", rates), ("bursts", bursts))
        for way in _ASKED
    ),
)
