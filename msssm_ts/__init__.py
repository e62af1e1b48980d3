"""Time-series classification with multi-scale state-space models (MS-SSM)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier

__version__ = "0.1.0"
__all__ = ["MSSSMClassifier", "__version__"]


def __getattr__(name: str) -> Any:
    # torch takes a second to import: the terminal's --help must not wait for it.
    if name == "MSSSMClassifier":
        from msssm_ts.estimator import MSSSMClassifier

        return MSSSMClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
