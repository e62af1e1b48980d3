"""Random dilated shapelets into a ridge classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.shapelet_ridge.shapelet_ridge import ShapeletRidge

    return ShapeletRidge


MEMBERS.register("shapelet_ridge", "pieces of training series, found again, into ridge", _load)
