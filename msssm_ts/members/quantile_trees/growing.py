"""Trees of parts of the series, grown together or by several workers."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.extra_trees import Tree, grow_trees
from msssm_ts.members.closed_form import in_parts
from msssm_ts.members.folds import N_FOLDS, left_out_by_folds
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.forest import Forest
from msssm_ts.members.quantile_trees.quantiles import Layout, quantile_features
from msssm_ts.members.read_ahead import read_ahead
from msssm_ts.series import Prepared
from msssm_ts.training import Reporter

# Of the features a node looks at a tenth, but at no more values than that in a root: fewer cost
# nothing where there are many features (docs/tried/trees.md).
_PART, _MOST_LOOKS = 0.1, 1_000_000
# To see what they say of series that are left out.
LEFT_OUT_TREES = 25
# Part of the time, about, that goes into features; the rest into trees.
_FEATURES_TAKE = 0.25
# Values of series, brought to one length, whose features are made at once: 16 MB.
CHUNK = 1 << 22


@dataclass(frozen=True)
class Share:
    """Trees of a part of the series that are grown together.

    Parameters
    ----------
    part : int
        Which part.
    seeds : array
        Of the trees.
    is_first : bool
        Of those of the part.
    tells : bool
        Whether it tells of series left out, too.
    """

    part: int
    seeds: NDArray[np.uint64]
    is_first: bool
    tells: bool


def shared_out(seeds: Sequence[NDArray[np.uint64]], count: int, asks: bool) -> list[Share]:
    """Share trees out, in their order: a part's in one, or in more where there are more workers.

    Examples
    --------
    >>> seeds = [np.arange(200, dtype=np.uint64)]
    >>> [len(share.seeds) for share in shared_out(seeds, 2, asks=True)]
    [50, 150]
    >>> [share.part for share in shared_out(seeds * 3, 2, asks=True)]
    [0, 1, 2]
    """
    found = []
    n = max(1, count // len(seeds))
    for part, own in enumerate(seeds):
        tells = asks and not part
        # What tells of series left out has as much to do as with so many trees.
        more = LEFT_OUT_TREES * (N_FOLDS - 1) if tells and n > 1 else 0
        edges = [max(0, (len(own) + more) * i // n - more) for i in range(n + 1)]
        for i, (a, b) in enumerate(itertools.pairwise(edges)):
            found.append(Share(part, own[a:b], i == 0, tells and i == 0))
    return found


def grow(
    part: Problem,
    shape: tuple[int, Layout, int],
    seeds: NDArray[np.uint64],
    told: NDArray[np.uint64] | None,
    fewest: int,
    seconds: float,
    values: Prepared,
    reporter: Reporter | None,
) -> tuple[list[Tree], NDArray[np.float64] | None]:
    """Return trees of a part of the series, and what some say of those left out, if asked.

    Parameters
    ----------
    part : Problem
        What is known of the series.
    shape : (int, Layout, int)
        Length to which series are brought, which quantiles, and how many these are.
    seeds : array
        Of the trees.
    told : array, optional
        Of trees that tell of series left out.
    fewest : int
        However little time there is.
    seconds : float
        There are for it.
    values : Prepared
        The series.
    reporter : Reporter, optional
        Told how far it is.
    """
    began, part = time.perf_counter(), replace(part, values=values)
    n_timepoints, layout, n_features = shape
    n_channels = values.series[0].shape[0]

    def late() -> bool:
        return time.perf_counter() - began > seconds

    def done(fraction: float) -> None:
        if reporter is not None:
            reporter.done(int(1000 * fraction), 1000)

    features = np.empty((len(part), n_features), np.float32, order="F")
    blocks = in_parts(len(part), n_timepoints * n_channels, CHUNK)
    read = ([values.series[i] for i in rows] for rows in blocks)
    for rows, chosen in zip(blocks, read_ahead(values.series, read), strict=True):
        features[rows] = quantile_features(chosen, n_timepoints, layout)
        done(_FEATURES_TAKE * (rows[-1] + 1) / len(part))
    trees: list[Tree] = []
    for n, tree in enumerate(_grown(features, part, seeds), 1):
        trees.append(tree)
        done(_FEATURES_TAKE + (1 - _FEATURES_TAKE) * n / len(seeds))
        if late() and len(trees) >= fewest:
            break
    answers = None if told is None or late() else _left_out(features, part, told)
    done(1)
    return trees, answers


def _grown(
    features: NDArray[np.float32],
    problem: Problem,
    seeds: NDArray[np.uint64],
    rows: NDArray[np.int64] | None = None,
) -> Iterator[Tree]:
    """Yield trees on features of the problem's series, or of some of them."""
    return grow_trees(
        features,
        problem.targets.reshape(len(problem), -1).astype(np.int64),
        problem.weights,
        2 if problem.multilabel else problem.n_outputs,
        n_candidates(*features.shape),
        seeds,
        rows,
    )


def _left_out(
    features: NDArray[np.float32], part: Problem, seeds: NDArray[np.uint64]
) -> NDArray[np.float64]:
    """Return what trees of these seeds say of a part's series left out, (n_part, n_outputs)."""

    def answer(rest: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        few = list(_grown(features, part, seeds, rest))
        return Forest.of(few, part.n_outputs).shares(features[rows])

    return left_out_by_folds(part, np.arange(len(part)), answer)


def n_candidates(n_rows: int, n_features: int) -> int:
    """Return of how many features a node takes the best.

    Examples
    --------
    >>> n_candidates(400, 1200), n_candidates(10_000, 1200)
    (120, 100)
    """
    return max(1, min(int(_PART * n_features), _MOST_LOOKS // n_rows))
