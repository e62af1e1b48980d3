"""Other ways to compute the same, in plain torch or from other packages."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels import ms_scan, selective_scan, use_backend
from msssm_ts.kernels.decompose import decompose_reference
from msssm_ts.kernels.selective_scan import selective_scan_reference

Operation = Callable[..., tuple[Tensor, Tensor] | Tensor]


def sequential(operation: Operation) -> Operation:
    """Run an operation's reference: torch, one step after the other."""

    def run(**inputs: Tensor) -> tuple[Tensor, Tensor] | Tensor:
        with use_backend("reference"):
            return operation(**inputs)

    return run


def _coefficients(inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """exp(ΔA) and ΔBx, each (b, l, d, n)."""
    step, B, x = inputs["delta"].unsqueeze(-1), inputs["B"], inputs["x"].unsqueeze(-1)
    decay = torch.exp(step * inputs["A"])
    if step.ndim == 2:
        return decay.expand(*x.shape[:2], *decay.shape), step * B * x
    return decay, step * B.unsqueeze(2) * x


def _output(h: Tensor, inputs: dict[str, Tensor]) -> Tensor:
    C = inputs["C"] if inputs["delta"].ndim == 1 else inputs["C"].unsqueeze(2)
    return (h * C).sum(-1) + inputs["D"] * inputs["x"]


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


def composed_layer(scan: Operation, /, **inputs: Tensor) -> Tensor:
    """Run the layer from one scan per stream, torch convolutions and elementwise torch."""
    x, E, bias = inputs["x"], inputs["E"], inputs["dt_bias"]
    bands = decompose_reference(x, inputs["phi"], inputs["psi"])
    mixed = torch.zeros_like(x)
    for s, band in enumerate([x, *bands.unbind(0)]):
        if "dt" in inputs:
            maps = {"B": inputs["B"][:, :, s], "C": inputs["C"][:, :, s]}
            delta = functional.softplus(inputs["dt"][:, :, s] @ inputs["dt_weight"][s].T + bias[s])
        else:
            maps = {"B": inputs["B"][s], "C": inputs["C"][s]}
            delta = functional.softplus(bias[s])
        y = scan(x=band, delta=delta, A=inputs["A"][s], D=inputs["D"][s], **maps)
        mixed = mixed + E[:, :, s, None] * (y[0] if isinstance(y, tuple) else y)
    return mixed * functional.silu(inputs["gate"])


def layer_of_fused_scans(**inputs: Tensor) -> Tensor:
    """Run the layer with our stand-alone scan."""
    return composed_layer(selective_scan, **inputs)


def mamba_ssm_scan(**inputs: Tensor) -> Tensor:
    """Scan with the CUDA kernel of the package mamba-ssm; it wants time last."""
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    x, delta, B, C = (inputs[k].transpose(1, 2) for k in ("x", "delta", "B", "C"))
    y: Tensor = selective_scan_fn(x, delta, inputs["A"].float(), B, C, inputs["D"].float())
    return y.transpose(1, 2)


def compiles() -> bool:
    """Whether torch.compile can work here: for the CPU it calls a C++ compiler."""
    return any(shutil.which(name) for name in (os.environ.get("CXX") or "g++", "clang++"))


def compiled(operation: Operation) -> Operation:
    """Run an operation through torch.compile, for one shape."""
    torch.compiler.reset()
    result: Operation = torch.compile(operation, dynamic=False)
    return result


def _unfused_layer(**inputs: Tensor) -> Tensor:
    return composed_layer(unfused_scan, **inputs)


def scan_rivals(device: torch.device) -> dict[str, Operation]:
    """Everything that computes a selective scan here."""
    rivals: dict[str, Operation] = {
        "sequential torch": sequential(selective_scan),
        "unfused torch": unfused_scan,
    }
    if compiles():
        rivals["torch.compile, unfused"] = compiled(unfused_scan)
        rivals["torch.compile, sequential"] = compiled(selective_scan_reference)
    if find_spec("mambapy"):
        rivals["mambapy"] = mambapy_scan
    if device.type == "cuda" and find_spec("mamba_ssm"):
        rivals["mamba-ssm"] = mamba_ssm_scan
    return rivals


def layer_rivals(device: torch.device) -> dict[str, Operation]:
    """Everything that computes the layer's core here."""
    rivals: dict[str, Operation] = {
        "stand-alone ops": layer_of_fused_scans,
        "sequential torch": sequential(ms_scan),
    }
    if compiles():
        rivals["torch.compile, unfused"] = compiled(_unfused_layer)
    if device.type == "cuda":
        # Their scan, one per stream; all else as in the first
        for package, scan in (("mambapy", mambapy_scan), ("mamba_ssm", mamba_ssm_scan)):
            if find_spec(package):
                rivals[f"{package.replace('_', '-')} and torch"] = partial(composed_layer, scan)
    return rivals
