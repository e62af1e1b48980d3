"""What each member of the vote, and some of them together, get right on the test files.

python benchmarks/members.py DATA_FOLDER --anchors published_accuracy.csv

The voters of the default preset without its network, one seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import complete, published
from msssm_ts.voters import Committee, Problem

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.series import Standardizer

N_RIDGES, N_TREES = 4, 200


def accuracies(folder: Path) -> dict[str, float]:
    """Fit on the training file, score every choice of members on the test file."""
    train, test = (load(folder, ReadOptions(split=part)) for part in ("train", "test"))
    classes, targets = np.unique(train.labels, return_inverse=True)
    scale = Standardizer.fit(train.values)
    problem = Problem(scale.apply(train.values), targets, len(classes))
    *ridges, trees = Committee.fit(problem, N_RIDGES, N_TREES, seed=0).voters
    series = scale.apply(test.values)

    def right(*voters: Any) -> float:
        proba = Committee(list(voters)).predict_proba(series)
        return float((classes[proba.argmax(1)] == test.labels).mean())

    return {
        "a ridge classifier": right(ridges[0]),
        "two": right(*ridges[:2]),
        "four": right(*ridges),
        "trees": right(trees),
        "two ridge classifiers and trees": right(*ridges[:2], trees),
        "four and trees": right(*ridges, trees),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--anchors", type=Path, required=True)
    arguments = parser.parse_args()
    names = complete(published(arguments.anchors), without=("MambaSL",))
    found = [accuracies(arguments.data / name) for name in names]
    print(f"mean accuracy, {len(names)} sets")
    for members in found[0]:
        print(f"{members:34} {np.mean([f[members] for f in found]):.4f}")


if __name__ == "__main__":
    main()
