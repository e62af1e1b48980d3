"""The MS-SSM layer's core composed from the other references: the truth for the fused versions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.decompose.reference import decompose_reference
from msssm_ts.kernels.selective_scan.reference import selective_scan_reference


def reverse_valid(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Reverse each series of x (b, l, …) in time within its valid length; padding stays."""
    if lengths is None:
        return x.flip(1)
    steps = torch.arange(x.shape[1], device=x.device).expand(x.shape[:2])
    last = lengths[:, None] - 1
    index = torch.where(steps <= last, last - steps, steps)
    return x.gather(1, index.reshape(*index.shape, *[1] * (x.ndim - 2)).expand_as(x))


def ms_scan_reference(
    x: Tensor,
    phi: Tensor,
    psi: Tensor,
    A: Tensor,
    B: Tensor | None,
    C: Tensor,
    D: Tensor,
    E: Tensor,
    dt_bias: Tensor | None,
    dt: Tensor | None = None,
    dt_weight: Tensor | None = None,
    gate: Tensor | None = None,
    initial_state: Tensor | None = None,
    lengths: Tensor | None = None,
    n_history: int = 0,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Step by step; parameters as in :func:`msssm_ts.kernels.ms_scan`.

    The first ``n_history`` steps of ``x`` are the history.
    """
    if reverse:
        x, E = reverse_valid(x, lengths), reverse_valid(E, lengths)
        gate = None if gate is None else reverse_valid(gate, lengths)
        if dt is not None and B is not None:
            B, C, dt = (reverse_valid(p, lengths) for p in (B, C, dt))
    signal = x[:, n_history:]
    streams = [signal]
    if phi.shape[0]:
        streams += decompose_reference(x, phi, psi, lengths, n_history).unbind(0)
    mixed, states = torch.zeros_like(signal), []
    for s, band in enumerate(streams):
        if B is None or dt_bias is None:
            # Pairs: A is log Ā, and the input comes as it is.
            delta, B_s, C_s = D.new_ones(D.shape[1]), torch.ones_like(A[s]), C[s]
        elif dt is not None and dt_weight is not None:
            delta = functional.softplus(dt[:, :, s] @ dt_weight[s].T + dt_bias[s])
            B_s, C_s = B[:, :, s], C[:, :, s]
        else:
            delta, B_s, C_s = functional.softplus(dt_bias[s]), B[s], C[s]
        h = None if initial_state is None else initial_state[:, s]
        given = band.to(A.dtype) if A.is_complex() else band
        y, h = selective_scan_reference(given, delta, A[s], B_s, C_s, D[s], h, lengths)
        mixed = mixed + E[:, :, s, None] * y.real
        states.append(h)
    if gate is not None:
        mixed = mixed * functional.silu(gate)
    return reverse_valid(mixed, lengths) if reverse else mixed, torch.stack(states, 1)
