"""The recurrent form in plain torch, module by module: of any core, and what defines the fused."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels import use_backend
from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.model.classifier import MSSSMNetwork
from msssm_ts.model.mixer import mixing_weights


class RecurrentReference:
    """As :class:`msssm_ts.model.recurrent.RecurrentNetwork`, slower.

    Parameters
    ----------
    network : MSSSMNetwork
        Not bidirectional, ``stride`` 1, a core with :meth:`~msssm_ts.model.Core.step`.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, bidirectional=False))
    >>> RecurrentReference(network).run(np.zeros((5, 1), np.float32)).shape
    (5, 2)
    """

    def __init__(self, network: MSSSMNetwork):
        self.network = copy.deepcopy(network).cpu().eval()
        self.reset()

    def reset(self) -> None:
        """Begin a new series."""
        c = self.network.config
        like = self.network.head.weight
        reach = (c.kernel_size - 1) * (2**c.n_scales - 1)
        # Variates that stay apart are series of their own.
        rows, blocks = c.n_variates, self.network.blocks
        self._history = [like.new_zeros(rows, reach, c.d_model) for _ in blocks]
        self._state = [_core(block).ssm.initial_state(rows) for block in blocks]
        self._across: list[tuple[Tensor | None, ...]] = [(None, None) for _ in blocks]
        self._total = torch.zeros(rows, c.d_model, dtype=torch.float64)
        self._max = like.new_full((rows, c.d_model), -torch.inf)
        self._last = like.new_zeros(rows, c.d_model)
        workspace = self.network.workspace
        self._held = None if workspace is None else workspace.begun(rows)
        self._read: Tensor | None = None
        self.n_steps = self._n_observed = 0

    def run(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Read some steps; see :meth:`msssm_ts.model.recurrent.RecurrentNetwork.run`."""
        with torch.inference_mode(), use_backend("reference"):
            logits = [self._step(torch.as_tensor(values)) for values in x]
        out = np.empty((len(x), self.network.config.n_outputs))
        for row, values in zip(out, logits, strict=True):
            row[:] = values
        return out

    def _step(self, values: Tensor) -> NDArray[Any]:
        network, observed = self.network, bool((~values.isnan()).any())
        self.n_steps += 1
        x = values.nan_to_num(0.0).view(1, 1, -1)
        axis = network.axis
        x = network.stem(x) if axis is None else axis.named(network.stem(axis.apart(x)[0]))
        for i, block in enumerate(network.blocks):
            if axis is not None:
                mask = x.new_full((len(x), 1, 1), float(observed))
                x, self._across[i] = axis.layers[i](x, None, mask, self._across[i])
            x = self._block_step(i, cast(MSSSMBlock, block), x, observed)
        if observed:
            self._n_observed += 1
            normed = network.norm(x if network.experts is None else network.experts(x))
            if network.workspace is not None and self._held is not None:
                self._read, self._held = network.workspace.step(normed, self._held)
            self._last = normed[:, 0]
            self._total += self._last
            self._max = torch.maximum(self._max, self._last)
        if not self._n_observed:
            return np.full(network.config.n_outputs, np.nan)
        mean = (self._total / self._n_observed).to(x.dtype)
        pooled = {
            "mean": mean,
            "max": self._max,
            "mean_max": torch.cat([mean, self._max], 1),
            "last": self._last,
        }[network.config.pooling]
        if self._read is not None:
            pooled = torch.cat([pooled, self._read], 1)
        if axis is not None:
            pooled = axis.together(pooled)
        logits: NDArray[Any] = network.head(pooled)[0].numpy()
        return logits

    def _block_step(self, i: int, block: MSSSMBlock, x: Tensor, observed: bool) -> Tensor:
        normed = block.norm(x)
        signal = block.input(normed) * float(observed)
        core, history = _core(block), self._history[i]
        streams = core.decomposition.streams(signal, history=history)
        y, self._state[i] = core.ssm.step(streams[:, :, 0], signal[:, 0], self._state[i])
        if history.shape[1]:
            self._history[i] = torch.cat([history, signal], 1)[:, 1:]
        E = mixing_weights(core.mixer, signal)[:, 0]
        mixed = (E.mT.unsqueeze(-1) * y).sum(0).unsqueeze(1)
        return x + cast(Tensor, block.output(mixed * functional.silu(block.gate(normed))))


def _core(block: nn.Module) -> MSSSM:
    return cast(MSSSM, cast(MSSSMBlock, block).cores[0])
