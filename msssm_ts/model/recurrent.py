"""The causal network in its recurrent form: constant time and memory per step."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.kernels.layout import flat, lanes, pad_channels, padded_channels
from msssm_ts.kernels.ms_scan.op import pairs_of
from msssm_ts.kernels.network_step.cpu import POOLINGS, run_steps
from msssm_ts.kernels.selective_scan.cpu_chunks import LOG2_E
from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.model.classifier import MSSSMNetwork
from msssm_ts.model.cores.core import FusedStep

Array = NDArray[Any]


class RecurrentNetwork:
    """A causal network that reads one step after the other, with a copy of its weights.

    Parameters
    ----------
    network : MSSSMNetwork
        Not bidirectional, ``stride`` 1, at least one scale, and a core with
        :meth:`~msssm_ts.model.Core.fused_step`.

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
        network = copy.deepcopy(network).cpu()
        config, bias = network.config, network.head.bias
        d, dtype = config.d_model, flat(bias).dtype
        width = padded_channels(d, bias.dtype)
        reach = config.reach
        self._weights = tuple(None if w is None else flat(w) for w in _weights(network))
        n = _states(network)
        self._rings = np.zeros(config.n_layers * reach * width, dtype)
        self._states = np.zeros(config.n_layers * config.n_streams * n * width, dtype)
        self._totals, self._kept = np.zeros(d), np.zeros(d, dtype)
        self._counts = np.zeros(2, np.int64)
        self._sizes = (
            *(config.n_layers, d, config.n_scales, config.kernel_size, n, config.dt_rank),
            *(POOLINGS[config.pooling], network.norm.eps),
        )
        self._n_outputs = config.n_outputs
        self.reset()
        # Compiled, or read from the cache, now: not while the first step waits.
        self.run(np.empty((0, config.n_channels), dtype))

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
    blocks = [cast(MSSSMBlock, b) for b in network.blocks]
    cores = [cast(MSSSM, b.cores[0]) for b in blocks]
    banks = [c.decomposition for c in cores]
    width = padded_channels(network.config.d_model, network.head.bias.dtype)

    def layers(parts: Iterable[Tensor]) -> Tensor:
        return torch.stack([pad_channels(p.detach(), width) for p in parts])

    yield _affine(cast(nn.Linear, network.stem))
    norms = [*(b.norm for b in blocks), network.norm]
    yield layers(torch.stack([norm.weight, norm.bias]) for norm in norms)
    yield torch.cat([_affine(linear) for b in blocks for linear in (b.input, b.gate)])
    steps = [step for core in cores if (step := core.ssm.fused_step()) is not None]
    yield torch.cat([_read(core, step) for core, step in zip(cores, steps, strict=True)])
    yield layers(bank.phi.mT for bank in banks)
    yield layers(bank.psi.mT for bank in banks)
    for parts in zip(*(_scan(step) for step in steps), strict=True):
        yield None if parts[0] is None else layers(cast(tuple[Tensor, ...], parts))
    yield torch.cat([_affine(b.output) for b in blocks])
    yield _affine(network.head)


def _states(network: MSSSMNetwork) -> int:
    """Numbers that a stream and channel holds."""
    step = cast(MSSSM, cast(MSSSMBlock, network.blocks[0]).cores[0]).ssm.fused_step()
    assert step is not None
    return step.A.shape[-1] * (2 if step.A.is_complex() else 1)


def _scan(step: FusedStep) -> tuple[Tensor | None, ...]:
    """Return A, Ā, poles, C, D, Δ's weight and bias, channels last; what there is not is None."""
    if step.dt_weight is not None:
        # Where A is to be exponentiated at every step, the kernel has powers of 2.
        A = (step.A * LOG2_E).mT
        return A, None, None, None, step.D, step.dt_weight.mT, step.dt_bias
    assert step.C is not None
    if step.A.is_complex():
        return None, None, pairs_of(step.A).mT, pairs_of(step.C).mT, step.D, None, None
    return None, step.A.mT, None, step.C.mT, step.D, None, None


def _read(core: MSSSM, step: FusedStep) -> Tensor:
    """Everything that a layer reads off its signal, as one map: B, C, Δ's factors; E."""
    assert core.mixer is not None
    mixer = core.mixer.linear
    if step.maps is None:
        return _affine(mixer)
    bias = torch.cat([step.maps.new_zeros(len(step.maps)), mixer.bias])
    return _in_vectors(torch.cat([step.maps, mixer.weight]), bias)


def _affine(linear: nn.Linear) -> Tensor:
    return _in_vectors(linear.weight, linear.bias)


def _in_vectors(weight: Tensor, bias: Tensor) -> Tensor:
    """Lay W and b out as the kernel reads them: per vector of outputs b's, then W's columns."""
    columns = torch.cat([bias.unsqueeze(0), weight.mT]).detach()
    padded = pad_channels(columns, padded_channels(columns.shape[1], columns.dtype))
    vectors = padded.view(len(columns), -1, lanes(columns.dtype))
    return vectors.transpose(0, 1).reshape(-1)
