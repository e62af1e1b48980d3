"""The core of diagonal GRUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core


def _load() -> type[Core]:
    from msssm_ts.model.cores.gru.core import GRU

    return GRU


CORES.register("gru", "nonlinear, of GRUs: tracks states that events flip; slower (ParaRNN)", _load)
