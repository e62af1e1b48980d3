"""Time-invariant scans in blocks of steps, in plain torch: what exported networks are made of.

Within a block a scan is a convolution, y_t = Σₛ k_{t−s} x̂ₛ with k_t = Re(C Āᵗ): a product with a
triangular matrix. What came before a block is in its states; only they are scanned, once a block,
and read out by another product.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


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
