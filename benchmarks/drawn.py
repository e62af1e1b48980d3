"""What the drawn layer adds to the other members of the default vote, on parts of training files.

python benchmarks/drawn.py DATA_FOLDER --sets Adiac Computers ...

Stratified thirds, two of them left out in turn; at most 400 series a set. No test file is opened.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from shapelets import score
from sklearn.model_selection import StratifiedKFold

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.fitted.vote import Vote, prior_weights
from msssm_ts.members.drawn_network.drawn_network import DrawnMember
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.parameters import specs
from msssm_ts.series import Prepared, Standardizer
from msssm_ts.series.checks import as_series_list

SHARES = (0.1, 0.2, 0.3)
MOST, N_RIDGES = 400, 4


def scores(folder: Path, settings: dict[str, Any]) -> list[list[float]]:
    """Return accuracy and log loss of the layer alone, and of the vote without and with it."""
    train = load(folder, ReadOptions(split="train"))
    known = as_series_list(list(train.values), "mask")
    _, targets = np.unique(train.labels, return_inverse=True)
    if len(targets) > MOST:
        chosen = np.sort(np.random.default_rng(0).permutation(len(targets))[:MOST])
        known, targets = [known[i] for i in chosen], targets[chosen]
    parameters = {name: default for name, default, _ in specs()} | settings
    n_folds = max(2, min(3, int(np.bincount(targets).min())))
    rows = []
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=0).split(targets, targets)
    for kept, left_out in list(folds)[:2]:
        series = [known[i] for i in kept]
        scale = Standardizer.fit(series)
        problem = Problem.of(scale.apply(series), targets[kept], int(targets.max()) + 1)
        values, truth = Prepared.of(scale.apply([known[i] for i in left_out])), targets[left_out]
        others = (
            *(ScanRidge.fit(problem, seed) for seed in range(N_RIDGES)),
            QuantileTrees.fit(problem, 0),
        )
        vote = Vote(others, prior_weights(others)).predict_proba(values)
        drawn = DrawnMember.fit(problem, 0, parameters).predict_proba(values)
        answers = [drawn, vote, *((1 - share) * vote + share * drawn for share in SHARES)]
        rows.append([value for proba in answers for value in score(proba, truth)])
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--core", default="lti")
    parser.add_argument("--scales", type=int, default=3)
    arguments = parser.parse_args()
    settings = {"core": arguments.core, "n_scales": arguments.scales}
    found = [np.mean(scores(arguments.data / name, settings), 0) for name in arguments.sets]
    mean = np.mean(found, 0).reshape(-1, 2)
    titles = ["drawn layer", "the others", *(f"{share:.0%} for the layer" for share in SHARES)]
    print(f"{len(found)} sets, accuracy and log loss on what was left out")
    for title, (accuracy, loss) in zip(titles, mean, strict=True):
        print(f"{title:20} {accuracy:.4f} {loss:.4f}")


if __name__ == "__main__":
    main()
