"""Randomised trees: choice of the implementation, and several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.kernels import parallel
from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.extra_trees import cpu
from msssm_ts.kernels.extra_trees.reference import count_votes_reference, grow_tree_reference


class Tree(NamedTuple):
    """A tree's nodes, the root first, each before those that follow it.

    Parameters
    ----------
    feature : int32 array of shape (n_nodes,)
        Feature asked for, −1 in a leaf.
    after : int32 array of shape (n_nodes,)
        The node for rows whose feature is not above the threshold; the next one is for the others.
    threshold : float32 array of shape (n_nodes,)
        What the feature is compared with.
    vote : int32 array of shape (n_nodes, n_targets)
        The classes of most weight.
    """

    feature: NDArray[np.int32]
    after: NDArray[np.int32]
    threshold: NDArray[np.float32]
    vote: NDArray[np.int32]


def grow_trees(
    features: NDArray[np.float32],
    answers: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
    n_classes: int,
    n_candidates: int,
    seeds: NDArray[np.uint64],
    rows: NDArray[np.int64] | None = None,
) -> Iterator[Tree]:
    """Yield extremely randomised trees, as many as seeds, grown on all threads.

    At every node a threshold is drawn between the least and the largest value of each of
    ``n_candidates`` features that tell its rows apart; the one is taken after which entropy is
    least. Growing ends where a node's rows have one answer, or nothing tells them apart.

    Parameters
    ----------
    features : array of shape (n_rows, n_features)
        What is asked for, without missing values; taken as it is where it lies feature by
        feature (``order="F"``), else copied.
    answers : array of shape (n_rows, n_targets)
        Class indices.
    weights : array of shape (n_rows,), optional
        Of the rows; those with 0 are left out.
    n_classes : int
        Of a target.
    n_candidates : int
        Features looked at in a node, 1 at least.
    seeds : array of shape (n_trees,)
        Of what each tree draws; the same trees come from the same seeds.
    rows : integer array, optional
        Those that they grow on; all by default.

    Yields
    ------
    Tree

    Raises
    ------
    ValueError
        If a feature is not finite.

    References
    ----------
    Geurts, Ernst, Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006.

    Examples
    --------
    >>> features = np.array([[0.0, 1], [1, 1], [5, 1], [6, 1]], np.float32, order="F")
    >>> answers = np.array([[0], [0], [1], [1]])
    >>> seeds = np.arange(2, dtype=np.uint64)
    >>> first, second = grow_trees(features, answers, None, 2, 2, seeds)
    >>> set(first.feature) | set(second.feature)  # Nobody asks for what is always 1.
    {np.int32(0), np.int32(-1)}
    """
    # A sum in float64 over finite numbers of float32 is finite.
    if not np.isfinite(features.sum(dtype=np.float64)):
        raise ValueError("features of trees are not all finite")
    sample = np.arange(len(features)) if rows is None else rows.astype(np.int64)
    if weights is not None:
        sample = sample[weights[sample] > 0]
    alike = weights is None or bool((weights[sample] == weights[sample[0]]).all())
    known = np.ones(len(features)) if weights is None or alike else weights.astype(np.float64)
    if choose_backend(torch.device("cpu"))[0] == "reference":
        for seed in seeds.tolist():
            feature, after, threshold, vote = grow_tree_reference(
                features, answers, known, sample, n_classes, n_candidates, seed
            )
            yield Tree(
                np.array(feature, np.int32),
                np.array(after, np.int32),
                np.array(threshold, np.float32),
                np.array(vote, np.int32),
            )
        return
    n_rows, n_targets = len(sample), answers.shape[1]
    flat = np.asfortranarray(features, np.float32).reshape(-1, order="F")
    codes = (answers + n_classes * np.arange(n_targets)).astype(np.int64).reshape(-1)
    table = np.empty(0)
    in_runs = alike and n_targets == 1
    if in_runs:
        sample = sample[np.argsort(codes[sample], kind="stable")]
    if alike:
        counts = np.arange(n_rows + 1.0)
        table = counts * np.log(np.maximum(counts, 1.0))

    def grown(seed: np.uint64) -> Tree:
        most = 2 * n_rows - 1
        feature, after = np.empty(most, np.int32), np.empty(most, np.int32)
        threshold, vote = np.empty(most, np.float32), np.empty(most * n_targets, np.int32)
        nodes = feature, after, threshold, vote
        n = cpu.grow_tree(
            *(flat, codes, known, sample, table, in_runs, n_classes, n_candidates, seed), *nodes
        )
        votes = vote[: n * n_targets].reshape(n, n_targets)
        return Tree(feature[:n].copy(), after[:n].copy(), threshold[:n].copy(), votes.copy())

    # A few at a time: whoever asked is told, and may have enough.
    size = 4 * torch.get_num_threads()
    for some in np.split(seeds, range(size, len(seeds), size)):
        trees: dict[int, Tree] = {}
        parallel.run(_growing(grown, some, trees), np.full(len(some), flat.size))
        yield from (trees[i] for i in range(len(some)))


def _growing(
    grown: Callable[[np.uint64], Tree], seeds: NDArray[np.uint64], into: dict[int, Tree]
) -> Callable[[int, int], None]:
    def work(first: int, last: int) -> None:
        for i in range(first, last):
            into[i] = grown(seeds[i])

    return work


def count_votes(
    features: NDArray[np.float32],
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    threshold: NDArray[np.float32],
    vote: NDArray[np.int32],
    n_outputs: int,
) -> NDArray[np.float64]:
    """Return how many trees vote for each class, or label, of each row.

    Parameters
    ----------
    features : array of shape (n_rows, n_features)
        What is asked for.
    roots : array of shape (n_trees,)
        First node of each tree.
    feature, left, right, threshold : arrays of shape (n_nodes,)
        Feature asked for, −1 in a leaf; the nodes that follow; a feature up to the threshold
        leads to the left.
    vote : array of shape (n_nodes, 1) or (n_nodes, n_outputs)
        A leaf's class, or 0 and 1 for every label.
    n_outputs : int
        Classes or labels.

    Returns
    -------
    array of shape (n_rows, n_outputs)

    Examples
    --------
    >>> node = np.array([0, -1, -1], np.int32), np.array([1, -1, -1], np.int32)
    >>> after = np.array([2, -1, -1], np.int32), np.array([0.5, 0, 0], np.float32)
    >>> vote, rows = np.array([[0], [0], [1]], np.int32), np.array([[0.0], [1.0]], np.float32)
    >>> count_votes(rows, np.array([0], np.int32), *node, *after, vote, 2)
    array([[1., 0.],
           [0., 1.]])
    """
    nodes = roots, feature, left, right, threshold, vote
    if choose_backend(torch.device("cpu"))[0] == "reference":
        return count_votes_reference(features, *nodes, n_outputs)
    out = np.zeros((len(features), n_outputs))
    flat = np.ascontiguousarray(features, np.float32).reshape(-1)
    given = flat, features.shape[1], *nodes[:-1], np.ascontiguousarray(vote).reshape(-1)
    sizes = vote.shape[1], n_outputs
    parallel.run(
        lambda first, last: cpu.count_votes(*given, *sizes, out.reshape(-1), first, last),
        np.full(len(features), 10 * len(roots)),
    )
    return out
