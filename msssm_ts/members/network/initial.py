"""What a network begins with: random weights, an encoder that comes along, or the user's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

import torch
from torch import nn

from msssm_ts.errors import InputError
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.pretraining.encoder import SIZES
from msssm_ts.pretraining.known import Known
from msssm_ts.pretraining.sound import other_than_sound, take_over
from msssm_ts.pretraining.weights import shipped

Init = Literal["auto", "random", "pretrained"] | Known
# What is another in a network that learns labels.
_OF_LABELS = ("n_outputs", "dropout", "pooling")
# What blocks of the shape of those that come along have in common.
_OF_BLOCKS = ("core", "bidirectional", "split_directions", "directions", "pyramid", *SIZES)


def begun(config: MSSSMConfig, init: Init) -> MSSSMNetwork:
    """Return a network to train.

    Of series the stem of the encoder that comes along reads the channel, or each of several in a
    direction drawn for it; its blocks go on, norm and head begin at random. Of a network of sound,
    or one that has learned from the user's series, only the head does.

    Parameters
    ----------
    config : MSSSMConfig
        Its shape.
    init : {"auto", "random", "pretrained"} or Known
        What it begins with.

    Raises
    ------
    InputError
        If the encoder is of another shape.
    """
    network = MSSSMNetwork(config)
    check_shape(config, init)
    init = beginning(config, init)
    if init == "random":
        return network
    if isinstance(init, Known):
        own = {k: v for k, v in network.state_dict().items() if k.startswith("head.")}
        network.load_state_dict(init.network.state_dict() | own)
        return network
    if config.stem_bands:
        return take_over(network)
    known = shipped()
    network.blocks.load_state_dict(known.blocks.state_dict())
    stem = network.stem
    assert isinstance(stem, nn.Linear)
    assert isinstance(known.stem, nn.Linear)
    with torch.no_grad():
        weight = known.stem.weight
        if config.n_channels > 1:
            # Were all read alike, their sum alone would come through. Together they are as strong
            # as the one channel that the encoder knows, where they are independent.
            strength = weight.square().mean().sqrt() / config.n_channels**0.5
            weight = strength * torch.randn_like(stem.weight)
        stem.weight.copy_(weight)
        assert stem.bias is not None
        assert known.stem.bias is not None
        stem.bias.copy_(known.stem.bias)
    return network


def beginning(config: MSSSMConfig, init: Init) -> Literal["random", "pretrained"] | Known:
    """Return what is begun with where "auto" may be asked for.

    That is what comes along, where it is of the same shape, and not for series of several channels
    (docs/tried/initial-weights.md).
    """
    if init != "auto":
        return init
    several = config.n_channels > 1 and not config.stem_bands
    return "random" if several or other_than_known(config) else "pretrained"


def knows_features(config: MSSSMConfig, init: Init) -> bool:
    """Whether what :func:`begun` returns makes the features of series that it has learned to.

    Not of several channels, whose directions are drawn.
    """
    known = beginning(config, init) == "pretrained"
    return known and not config.stem_bands and config.n_channels == 1


def check_shape(config: MSSSMConfig, init: Init) -> None:
    """Raise InputError where :func:`begun` would."""
    if isinstance(init, Known):
        if config != (wanted := as_known(config, init.config)):
            raise InputError(
                f"the encoder that init={init.name!r} (--init) begins with is of another shape: "
                f"{_differing(config, wanted)}; leave out what makes the network another, or "
                "pretrain one of its shape"
            )
        return
    if init == "pretrained" and (other := other_than_known(config)):
        raise InputError(
            f"the encoder that init='pretrained' (--init) begins with is of another shape: {other}"
            "; leave init out, or what makes the network another"
        )


def usual_shape() -> dict[str, Any]:
    """Return the parameters with which a network of one channel begins with what comes along."""
    known = shipped().config
    return {name: getattr(known, name) for name in _OF_BLOCKS} | {"stem_stride": "auto"}


def other_than_known(config: MSSSMConfig) -> str:
    """Say in what a network's blocks are others than those that come along, or its stem."""
    if config.stem_bands:
        return other_than_sound(config)
    known = shipped().config
    differing = [
        f"{name} is {getattr(known, name)} there and {getattr(config, name)} here"
        for name in _OF_BLOCKS
        if getattr(config, name) != getattr(known, name)
    ]
    if config.stride > 1:
        differing.append("it takes in every step of a series, and here a filter bank stands before")
    if config.variates != "mix":
        differing.append(f"it mixes channels, and variates={config.variates!r} keeps them apart")
    return ", ".join(differing)


def as_known(config: MSSSMConfig, known: MSSSMConfig) -> MSSSMConfig:
    """Return a known network's shape, with what is a labelled one's own."""
    return MSSSMConfig(**asdict(known) | {name: getattr(config, name) for name in _OF_LABELS})


def _differing(config: MSSSMConfig, known: MSSSMConfig) -> str:
    here, there = asdict(config), asdict(known)
    return ", ".join(
        f"{name} is {there[name]} there and {here[name]} here"
        for name in here
        if here[name] != there[name]
    )
