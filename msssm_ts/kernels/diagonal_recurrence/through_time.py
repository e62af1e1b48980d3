"""What the kernels of both cells share: the way through time and the way back, made for a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msssm_ts.kernels.decompose.cpu import fill_zero
from msssm_ts.kernels.jit import inlined
from msssm_ts.kernels.layout import scratch
from msssm_ts.kernels.simd import exp_minus, lanes_of, load, store

# Steps from one kept state to the next; between them the backward pass runs forward again.
CHUNK = 16


@inlined
def sigmoid_and_tanh(u: Any, v: Any, one: Any) -> Any:
    """Return 1 / (1 + exp(−u)) and (1 − exp(−2v)) / (1 + exp(−2v)), by one division."""
    e, f = one + exp_minus(u), exp_minus(v + v)
    share = one / (e * (one + f))
    return (one + f) * share, (one - f) * (e * share)


@inlined
def _copy_out(
    state: Any, out: Any, at: Any, d: Any, n: Any, count: Any, kinds: Any
) -> None:
    """Copy what count vectors of channels have n units of, ``kinds`` of each, to (kinds, n, d)."""
    width = lanes_of(state)
    for v in range(count):
        for j in range(n):
            for k in range(kinds):
                value = load(state, ((v * n + j) * kinds + k) * width)
                store(out, at + v * width + (k * n + j) * d, value)


@inlined
def _copy_in(
    kept: Any, at: Any, d: Any, n: Any, count: Any, state: Any, kinds: Any
) -> None:
    """Copy it back."""
    width = lanes_of(state)
    for v in range(count):
        for j in range(n):
            for k in range(kinds):
                value = load(kept, at + v * width + (k * n + j) * d)
                store(state, ((v * n + j) * kinds + k) * width, value)


def through_time(advance: Any, kinds: int, n_past: int) -> Callable[..., None]:
    """Make what runs a cell over series, a part of its forward kernel.

    Parameters
    ----------
    advance : jitted function
        Moves the states of some vectors of channels one step on, and leaves in ``past`` what the
        way back needs.
    kinds : int
        Numbers that a unit keeps.
    n_past : int
        Numbers that it leaves in ``past`` a step.
    """

    @inlined
    def forward(
        x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, y: Any, kept: Any,
        keep: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
    ) -> None:  # fmt: skip
        """Fill y (b, l, d), and kept (b, chunks, kinds, n, d), for the items first..last-1."""
        width = lanes_of(x)
        vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
        groups = (vectors + group - 1) // group
        most = group * n * width
        state, past = scratch(x, kinds * most), scratch(x, n_past * most)
        for item in range(first, last):
            b, c0 = item // groups, item % groups * group * width
            count = min(group, vectors - item % groups * group)
            fill_zero(state, 0, width, kinds * count * n)
            for t in range(lengths[b]):
                if keep and t % CHUNK == 0:
                    at = kinds * (b * chunks + t // CHUNK) * size + c0
                    _copy_out(state, kept, at, d, n, count, kinds)
                i = (b * rows + t) * d + c0
                advance(x, i, w, a, bias, c0, d, n, count, state, past, 0)
                for v in range(count):
                    p = c0 + v * width
                    out = load(D, p) * load(x, i + v * width)
                    for j in range(n):
                        out = out + load(C, p + j * d) * load(state, kinds * (v * n + j) * width)
                    store(y, i + v * width, out)
            for v in range(count):
                i = (b * rows + lengths[b]) * d + c0 + v * width
                fill_zero(y, i, d, rows - lengths[b])

    return forward


def back_through_time(
    advance: Any, go_back: Any, kinds: int, n_past: int, n_sums: int
) -> Callable[..., None]:
    """Make what runs a cell back over series, a part of its backward kernel.

    Parameters
    ----------
    advance, kinds, n_past : as of :func:`through_time`
        Run forward again from the states that are kept.
    go_back : jitted function
        Takes a unit of a vector back over some steps.
    n_sums : int
        Gradients of a unit's parameters.
    """

    @inlined
    def backward(
        grad: Any, x: Any, w: Any, a: Any, bias: Any, C: Any, D: Any, lengths: Any, kept: Any,
        grad_x: Any, sums: Any, rows: Any, d: Any, n: Any, group: Any, first: Any, last: Any,
    ) -> None:  # fmt: skip
        """Fill grad_x (b, l, d), and sums (b, n_sums, n, d): of w, a, bias and C."""
        width = lanes_of(x)
        vectors, size, chunks = d // width, n * d, (rows + CHUNK - 1) // CHUNK
        groups = (vectors + group - 1) // group
        most = group * n * width
        state, carry = scratch(x, kinds * most), scratch(x, kinds * most)
        total, past = scratch(x, n_sums * most), scratch(x, n_past * CHUNK * most)
        for item in range(first, last):
            b, c0 = item // groups, item % groups * group * width
            count = min(group, vectors - item % groups * group)
            fill_zero(carry, 0, width, kinds * count * n)
            fill_zero(total, 0, width, n_sums * count * n)
            for v in range(count):
                i = (b * rows + lengths[b]) * d + c0 + v * width
                fill_zero(grad_x, i, d, rows - lengths[b])
            for chunk in range((lengths[b] + CHUNK - 1) // CHUNK - 1, -1, -1):
                start = chunk * CHUNK
                stop = min(start + CHUNK, lengths[b])
                _copy_in(kept, kinds * (b * chunks + chunk) * size + c0, d, n, count, state, kinds)
                for t in range(start, stop):
                    i, at = (b * rows + t) * d + c0, n_past * (t - start) * most
                    advance(x, i, w, a, bias, c0, d, n, count, state, past, at)
                for v in range(count):
                    i, own = (b * rows + start) * d + c0 + v * width, load(D, c0 + v * width)
                    for k in range(i, i + (stop - start) * d, d):
                        store(grad_x, k, load(grad, k) * own)
                    for j in range(n):
                        u = (v * n + j) * width
                        go_back(
                            *(grad, x, w, a, C, i, c0 + v * width + j * d, d, size, stop - start),
                            *(past, n_past * u, n_past * most, carry, kinds * u, total, n_sums * u),
                            grad_x,
                        )
            _copy_out(total, sums, n_sums * b * size + c0, d, n, count, n_sums)

    return backward
