"""What shapelets add to random features and trees, on parts of training files.

python benchmarks/shapelets.py DATA_FOLDER --sets Adiac Computers ...

Stratified thirds, two of them left out in turn; at most 400 series a set. No test file is opened.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.shapelet_ridge.shapelet_ridge import ShapeletRidge
from msssm_ts.series import Standardizer
from msssm_ts.series.checks import as_series_list

SHARES = (0.1, 0.2, 0.3, 0.4)
MOST, N_RIDGES = 400, 4


def splits(folder: Path) -> Iterator[tuple[Problem, Problem]]:
    """Yield what is learned from, and what is left out."""
    train = load(folder, ReadOptions(split="train"))
    known = as_series_list(list(train.values), "mask")
    classes, targets = np.unique(train.labels, return_inverse=True)
    if len(targets) > MOST:
        cut = StratifiedShuffleSplit(1, train_size=MOST, random_state=0)
        chosen = next(cut.split(targets, targets))[0]
        known, targets = [known[i] for i in chosen], targets[chosen]
    counts = np.bincount(targets)
    n_folds = max(2, min(3, int(counts[counts > 0].min())))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0).split(targets, targets)
    for kept, left_out in list(folds)[:2]:
        scale = Standardizer.fit([known[i] for i in kept])
        parts = [
            Problem.of(scale.apply([known[i] for i in rows]), targets[rows], len(classes))
            for rows in (kept, left_out)
        ]
        yield parts[0], parts[1]


def score(
    proba: NDArray[np.float64], targets: NDArray[np.int64], least: float = 1e-6
) -> tuple[float, float]:
    """Return accuracy and log loss; what is less likely counts as ``least``."""
    right = np.clip(proba[np.arange(len(targets)), targets], least, 1)
    return float((proba.argmax(1) == targets).mean()), float(-np.log(right).mean())


def scores(folder: Path) -> list[list[float]]:
    """Return accuracy, log loss and seconds of each kind, and of votes without and with shapelets.

    Seconds are those of fitting one member and asking it.
    """
    rows = []
    for problem, rest in splits(folder):
        answers, row = [], []
        kinds = [(ScanRidge, seed) for seed in range(N_RIDGES)]
        for kind, seed in [*kinds, (QuantileTrees, 0), (ShapeletRidge, 0)]:
            start = time.perf_counter()
            proba = kind.fit(problem, seed).predict_proba(rest.values)
            answers.append((proba, time.perf_counter() - start))
        *ridges, trees, shapelets = (proba for proba, _ in answers)
        told = [answers[0], *answers[-2:]]
        for n in (2, N_RIDGES):
            vote = 0.6 * np.mean(ridges[:n], 0) + 0.4 * trees
            told += [((1 - w) * vote + w * shapelets, 0.0) for w in (0.0, *SHARES)]
        for proba, seconds in told:
            row += [*score(proba, rest.targets), seconds]
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", required=True)
    arguments = parser.parse_args()
    # Kernels are compiled, or loaded, before anything is timed.
    scores(arguments.data / arguments.sets[0])
    found = [np.mean(scores(arguments.data / name), 0) for name in arguments.sets]
    mean = np.mean(found, 0).reshape(-1, 3)
    titles = ["one ridge classifier", "trees", "shapelets"]
    for name in ("two ridges, trees", "four ridges, trees"):
        titles += [name, *(f"  {share:.0%} for shapelets" for share in SHARES)]
    print(f"{len(found)} sets: accuracy, log loss, seconds on what was left out")
    for title, (accuracy, loss, seconds) in zip(titles, mean, strict=True):
        print(f"{title:22} {accuracy:.4f} {loss:.4f}" + (f" {seconds:.2f} s" if seconds else ""))


if __name__ == "__main__":
    main()
