"""Extremely randomised trees whose leaves answer with probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.extra_trees import Tree, count_votes, grow_trees
from msssm_ts.members.quantile_trees.forest import Forest, check_trees

# Probabilities are kept in whole parts of it: their sums over trees are exact in any order.
UNIT = 1 << 20
# Rows that a tree is grown on, so that neither it nor the model file grows with the data; a part
# of the trees gets other rows.
_MOST_ROWS, _N_PARTS = 5000, 10
# A node of fewer rows than twice this is a leaf; its parent's answer counts like as many rows.
_FEWEST_IN_LEAF, _LEAF_GROWTH = 5, 0.25


@dataclass(frozen=True)
class Examples:
    """What the trees learn from.

    Parameters
    ----------
    features : float32 array of shape (n_series, n_encoded)
        What is asked for.
    targets : integer array of shape (n_series,) or (n_series, n_outputs)
        Class indices, or 0 and 1 for several labels at once.
    n_outputs : int
        Classes or labels.
    weights : array of shape (n_series,)
        Of the series.
    positive_weights : array of shape (n_outputs,), optional
        With several labels at once: weight of each label's presence against its absence.
    """

    features: NDArray[np.float32]
    targets: NDArray[Any]
    n_outputs: int
    weights: NDArray[np.float64]
    positive_weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels at once."""
        return self.targets.ndim == 2

    def take(self, index: NDArray[np.int64]) -> Examples:
        """Return some of them."""
        return Examples(
            np.asfortranarray(self.features[index]),
            self.targets[index],
            self.n_outputs,
            self.weights[index],
            self.positive_weights,
        )

    def masses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weight of each answer, and of all: twice (n_series, n_outputs)."""
        if not self.multilabel:
            there = self.targets[:, None] == np.arange(self.n_outputs)
            whole = np.broadcast_to(self.weights[:, None], there.shape)
            return self.weights[:, None] * there, whole
        positive = 1.0 if self.positive_weights is None else self.positive_weights
        present = self.weights[:, None] * self.targets * positive
        return present, present + self.weights[:, None] * (1 - self.targets)

    def prior(self) -> NDArray[np.float64]:
        """Return how frequent each answer is, (n_outputs,), none of them never."""
        own, whole = self.masses()
        n_answers = 2 if self.multilabel else self.n_outputs
        prior: NDArray[np.float64] = (own.sum(0) + 1 / n_answers) / (whole.sum(0) + 1)
        return prior


def grow(examples: Examples, seed: int, n_trees: int) -> Forest:
    """Grow trees, and let their leaves answer with probabilities, in parts of :data:`UNIT`.

    A node's answer is the shares of its rows' answers, its parent's counting like a few rows
    more: leaves of one row would be too sure of themselves.
    """
    examples = examples.take(np.flatnonzero(examples.weights > 0))
    seeds = np.random.SeedSequence(seed).generate_state(n_trees, np.uint64).astype(np.uint64)
    prior, trees = examples.prior(), []
    parts = np.array_split(seeds, _N_PARTS if len(examples) > _MOST_ROWS else 1)
    for own in filter(len, parts):
        some = examples
        if len(examples) > _MOST_ROWS:
            rng = np.random.default_rng(own[0])
            some = examples.take(np.sort(rng.choice(len(examples), _MOST_ROWS, replace=False)))
        grown = grow_trees(
            some.features,
            some.targets.reshape(len(some), -1).astype(np.int64),
            some.weights,
            2 if some.multilabel else some.n_outputs,
            math.ceil(some.features.shape[1] / 2),
            own,
        )
        trees += [_answering(tree, some, prior) for tree in grown]
    return Forest.of(trees, examples.n_outputs)


def probabilities(forest: Forest, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean of the trees' answers, (n_rows, n_outputs)."""
    sums = count_votes(
        np.ascontiguousarray(features), **forest.arrays(), n_outputs=forest.vote.shape[1]
    )
    mean: NDArray[np.float64] = sums[:, : forest.n_outputs] / (UNIT * len(forest.roots))
    return mean


def check_forest(forest: Forest, n_encoded: int) -> None:
    """Refuse arrays that are no such trees, or ask for features that there are not.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    check_trees(forest, UNIT)
    if forest.feature.max(initial=-1) >= n_encoded:
        raise ValueError(f"a tree asks for more than {n_encoded} columns")


def _answering(tree: Tree, examples: Examples, prior: NDArray[np.float64]) -> Tree:
    """Return a tree without its smallest nodes, with answers in place of votes."""
    own, whole = examples.masses()
    fewest = max(_FEWEST_IN_LEAF, int(_LEAF_GROWTH * math.sqrt(len(examples))))
    n_nodes, n_outputs = len(tree.feature), examples.n_outputs
    # The last one is the root's parent.
    answers = np.empty((n_nodes + 1, n_outputs))
    answers[-1] = prior
    parent = np.full(n_nodes, n_nodes)
    seen, inner = np.zeros(n_nodes, bool), np.zeros(n_nodes, bool)
    # Rows go down level by level; each leaves off in its leaf.
    rows, node = np.arange(len(examples)), np.zeros(len(examples), np.int64)
    while len(rows):
        level, place = np.unique(node, return_inverse=True)
        mass, all_mass = (_summed(part[rows], place, len(level)) for part in (own, whole))
        answers[level] = (mass + fewest * answers[parent[level]]) / (all_mass + fewest)
        enough = np.bincount(place, minlength=len(level)) >= 2 * fewest
        goes_on = enough & (tree.feature[level] >= 0)
        seen[level], inner[level] = True, goes_on
        for side in (0, 1):
            parent[tree.after[level[goes_on]] + side] = level[goes_on]
        rows, node = rows[goes_on[place]], node[goes_on[place]]
        below = examples.features[rows, tree.feature[node]] <= tree.threshold[node]
        node = (tree.after[node] + ~below).astype(np.int64)
    number = np.cumsum(seen) - 1
    vote = np.zeros((seen.sum(), max(2, n_outputs)), np.int32)
    vote[:, :n_outputs] = np.rint(UNIT * answers[:-1][seen])
    return Tree(
        np.where(inner, tree.feature, -1)[seen].astype(np.int32),
        np.where(inner, number[tree.after], -1)[seen].astype(np.int32),
        np.where(inner, tree.threshold, 0)[seen].astype(np.float32),
        vote,
    )


def _summed(
    masses: NDArray[np.float64], place: NDArray[np.int64], n_places: int
) -> NDArray[np.float64]:
    """Add up the rows (n_rows, n_outputs) of each place."""
    columns = [np.bincount(place, column, n_places) for column in masses.T]
    return np.stack(columns, axis=1)
