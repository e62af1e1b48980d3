"""The parameters of an encoder: those of the classifier that its learning goes by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msssm_ts.parameters import redefined

if TYPE_CHECKING:
    import numpy as np

    from msssm_ts.preparation import Preparation
    from msssm_ts.series.checks import Missing
    from msssm_ts.training import Callback


# An estimator compares and hashes by identity, and scikit-learn writes its own repr.
@dataclass(eq=False, repr=False)
class EncoderParameters:
    """The constructor of :class:`msssm_ts.MSSSMEncoder`."""

    objective: Literal["auto", "spans", "next", "contrast", "diffusion"] = redefined(
        "objective", "auto"
    )
    time_budget: float | None = redefined("time_budget", None)
    n_scales: int = redefined("n_scales", 3)
    core: str = redefined("core", "lti")
    d_model: int = redefined("d_model", 64)
    n_layers: int = redefined("n_layers", 3)
    d_state: int = redefined("d_state", 20)
    kernel_size: int = redefined("kernel_size", 8)
    bidirectional: bool = redefined("bidirectional", True)
    directions: Literal["halves", "quasiseparable"] = redefined("directions", "halves")
    pyramid: bool = redefined("pyramid", False)
    dropout: float = redefined("dropout", 0.1)
    stem_stride: int | Literal["auto"] = redefined("stem_stride", "auto")
    variates: Literal["mix", "scan", "coupled", "graph"] = redefined("variates", "mix")
    adjacency: Any = redefined("adjacency", None)
    init: Any = redefined("init", "auto")
    max_epochs: int | None = redefined("max_epochs", None)
    batch_size: int | None = redefined("batch_size", None)
    learning_rate: float = redefined("learning_rate", 2e-3)
    weight_decay: float = redefined("weight_decay", 0.05)
    missing: Missing = redefined("missing", "error")
    preparation: Preparation | None = redefined("preparation", None)
    dtype: Literal["float32", "float64"] = redefined("dtype", "float32")
    device: str = redefined("device", "auto")
    random_state: int | np.random.RandomState | None = redefined("random_state", None)
    verbose: int = redefined("verbose", 0)
    callbacks: Sequence[Callback] | None = redefined("callbacks", None)
