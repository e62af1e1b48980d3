"""Selective state-space models: S6 (Gu, Dao, "Mamba", 2023), one a stream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels import selective_scan
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores.core import CoreCost, FusedStep, StepInC
from msssm_ts.model.cores.diagonal import DiagonalCore
from msssm_ts.model.cores.gaps import gaps_of
from msssm_ts.model.cores.method import SELECTIVE
from msssm_ts.model.linear import Linear


class S6(DiagonalCore):
    """Bˢ_t, Cˢ_t = Linear(x_t) and Δˢ_t = softplus(Linear(x_t)), of low rank r.

    They are functions of the layer's signal x_t and not of the band x̂ˢ_t, which in the paper's
    ablation is slightly better.

    Parameters
    ----------
    config, dt_min, dt_max
        As for :class:`~msssm_ts.model.cores.diagonal.DiagonalCore`.

    Examples
    --------
    >>> core = S6(MSSSMConfig(1, 2, n_scales=2, d_model=8))
    >>> core(torch.randn(4, 3, 9, 8), torch.randn(3, 9, 8)).shape
    torch.Size([4, 3, 9, 8])
    """

    methods = (SELECTIVE,)

    def __init__(self, config: MSSSMConfig, dt_min: float = 1e-3, dt_max: float = 1e-1):
        super().__init__(config, dt_min, dt_max)
        d, n_streams, rank = config.d_model, config.n_streams, config.dt_rank
        self.dt_weight = nn.Parameter(torch.empty(n_streams, d, rank))
        nn.init.uniform_(self.dt_weight, -(rank**-0.5), rank**-0.5)
        self.maps = Linear(d, n_streams * (2 * config.stream_state + rank), bias=False)

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`__init__` makes."""
        d, n_streams, rank = config.d_model, config.n_streams, config.dt_rank
        return super().weight_shapes(config) | {
            "dt_weight": (n_streams, d, rank),
            "maps.weight": (n_streams * (2 * config.stream_state + rank), d),
        }

    def read(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return B and C (b, l, M, n), Δ's factor (b, l, M, r) and its weight (M, d, r)."""
        n_streams, _, n = self.A_log.shape
        sizes = [n_streams * n, n_streams * n, n_streams * self.dt_weight.shape[-1]]
        B, C, dt = (p.unflatten(-1, (n_streams, -1)) for p in self.maps(x).split(sizes, dim=-1))
        return B, C, dt, self.dt_weight

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Scan stream by stream; parameters as in the base class."""
        B, C, dt, _ = self.read(x)
        delta, A, inputs = self._steps(dt), self.A, streams
        if times is not None:
            own, gaps = delta, gaps_of(times, x.dtype)[:, :, None, None]
            # What is longer than a step passes as where the signal is zero; a step puts in what
            # it does whatever the gap before it.
            delta = own * gaps.clamp(max=1) + self.initial_step * (gaps - 1).clamp(min=0)
            inputs = streams * (own / delta).movedim(2, 0)
        scans = (
            selective_scan(one, delta[:, :, s], A[s], B[:, :, s], C[:, :, s], lengths=lengths)[0]
            for s, one in enumerate(inputs)
        )
        return torch.stack(list(scans)) + self.D[:, None, None] * streams

    def step_sizes(self, x: Tensor) -> Tensor:
        """Return Δ (b, l, M, d) at every step of a signal x (b, l, d)."""
        return self._steps(self.read(x)[2])

    def _steps(self, dt: Tensor) -> Tensor:
        low_rank = torch.einsum("blmr,mdr->blmd", dt, self.dt_weight)
        return functional.softplus(low_rank + self.dt_bias)

    def _at(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        B, C, dt, _ = self.read(x.unsqueeze(1))
        return self._steps(dt)[:, 0].unsqueeze(-1), B[:, 0].unsqueeze(2), C[:, 0].unsqueeze(2)

    def fused_step(self) -> FusedStep:
        """Return A, D, the maps and Δ's weights."""
        weights = {"maps": self.maps.weight, "dt_weight": self.dt_weight, "dt_bias": self.dt_bias}
        return FusedStep(self.A, self.D, **weights)

    def step_in_c(self) -> StepInC:
        """Return the step of ``step.c``, which reads B, C and Δ's factors off the signal."""
        arrays = {
            "A": self.A, "D": self.D, "dt_weight": self.dt_weight, "dt_bias": self.dt_bias,
        }  # fmt: skip
        sizes = {"STATES": self.A_log.shape[-1], "RANK": self.dt_weight.shape[-1]}
        code = Path(__file__).with_name("step.c").read_text(encoding="utf-8")
        return StepInC(code, arrays, self.A_log.numel(), sizes, self.maps.weight)

    def cost(self) -> CoreCost:
        """Count a step as the fused kernel does it."""
        n_streams, d, n = self.A_log.shape
        per_stream = d * n_streams
        rank = self.dt_weight.shape[-1]
        # From x to B, C and Δ; ΔA, λh + …, B·(Δx) and C·h a state, Δ·x and the skip a stream;
        # exp(ΔA) a state, and two for softplus.
        return CoreCost(
            per_stream * (2 * n + 2 * rank), per_stream * (4 * n + 2), per_stream * (n + 2)
        )

    @classmethod
    def export_form(cls, cores: Sequence[Self]) -> nn.Module:
        """Return torch's ``scan`` over the steps."""
        from msssm_ts.model.cores.s6.export import ScannedS6

        return ScannedS6(cores)
