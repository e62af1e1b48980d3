"""The single-scale model that a multi-scale one is held against."""

from __future__ import annotations

from dataclasses import replace

import torch

from msssm_ts.model import MSSSMConfig, MSSSMNetwork


def single_scale(config: MSSSMConfig) -> MSSSMConfig:
    """Return the same network with one stream, which has all of the streams' state.

    Examples
    --------
    >>> one = single_scale(MSSSMConfig(1, 2, n_scales=3, d_state=20))
    >>> one.n_streams, one.stream_state
    (1, 20)
    """
    return replace(config, n_scales=0, d_state=config.n_streams * config.stream_state)


def untrained(config: MSSSMConfig, seed: int, like: MSSSMNetwork) -> MSSSMNetwork:
    """Initialise a network, on the device and in the precision of another, ready to evaluate.

    Examples
    --------
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1))
    >>> untrained(single_scale(network.config), 0, network).config.n_streams
    1
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MSSSMNetwork(config)
    weight = like.head.weight
    return network.to(weight.device, weight.dtype).eval()
