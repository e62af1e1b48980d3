"""The MS-SSM layer's core as one torch operator."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels.backend import backend_of, choose_backend
from msssm_ts.kernels.checks import HALF_TYPES, check_float, check_lengths, check_shape
from msssm_ts.kernels.ms_scan.gpu_layout import kept_size, state_dtype
from msssm_ts.kernels.ms_scan.reference import ms_scan_reference
from msssm_ts.kernels.operator import is_learned_from, operator


def ms_scan(
    x: Tensor,
    phi: Tensor,
    psi: Tensor,
    A: Tensor,
    B: Tensor | None,
    C: Tensor,
    D: Tensor,
    E: Tensor,
    dt_bias: Tensor | None,
    *,
    dt: Tensor | None = None,
    dt_weight: Tensor | None = None,
    gate: Tensor | None = None,
    lengths: Tensor | None = None,
    history: Tensor | None = None,
    initial_state: Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Decompose, scan every band, mix the scales and gate, in one pass.

    The core of an MS-SSM layer (Karami et al. 2025, §3): the bands of
    :func:`~msssm_ts.kernels.decompose` and the raw signal are M = S + 2 streams, fine to coarse:
    the raw signal, the details d¹ … dˢ, the approximation aˢ. Each goes through its own
    :func:`~msssm_ts.kernels.selective_scan` with skip Dˢ, then
    ``out_t = (Σₛ E_t[s] yˢ_t) · silu(gate_t)`` (eq. 4). Without scales, S = 0, the raw signal is
    the only stream, M = 1: a single-scale layer.

    Parameters
    ----------
    x : Tensor of shape (b, l, d), float32 or float64; on the GPU also bfloat16 or float16
        Input.
    phi, psi : Tensor of shape (S, d, K)
        Low-pass and high-pass filters.
    A : Tensor of shape (M, d, n)
        Diagonals of the state matrices, negative for stable systems. Time-invariant,
        ``h_t = exp(ΔA) h_{t−1} + x̂_t`` and ``y_t = (C ΔB) h_t + D x̂_t``. Complex, for modes that
        oscillate, time-invariant only: log Ā, so that ``h_t = exp(A) h_{t−1} + x̂_t`` and
        ``y_t = Re(C h_t) + D x̂_t``. Step size, input map and the factor 2 of conjugate pairs are
        all in A and C: B and dt_bias are None.
    B, C : Tensor of shape (b, l, M, n); LTI: (M, d, n)
        Input and output maps; C as complex as A.
    D : Tensor of shape (M, d)
        Skip terms.
    E : Tensor of shape (b, l, M)
        Scale mixer, shared by all channels.
    dt_bias : Tensor of shape (M, d)
        LTI: Δ = softplus(dt_bias).
    dt : Tensor of shape (b, l, M, r), optional
        Selective: Δˢ_t = softplus(dt_weight[s] · dt_t[s] + dt_bias[s]), of rank r. Without it
        the streams are time-invariant (LTI).
    dt_weight : Tensor of shape (M, d, r), optional
        Goes with ``dt``.
    gate : Tensor of shape (b, l, d), optional
        Gate before its silu; without it there is no gate.
    lengths : integer Tensor of shape (b,), optional
        Valid steps of each series. After them the output is zero and the state stays.
    history : Tensor of shape (b, h, d), optional
        The steps of x just before its first one, for the filters.
    initial_state : Tensor of shape (b, M, d, n), optional
        States before the first step, as complex as A; zero by default, in float32 where x is of
        lower precision.
    reverse : bool
        Run from each series' last valid step to its first.

    Returns
    -------
    y : Tensor of shape (b, l, d)
        Output.
    last_state : Tensor of shape (b, M, d, n)
        States after the last step that was run.

    Raises
    ------
    ValueError
        If shapes do not fit together, a length is out of range, ``reverse`` comes with a history,
        or something that goes with a real A only with a complex one, or the reverse.
    TypeError
        If x is of another type, or lengths are not integers.

    Notes
    -----
    With a complex A a state of the fused kernels is a pair of real numbers, and costs what two real
    states do.

    Examples
    --------
    >>> import torch
    >>> b, l, d, n, S, K, M = 2, 5, 3, 4, 2, 2, 4
    >>> phi, psi = torch.randn(2, S, d, K)
    >>> A, B, C = -torch.rand(M, d, n), torch.randn(M, d, n), torch.randn(M, d, n)
    >>> D, dt_bias, E = torch.ones(M, d), torch.zeros(M, d), torch.ones(b, l, M)
    >>> y, state = ms_scan(torch.randn(b, l, d), phi, psi, A, B, C, D, E, dt_bias)
    >>> y.shape, state.shape
    (torch.Size([2, 5, 3]), torch.Size([2, 4, 3, 4]))
    """
    backend = backend_of(x.device)
    check_float("x", x, half=backend == "triton")
    if x.ndim != 3:
        raise ValueError(f"x must have shape (b, l, d), not {tuple(x.shape)}")
    batch, length, d = x.shape
    if phi.ndim != 3 or phi.shape[1] != d or 0 in phi.shape[1:]:
        raise ValueError(f"phi must have shape (S, d = {d}, K), not {tuple(phi.shape)}")
    check_shape("psi", psi, tuple(phi.shape), "(S, d, K)")
    streams = phi.shape[0] + 2 if phi.shape[0] else 1
    if A.ndim != 3 or A.shape[:2] != (streams, d) or not A.shape[2]:
        raise ValueError(f"A must have shape (M = {streams}, d = {d}, n), not {tuple(A.shape)}")
    n = A.shape[2]
    check_shape("D", D, (streams, d), "(M, d)")
    check_shape("E", E, (batch, length, streams), "(b, l, M)")
    oscillates = A.is_complex()
    if any((t is None) != oscillates for t in (B, dt_bias)) or (oscillates and dt is not None):
        raise ValueError("B and dt_bias go with a real A, and only with it; dt, too")
    if any(t is not None and t.is_complex() != oscillates for t in (C, initial_state)):
        raise ValueError("C and initial_state must be as complex as A")
    if dt_bias is not None:
        check_shape("dt_bias", dt_bias, (streams, d), "(M, d)")
    check_lengths(lengths, batch, length)
    if (dt is None) != (dt_weight is None):
        raise ValueError("dt and dt_weight go together: give both (selective) or neither (LTI)")
    if dt is None:
        map_shape: tuple[int, ...] = (streams, d, n)
        symbols = "(M, d, n)"
    else:
        map_shape, symbols = (batch, length, streams, n), "(b, l, M, n)"
        rank = dt.shape[-1]
        check_shape("dt", dt, (batch, length, streams, rank), "(b, l, M, r)")
    if dt_weight is not None:
        check_shape("dt_weight", dt_weight, (streams, d, rank), "(M, d, r)")
    if B is not None:
        check_shape("B", B, map_shape, symbols)
    check_shape("C", C, map_shape, symbols)
    if gate is not None:
        check_shape("gate", gate, (batch, length, d), "(b, l, d)")
    if initial_state is not None:
        check_shape("initial_state", initial_state, (batch, streams, d, n), "(b, M, d, n)")
    n_history = 0
    if history is not None:
        if reverse:
            raise ValueError("a history lies before the first step: it cannot go with reverse")
        n_history = history.shape[1]
        check_shape("history", history, (batch, n_history, d), "(b, h, d)")
        x = torch.cat([history, x], 1)
    if backend == "reference":
        return ms_scan_reference(
            x, phi, psi, A, B, C, D, E, dt_bias, dt, dt_weight, gate, initial_state, lengths,
            n_history, reverse,
        )
    if oscillates:
        A, C = pairs_of(torch.exp(A)), pairs_of(C)
        initial_state = None if initial_state is None else pairs_of(initial_state)
    elif dt is None and B is not None and dt_bias is not None:
        # Ā = exp(ΔA) and C B̄ = C ΔB once, not at every step
        if x.dtype in HALF_TYPES:
            A, B, C, dt_bias = A.float(), B.float(), C.float(), dt_bias.float()
        step = functional.softplus(dt_bias).unsqueeze(-1)
        A, C, B, dt_bias = torch.exp(step * A), C * (step * B), None, None
    if initial_state is None:
        h = x.new_zeros(batch, *A.shape, dtype=state_dtype(x))
    else:
        h = initial_state
    inputs = (x, gate, phi, psi, A, B, C, D, E, dt, dt_weight, dt_bias)
    keep = is_learned_from(*inputs, h)
    y, state, _ = _ms_scan(h, keep, *inputs, lengths, n_history, reverse, oscillates)
    if oscillates:
        state = torch.view_as_complex(state.view(batch, streams, d, n, 2))
    return y, state


