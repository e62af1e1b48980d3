"""A randomised tree in plain numpy: the definition that the fast version must meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.extra_trees.cpu import SAME

_WORD = (1 << 64) - 1


def _uniforms(seed: int) -> Iterator[float]:
    """Yield the numbers of splitmix64, in [0, 1)."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _WORD
        yield ((z ^ (z >> 31)) >> 11) * 2.0**-53


def _impurity(answers: NDArray[np.int64], weights: NDArray[np.float64], n_classes: int) -> float:
    """Return weight times entropy, all targets together."""
    parts = []
    for target in answers.T:
        counts = np.bincount(target, weights, n_classes)
        counts = counts[counts > 0]
        parts.append(-(counts * np.log(counts / counts.sum())).sum())
    return float(sum(parts))


def grow_tree_reference(
    features: NDArray[np.float32],
    answers: NDArray[np.int64],
    weights: NDArray[np.float64],
    sample: NDArray[np.int64],
    n_classes: int,
    n_candidates: int,
    seed: int,
) -> tuple[list[int], list[int], list[float], list[list[int]]]:
    """Grow one tree, see :func:`msssm_ts.kernels.extra_trees.grow_trees`.

    Parameters
    ----------
    features : array of shape (n_rows, n_features)
        What is asked for.
    answers : array of shape (n_rows, n_targets)
        Classes.
    weights : array of shape (n_rows,)
        Of the rows, all above 0.
    sample : integer array
        The rows that it grows on.
    n_classes, n_candidates : int
        Of a target; features of which the best is taken.
    seed : int
        Of what is drawn.

    Returns
    -------
    feature, after, threshold, vote : lists
        Of each node: −1 in a leaf; the node for what is not above the threshold, the next one is
        for what is; a leaf's classes.
    """
    uniform = _uniforms(seed)
    drawn = list(range(features.shape[1]))
    waiting = [sample]
    feature: list[int] = []
    after: list[int] = []
    threshold: list[float] = []
    vote: list[list[int]] = []
    while len(feature) < len(waiting):
        rows = waiting[len(feature)]
        counts = [np.bincount(a, weights[rows], n_classes) for a in answers[rows].T]
        vote.append([int(c.argmax()) for c in counts])
        chosen, cut, least = -1, np.float32(0), np.inf
        pure = all((c > 0).sum() == 1 for c in counts)
        found = seen = 0
        while not pure and seen < len(drawn) and found < n_candidates:
            other = seen + int(next(uniform) * (len(drawn) - seen))
            drawn[seen], drawn[other] = drawn[other], drawn[seen]
            values = features[rows, drawn[seen]]
            low, high = values.min(), values.max()
            seen += 1
            if high <= low + SAME:
                continue
            found += 1
            asked = np.float32(low + next(uniform) * np.float64(high - low))
            asked = asked if asked < high else low
            sides = rows[values <= asked], rows[values > asked]
            impurity = sum(_impurity(answers[s], weights[s], n_classes) for s in sides)
            # What differs by rounding alone is no better.
            if impurity < least - 1e-9 * weights[rows].sum():
                chosen, cut, least = drawn[seen - 1], asked, impurity
                if impurity <= 1e-9 * weights[rows].sum():
                    break
        feature.append(chosen)
        threshold.append(float(cut))
        after.append(len(waiting) if chosen >= 0 else -1)
        if chosen >= 0:
            below = features[rows, chosen] <= cut
            waiting += [rows[below], rows[~below]]
    return feature, after, threshold, vote


def count_votes_reference(
    features: NDArray[np.float32],
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    threshold: NDArray[np.float32],
    vote: NDArray[np.int32],
    n_outputs: int,
) -> NDArray[np.float64]:
    """Walk all rows down a tree after the other, see :func:`.count_votes`."""
    out = np.zeros((len(features), n_outputs))
    rows = np.arange(len(features))
    for root in roots:
        node = np.full(len(features), root)
        while (inner := feature[node] >= 0).any():
            below = features[rows, np.maximum(feature[node], 0)] <= threshold[node]
            node = np.where(inner, np.where(below, left[node], right[node]), node)
        if vote.shape[1] > 1:
            out += vote[node]
        else:
            out[rows, vote[node, 0]] += 1
    return out
