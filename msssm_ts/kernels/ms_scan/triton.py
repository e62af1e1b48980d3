"""The fused MS-SSM layer core on the GPU (Triton): host side.

A series is cut into segments of :data:`~msssm_ts.kernels.ms_scan.gpu_layout.CHUNK` steps, or
as many chunks as the filters reach back. A program takes a block of channels of one segment at a
time: it filters the segment's own window (recomputing the few rows before it, so that segments
need nothing from each other), then runs stream after stream over it.

Where batch and channels alone do not fill the card, segments run side by side, in three phases:
each one's scan from a zero state, the carries from segment to segment (one multiplication and
addition per segment and state), and the outputs from the states now known. The backward pass
does the same with the states' gradients, starting from the stored states. The price is each
exponential a second time. Where the card is full, a program runs through all segments of its
series and the first two phases fall away.

Memory: x, y and the gate; the states between chunks, M·n / CHUNK times the size of x; a scratch
buffer per program, of which there are at most about :data:`PROGRAMS`. The backward pass adds
partial sums per program (parameters) and per group of channels (B, C, E, low). Everything is
summed in an order that the shapes alone decide: two runs give the same bits.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
import triton
from torch import Tensor

from msssm_ts.kernels.ms_scan.gpu_layout import CHUNK, halo_steps, segment_steps
from msssm_ts.kernels.ms_scan.triton_backward import gradients, join_edges, local_carries
from msssm_ts.kernels.ms_scan.triton_forward import local_states, outputs
from msssm_ts.kernels.selective_scan.triton import LOG2_E, carry_states

# Programs wanted on the card, and how many are enough to do without the three phases.
PROGRAMS = 1024
ENOUGH = 512
# Channels per program, one for each thread of a warp: the scratch buffers of all programs
# together should stay in the second-level cache. Rows per tile of elementwise work.
CHANNELS = 32
TILE = 8


class Plan(NamedTuple):
    """How work is laid out: ``groups`` × ``slots`` programs, ``blocks`` channel blocks each."""

    groups: int
    slots: int
    blocks: int
    items: int
    per_slot: int
    one_pass: bool


def make_plan(batch: int, n_blocks: int, segments: int, backward: bool) -> Plan:
    """Lay out work from the shapes alone, so that results do not depend on the card."""
    items = batch * segments
    one_pass = segments == 1 or batch * n_blocks >= ENOUGH
    apart = batch if one_pass else items
    # Forward every program has one block; backward, as few groups as fill the card: each costs
    # a buffer for the gradients of B, C, E and low.
    blocks = -(-n_blocks // max(1, min(n_blocks, -(-PROGRAMS // apart)))) if backward else 1
    groups = -(-n_blocks // blocks)
    per_slot = -(-apart // max(1, min(apart, PROGRAMS // groups)))
    slots = -(-apart // per_slot)
    return Plan(groups, slots, blocks, items, per_slot * (items // apart), one_pass)


class _Inputs:
    """The tensors of one call as the kernels want them; ``low`` is None in the LTI case."""

    def __init__(
        self, x: Tensor, gate: Tensor | None, phi: Tensor, psi: Tensor, A: Tensor, B: Tensor,
        C: Tensor, D: Tensor, E: Tensor, low: Tensor | None, weight: Tensor | None,
        bias: Tensor | None, lengths: Tensor | None, n_history: int, reverse: bool,
    ):  # fmt: skip
        _check_launchable(x)
        self.batch, rows, self.d = x.shape
        self.n_scales, _, self.n_taps = phi.shape
        self.streams, self.n = A.shape[0], A.shape[2]
        self.rank = low.shape[3] if low is not None else 0
        self.length, self.n_history, self.reverse = rows - n_history, n_history, reverse
        self.dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
        self.device = x.device
        self.halo = halo_steps(self.n_scales, self.n_taps)
        self.segment = segment_steps(self.n_scales, self.n_taps)
        self.segments = -(-self.length // self.segment)
        self.stride = self.segment // CHUNK
        self.block_n = triton.next_power_of_2(self.n)
        self.block = CHANNELS
        self.n_blocks = -(-self.d // self.block)
        if lengths is None:
            lengths = x.new_full((self.batch,), self.length, dtype=torch.int32)
        self.lengths = lengths.to(torch.int32).contiguous()
        self.x, self.gate, self.E = x.contiguous(), _contiguous(gate), E.contiguous()
        self.phi, self.psi = self.last_axis_first(phi), self.last_axis_first(psi)
        self.D = D.to(self.dtype).contiguous()
        self.low, self.weight, self.bias = _contiguous(low), weight, bias
        self.selective = low is not None
        if weight is not None and bias is not None:
            self.A = self.last_axis_first(A * LOG2_E)
            self.B, self.C = B.contiguous(), C.contiguous()
            self.weight = self.last_axis_first(weight)
            self.bias = bias.to(self.dtype).contiguous()
        else:
            self.A, self.B, self.C = (self.last_axis_first(p) for p in (A, B, C))
        self.common = {
            "BD": self.block,
            "BN": self.block_n,
            "SEGMENT": self.segment,
            "SELECTIVE": self.selective,
            # One warp: barriers are cheap; one stage: rows just written must not be prefetched
            "num_warps": 1,
            "num_stages": 1,
        }
        self.tiled = {
            "REVERSE": reverse,
            "TT": TILE,
            "CT": triton.language.float64 if x.dtype == torch.float64 else triton.language.float32,
        }
        self.filters = {"S": self.n_scales, "K": self.n_taps, "HALO": self.halo}

    def last_axis_first(self, tensor: Tensor) -> Tensor:
        """(…, d, k) of the interface to the kernels' (…, k, d)."""
        return tensor.to(self.dtype).transpose(-1, -2).contiguous()

    def empty(self, *shape: int) -> Tensor:
        return torch.empty(shape, dtype=self.dtype, device=self.device)

    def zeros(self, *shape: int) -> Tensor:
        return torch.zeros(shape, dtype=self.dtype, device=self.device)

    def join(self, states: Tensor, sums: Tensor, stride: int, backward: bool) -> None:
        """Run the middle one of the three phases."""
        carry_states[(self.batch * self.streams, self.n_blocks)](
            states, sums, self.A, self.lengths, self.segments, stride, self.d, self.n,
            M=self.streams, BITS=self.segment.bit_length(), BACKWARD=backward, **self.common,
        )  # fmt: skip


