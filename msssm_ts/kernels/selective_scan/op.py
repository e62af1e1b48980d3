"""The diagonal state-space scan as a torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.backend import backend_of
from msssm_ts.kernels.checks import HALF_TYPES, check_float, check_lengths, check_shape
from msssm_ts.kernels.ms_scan.gpu_layout import state_dtype
from msssm_ts.kernels.operator import is_learned_from, operator
from msssm_ts.kernels.selective_scan.reference import selective_scan_reference


def selective_scan(
    x: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    *,
    initial_state: Tensor | None = None,
    lengths: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Scan series with a diagonal real state-space model, selective (S6) or time-invariant.

    ``h_t = exp(Δ_t A) h_{t−1} + Δ_t B_t x_t``, ``y_t = C_t h_t + D x_t``: the discretisation of
    Mamba (Gu and Dao 2023, eq. 2 with the simplified B̄). A time-invariant ΔB is put into C, since
    the sum of products is the same: ``h_t = exp(ΔA) h_{t−1} + x_t``, ``y_t = (C ΔB) h_t + D x_t``.

    Parameters
    ----------
    x : Tensor of shape (b, l, d), float32 or float64
        Series, d channels. On a GPU bfloat16 and float16, too; states are then float32.
    delta : Tensor of shape (b, l, d), or (d,)
        Step sizes, positive. One per channel alone makes the system time-invariant (LTI): its
        decay is computed once and no step needs an exponential.
    A : Tensor of shape (d, n)
        Diagonal of the state matrix, negative for a stable system.
    B, C : Tensor of shape (b, l, n); LTI: (d, n)
        Input and output maps. Constants (n,) serve in both cases.
    D : Tensor of shape (d,), optional
        Skip term.
    initial_state : Tensor of shape (b, d, n), optional
        h before the first step; zero by default.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series. After them y is zero and the state stays.

    Returns
    -------
    y : Tensor of shape (b, l, d)
        Output.
    last_state : Tensor of shape (b, d, n)
        h after each series' last valid step.

    Raises
    ------
    ValueError
        If shapes do not fit together or a length is out of range.
    TypeError
        If x is of another type, or lengths are not integers.

    Examples
    --------
    A leaky sum with decay one half:

    >>> import torch
    >>> x = torch.tensor([[[1.0], [0.0], [1.0]]])
    >>> A = torch.tensor([[0.5]]).log()
    >>> y, last = selective_scan(x, torch.ones(1), A, torch.ones(1), torch.ones(1))
    >>> y.flatten()
    tensor([1.0000, 0.5000, 1.2500])
    """
    backend = backend_of(x.device)
    check_float("x", x, half=backend == "triton")
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch, n_timepoints, d = x.shape
    if A.ndim != 2 or A.shape[0] != d or not A.shape[1]:
        raise ValueError(f"A must have shape (d = {d}, n), not {tuple(A.shape)}")
    n = A.shape[1]
    if delta.ndim == 1:
        check_shape("delta", delta, (d,), "(d,)")
        shape: tuple[int, ...] = (d, n)
        symbols = "(d, n)"
    else:
        check_shape("delta", delta, (batch, n_timepoints, d), "(b, l, d)")
        shape, symbols = (batch, n_timepoints, n), "(b, l, n)"
    B, C = (p.expand(shape) if p.shape == (n,) else p for p in (B, C))
    check_shape("B", B, shape, symbols)
    check_shape("C", C, shape, symbols)
    check_lengths(lengths, batch, n_timepoints)
    if D is not None:
        check_shape("D", D, (d,), "(d,)")
    if initial_state is not None:
        check_shape("initial_state", initial_state, (batch, d, n), "(b, d, n)")
    if backend == "reference":
        return selective_scan_reference(x, delta, A, B, C, D, initial_state, lengths)
    D = x.new_zeros(d) if D is None else D
    h = initial_state
    if h is None:
        h = x.new_zeros(batch, d, n, dtype=state_dtype(x))
    steps: Tensor | None = delta
    map_in: Tensor | None = B
    if delta.ndim == 1:
        # Ā = exp(ΔA) and C B̄ = C ΔB once, not at every step; then there is neither Δ nor B.
        if x.dtype in HALF_TYPES:
            delta, A, B, C = delta.float(), A.float(), B.float(), C.float()
        A, C = torch.exp(delta[:, None] * A), C * (delta[:, None] * B)
        steps = map_in = None
    if backend == "triton":
        from msssm_ts.kernels.ms_scan.op import scan_one_stream

        return scan_one_stream(x, steps, A, map_in, C, D, h, lengths)
    inputs = (x, steps, A, map_in, C, D, h)
    keep = is_learned_from(*inputs)
    y, last_state, _ = _selective_scan(*inputs, lengths, keep)
    return y, last_state


@operator("msssm_ts::selective_scan")
def _selective_scan(
    x: Tensor, delta: Tensor | None, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.selective_scan.cpu import selective_scan_cpu

    y, state, kept = selective_scan_cpu(x, delta, A, B, C, D, initial_state, lengths, keep)
    return y.contiguous(), state, kept


@_selective_scan.register_fake
def _(
    x: Tensor, delta: Tensor | None, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.layout import padded_channels
    from msssm_ts.kernels.selective_scan.cpu_chunks import CHUNK

    batch, rows, d = x.shape
    width = padded_channels(d, x.dtype)
    # Flat: a traced graph would not hold for lengths of one chunk and of several otherwise.
    kept = x.new_empty(batch * ((rows + CHUNK - 1) // CHUNK) * A.shape[1] * width if keep else 0)
    return x.new_empty(x.shape), initial_state.new_empty(initial_state.shape), kept


@operator("msssm_ts::selective_scan_backward")
def _selective_scan_backward(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor | None, A: Tensor,
    B: Tensor | None, C: Tensor, D: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    from msssm_ts.kernels.selective_scan.cpu import selective_scan_backward_cpu

    grads = selective_scan_backward_cpu(
        grad_y, grad_state, x, delta, A, B, C, D, lengths, checkpoints
    )
    gx, gdelta, gA, gB, gC, gD, gh = (g.contiguous() for g in grads)
    return gx, gdelta, gA, gB, gC, gD, gh


@_selective_scan_backward.register_fake
def _(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor | None, A: Tensor,
    B: Tensor | None, C: Tensor, D: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    gx, gA, gC, gD, gh = (t.new_empty(t.shape) for t in (x, A, C, D, grad_state))
    gdelta = x.new_empty((*x.shape[:2], 0) if delta is None else delta.shape)
    gB = x.new_empty(0 if B is None else B.shape)
    return gx, gdelta, gA, gB, gC, gD, gh


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    x, delta, A, B, C, D, _, lengths, _ = inputs
    ctx.mark_non_differentiable(output[2])
    ctx.save_for_backward(x, delta, A, B, C, D, lengths, output[2])


def _gradients(ctx: Any, grad_y: Tensor, grad_state: Tensor, _: Any) -> tuple[Any, ...]:
    grads = _selective_scan_backward(grad_y, grad_state, *ctx.saved_tensors)
    # x, Δ, A, B, C and D, of which two may not be there; then the state's.
    given = [None if t is None else g for g, t in zip(grads, ctx.saved_tensors[:6], strict=False)]
    return *given, grads[6], None, None


_selective_scan.register_autograd(_gradients, setup_context=_save)
