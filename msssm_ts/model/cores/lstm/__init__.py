"""The core of diagonal LSTMs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core


def _load() -> type[Core]:
    from msssm_ts.model.cores.lstm.core import LSTM

    return LSTM


CORES.register(
    "lstm", "nonlinear, of LSTMs: tracks states that events flip; slower (ParaRNN)", _load
)
