"""Diagonal scans on the CPU (numba).

A scan goes through time in chunks of :data:`CHUNK` steps, one vector of channels at a time; a
chunk's inputs and outputs lie in scratch buffers in the first-level cache. The forward pass
stores the state at the start of each chunk; the backward pass goes from the last chunk to the
first, recomputes the states inside it and never holds more than those of one chunk.

Cost per step, channel and state, with A in units of ln 2:
    selective forward 1 exponential and 4 flops, backward 1 exponential and 19 flops;
    LTI no exponential: 4 flops forward, 11 backward.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.decompose.cpu import copy_vectors, fill_zero
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.layout import (
    channel_groups,
    flat,
    pad_channels,
    padded_channels,
    scratch,
    sum_groups,
    valid_lengths,
)
from msssm_ts.kernels.selective_scan.cpu_chunks import (
    CHUNK,
    LOG2_E,
    lti_chunk,
    lti_chunk_gradient,
    selective_chunk,
    selective_chunk_gradient,
    sum_lanes,
)
from msssm_ts.kernels.simd import lanes_of, load, store


def selective_scan_cost(d_state: int, itemsize: int = 4) -> dict[str, int]:
    """Bytes, exponentials and flops that one step of one channel needs in the forward pass.

    Bytes are those of x, Δ and y; B and C are shared by all channels and not counted.
    """
    return {"bytes": 3 * itemsize, "exponentials": d_state, "flops": 4 * d_state + 2}


@kernel
def _forward(
    x: Any, dt: Any, A: Any, B: Any, C: Any, D: Any, state: Any, lengths: Any, y: Any,
    checkpoints: Any, keep: Any, rows: Any, d: Any, n: Any, first: Any, last: Any,
) -> None:
    """``state`` (b, n, d) holds the initial states on entry, the last ones on exit."""
    width = lanes_of(x)
    vectors = d // width
    chunks = (rows + CHUNK - 1) // CHUNK
    x_chunk, y_chunk = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    dt_chunk = scratch(x, CHUNK * width)
    h = scratch(x, n * width)
    for item in range(first, last):
        b, c = item // vectors, item % vectors * width
        skip = load(D, c)
        copy_vectors(state, b * n * d + c, d, h, 0, width, n)
        for k in range(chunks):
            start = k * CHUNK
            if keep:
                copy_vectors(h, 0, width, checkpoints, (b * chunks + k) * n * d + c, d, n)
            steps = max(0, min(CHUNK, lengths[b] - start))
            at = (b * rows + start) * d + c
            for i in range(steps):
                x_i = load(x, at + i * d)
                store(x_chunk, i * width, x_i)
                store(y_chunk, i * width, skip * x_i)
            if dt is not None:
                copy_vectors(dt, at, d, dt_chunk, 0, width, steps)
                bc = (b * rows + start) * n
                selective_chunk(
                    x_chunk, 0, dt_chunk, y_chunk, steps, h, 0, width, A, c, d, n,
                    B, bc, C, bc, n, None,
                )
            else:
                lti_chunk(x_chunk, 0, y_chunk, steps, h, 0, width, A, C, c, d, n, None)
            copy_vectors(y_chunk, 0, width, y, at, d, steps)
            fill_zero(y, at + steps * d, d, min(CHUNK, rows - start) - steps)
        copy_vectors(h, 0, width, state, b * n * d + c, d, n)


@kernel
def _backward(
    grad_y: Any, carry: Any, x: Any, dt: Any, A: Any, B: Any, C: Any, D: Any, lengths: Any,
    checkpoints: Any, grad_x: Any, grad_dt: Any, grad_A: Any, grad_B: Any, grad_C: Any,
    grad_D: Any, rows: Any, d: Any, n: Any, groups: Any, first: Any, last: Any,
) -> None:
    """``carry`` (b, n, d): the gradient of the last state on entry, of the initial on exit.

    Selective: grad_B, grad_C are (groups, b, l, n). LTI: dt and B are None, A holds Ā, and grad_A,
    grad_C are (b, n, d).
    """
    width = lanes_of(x)
    vectors = d // width
    batch = lengths.size
    chunks = (rows + CHUNK - 1) // CHUNK
    x_chunk, dt_chunk = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    gy_chunk, gx_chunk = scratch(x, CHUNK * width), scratch(x, CHUNK * width)
    gdt_chunk = scratch(x, CHUNK * width)
    h = scratch(x, (CHUNK + 1) * n * width)
    decays = scratch(x, CHUNK * n * width)
    # CHUNK is a multiple of the lanes, so that sum_lanes never reads past the end.
    lanes_B, lanes_C = scratch(x, CHUNK * n * width), scratch(x, CHUNK * n * width)
    sums = scratch(x, CHUNK * n)
    for item in range(first, last):
        b, g = item // groups, item % groups
        c_first, c_last = vectors * g // groups * width, vectors * (g + 1) // groups * width
        for c in range(c_first, c_last, width):
            at = b * n * d + c
            fill_zero(grad_A, at, d, n)
            if dt is None:
                fill_zero(grad_C, at, d, n)
            fill_zero(grad_D, b * d + c, d, 1)
        for k in range(chunks - 1, -1, -1):
            start = k * CHUNK
            steps = max(0, min(CHUNK, lengths[b] - start))
            rest = min(CHUNK, rows - start) - steps
            fill_zero(lanes_B, 0, width, CHUNK * n)
            fill_zero(lanes_C, 0, width, CHUNK * n)
            bc = (b * rows + start) * n
            for c in range(c_first, c_last, width):
                at = (b * rows + start) * d + c
                state_at = b * n * d + c
                copy_vectors(x, at, d, x_chunk, 0, width, steps)
                copy_vectors(grad_y, at, d, gy_chunk, 0, width, steps)
                copy_vectors(checkpoints, (b * chunks + k) * n * d + c, d, h, 0, width, n)
                skip, grad_skip = load(D, c), load(grad_D, b * d + c)
                for i in range(steps):
                    g_i = load(gy_chunk, i * width)
                    store(gx_chunk, i * width, skip * g_i)
                    grad_skip = grad_skip + g_i * load(x_chunk, i * width)
                store(grad_D, b * d + c, grad_skip)
                if dt is not None:
                    copy_vectors(dt, at, d, dt_chunk, 0, width, steps)
                    selective_chunk(
                        x_chunk, 0, dt_chunk, gx_chunk, steps, h, 0, width, A, c, d, n,
                        B, bc, C, bc, n, decays,
                    )
                    selective_chunk_gradient(
                        x_chunk, 0, dt_chunk, gy_chunk, None, gx_chunk, gdt_chunk, steps, h,
                        decays, carry, state_at, A, grad_A, state_at, c, d, n, B, bc, C, bc, n,
                        lanes_B, lanes_C,
                    )
                    copy_vectors(gdt_chunk, 0, width, grad_dt, at, d, steps)
                    fill_zero(grad_dt, at + steps * d, d, rest)
                else:
                    lti_chunk(x_chunk, 0, gx_chunk, steps, h, 0, width, A, C, c, d, n, decays)
                    lti_chunk_gradient(
                        gy_chunk, None, gx_chunk, steps, h, carry, state_at, A, C, c, d, n, grad_A,
                        grad_C, state_at,
                    )
                copy_vectors(gx_chunk, 0, width, grad_x, at, d, steps)
                fill_zero(grad_x, at + steps * d, d, rest)
            if dt is not None:
                out = ((g * batch + b) * rows + start) * n
                sum_lanes(lanes_B, steps + rest, n, sums, grad_B, out, n)
                sum_lanes(lanes_C, steps + rest, n, sums, grad_C, out, n)


def states_last(state: Tensor, d: int) -> Tensor:
    """(…, n, padded d) of the kernels to the (…, d, n) of the interface."""
    return state[..., :d].transpose(-1, -2).contiguous()


def states_first(state: Tensor, d: int) -> Tensor:
    """(…, d, n) of the interface to the kernels' (…, n, d), d padded to whole vectors."""
    return pad_channels(state.transpose(-1, -2), d)


