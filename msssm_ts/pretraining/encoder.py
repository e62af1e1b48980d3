"""A network's blocks, read out layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.classifier import counted_steps
from msssm_ts.model.shapes import Shapes, weight_shapes

# Mean, largest and deviation over the steps.
N_POOLS = 3
# What an encoder is made by, and a file says of it.
SIZES = ("n_scales", "d_model", "n_layers", "d_state", "kernel_size")


class Encoder(nn.Module):
    """From a series of one channel to a vector: every layer's mean, largest and deviation.

    Layers in the middle often tell more of other tasks than the last one; all of them are read.

    Parameters
    ----------
    config : MSSSMConfig
        Of a network of one channel; its head is of no use.

    Examples
    --------
    >>> import torch
    >>> encoder = Encoder(MSSSMConfig(n_channels=1, n_outputs=1, d_model=16, n_layers=2))
    >>> encoder(torch.randn(5, 40, 1), torch.tensor([40, 3, 1, 17, 9])).shape
    torch.Size([5, 96])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.config = config
        network = MSSSMNetwork(config)
        self.stem, self.blocks = network.stem, network.blocks

    @classmethod
    def of(cls, sizes: Mapping[str, int], weights: Mapping[str, Tensor]) -> Self:
        """Return the encoder that files hold, in evaluation mode, not to be trained.

        Parameters
        ----------
        sizes : mapping
            :data:`SIZES`, by name.
        weights : mapping of str to Tensor
            Its ``state_dict``.
        """
        with torch.random.fork_rng(devices=[]):
            encoder = cls(encoder_config(**sizes))
        encoder.load_state_dict(weights)
        return encoder.eval().requires_grad_(False)

    @property
    def sizes(self) -> dict[str, int]:
        """:data:`SIZES`, by name."""
        return {name: getattr(self.config, name) for name in SIZES}

    @staticmethod
    def count_features(config: MSSSMConfig) -> int:
        """Numbers that an encoder of a shape makes of a series."""
        return N_POOLS * config.n_layers * config.d_model

    @property
    def n_features(self) -> int:
        """Numbers that a series becomes."""
        return self.count_features(self.config)

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, observed: Tensor | None = None
    ) -> Tensor:
        """Encode.

        Parameters
        ----------
        x : Tensor of shape (b, l, 1)
            Series.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each.
        observed : boolean Tensor of shape (b, l), optional
            Steps that count.

        Returns
        -------
        Tensor of shape (b, n_features)
        """
        counted = counted_steps(x.shape[1], lengths, observed)
        mask = None if observed is None else observed.unsqueeze(-1).to(x.dtype)
        x = self.stem(x)
        levels = []
        for block in self.blocks:
            x = block(x, lengths, mask)
            levels.append(pooled(functional.layer_norm(x, x.shape[-1:]), counted))
        return torch.cat(levels, -1)


def encoder_config(
    n_scales: int, d_model: int, n_layers: int, d_state: int, kernel_size: int
) -> MSSSMConfig:
    """Return the shape of an encoder.

    Raises
    ------
    ValueError
        For a size that is out of range.
    """
    sizes = {"n_scales": n_scales, "d_model": d_model, "n_layers": n_layers, "d_state": d_state}
    rest = asdict(MSSSMConfig(1, 1, core="lti", dropout=0.0))
    return MSSSMConfig.from_dict(rest | sizes | {"kernel_size": kernel_size})


def encoder_shapes(config: MSSSMConfig) -> Shapes:
    """Return the shapes of ``Encoder(config).state_dict()``, before there is memory for it.

    Examples
    --------
    >>> config = encoder_config(3, 16, 2, 20, 8)
    >>> own = {name: tuple(t.shape) for name, t in Encoder(config).state_dict().items()}
    >>> encoder_shapes(config) == own
    True
    """
    every = weight_shapes(config)
    return {name: s for name, s in every.items() if name.startswith(("stem.", "blocks."))}


def pooled(x: Tensor, counted: Tensor | None) -> Tensor:
    """Mean, largest and deviation of x (b, l, d) over the steps (b, l) that count: (b, 3d)."""
    if counted is None:
        mean = x.mean(1)
        spread = (x - mean.unsqueeze(1)).square().mean(1)
        return torch.cat([mean, x.amax(1), (spread + 1e-6).sqrt()], -1)
    valid = counted.unsqueeze(-1)
    n = counted.sum(1, keepdim=True).to(x.dtype)
    mean = torch.where(valid, x, 0.0).sum(1) / n
    spread = torch.where(valid, x - mean.unsqueeze(1), 0.0).square().sum(1) / n
    largest = torch.where(valid, x, -torch.inf).amax(1)
    return torch.cat([mean, largest, (spread + 1e-6).sqrt()], -1)
