"""Extremely randomised trees on quantiles over intervals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.file_checks import Record, Whole
from msssm_ts.kernels.extra_trees import Tree
from msssm_ts.members.closed_form import in_parts
from msssm_ts.members.member import Member, State
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.forest import Forest, check_trees
from msssm_ts.members.quantile_trees.growing import (
    CHUNK,
    LEFT_OUT_TREES,
    grow,
    n_candidates,
    shared_out,
)
from msssm_ts.members.quantile_trees.method import METHOD
from msssm_ts.members.quantile_trees.quantiles import (
    LONGEST,
    MOST_DEPTH,
    Layout,
    n_quantile_features,
    quantile_features,
)
from msssm_ts.members.room import Need
from msssm_ts.members.strata import dealt_evenly
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.members.within_time import NoTimeError, part_of
from msssm_ts.method import Method
from msssm_ts.series import Prepared
from msssm_ts.training import Keeper, Reporter
from msssm_ts.workers import Work

# Numbers of features that are held at once, 400 MB, and series: beyond, each tree sees a part of
# them. On more series trees would look at so few features a node that they are no better, but
# larger, and slower (docs/scale.md).
_MOST_NUMBERS, _MOST_ROWS = 100_000_000, 20_000
# However little time and memory there is.
_FEWEST_TREES, _FEWEST_ROWS = 20, 100
# Series whose features are timed.
_TIMED = 8
# Seconds, on a core of 2020, for a value that is looked at on a tree's way down, where there are
# tens of thousands of series; of few, which a cache holds, a third.
_LOOK = 1.6e-8
# Bytes of a tree's nodes, of which there are up to two a series.
_NODES = 48
N_TREES = 200
_FACTS = Record(
    {
        "n_timepoints": Whole(1, LONGEST),
        "n_outputs": Whole(1),
        "depth": Whole(1, MOST_DEPTH),
        "steps_per_quantile": Whole(1, LONGEST),
    },
    {"n_trees": Whole(1)},
)


@dataclass(frozen=True)
class QuantileTrees(Member):
    """A fitted forest, and the features that its trees ask for.

    Parameters
    ----------
    n_timepoints : int
        Length to which series are brought.
    layout : Layout
        Which quantiles there are.
    forest : Forest
        The trees.
    """

    n_timepoints: int
    layout: Layout
    forest: Forest

    kind: ClassVar[str] = "quantile_trees"
    title: ClassVar[str] = "trees"
    # They move splits, but leaves are of one class each.
    weighs_classes: ClassVar[bool] = False
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
        keeper: Keeper | None = None,
    ) -> Self:
        """Grow the trees, as QUANT does: entropy, a tenth of the features at every split.

        See :meth:`Member.fit`; ``parameters`` may hold ``n_trees``.
        """
        began = time.perf_counter()
        n_timepoints, layout, n_features = shape = _shape_of(problem)
        n_trees = (parameters or {}).get("n_trees", N_TREES)
        parts = dealt_evenly(problem.targets, _most_rows(n_features, parameters), seed)
        # Every part has trees of its own.
        n_trees = max(n_trees, len(parts))

        def left() -> float:
            return np.inf if seconds is None else seconds - (time.perf_counter() - began)

        workers = problem.workers
        if seconds is not None and not problem.is_needed:
            alone = _seconds_of_features(problem, n_timepoints, layout)
            if alone / workers.count > seconds:
                raise NoTimeError
        seeds = np.random.SeedSequence(seed).generate_state(n_trees, np.uint64).astype(np.uint64)
        trees: list[Tree] = []
        seen, answers = 0, None
        own = [seeds[k :: len(parts)] for k in range(len(parts))]
        shares = shared_out(own, workers.count, asks=problem.asks_left_out)
        # Where several are worked on at once, others wait until these are done.
        rounds = -(-len(shares) // workers.count) if workers.count > 1 else 1

        def works() -> Iterator[Work]:
            for n, share in enumerate(shares):
                index = parts[share.part]
                told = seeds[:LEFT_OUT_TREES] if share.tells else None
                known = (problem.part(index).without_values(), shape)
                limits = (max(0, _FEWEST_TREES - len(trees)), left() / rounds)
                values = workers.part(problem.values, index)
                first, end = (len(problem) * i // len(shares) for i in (n, n + 1))
                yield Work((*known, share.seeds, told, *limits, values), end - first)

        with closing(workers.map(grow, works(), reporter, len(problem))) as grown:
            for share, (some, told) in zip(shares, grown, strict=False):
                trees += some
                seen += len(parts[share.part]) if share.is_first else 0
                if told is not None:
                    answers = np.full((len(problem), problem.n_outputs), np.nan)
                    answers[parts[share.part]] = told
                if left() < 0 and len(trees) >= _FEWEST_TREES:
                    break
        member = cls(n_timepoints, layout, Forest.of(trees, problem.n_outputs))
        # Rare ones are in every part.
        said = part_of(min(seen, len(problem)), problem)
        if said is None and len(trees) < n_trees:
            said = f"{len(trees)} of {n_trees} trees: there was no time for more"
        return member.telling(answers, said=said)

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""
        n_timepoints, layout, n_features = _shape_of(problem)
        most = min(len(problem), _most_rows(n_features, parameters))
        n_parts = -(-len(problem) // most)
        n_trees = max((parameters or {}).get("n_trees", N_TREES), n_parts)

        def seconds() -> float:
            looks = most * n_candidates(most, n_features) * np.log2(most + 1)
            features = _seconds_of_features(problem, n_timepoints, layout)
            return float(features + _LOOK * n_trees * looks)

        return Need(n_parts > 1, most * (4 * n_features + _NODES * n_trees), seconds)

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return the shares of the trees' votes, (n_series, n_outputs)."""
        series, n, layout = values.series, self.n_timepoints, self.layout
        parts = [
            self.forest.shares(quantile_features([series[i] for i in part], n, layout))
            for part in in_parts(len(series), n * series[0].shape[0], CHUNK)
        ]
        return np.concatenate(parts)

    @property
    def n_parameters(self) -> int:
        """Thresholds of all trees."""
        return int((self.forest.feature >= 0).sum())

    def state(self) -> State:
        """Return all that a model file must hold."""
        facts = {
            "n_trees": len(self.forest.roots),
            "n_timepoints": self.n_timepoints,
            "n_outputs": self.forest.n_outputs,
            "depth": self.layout.depth,
            "steps_per_quantile": self.layout.steps_per_quantile,
        }
        return State(self.forest.arrays(), facts)

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        return (METHOD,)

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return shapes and types by the outputs and the facts."""
        _FACTS("facts", facts)
        if facts["n_outputs"] != n_outputs:
            raise ValueError(f"{facts['n_outputs']} outputs for {n_outputs} classes or labels")
        nodes = {name: TensorSpec(("n_nodes",), "int32") for name in ("feature", "left", "right")}
        return {
            "roots": TensorSpec((facts.get("n_trees", "n_trees"),), "int32"),
            **nodes,
            "threshold": TensorSpec(("n_nodes",)),
            "vote": TensorSpec(("n_nodes", n_outputs if multilabel else 1), "int32"),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        facts = state.facts
        forest = Forest(n_outputs=facts["n_outputs"], **state.arrays)
        check_trees(forest)
        return cls(
            facts["n_timepoints"], Layout(facts["depth"], facts["steps_per_quantile"]), forest
        )

    def check_channels(self, n_channels: int) -> None:
        """Refuse trees that ask for features which series of so many channels have not."""
        n_features = n_quantile_features(n_channels, self.n_timepoints, self.layout)
        check_range("feature", self.forest.feature, -1, n_features - 1)

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return a graph that walks every tree level by level at once."""
        from msssm_ts.members.quantile_trees.graph import ForestVotes

        plans = [(m.forest, m.n_timepoints, m.layout) for m in members]
        return ForestVotes(plans, weights, n_channels)


