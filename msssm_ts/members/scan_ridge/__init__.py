"""A ridge classifier on random multi-scale state-space features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.members import MEMBERS

if TYPE_CHECKING:
    from msssm_ts.members.member import Member


def _load() -> type[Member]:
    from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge

    return ScanRidge


MEMBERS.register(
    "scan_ridge", "a ridge classifier on random multi-scale state-space features", _load
)
