"""Of how many features the products should be summed, and how many rows a tree should see.

    OMP_NUM_THREADS=1 python benchmarks/row_features.py DATA [DATA ...] [--products 2048 4096 8192]
        [--parts 1 3]

DATA: files, folders or names as ``msssm-ts fit`` takes them, or ``made:20000`` for series of
benchmarks/rows.py. A quarter of the training series is held out. A line a fit: accuracy there, and
seconds; penalties are chosen by 3000 rows. With ``--parts`` trees are grown, on so many parts that
together hold all rows; ``--products`` without a number leaves the others out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rows import made, rows

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.members import room
from msssm_ts.members.member import Member
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees import trees
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.ridge import MOST_ROWS
from msssm_ts.members.scan_ridge.features import n_features_for
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.shapelet_ridge.features import N_GROUPS, n_features_of
from msssm_ts.members.shapelet_ridge.shapelet_ridge import ShapeletRidge
from msssm_ts.series import Standardizer


def parts(source: str, options: ReadOptions) -> tuple[Problem, Problem]:
    """Return three quarters of the series, and the rest."""
    if source.startswith("made:"):
        _, labels = rows(0, int(source.removeprefix("made:")))
        series = [made(i) for i in range(len(labels))]
    else:
        data = load(source, options)
        series, labels = list(data.values), data.labels
    targets = np.unique(labels, return_inverse=True)[1]
    order = np.random.default_rng(0).permutation(len(series))
    held, kept = np.split(order, [len(order) // 4])
    standardizer = Standardizer.fit([series[i] for i in kept])
    series = standardizer.apply(series, "float32")
    n_classes = int(targets.max()) + 1
    known, new = (
        Problem.of([series[i] for i in part], targets[part], n_classes) for part in (kept, held)
    )
    return known, new


def show(kind: type[Member], what: str, known: Problem, new: Problem) -> None:
    """Fit a member, and print what it is right of, and the seconds."""
    began = time.perf_counter()
    member = kind.fit(known, 0)
    took = time.perf_counter() - began
    right = (member.predict_proba(new.values).argmax(1) == new.targets).mean()
    print(f"{kind.kind:15} {what} {right:.4f} {took:7.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+")
    parser.add_argument("--parts", nargs="*", type=int, default=[])
    parser.add_argument("--products", nargs="*", type=int, default=[2048, 4096, 8192])
    parser.add_argument("--window", nargs=2, type=float, help="seconds around annotations")
    arguments = parser.parse_args()
    window = None if arguments.window is None else tuple(arguments.window)
    for source in arguments.data:
        known, new = parts(source, ReadOptions(window=window))
        print(f"{source}: {len(known)} series, {len(new)} held out", flush=True)
        for n in arguments.parts:
            trees._MOST_ROWS = -(-len(known) // n)
            show(QuantileTrees, f"{n:6d} parts   ", known, new)
        for kind in (ScanRidge, ShapeletRidge) if arguments.products else ():
            few = n_features_for(known, 1) if kind is ScanRidge else n_features_of(N_GROUPS)
            # Features of all are then too many, whatever there are.
            room.MOST_NUMBERS = MOST_ROWS * few
            kind.fit(known.at_most(40, 0), 0)
            for n in arguments.products:
                room.MOST_PRODUCTS = n
                show(kind, f"{min(n, few):6d} features", known, new)


if __name__ == "__main__":
    main()
