"""Diagonal gated recurrences as a torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.checks import check_float, check_lengths, check_shape
from msssm_ts.kernels.diagonal_recurrence.reference import CELLS, diagonal_recurrence_reference
from msssm_ts.kernels.operator import is_learned_from, operator


def diagonal_recurrence(
    cell: str,
    x: Tensor,
    weight: Tensor,
    recurrent: Tensor,
    bias: Tensor,
    C: Tensor,
    D: Tensor,
    *,
    lengths: Tensor | None = None,
) -> Tensor:
    """Run GRUs or LSTMs over series, whose units see their channel's input and themselves.

    ``y_t = C h_t + D x_t``, h of n units a channel.

    GRU: ``z, r = σ(a h + w x + b)``, ``c = tanh(a_c (r h) + w_c x)``, ``h' = (1 − z) h + z c``.
    LSTM: ``f, o = σ(a h + p c + w x + b)``, o of the new c, ``g = tanh(a_g h + w_g x)``,
    ``c' = f c + (1 − f) g``, ``h' = o tanh(c')``. They are the cells of ParaRNN (Danieli et al.,
    2025), with one channel a head and without a bias in c and g, so that where nothing has come in
    a unit stays at 0.

    On the CPU exact, step by step; on a GPU in parallel over time by Newton's method, where it
    converges (:mod:`msssm_ts.kernels.diagonal_recurrence.newton`).

    Parameters
    ----------
    cell : {"gru", "lstm"}
        The recurrence.
    x : Tensor of shape (b, l, d), float32 or float64
        Series, d channels.
    weight : Tensor of shape (3, n, d)
        w of z, r and c, or of f, o and g.
    recurrent : Tensor of shape (3, n, d), LSTM (5, n, d)
        a in the same order; behind them p of f and o.
    bias : Tensor of shape (2, n, d)
        b of z and r, or of f and o.
    C : Tensor of shape (n, d)
        What a unit counts in its channel's output.
    D : Tensor of shape (d,)
        Skip term.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series.

    Returns
    -------
    Tensor of shape (b, l, d)
        y; zero in padding.

    Raises
    ------
    ValueError
        If shapes do not fit together, a length is out of range, or no cell has the name.
    TypeError
        If x is not float32 or float64, or lengths are not integers.

    Examples
    --------
    A GRU with open gates follows its input:

    >>> import torch
    >>> x = torch.tensor([[[0.0], [9.0], [-9.0]]])
    >>> weight = torch.tensor([0.0, 0.0, 1.0]).view(3, 1, 1)
    >>> none, open = torch.zeros(3, 1, 1), torch.full((2, 1, 1), 30.0)
    >>> C, D = torch.ones(1, 1), torch.zeros(1)
    >>> diagonal_recurrence("gru", x, weight, none, open, C, D).flatten().round()
    tensor([ 0.,  1., -1.])
    """
    if cell not in CELLS:
        raise ValueError(f"cell {cell!r}: must be one of {', '.join(CELLS)}")
    check_float("x", x)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch, n_timepoints, d = x.shape
    if weight.ndim != 3:
        raise ValueError(f"weight must have shape (3, n, d = {d}), not {tuple(weight.shape)}")
    n, n_recurrent = weight.shape[1], CELLS[cell].n_recurrent
    check_shape("weight", weight, (3, n, d), "(3, n, d)")
    check_shape("recurrent", recurrent, (n_recurrent, n, d), f"({n_recurrent}, n, d)")
    check_shape("bias", bias, (2, n, d), "(2, n, d)")
    check_shape("C", C, (n, d), "(n, d)")
    check_shape("D", D, (d,), "(d,)")
    check_lengths(lengths, batch, n_timepoints)
    inputs = (x, weight, recurrent, bias, C, D)
    backend = choose_backend(x.device)[0]
    if backend == "triton":
        from msssm_ts.kernels.diagonal_recurrence.newton import diagonal_recurrence_newton

        return diagonal_recurrence_newton(cell, *inputs, lengths)
    if backend == "reference":
        return diagonal_recurrence_reference(cell, *inputs, lengths)
    keep = is_learned_from(*inputs)
    return _diagonal_recurrence(cell, *inputs, lengths, keep)[0]


@operator("msssm_ts::diagonal_recurrence")
def _diagonal_recurrence(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, C: Tensor, D: Tensor,
    lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor]:
    from msssm_ts.kernels.diagonal_recurrence.cpu import diagonal_recurrence_cpu

    y, kept = diagonal_recurrence_cpu(cell, x, weight, recurrent, bias, C, D, lengths, keep)
    return y.contiguous(), kept


@_diagonal_recurrence.register_fake
def _(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, C: Tensor, D: Tensor,
    lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor]:
    from msssm_ts.kernels.diagonal_recurrence.cpu import n_kept
    from msssm_ts.kernels.layout import padded_channels

    (batch, rows, d), n = x.shape, len(C)
    size = n_kept(cell, batch, rows, n, padded_channels(d, x.dtype)) if keep else 0
    return x.new_empty(x.shape), x.new_empty(size)


@operator("msssm_ts::diagonal_recurrence_backward")
def _diagonal_recurrence_backward(
    cell: str, grad: Tensor, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor,
    C: Tensor, D: Tensor, lengths: Tensor | None, kept: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.diagonal_recurrence.cpu import diagonal_recurrence_backward_cpu

    grads = diagonal_recurrence_backward_cpu(
        cell, grad, x, weight, recurrent, bias, C, D, lengths, kept
    )
    # Not views of each other, which an operator must not return.
    gx, gw, ga, gb, gC, gD = (g.clone(memory_format=torch.contiguous_format) for g in grads)
    return gx, gw, ga, gb, gC, gD


@_diagonal_recurrence_backward.register_fake
def _(
    cell: str, grad: Tensor, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor,
    C: Tensor, D: Tensor, lengths: Tensor | None, kept: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    inputs = (x, weight, recurrent, bias, C, D)
    gx, gw, ga, gb, gC, gD = (p.new_empty(p.shape) for p in inputs)
    return gx, gw, ga, gb, gC, gD


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    cell, *tensors, _ = inputs
    ctx.cell = cell
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(*tensors, output[1])


def _gradients(ctx: Any, grad: Tensor, _: Any) -> tuple[Any, ...]:
    return None, *_diagonal_recurrence_backward(ctx.cell, grad, *ctx.saved_tensors), None, None


_diagonal_recurrence.register_autograd(_gradients, setup_context=_save)
