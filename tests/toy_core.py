"""Two cores in one file outside the package: the first has only what a core must have."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch._higher_order_ops.scan import scan

from msssm_ts.model import Core, MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.model.cores.core import CoreCost


class ExponentialAverage(Core):
    """y_t = λ y_{t−1} + (1 − λ) x̂_t, one learned λ a stream and channel."""

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        logits = torch.linspace(-1.0, 3.0, config.n_streams).unsqueeze(1)
        self.rate = nn.Parameter(logits.repeat(1, config.d_model))

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        lam = torch.sigmoid(self.rate).unsqueeze(1)
        y = [torch.zeros_like(streams[:, :, 0])]
        for now in streams.unbind(2):
            y.append(lam * y[-1] + (1 - lam) * now)
        return torch.stack(y[1:], 2)


class SteppingAverage(ExponentialAverage):
    """The same, which also steps, is exported, and says what can be said of it."""

    def initial_state(self, batch: int) -> Tensor:
        n_streams, d = self.rate.shape
        return self.rate.new_zeros(n_streams, batch, d)

    def step(self, streams: Tensor, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        lam = torch.sigmoid(self.rate).unsqueeze(1)
        state = lam * state + (1 - lam) * streams
        return state, state

    def decay(self) -> Tensor:
        return nn.functional.logsigmoid(self.rate.double()).unsqueeze(-1)

    def cost(self) -> CoreCost:
        return CoreCost(0, 2 * self.rate.numel(), 0)

    @classmethod
    def export_form(cls, cores: list[SteppingAverage]) -> nn.Module:
        return _Exported(torch.cat([core.rate for core in cores]))


class _Exported(nn.Module):
    def __init__(self, rate: Tensor):
        super().__init__()
        self.lam = nn.Parameter(torch.sigmoid(rate.detach()))

    def forward(self, streams: Tensor, signals: list[Tensor]) -> Tensor:
        lam = self.lam

        def step(h: Tensor, now: Tensor) -> tuple[Tensor, Tensor]:
            h = lam * h + (1 - lam) * now
            return h, h.clone()

        y: Tensor = scan(step, torch.zeros_like(streams[0]), streams)[1]
        return y


CORES.register("ema", "exponential moving average", lambda: ExponentialAverage)
CORES.register("stepping_ema", "exponential moving average that steps", lambda: SteppingAverage)
