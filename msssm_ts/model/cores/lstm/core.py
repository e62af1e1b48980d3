"""Diagonal long short-term memories with coupled input and forget gates, and peepholes."""

from __future__ import annotations

from msssm_ts.model.cores.gated import GatedCore
from msssm_ts.model.cores.method import PARALLEL_LSTM


class LSTM(GatedCore):
    """Units ``c' = f c + (1 − f) g``, ``h' = o tanh(c')`` with gates f and o that see c.

    Parameters
    ----------
    config
        As for :class:`~msssm_ts.model.cores.gated.GatedCore`.

    Examples
    --------
    >>> import torch
    >>> from msssm_ts.model import MSSSMConfig
    >>> core = LSTM(MSSSMConfig(1, 2, n_scales=2, d_model=8))
    >>> core(torch.randn(4, 3, 9, 8), torch.randn(3, 9, 8)).shape
    torch.Size([4, 3, 9, 8])
    """

    methods = (PARALLEL_LSTM,)
    cell = "lstm"
    unit_cost = (11, 4)
    first_gate = 1
