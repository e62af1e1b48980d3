"""The causal network in its recurrent form: constant time and memory per step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.layout import flat, lanes, pad_channels, padded_channels
from msssm_ts.kernels.network_step.cpu import POOLINGS, run_steps
from msssm_ts.kernels.selective_scan.cpu import LOG2_E
from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.model.classifier import MSSSMNetwork

Array = NDArray[Any]


class RecurrentNetwork:
    """A causal network that reads one step after the other, with a copy of its weights.

    Parameters
    ----------
    network : MSSSMNetwork
        Not bidirectional, ``stem_stride`` 1.

    Attributes
    ----------
    n_steps : int
        Steps since the start.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=16, n_layers=1, bidirectional=False))
    >>> RecurrentNetwork(network).run(np.zeros((5, 1), np.float32)).shape
    (5, 2)
    """

    def __init__(self, network: MSSSMNetwork):
        config = network.config
        self._n_outputs = config.n_outputs
        weights = list(_weights(network))
        self._weights = tuple(None if w is None else flat(w) for w in weights)
        d, streams, n = config.d_model, config.n_streams, config.stream_state
        dtype = network.head.weight.dtype
        width = padded_channels(d, dtype)
        reach = (2**config.n_scales - 1) * (config.kernel_size - 1) + config.n_scales
        empty = torch.empty(0, dtype=dtype).numpy().dtype
        self._rings = np.zeros(config.n_layers * reach * width, empty)
        self._states = np.zeros(config.n_layers * streams * n * width, empty)
        self._totals = np.zeros(d)
        self._kept = np.zeros(d, empty)
        self._counts = np.zeros(2, np.int64)
        self._sizes = (
            *(config.n_layers, d, config.n_scales, config.kernel_size, n, config.dt_rank),
            *(POOLINGS[config.pooling], network.norm.eps),
        )
        self.reset()

    def reset(self) -> None:
        """Begin a new series."""
        for array in (self._rings, self._states, self._totals, self._counts):
            array[:] = 0
        self._kept[:] = -np.inf

    @property
    def n_steps(self) -> int:
        """Steps since the start."""
        return int(self._counts[0])

    def run(self, x: Array) -> NDArray[np.float64]:
        """Read some steps.

        Parameters
        ----------
        x : array of shape (n_steps, n_channels)
            Standardised, of the network's float type; NaN is a missing value.

        Returns
        -------
        array of shape (n_steps, n_outputs)
            Logits of the series up to each step; NaN as long as there was no value.
        """
        logits = np.empty((len(x), self._n_outputs))
        run_steps(
            np.ascontiguousarray(x), *self._weights, self._rings, self._states, self._totals,
            self._kept, self._counts, logits, *self._sizes,
        )  # fmt: skip
        return logits


def _weights(network: MSSSMNetwork) -> Iterator[Tensor | None]:
    """Yield the weights as the kernel takes them, in its order, the layers' one after another."""
    d, dtype = network.config.d_model, network.head.weight.dtype
    blocks = [cast(MSSSMBlock, b) for b in network.blocks]
    cores = [cast(MSSSM, b.cores[0]) for b in blocks]
    width = padded_channels(d, dtype)

    def layers(parts: Sequence[Tensor]) -> Tensor:
        return torch.stack([pad_channels(p.detach(), width) for p in parts])

    yield _affine(cast(nn.Linear, network.stem))
    yield layers([torch.stack([n.weight, n.bias]) for n in (*(b.norm for b in blocks), network.norm)])
    yield torch.cat([_affine(linear) for b in blocks for linear in (b.input, b.gate)])
    yield torch.cat([_read(core) for core in cores])
    for bank in ([c.decomposition.phi for c in cores], [c.decomposition.psi for c in cores]):
        yield layers([taps.transpose(1, 2) for taps in bank])
    arrays = [core.ssm for core in cores]
    if network.config.core == "lti":
        # Ā = exp(ΔA) and B̄ = ΔB
        delta = [functional.softplus(a.dt_bias).unsqueeze(-1) for a in arrays]
        yield layers([torch.exp(t * a.A).transpose(1, 2) for t, a in zip(delta, arrays, strict=True)])
        yield layers([(t * a.B).transpose(1, 2) for t, a in zip(delta, arrays, strict=True)])
        yield layers([a.C.transpose(1, 2) for a in arrays])
        yield layers([a.D for a in arrays])
        yield from (None, None)
    else:
        yield layers([(a.A * LOG2_E).transpose(1, 2) for a in arrays])
        yield from (None, None)
        yield layers([a.D for a in arrays])
        yield layers([a.dt_weight.transpose(1, 2) for a in arrays])
        yield layers([a.dt_bias for a in arrays])
    yield torch.cat([_affine(b.output) for b in blocks])
    yield _affine(network.head)


def _read(core: MSSSM) -> Tensor:
    """Everything that a layer reads off its signal, as one map: B, C, Δ's factors; E."""
    mixer = core.mixer.linear
    if core.ssm.core == "lti":
        return _affine(mixer)
    maps = core.ssm.maps.weight
    bias = torch.cat([maps.new_zeros(len(maps)), mixer.bias])
    return _in_vectors(torch.cat([maps, mixer.weight]), bias)


def _affine(linear: nn.Linear) -> Tensor:
    return _in_vectors(linear.weight, linear.bias)


def _in_vectors(weight: Tensor, bias: Tensor) -> Tensor:
    """Lay W and b out as the kernel reads them: per vector of outputs b's, then W's columns."""
    columns = torch.cat([bias.unsqueeze(0), weight.T]).detach().cpu()
    width = lanes(columns.dtype)
    padded = pad_channels(columns, padded_channels(columns.shape[1], columns.dtype))
    return padded.unflatten(1, (-1, width)).transpose(0, 1).reshape(-1)
