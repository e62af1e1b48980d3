"""The time-invariant core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.model.cores import CORES

if TYPE_CHECKING:
    from msssm_ts.model.cores.core import Core


def _load() -> type[Core]:
    from msssm_ts.model.cores.lti.core import LTI

    return LTI


CORES.register("lti", "time-invariant: step size, B and C are parameters (S4)", _load)
