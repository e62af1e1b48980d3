"""A member of the vote as a file outside the package: the nearest class mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member, State
from msssm_ts.members.problem import Problem
from msssm_ts.series import Prepared
from msssm_ts.series.checks import filled


@dataclass(frozen=True)
class NearestMean(Member):
    """Mean and deviation of every channel, and the distance to each class's."""

    centres: NDArray[np.float64]

    kind: ClassVar[str] = "nearest_mean"
    title: ClassVar[str] = "class means"

    @classmethod
    def fit(cls, problem: Problem, seed: int, parameters: Mapping[str, Any] | None = None,
            reporter: Any = None, seconds: float | None = None, start: Self | None = None,
            keeper: Any = None,
            ) -> Self:  # fmt: skip
        features = _features(problem.values)
        members = problem.signs > 0
        return cls(np.stack([features[m].mean(0) for m in members.T]))

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        features = _features(values)
        distance = np.square(features[:, None] - self.centres).sum(2)
        proba: NDArray[np.float64] = np.exp(-distance)
        return proba / proba.sum(1, keepdims=True)

    def state(self) -> State:
        return State({"centres": self.centres}, {"n_centres": len(self.centres)})

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        assert state.facts == {"n_centres": len(state.arrays["centres"])}
        return cls(state.arrays["centres"])


def _features(values: Prepared) -> NDArray[np.float64]:
    series = [filled(s).astype(np.float64) for s in values.series]
    return np.stack([np.concatenate([s.mean(1), s.std(1)]) for s in series])


MEMBERS.register("nearest_mean", "the nearest class mean", lambda: NearestMean)
