"""Linear layers: choice of the implementation, and the torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import FLOAT_TYPES
from msssm_ts.kernels.operator import operator


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x · weightᵀ + bias, as :func:`torch.nn.functional.linear` does.

    On the CPU in a kernel of its own, about twice as fast where there are a hundred rows and
    more of up to a few hundred channels; there, a row's result does not depend on the other rows.
    Elsewhere, and in graphs to be exported, it is torch's.

    Parameters
    ----------
    x : Tensor of shape (…, K)
        Rows.
    weight : Tensor of shape (N, K)
        Weights.
    bias : Tensor of shape (N,), optional
        Offsets.

    Returns
    -------
    Tensor of shape (…, N)

    Examples
    --------
    >>> import torch
    >>> linear(torch.ones(2, 3), torch.eye(3), torch.arange(3.0))
    tensor([[1., 2., 3.],
            [1., 2., 3.]])
    """
    given = (x, weight) if bias is None else (x, weight, bias)
    ours = all(t.dtype == x.dtype and t.dtype in FLOAT_TYPES for t in given)
    if not ours or torch.compiler.is_exporting() or backend_of(x.device) != "numba":
        return functional.linear(x, weight, bias)
    return _linear(x.flatten(0, -2), weight, bias).view(*x.shape[:-1], len(weight))


@operator("msssm_ts::linear")
def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    from msssm_ts.kernels.linear.cpu import product_cpu

    return product_cpu(x, weight.mT, bias)


@_linear.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return x.new_empty(len(x), len(weight))


@operator("msssm_ts::linear_backward")
def _linear_backward(
    grad: Tensor, x: Tensor, weight: Tensor, wanted: list[bool]
) -> list[Tensor]:
    from msssm_ts.kernels.linear.cpu import product_cpu, weight_gradient_cpu

    none = x.new_empty(0)
    return [
        product_cpu(grad, weight, None) if wanted[0] else none,
        weight_gradient_cpu(grad, x) if wanted[1] else none,
        grad.sum(0) if wanted[2] else none,
    ]


@_linear_backward.register_fake
def _(grad: Tensor, x: Tensor, weight: Tensor, wanted: list[bool]) -> list[Tensor]:
    like = (x, weight, weight[:, 0])
    return [
        x.new_empty(t.shape if w else (0,)) for t, w in zip(like, wanted, strict=True)
    ]


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:2])


def _gradients(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    wanted = list(ctx.needs_input_grad)
    grads = _linear_backward(grad, *ctx.saved_tensors, wanted)
    return tuple(g if w else None for g, w in zip(grads, wanted, strict=True))


_linear.register_autograd(_gradients, setup_context=_save)
