"""The next steps, told by those before."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.layers import last_steps
from msssm_ts.pretraining.objectives.objective import Objective, answers_each_step
from msssm_ts.pretraining.objectives.spans import Spans
from msssm_ts.training.batches import Batch

# Steps ahead: the first alone is near the last one seen.
_AHEAD = 8


class Following(Objective):
    """Tell the next eight steps from those before, mean absolute error; for causal networks.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.
    """

    summary = "tell the next steps"
    method = Method(
        "The network was first trained to tell the next steps of unlabelled series "
        "[@amos2024never].",
        Spans.method.references,
    )

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        self.decoder = nn.Linear(config.d_model, _AHEAD * config.n_channels)

    @classmethod
    def refusal(cls, config: MSSSMConfig) -> str:
        """Refuse networks that see what they are to tell."""
        if config.bidirectional:
            return (
                "objective='next' (--objective) is for networks that read forward in time only: "
                "add --causal (bidirectional=False), or take --objective spans"
            )
        return answers_each_step(config, "next")

    def forward(self, network: MSSSMNetwork, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the mean absolute error of the steps ahead."""
        x, lengths, observed, _ = batch
        b, l, c = x.shape
        steps, _ = last_steps(network, x, lengths, observed)
        told = self.decoder(steps).view(b, l, _AHEAD, c)
        counted = x.new_ones(b, l, dtype=torch.bool) if observed is None else observed
        if lengths is not None:
            counted = counted & (torch.arange(l, device=x.device) < lengths[:, None])
        total, n = x.new_zeros(()), 0
        for ahead in range(1, min(_AHEAD, l - 1) + 1):
            error = (told[:, :-ahead, ahead - 1] - x[:, ahead:]).abs().mean(-1)
            total = total + (error * counted[:, ahead:]).sum()
            n += int(counted[:, ahead:].sum())
        # Of series of one step there is nothing to tell.
        loss: Tensor = total / max(n, 1) + 0 * told.sum()
        return loss
