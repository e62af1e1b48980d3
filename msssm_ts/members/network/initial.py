"""What a network begins with: random weights, or an encoder that has seen made-up series."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.encoder import Encoder, encoder_config
from msssm_ts.pretraining.weights import shipped

Init = Literal["auto", "random", "pretrained"]
_SIZES = ("n_scales", "d_model", "n_layers", "d_state", "kernel_size")


def fits(config: MSSSMConfig, encoder: Encoder) -> bool:
    """Whether a network's blocks are of an encoder's shape, and take in every step as it does.

    Examples
    --------
    >>> fits(MSSSMConfig(2, 5, core="lti"), shipped()), fits(MSSSMConfig(2, 5), shipped())
    (True, False)
    """
    same = encoder_config(**{name: getattr(config, name) for name in _SIZES})
    alike = ("core", "bidirectional", "split_directions")
    return (
        same == encoder.config
        and all(getattr(config, name) == getattr(same, name) for name in alike)
        and config.stride == 1
    )


def begun(config: MSSSMConfig, init: Init) -> MSSSMNetwork:
    """Return a network to train.

    Where the encoder fits, its stem reads every channel, and its blocks go on; norm and head
    begin at random.

    Parameters
    ----------
    config : MSSSMConfig
        Its shape.
    init : {"auto", "random", "pretrained"}
        What it begins with; "auto": the encoder that is shipped where it fits.
    """
    network = MSSSMNetwork(config)
    if init == "random" or not fits(config, shipped()):
        return network
    known = shipped()
    network.blocks.load_state_dict(known.blocks.state_dict())
    stem = network.stem
    assert isinstance(stem, nn.Linear)
    assert isinstance(known.stem, nn.Linear)
    with torch.no_grad():
        # As strong as one channel would be, where channels are independent.
        weight = known.stem.weight / config.n_channels**0.5
        stem.weight.copy_(weight.expand_as(stem.weight))
        assert stem.bias is not None
        assert known.stem.bias is not None
        stem.bias.copy_(known.stem.bias)
    return network
