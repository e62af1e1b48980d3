"""What a training step takes, told by a small one."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn

from msssm_ts.model import MSSSMNetwork

# Steps of the network, and series, of the small one.
_STEPS, _SERIES = 128, 2
# Of each weight: itself, its gradient, two moments of AdamW, and the best so far.
_COPIES = 5
# While gradients go backward, what is not yet freed beside what is kept for them, and what is
# worked out in beside what is kept of one block, or of a stem, of a filter bank alone or with
# convolutions; measured, as benchmarks/step_memory.py does.
_KEPT, _OF_BLOCK, _OF_BANK, _OF_SPECTRA = 1.25, 0.85, 2.4, 1.4


def small_batch(network: MSSSMNetwork, longest: int, n_series: int = _SERIES) -> Tensor:
    """Return zeros that a network takes, (n_series, l, n_channels), no longer than ``longest``."""
    config, weight = network.config, network.head.weight
    length = min(longest, _STEPS * config.stride)
    return weight.new_zeros(n_series, length, config.n_channels)


def step_bytes(network: MSSSMNetwork, n_series: int, longest: int) -> int:
    """Return about how many bytes a training step takes at its peak, weights and all.

    What is kept for the gradients is counted for a small batch, and grows with series and steps.

    Parameters
    ----------
    network : MSSSMNetwork
        In training mode.
    n_series : int
        Of a batch.
    longest : int
        Steps of each, before the stem.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1))
    >>> one, ten = (step_bytes(network, n, 300) for n in (100, 1000))
    >>> 9.5 < ten / one < 10.1
    True
    """
    x = small_batch(network, longest)
    for_stem = x if network.axis is None else network.axis.apart(x)[0]
    all_kept, of_stem = _kept(network, x), _kept(network.stem, for_stem)
    of_block = (all_kept - of_stem) / len(network.blocks)
    share = _OF_SPECTRA if network.config.stem_bands else _OF_BANK
    peak = _KEPT * all_kept + max(_OF_BLOCK * of_block, share * of_stem)
    weights = sum(p.nbytes for p in network.parameters())
    return _COPIES * weights + int(peak * n_series * longest / (len(x) * x.shape[1]))


def step_seconds(network: MSSSMNetwork, n_series: int, length: int) -> float:
    """Return about how long a training step takes, by one of a few series.

    Parameters
    ----------
    network : MSSSMNetwork
        In training mode.
    n_series : int
        Of a batch.
    length : int
        Steps of each, before the stem.
    """
    # Kernels may have to be compiled.
    _step(network, small_batch(network, length))
    x = small_batch(network, length, min(n_series, 4 * _SERIES))
    began = time.perf_counter()
    _step(network, x)
    seconds = time.perf_counter() - began
    return seconds * n_series * length / (len(x) * x.shape[1])


def _step(network: MSSSMNetwork, x: Tensor) -> None:
    network.zero_grad()
    network(x).logsumexp(-1).sum().backward()
    # What waits for a card.
    _ = float(network.head.weight.detach().sum())


def _kept(module: nn.Module, x: Tensor) -> int:
    """Bytes that are kept of a call until gradients have gone back through it."""
    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    kept: dict[int, int] = {}

    def note(t: Tensor) -> Tensor:
        storage = t.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        out = module(x)
    total = sum(kept.values())
    del out
    return total
