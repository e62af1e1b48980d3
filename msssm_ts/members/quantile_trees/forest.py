"""A forest as flat arrays: what a model file can hold, and nothing is executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.kernels.extra_trees import Tree, count_votes
from msssm_ts.members.tensors import check_range

# Steps from a root to a leaf; a tree on a million rows has a hundred.
_DEEPEST = 10_000
_ARRAYS = ("roots", "feature", "left", "right", "threshold", "vote")


@dataclass(frozen=True)
class Forest:
    """Fitted trees.

    Parameters
    ----------
    roots : array of shape (n_trees,)
        First node of each tree.
    feature, left, right : arrays of shape (n_nodes,)
        Feature asked for, −1 in a leaf, and the nodes that follow.
    threshold : array of shape (n_nodes,)
        A feature up to it leads to the left.
    vote : array of shape (n_nodes, n_answers)
        A leaf's class; with several labels at once 0 or 1 for each.
    n_outputs : int
        Classes or labels.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    vote: NDArray[np.int32]
    n_outputs: int

    @classmethod
    def of(cls, trees: Sequence[Tree], n_outputs: int) -> Self:
        """Put trees that were grown into one.

        Parameters
        ----------
        trees : sequence of Tree
            One at least.
        n_outputs : int
            Classes or labels.
        """
        sizes = [len(tree.feature) for tree in trees]
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        after = np.concatenate([t.after + n for t, n in zip(trees, first, strict=True)])
        feature, threshold, vote = (
            np.concatenate([getattr(tree, name) for tree in trees])
            for name in ("feature", "threshold", "vote")
        )
        leaf = feature < 0
        left, right = np.where(leaf, -1, after), np.where(leaf, -1, after + 1)
        return cls(
            first,
            feature,
            left.astype(np.int32),
            right.astype(np.int32),
            threshold,
            vote,
            n_outputs,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the shares of the trees' votes, (n_rows, n_outputs)."""
        return count_votes(features, **self.arrays(), n_outputs=self.n_outputs) / len(self.roots)


def check_trees(forest: Forest, most: int = 1) -> None:
    """Refuse arrays that are no trees: what walks down from a root would not come to a leaf.

    Which features there are is for those to check who know the series.

    Parameters
    ----------
    forest : Forest
        As a file has it.
    most : int
        The most that a leaf with several answers says of one.

    Raises
    ------
    ValueError
        With what is wrong.

    Examples
    --------
    >>> node = np.zeros(1, np.int32)
    >>> check_trees(Forest(node, node, node, node, np.zeros(1, np.float32), node[:, None], 2))
    Traceback (most recent call last):
    ...
    ValueError: a node of a tree does not come before those that follow it
    """
    n = len(forest.feature)
    check_range("roots", forest.roots, 0, n - 1)
    if not len(forest.roots) or (np.diff(forest.roots) <= 0).any():
        raise ValueError("the roots of the trees do not rise")
    for name in ("left", "right"):
        check_range(name, getattr(forest, name), -1, n - 1)
    check_range("feature", forest.feature, -1, np.inf)
    check_range("threshold", forest.threshold, -np.inf, np.inf)
    check_range("vote", forest.vote, 0, most if forest.vote.shape[1] > 1 else forest.n_outputs - 1)
    inner = np.flatnonzero(forest.feature >= 0)
    after = np.concatenate([forest.left[inner], forest.right[inner]])
    if (after <= np.concatenate([inner, inner])).any():
        raise ValueError("a node of a tree does not come before those that follow it")
    parents = np.bincount(after, minlength=n)
    if parents[forest.roots].any() or (parents > 1).any():
        raise ValueError("two nodes of the trees are followed by the same one")
    nodes = forest.roots
    for _ in range(_DEEPEST):
        nodes = nodes[forest.feature[nodes] >= 0]
        if not len(nodes):
            return
        nodes = np.concatenate([forest.left[nodes], forest.right[nodes]])
    raise ValueError(f"a tree is deeper than {_DEEPEST} nodes")
