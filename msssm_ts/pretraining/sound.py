"""The network of sound that comes with the package: it has learned to tell made-up words apart."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.stem import FilterBankStem, SpectrumStem
from msssm_ts.pretraining.known import arrays_without_head, network_from
from msssm_ts.pretraining.layers import codes
from msssm_ts.pretraining.weights import read_weights, write_weights

SOUND_FILE = Path(__file__).parent / "sound.safetensors"
# What a model file says that it has learned; there is no objective of that name for series.
WORDS = "words"
# Mel bands, or filters of a bank, that it reads.
N_BANDS = 40
# What may be another in a network that begins with its weights.
_ANY = ("n_channels", "n_outputs", "stem_stride", "dropout", "pooling")


class SoundEncoder(nn.Module):
    """A network of sound, whose codes are to be told apart.

    Parameters
    ----------
    config : MSSSMConfig
        Of a network of one spectrum.

    Examples
    --------
    >>> encoder = SoundEncoder(sound_config())
    >>> encoder(torch.zeros(2, 100, 40)).shape
    torch.Size([2, 576])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.network = MSSSMNetwork(config)

    def forward(self, x: Tensor) -> Tensor:
        """Encode spectra x (b, l, n_bands): (b, n_features)."""
        return codes(self.network, x)


@cache
def sound_network() -> MSSSMNetwork:
    """Return the network that comes along, in evaluation mode; not to be changed in place.

    Examples
    --------
    >>> sound_network().config.stem_bands
    40
    """
    config, tensors = read_weights(SOUND_FILE)
    return network_from(MSSSMConfig.from_dict(config), {k: t.numpy() for k, t in tensors.items()})


def sound_config(n_channels: int = N_BANDS, stride: int = 1) -> MSSSMConfig:
    """Return the shape of the network that comes along, of other sound.

    Parameters
    ----------
    n_channels : int
        Of the series: 40 bands for each spectrum; of a waveform its channels.
    stride : int
        Steps of a waveform to a step behind the filter bank; 1: the series are spectra.
    """
    rest = asdict(MSSSMConfig(N_BANDS, 1, core="lti", dropout=0.0, stem_bands=N_BANDS))
    return MSSSMConfig.from_dict(rest | {"n_channels": n_channels, "stem_stride": stride})


def keep_sound(network: MSSSMNetwork, file: Path = SOUND_FILE) -> None:
    """Write a network in half precision, without its head."""
    tensors = {name: torch.from_numpy(a) for name, a in arrays_without_head(network).items()}
    write_weights(tensors, asdict(network.config), file)


def other_than_sound(config: MSSSMConfig) -> str:
    """Say in what a network is of another shape than the one that comes along; empty: it is not."""
    own, known = asdict(config), asdict(sound_config())
    return ", ".join(
        f"{name} is {known[name]} there and {own[name]} here"
        for name in own
        if name not in _ANY and own[name] != known[name]
    )


def take_over(network: MSSSMNetwork) -> MSSSMNetwork:
    """Give a network of sound the weights of the one that comes along, but for the head.

    Each of several spectra is read as the single one was, as strong together as that. The filters
    of a waveform's bank stay as they are.
    """
    known = sound_network()
    network.blocks.load_state_dict(known.blocks.state_dict())
    network.norm.load_state_dict(known.norm.state_dict())
    stem = network.stem.projection if isinstance(network.stem, FilterBankStem) else network.stem
    assert isinstance(stem, SpectrumStem)
    weights = known.stem.state_dict()
    first = weights["first.weight"] / stem.n_spectra**0.5
    stem.load_state_dict(weights | {"first.weight": first.expand_as(stem.first.weight)})
    return network


def network_for_sound(n_channels: int, stride: int) -> MSSSMNetwork:
    """Return the network that comes along for spectra, or a waveform, of so many channels.

    Examples
    --------
    >>> network_for_sound(1, 160).config.stem_stride
    160
    """
    with torch.random.fork_rng(devices=[]):
        network = MSSSMNetwork(sound_config(n_channels, stride))
    return take_over(network).eval().requires_grad_(False)
