"""Random multi-scale state-space features into a ridge classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.file_checks import Number, Record, Whole
from msssm_ts.kernels.scale_features import N_GROUPS, N_RIVALS, TAPS
from msssm_ts.members.closed_form import Transform, features_by, fit_closed_form, need_of
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.ridge_file import FACTS, MORE_FACTS, from_state_of, specs_of, state_of
from msssm_ts.members.ridge_member import RidgeMember
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.scan_ridge.features import (
    MAX_SCALES,
    N_THRESHOLDS,
    VIEWS,
    ScanFeatures,
    n_features_for,
)
from msssm_ts.members.scan_ridge.method import METHOD
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.series import Prepared
from msssm_ts.training import Keeper, Reporter

# From so many series on, more draws of the features change next to nothing, and cost most.
_MANY_SERIES = 3000
# Taps are −1 and 2, mixtures of channels 0 and 1.
_LARGEST_TAP = 1e3
# What a file says; older ones leave out what is there to be shown only.
_FACTS = Record(
    {"span": Number(1e-6, 1), **FACTS},
    {"n_features": Whole(1), "levels": Whole(1, MAX_SCALES), **MORE_FACTS},
)


@dataclass(frozen=True)
class ScanRidge(RidgeMember):
    """Fitted features, their standardisation and the ridge classifier.

    Parameters
    ----------
    features : ScanFeatures
        Filters and thresholds.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    features: ScanFeatures
    scaling: Scaling
    ridge: Ridge

    kind: ClassVar[str] = "scan_ridge"
    title: ClassVar[str] = "random features"
    learns_from_sums: ClassVar[bool] = True
    # Beside the trees' .4 (docs/recipe.md).
    prior: ClassVar[float] = 0.6

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
        """Draw the features and fit the classifier; see :meth:`Member.fit`."""
        room = Room.of(parameters)
        features = ScanFeatures.draw(problem, seed, _n_thresholds(problem, room))
        transform = partial(features_by, features)
        usual = n_features_for(problem, _n_thresholds(problem, Room.of(None)))
        # Copies have seeds one after the other: every second one bends what it reads.
        bent = seed % 2 == 1
        fit = fit_closed_form(
            problem, transform, features.weights, seed, seconds, reporter, room, usual, bent
        )
        said = fit.said(problem)
        return cls(features, fit.scaling, fit.ridge).telling(fit.left_out(problem), said=said)

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""
        room = Room.of(parameters)
        n_thresholds = _n_thresholds(problem, room)

        def draw(some: Problem) -> Transform:
            features = ScanFeatures.draw(some, 0, n_thresholds)
            return partial(features_by, features)

        return need_of(problem, n_features_for(problem, n_thresholds), room, draw)

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return one where there are many series."""
        return min(wanted, 1) if len(problem) > _MANY_SERIES else wanted

    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        return self.features.transform(values.series)

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.features.n_features

    def state(self) -> State:
        """Return all that a model file must hold."""
        arrays: dict[str, NDArray[Any]] = {
            "mix": self.features.mix,
            "filters": self.features.filters,
            "thresholds": self.features.thresholds,
        }
        own_arrays, own_facts = state_of(self.scaling, self.ridge)
        facts = {
            "n_features": self.n_features,
            "levels": self.features.filters.shape[1],
            "span": self.features.span,
        }
        return State(arrays | own_arrays, facts | own_facts)

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
        levels, n_features = facts.get("levels", "levels"), facts.get("n_features", "n_features")
        return {
            "mix": TensorSpec((len(VIEWS), n_channels, N_GROUPS)),
            "filters": TensorSpec((len(VIEWS), levels, TAPS, N_RIVALS, N_GROUPS)),
            "thresholds": TensorSpec((len(VIEWS), levels, "n_thresholds", N_RIVALS, N_GROUPS)),
            **specs_of(n_features, n_outputs),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = state.arrays, state.facts
        features = ScanFeatures(
            arrays["mix"], arrays["filters"], arrays["thresholds"], facts["span"]
        )
        # Kernels take the sizes from the thresholds, and write as many features.
        if not 1 <= features.filters.shape[1] <= MAX_SCALES or not features.thresholds.size:
            raise ValueError(
                f"{features.filters.shape[1]} levels of filters with {features.thresholds.size} "
                "thresholds"
            )
        if features.n_features != len(arrays["mean"]):
            raise ValueError(
                f"mean is of {len(arrays['mean'])} features, thresholds of {features.n_features}"
            )
        for name in ("mix", "filters"):
            check_range(name, arrays[name], -_LARGEST_TAP, _LARGEST_TAP)
        check_range("thresholds", arrays["thresholds"])
        return cls(features, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return one graph for all, their features side by side."""
        from msssm_ts.members.scan_ridge.graph import RidgeVotes

        return RidgeVotes(
            [member.features for member in members],
            [member.scaling for member in members],
            [member.ridge for member in members],
            weights,
        )


def _n_thresholds(problem: Problem, room: Room) -> int:
    """Return how many thresholds a band has: where features are not held, their products count."""
    return N_THRESHOLDS if room.holds(len(problem), n_features_for(problem)) else 1
