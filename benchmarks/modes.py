"""Compare where the modes of core "s4d" start, on parts of training files set aside.

    python benchmarks/modes.py DATA [--sets ERing,Plane]

DATA has a folder for each set, with NAME_TRAIN.ts or .tsv in it; test files are not opened. Two
splits, 65 % to train on: a network of two layers of width 32, some 220 steps in batches of 16.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import math
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import load
from msssm_ts.model.cores.s4d.core import S4D
from msssm_ts.model.cores.s4d.initialisation import INITIALISATIONS

SETS = "ERing,BasicMotions,RacketSports,SyntheticControl,Plane"
STEPS, BATCH, SPLITS = 220, 16, 2


def accuracy(values: list[np.ndarray], labels: np.ndarray, core: str) -> float:
    """Mean over the splits."""
    of = []
    for seed in range(SPLITS):
        inside, outside = train_test_split(
            np.arange(len(labels)), test_size=0.35, random_state=seed, stratify=labels
        )
        epochs = math.ceil(STEPS / math.ceil(len(inside) / BATCH))
        classifier = MSSSMClassifier(
            members=["network"],
            **{"core": core, "d_model": 32, "n_layers": 2, "random_state": seed},
            **{"max_epochs": epochs, "batch_size": BATCH, "early_stopping": False},
        )
        classifier.fit([values[i] for i in inside], labels[inside])
        right = classifier.predict([values[i] for i in outside]) == labels[outside]
        of.append(right.mean())
    return float(np.mean(of))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=SETS)
    options = parser.parse_args()
    arms = ["lti", *(f"s4d {name}" for name in INITIALISATIONS)]
    print(f"{'':20}" + "".join(f"{arm:>12}" for arm in arms))
    defaults = S4D.__init__.__defaults__
    assert defaults is not None
    for name in options.sets.split(","):
        (file,) = (options.data / name).glob(f"{name}_TRAIN.*")
        data = load(file)
        labels = np.array([str(label) for label in data.labels])
        values = [np.asarray(series, np.float32) for series in data.values]
        row = []
        for arm in arms:
            core, _, initialisation = arm.partition(" ")
            if initialisation:
                S4D.__init__.__defaults__ = (*defaults[:-1], initialisation)
            row.append(accuracy(values, labels, core))
        print(f"{name:20}" + "".join(f"{value:12.3f}" for value in row), flush=True)


if __name__ == "__main__":
    main()
