"""What the diagonal real cores share: parameters, their start, the fused layer, the step."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels import ms_scan
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores.core import Core
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.model.mixer import ScaleMixer, mixing_weights


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


class DiagonalCore(Core):
    """Diagonal real state-space models: h_t = exp(ΔA) h_{t−1} + ΔB x̂_t, y_t = C h_t + D x̂_t.

    Where Δ, B and C come from is a subclass's: :meth:`read`. One with another recurrence is better
    made from :class:`~msssm_ts.model.cores.core.Core`: all of this class's methods are of this one.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes.
    dt_min, dt_max : float
        Range of Δ at the start, in steps; log-uniform over channels.

    Notes
    -----
    The paper prints B̄ with exp(ΔA − I) where exp(ΔA) − I is meant; like Mamba's, this code uses
    the simpler B̄ = ΔB.
    """

    shared = ("A_log",)
    skip = "D"
    counts_gaps = True

    def __init__(self, config: MSSSMConfig, dt_min: float = 1e-3, dt_max: float = 1e-1):
        super().__init__(config)
        d, n_streams = config.d_model, config.n_streams
        diagonal = scale_dependent_diagonal(n_streams, config.stream_state)
        self.A_log = nn.Parameter(torch.log(-diagonal).unsqueeze(1).repeat(1, d, 1))
        self.D = nn.Parameter(torch.ones(n_streams, d))
        dt = torch.exp(torch.empty(n_streams, d).uniform_(math.log(dt_min), math.log(dt_max)))
        # softplus(dt_bias) = dt
        self.dt_bias = nn.Parameter(dt + torch.log(-torch.expm1(-dt)))

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`__init__` makes."""
        d, n_streams = config.d_model, config.n_streams
        rows = (n_streams, d)
        return {"A_log": (*rows, config.stream_state), "D": rows, "dt_bias": rows}

    @property
    def A(self) -> Tensor:
        """Diagonals (M, d, n), negative."""
        return -torch.exp(self.A_log)

    @property
    def initial_step(self) -> Tensor:
        """Δ (M, d) where the signal is zero."""
        return functional.softplus(self.dt_bias)

    def read(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
        """Return what :func:`~msssm_ts.kernels.ms_scan` takes for a signal.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            The layer's signal.

        Returns
        -------
        B, C : Tensor of shape (b, l, M, n); time-invariant: (M, d, n)
            Input and output maps.
        dt, dt_weight : Tensor of shape (b, l, M, r) and (M, d, r), or None
            Low-rank factors of Δ; time-invariant: none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no read")

    def layer(
        self,
        x: Tensor,
        gate: Tensor,
        decomposition: MultiScaleDecomposition,
        mixer: ScaleMixer | None,
        lengths: Tensor | None = None,
        times: Tensor | None = None,
        reverse: bool = False,
    ) -> Tensor:
        """Run the whole layer in one kernel; parameters as in the base class."""
        if times is not None:
            return super().layer(x, gate, decomposition, mixer, lengths, times, reverse)
        B, C, dt, dt_weight = self.read(x)
        E = mixing_weights(mixer, x)
        y, _ = ms_scan(
            x,
            decomposition.phi,
            decomposition.psi,
            self.A,
            B,
            C,
            self.D,
            E,
            self.dt_bias,
            dt=dt,
            dt_weight=dt_weight,
            gate=gate,
            lengths=lengths,
            reverse=reverse,
        )
        return y

    def initial_state(self, batch: int) -> Tensor:
        """Return zeros (b, M, d, n)."""
        return self.A_log.new_zeros(batch, *self.A_log.shape)

    def step(self, streams: Tensor, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run one step; parameters as in the base class, the state (b, M, d, n)."""
        delta, B, C = self._at(x)
        inputs = streams.transpose(0, 1)
        state = torch.exp(delta * self.A) * state + delta * B * inputs.unsqueeze(-1)
        y = (C * state).sum(-1) + self.D * inputs
        return y.transpose(0, 1), state

    def _at(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return Δ, B and C of one step of a signal (b, d), to be broadcast to (b, M, d, n)."""
        raise NotImplementedError(f"{type(self).__name__} has no step")

    def decay(self) -> Tensor:
        """Return Δ₀A, (M, d, n) in float64, with Δ₀ the step where the signal is zero."""
        return self.initial_step.double().unsqueeze(-1) * self.A.double()
