"""Votes without an estimator around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted.vote import Vote, prior_weights
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.series import Prepared


def small_vote(problem: Problem, n_trees: int = 20) -> Vote:
    """Fit a ridge classifier and trees."""
    members = (ScanRidge.fit(problem, 0), QuantileTrees.fit(problem, 0, {"n_trees": n_trees}))
    return Vote(members, prior_weights(members))


def asked(voter: Any, series: Any) -> NDArray[np.float64]:
    """What a member or vote answers about standardised series."""
    proba: NDArray[np.float64] = voter.predict_proba(Prepared.of(series))
    return proba


def share_of(model: MSSSMClassifier, kind: str) -> float:
    """Part of the vote of a kind of member."""
    vote = model.model_.vote
    pairs = zip(vote.members, vote.weights, strict=True)
    return sum(weight for member, weight in pairs if member.kind == kind)


def kinds_of(model: MSSSMClassifier) -> list[str]:
    """Who votes, in order."""
    return [member.kind for member in model.model_.vote.members]
