"""Diagonal gated recurrent units."""

from __future__ import annotations

from msssm_ts.model.cores.gated import GatedCore
from msssm_ts.model.cores.method import PARALLEL_GRU


class GRU(GatedCore):
    """Units ``h' = (1 − z) h + z c``, ``c = tanh(a_c (r h) + w_c x̂)`` with gates z and r.

    Parameters
    ----------
    config
        As for :class:`~msssm_ts.model.cores.gated.GatedCore`.

    Examples
    --------
    >>> import torch
    >>> from msssm_ts.model import MSSSMConfig
    >>> core = GRU(MSSSMConfig(1, 2, n_scales=2, d_model=8))
    >>> core(torch.randn(4, 3, 9, 8), torch.randn(3, 9, 8)).shape
    torch.Size([4, 3, 9, 8])
    """

    methods = (PARALLEL_GRU,)
    cell = "gru"
    unit_cost = (9, 3)
    first_gate = -1
