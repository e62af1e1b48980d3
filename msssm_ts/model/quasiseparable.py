"""One mixer for both directions of time: a quasiseparable matrix along the steps.

After Hwang, Lahoti, Dao, Gu, "Hydra: Bidirectional State Space Models Through Generalized Matrix
Mixers", NeurIPS 2024.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from msssm_ts.model.block import MSSSM


class FreeDiagonal(nn.Module):
    """What a step gives to itself: δ_t x_t with δ_t = D + w·x_t, D a channel's, w of all.

    Parameters
    ----------
    d : int
        Channels.

    Examples
    --------
    >>> FreeDiagonal(2)(torch.tensor([[[3.0, 5.0]]]))
    tensor([[[3., 5.]]], grad_fn=<MulBackward0>)
    """

    def __init__(self, d: int):
        super().__init__()
        self.D = nn.Parameter(torch.ones(d))
        self.weight = nn.Parameter(torch.zeros(d))

    def forward(self, x: Tensor) -> Tensor:
        """Return δ_t x_t for x (b, l, d)."""
        out: Tensor = (self.D + (x * self.weight).sum(-1, keepdim=True)) * x
        return out


def share(forward: MSSSM, backward: MSSSM) -> None:
    """Let two directions have the filters and A in common, and take their skip terms away.

    What a step gives to itself is :class:`FreeDiagonal`'s affair; Δ, B, C and the scale mixer stay
    a direction's own.

    Parameters
    ----------
    forward, backward : MSSSM
        The layers of a block.
    """
    backward.decomposition = forward.decomposition
    for name in forward.ssm.shared:
        setattr(backward.ssm, name, getattr(forward.ssm, name))
    for core in (forward.ssm, backward.ssm):
        if core.skip is not None:
            zero = torch.zeros_like(getattr(core, core.skip))
            delattr(core, core.skip)
            core.register_buffer(core.skip, zero, persistent=False)


def later(x: Tensor, steps: int) -> Tensor:
    """Move x (b, l, d) by one step, later (1) or earlier (−1); what comes in is zero.

    Examples
    --------
    >>> later(torch.tensor([[[1.0], [2.0], [3.0]]]), 1).flatten()
    tensor([0., 1., 2.])
    """
    return functional.pad(x, (0, 0, steps, -steps))


def mix(
    layers: Iterable[nn.Module],
    diagonal: nn.Module,
    x: Tensor,
    gate: Tensor,
    lengths: Tensor | None = None,
    times: Tensor | None = None,
) -> Tensor:
    """Mix the steps by a quasiseparable matrix: each direction sees what came before a step.

    ``out_t = (→_{t−1} + ←_{t+1} + δ_t x_t) · silu(gate_t)``, with → and ← what the layers of the
    directions make of x before they are gated.

    Parameters
    ----------
    layers : iterable of MSSSM
        Both directions, which :func:`share`.
    diagonal : Module
        δ_t x_t.
    x, gate : Tensor of shape (b, l, d)
        Signal, and what gates the output.
    lengths, times
        As for :class:`~msssm_ts.model.MSSSM`.

    Returns
    -------
    Tensor of shape (b, l, d)
        Zero in padding.
    """
    # silu as a tanh: torch's own rounds a step by where it lies among all that are there.
    y: Tensor = diagonal(x) * (0.5 * gate * (1.0 + torch.tanh(0.5 * gate)))
    for layer in layers:
        step = -1 if cast("MSSSM", layer).reverse else 1
        # A layer gates what it makes of a step, which is wanted at the next one.
        y = y + later(layer(x, later(gate, -step), lengths, times), step)
    if lengths is None:
        return y
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return torch.where(valid.unsqueeze(-1), y, 0.0)
