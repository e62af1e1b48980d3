"""Diagonal gated recurrences in plain torch, step by step: the truth for the fast versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Cell(NamedTuple):
    """A recurrence.

    Parameters
    ----------
    step : callable
        From the state (…, k, n, d), the input (…, d), weight, recurrent and bias to the next state.
    n_states : int
        Numbers k that a unit keeps; the first one is what it gives.
    n_recurrent : int
        Recurrent weights of a unit.
    """

    step: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
    n_states: int
    n_recurrent: int


def gru_step(state: Tensor, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor) -> Tensor:
    """Return ``h' = (1 − z) h + z c`` with ``c = tanh(a_c r h + w_c x)``."""
    (h,), x = state.unbind(-3), x.unsqueeze(-2)
    z = torch.sigmoid(recurrent[0] * h + weight[0] * x + bias[0])
    r = torch.sigmoid(recurrent[1] * h + weight[1] * x + bias[1])
    c = torch.tanh(recurrent[2] * (r * h) + weight[2] * x)
    return (h + z * (c - h)).unsqueeze(-3)


def lstm_step(state: Tensor, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor) -> Tensor:
    """Return h' and ``c' = f c + (1 − f) g``, ``h' = o tanh(c')``; f sees c, o sees c'."""
    (h, c), x = state.unbind(-3), x.unsqueeze(-2)
    f = torch.sigmoid(recurrent[0] * h + recurrent[3] * c + weight[0] * x + bias[0])
    g = torch.tanh(recurrent[2] * h + weight[2] * x)
    c = g + f * (c - g)
    o = torch.sigmoid(recurrent[1] * h + recurrent[4] * c + weight[1] * x + bias[1])
    return torch.stack([o * torch.tanh(c), c], -3)


CELLS = {"gru": Cell(gru_step, 1, 3), "lstm": Cell(lstm_step, 2, 5)}


def states_of(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor
) -> Tensor:
    """Return the states after every step, (b, l, k, n, d)."""
    kind = CELLS[cell]
    state = x.new_zeros(len(x), kind.n_states, *weight.shape[1:])
    states = []
    for now in x.unbind(1):
        state = kind.step(state, now, weight, recurrent, bias)
        states.append(state)
    return torch.stack(states, 1) if states else state.unsqueeze(1)[:, :0]


def read_out(
    states: Tensor, x: Tensor, C: Tensor, D: Tensor, lengths: Tensor | None
) -> Tensor:
    """Return y (b, l, d) of states (b, l, k, n, d); zero in padding."""
    y: Tensor = (C * states[:, :, 0]).sum(2) + D * x
    if lengths is None:
        return y
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return torch.where(valid.unsqueeze(-1), y, 0.0)


def diagonal_recurrence_reference(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, C: Tensor, D: Tensor,
    lengths: Tensor | None,
) -> Tensor:
    """Run over series; parameters as in :func:`msssm_ts.kernels.diagonal_recurrence`."""
    return read_out(states_of(cell, x, weight, recurrent, bias), x, C, D, lengths)
