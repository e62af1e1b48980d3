"""Time-series classification with multi-scale state-space models (MS-SSM)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from msssm_ts.version import __version__

if "torch" not in sys.modules:
    # torch's OpenMP threads spin while they wait, on the cores that the kernels' own threads (or
    # anybody else) could use. OpenMP reads this when torch loads it, so it must come first.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from msssm_ts.encoder import MSSSMEncoder
    from msssm_ts.estimator import MSSSMClassifier

__all__ = ["MSSSMClassifier", "MSSSMEncoder", "__version__"]


def __getattr__(name: str) -> Any:
    # torch takes a second to import: the terminal's --help must not wait for it.
    if name == "MSSSMClassifier":
        from msssm_ts.estimator import MSSSMClassifier

        return MSSSMClassifier
    if name == "MSSSMEncoder":
        from msssm_ts.encoder import MSSSMEncoder

        return MSSSMEncoder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
