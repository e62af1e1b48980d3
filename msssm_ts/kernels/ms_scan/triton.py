"""The fused MS-SSM layer core on the GPU (Triton): host side.

The filters' levels are written out, S planes of x's size, by a launch each. Then a program scans
one stream of one series in a block of channels: it takes a few steps at a time, with all rows in
registers. Forward the streams' shares of the output are written out, too, M planes, which one more
launch adds up and gates.

Where batch, channels and streams alone do not fill the card, series are cut into segments that run
side by side, in three phases: each one's scan from a zero state, the carries from segment to
segment (one multiplication and addition per segment and state), and the outputs from the states now
known. The backward pass does the same with the states' gradients, starting from the stored states.
The price is each exponential a second time. Where the card is full, a series is one segment and the
first two phases fall away.

Memory: x, y and the gate; for the backward pass the states between chunks, M·n / CHUNK times the
size of x, and what goes into the gate. While it runs, the forward pass adds levels and shares, S +
M times the size of x; the backward pass those and the streams' gradients, M times, partial sums per
program (parameters) and per group of channels (B, C, E, low). Everything is summed in an order that
the shapes alone decide: two runs give the same bits.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import triton
from torch import Tensor

from msssm_ts.kernels.decompose.triton import level_gradient, next_level, scan_order
from msssm_ts.kernels.ms_scan.gpu_layout import CHUNK, kept_size
from msssm_ts.kernels.ms_scan.triton_backward import gate_gradient, gradients, local_carries
from msssm_ts.kernels.ms_scan.triton_forward import local_states, mix, outputs
from msssm_ts.kernels.selective_scan.triton import LOG2_E, carry_states
from msssm_ts.kernels.selective_scan.triton_pairs import carry_pairs

# Programs wanted on the card, and how many are enough to do without the three phases.
PROGRAMS = 1024
ENOUGH = 512
# Steps of the shortest segment that is worth a program of its own.
SEGMENT = 64
# Channels per program, one for each thread of a warp; rows per tile of the filters.
CHANNELS = 32
TILE = 16
# Steps, and states of each, that a thread holds at a time: more, and it would not do with this many
# registers, which let twelve warps share a multiprocessor.
FORWARD_STEPS, BACKWARD_STEPS, STATES = 8, 4, 2
REGISTERS = 168


def cut(batch: int, length: int, n_blocks: int) -> tuple[int, int]:
    """Cut series into segments: their steps, and how many.

    From the shapes alone: results do not depend on the card.
    """
    apart = batch * n_blocks
    wanted = 1 if apart >= ENOUGH else min(-(-length // SEGMENT), -(-PROGRAMS // apart))
    span = CHUNK * -(-length // (CHUNK * wanted))
    return span, -(-length // span)


class _Inputs:
    """The tensors of one call as the kernels want them.

    ``low`` and B are None in the LTI case, whose states may be ``pairs``. Without weight and bias,
    ``low`` (b, length, M, d) is Δ itself.
    """

    def __init__(
        self, x: Tensor, gate: Tensor | None, phi: Tensor, psi: Tensor, A: Tensor,
        B: Tensor | None, C: Tensor, D: Tensor, E: Tensor, low: Tensor | None,
        weight: Tensor | None, bias: Tensor | None, lengths: Tensor | None, n_history: int,
        reverse: bool, pairs: bool,
    ):  # fmt: skip
        _check_launchable(x)
        self.batch, self.rows, self.d = x.shape
        self.n_scales, _, self.n_taps = phi.shape
        self.streams, self.n = A.shape[0], A.shape[2]
        self.length, self.n_history, self.reverse = self.rows - n_history, n_history, reverse
        self.dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        self.device = x.device
        self.n_blocks = -(-self.d // CHANNELS)
        if lengths is None:
            lengths = x.new_full((self.batch,), self.length, dtype=torch.int32)
        self.lengths = lengths.to(torch.int32).contiguous()
        self.x, self.gate, self.E = x.contiguous(), _contiguous(gate), E.contiguous()
        self.phi, self.psi = (f.to(self.dtype).mT.contiguous() for f in (phi, psi))
        self.low, self.rank = _contiguous(low), weight.shape[2] if weight is not None else 0
        self.selective, self.pairs = low is not None, pairs
        self.B, self.C = _contiguous(B), C.contiguous()
        # The parts of self.parameters, and those of each row of B, C, low and E
        if weight is not None and bias is not None:
            self.parts, self.row_parts = [self.n, 1, 1, self.rank], [self.n, self.n, self.rank, 1]
            table = [A * LOG2_E, D, bias, weight]
        elif self.selective:
            self.parts, self.row_parts = [self.n, 1], [self.n, self.n, 1]
            table = [A * LOG2_E, D]
        else:
            self.parts, self.row_parts = [self.n, 1, self.n], [1]
            table = [A, D, C]
        rows = [(t if t.ndim == 3 else t.unsqueeze(-1)).to(self.dtype) for t in table]
        self.parameters = torch.cat(rows, -1).mT.contiguous()
        # One warp: no thread waits for another. One stage: rows just written must not be prefetched
        self.tile = {"d": self.d, "BD": CHANNELS}
        self.tile |= {"num_warps": 1, "num_stages": 1, "maxnreg": REGISTERS}
        self.rows_of = self.tile | {"TT": TILE, "CT": _triton_type(self.dtype)}
        self.states: dict[str, Any] = self.tile | {
            "streams": self.streams, "n": self.n, "PARAMS": sum(self.parts)
        }  # fmt: skip
        core = {"rank": self.rank, "REVERSE": reverse, "CT": _triton_type(self.dtype)}
        core |= self.states | {"SELECTIVE": self.selective, "PAIRS": self.pairs}
        # Of pairs, BN counts pairs
        parts = 2 if self.pairs else 1
        self.n_modes = self.n // parts
        block = min(STATES // parts, int(triton.next_power_of_2(self.n_modes)))
        self.forward = core | {"T": FORWARD_STEPS, "BN": block}
        # Several blocks, and what is not whole, need registers of their own
        if self.selective and (self.n > STATES or self.d % CHANNELS):
            block = 1 if self.n % 2 else 2
        self.backward = core | {"T": BACKWARD_STEPS, "BN": block}

    def empty(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=self.dtype, device=self.device)

    def zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=self.dtype, device=self.device)

    def kept(self, kept: Tensor) -> tuple[Tensor, Tensor]:
        """Split what the forward pass keeps: states (b, chunks, M, n, d), the gate's input."""
        chunks = -(-self.length // CHUNK) if kept.numel() else 0
        shape = (self.batch, chunks, self.streams, self.n, self.d)
        size = math.prod(shape)
        return kept[:size].view(shape), kept[size:]

    def filter_levels(self) -> tuple[Tensor, Tensor]:
        """a⁰ and, each from the one before, a¹ … aˢ, in the order of the scan."""
        tiles = -(-self.rows // TILE)
        grid = (self.batch * tiles, self.n_blocks)
        signal = self.x
        if self.reverse or self.x.dtype != self.dtype:
            signal = self.empty(*self.x.shape)
            scan_order[grid](
                self.x, signal, self.lengths, self.rows, self.n_history, CHANNELS, tiles,
                REVERSE=self.reverse, **self.rows_of,
            )  # fmt: skip
        levels = self.empty(self.n_scales, *self.x.shape)
        for s in range(self.n_scales):
            next_level[grid](
                levels[s - 1] if s else signal, levels[s], self.phi[s], self.lengths, self.rows,
                self.n_history, self.n_taps, s, CHANNELS, tiles, **self.rows_of,
            )  # fmt: skip
        return signal, levels

    def gate_gradients(self, grad_y: Tensor, mixed: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of the mixed streams and of the gate."""
        if self.gate is None:
            return grad_y, self.x.new_empty(0)
        grad_mixed, grad_gate = self.empty(*grad_y.shape), torch.empty_like(self.gate)
        tiles = -(-self.length // TILE)
        gate_gradient[(self.batch * tiles, self.n_blocks)](
            grad_y, self.gate, mixed, self.lengths, grad_mixed, grad_gate, self.length, CHANNELS,
            tiles, **self.rows_of,
        )  # fmt: skip
        return grad_mixed, grad_gate

    def join(self, states: Tensor, sums: Tensor, span: int, backward: bool) -> None:
        """Run the middle one of the three phases."""
        block = self.forward["BN"]
        grid = (self.batch * self.streams, self.n_blocks, -(-self.n_modes // block))
        sizes = (self.lengths, sums.shape[1], span, CHANNELS, span.bit_length())
        options = self.states | {"BACKWARD": backward, "BN": block}
        if self.pairs:
            carry_pairs[grid](states, self.parameters, *sizes, **options)
        else:
            carry_states[grid](
                states, sums, self.parameters, *sizes, SELECTIVE=self.selective, **options
            )


def ms_scan_triton(
    initial_state: Tensor, keep: bool, x: Tensor, *rest: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Fused forward: y, the last state and, if ``keep``, what the backward pass needs of it.

    That is the state before each chunk, and what went into the gate. ``x, *rest`` are the
    parameters of :class:`_Inputs`; LTI takes Ā in A's place, in pairs its real and imaginary parts
    side by side, like C's and the state's, and no B.
    """
    p = _Inputs(x, *rest)
    y = x.new_empty(p.batch, p.length, p.d)
    gated = p.gate is not None
    kept = p.empty(kept_size(p.batch, p.length, p.d, p.streams * p.n, gated, keep))
    if not y.numel():
        return y, initial_state.clone(), kept
    span, segments = cut(p.batch, p.length, p.n_blocks * p.streams)
    before, mixed = p.kept(kept)
    states = p.zeros(p.batch, segments + 1, p.streams, p.n, p.d)
    states[:, 0] = initial_state.mT
    shares = p.empty(p.streams, p.batch, p.length, p.d)
    sizes = (p.batch, p.length, p.n_history, p.n_taps, CHANNELS, span, segments)
    grid = (p.batch * segments, p.n_blocks, p.streams)
    with _on(x.device):
        signal, levels = p.filter_levels()
        if segments > 1:
            sums = p.empty(p.batch, segments, p.streams, p.d)
            local_states[grid](
                signal, levels, p.psi, p.parameters, p.B, p.low, p.lengths, states, sums, *sizes,
                **p.forward,
            )  # fmt: skip
            p.join(states, sums, span, backward=False)
        outputs[grid](
            signal, levels, p.psi, p.parameters, p.B, p.C, p.E, p.low, p.lengths, states, before,
            shares, *sizes, -(-p.length // CHUNK), KEEP=keep, CHUNK=CHUNK, **p.forward,
        )  # fmt: skip
        tiles = -(-p.length // TILE)
        mix[(p.batch * tiles, p.n_blocks)](
            shares, p.gate, p.lengths, mixed, y, p.batch, p.length, CHANNELS, tiles,
            streams=p.streams, GATED=gated, KEEP=keep, **p.rows_of,
        )  # fmt: skip
    # A single segment has moved the first state on; of several, the last one is known
    last = states[:, -1 if segments > 1 else 0].mT
    return y, _own(last, initial_state), kept


def ms_scan_backward_triton(
    grad_y: Tensor, grad_state: Tensor, kept: Tensor, x: Tensor, *rest: Any
) -> tuple[Tensor, ...]:
    """Gradients of x, gate, φ, ψ, A, B, C, D, E, low, weight, bias and the initial state.

    Those of absent inputs are empty tensors.
    """
    p = _Inputs(x, *rest)
    given: tuple[Tensor | None, ...] = (x, *rest[:11])
    if not grad_y.numel():
        none = [x.new_empty(0) if t is None else torch.zeros_like(t) for t in given]
        return (*none, grad_state.clone())
    span, segments = cut(p.batch, p.length, p.n_blocks * p.streams)
    before, mixed = p.kept(kept)
    own = (p.batch * segments, p.streams)
    between = p.empty(*own, CHUNK // BACKWARD_STEPS, p.n, p.d)
    carries = p.zeros(p.batch, segments + 1, p.streams, p.n, p.d)
    carries[:, -1] = grad_state.mT
    grad_bands = p.empty(p.streams, p.batch, p.length, p.d)
    grad_params = p.zeros(*own, *p.parameters.shape[1:])
    # Steps after the valid ones are never reached: zeros.
    grad_rows = p.zeros(p.n_blocks, p.batch, p.length, p.streams, sum(p.row_parts))
    is_given = p.selective and not p.rank
    grad_steps = p.zeros(p.batch, p.length, p.streams, p.d) if is_given else grad_rows
    with _on(x.device):
        grad_mixed, grad_gate = p.gate_gradients(grad_y.contiguous(), mixed)
        signal, levels = p.filter_levels()
        if segments > 1:
            sums = p.empty(p.batch, segments, p.streams, p.d)
            local_carries[(p.batch * segments, p.n_blocks, p.streams)](
                grad_mixed, p.parameters, p.C, p.E, p.low, p.lengths, carries, sums, p.length,
                CHANNELS, span, segments, **p.forward,
            )  # fmt: skip
            p.join(carries, sums, span, backward=True)
        gradients[(p.batch * segments, p.n_blocks, p.streams)](
            grad_mixed, signal, levels, p.psi, p.parameters, p.B, p.C, p.E, p.low, p.lengths,
            before, between, carries, grad_bands, grad_params, grad_rows, grad_steps, p.batch,
            p.length, p.n_history, p.n_taps, CHANNELS, span, segments, before.shape[1],
            ROWS=sum(p.row_parts), CHUNK=CHUNK, **p.backward,
        )  # fmt: skip
        grad_x, grad_phi, grad_psi = _filter_gradients(p, signal, levels, grad_bands)
    parameters = torch.split(grad_params.sum(0).mT, p.parts, -1)
    rows = torch.split(grad_rows.sum(0), p.row_parts, -1)
    low = weight = bias = x.new_empty(0)
    if is_given:
        (A, D), (B, C, E), low = parameters, rows, grad_steps
    elif p.selective:
        (A, D, bias, weight), (B, C, low, E) = parameters, rows
    else:
        (A, D, C), (E,) = parameters, rows
        B = x.new_empty(0)
    first_state = carries[:, 0 if segments > 1 else 1].mT
    grads = (grad_x, grad_gate, grad_phi.mT, grad_psi.mT, A, B, C, D, E, low, weight, bias)
    return tuple(
        x.new_empty(0) if like is None else _own(grad, like)
        for grad, like in zip((*grads, first_state), (*given, grad_state), strict=True)
    )


def _own(value: Tensor, like: Tensor) -> Tensor:
    """Give an output the shape and type of ``like``, and memory that no other output shares."""
    own = torch.empty(like.shape, dtype=like.dtype, device=value.device)
    return own.copy_(value.reshape(like.shape))


def _filter_gradients(
    p: _Inputs, signal: Tensor, levels: Tensor, grad_bands: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of x, φ and ψ from those of the streams' inputs; the levels are written over."""
    grad_x = torch.empty_like(p.x)
    tiles = -(-p.rows // TILE)
    items = p.batch * tiles
    per_slot = -(-items // max(1, min(items, PROGRAMS // p.n_blocks)))
    slots = -(-items // per_slot)
    grad_phi, grad_psi = (p.zeros(p.n_scales, slots, p.n_taps, p.d) for _ in range(2))
    # From the approximation down. Without scales the raw signal alone: no taps.
    for s in reversed(range(max(1, p.n_scales))):
        top = s >= p.n_scales - 1
        level = min(s, p.n_scales - 1) if p.n_scales else slice(0, 0)
        level_gradient[(slots, p.n_blocks)](
            grad_bands[-1] if top else levels[s], grad_bands[min(s + 1, p.streams - 1)],
            levels[s - 1] if s else signal, p.phi[level], p.psi[level], grad_bands[0],
            levels[s - 1] if s else grad_x, grad_phi[level], grad_psi[level], p.lengths, p.length,
            p.n_history, 0 if top else p.n_history, p.n_taps if p.n_scales else 0, s,
            CHANNELS, tiles, items, per_slot, FIRST=s == 0, REVERSE=p.reverse, **p.rows_of,
        )  # fmt: skip
    return grad_x, grad_phi.sum(1), grad_psi.sum(1)


def _triton_type(dtype: torch.dtype) -> Any:
    return triton.language.float64 if dtype == torch.float64 else triton.language.float32


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()


def _on(device: torch.device) -> AbstractContextManager[Any]:
    """Triton launches on the current card: make it the tensors' own."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _check_launchable(x: Tensor) -> None:
    if x.device.type == "cpu" and isinstance(outputs, triton.runtime.JITFunction):
        raise RuntimeError(
            "the triton backend takes CPU tensors only under its interpreter: set "
            "TRITON_INTERPRET=1 before the process starts, not after the kernels were loaded"
        )
