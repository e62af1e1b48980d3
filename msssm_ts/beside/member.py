"""What features beside the series say of the classes, by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside.columns import (
    MOST_CATEGORIES,
    MOST_KNOTS,
    Column,
    encode,
    places,
)
from msssm_ts.beside.forest import Examples, check_forest, grow, probabilities
from msssm_ts.beside.joint import LEAST
from msssm_ts.file_checks import FLAG, ListOf, Number, OneOf, Record, Text, Whole
from msssm_ts.members.member import State
from msssm_ts.members.quantile_trees.forest import Forest
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.series.side_features import SideFeatures

N_TREES, N_FOLDS = 100, 5
_MOST_COLUMNS = 100_000
# Series that are sent down the trees to see which features matter.
_LOOKED_AT = 2000
_FACTS = Record(
    {
        "n_trees": Whole(1, 100_000),
        "columns": ListOf(
            Record(
                {"name": Text(), "kind": OneOf("number", "category"), "missing": FLAG},
                {
                    "n_knots": Whole(0, MOST_KNOTS),
                    "categories": ListOf(Text(), 0, MOST_CATEGORIES),
                    "importance": Number(0, 1),
                },
            ),
            1,
            _MOST_COLUMNS,
        ),
    }
)


@dataclass(frozen=True)
class SideMember:
    """Fitted trees on features beside the series.

    Parameters
    ----------
    columns : tuple of Column
        What the fit has seen of each feature.
    forest : Forest
        The trees, with probabilities in their leaves.
    prior : float64 array of shape (n_outputs,)
        How frequent the answers were in training.
    importance : float64 array of shape (n_columns,)
        The part of the trees' gain in likelihood that is each feature's.
    multilabel : bool
        Whether a series can have several labels at once.
    """

    columns: tuple[Column, ...]
    forest: Forest
    prior: NDArray[np.float64]
    importance: NDArray[np.float64]
    multilabel: bool

    @classmethod
    def fit(
        cls,
        features: SideFeatures,
        targets: NDArray[Any],
        n_outputs: int,
        weights: NDArray[np.float64] | None = None,
        positive_weights: NDArray[np.float64] | None = None,
        seed: int = 0,
    ) -> Self:
        """Learn.

        Parameters
        ----------
        features : SideFeatures
            Of the training series.
        targets : integer array of shape (n_series,) or (n_series, n_outputs)
            Class indices, or 0 and 1 for several labels at once.
        n_outputs : int
            Classes or labels.
        weights : array of shape (n_series,), optional
            Of the series.
        positive_weights : array of shape (n_outputs,), optional
            With several labels at once: weight of each label's presence against its absence.
        seed : int
            Of all that is drawn.

        Examples
        --------
        >>> age = SideFeatures(("age",), (np.arange(40.0),))
        >>> member = SideMember.fit(age, np.repeat([0, 1], 20), 2)
        >>> member.predict_proba(age.take(np.array([3, 36]))).argmax(1)
        array([0, 1])
        """
        named = zip(features.names, features.columns, strict=True)
        columns = tuple(Column.fit(name, values) for name, values in named)
        counts = np.ones(len(targets)) if weights is None else weights
        encoded = encode(columns, features)
        examples = Examples(encoded, targets, n_outputs, counts, positive_weights)
        forest = grow(examples, seed, N_TREES)
        importance = _importance(forest, examples, places(columns), len(columns))
        return cls(columns, forest, examples.prior(), importance, examples.multilabel)

    def predict_proba(self, features: SideFeatures) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs); all features must be there.

        Raises
        ------
        InputError
            If a feature is of texts where the model has numbers.
        """
        return probabilities(self.forest, encode(self.columns, features))

    def evidence(self, features: SideFeatures) -> NDArray[np.float64]:
        """Return by how much the features change the log odds, (n_series, n_outputs).

        Of several classes by how much the logarithm of each one's probability: what they were
        before, the prior, is left out, for the rest of the vote knows it already.
        """
        proba = np.clip(self.predict_proba(features), LEAST, 1 - LEAST)
        prior = np.clip(self.prior, LEAST, 1 - LEAST)
        found: NDArray[np.float64] = np.log(proba) - np.log(prior)
        if self.multilabel:
            found -= np.log1p(-proba) - np.log1p(-prior)
        return found

    @property
    def n_parameters(self) -> int:
        """Thresholds of all trees."""
        return int((self.forest.feature >= 0).sum())

    def state(self) -> State:
        """Return all that a model file must hold."""
        knots = [c.knots for c in self.columns if c.knots is not None]
        columns = [
            column.facts() | {"importance": round(float(part), 4)}
            for column, part in zip(self.columns, self.importance, strict=True)
        ]
        arrays = {"knots": np.concatenate([np.empty(0), *knots]), "prior": self.prior}
        facts = {"n_trees": len(self.forest.roots), "columns": columns}
        return State(self.forest.arrays() | arrays, facts)

    @classmethod
    def expected(cls, facts: Mapping[str, Any], n_outputs: int) -> Mapping[str, TensorSpec]:
        """Return shapes and types of the arrays by the facts.

        Raises
        ------
        ValueError
            For facts that :meth:`state` cannot have written.
        """
        _FACTS("facts", facts)
        n_knots = 0
        for column in facts["columns"]:
            wanted = "n_knots" if column["kind"] == "number" else "categories"
            if wanted not in column or "importance" not in column:
                raise ValueError(f"a feature of kind {column['kind']} lacks its {wanted}")
            n_knots += column.get("n_knots", 0)
        names = [column["name"] for column in facts["columns"]]
        if len(set(names)) < len(names):
            raise ValueError("two features have the same name")
        nodes = {name: TensorSpec(("n_nodes",), "int32") for name in ("feature", "left", "right")}
        return {
            "roots": TensorSpec((facts["n_trees"],), "int32"),
            **nodes,
            "threshold": TensorSpec(("n_nodes",)),
            "vote": TensorSpec(("n_nodes", max(2, n_outputs)), "int32"),
            "knots": TensorSpec((n_knots,), "float64"),
            "prior": TensorSpec((n_outputs,), "float64"),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described.

        Raises
        ------
        ValueError
            For arrays with numbers that :meth:`state` cannot have written.
        """
        arrays, facts = dict(state.arrays), state.facts
        knots, prior = arrays.pop("knots"), arrays.pop("prior")
        check_range("prior", prior, 0, 1)
        ends = np.cumsum([column.get("n_knots", 0) for column in facts["columns"]])[:-1]
        own = np.split(knots, ends)
        if any((np.diff(part) <= 0).any() for part in own):
            raise ValueError("the knots of a feature do not rise")
        columns = tuple(Column.of(c, part) for c, part in zip(facts["columns"], own, strict=True))
        forest = Forest(n_outputs=len(prior), **arrays)
        check_forest(forest, max(1, len(places(columns))))
        importance = np.array([column["importance"] for column in facts["columns"]])
        return cls(columns, forest, prior, importance, multilabel)


def left_out_evidence(
    features: SideFeatures,
    targets: NDArray[Any],
    n_outputs: int,
    weights: NDArray[np.float64] | None = None,
    positive_weights: NDArray[np.float64] | None = None,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
    done: Callable[[int, int], object] = lambda fold, n_folds: None,
) -> NDArray[np.float64] | None:
    """Return what the features of each series say by a member that has not learned from it.

    Parameters
    ----------
    features, targets, n_outputs, weights, positive_weights, seed
        As for :meth:`SideMember.fit`.
    groups : array of shape (n_series,), optional
        A patient, a speaker: left out together.
    done : callable
        Told how many members have been fitted, and of how many.

    Returns
    -------
    array of shape (n_series, n_outputs), or None
        As :meth:`SideMember.evidence` has it; None where there are too few series, or groups.
    """
    fold = folds(targets, groups, seed)
    if fold is None:
        return None
    found, n_folds = np.empty((len(targets), n_outputs)), int(fold.max()) + 1
    for k in range(n_folds):
        there, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        own = None if weights is None else weights[rest]
        member = SideMember.fit(
            features.take(rest), targets[rest], n_outputs, own, positive_weights, seed
        )
        found[there] = member.evidence(features.take(there))
        done(k + 1, n_folds)
    return found


def folds(
    targets: NDArray[Any], groups: NDArray[Any] | None, seed: int, n_folds: int = N_FOLDS
) -> NDArray[np.int64] | None:
    """Deal series into folds, no group into two; of each class as many where there are no groups.

    None where there are fewer than three to deal.

    Examples
    --------
    >>> folds(np.array([0, 0, 1, 1]), np.array(["a", "b", "c", "b"]), 0)
    array([1, 2, 0, 2])
    """
    own = np.arange(len(targets)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n = int(own.max()) + 1
    if n < 3:
        return None
    order = np.random.default_rng(seed).permutation(n)
    if groups is None and targets.ndim == 1:
        order = order[np.argsort(targets[order], kind="stable")]
    fold = np.empty(n, np.int64)
    fold[order] = np.arange(n) % min(n_folds, n)
    return fold[own]


def _importance(
    forest: Forest, examples: Examples, place: NDArray[np.int64], n_columns: int
) -> NDArray[np.float64]:
    """Return the part of each feature in the difference between parents' and children's answers.

    Weighted by the rows that come by, the square of the difference.
    """
    total = np.zeros(n_columns)
    inner = np.flatnonzero(forest.feature >= 0)
    if not len(inner) or not len(place):
        return total
    some = examples.features[:: 1 + len(examples) // _LOOKED_AT]
    visits = np.zeros(len(forest.feature))
    for root in forest.roots:
        rows, node = np.arange(len(some)), np.full(len(some), root, np.int64)
        while len(node):
            np.add.at(visits, node, 1)
            on = forest.feature[node] >= 0
            rows, node = rows[on], node[on]
            below = some[rows, forest.feature[node]] <= forest.threshold[node]
            node = np.where(below, forest.left[node], forest.right[node])
    answers = forest.vote / forest.vote.sum(1, keepdims=True).clip(1)
    for children in (forest.left[inner], forest.right[inner]):
        moved = ((answers[children] - answers[inner]) ** 2).sum(1)
        np.add.at(total, place[forest.feature[inner]], visits[children] * moved)
    whole = total.sum()
    return total / whole if whole > 0 else total
