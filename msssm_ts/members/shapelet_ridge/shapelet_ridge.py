"""Random dilated shapelets into a ridge classifier."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.file_checks import Record, Whole
from msssm_ts.kernels.shapelets import GROUP, TAPS
from msssm_ts.members.closed_form import Transform, features_by, fit_closed_form, need_of
from msssm_ts.members.folds import left_out_by_folds
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import MOST_ROWS, Ridge
from msssm_ts.members.ridge_file import FACTS, MORE_FACTS, from_state_of, specs_of, state_of
from msssm_ts.members.ridge_member import RidgeMember
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.scan_ridge.features import VIEWS
from msssm_ts.members.shapelet_ridge.features import (
    LONGEST_LAG,
    N_GROUPS,
    ShapeletFeatures,
    features_without,
    n_features_of,
)
from msssm_ts.members.shapelet_ridge.method import METHOD
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.series import Prepared
from msssm_ts.training import Keeper, Reporter

# Values of shapelets and weights of channels: series are limited, their differences twice that.
_LARGEST_VALUE = 1e9
_MOST_GROUPS = 1 << 12
_FACTS = Record({"n_groups": Whole(1, _MOST_GROUPS), **FACTS}, MORE_FACTS)


@dataclass(frozen=True)
class ShapeletRidge(RidgeMember):
    """Fitted shapelets, the standardisation of their features and the ridge classifier.

    Parameters
    ----------
    features : ShapeletFeatures
        Shapelets and thresholds.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    features: ShapeletFeatures
    scaling: Scaling
    ridge: Ridge

    kind: ClassVar[str] = "shapelet_ridge"
    title: ClassVar[str] = "shapelets"
    # A fifth beside ridge classifiers on random features and trees (docs/recipe.md).
    prior: ClassVar[float] = 0.25

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
        """Draw the shapelets and fit the classifier; see :meth:`Member.fit`."""
        began = time.perf_counter()
        room = Room.of(parameters)
        features, lenders = ShapeletFeatures.draw(problem, seed, N_GROUPS)
        transform = partial(features_by, features)
        weights = np.ones(features.n_features, np.float32)
        fit = fit_closed_form(problem, transform, weights, seed, seconds, reporter, room)
        member = cls(features, fit.scaling, fit.ridge)
        late = seconds is not None and time.perf_counter() - began > seconds
        said = fit.said(problem)
        if not problem.asks_left_out or late:
            return member.telling(said=said)
        index, part = fit.index, fit.part

        def left_out(rest: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
            # Who has lent its pieces to shapelets is found by them again.
            own = features_without(lenders, index[rows])
            return fit.ridge.without(rest, rows, own, fit.z, part.signs, part.weights)

        return member.telling(left_out_by_folds(problem, index, left_out, MOST_ROWS), said=said)

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""

        def draw(some: Problem) -> Transform:
            features, _ = ShapeletFeatures.draw(some, 0, N_GROUPS)
            return partial(features_by, features)

        return need_of(problem, n_features_of(N_GROUPS), Room.of(parameters), draw)

    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        return self.features.transform(values.series)

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.features.n_features

    def state(self) -> State:
        """Return all that a model file must hold."""
        own_arrays, own_facts = state_of(self.scaling, self.ridge)
        facts = {"n_groups": self.features.lags.shape[1]}
        return State(self.features.arrays() | own_arrays, facts | own_facts)

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        return (METHOD, RIDGE_METHOD)

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return shapes and types by the channels, the outputs and the facts."""
        _FACTS("facts", facts)
        groups = (len(VIEWS), facts["n_groups"])
        return {
            "mix": TensorSpec((*groups, n_channels)),
            "lags": TensorSpec(groups, "int64"),
            "scaled": TensorSpec(groups, "bool"),
            "shapelets": TensorSpec((*groups, TAPS, GROUP)),
            "thresholds": TensorSpec((*groups, GROUP)),
            **specs_of(n_features_of(facts["n_groups"]), n_outputs),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = state.arrays, state.facts
        # A kernel reads so far beyond where a window begins.
        check_range("lags", arrays["lags"], 1, LONGEST_LAG)
        for name in ("mix", "shapelets"):
            check_range(name, arrays[name], -_LARGEST_VALUE, _LARGEST_VALUE)
        check_range("thresholds", arrays["thresholds"])
        features = ShapeletFeatures(
            *(arrays[name] for name in ("mix", "lags", "scaled", "shapelets", "thresholds"))
        )
        return cls(features, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the members one after the other."""
        from msssm_ts.members.graph import WeightedSum
        from msssm_ts.members.shapelet_ridge.graph import ShapeletGraph

        graphs = [ShapeletGraph(m.features, m.scaling, m.ridge) for m in members]
        return WeightedSum(graphs, weights)
