"""Read a stream of millions of steps: memory that stays flat, and the time of a step.

    python benchmarks/streaming.py [--steps 10000000] [--core s6|lti|s4d] [--channels N]

A causal model of the default size (hardly trained: that changes no time) reads one step after the
other through ``stream.step``. Prints the largest resident memory after the first steps and after
all of them, and the median and 99th percentile of the time of a step, from outside. Ctrl-C
prints the figures so far.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time

import numpy as np

from msssm_ts import MSSSMClassifier

# Steps before memory is looked at first: everything is compiled, loaded and allocated.
WARM_UP = 10_000
# Times are counted in bins, which take no memory of their own as they come in.
BIN, N_BINS = 100, 1_000_000


def causal_model(core: str, n_channels: int) -> MSSSMClassifier:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, n_channels, 64)), np.arange(16) % 2
    model = MSSSMClassifier(
        members=["network"], core=core, bidirectional=False, max_epochs=1, random_state=0
    )
    return model.fit(X, y)


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def percentile(counts: np.ndarray, part: float) -> float:
    """Microseconds that ``part`` of the counted times do not exceed."""
    place = int(np.searchsorted(np.cumsum(counts), part * counts.sum()))
    return (place + 1) * BIN / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=10_000_000)
    parser.add_argument("--core", choices=("s6", "lti", "s4d"), default="s6")
    parser.add_argument("--channels", type=int, default=1)
    arguments = parser.parse_args()
    stream = causal_model(arguments.core, arguments.channels).stream()
    values = np.random.default_rng(1).normal(size=(4096, arguments.channels))
    counts = np.ones(N_BINS, np.int64) - 1
    clock = time.perf_counter_ns
    began, before = time.perf_counter(), 0.0
    try:
        for i in range(WARM_UP + arguments.steps):
            if i == WARM_UP:
                counts[:] = 0
                before = peak_memory()
            x = values[i & 4095]
            start = clock()
            stream.step(x)
            counts[min((clock() - start) // BIN, N_BINS - 1)] += 1
    except KeyboardInterrupt:
        print("interrupted: the figures so far")
    seconds, after = time.perf_counter() - began, peak_memory()
    print(
        f"{arguments.core}, {arguments.channels} channels: {counts.sum()} steps in "
        f"{seconds:.0f} s\n"
        f"peak resident memory {before:.1f} MiB after {WARM_UP} steps, {after:.1f} MiB after all "
        f"of them (+{after - before:.1f})\n"
        f"a step: median {percentile(counts, 0.5):.1f} µs, p99 {percentile(counts, 0.99):.1f} µs"
    )


if __name__ == "__main__":
    main()
