"""Values of all channels together, coarse in time, into a ridge classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.coarse_ridge.coarse_ridge import CoarseRidge

    return CoarseRidge


MEMBERS.register("coarse_ridge", "all channels together, coarse in time, into ridge", _load)
