"""Where the modes start: frequencies, slow to fast, and what an input does to each.

A mode is a conjugate pair with A = −1/2 ± iω and input map B. "Inv", "Lin" and "LegS" are those of
Gu, Goel, Gupta, Ré, "On the Parameterization and Initialization of Diagonal State Space Models",
2022 (§4; code in state-spaces/s4, ``models/sequence/kernels/dplr.py`` and ``models/hippo``); "FouT"
is the diagonal of Gu et al., "How to Train Your HiPPO", 2022; "DFouT" is of "Uncovering the
Spectral Bias in Diagonal State Space Models", §4.2, and says the turn of a step instead of ω. N is
twice the number of pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Modes(NamedTuple):
    """Pairs, from slow to fast.

    Parameters
    ----------
    frequency : Tensor of shape (n,)
        ω, in radians by a unit of Δ; of DFouT by a step.
    drive : Tensor of shape (n,)
        |B|: its phase is lost in C's, which is random.
    """

    frequency: Tensor
    drive: Tensor


def lin(n: int) -> Modes:
    """Return ω_k = πk, B = 1: S4D-Lin.

    Examples
    --------
    >>> lin(3).frequency / math.pi
    tensor([0., 1., 2.], dtype=torch.float64)
    """
    return _driven_by_one(math.pi * torch.arange(n, dtype=torch.float64))


def inv(n: int) -> Modes:
    """Return ω_k = (N / π)(N / (2k + 1) − 1), B = 1: S4D-Inv.

    Examples
    --------
    >>> (inv(2).frequency * math.pi).round(decimals=3)
    tensor([ 1.3330, 12.0000], dtype=torch.float64)
    """
    k = torch.arange(n, dtype=torch.float64)
    return _driven_by_one(2 * n / math.pi * (2 * n / (2 * k + 1) - 1).flip(0))


def legs(n: int) -> Modes:
    """Return the spectrum of HiPPO-LegS without its part of rank one, with its own B: S4D-LegS.

    Examples
    --------
    >>> legs(2).frequency.round(decimals=3)
    tensor([0.5570, 4.6030], dtype=torch.float64)
    """
    root = torch.sqrt(2 * torch.arange(2 * n, dtype=torch.float64) + 1)
    # A + PPᵀ, P = root / √2, is −1/2 on the diagonal and skew-symmetric beside it.
    product = root * root.unsqueeze(1) / 2
    skew = product.triu(1) - product.tril(-1)
    # −i times a real skew-symmetric matrix is Hermitian: real eigenvalues, in pairs ±ω.
    frequency, vectors = torch.linalg.eigh(-1j * skew)
    return Modes(frequency[n:], (vectors[:, n:].conj().mT @ root.to(vectors.dtype)).abs())


def fout(n: int) -> Modes:
    """Return ω_k = 2πk, B = √2 and 1 where k = 0: the diagonal of FouT.

    Examples
    --------
    >>> fout(3).frequency / math.pi
    tensor([0., 2., 4.], dtype=torch.float64)
    """
    frequency = 2 * lin(n).frequency
    return Modes(frequency, torch.where(frequency > 0, math.sqrt(2), 1.0))


def dfout(n: int) -> Modes:
    """Return turns 2πk / N a step, whatever Δ is, B = 1: S4D-DFouT, without a channel's offset.

    Examples
    --------
    >>> dfout(4).frequency / math.pi
    tensor([0.0000, 0.2500, 0.5000, 0.7500], dtype=torch.float64)
    """
    return _driven_by_one(lin(n).frequency / n)


def _driven_by_one(frequency: Tensor) -> Modes:
    return Modes(frequency, torch.ones_like(frequency))


INITIALISATIONS: dict[str, Callable[[int], Modes]] = {
    "lin": lin,
    "inv": inv,
    "legs": legs,
    "fout": fout,
    "dfout": dfout,
}


def by_scale(modes: Tensor, n_streams: int) -> Tensor:
    """Share modes (M·n,), slow to fast, out over streams that come fine to coarse: (M, n).

    The coarsest stream gets the slowest modes, the finest the fastest, as in the real cores the
    coarsest stream gets those that remember longest.

    Examples
    --------
    >>> by_scale(torch.arange(6), 3)
    tensor([[4, 5],
            [2, 3],
            [0, 1]])
    """
    return modes.view(n_streams, -1).flip(0)
