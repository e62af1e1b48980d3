"""The MS-SSM network, and the state-space cores that it can be built from."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msssm_ts.model.block import MSSSM, MSSSMBlock
    from msssm_ts.model.classifier import MSSSMNetwork
    from msssm_ts.model.config import MSSSMConfig
    from msssm_ts.model.cores.core import Core

__all__ = ["MSSSM", "Core", "MSSSMBlock", "MSSSMConfig", "MSSSMNetwork"]

_PLACES = {
    "MSSSM": "block",
    "MSSSMBlock": "block",
    "MSSSMConfig": "config",
    "MSSSMNetwork": "classifier",
    "Core": "cores.core",
}


def __getattr__(name: str) -> Any:
    # The names of the cores are wanted before torch is: by the terminal's --help.
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
