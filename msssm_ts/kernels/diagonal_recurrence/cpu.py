"""Diagonal gated recurrences on the CPU, sequential in time: exact in one pass.

A few vectors of channels at a time, all their units side by side, so that their exponentials
overlap. Of the states every sixteenth is kept; the backward pass runs forward again from there.
Exponentials per step and unit, forward and again backward: GRU 3, LSTM 4.
"""

from __future__ import annotations

import torch
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.diagonal_recurrence.cpu_gru import gru_backward, gru_forward
from msssm_ts.kernels.diagonal_recurrence.cpu_lstm import lstm_backward, lstm_forward
from msssm_ts.kernels.diagonal_recurrence.reference import CELLS
from msssm_ts.kernels.diagonal_recurrence.through_time import CHUNK
from msssm_ts.kernels.layout import flat, pad_channels, padded_channels, valid_lengths

# Scalar updates that a step of a unit is worth.
_UNIT = 30

# Units that are on the way at once hide how long an exponential takes.
_AT_ONCE = 12


def _group(n: int, vectors: int) -> int:
    """Return how many vectors of channels go together, of n units each."""
    return max(1, min(vectors, _AT_ONCE // n))


_FORWARD = {"gru": gru_forward, "lstm": lstm_forward}
_BACKWARD = {"gru": gru_backward, "lstm": lstm_backward}


def n_kept(cell: str, batch: int, rows: int, n: int, width: int) -> int:
    """Numbers that are kept for the backward pass, of channels in whole vectors."""
    return batch * ((rows + CHUNK - 1) // CHUNK) * CELLS[cell].n_states * n * width


def diagonal_recurrence_cpu(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, C: Tensor, D: Tensor,
    lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor]:
    """Fused forward: y, and the kept states (none unless ``keep``), flat."""
    batch, rows, channels = x.shape
    d, n = padded_channels(channels, x.dtype), len(C)
    width = padded_channels(1, x.dtype)
    group = _group(n, d // width)
    steps = valid_lengths(lengths, batch, rows)
    y = x.new_empty(batch, rows, d)
    kept = x.new_empty(n_kept(cell, batch, rows, n, d) if keep else 0)
    inputs = (flat(pad_channels(p, d)) for p in (x, weight, recurrent, bias, C, D))
    args = (*inputs, steps, flat(y), flat(kept), keep, rows, d, n, group)
    forward = _FORWARD[cell]
    parallel.run(
        lambda first, last: forward(*args, first, last),
        (steps * (n * width * group * _UNIT)).repeat(-(-d // (width * group))),
    )
    return y[..., :channels], kept


def diagonal_recurrence_backward_cpu(
    cell: str, grad: Tensor, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor,
    C: Tensor, D: Tensor, lengths: Tensor | None, kept: Tensor,
) -> tuple[Tensor, ...]:
    """Gradients of x, weight, recurrent, bias, C and D."""
    batch, rows, channels = x.shape
    d, n = padded_channels(channels, x.dtype), len(C)
    width = padded_channels(1, x.dtype)
    group = _group(n, d // width)
    steps = valid_lengths(lengths, batch, rows)
    grad_x = x.new_empty(batch, rows, d)
    sizes = [len(weight), len(recurrent), len(bias), 1]
    # Of every series, so that the order of the sum does not depend on the threads.
    sums = x.new_empty(batch, sum(sizes), n, d)
    inputs = (flat(pad_channels(p, d)) for p in (grad, x, weight, recurrent, bias, C, D))
    args = (*inputs, steps, flat(kept), flat(grad_x), flat(sums), rows, d, n, group)
    backward = _BACKWARD[cell]
    parallel.run(
        lambda first, last: backward(*args, first, last),
        (steps * (n * width * group * 2 * _UNIT)).repeat(-(-d // (width * group))),
    )
    gw, ga, gb, gC = torch.split(sums.sum(0)[..., :channels], sizes)
    if lengths is not None:
        valid = torch.arange(rows, device=x.device) < lengths[:, None]
        grad = torch.where(valid[..., None], grad, 0.0)
    return grad_x[..., :channels], gw, ga, gb, gC[0], (grad * x).sum((0, 1))
