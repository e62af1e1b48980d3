"""What the kernels of both cells share."""

from __future__ import annotations

from typing import Any

from msssm_ts.kernels.jit import inlined
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
def copy_out(
    state: Any, out: Any, at: Any, d: Any, n: Any, count: Any, kinds: Any = 1
) -> None:
    """Copy what count vectors of channels have n units of, ``kinds`` of each, to (kinds, n, d)."""
    width = lanes_of(state)
    for v in range(count):
        for j in range(n):
            for k in range(kinds):
                value = load(state, ((v * n + j) * kinds + k) * width)
                store(out, at + v * width + (k * n + j) * d, value)


@inlined
def copy_in(
    kept: Any, at: Any, d: Any, n: Any, count: Any, state: Any, kinds: Any = 1
) -> None:
    """Copy it back."""
    width = lanes_of(state)
    for v in range(count):
        for j in range(n):
            for k in range(kinds):
                value = load(kept, at + v * width + (k * n + j) * d)
                store(state, ((v * n + j) * kinds + k) * width, value)
