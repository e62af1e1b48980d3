"""Series with noise among them, and how the two are told apart."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.classifier import counted_steps
from msssm_ts.pretraining.layers import changing_stem, last_steps
from msssm_ts.pretraining.objectives.objective import Objective, answers_each_step
from msssm_ts.training.batches import Batch

# Levels of noise; the last is noise alone.
_LEVELS = 50
# Where the cosine begins, so that the first levels are not too much alike.
_OFFSET = 0.008
# Pairs of sine and cosine that tell the network the level.
_WAVES = 8


class Diffusion(Objective):
    """Tell noise from the series that it was mixed with, at one of fifty levels; squared error.

    With ᾱ the share of the series at a level (:func:`share_of_series`), x the series and ε noise,
    the network sees √ᾱ x + √(1 − ᾱ) ε and is asked for v = √ᾱ ε − √(1 − ᾱ) x at each step. The
    level is told by a vector that is added behind the stem. It is 0 where there is no noise: left
    behind when the network goes on to learn labels, nothing is missing.

    Parameters
    ----------
    config : MSSSMConfig
        Of the network.
    """

    summary = "tell series from noise among them"
    unit = "squared deviations"
    method = Method(
        "The network was first trained to tell unlabelled series from noise among them, as "
        "diffusion models are [@puah2025eegdm].",
        (
            """@misc{puah2025eegdm,
  author = {Puah, Jia Hong and Goh, Sim Kuan and Zhang, Ziwei and Ye, Zixuan and
            Chan, Chow Khuen and Lim, Kheng Seang and Fong, Si Lei and Woon, Kok Sin and
            Guan, Cuntai},
  title = {{EEGDM}: {EEG} Representation Learning via Generative Diffusion Model},
  year = {2025},
  eprint = {2508.14086},
  archivePrefix = {arXiv}
}""",
        ),
    )

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        self.level = nn.Linear(2 * _WAVES, config.d_model, bias=False)
        nn.init.zeros_(self.level.weight)
        self.decoder = nn.Linear(config.d_model, config.stride * config.n_channels)

    @classmethod
    def refusal(cls, config: MSSSMConfig) -> str:
        """Refuse networks that have no answer for each step."""
        return answers_each_step(config, "diffusion")

    def forward(self, network: MSSSMNetwork, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the mean squared error of v."""
        x, lengths, observed, _ = batch
        b, l, c = x.shape
        k = torch.randint(1, _LEVELS + 1, (b,), generator=generator)
        noise = torch.randn(x.shape, generator=generator).to(x)
        share = share_of_series(k).to(x).view(b, 1, 1)
        vector = self.level(waves(k).to(x)).unsqueeze(1)
        counted = counted_steps(l, lengths, observed)
        seen = share.sqrt() * x + (1 - share).sqrt() * noise
        if counted is not None:
            # A stem may look beside a step.
            seen = seen * counted.unsqueeze(-1)
        with changing_stem(network, lambda made: made + vector):
            steps, _ = last_steps(network, seen, lengths, observed)
        told = self.decoder(steps).view(b, -1, c)[:, :l]
        asked = share.sqrt() * noise - (1 - share).sqrt() * x
        error = functional.mse_loss(told, asked, reduction="none").mean(-1)
        return error.mean() if counted is None else error[counted].mean()


def share_of_series(k: Tensor) -> Tensor:
    """Return ᾱ, how much of the variance is the series' at a level k: a squared cosine.

    Examples
    --------
    >>> share_of_series(torch.tensor([0, 1, 25, 49, 50])).round(decimals=3).tolist()
    [1.0, 0.998, 0.494, 0.001, 0.0]
    """

    def curve(part: Tensor) -> Tensor:
        return torch.cos((part + _OFFSET) / (1 + _OFFSET) * math.pi / 2).square()

    return curve(k.double() / _LEVELS) / curve(torch.zeros((), dtype=torch.float64))


def waves(k: Tensor) -> Tensor:
    """Return what tells a level: (b, 2 · 8) sines, and cosines less 1, so that all are 0 at 0.

    Examples
    --------
    >>> waves(torch.tensor([0, 50])).shape, waves(torch.tensor([0])).any().item()
    (torch.Size([2, 16]), False)
    """
    rates = _LEVELS ** -torch.linspace(0, 1, _WAVES, dtype=torch.float64)
    angle = k.double().unsqueeze(-1) * rates
    return torch.cat([angle.sin(), angle.cos() - 1], -1)
