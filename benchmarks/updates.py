"""Series that come month by month: what an update costs, and what a fit to all of them would.

    OMP_NUM_THREADS=1 python benchmarks/updates.py DATA [--months 6] [--rest .25] [--window .3 .4]

DATA: a file, folder or name as ``msssm-ts fit`` takes them. Training series are dealt to months at
random; accuracy is on the test part, or a part held out where there is none. A line a month:
accuracy of the updated model on the month before it is learned and on the test part, that of the
same members fitted anew to all, that of the whole preset, seconds of CPU of each.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError


def parts(data: str, options: ReadOptions, rest: float) -> tuple[LabelledSeries, LabelledSeries]:
    """Return training series in random order, and others."""
    rng = np.random.default_rng(0)
    try:
        train, test = load(f"{data}:train", options), load(f"{data}:test", options)
    except InputError:
        every = load(data, options)
        order = rng.permutation(every.n_series)
        held, kept = np.split(order, [int(rest * len(order))])
        return every.take(kept), every.take(held)
    return train.take(rng.permutation(train.n_series)), test


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what work gives, and the seconds of CPU that it took."""
    began = time.process_time()
    return work(), time.process_time() - began


def main() -> None:
    """Print a line a month."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--rest", type=float, default=0.25)
    parser.add_argument("--window", nargs=2, type=float, help="seconds around annotations")
    asked = parser.parse_args()
    window = None if asked.window is None else tuple(asked.window)
    train, test = parts(asked.data, ReadOptions(window=window), asked.rest)
    classes = np.unique(train.labels)
    settings = {"preset": "fast", "random_state": 0}
    model = MSSSMClassifier(**settings, updatable=True)
    ends = np.linspace(0, train.n_series, asked.months + 1).astype(int)
    print(f"{train.n_series} series in {asked.months} months, {test.n_series} to test", flush=True)
    for start, stop in itertools.pairwise(ends):
        new, known = train.take(np.arange(start, stop)), train.take(np.arange(stop))
        before = f"{model.score(new.values, new.labels):.4f}" if start else "–"
        _, update = timed(
            lambda new=new: model.partial_fit(new.values, new.labels, classes=classes)
        )
        line = [f"{stop:6d}", before, f"{model.score(test.values, test.labels):.4f} {update:.1f} s"]
        for more in ({"updatable": True}, {}):
            anew = MSSSMClassifier(**settings, **more)
            _, took = timed(lambda anew=anew, known=known: anew.fit(known.values, known.labels))
            line.append(f"{anew.score(test.values, test.labels):.4f} {took:.1f} s")
        print(" | ".join(line), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.safetensors")
        for file in sorted(Path(folder).iterdir()):
            print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
        began = time.process_time()
        MSSSMClassifier.load(folder).withdraw(new.values, new.labels).save(
            Path(folder) / "model.safetensors"
        )
        print(f"last month withdrawn, files read and written: {time.process_time() - began:.1f} s")


if __name__ == "__main__":
    main()
