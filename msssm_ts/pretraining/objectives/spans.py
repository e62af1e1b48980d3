"""Spans that are hidden, and filled in by what is around them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.layers import changing_stem, last_steps
from msssm_ts.pretraining.objectives.objective import Objective, answers_each_step
from msssm_ts.training.batches import Batch

# A span, as a part of its series: single steps are solved by interpolation. And how much of a
# series is hidden, about, where spans meet.
_SPAN, _HIDDEN = 0.1, 0.4


class Spans(Objective):
    """Fill in spans of a tenth of a series; only these count in the loss, mean absolute error.

    A hidden step is 0, the mean of standardised series; that it is hidden is told beside it. To a
    stem that projects, the vector that is added behind it is what a mask among the channels would
    be; it is left behind when the network goes on to learn labels, where nothing is hidden.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.
    """

    summary = "fill in spans that are hidden"
    method = Method(
        "The network was first trained to fill in hidden spans of unlabelled series "
        "[@amos2024never].",
        (
            """@inproceedings{amos2024never,
  author = {Amos, Ido and Berant, Jonathan and Gupta, Ankit},
  title = {Never Train from Scratch: Fair Comparison of Long-Sequence Models Requires Data-Driven
           Priors},
  booktitle = {International Conference on Learning Representations (ICLR)},
  year = {2024}
}""",
        ),
    )

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        self.hidden = nn.Parameter(torch.zeros(config.d_model))
        self.decoder = nn.Linear(config.d_model, config.stride * config.n_channels)

    @classmethod
    def refusal(cls, config: MSSSMConfig) -> str:
        """Refuse networks that have no answer for each step, and those that see one side only."""
        if not config.bidirectional:
            return (
                "objective='spans' (--objective) is about what stands on both sides, and a causal "
                "network sees one: take --objective next"
            )
        return answers_each_step(config, "spans")

    def forward(self, network: MSSSMNetwork, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the mean absolute error on hidden steps."""
        x, lengths, observed, _ = batch
        stride, (b, l, c) = self.config.stride, x.shape
        n = -(-l // stride)
        own = torch.full((b,), l) if lengths is None else lengths.cpu()
        hidden = drawn_spans(-(-own // stride), n, generator).to(x.device)
        shown = hidden.repeat_interleave(stride, 1)[:, :l, None]

        def told(made: Tensor) -> Tensor:
            return made + hidden.unsqueeze(-1) * self.hidden

        with changing_stem(network, told):
            steps, _ = last_steps(network, x.masked_fill(shown, 0.0), lengths, observed)
        filled = self.decoder(steps).view(b, n * stride, c)[:, :l]
        asked = shown[..., 0] & (torch.arange(l) < own[:, None]).to(x.device)
        if observed is not None:
            asked = asked & observed
        # Where nothing is asked of a batch, it teaches nothing.
        error = functional.l1_loss(filled, x, reduction="none").mean(-1)
        return (error * asked).sum() / asked.sum().clamp(min=1)


def drawn_spans(sizes: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Draw which steps of each series are hidden, (b, n).

    Parameters
    ----------
    sizes : integer Tensor of shape (b,)
        Steps of each.
    n : int
        Of the longest.
    generator : torch.Generator
        On the CPU.

    Examples
    --------
    >>> hidden = drawn_spans(torch.tensor([100, 1, 30]), 100, torch.Generator().manual_seed(0))
    >>> hidden.shape, bool(hidden.any(1).all())
    (torch.Size([3, 100]), True)
    >>> 25 < int(hidden[0].sum()) <= 40
    True
    """
    width = (sizes * _SPAN).round().clamp(min=1)
    count = (sizes * _HIDDEN / width).floor().clamp(min=1)
    most = int(count.max())
    begin = torch.rand(len(sizes), most, generator=generator) * (sizes - width + 1)[:, None]
    begin = begin.floor().masked_fill(torch.arange(most) >= count[:, None], n)
    place = torch.arange(n)
    within = (place >= begin[..., None]) & (place < (begin + width[:, None])[..., None])
    return within.any(1)
