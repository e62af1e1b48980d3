"""The array of state-space models, one per stream."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.config import Core


def scale_dependent_diagonal(n_streams: int, n: int) -> Tensor:
    """Return the initial diag(A) of each stream, (M, n): −1 … −M·n from coarsest to finest.

    The streams come fine to coarse; the coarsest gets −1 … −n, whose eigenvalues exp(Δ₀A) are
    nearest to 1 and remember longest. Concatenated it is S4D-real's Aₙ = −(n + 1).

    The interval (0, N] that the paper prints for s = S + 1 would be unstable; this is the rule
    that its Fig. 2 draws.

    Examples
    --------
    >>> scale_dependent_diagonal(3, 2)
    tensor([[-5., -6.],
            [-3., -4.],
            [-1., -2.]])
    """
    blocks = torch.arange(1.0, n_streams * n + 1).view(n_streams, n)
    return -blocks.flip(0)


class SSMArray(nn.Module):
    """Parameters of M diagonal state-space models, and what they read off the input.

    Parameters
    ----------
    d : int
        Channels.
    n_streams : int
        Streams M.
    n : int
        State per stream.
    dt_rank : int
        Rank of Δ's projection.
    core : {"s6", "lti"}
        S6: Bˢ_t, Cˢ_t = Linear(x_t) and Δˢ_t = softplus(Linear(x_t)), functions of the original
        x_t and not of the band. LTI: parameters.
    dt_min, dt_max : float
        Range of Δ at the start, in steps; log-uniform over channels.

    Notes
    -----
    The paper prints B̄ with exp(ΔA − I) where exp(ΔA) − I is meant; like Mamba's, this code uses
    the simpler B̄ = ΔB.
    """

    def __init__(
        self,
        d: int,
        n_streams: int,
        n: int,
        dt_rank: int,
        core: Core,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
    ):
        super().__init__()
        self.core, self.shape, self.dt_rank = core, (n_streams, n), dt_rank
        diagonal = scale_dependent_diagonal(n_streams, n)
        self.A_log = nn.Parameter(torch.log(-diagonal).unsqueeze(1).repeat(1, d, 1))
        self.D = nn.Parameter(torch.ones(n_streams, d))
        dt = torch.exp(torch.empty(n_streams, d).uniform_(math.log(dt_min), math.log(dt_max)))
        # softplus(dt_bias) = dt
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))
        if core == "s6":
            self.dt_weight = nn.Parameter(torch.empty(n_streams, d, dt_rank))
            nn.init.uniform_(self.dt_weight, -(dt_rank**-0.5), dt_rank**-0.5)
            self.maps = nn.Linear(d, n_streams * (2 * n + dt_rank), bias=False)
        else:
            self.B = nn.Parameter(torch.ones(n_streams, d, n))
            self.C = nn.Parameter(torch.randn(n_streams, d, n) * n**-0.5)

    @property
    def A(self) -> Tensor:
        """Diagonals (M, d, n), negative."""
        return -torch.exp(self.A_log)

    @property
    def initial_step(self) -> Tensor:
        """Δ (M, d) where the input is zero."""
        return functional.softplus(self.dt_bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Return B, C, Δ's low-rank factor (b, l, M, r) and its weight (M, d, r) for x (b, l, d).

        S6: B and C are (b, l, M, n). LTI: (M, d, n), and no Δ factors.
        """
        if self.core == "lti":
            return self.B, self.C, None, None
        n_streams, n = self.shape
        sizes = [n_streams * n, n_streams * n, n_streams * self.dt_rank]
        B, C, dt = (p.unflatten(-1, (n_streams, -1)) for p in self.maps(x).split(sizes, dim=-1))
        return B, C, dt, self.dt_weight
