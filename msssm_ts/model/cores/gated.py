"""Cores with a nonlinear recurrence: units that see only themselves, after ParaRNN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from msssm_ts.kernels.diagonal_recurrence import CELLS, diagonal_recurrence
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores.core import Core, CoreCost

# Steps that the gates of a zero signal remember at the start; log-uniform.
_SHORTEST, _LONGEST = 2.0, 500.0
# Of the first gate's input weights, as large as the bias of the longest memory, log 500: an event
# of size 1 opens a gate that is closed else.
_GATE_STD = 6.0
# Range of a candidate's recurrent weights: −6 turns a state over, 6 holds it.
_LARGEST = 6.0
# The second gate is open at the start, so that a unit's state counts.
_OPEN = 2.0


class GatedCore(Core):
    """Stream by stream y_t = C h_t + D x̂_t, h of n gated units a channel.

    A unit reads its stream's channel; what channels have in common comes by the dense map before.
    There is no bias in what is written: where nothing has come in, a unit stays at 0.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes.

    Notes
    -----
    The first gate's bias is drawn so that memories are log-uniform from 2 to 500 steps, the chrono
    initialisation (Tallec, Ollivier, ICLR 2018). Units write the opposite of what they held where
    their recurrent weight is negative: half of them begin so. With a weight ≥ 0 alone a
    state is never flipped, and parity not learned.
    """

    cell: ClassVar[str]
    # Multiply-adds and exponentials of a unit.
    unit_cost: ClassVar[tuple[int, int]]

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        shapes = self.weight_shapes(config)
        self.weight = nn.Parameter(torch.randn(shapes["weight"]))
        self.recurrent = nn.Parameter(torch.empty(shapes["recurrent"]).uniform_(-0.5, 0.5))
        self.bias = nn.Parameter(torch.zeros(shapes["bias"]))
        self.C = nn.Parameter(torch.randn(shapes["C"]) * shapes["C"][0] ** -0.5)
        self.D = nn.Parameter(torch.ones(shapes["D"]))
        steps = torch.exp(
            torch.empty(self.bias.shape[1:]).uniform_(math.log(_SHORTEST), math.log(_LONGEST))
        )
        with torch.no_grad():
            # A share 1 / steps of the state is written anew.
            self.bias[0] = self.first_gate * torch.log(steps - 1)
            self.bias[1] = _OPEN
            self.weight[0] *= _GATE_STD
            self.recurrent[2].uniform_(-_LARGEST, _LARGEST)

    # Of the sign of the first gate's bias: +1 where an open gate keeps, −1 where it writes.
    first_gate: ClassVar[int]

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`__init__` makes."""
        rows = (config.n_streams, config.d_model)
        units = (config.stream_state, *rows)
        return {
            "weight": (3, *units),
            "recurrent": (CELLS[cls.cell].n_recurrent, *units),
            "bias": (2, *units),
            "C": units,
            "D": rows,
        }

    def weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return weight, recurrent and bias with streams and channels in one axis, (…, n, M·d)."""
        return self.weight.flatten(2), self.recurrent.flatten(2), self.bias.flatten(2)

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Run all streams at once; parameters as in the base class."""
        n_streams, b, n_timepoints, d = streams.shape
        inputs = streams.permute(1, 2, 0, 3).reshape(b, n_timepoints, n_streams * d)
        read = self.C.flatten(1), self.D.flatten()
        y = diagonal_recurrence(self.cell, inputs, *self.weights(), *read, lengths=lengths)
        return y.view(b, n_timepoints, n_streams, d).permute(2, 0, 1, 3)

    def initial_state(self, batch: int) -> Tensor:
        """Return zeros (b, k, n, M·d)."""
        units = self.C.flatten(1)
        return units.new_zeros(batch, CELLS[self.cell].n_states, *units.shape)

    def step(self, streams: Tensor, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run one step; parameters as in the base class, the state (b, k, n, M·d)."""
        inputs = streams.transpose(0, 1).flatten(1)
        state = CELLS[self.cell].step(state, inputs, *self.weights())
        y = (self.C.flatten(1) * state[:, 0]).sum(1) + self.D.flatten() * inputs
        return y.view(-1, *self.D.shape).transpose(0, 1), state

    def cost(self) -> CoreCost:
        """Count a step as the fused kernel does it."""
        multiply_adds, exponentials = self.unit_cost
        units = self.C.numel()
        # C·h a unit, the skip a stream.
        scan = units * (multiply_adds + 1) + self.D.numel()
        return CoreCost(0, scan, units * exponentials)

    @classmethod
    def export_form(cls, cores: Sequence[Self]) -> nn.Module:
        """Return torch's ``scan`` over the steps."""
        from msssm_ts.model.cores.gated_export import ScannedGates

        return ScannedGates(cores)
