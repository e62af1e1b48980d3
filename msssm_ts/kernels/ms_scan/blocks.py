"""Time-invariant scans in blocks of steps, in plain torch: where no fused kernel serves.

Within a block a scan is a convolution, y_t = Σₛ k_{t−s} x̂ₛ with k_t = Re(C Āᵗ): a product with a
triangular matrix. What came before a block is in its states; only they are scanned, once a block,
and read out by another product.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.decompose.reference import decompose_reference

# Steps of a block on a GPU.
_STEPS = 64


class Coefficients(NamedTuple):
    """What a block of T steps is multiplied with; n real states, or twice as many of pairs.

    Parameters
    ----------
    kernel : Tensor of shape (rows, T)
        k, with the skip in k₀.
    drive : Tensor of shape (rows, T, n)
        From the steps to the states after the last one.
    read : Tensor of shape (rows, n, T)
        From the states before the block to its outputs.
    across : Tensor of shape (rows, n)
        Ā over all of its steps; of pairs the real parts, then the imaginary ones.
    """

    kernel: Tensor
    drive: Tensor
    read: Tensor
    across: Tensor


def coefficients(log: Tensor, C: Tensor, D: Tensor, steps: int) -> Coefficients:
    """Return a block's coefficients.

    Parameters
    ----------
    log, C : Tensor of shape (rows, n), real or complex
        log Ā, and the output map with the input map in it.
    D : Tensor of shape (rows,)
        Skip terms.
    steps : int
        T.
    """
    # (rows, n, T + 1)
    powers = torch.exp(log.unsqueeze(-1) * torch.arange(steps + 1, device=log.device))
    C = C.unsqueeze(-1)
    kernel = (C * powers[..., :-1]).sum(1).real
    kernel = torch.cat([kernel[:, :1] + D.unsqueeze(-1), kernel[:, 1:]], 1)
    drive, read, across = powers[..., :-1].flip(-1), C * powers[..., 1:], powers[..., -1]
    if log.is_complex():
        drive, across = (torch.cat([p.real, p.imag], 1) for p in (drive, across))
        read = torch.cat([read.real, -read.imag], 1)
    return Coefficients(kernel, drive.mT, read, across)


def triangle(kernel: Tensor, lags: Tensor) -> Tensor:
    """Return the matrices (rows, T, T) from a block's steps to its outputs, for :func:`lags_of`."""
    steps = kernel.shape[1]
    behind_zeros = functional.pad(kernel, (steps - 1, 0))
    return behind_zeros.index_select(1, lags).view(len(kernel), steps, steps)


def lags_of(steps: int, device: torch.device | None = None) -> Tensor:
    """Return the places, behind T − 1 zeros, of the lags t − s, from s to t."""
    at = torch.arange(steps, device=device)
    return (at - at.unsqueeze(1) + steps - 1).flatten()


def turned(across: Tensor, h: Tensor) -> Tensor:
    """Return Ā h of pairs, real parts and then imaginary ones along the last axis."""
    (a, b), (re, im) = across.chunk(2, -1), h.chunk(2, -1)
    return torch.cat([a * re - b * im, a * im + b * re], -1)