def _shape_of(problem: Problem) -> tuple[int, Layout, int]:
    """Return the length to which series are brought, which quantiles, and how many these are."""
    n_channels, n_timepoints = (
        problem.values.series[0].shape[0],
        min(problem.typical_length, LONGEST),
    )
    layout = Layout.of(n_channels, n_timepoints)
    return n_timepoints, layout, n_quantile_features(n_channels, n_timepoints, layout)


def _most_rows(n_features: int, parameters: Mapping[str, Any] | None) -> int:
    """Return of how many series features are held at once."""
    limit: int | None = (parameters or {}).get("max_memory")
    most = min(_MOST_ROWS, _MOST_NUMBERS // n_features)
    if limit is None:
        return max(1, most)
    n_trees: int = (parameters or {}).get("n_trees", N_TREES)
    return max(_FEWEST_ROWS, min(most, limit // (4 * n_features + _NODES * n_trees)))


def _seconds_of_features(problem: Problem, n_timepoints: int, layout: Layout) -> float:
    """Return how long the features of all series take, by those of a few."""
    few = [problem.values.series[i] for i in range(min(_TIMED, len(problem)))]
    # Its kernel may have to be compiled.
    quantile_features(few[:1], n_timepoints, layout)
    began = time.perf_counter()
    quantile_features(few, n_timepoints, layout)
    return (time.perf_counter() - began) * len(problem) / len(few)
