"""A network's blocks, read out layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.channel_pools import FEW_POOLS, MOST_POOLS, channel_pools
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.classifier import counted_steps
from msssm_ts.model.shapes import Shapes, weight_shapes

# What an encoder is made by, and a file says of it.
SIZES = ("n_scales", "d_model", "n_layers", "d_state", "kernel_size")


class Encoder(nn.Module):
    """From a series of one channel to a vector: what every layer says, pooled over the steps.

    Layers in the middle often tell more of other tasks than the last one; all of them are read.

    Parameters
    ----------
    config : MSSSMConfig
        Of a network of one channel; its head is of no use.
    n_pools : {3, 11}
        Of each channel, see :func:`~msssm_ts.kernels.channel_pools.channel_pools`.

    Examples
    --------
    >>> import torch
    >>> encoder = Encoder(MSSSMConfig(n_channels=1, n_outputs=1, d_model=16, n_layers=2))
    >>> encoder(torch.randn(5, 40, 1), torch.tensor([40, 3, 1, 17, 9])).shape
    torch.Size([5, 96])
    """

    def __init__(self, config: MSSSMConfig, n_pools: int = FEW_POOLS):
        super().__init__()
        self.config, self.n_pools = config, n_pools
        network = MSSSMNetwork(config)
        self.stem, self.blocks = network.stem, network.blocks

    @classmethod
    def of(cls, facts: Mapping[str, int], weights: Mapping[str, Tensor]) -> Self:
        """Return the encoder that files hold, in evaluation mode, not to be trained.

        Parameters
        ----------
        facts : mapping
            As :attr:`facts`; older files do not say ``n_pools``, which was then 3.
        weights : mapping of str to Tensor
            Its ``state_dict``.
        """
        with torch.random.fork_rng(devices=[]):
            encoder = cls(config_of(facts), n_pools_of(facts))
        encoder.load_state_dict(weights)
        return encoder.eval().requires_grad_(False)

    @property
    def sizes(self) -> dict[str, int]:
        """:data:`SIZES`, by name."""
        return {name: getattr(self.config, name) for name in SIZES}

    @property
    def facts(self) -> dict[str, int]:
        """Its sizes, and ``n_pools``."""
        return self.sizes | {"n_pools": self.n_pools}

    @property
    def n_features(self) -> int:
        """Numbers that a series becomes."""
        return count_features(self.facts)

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
            level = functional.layer_norm(x, x.shape[-1:])
            levels.append(channel_pools(level, counted, self.n_pools))
        return torch.cat(levels, -1)


def count_features(facts: Mapping[str, int]) -> int:
    """Count the numbers that an encoder, of which that is said, makes of a series.

    Examples
    --------
    >>> config = encoder_config(3, 16, 2, 20, 8)
    >>> [count_features(Encoder(config, n_pools).facts) for n_pools in (3, 11)]
    [96, 352]
    """
    return n_pools_of(facts) * facts["n_layers"] * facts["d_model"]


def n_pools_of(facts: Mapping[str, int]) -> int:
    """Return the number of pools; older files do not say it.

    Raises
    ------
    ValueError
        If there are none of so many.
    """
    n_pools = facts.get("n_pools", FEW_POOLS)
    if n_pools not in (FEW_POOLS, MOST_POOLS):
        raise ValueError(f"an encoder of {n_pools} pools, not {FEW_POOLS} or {MOST_POOLS}")
    return n_pools


def config_of(facts: Mapping[str, int]) -> MSSSMConfig:
    """Return the shape of the encoder that a file says so much of."""
    return encoder_config(**{name: facts[name] for name in SIZES})


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
