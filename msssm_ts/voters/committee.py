"""Voters together, their shares of the vote, and how they are kept in a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.lazy import Series
from msssm_ts.voters.scan_ridge import ScanRidge
from msssm_ts.voters.trees import QuantileTrees
from msssm_ts.voters.voter import Problem, Voter

# Told what is being done, and how much of it: a name, series done, series in all.
Stage = Callable[[str, int, int], object]

_KINDS: dict[str, type[ScanRidge] | type[QuantileTrees]] = {
    kind.kind: kind for kind in (ScanRidge, QuantileTrees)
}
# Of the vote between both kinds, the ridge classifiers' part (docs/recipe.md).
_RIDGE_SHARE = 0.6
# From so many series on, more draws of the features change next to nothing, and cost most.
_MANY_SERIES = 3000


@dataclass(frozen=True)
class Committee:
    """Fitted voters.

    Parameters
    ----------
    voters : list of Voter
        None at all: no vote.
    multilabel : bool
        Whether a series can have several labels at once.
    """

    voters: list[Voter] = field(default_factory=list)
    multilabel: bool = False

    def __bool__(self) -> bool:
        return bool(self.voters)

    @classmethod
    def fit(
        cls,
        problem: Problem,
        n_ridges: int,
        n_trees: int,
        seed: int,
        stages: Sequence[Stage] = (),
        seconds: float | None = None,
    ) -> Committee:
        """Fit voters on standardised series.

        Parameters
        ----------
        problem : Problem
            What to learn.
        n_ridges : int
            Ridge classifiers, each on random features of its own.
        n_trees : int
            Trees on quantiles.
        seed : int
            Of the first; the others' follow.
        stages : sequence of callables
            Told how far it is.
        seconds : float, optional
            Leave out voters that would take longer than that in all; one there is in any case.
        """
        began = time.perf_counter()
        if len(problem) > _MANY_SERIES:
            n_ridges = min(n_ridges, 1)

        def report(name: str) -> Callable[[int, int], None]:
            def tell(done: int, total: int) -> None:
                for stage in stages:
                    stage(name, done, total)

            return tell

        voters: list[Voter] = []

        def has_time() -> bool:
            spent = time.perf_counter() - began
            # The next one takes as long as those before, on average.
            return not voters or seconds is None or spent * (1 + 1 / len(voters)) <= seconds

        for i in range(n_ridges):
            if not has_time():
                break
            name = "random features" + (f" {i + 1}/{n_ridges}" if n_ridges > 1 else "")
            voters.append(ScanRidge.fit(problem, seed + i, report(name)))
        if n_trees and has_time():
            voters.append(QuantileTrees.fit(problem, seed, n_trees, report("trees")))
        return cls(voters, problem.multilabel)

    def count(self, kind: type[ScanRidge] | type[QuantileTrees]) -> int:
        """Return how many voters there are of a kind."""
        return sum(isinstance(voter, kind) for voter in self.voters)

    def predict_proba(self, series: Sequence[Series]) -> NDArray[np.float64]:
        """Return the weighted mean of all voters' probabilities, (n_series, n_outputs)."""
        groups: dict[str, list[NDArray[np.float64]]] = {}
        for voter in self.voters:
            groups.setdefault(voter.kind, []).append(voter.predict_proba(series))
        shares = self.shares
        parts = [shares[kind] * np.mean(p, axis=0) for kind, p in groups.items()]
        proba: NDArray[np.float64] = np.sum(parts, axis=0)
        return proba

    @property
    def shares(self) -> dict[str, float]:
        """Part of the vote of each kind that there is; their sum is 1."""
        shares = {ScanRidge.kind: _RIDGE_SHARE, QuantileTrees.kind: 1 - _RIDGE_SHARE}
        present = {voter.kind for voter in self.voters}
        total = sum(shares[kind] for kind in present)
        return {kind: share / total for kind, share in shares.items() if kind in present}

    def transform(self, series: Sequence[Series]) -> NDArray[np.float64]:
        """Return the first ridge classifier's features, standardised."""
        first = next(v for v in self.voters if isinstance(v, ScanRidge))
        return first.transform(series).astype(np.float64)

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return next(v for v in self.voters if isinstance(v, ScanRidge)).features.n_features

    @property
    def left_out_accuracy(self) -> float | None:
        """Mean accuracy of the ridge classifiers on training series left out one at a time."""
        found = [v.ridge.left_out_accuracy for v in self.voters if isinstance(v, ScanRidge)]
        return float(np.mean(found)) if found else None

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned: the ridge classifiers' weights."""
        ridges = [v.ridge for v in self.voters if isinstance(v, ScanRidge)]
        return sum(r.coefficients.size + r.intercept.size for r in ridges)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all that a file must hold beside each voter's kind."""
        return {
            f"voters.{i}.{name}": array
            for i, voter in enumerate(self.voters)
            for name, array in voter.to_arrays().items()
        }

    @classmethod
    def from_arrays(
        cls, arrays: dict[str, NDArray[Any]], kinds: Sequence[str], multilabel: bool
    ) -> Committee:
        """Return what :meth:`to_arrays` described.

        Raises
        ------
        KeyError
            If an array is missing, or a kind is unknown.
        """
        voters: list[Voter] = []
        for i, kind in enumerate(kinds):
            prefix = f"voters.{i}."
            own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
            voters.append(_KINDS[kind].from_arrays(own, multilabel))
        return cls(voters, multilabel)
