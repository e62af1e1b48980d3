"""The selective core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core


def _load() -> type[Core]:
    from msssm_ts.model.cores.s6.core import S6

    return S6


CORES.register("s6", "selective: step size, B and C are functions of the signal (Mamba)", _load)
