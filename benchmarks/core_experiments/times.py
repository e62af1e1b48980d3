"""Whether time stamps count: tones of four frequencies, at rates and times that differ."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from core_experiments.experiment import Arm, Experiment, Outcome, Series, Sides, scored
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier

# Turns a step, each half as many again as the one before: a rate unknown up to 4 hides them.
_FREQUENCIES = 0.02, 0.03, 0.045, 0.0675
# Of a frequency, in its logarithm; and of the noise, where tones have amplitude 1.
_JITTER, _NOISE = 0.08, 0.3
_SAMPLES, _TRAIN, _TEST = 60, 160, 400
# One step in so many at most is sampled.
_SLOWEST = 4
# Bursts a series, apart by up to so many steps.
_BURSTS, _FARTHEST = 7, 40


def rates(rng: np.random.Generator) -> NDArray[np.int64]:
    """Sample one step in 1 to 4, as many in all of a series."""
    return np.arange(_SAMPLES) * rng.integers(1, _SLOWEST + 1)


def at_random(rng: np.random.Generator) -> NDArray[np.int64]:
    """Sample after waits of 1 to 4 steps on average, each drawn by itself."""
    return np.cumsum(rng.geometric(1 / rng.uniform(1, _SLOWEST), _SAMPLES))


def bursts(rng: np.random.Generator) -> NDArray[np.int64]:
    """Sample every step, but for six pauses."""
    gaps = np.ones(_SAMPLES, np.int64)
    at = rng.choice(np.arange(5, _SAMPLES - 5), _BURSTS - 1, replace=False)
    gaps[at] += rng.integers(5, _FARTHEST, _BURSTS - 1)
    return np.cumsum(gaps)


def tones(sampled: Callable[..., NDArray[np.int64]]) -> Callable[[int], Sides]:
    """Return what makes a set from a seed: series step by step, missing where not sampled."""

    def make(seed: int) -> Sides:
        rng = np.random.default_rng(seed)
        y = np.arange(_TRAIN + _TEST) % len(_FREQUENCIES)
        series = []
        for label in y:
            steps = sampled(rng)
            steps -= steps[0]
            turns = _FREQUENCIES[label] * np.exp(rng.normal(0, _JITTER)) * steps + rng.random()
            x = np.full((1, steps[-1] + 1), np.nan, np.float32)
            x[0, steps] = np.sin(2 * np.pi * turns) + rng.normal(0, _NOISE, len(steps))
            series.append(x)
        return Sides.parted(series, y, _TRAIN)

    return make


def with_stamps(sides: Sides, parameters: Mapping[str, Any], seed: int) -> Outcome:
    """Fit to what was sampled, with its stamps; with masks to all steps."""

    def given(series: Series) -> tuple[Series, list[NDArray[np.float64]] | None]:
        if parameters.get("missing") == "mask":
            return series, None
        steps = [np.flatnonzero(~np.isnan(x[0])) for x in series]
        return [x[:, k] for x, k in zip(series, steps, strict=True)], [k * 1.0 for k in steps]

    (X, times), (X_test, asked) = given(sides.X), given(sides.X_test)
    began = time.perf_counter()
    model = MSSSMClassifier(**parameters, random_state=seed).fit(X, sides.y, times=times)
    seconds = time.perf_counter() - began
    return scored(model, sides._replace(X_test=X_test), seconds, times=asked)


_VOTE: dict[str, Any] = {"members": None, "preset": "fast"}
WAYS: dict[str, dict[str, Any]] = {
    "stamps ignored": {},
    "stamps ignored, s4d": {"core": "s4d"},
    "--stamps use": {"stamps": "use"},
    "--stamps use, s4d": {"stamps": "use", "core": "s4d"},
    "masks on the fine grid, s4d": {"missing": "mask", "core": "s4d", "n_scales": 0},
    "--stamps grid": {"stamps": "grid"},
    "preset fast, stamps ignored": _VOTE,
    "preset fast, --stamps grid": _VOTE | {"stamps": "grid"},
}

# The core by itself, without stamps.
CONTROLS = {
    "--stamps use, s4d": "stamps ignored, s4d",
    "masks on the fine grid, s4d": "stamps ignored, s4d",
}

EXPERIMENT = Experiment(
    name="times",
    question="Do time stamps tell what the samples alone do not? Tones of four frequencies.",
    baseline="stamps ignored",
    generate={
        "unknown rates": tones(rates),
        "random times": tones(at_random),
        "bursts": tones(bursts),
    },
    parameters={"max_epochs": 25},
    arms=tuple(
        Arm(
            *(name, settings),
            score=with_stamps,
            against="preset fast, stamps ignored" * name.startswith("preset fast, --"),
            control=CONTROLS.get(name, ""),
        )
        for name, settings in WAYS.items()
    ),
)
