"""A forest as flat arrays: what a model file can hold, and nothing is executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

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
    def of(cls, trees: Sequence[Any], classes: NDArray[Any] | None, n_outputs: int) -> Self:
        """Take scikit-learn's trees apart.

        Parameters
        ----------
        trees : sequence of sklearn.tree._tree.Tree
            Of one forest.
        classes : array, optional
            The classes that the trees know: not all, where some have no windows. None with
            several labels at once.
        n_outputs : int
            Classes or labels.
        """
        first = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])

        def joined(part: Callable[[Any, int], Any], dtype: type) -> NDArray[Any]:
            parts = [part(tree, n) for tree, n in zip(trees, first.tolist(), strict=False)]
            return np.concatenate(parts).astype(dtype)

        votes = joined(lambda tree, _: tree.value.argmax(2), np.int32)
        return cls(
            first[:-1].astype(np.int32),
            joined(lambda tree, _: np.where(tree.children_left < 0, -1, tree.feature), np.int32),
            joined(lambda tree, n: tree.children_left + n, np.int32),
            joined(lambda tree, n: tree.children_right + n, np.int32),
            joined(lambda tree, _: tree.threshold, np.float32),
            votes if classes is None else classes[votes].astype(np.int32),
            n_outputs,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return all arrays by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    def shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the shares of the trees' votes, (n_rows, n_outputs)."""
        out = np.zeros((len(features), self.n_outputs))
        rows = np.arange(len(features))
        for root in self.roots:
            node = np.full(len(features), root)
            while (inner := self.feature[node] >= 0).any():
                asked = features[rows, np.maximum(self.feature[node], 0)]
                below = asked <= self.threshold[node]
                after = np.where(below, self.left[node], self.right[node])
                node = np.where(inner, after, node)
            if self.vote.shape[1] > 1:
                out += self.vote[node]
            else:
                out[rows, self.vote[node, 0]] += 1
        return out / len(self.roots)
