"""Values of all channels together, coarse in time, into a ridge classifier."""

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
from msssm_ts.members.closed_form import Transform, features_by, fit_closed_form, need_of
from msssm_ts.members.coarse_ridge.features import (
    MOST_MEANS,
    N_CHOICES,
    N_TRIED,
    WAVES_TRIED,
    CoarseFeatures,
    n_features_of,
)
from msssm_ts.members.coarse_ridge.method import METHOD
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.ridge_file import FACTS, MORE_FACTS, from_state_of, specs_of, state_of
from msssm_ts.members.ridge_member import RidgeMember
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.members.within_time import cost_of, seconds_each
from msssm_ts.method import Method
from msssm_ts.series import Prepared
from msssm_ts.training import Keeper, Reporter

# Series that are timed, and on how many features are chosen however little time there is.
_TIMED, _FEWEST_TRIED = 8, 20
# A width is a median distance of standardised series, whose numbers are float32.
_LARGEST_FREQUENCY = 1e9
_FACTS = Record(
    {"n_parts": Whole(1, MOST_MEANS), "n_waves": Whole(0, 1 << 16), **FACTS}, MORE_FACTS
)


@dataclass(frozen=True)
class CoarseRidge(RidgeMember):
    """Fitted features, their standardisation and the ridge classifier.

    Parameters
    ----------
    features : CoarseFeatures
        Parts of a series, and waves over their means.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    features: CoarseFeatures
    scaling: Scaling
    ridge: Ridge

    kind: ClassVar[str] = "coarse_ridge"
    title: ClassVar[str] = "channels together"
    # Where it is not measured: .15 of the closed vote of the default (docs/tried/channels.md).
    prior: ClassVar[float] = 0.285
    learns_from_sums: ClassVar[bool] = True

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
        """Choose the features and fit the classifier; see :meth:`Member.fit`."""
        began, room = time.perf_counter(), Room.of(parameters)
        features = CoarseFeatures.choose(problem, seed, _n_tried(problem, seed, seconds, room))
        weights = np.ones(features.n_features, np.float32)
        transform = partial(features_by, features)
        if seconds is not None:
            seconds = max(0.0, seconds - (time.perf_counter() - began))
        # Means of channels, whose sums say what no single one does, stay as they are.
        fit = fit_closed_form(
            problem, transform, weights, seed, seconds, reporter, room, bent=False
        )
        said = fit.said(problem)
        return cls(features, fit.scaling, fit.ridge).telling(fit.left_out(problem), said=said)

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return none where there are more channels than means are taken of."""
        return 0 if problem.values.series[0].shape[0] * 2 > MOST_MEANS else wanted

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""

        def draw(some: Problem) -> Transform:
            return partial(features_by, CoarseFeatures.largest(some))

        n_features = CoarseFeatures.largest(problem).n_features
        return need_of(problem, n_features, Room.of(parameters), draw)

    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        return self.features.transform(values.series)

    @property
    def most_measured(self) -> float:
        """A half of the vote."""
        return 0.5

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.features.n_features

    def state(self) -> State:
        """Return all that a model file must hold."""
        own_arrays, own_facts = state_of(self.scaling, self.ridge)
        facts = {"n_parts": self.features.n_parts, "n_waves": len(self.features.phases)}
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
        n_means, n_waves = facts["n_parts"] * n_channels, facts["n_waves"]
        return {
            "frequencies": TensorSpec((n_waves, n_means)),
            "phases": TensorSpec((n_waves,)),
            **specs_of(n_features_of(n_means, n_waves), n_outputs),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = state.arrays, state.facts
        largest = _LARGEST_FREQUENCY
        check_range("frequencies", arrays["frequencies"], -largest, largest)
        check_range("phases", arrays["phases"])
        features = CoarseFeatures(facts["n_parts"], arrays["frequencies"], arrays["phases"])
        return cls(features, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the members one after the other."""
        from msssm_ts.members.coarse_ridge.graph import CoarseGraph
        from msssm_ts.members.graph import WeightedSum

        graphs = [CoarseGraph(m.features, m.scaling, m.ridge) for m in members]
        return WeightedSum(graphs, weights)


def _n_tried(problem: Problem, seed: int, seconds: float | None, room: Room) -> int:
    """Return on how many series features are chosen: no more than in a third of the time."""
    n_tried = min(N_TRIED, len(problem))
    if seconds is None:
        return n_tried
    some = problem.take(problem.sampled(_TIMED, seed)).values
    each = seconds_each(some, partial(features_by, CoarseFeatures.largest(problem)))

    def cost(n: int) -> float:
        return n * each + N_CHOICES * cost_of(n, 0.0, WAVES_TRIED, room)

    while n_tried > _FEWEST_TRIED and cost(n_tried) > seconds / 3:
        n_tried //= 2
    return n_tried
