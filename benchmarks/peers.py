"""aeon's classifiers on one set, as benchmarks/accuracy.py asks; needs aeon, not msssm-ts.

In an environment of its own: python -m pip install "aeon>=1.6"
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np


def read(file: Path) -> tuple[Any, Any]:
    """Read a UCR or UEA file: series (n, channels, steps) and labels."""
    if file.suffix == ".ts":
        from aeon.datasets import load_from_ts_file

        return load_from_ts_file(str(file))
    table = np.loadtxt(file, delimiter="\t")
    return table[:, None, 1:], table[:, 0]


def make(name: str, seed: int) -> Any:
    """Return an untrained classifier."""
    from aeon.classification import convolution_based as peers

    kinds = {
        "MultiRocketHydra": peers.MultiRocketHydraClassifier,
        "MiniRocket": peers.MiniRocketClassifier,
    }
    return kinds[name](n_jobs=-1, random_state=seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", type=json.loads, required=True)
    task = parser.parse_args().task
    name = task["settings"]["preset"]
    warm = np.random.default_rng(0).normal(size=(20, 1, 64))
    make(name, 0).fit(warm, np.arange(20) % 2).predict(warm)
    for folder in map(Path, task["folders"]):
        for seed in task["seeds"]:
            print(json.dumps(run(folder, name, seed)), flush=True)


def run(folder: Path, name: str, seed: int) -> dict[str, Any]:
    """Fit and score one set."""
    (X, y), (X_test, y_test) = (
        read(next(folder.glob(f"{folder.name}_{part}.t*"))) for part in ("TRAIN", "TEST")
    )
    model = make(name, seed)
    began = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    predicted = model.predict(X_test)
    done = time.perf_counter()
    return {
        "dataset": folder.name,
        "seed": seed,
        "accuracy": round(float(np.mean(predicted == y_test)), 6),
        "estimate": float("nan"),
        "fit_seconds": round(fitted - began, 3),
        "predict_seconds": round(done - fitted, 3),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "n_train": len(X),
        "n_test": len(X_test),
        "n_timepoints": X.shape[2],
        "n_channels": X.shape[1],
    }


if __name__ == "__main__":
    main()