def scan_one_stream(
    x: Tensor, delta: Tensor | None, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, h: Tensor,
    lengths: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Scan the raw signal alone, without a gate, on a GPU: its kernels take Δ as it is, too.

    What is given is as for :func:`msssm_ts.kernels.selective_scan.op.selective_scan`; without
    ``delta`` and B, A is Ā.
    """
    taps, E = x.new_empty(0, x.shape[2], 1), x.new_ones(*x.shape[:2], 1)
    if delta is None or B is None:
        C = C.unsqueeze(0)
    else:
        delta, B, C = delta.unsqueeze(2), B.unsqueeze(2), C.unsqueeze(2)
    inputs = (x, None, taps, taps, A.unsqueeze(0), B, C, D.unsqueeze(0), E, delta, None, None)
    keep = is_learned_from(*inputs, h)
    y, state, _ = _ms_scan(h.unsqueeze(1), keep, *inputs, lengths, 0, False, False)
    return y, state.squeeze(1)


def pairs_of(values: Tensor) -> Tensor:
    """Return complex values (…, n) as (…, 2n): real and imaginary parts in turn."""
    return torch.view_as_real(values.resolve_conj()).flatten(-2)


def _on_gpu(x: Tensor) -> bool:
    """Whether the Triton kernels run; on the CPU that is under their interpreter."""
    return choose_backend(x.device)[0] == "triton"


@operator("msssm_ts::ms_scan")
def _ms_scan(
    initial_state: Tensor, keep: bool, x: Tensor, gate: Tensor | None, phi: Tensor, psi: Tensor,
    A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, E: Tensor, dt: Tensor | None,
    dt_weight: Tensor | None, dt_bias: Tensor | None, lengths: Tensor | None, n_history: int,
    reverse: bool, pairs: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    if _on_gpu(x):
        from msssm_ts.kernels.ms_scan.triton import ms_scan_triton

        return ms_scan_triton(
            initial_state, keep, x, gate, phi, psi, A, B, C, D, E, dt, dt_weight, dt_bias,
            lengths, n_history, reverse, pairs,
        )
    from msssm_ts.kernels.ms_scan.cpu import ms_scan_cpu

    y, state, kept = ms_scan_cpu(
        initial_state, keep, x, gate, phi, psi, A, B, C, D, E, dt, dt_weight, dt_bias, lengths,
        n_history, reverse, pairs,
    )
    return y.contiguous(), state, kept


@_ms_scan.register_fake
def _(
    initial_state: Tensor, keep: bool, x: Tensor, gate: Tensor | None, phi: Tensor, psi: Tensor,
    A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, E: Tensor, dt: Tensor | None,
    dt_weight: Tensor | None, dt_bias: Tensor | None, lengths: Tensor | None, n_history: int,
    reverse: bool, pairs: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    batch, rows, d = x.shape
    length = rows - n_history
    if _on_gpu(x):
        size = kept_size(batch, length, d, A.shape[0] * A.shape[2], gate is not None, keep)
    else:
        from msssm_ts.kernels.layout import padded_channels
        from msssm_ts.kernels.selective_scan.cpu_chunks import CHUNK as CPU_CHUNK

        chunks, width = (length + CPU_CHUNK - 1) // CPU_CHUNK, padded_channels(d, x.dtype)
        size = batch * chunks * A.shape[0] * A.shape[2] * width if keep else 0
    # Flat: a traced graph would not hold for lengths of one chunk and of several otherwise.
    kept = x.new_empty(size, dtype=state_dtype(x))
    return x.new_empty(batch, length, d), initial_state.new_empty(initial_state.shape), kept


@operator("msssm_ts::ms_scan_backward")
def _ms_scan_backward(
    grad_y: Tensor, grad_state: Tensor, checkpoints: Tensor, x: Tensor, gate: Tensor | None,
    phi: Tensor, psi: Tensor, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, E: Tensor,
    dt: Tensor | None, dt_weight: Tensor | None, dt_bias: Tensor | None, lengths: Tensor | None,
    n_history: int, reverse: bool, pairs: bool,
) -> list[Tensor]:
    if _on_gpu(x):
        from msssm_ts.kernels.ms_scan.triton import ms_scan_backward_triton

        return list(
            ms_scan_backward_triton(
                grad_y, grad_state, checkpoints, x, gate, phi, psi, A, B, C, D, E, dt,
                dt_weight, dt_bias, lengths, n_history, reverse, pairs,
            )
        )
    from msssm_ts.kernels.ms_scan.cpu import ms_scan_backward_cpu

    grads = ms_scan_backward_cpu(
        grad_y, grad_state, checkpoints, x, gate, phi, psi, A, B, C, D, E, dt, dt_weight,
        dt_bias, lengths, n_history, reverse, pairs,
    )
    return [g.contiguous() for g in grads]


@_ms_scan_backward.register_fake
def _(
    grad_y: Tensor, grad_state: Tensor, checkpoints: Tensor, x: Tensor, gate: Tensor | None,
    phi: Tensor, psi: Tensor, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, E: Tensor,
    dt: Tensor | None, dt_weight: Tensor | None, dt_bias: Tensor | None, lengths: Tensor | None,
    n_history: int, reverse: bool, pairs: bool,
) -> list[Tensor]:
    inputs = (x, gate, phi, psi, A, B, C, D, E, dt, dt_weight, dt_bias, grad_state)
    return [x.new_empty(0) if t is None else t.new_empty(t.shape) for t in inputs]


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, ctx.n_history, ctx.reverse, ctx.pairs = inputs[2:]
    ctx.mark_non_differentiable(output[2])
    ctx.save_for_backward(output[2], *tensors)


def _gradients(ctx: Any, grad_y: Tensor, grad_state: Tensor, _: Any) -> tuple[Any, ...]:
    tensors = ctx.saved_tensors
    *grads, grad_h = _ms_scan_backward(
        grad_y, grad_state, *tensors, ctx.n_history, ctx.reverse, ctx.pairs
    )
    given = [g if t is not None else None for g, t in zip(grads, tensors[1:], strict=False)]
    return grad_h, None, *given, None, None, None, None


_ms_scan.register_autograd(_gradients, setup_context=_save)