def ms_scan_triton(
    initial_state: Tensor, keep: bool, x: Tensor, *rest: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Fused forward: y, the last state, and (if keep) the state before each chunk and after all.

    ``x, *rest`` are the parameters of :class:`_Inputs`; LTI takes Ā and B̄ in A's and B's place.
    """
    p = _Inputs(x, *rest)
    y = x.new_empty(p.batch, p.length, p.d)
    states = p.empty(p.batch, p.segments * p.stride + 1, p.streams, p.n, p.d)
    states[:, 0] = initial_state.transpose(-1, -2)
    if y.numel():
        plan = make_plan(p.batch, p.n_blocks, p.segments, backward=False)
        rows = (p.n_scales + 1) * (p.segment + p.halo) + 3 * p.segment
        scratch = p.empty(plan.groups * plan.slots, rows, p.block)
        grid = (plan.groups, plan.slots)
        sizes = (
            p.length, p.n_history, p.segments, plan.items, plan.per_slot, p.stride, p.d, p.n,
            p.rank, p.block, rows * p.block,
        )  # fmt: skip
        with _on(x.device):
            if not plan.one_pass:
                sums = p.empty(p.batch, p.segments, p.streams, p.d) if p.selective else p.A
                local_states[grid](
                    p.x, p.phi, p.psi, p.A, p.B, p.low, p.weight, p.bias, p.lengths, states,
                    sums, scratch, *sizes, **p.filters, **p.common, **p.tiled,
                )  # fmt: skip
                p.join(states, sums, p.stride, backward=False)
            outputs[grid](
                p.x, p.gate, p.phi, p.psi, p.A, p.B, p.C, p.D, p.E, p.low, p.weight, p.bias,
                p.lengths, states, y, scratch, *sizes, CHUNK=CHUNK, GATED=p.gate is not None,
                KEEP=keep, ONE_PASS=plan.one_pass, **p.filters, **p.common, **p.tiled,
            )  # fmt: skip
    last = states[:, -1].transpose(-1, -2).to(initial_state.dtype)
    # A clone: an operator's outputs must not share memory
    last_state = last.clone(memory_format=torch.contiguous_format)
    return y, last_state, states.flatten() if keep else p.empty(0)


def ms_scan_backward_triton(
    grad_y: Tensor, grad_state: Tensor, checkpoints: Tensor, x: Tensor, *rest: Any
) -> tuple[Tensor, ...]:
    """Gradients of x, gate, φ, ψ, A, B, C, D, E, low, weight, bias and the initial state.

    Those of absent inputs are empty tensors.
    """
    p = _Inputs(x, *rest)
    given: tuple[Tensor | None, ...] = (x, *rest[:11])
    if not grad_y.numel():
        none = [x.new_empty(0) if t is None else torch.zeros_like(t) for t in given]
        return (*none, grad_state.clone())
    plan = make_plan(p.batch, p.n_blocks, p.segments, backward=True)
    grad_y = grad_y.contiguous()
    gated = p.gate is not None
    carries = p.empty(p.batch, p.segments + 1, p.streams, p.n, p.d)
    carries[:, -1] = grad_state.transpose(-1, -2)
    per_row = (plan.groups, p.batch, p.length, p.streams)
    state_shape = (plan.slots, p.streams, p.n, p.d)
    grad_x = torch.empty_like(p.x)
    grad_x[:, : max(0, p.n_history - p.halo)] = 0
    grad_gate = torch.empty_like(p.gate) if p.gate is not None else x.new_empty(0)
    grad_phi, grad_psi = (p.zeros(plan.slots, *p.phi.shape) for _ in range(2))
    grad_A, grad_D = p.zeros(*state_shape), p.zeros(plan.slots, p.streams, p.d)
    # Steps after the valid ones are never reached: zeros.
    grad_B, grad_C = (
        p.zeros(*per_row, p.n) if p.selective else p.zeros(*state_shape) for _ in range(2)
    )
    grad_E = p.zeros(*per_row)
    grad_low, grad_weight, grad_bias = (
        p.zeros(*shape) if p.selective else p.empty(0)
        for shape in (
            (*per_row, p.rank),
            (plan.slots, p.streams, p.rank, p.d),
            (plan.slots, p.streams, p.d),
        )
    )
    edges = [p.empty(p.batch, p.segments, p.halo, p.d) for _ in range(2)]
    rows = (2 * p.n_scales + 2) * (p.segment + p.halo) + 5 * p.segment
    rows += (CHUNK + 1) * p.block_n
    with _on(x.device):
        if not plan.one_pass:
            _local_carries(p, grad_y, carries)
        scratch = p.empty(plan.groups * plan.slots, rows, p.block)
        gradients[(plan.groups, plan.slots)](
            grad_y, p.x, p.gate, p.phi, p.psi, p.A, p.B, p.C, p.D, p.E, p.low, p.weight, p.bias,
            p.lengths, checkpoints, carries, grad_x, *edges, grad_gate, grad_phi, grad_psi,
            grad_A, grad_B, grad_C, grad_D, grad_E, grad_low, grad_weight, grad_bias, scratch,
            p.batch, p.length, p.n_history, p.segments, plan.items, plan.per_slot, plan.blocks,
            p.stride, p.d, p.n, p.rank, p.block, rows * p.block, CHUNK=CHUNK, GATED=gated,
            ONE_PASS=plan.one_pass, BK=triton.next_power_of_2(p.n_taps), **p.filters,
            **p.common, **p.tiled,
        )  # fmt: skip
        if p.halo:
            join_edges[(p.batch * (p.segments + 1), p.n_blocks)](
                *edges, p.lengths, grad_x, p.length, p.n_history, p.segments, p.d,
                SEGMENT=p.segment, HALO=p.halo, REVERSE=p.reverse, BD=p.block, TT=TILE,
                num_warps=1, num_stages=1,
            )  # fmt: skip
    maps = [g.sum(0) if p.selective else g.sum(0).mT for g in (grad_B, grad_C)]
    grads = (
        grad_x, grad_gate, grad_phi.sum(0).mT, grad_psi.sum(0).mT, grad_A.sum(0).mT, *maps,
        grad_D.sum(0), grad_E.sum(0),
        *(
            (grad_low.sum(0), grad_weight.sum(0).mT, grad_bias.sum(0)) if p.selective
            else (grad_low, grad_weight, grad_bias)
        ),
        carries[:, 0].mT,
    )  # fmt: skip
    likes = [x if t is None else t for t in (*given, grad_state)]
    return tuple(g.to(like.dtype).contiguous() for g, like in zip(grads, likes, strict=True))


def _local_carries(p: _Inputs, grad_y: Tensor, carries: Tensor) -> None:
    """Fill in the gradients of the states between segments."""
    plan = make_plan(p.batch, p.n_blocks, p.segments, backward=False)
    sums = p.empty(p.batch, p.segments, p.streams, p.d) if p.selective else p.A
    scratch = p.empty(plan.groups * plan.slots, 2 * p.segment, p.block)
    local_carries[(plan.groups, plan.slots)](
        grad_y, p.gate, p.A, p.C, p.E, p.low, p.weight, p.bias, p.lengths, carries, sums,
        scratch, p.length, p.segments, plan.items, plan.per_slot, p.d, p.n, p.rank, p.block,
        2 * p.segment * p.block, M=p.streams, GATED=p.gate is not None, **p.common, **p.tiled,
    )  # fmt: skip
    p.join(carries, sums, 1, backward=True)


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
