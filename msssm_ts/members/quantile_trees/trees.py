"""Extremely randomised trees on quantiles over intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.members.member import Member, State
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.quantiles import LONGEST, Layout, quantile_features
from msssm_ts.series import Prepared
from msssm_ts.training.progress import Reporter

# Numbers that the features of all training series may be: 400 MB; then series are left out.
_MOST_NUMBERS = 100_000_000
# Values of series, brought to one length, whose features are made at once: 16 MB.
_CHUNK = 1 << 22
N_TREES = 200


@dataclass(frozen=True)
class QuantileTrees(Member):
    """A fitted forest, as flat arrays: what a model file can hold, and nothing is executed.

    Parameters
    ----------
    n_timepoints : int
        Length to which series are brought.
    layout : Layout
        Which quantiles the trees ask for.
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

    n_timepoints: int
    layout: Layout
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    vote: NDArray[np.int32]
    n_outputs: int

    kind: ClassVar[str] = "quantile_trees"
    title: ClassVar[str] = "trees"
    # Beside the ridge classifiers' .6 (docs/recipe.md).
    prior: ClassVar[float] = 0.4

    @classmethod
    def fit(
        cls,
        problem: Problem,
        seed: int,
        parameters: Mapping[str, Any] | None = None,
        reporter: Reporter | None = None,
        seconds: float | None = None,
        start: Self | None = None,
    ) -> Self:
        """Grow the trees, as QUANT does: entropy, a tenth of the features at every split.

        See :meth:`Member.fit`; ``parameters`` may hold ``n_trees``.
        """
        from sklearn.ensemble import ExtraTreesClassifier

        n_timepoints = min(problem.typical_length, LONGEST)
        n_trees = (parameters or {}).get("n_trees", N_TREES)
        example = problem.values.series[0]
        layout = Layout.of(example.shape[0], n_timepoints)
        n_features = quantile_features([example], n_timepoints, layout).shape[1]
        problem = problem.at_most(max(1, _MOST_NUMBERS // n_features), seed)
        series = problem.values.series
        features = np.empty((len(problem), n_features), np.float32)
        for part in _chunks(len(problem), n_timepoints * example.shape[0]):
            chosen = [series[i] for i in part]
            features[part.start : part.stop] = quantile_features(chosen, n_timepoints, layout)
            if reporter is not None:
                reporter.done(part.stop, len(problem))
        forest = ExtraTreesClassifier(
            n_trees, criterion="entropy", max_features=0.1, random_state=seed % 2**32, n_jobs=-1
        ).fit(features, problem.targets.astype(np.int64), problem.weights)
        trees = [t.tree_ for t in forest.estimators_]
        first = np.concatenate([[0], np.cumsum([t.node_count for t in trees])])

        def joined(of: Any, dtype: type) -> NDArray[Any]:
            return np.concatenate([of(t, f) for t, f in zip(trees, first, strict=False)]).astype(
                dtype
            )

        # Classes that do not occur in y are unknown to the forest: the windows of partial data.
        known = forest.classes_ if not problem.multilabel else None
        votes = joined(lambda t, _: t.value.argmax(2), np.int32)
        return cls(
            n_timepoints,
            layout,
            first[:-1].astype(np.int32),
            joined(lambda t, _: np.where(t.children_left < 0, -1, t.feature), np.int32),
            joined(lambda t, f: t.children_left + f, np.int32),
            joined(lambda t, f: t.children_right + f, np.int32),
            joined(lambda t, _: t.threshold, np.float32),
            votes if known is None else known[votes].astype(np.int32),
            problem.n_outputs,
        )

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return the shares of the trees' votes, (n_series, n_outputs)."""
        series, n, layout = values.series, self.n_timepoints, self.layout
        parts = [
            self._shares(quantile_features([series[i] for i in part], n, layout))
            for part in _chunks(len(series), n * series[0].shape[0])
        ]
        return np.concatenate(parts)

    def _shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
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

    def state(self) -> State:
        """Return all that a model file must hold."""
        names = ("roots", "feature", "left", "right", "threshold", "vote")
        facts = {
            "n_trees": len(self.roots),
            "n_timepoints": self.n_timepoints,
            "n_outputs": self.n_outputs,
            "depth": self.layout.depth,
            "steps_per_quantile": self.layout.steps_per_quantile,
        }
        return State({name: getattr(self, name) for name in names}, facts)

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        facts = state.facts
        return cls(
            n_timepoints=facts["n_timepoints"],
            layout=Layout(facts["depth"], facts["steps_per_quantile"]),
            n_outputs=facts["n_outputs"],
            **state.arrays,
        )

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return a graph that walks every tree level by level at once."""
        from msssm_ts.members.quantile_trees.graph import ForestVotes

        return ForestVotes(members, weights, n_channels)


def _chunks(n_series: int, n_values: int) -> list[range]:
    """Cut range(n_series) so that a part's series of n_values each take little memory."""
    size = max(1, _CHUNK // n_values)
    return [range(i, min(i + size, n_series)) for i in range(0, n_series, size)]
