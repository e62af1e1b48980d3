"""Other ways to compute the same, in plain torch or from other packages."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels import ms_scan, selective_scan, use_backend
from msssm_ts.kernels.decompose import decompose_reference

Operation = Callable[..., tuple[Tensor, Tensor] | Tensor]


def sequential(operation: Operation) -> Operation:
    """Run an operation's reference: torch, one step after the other."""

    def run(**inputs: Tensor) -> tuple[Tensor, Tensor] | Tensor:
        with use_backend("reference"):
            return operation(**inputs)

    return run


def _coefficients(inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """exp(ΔA) and ΔBx, each (b, l, d, n)."""
    step = inputs["delta"].unsqueeze(-1)
    decay = torch.exp(step * inputs["A"])
    return decay, step * inputs["B"].unsqueeze(2) * inputs["x"].unsqueeze(-1)


def _output(h: Tensor, inputs: dict[str, Tensor]) -> Tensor:
    return (h * inputs["C"].unsqueeze(2)).sum(-1) + inputs["D"] * inputs["x"]


def unfused_scan(**inputs: Tensor) -> Tensor:
    """Scan with whole-tensor operations: log₂(l) rounds of doubling."""
    decay, h = _coefficients(inputs)
    n_timepoints = h.shape[1]
    for i in range(math.ceil(math.log2(n_timepoints))):
        lag = 2**i
        shifted = functional.pad(h[:, :-lag], (0, 0, 0, 0, lag, 0))
        before = functional.pad(decay[:, :-lag], (0, 0, 0, 0, lag, 0), value=1.0)
        h, decay = h + decay * shifted, decay * before
    return _output(h, inputs)


def mambapy_scan(**inputs: Tensor) -> Tensor:
    """Scan with mambapy's parallel scan (PyPI)."""
    from mambapy.pscan import pscan

    decay, scaled = _coefficients(inputs)
    return _output(pscan(decay, scaled), inputs)


def composed_layer(**inputs: Tensor) -> Tensor:
    """Run the layer from stand-alone fused scans, torch convolutions and elementwise torch."""
    x, E, bias = inputs["x"], inputs["E"], inputs["dt_bias"]
    bands = decompose_reference(x, inputs["phi"], inputs["psi"])
    mixed = torch.zeros_like(x)
    for s, band in enumerate([x, *bands.unbind(0)]):
        maps = [inputs["B"][s], inputs["C"][s]]
        delta = functional.softplus(bias[s])
        if "dt" in inputs:
            maps = [inputs["B"][:, :, s], inputs["C"][:, :, s]]
            delta = functional.softplus(inputs["dt"][:, :, s] @ inputs["dt_weight"][s].T + bias[s])
        y, _ = selective_scan(band, delta, inputs["A"][s], *maps, inputs["D"][s])
        mixed = mixed + E[:, :, s, None] * y
    return mixed * functional.silu(inputs["gate"])


def scan_rivals() -> dict[str, Operation]:
    """Everything that computes a selective scan here."""
    rivals: dict[str, Operation] = {
        "sequential torch": sequential(selective_scan),
        "unfused torch": unfused_scan,
    }
    if find_spec("mambapy"):
        rivals["mambapy"] = mambapy_scan
    return rivals


def layer_rivals() -> dict[str, Operation]:
    """Everything that computes the layer's core here."""
    return {
        "stand-alone ops": composed_layer,
        "sequential torch": sequential(ms_scan),
    }