def _coefficients(
    x: Tensor, delta: Tensor | None, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor, d: int
) -> tuple[Any, ...]:
    """(x, dt, A, B, C, D) as the kernels want them; LTI takes Ā in A's place, and no B."""
    x_flat, D_flat = flat(pad_channels(x, d)), flat(pad_channels(D, d))
    if delta is None or B is None:
        return x_flat, None, flat(states_first(A, d)), None, flat(states_first(C, d)), D_flat
    maps = (flat(states_first(A * LOG2_E, d)), flat(B.contiguous()), flat(C.contiguous()))
    return x_flat, flat(pad_channels(delta, d)), *maps, D_flat


def selective_scan_cpu(
    x: Tensor, delta: Tensor | None, A: Tensor, B: Tensor | None, C: Tensor, D: Tensor,
    initial_state: Tensor, lengths: Tensor | None, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Fused forward: y, the last state, and (if keep) the state before each chunk."""
    batch, rows, channels = x.shape
    n, d = A.shape[1], padded_channels(channels, x.dtype)
    length = valid_lengths(lengths, batch, rows)
    y = x.new_empty(batch, rows, d)
    state = states_first(initial_state, d).clone()
    # (b, chunks, n, d), flat
    checkpoints = x.new_empty(batch * -(-rows // CHUNK) * n * d * keep)
    args = (
        *_coefficients(x, delta, A, B, C, D, d), flat(state), length, flat(y),
        flat(checkpoints), keep, rows, d, n,
    )

    def work(first: int, last: int) -> None:
        _forward(*args, first, last)

    width = padded_channels(1, x.dtype)
    parallel.run(work, (length * width * n).repeat(d // width))
    return y[..., :channels], states_last(state, channels), checkpoints


def selective_scan_backward_cpu(
    grad_y: Tensor, grad_state: Tensor, x: Tensor, delta: Tensor | None, A: Tensor,
    B: Tensor | None, C: Tensor, D: Tensor, lengths: Tensor | None, checkpoints: Tensor,
) -> tuple[Tensor, ...]:
    """Gradients of x, Δ, A, B (these two empty for LTI), C, D and the initial state."""
    batch, rows, channels = x.shape
    n, d = A.shape[1], padded_channels(channels, x.dtype)
    selective = delta is not None
    length = valid_lengths(lengths, batch, rows)
    groups = channel_groups(batch, d, x.dtype)
    carry = states_first(grad_state, d).clone()
    grad_x, grad_dt = (x.new_empty(s) for s in ((batch, rows, d), (batch, rows, d * selective)))
    grad_A, grad_D = x.new_empty(batch, n, d), x.new_empty(batch, d)
    grad_B = x.new_empty((groups, batch, rows, n) if selective else (1, 0))
    grad_C = x.new_empty((groups, batch, rows, n) if selective else (batch, n, d))
    args = (
        flat(pad_channels(grad_y, d)), flat(carry), *_coefficients(x, delta, A, B, C, D, d),
        length, flat(checkpoints), flat(grad_x), flat(grad_dt),
        *(flat(g) for g in (grad_A, grad_B, grad_C, grad_D)), rows, d, n, groups,
    )

    def work(first: int, last: int) -> None:
        _backward(*args, first, last)

    parallel.run(work, (length * (d * n * 3 // groups)).repeat(groups))
    grads_C = sum_groups(grad_C) if selective else states_last(grad_C.sum(0), channels)
    return (
        grad_x[..., :channels], grad_dt[..., :channels], states_last(grad_A.sum(0), channels),
        sum_groups(grad_B), grads_C, grad_D.sum(0)[:channels], states_last(carry, channels),
    )
