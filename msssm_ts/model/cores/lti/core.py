"""Time-invariant state-space models: diagonal S4 (Gu et al., "S4D", 2022), one a stream."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from msssm_ts.kernels import selective_scan, timed_scan
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores.core import CoreCost, FusedStep, StepInC
from msssm_ts.model.cores.diagonal import DiagonalCore
from msssm_ts.model.cores.gaps import gaps_of
from msssm_ts.model.cores.method import REAL_DIAGONAL


class LTI(DiagonalCore):
    """Δ, B and C are parameters, so that Ā = exp(ΔA) is computed once and not at every step.

    Parameters
    ----------
    config, dt_min, dt_max
        As for :class:`~msssm_ts.model.cores.diagonal.DiagonalCore`.

    Examples
    --------
    >>> core = LTI(MSSSMConfig(1, 2, n_scales=2, d_model=8))
    >>> core(torch.randn(4, 3, 9, 8), torch.randn(3, 9, 8)).shape
    torch.Size([4, 3, 9, 8])
    """

    methods = (REAL_DIAGONAL,)

    def __init__(self, config: MSSSMConfig, dt_min: float = 1e-3, dt_max: float = 1e-1):
        super().__init__(config, dt_min, dt_max)
        shape = self.A_log.shape
        self.B = nn.Parameter(torch.ones(shape))
        self.C = nn.Parameter(torch.randn(shape) * shape[-1] ** -0.5)

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`__init__` makes."""
        shapes = super().weight_shapes(config)
        return shapes | {"B": shapes["A_log"], "C": shapes["A_log"]}

    def read(self, x: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return B and C (M, d, n), and no factors of Δ, whatever the signal."""
        return self.B, self.C, None, None

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Scan stream by stream; parameters as in the base class."""
        if times is not None:
            log, drive = self.discrete()
            gaps, skip = gaps_of(times, x.dtype), self.D[:, None, None] * streams
            scanned = (
                timed_scan(*(inputs, gaps, log[s], drive[s] * self.C[s]), lengths=lengths)
                for s, inputs in enumerate(streams)
            )
            return torch.stack(list(scanned)) + skip
        delta, A = self.initial_step, self.A
        scans = (
            selective_scan(inputs, delta[s], A[s], self.B[s], self.C[s], self.D[s], lengths=lengths)
            for s, inputs in enumerate(streams)
        )
        return torch.stack([y for y, _ in scans])

    def _at(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.initial_step.unsqueeze(-1), self.B, self.C

    def discrete(self) -> tuple[Tensor, Tensor]:
        """Return log Ā = ΔA and B̄ = ΔB, (M, d, n)."""
        delta = self.initial_step.unsqueeze(-1)
        return delta * self.A, delta * self.B

    def fused_step(self) -> FusedStep:
        """Return Ā, D and C B̄."""
        log, drive = self.discrete()
        return FusedStep(torch.exp(log), self.D, drive * self.C)

    def step_in_c(self) -> StepInC:
        """Return the step of ``step.c``, with what does not move multiplied out."""
        log, drive = self.discrete()
        arrays = {"A": torch.exp(log), "B": drive, "C": self.C, "D": self.D}
        code = Path(__file__).with_name("step.c").read_text(encoding="utf-8")
        return StepInC(code, arrays, log.numel(), {"STATES": log.shape[-1]})

    def cost(self) -> CoreCost:
        """Count a step as the fused kernel does it; Ā and B̄, once a batch, are not counted."""
        n_streams, d, n = self.A_log.shape
        # λh + x and C·h a state, the skip a stream.
        return CoreCost(0, d * n_streams * (2 * n + 1), 0)

    @classmethod
    def export_form(cls, cores: Sequence[Self]) -> nn.Module:
        """Return the recurrences in blocks of steps."""
        from msssm_ts.model.cores.blocks import Blocks

        parts = [core.discrete() for core in cores]
        C = [drive * core.C for (_, drive), core in zip(parts, cores, strict=True)]
        skips = torch.cat([core.D for core in cores])
        return Blocks(torch.cat([log for log, _ in parts]), torch.cat(C), skips)
