"""How long the states of a layer remember, from its weights alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from msssm_ts.model import Core


@torch.no_grad()
def eigenvalues(core: Core) -> Tensor | None:
    """Return the eigenvalue λ of every state; for S6, LTI and S4D, λ = exp(Δ₀A).

    Δ₀ is the step where the input is zero. LTI and S4D have no other; an S6 core makes its step
    from the input, so that λ moves around this value.

    Parameters
    ----------
    core : Core
        The state-space models of one layer and direction.

    Returns
    -------
    Tensor of shape (M, d, n), or None
        Streams fine to coarse, in float64 or complex128; None of a core that does not say.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> from msssm_ts.model.cores.lti.core import LTI
    >>> lam = eigenvalues(LTI(MSSSMConfig(1, 2, n_scales=1, d_model=4, d_state=6)))
    >>> lam.shape, bool(((lam > 0) & (lam < 1)).all())
    (torch.Size([3, 4, 2]), True)
    """
    decay = core.decay()
    return None if decay is None else torch.exp(decay)


@torch.no_grad()
def memory_lengths(core: Core) -> Tensor | None:
    """Return every state's time constant, −1 / log |λ|.

    After so many steps a state has kept 1/e of what it held.

    Parameters
    ----------
    core : Core
        The state-space models of one layer and direction.

    Returns
    -------
    Tensor of shape (M, d, n), or None
        In steps of the network, streams fine to coarse; None of a core that does not say.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> from msssm_ts.model.cores.lti.core import LTI
    >>> config = MSSSMConfig(1, 2, n_scales=1, d_model=1, d_state=3)
    >>> memory_lengths(LTI(config, dt_min=0.1, dt_max=0.1)).flatten().round(decimals=3)
    tensor([ 3.3330,  5.0000, 10.0000], dtype=torch.float64)
    """
    # Not by way of λ: of one just below 1 the logarithm is rounding alone.
    decay = core.decay()
    return None if decay is None else -1.0 / decay.real


@torch.no_grad()
def mode_frequencies(core: Core) -> Tensor | None:
    """Return how often every mode turns in a step, |arg λ| / 2π: the frequency it resonates with.

    Parameters
    ----------
    core : Core
        The state-space models of one layer and direction.

    Returns
    -------
    Tensor of shape (M, d, n), or None
        In cycles per step of the network, streams fine to coarse; None of real modes, which do not
        oscillate, and of a core that does not say.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMConfig
    >>> from msssm_ts.model.cores.s4d.core import S4D
    >>> config = MSSSMConfig(1, 2, n_scales=0, d_model=1, d_state=6)
    >>> core = S4D(config, dt_min=0.1, dt_max=0.1, initialisation="lin")
    >>> mode_frequencies(core).flatten().round(decimals=3)
    tensor([0.0000, 0.0500, 0.1000], dtype=torch.float64)
    """
    decay = core.decay()
    if decay is None or not decay.is_complex():
        return None
    # Of λ, whose turn is at most half a one: faster ones are heard as slower.
    return torch.exp(1j * decay.imag).angle().abs() / (2 * math.pi)
