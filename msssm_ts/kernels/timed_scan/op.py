"""The scan over uneven steps as a torch operator."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import check_float, check_lengths, check_shape
from msssm_ts.kernels.operator import is_learned_from, operator
from msssm_ts.kernels.timed_scan.reference import timed_scan_reference


def timed_scan(
    x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, *, lengths: Tensor | None = None
) -> Tensor:
    """Scan series whose steps are unevenly spaced, with a time-invariant diagonal.

    ``h_t = exp(g_t log Ā) h_{t−1} + x_t``, ``y_t = Re(C h_t)``, with g_t the gap from the step
    before: the state forgets, and turns, for as long as nothing came; a step puts in what it has
    whatever the gap before it. On a regular grid with steps missing it is the scan over the grid,
    where a missing step puts in nothing. An input map is C's.

    On a GPU the plain operations serve, step after step: there is no kernel of its own yet.

    Parameters
    ----------
    x : Tensor of shape (b, l, d), float32 or float64
        Series, d channels.
    gaps : Tensor of shape (b, l)
        Time from the step before, not negative; the first one does not matter. They get no
        gradient.
    log : Tensor of shape (d, n), real or complex
        log Ā of a gap of 1, with a negative real part for a stable system.
    C : Tensor of shape (d, n), of the same type
        Output map.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series; after them y is zero.

    Returns
    -------
    Tensor of shape (b, l, d)
        y.

    Raises
    ------
    ValueError
        If shapes do not fit together, a length is out of range, or one of ``log`` and ``C`` is
        complex and the other is not.
    TypeError
        If x is not float32 or float64, or lengths are not integers.

    Examples
    --------
    Halved in every unit of time; the second step is two units later, the third one at once:

    >>> import torch
    >>> x, half = torch.ones(1, 3, 1), torch.tensor([[0.5]]).log()
    >>> timed_scan(x, torch.tensor([[1.0, 2.0, 0.0]]), half, torch.ones(1, 1)).flatten()
    tensor([1.0000, 1.2500, 2.2500])
    """
    check_float("x", x)
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch, rows, d = x.shape
    if log.ndim != 2 or log.shape[0] != d or not log.shape[1]:
        raise ValueError(f"log must have shape (d = {d}, n), not {tuple(log.shape)}")
    check_shape("gaps", gaps, (batch, rows), "(b, l)")
    check_shape("C", C, (d, log.shape[1]), "(d, n)")
    check_lengths(lengths, batch, rows)
    if log.is_complex() != C.is_complex():
        raise ValueError("log and C must both be real, or both complex")
    gaps = gaps.to(x.dtype)
    if backend_of(x.device) != "numba":
        return timed_scan_reference(x, gaps, log, C, lengths)
    keep = is_learned_from(x, log, C)
    y, _ = _timed_scan(x, gaps, log, C, lengths, keep)
    return y


@operator("msssm_ts::timed_scan")
def _timed_scan(
    x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None, keep: bool
) -> tuple[Tensor, Tensor]:
    from msssm_ts.kernels.timed_scan.cpu import timed_scan_cpu

    return timed_scan_cpu(x, gaps, log.resolve_conj(), C.resolve_conj(), lengths, keep)


@_timed_scan.register_fake
def _(
    x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None, keep: bool
) -> tuple[Tensor, Tensor]:
    from msssm_ts.kernels.timed_scan.cpu import chunk_steps

    (batch, rows, d), steps = x.shape, chunk_steps(x.shape[0])
    chunks = (rows + steps - 1) // steps if keep else 0
    return x.new_empty(x.shape), x.new_empty(chunks, 1 + log.is_complex(), batch, log.shape[1], d)


@operator("msssm_ts::timed_scan_backward")
def _timed_scan_backward(
    grad_y: Tensor, x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None,
    kept: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    from msssm_ts.kernels.timed_scan.cpu import timed_scan_backward_cpu

    maps = (log.resolve_conj(), C.resolve_conj())
    grads = timed_scan_backward_cpu(grad_y, x, gaps, *maps, lengths, kept)
    grad_x, grad_log, grad_C = (g.contiguous() for g in grads)
    return grad_x, grad_log, grad_C


@_timed_scan_backward.register_fake
def _(
    grad_y: Tensor, x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None,
    kept: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    return x.new_empty(x.shape), log.new_empty(log.shape), C.new_empty(C.shape)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, gaps, log, C, lengths, _ = inputs
    ctx.mark_non_differentiable(output[1])
    ctx.save_for_backward(x, gaps, log, C, lengths, output[1])


def _gradients(ctx: Any, grad_y: Tensor, _: Any) -> tuple[Any, ...]:
    grad_x, grad_log, grad_C = _timed_scan_backward(grad_y, *ctx.saved_tensors)
    return grad_x, None, grad_log, grad_C, None, None


_timed_scan.register_autograd(_gradients, setup_context=_save)
