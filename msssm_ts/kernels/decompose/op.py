"""The multi-scale decomposition as a torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import check_float, check_lengths, check_shape
from msssm_ts.kernels.decompose.reference import decompose_reference
from msssm_ts.kernels.operator import operator


def decompose(
    x: Tensor,
    phi: Tensor,
    psi: Tensor,
    *,
    lengths: Tensor | None = None,
    history: Tensor | None = None,
) -> Tensor:
    """Decompose series into bands with a causal à-trous filter bank.

    For s = 1 … S: ``aˢ[t] = Σₖ φˢ[k] aˢ⁻¹[t − 2ˢ⁻¹k]`` and ``dˢ[t] = Σₖ ψˢ[k] aˢ⁻¹[t − 2ˢ⁻¹k]``
    with ``a⁰ = x``: equations 2 and 3 of Karami et al., MS-SSM (COLM 2025, arXiv 2512.23824).

    Parameters
    ----------
    x : Tensor of shape (b, l, d), float32 or float64
        Series, d channels; zero before their first step.
    phi, psi : Tensor of shape (S, d, K)
        Low-pass and high-pass filters of each scale and channel; ``[..., 0]`` meets the newest
        sample.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series. Bands are zero after them, whatever x holds there.
    history : Tensor of shape (b, h, d), optional
        The steps of x just before its first one, oldest first, in place of zeros;
        h ≥ (K − 1)(2ˢ − 1) loses nothing.

    Returns
    -------
    Tensor of shape (S + 1, b, l, d)
        The details d¹ … dˢ, fine to coarse, then the approximation aˢ.

    Raises
    ------
    ValueError
        If shapes do not fit together or a length is out of range.
    TypeError
        If x is not float32 or float64, or lengths are not integers.

    Examples
    --------
    With K = 2 and these filters every level is a Haar step, and the bands sum to the signal:

    >>> import torch
    >>> phi = torch.tensor([0.5, 0.5]).expand(2, 1, 2)
    >>> psi = torch.tensor([0.5, -0.5]).expand(2, 1, 2)
    >>> x = torch.tensor([[[1.0], [2.0], [4.0]]])
    >>> bands = decompose(x, phi, psi)
    >>> bands.shape
    torch.Size([3, 1, 3, 1])
    >>> torch.allclose(bands.sum(0), x)
    True
    """
    check_float("x", x)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch, n_timepoints, channels = x.shape
    if phi.ndim != 3 or phi.shape[1] != channels or 0 in phi.shape:
        raise ValueError(f"phi must have shape (S, d = {channels}, K), not {tuple(phi.shape)}")
    check_shape("psi", psi, tuple(phi.shape), "(S, d, K)")
    check_lengths(lengths, batch, n_timepoints)
    n_history = 0
    if history is not None:
        n_history = history.shape[1]
        check_shape("history", history, (batch, n_history, channels), "(b, h, d)")
        x = torch.cat([history, x], 1)
    # On a GPU the plain operations serve: no kernels yet.
    if backend_of(x.device) != "numba":
        return decompose_reference(x, phi, psi, lengths, n_history)
    bands: Tensor = _decompose(x, phi, psi, lengths, n_history)
    return bands


@operator("msssm_ts::decompose")
def _decompose(
    x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> Tensor:
    from msssm_ts.kernels.decompose.cpu import decompose_cpu

    return decompose_cpu(x, phi, psi, lengths, n_history).contiguous()


@_decompose.register_fake
def _(x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int) -> Tensor:
    batch, rows, channels = x.shape
    return x.new_empty(phi.shape[0] + 1, batch, rows - n_history, channels)


@operator("msssm_ts::decompose_backward")
def _decompose_backward(
    grad: Tensor, x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> tuple[Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.decompose.cpu import decompose_backward_cpu

    grad_x, grad_phi, grad_psi = decompose_backward_cpu(grad, x, phi, psi, lengths, n_history)
    return grad_x.contiguous(), grad_phi, grad_psi


@_decompose_backward.register_fake
def _(
    grad: Tensor, x: Tensor, phi: Tensor, psi: Tensor, lengths: Tensor | None, n_history: int
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(phi), torch.empty_like(psi)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.n_history = inputs
    ctx.save_for_backward(*tensors)


def _gradients(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    x, phi, psi, lengths = ctx.saved_tensors
    return *_decompose_backward(grad, x, phi, psi, lengths, ctx.n_history), None, None


_decompose.register_autograd(_gradients, setup_context=_save)
