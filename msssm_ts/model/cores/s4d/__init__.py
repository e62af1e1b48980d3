"""The time-invariant core whose modes oscillate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core


def _load() -> type[Core]:
    from msssm_ts.model.cores.s4d.core import S4D

    return S4D


CORES.register("s4d", "time-invariant with modes that oscillate (S4D)", _load)
