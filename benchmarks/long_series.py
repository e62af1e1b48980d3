"""Time and peak memory of a training step against the length of a series.

``python benchmarks/long_series.py [STEPS ...]``: the default network of three blocks without a
filter bank, with and without a pyramid; one series, forward and backward, on one thread. Seconds
and memory are those of a process that does one such step; how many times as fast a pyramid is
comes from steps in turns, up to a hundred thousand.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from timing import compare_in_pairs

from msssm_ts.model import MSSSMConfig, MSSSMNetwork

_IN_TURNS = 100_000


def stepper(pyramid: bool) -> Callable[[int], None]:
    """Return what does a step of so many steps of a series."""
    torch.manual_seed(0)
    network = MSSSMNetwork(MSSSMConfig(1, 2, core="lti", pyramid=pyramid))

    def step(n_timepoints: int) -> None:
        network.zero_grad()
        network(torch.randn(1, n_timepoints, 1)).sum().backward()

    # What is compiled or loaded is so before.
    step(100)
    return step


def once(n_timepoints: int, pyramid: bool) -> tuple[float, float]:
    """Return the seconds of a step, and megabytes at most beyond what there was before."""
    step = stepper(pyramid)
    before, began = _peak(), time.perf_counter()
    step(n_timepoints)
    return time.perf_counter() - began, _peak() - before


def times_as_fast(n_timepoints: int) -> float:
    """Return how many times as fast a step with a pyramid is, in turns."""
    without, with_one = stepper(False), stepper(True)
    _, _, ratio = compare_in_pairs(
        lambda: without(n_timepoints), lambda: with_one(n_timepoints), seconds=5.0
    )
    return ratio.median


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print a table, or one row of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", choices=("yes", "no"), help="measure here, with a pyramid or not")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        print(*once(given.steps[0], given.one == "yes"))
        return
    print("| steps | pyramid | seconds | MB | times as fast |\n|---|---|---|---|---|")
    for n in given.steps:
        for pyramid in ("no", "yes"):
            command = [sys.executable, __file__, str(n), "--one", pyramid]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, megabytes = map(float, out.split())
            turns = pyramid == "yes" and n <= _IN_TURNS
            ratio = f"{times_as_fast(n):.2f}" if turns else ""
            print(f"| {n:,} | {pyramid} | {seconds:.2f} | {megabytes:,.0f} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