def scan_blocks(
    x: Tensor, log: Tensor, C: Tensor, D: Tensor, h: Tensor | None = None, steps: int = _STEPS
) -> tuple[Tensor, Tensor]:
    """Run h_t = Ā h_{t−1} + x_t, y_t = Re(C h_t) + D x_t with pairs as states.

    Parameters
    ----------
    x : Tensor of shape (M, b, l, d)
        Streams.
    log, C : complex Tensor of shape (M, d, n)
        log Ā and the output map.
    D : Tensor of shape (M, d)
        Skip terms.
    h : complex Tensor of shape (b, M, d, n), optional
        States before the first step; zero by default.
    steps : int
        Of a block.

    Returns
    -------
    y : Tensor of shape (M, b, l, d)
        Outputs.
    before : Tensor of shape (blocks + 1, M, b, d, n), complex
        States before each block, and after the last one, which may be filled up with zeros.

    Examples
    --------
    >>> log, C = torch.tensor([[[-1.0 + 1.0j]]]), torch.ones(1, 1, 1) + 0j
    >>> y, before = scan_blocks(torch.ones(1, 2, 70, 1), log, C, torch.ones(1, 1))
    >>> y.shape, before.shape
    (torch.Size([1, 2, 70, 1]), torch.Size([3, 1, 2, 1, 1]))
    """
    n_streams, batch, length, d = x.shape
    block = coefficients(log.flatten(0, 1), C.flatten(0, 1), D.flatten(), steps)
    whole = functional.pad(x, (0, 0, 0, -length % steps)).permute(0, 3, 1, 2)
    # Channels, blocks of all series, steps.
    whole = whole.reshape(n_streams * d, -1, steps)
    put = (whole @ block.drive).view(n_streams * d, batch, -1, block.across.shape[1])
    state = put.new_zeros(*put.shape[:2], put.shape[3])
    if h is not None:
        state = torch.cat([h.real, h.imag], -1).permute(1, 2, 0, 3).flatten(0, 1)
    states = [state]
    for now in put.unbind(2):
        states.append(turned(block.across.unsqueeze(1), states[-1]) + now)
    before = torch.stack(states, 2)
    matrices = triangle(block.kernel, lags_of(steps, x.device))
    y = whole @ matrices + before[:, :, :-1].flatten(1, 2) @ block.read
    y = y.view(n_streams, d, batch, -1)[..., :length].permute(0, 2, 3, 1)
    pairs = torch.complex(*before.chunk(2, -1)).unflatten(0, (n_streams, d))  # type: ignore[no-untyped-call]
    return y, pairs.permute(3, 0, 2, 1, 4)


def ms_scan_blocks(
    x: Tensor, phi: Tensor, psi: Tensor, A: Tensor, C: Tensor, D: Tensor, E: Tensor,
    gate: Tensor | None, h: Tensor | None, lengths: Tensor | None, n_history: int,
) -> tuple[Tensor, Tensor]:
    """Run a layer with a complex A; parameters as in :func:`msssm_ts.kernels.ms_scan`.

    The first ``n_history`` steps of ``x`` are the history.
    """
    signal = x[:, n_history:]
    length, steps = signal.shape[1], _STEPS
    if lengths is None:
        lengths = torch.full((len(x),), length, device=x.device)
    at = torch.arange(length, device=x.device)
    valid = (at < lengths.unsqueeze(1)).unsqueeze(-1)
    streams = [torch.where(valid, signal, 0.0)]
    if phi.shape[0]:
        bands = decompose_reference(x, phi, psi, lengths, n_history)
        streams += bands.unbind(0)
    inputs = torch.stack(streams)
    y, before = scan_blocks(inputs, A, C, D, h, steps)
    mixed = torch.where(valid, (E.movedim(-1, 0).unsqueeze(-1) * y).sum(0), 0.0)
    if gate is not None:
        mixed = mixed * functional.silu(gate)
    # The state after a series' last step, from that before the block that the step is in.
    series, first = torch.arange(len(x), device=x.device), lengths // steps
    within = (lengths - first * steps).view(-1, 1)
    lags = within - 1 - torch.arange(steps, device=x.device)
    rows = functional.pad(inputs, (0, 0, 0, steps))
    taken = torch.arange(steps, device=x.device) + first.unsqueeze(1) * steps
    last = rows[:, series.unsqueeze(1), taken].permute(1, 2, 0, 3).unsqueeze(-1)
    reach = lags.clamp(min=0).view(*lags.shape, 1, 1, 1)
    weights = torch.where((lags >= 0).view(reach.shape), torch.exp(A * reach), 0.0)
    kept = torch.exp(A * within.view(-1, 1, 1, 1)) * before[first, :, series]
    return mixed, kept + (weights * last).sum(1)
