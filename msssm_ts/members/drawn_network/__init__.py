"""A drawn MS-SSM layer with a classifier in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.drawn_network.drawn_network import DrawnMember

    return DrawnMember


MEMBERS.register(
    "drawn_network", "a drawn MS-SSM layer, read out at thresholds, into a ridge classifier", _load
)
