"""What it takes, and gives, that every series counts: time, memory and accuracy by rows.

    OMP_NUM_THREADS=1 python benchmarks/rows.py [--rows 10000 30000 100000] [--members scan_ridge]

Series are made when they are asked for: ten classes, 100 steps. Each fit is a process of its own.
A line a fit: seconds of CPU in all and by stage, largest resident memory, accuracy on 5 000 other
series; then the same fit on as many rows as a sample of which all features find room, 400 MB, would
be (``--sample`` says another number of features to be held). Slopes of time against rows follow,
and what they say of a million.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.series import LazySeries

N_CLASSES, N_STEPS, N_HELD_OUT = 10, 100, 5000
KINDS = ("scan_ridge", "shapelet_ridge", "coarse_ridge", "quantile_trees")
# Where the series that are held out begin.
_APART = 10**9
_FAR = 10**6


def label(index: int) -> int:
    """Return the class of a series."""
    return index % N_CLASSES


def made(index: int) -> NDArray[np.float32]:
    """Return a series: a wave and a bump, whose pace and shape are the class's, in noise.

    Classes differ in pace by less than series of a class do, and only together with the bump.
    """
    rng = np.random.default_rng([index, 1])
    pace, shape = divmod(label(index), 2)
    t = np.arange(N_STEPS, dtype=np.float32)
    wave = np.sin(2 * np.pi * (0.05 * 1.15 ** (pace + rng.normal(0, 0.3)) * t + rng.random()))
    at, width = rng.uniform(15, 85), rng.uniform(3, 6)
    u = (t - at) / width
    bump = np.exp(-(u**2)) if shape else np.where(np.abs(u) < 1, 1 - np.abs(u), 0)
    slope = np.cumsum(rng.normal(0, 0.1, N_STEPS))
    noise = rng.normal(0, 0.6, N_STEPS)
    series: NDArray[np.float32] = (wave + 2.5 * bump + slope + noise).astype(np.float32)[None]
    return series


def rows(first: int, n: int) -> tuple[LazySeries, NDArray[np.int64]]:
    """Return series that are made when they are asked for, and their classes."""
    numbers = range(first, first + n)
    lengths = np.full(n, N_STEPS)
    return LazySeries(numbers, made, lengths), np.fromiter(map(label, numbers), np.int64, n)


def n_features(kind: str) -> int:
    """Return how many features a kind of member makes of such a series where all find room."""
    from msssm_ts.members.coarse_ridge.features import CoarseFeatures
    from msssm_ts.members.problem import Problem
    from msssm_ts.members.quantile_trees.quantiles import Layout, n_quantile_features
    from msssm_ts.members.scan_ridge.features import n_features_for
    from msssm_ts.members.shapelet_ridge.features import N_GROUPS, n_features_of

    if kind == "scan_ridge":
        return n_features_for(Problem.of([made(0)], np.array([0]), N_CLASSES))
    if kind == "shapelet_ridge":
        return n_features_of(N_GROUPS)
    if kind == "coarse_ridge":
        return CoarseFeatures.largest(Problem.of([made(0)], np.array([0]), N_CLASSES)).n_features
    return n_quantile_features(1, N_STEPS, Layout.of(1, N_STEPS))


@contextmanager
def stages() -> Iterator[dict[str, float]]:
    """Count the seconds in each stage of a fit, without those of stages within it."""
    import msssm_ts.members.quantile_trees.growing as growing
    from msssm_ts.members.coarse_ridge.features import CoarseFeatures
    from msssm_ts.members.normal_equations import NormalEquations
    from msssm_ts.members.ridge import Ridge
    from msssm_ts.members.scan_ridge.features import ScanFeatures
    from msssm_ts.members.shapelet_ridge.features import ShapeletFeatures

    seconds: dict[str, float] = defaultdict(float)
    within = [0.0]

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            began = time.process_time()
            within.append(0.0)
            try:
                return function(*arguments, **more)
            finally:
                took = time.process_time() - began
                seconds[name] += took - within.pop()
                within[-1] += took

        return call

    def listed(*arguments: Any) -> Any:
        return list(grown(*arguments))

    grown = growing.__dict__["_grown"]
    places: list[tuple[Any, str, str]] = [
        (ScanFeatures, "transform", "features"),
        (ShapeletFeatures, "transform", "features"),
        (CoarseFeatures, "transform", "features"),
        (growing, "quantile_features", "features"),
        (NormalEquations, "add", "sums"),
        (NormalEquations, "solution", "solution"),
        (Ridge, "fit", "penalty"),
        (sys.modules[__name__], "made", "making"),
    ]
    before = [(owner, name, vars(owner)[name]) for owner, name, _ in places]
    for owner, name, stage in places:
        setattr(owner, name, timed(stage, getattr(owner, name)))
    growing.__dict__["_grown"] = timed("trees", listed)
    try:
        yield seconds
    finally:
        growing.__dict__["_grown"] = grown
        for owner, name, function in before:
            setattr(owner, name, function)


def one_fit(kind: str, n: int) -> dict[str, Any]:
    """Fit a member to n series, and return what there is to say of it."""
    new, truth = rows(_APART, N_HELD_OUT)
    # Kernels are compiled, or loaded, before it counts.
    warm = MSSSMClassifier(members=[kind], random_state=0)
    warm.fit(*rows(0, 40)).predict(new[:2])
    model = MSSSMClassifier(members=[kind], random_state=0)
    with stages() as seconds:
        series, labels = rows(0, n)
        began = time.process_time()
        model.fit(series, labels)
        took = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    rest = {"other": took - sum(seconds.values())}
    return {
        "kind": kind,
        "rows": n,
        "seconds": took,
        "peak": peak,
        "accuracy": float((model.predict(new) == truth).mean()),
        "stages": {**seconds, **rest},
        "notes": model.model_.record.notes,
    }


def _in_a_process(kind: str, n: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", kind, str(n)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _line(found: dict[str, Any], what: str) -> str:
    shares = sorted(found["stages"].items(), key=lambda item: -item[1])
    told = ", ".join(f"{name} {s:.1f}" for name, s in shares if s >= 0.05)
    return (
        f"{found['kind']:15} {found['rows']:8d} {what:7} {found['seconds']:8.1f} s  "
        f"{found['peak'] / 1e9:5.2f} GB  {found['accuracy']:.4f}  ({told})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 30_000, 100_000])
    parser.add_argument("--members", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--sample", type=int, default=100_000_000, help="features that are held")
    parser.add_argument("--no-sample", action="store_true", help="all rows only")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        kind, n = arguments.one
        print(json.dumps(one_fit(kind, int(n))))
        return
    for kind in arguments.members:
        took, former = [], arguments.sample // n_features(kind)
        for n in arguments.rows:
            found = _in_a_process(kind, n)
            took.append(found["seconds"])
            print(_line(found, "all"), *found["notes"], sep="\n    ", flush=True)
        if not arguments.no_sample and former < max(arguments.rows):
            print(_line(_in_a_process(kind, former), "sample"), flush=True)
        if len(took) > 1:
            slope, at = np.polyfit(np.log(arguments.rows), np.log(took), 1)
            by_slope = float(np.exp(at + slope * np.log(_FAR)))
            # What every fit takes, however few rows, flattens the slope.
            each = (took[-1] - took[-2]) / (arguments.rows[-1] - arguments.rows[-2])
            by_line = took[-1] + each * (_FAR - arguments.rows[-1])
            print(
                f"{kind}: time grows as rows^{slope:.2f}; a million would take {by_slope:.0f} s "
                f"by that, {by_line:.0f} s by the line through the last two"
            )


if __name__ == "__main__":
    main()
