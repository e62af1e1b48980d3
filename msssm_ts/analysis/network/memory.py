"""How long the states of a layer remember, from its weights alone."""

from __future__ import annotations

import torch
from torch import Tensor

from msssm_ts.model.ssm import SSMArray


@torch.no_grad()
def eigenvalues(ssm: SSMArray) -> Tensor:
    """Return λ = exp(Δ₀A) of every state.

    Δ₀ is the step where the input is zero. An LTI core has no other; an S6 core makes its step
    from the input, so that λ moves around this value.

    Parameters
    ----------
    ssm : SSMArray
        The state-space models of one core.

    Returns
    -------
    Tensor of shape (M, d, n)
        Streams fine to coarse, in float64.

    Examples
    --------
    >>> lam = eigenvalues(SSMArray(4, n_streams=3, n=2, dt_rank=1, core="lti"))
    >>> lam.shape, bool(((lam > 0) & (lam < 1)).all())
    (torch.Size([3, 4, 2]), True)
    """
    return torch.exp(ssm.initial_step.double().unsqueeze(-1) * ssm.A.double())


@torch.no_grad()
def memory_lengths(ssm: SSMArray) -> Tensor:
    """Return every state's time constant, −1 / log λ.

    After so many steps a state has kept 1/e of what it held.

    Parameters
    ----------
    ssm : SSMArray
        The state-space models of one core.

    Returns
    -------
    Tensor of shape (M, d, n)
        In steps of the network, streams fine to coarse.

    Examples
    --------
    >>> ssm = SSMArray(1, n_streams=3, n=1, dt_rank=1, core="lti", dt_min=0.1, dt_max=0.1)
    >>> memory_lengths(ssm).flatten().round(decimals=3)
    tensor([ 3.3330,  5.0000, 10.0000], dtype=torch.float64)
    """
    # Not by way of λ: of one just below 1 the logarithm is rounding alone.
    return -1.0 / (ssm.initial_step.double().unsqueeze(-1) * ssm.A.double())
