"""How a stretch of time is best hidden, so that importance points at the place that was planted.

    python benchmarks/hiding.py [SEEDS]

Made-up series of two classes that differ between 30 and 40 % of the time only, as noise or as
smooth waves. The stretch comes from another series as it is ("swapped"), brought to the level of
what stands beside it ("joined"), or is drawn straight ("line", which ``inspect --importance``
does). Printed: how much the probability of the true class falls where the difference is, and the
most that it falls anywhere else, in percentage points, on average over the seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.importance import measure
from msssm_ts.analysis.vote.occlusion import hidden

N, STEPS, AT = 160, 100, slice(30, 40)
Array = NDArray[np.floating]
Hide = Callable[[Array, list[int], int, int], Array]


def made_up(kind: str, rng: np.random.Generator) -> tuple[Array, Array]:
    y, t, u = np.arange(N) // 2 % 2, np.arange(STEPS), np.arange(10) / 10
    turn = np.where(y, 1, -1)[:, None]
    if kind.startswith("noise"):
        x = rng.normal(size=(N, STEPS))
    else:
        x = 0.02 * rng.normal(size=(N, STEPS))
        for k in range(1, 6):
            phase = 2 * np.pi * (k * t / STEPS + rng.random((N, 1)))
            x += 2 * rng.normal(size=(N, 1)) / k * np.sin(phase)
    if kind.endswith("level"):
        x[y == 1, AT] += 1.5 * (np.sin(np.pi * u) if kind.startswith("smooth") else 1.4)
    else:
        x[:, AT] += (0.4 if kind.startswith("smooth") else 2) * turn * np.sin(2 * np.pi * u)
    return x[:, None], y


def from_others(series: list[Array], rng: np.random.Generator, join: bool) -> Hide:
    """Return a way to hide a stretch: by that of another series."""

    def hide(values: Array, channels: list[int], a: int, b: int) -> Array:
        other, new = series[int(rng.integers(len(series)))], values.copy()
        part = other[:, a:b].copy()
        gaps = [values[:, i] - other[:, i] for i in (a - 1, b) if 0 <= i < STEPS]
        if join:
            where = (np.arange(b - a) + 0.5) / (b - a)
            part += gaps[0][:, None] * (1 - where) + gaps[-1][:, None] * where
        new[:, a:b] = part
        return new

    return hide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    arguments = parser.parse_args()
    print(f"{'':14s}{'':10s}planted  elsewhere")
    for kind in ("noise level", "noise shape", "smooth level", "smooth shape"):
        found: dict[str, list[tuple[float, float]]] = {}
        for seed in range(arguments.seeds):
            rng = np.random.default_rng(seed)
            x, y = made_up(kind, rng)
            model = MSSSMClassifier("fast", random_state=seed).fit(x[::2], y[::2]).model_
            series = list(x[1::2])
            labels = y[1::2]
            ways = {
                "swapped": from_others(series, rng, join=False),
                "joined": from_others(series, rng, join=True),
                "line": hidden,
            }
            for name, way in ways.items():
                with mock.patch.object(measure, "hidden", way):
                    got = measure.importance(model, series, labels, n_segments=10, n_repeats=1)
                falls = 100 * got.segments.probability
                found.setdefault(name, []).append((falls[3], np.delete(falls, 3).max()))
        for name, pairs in found.items():
            planted, elsewhere = np.mean(pairs, axis=0)
            print(f"{kind:14s}{name:10s}{planted:7.1f}  {elsewhere:9.1f}")


if __name__ == "__main__":
    main()
