"""How fine intervals should be, and of how many features a node should take the best.

    python benchmarks/trees.py DATA_FOLDER --sets Adiac Computers ...
    python benchmarks/trees.py DATA_FOLDER --sets Adiac --candidates 1000 500

Parts of training files as in benchmarks/shapelets.py. A line a layout: accuracy, log loss,
features, seconds to grow 200 trees; and scikit-learn's trees on the finest.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapelets import score, splits
from sklearn.ensemble import ExtraTreesClassifier

from msssm_ts.kernels.extra_trees import grow_trees
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.forest import Forest
from msssm_ts.members.quantile_trees.quantiles import LONGEST, Layout, quantile_features

DEPTHS, N_TREES = (6, 4, 3, 2, 1), 200
Floats = NDArray[np.float32]


def ours(known: Floats, problem: Problem, n_candidates: int, new: Floats) -> NDArray[np.float64]:
    """Return what our trees answer to new rows."""
    seeds = np.arange(N_TREES, dtype=np.uint64)
    answers = problem.targets[:, None].astype(np.int64)
    trees = grow_trees(known, answers, None, problem.n_outputs, n_candidates, seeds)
    return Forest.of(list(trees), problem.n_outputs).shares(new)


def theirs(known: Floats, problem: Problem, new: Floats) -> NDArray[np.float64]:
    """Return what scikit-learn's trees answer to new rows."""
    forest = ExtraTreesClassifier(
        N_TREES, criterion="entropy", max_features=0.1, random_state=0, n_jobs=-1
    ).fit(known, problem.targets)
    out = np.zeros((len(new), problem.n_outputs))
    out[:, forest.classes_] = forest.predict_proba(new)
    return out


def scores(folder: Path, candidates: list[int]) -> list[list[float]]:
    """Return accuracy, log loss, features and seconds of every forest, one after the other."""
    rows = []
    for problem, rest in splits(folder):
        n = min(problem.typical_length, LONGEST)
        row: list[float] = []
        made = {
            depth: [quantile_features(p.values.series, n, Layout(depth)) for p in (problem, rest)]
            for depth in DEPTHS
        }
        tried = [(depth, made[depth][0].shape[1] // 10) for depth in DEPTHS]
        tried += [(DEPTHS[0], n) for n in candidates]
        for depth, n_candidates in [*tried, (DEPTHS[0], 0)]:
            known, new = made[depth]
            start = time.perf_counter()
            if n_candidates:
                proba = ours(known, problem, max(1, n_candidates), new)
            else:
                proba = theirs(known, problem, new)
            seconds = time.perf_counter() - start
            row += [*score(proba, rest.targets, least=1e-3), known.shape[1], seconds]
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", required=True)
    parser.add_argument("--candidates", nargs="*", type=int, default=[])
    arguments = parser.parse_args()
    scores(arguments.data / arguments.sets[0], arguments.candidates)
    found = [np.mean(scores(arguments.data / s, arguments.candidates), 0) for s in arguments.sets]
    titles = [f"intervals halved {depth - 1} times" for depth in DEPTHS]
    titles += [f"finest, {n} candidates" for n in arguments.candidates] + ["finest, scikit-learn"]
    print(f"{len(found)} sets: accuracy, log loss, features, seconds")
    for title, (accuracy, loss, size, seconds) in zip(
        titles, np.mean(found, 0).reshape(-1, 4), strict=True
    ):
        print(f"{title:26} {accuracy:.4f} {loss:.4f} {size:6.0f} {seconds:.2f} s")


if __name__ == "__main__":
    main()
