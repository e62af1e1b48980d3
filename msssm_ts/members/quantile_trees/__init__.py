"""Extremely randomised trees on quantiles over intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.quantile_trees.trees import QuantileTrees

    return QuantileTrees


MEMBERS.register("quantile_trees", "extremely randomised trees on quantiles over intervals", _load)
