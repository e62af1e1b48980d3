"""Two views of a series, told from those of all others."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.layers import codes, count_codes
from msssm_ts.pretraining.objectives.objective import Objective
from msssm_ts.training.augmentation import stretched
from msssm_ts.training.batches import Batch

# Numbers by which views are compared, and the temperature.
_WIDTH, _TEMPERATURE = 64, 0.2
# Of a view: the least part of the series, how much it is stretched, made larger, and disturbed.
_LEAST, _WARP, _SCALE, _NOISE = 0.8, 0.15, 0.2, 0.05


class Contrast(Objective):
    """Know two views of a series again among those of a batch: SimCLR, on all layers' codes.

    A view is a stretch of four fifths of the series or more, warped in time by up to 15 %, scaled
    channel by channel and disturbed a little. Where values are missing it is not warped.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.
    """

    summary = "know two views of a series again among those of others"
    unit = "nats"
    method = Method(
        "The network was first trained to tell views of an unlabelled series from those of others "
        "[@chen2020simclr].",
        (
            """@inproceedings{chen2020simclr,
  author = {Chen, Ting and Kornblith, Simon and Norouzi, Mohammad and Hinton, Geoffrey},
  title = {A Simple Framework for Contrastive Learning of Visual Representations},
  booktitle = {International Conference on Machine Learning (ICML)},
  year = {2020}
}""",
        ),
    )
    least_series = 2

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        n = count_codes(config)
        self.compared = nn.Sequential(
            nn.Linear(n, 2 * _WIDTH), nn.GELU(), nn.Linear(2 * _WIDTH, _WIDTH)
        )

    def forward(self, network: MSSSMNetwork, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the cross-entropy of each view's other one."""
        b = len(batch.x)
        views = [
            functional.normalize(self.compared(codes(network, *view(batch, generator))), dim=-1)
            for _ in range(2)
        ]
        z = torch.cat(views)
        alike = z @ z.T / _TEMPERATURE
        # Nothing is compared with itself.
        alike = alike.masked_fill(torch.eye(2 * b, dtype=torch.bool, device=z.device), -torch.inf)
        other = torch.arange(2 * b, device=z.device).roll(b)
        return functional.cross_entropy(alike, other)


def view(batch: Batch, generator: torch.Generator) -> Batch:
    """Draw a view of each series, on the batch's device."""
    x, lengths, observed, _ = batch
    b, l, c = x.shape
    sizes = torch.full((b,), l) if lengths is None else lengths.cpu()
    if observed is None:
        drawn = 2 * torch.rand(b, generator=generator) - 1
        x = stretched(x, torch.exp(drawn * math.log1p(_WARP)), sizes, 0.5)
    # Of series of one length as much each: what has no padding is faster.
    part = _LEAST + (1 - _LEAST) * torch.rand(1 if lengths is None else b, generator=generator)
    kept = (sizes * part).ceil().long().clamp(min=1)
    begin = (torch.rand(b, generator=generator) * (sizes - kept + 1)).floor().long()
    place = torch.arange(int(kept.max()))
    source = torch.minimum(begin[:, None] + place, (sizes - 1)[:, None]).to(x.device)
    x = x.gather(1, source[..., None].expand(-1, -1, c))
    scale = torch.exp(_SCALE * torch.randn(b, 1, c, generator=generator)).to(x)
    noise = _NOISE * torch.randn(x.shape, generator=generator).to(x)
    x = (x * scale + noise) * (place < kept[:, None])[..., None].to(x)
    seen = None if observed is None else observed.gather(1, source)
    alike = lengths is None and seen is None
    return _some_seen(Batch(x, None if alike else kept.to(x.device), seen))


def _some_seen(batch: Batch) -> Batch:
    """Let a view count its first step where it would have none with a value."""
    if batch.observed is not None:
        assert batch.lengths is not None
        within = torch.arange(batch.x.shape[1], device=batch.x.device) < batch.lengths[:, None]
        batch.observed[:, 0] |= ~(batch.observed & within).any(1)
    return batch
