"""The fused MS-SSM layer core on the CPU (numba).

One vector of channels at a time: its levels and details in scratch, then chunk by chunk all
streams, skip, mixer and gate from the first-level cache. Nothing of size (b, l, d, n) or
(b, l, d, M) is ever stored; the backward pass recomputes.

Per step and channel, S scales of K taps, M = S + 2 streams of n states:
    exponentials, S6  forward M·n + 2M + 1, backward M·n + 2M + 1 (softplus as exp and log)
    exponentials, LTI forward 1, backward 1 (the gate's), of real states or pairs
    bytes             forward 3 floats (x, gate, y), backward 5 (x, gate, dy, dx, dgate)
    flops             forward 4S·K + 4M·n, backward 12S·K + 19M·n (LTI 11M·n)
(see :func:`ms_scan_cost`).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.decompose.cpu import padded_taps, taps_first, taps_last
from msssm_ts.kernels.layout import (
    channel_groups,
    flat,
    pad_channels,
    padded_channels,
    rows_of,
    sum_groups,
    valid_lengths,
)
from msssm_ts.kernels.ms_scan.cpu_backward import backward
from msssm_ts.kernels.ms_scan.cpu_forward import forward
from msssm_ts.kernels.selective_scan.cpu import states_first, states_last
from msssm_ts.kernels.selective_scan.cpu_chunks import CHUNK, LOG2_E


def ms_scan_cost(
    n_scales: int, kernel_size: int, d_state: int, selective: bool, itemsize: int = 4
) -> dict[str, int]:
    """Bytes, exponentials and flops that one step of one channel needs in the forward pass.

    Logarithms count as exponentials. B, C, E and Δ's factors are shared by all channels and not
    counted.
    """
    streams = n_scales + 2 if n_scales else 1
    return {
        "bytes": 3 * itemsize,
        "exponentials": streams * (d_state + 2) + 1 if selective else 1,
        "flops": 4 * n_scales * kernel_size + 4 * streams * d_state,
    }


class _Inputs:
    """The tensors of one call as the kernels want them.

    ``low`` and B are None in the LTI case, whose states may be ``pairs``.
    """

    def __init__(
        self, x: Tensor, gate: Tensor | None, phi: Tensor, psi: Tensor, A: Tensor,
        B: Tensor | None, C: Tensor, D: Tensor, E: Tensor, low: Tensor | None,
        weight: Tensor | None, bias: Tensor | None, lengths: Tensor | None, n_history: int,
        reverse: bool, pairs: bool,
    ):
        self.batch, rows, self.channels = x.shape
        self.n_scales, self.n_taps = phi.shape[0], padded_taps(phi)
        self.filters = phi
        self.n, self.streams = A.shape[2], A.shape[0]
        self.length, self.n_history = rows - n_history, n_history
        self.selective = low is not None
        self.rank = low.shape[3] if low is not None else 0
        self.width = d = padded_channels(self.channels, x.dtype)
        self.lengths = valid_lengths(lengths, self.batch, self.length)
        maps: tuple[Any, ...]
        steps: tuple[Any, ...]
        if low is not None and weight is not None and bias is not None and B is not None:
            diagonal = flat(states_first(A * LOG2_E, d))
            maps = (diagonal, None, None, flat(B.contiguous()), flat(C.contiguous()))
            steps = (
                flat(low.contiguous()), flat(states_first(weight, d)), flat(pad_channels(bias, d))
            )
        else:
            decay, out = flat(states_first(A, d)), flat(states_first(C, d))
            maps = (None, None, decay, None, out) if pairs else (None, decay, None, None, out)
            steps = (None, None, None)
        x_rows, x_stride = rows_of(x, d)
        gate_rows, gate_stride = (None, 0) if gate is None else rows_of(gate, d)
        self.arrays = (
            x_rows, gate_rows,
            flat(taps_first(phi, d)), flat(taps_first(psi, d)), *maps, flat(pad_channels(D, d)),
            flat(E.contiguous()), *steps,
        )
        self.sizes = (
            self.length, d, x_stride, gate_stride, self.n_scales, self.n_taps, self.n, self.rank,
            n_history, reverse,
        )

    def costs(self, groups: int) -> Any:
        """Scalar state updates of each work item."""
        per_step = self.width * (self.streams * self.n + 2 * self.n_scales * self.n_taps)
        return ((self.lengths + self.n_history) * (per_step // groups)).repeat(groups)


def ms_scan_cpu(
    initial_state: Tensor, keep: bool, x: Tensor, *rest: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Fused forward: y, the last state, and (if keep) the state before each chunk.

    ``x, *rest`` are the parameters of :class:`_Inputs`; LTI takes Ā in A's place, in pairs its
    real and imaginary parts side by side, like C's and the state's, and no B.
    """
    inputs = _Inputs(x, *rest)
    d, chunks = inputs.width, -(-inputs.length // CHUNK)
    y = x.new_empty(inputs.batch, inputs.length, d)
    state = states_first(initial_state, d).clone()
    # (b, chunks, M, n, d), flat
    checkpoints = x.new_empty(inputs.batch * chunks * inputs.streams * inputs.n * d * keep)
    args = (
        *inputs.arrays, flat(state), inputs.lengths, flat(y), flat(checkpoints), keep,
        *inputs.sizes,
    )

    def work(first: int, last: int) -> None:
        forward(*args, first, last)

    parallel.run(work, inputs.costs(d // padded_channels(1, x.dtype)))
    return y[..., : inputs.channels], states_last(state, inputs.channels), checkpoints


def ms_scan_backward_cpu(
    grad_y: Tensor, grad_state: Tensor, checkpoints: Tensor, x: Tensor, *rest: Any
) -> tuple[Tensor, ...]:
    """Gradients of x, gate, φ, ψ, A, B, C, D, E, low, weight, bias and the initial state.

    Those of absent inputs are empty tensors.
    """
    inputs = _Inputs(x, *rest)
    batch, length, d, n, streams = (
        inputs.batch, inputs.length, inputs.width, inputs.n, inputs.streams
    )
    rank, groups = inputs.rank, channel_groups(batch, d, x.dtype)
    carry = states_first(grad_state, d).clone()
    per_step, per_series = (groups, batch, length, streams), (batch, streams)
    map_shape = (*per_step, n) if inputs.selective else (*per_series, n, d)
    gated = inputs.arrays[1] is not None
    grad = {
        "x": x.new_empty(batch, inputs.n_history + length, d),
        "gate": x.new_empty((batch, length, d) if gated else (0,)),
        "phi": x.new_empty(batch, inputs.n_scales, inputs.n_taps, d),
        "psi": x.new_empty(batch, inputs.n_scales, inputs.n_taps, d),
        "A": x.new_empty(*per_series, n, d),
        "B": x.new_empty(map_shape if inputs.selective else (1, 0)),
        "C": x.new_empty(map_shape),
        "D": x.new_empty(*per_series, d),
        "E": x.new_empty(per_step),
        "low": x.new_empty((*per_step, rank) if inputs.selective else (0,)),
        "weight": x.new_empty((*per_series, rank, d) if inputs.selective else (0,)),
        "bias": x.new_empty((*per_series, d) if inputs.selective else (0,)),
    }
    grad_rows, grad_stride = rows_of(grad_y, d)
    args = (
        grad_rows, flat(carry), *inputs.arrays, inputs.lengths, flat(checkpoints),
        *(flat(g) for g in grad.values()), *inputs.sizes, grad_stride, groups,
    )

    def work(first: int, last: int) -> None:
        backward(*args, first, last)

    parallel.run(work, inputs.costs(groups))
    channels = inputs.channels
    grad_C = grad["C"]
    grad_C = sum_groups(grad_C) if inputs.selective else states_last(grad_C.sum(0), channels)
    return (
        grad["x"][..., :channels], grad["gate"][..., :channels] if gated else grad["gate"],
        taps_last(grad["phi"], inputs.filters), taps_last(grad["psi"], inputs.filters),
        states_last(grad["A"].sum(0), channels), sum_groups(grad["B"]), grad_C,
        grad["D"].sum(0)[:, :channels],
        sum_groups(grad["E"]),
        *(
            (
                sum_groups(grad["low"]), states_last(grad["weight"].sum(0), channels),
                grad["bias"].sum(0)[:, :channels],
            )
            if inputs.selective
            else (grad["low"], grad["weight"], grad["bias"])
        ),
        states_last(carry, channels),
    )
