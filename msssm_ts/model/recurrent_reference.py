"""The recurrent form in plain torch, module by module: the definition of the fused one."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from msssm_ts.kernels import ms_scan, use_backend
from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.model.classifier import MSSSMNetwork


class RecurrentReference:
    """As :class:`msssm_ts.model.recurrent.RecurrentNetwork`, slower.

    Parameters
    ----------
    network : MSSSMNetwork
        Not bidirectional, ``stem_stride`` 1.

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
        self._history = [like.new_zeros(1, reach, c.d_model) for _ in self.network.blocks]
        self._state = [
            like.new_zeros(1, c.n_streams, c.d_model, c.stream_state) for _ in self.network.blocks
        ]
        self._total = torch.zeros(c.d_model, dtype=torch.float64)
        self._max = like.new_full((c.d_model,), -torch.inf)
        self._last = like.new_zeros(c.d_model)
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
        x: Tensor = network.stem(values.nan_to_num(0.0).view(1, 1, -1))
        for i, block in enumerate(network.blocks):
            x = self._block_step(i, cast(MSSSMBlock, block), x, observed)
        if observed:
            self._n_observed += 1
            self._last = network.norm(x).view(-1)
            self._total += self._last
            self._max = torch.maximum(self._max, self._last)
        if not self._n_observed:
            return np.full(network.config.n_outputs, np.nan)
        mean = (self._total / self._n_observed).to(x.dtype)
        pooled = {
            "mean": mean,
            "max": self._max,
            "mean_max": torch.cat([mean, self._max]),
            "last": self._last,
        }[network.config.pooling]
        logits: NDArray[Any] = network.head(pooled).numpy()
        return logits

    def _block_step(self, i: int, block: MSSSMBlock, x: Tensor, observed: bool) -> Tensor:
        normed = block.norm(x)
        signal = block.input(normed) * float(observed)
        core = cast(MSSSM, block.cores[0])
        bank, ssm = core.decomposition, core.ssm
        assert core.mixer is not None
        B, C, dt, dt_weight = ssm(signal)
        y, self._state[i] = ms_scan(
            *(signal, bank.phi, bank.psi, ssm.A, B, C, ssm.D, core.mixer(signal), ssm.dt_bias),
            dt=dt,
            dt_weight=dt_weight,
            gate=block.gate(normed),
            history=self._history[i],
            initial_state=self._state[i],
        )
        self._history[i] = torch.cat([self._history[i], signal], 1)[:, 1:]
        return x + cast(Tensor, block.output(y))
