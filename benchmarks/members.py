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

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.fitted.vote import Vote, prior_weights
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.series import Prepared, Standardizer
from msssm_ts.series.checks import as_series_list

N_RIDGES = 4


def accuracies(folder: Path) -> dict[str, float]:
    """Fit on the training file, score every choice of members on the test file."""
    train, test = (load(folder, ReadOptions(split=part)) for part in ("train", "test"))
    classes, targets = np.unique(train.labels, return_inverse=True)
    known, new = (as_series_list(list(part.values), "mask") for part in (train, test))
    scale = Standardizer.fit(known)
    problem = Problem.of(scale.apply(known), targets, len(classes))
    ridges = [ScanRidge.fit(problem, seed) for seed in range(ScanRidge.copies(N_RIDGES, problem))]
    trees = QuantileTrees.fit(problem, 0)
    values = Prepared.of(scale.apply(new))

    def right(*members: Any) -> float:
        proba = Vote(members, prior_weights(members)).predict_proba(values)
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
