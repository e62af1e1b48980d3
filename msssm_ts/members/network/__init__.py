"""A trained MS-SSM network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.network.network import NetworkMember

    return NetworkMember


MEMBERS.register("network", "a trained MS-SSM network", _load)
