"""Decimation: choice of the implementation, and the torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import FLOAT_TYPES, check_shape
from msssm_ts.kernels.decimate.reference import FACTOR, N_TAPS, decimate_reference
from msssm_ts.kernels.operator import operator


def decimate(x: Tensor, taps: Tensor) -> Tensor:
    """Smooth series and keep every second step, beginning with the first.

    ``y_i = Σₖ taps_i[k] x_{2i + k − 2}``; before and behind the series there is nothing. On the CPU
    in one pass over x; elsewhere, and in graphs to be exported, in torch's operations.

    Parameters
    ----------
    x : Tensor of shape (b, l, d)
        Series; anything finite where taps are zero.
    taps : Tensor of shape (b, ⌈l / 2⌉, 5), or (1, ⌈l / 2⌉, 5) for all series the same
        Weights, as :func:`~msssm_ts.kernels.decimate.decimation_taps` gives them; they get no
        gradient.

    Returns
    -------
    Tensor of shape (b, ⌈l / 2⌉, d)

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Examples
    --------
    >>> import torch
    >>> from msssm_ts.kernels.decimate import decimation_taps
    >>> x = torch.tensor([[[1.0], [3.0], [1.0], [3.0]]])
    >>> decimate(x, decimation_taps(torch.ones(1, 4))).flatten()
    tensor([1.7273, 2.0667])
    """
    if torch.compiler.is_exporting() or x.dtype not in FLOAT_TYPES or taps.dtype != x.dtype:
        return decimate_reference(x, taps)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch = 1 if len(taps) == 1 else len(x)
    check_shape("taps", taps, (batch, _kept(x.shape[1]), N_TAPS), f"(b or 1, ⌈l / 2⌉, {N_TAPS})")
    if backend_of(x.device) != "numba":
        return decimate_reference(x, taps)
    return _decimate(x, taps.detach())


def _kept(n_timepoints: int) -> int:
    return (n_timepoints + FACTOR - 1) // FACTOR


@operator("msssm_ts::decimate")
def _decimate(x: Tensor, taps: Tensor) -> Tensor:
    from msssm_ts.kernels.decimate.cpu import decimate_cpu

    return decimate_cpu(x, taps)


@_decimate.register_fake
def _(x: Tensor, taps: Tensor) -> Tensor:
    return x.new_empty(x.shape[0], _kept(x.shape[1]), x.shape[2])


@operator("msssm_ts::decimate_backward")
def _decimate_backward(grad: Tensor, taps: Tensor, n_timepoints: int) -> Tensor:
    from msssm_ts.kernels.decimate.cpu import decimate_backward_cpu

    return decimate_backward_cpu(grad, taps, n_timepoints)


@_decimate_backward.register_fake
def _(grad: Tensor, taps: Tensor, n_timepoints: int) -> Tensor:
    return grad.new_empty(grad.shape[0], n_timepoints, grad.shape[2])


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, taps = inputs
    ctx.n_timepoints = x.shape[1]
    ctx.save_for_backward(taps)


def _gradients(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
    return _decimate_backward(grad, *ctx.saved_tensors, ctx.n_timepoints), None


_decimate.register_autograd(_gradients, setup_context=_save)
