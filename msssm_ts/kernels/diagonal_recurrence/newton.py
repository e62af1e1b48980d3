"""Diagonal gated recurrences in parallel over time, by Newton's method, for GPUs.

As ParaRNN and DEER do: all states are guessed, the recurrence is linearised around the guess, and
the linear one, ``δ_t = J_t δ_{t−1} + f(h_{t−1}) − h_t``, is solved in log₂ l steps. Of a recurrence
that contracts a few iterations are exact; of another they may be wrong however many there are. So
each series' residual is looked at, and one that has not converged is run step by step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels.diagonal_recurrence.reference import CELLS, read_out, states_of

MOST_ITERATIONS = 12
# Largest residual of a state, whose values are of the order of 1: some roundings.
_ROUNDINGS = 32


def solve_linear(J: Tensor, put: Tensor) -> Tensor:
    """Solve h_t = J_t h_{t−1} + put_t from h = 0.

    Parameters
    ----------
    J : Tensor of shape (b, l, k, k, …)
        Matrices.
    put : Tensor of shape (b, l, k, …)
        What comes in.

    Returns
    -------
    Tensor of shape (b, l, k, …)
    """
    reach = 1
    while reach < put.shape[1]:
        far, near = J[:, reach:], J[:, :-reach]
        moved = put[:, reach:] + (far * put[:, :-reach].unsqueeze(2)).sum(3)
        put = torch.cat([put[:, :reach], moved], 1)
        product = (far.unsqueeze(4) * near.unsqueeze(2)).sum(3)
        J = torch.cat([J[:, :reach], product], 1)
        reach *= 2
    return put


def _before(states: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], 1)


def _linearised(cell: str, states: Tensor, *inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return f(h_{t−1}), and its Jacobians (b, l, k, k, n, d), at once for all steps."""
    with torch.enable_grad():
        before = _before(states).detach().requires_grad_()
        after = CELLS[cell].step(before, *inputs)
        rows = [
            torch.autograd.grad(after[:, :, i].sum(), before, retain_graph=True)[0]
            for i in range(after.shape[2])
        ]
    return after.detach(), torch.stack(rows, 2)


def newton_states(cell: str, *inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return states (b, l, k, n, d), and which series have not converged by Newton's method.

    Those are right all the same: they were run step by step.
    """
    x, weight, recurrent, bias = inputs
    kind = CELLS[cell]
    states = x.new_zeros(*x.shape[:2], kind.n_states, *weight.shape[1:])
    bound = _ROUNDINGS * torch.finfo(x.dtype).eps
    if not states.numel():
        return states, torch.zeros(len(x), dtype=torch.bool, device=x.device)
    # The first guess: the cell at h = 0.
    states = kind.step(states, *inputs)
    failed = torch.ones(len(x), dtype=torch.bool, device=x.device)
    for _ in range(MOST_ITERATIONS):
        after, J = _linearised(cell, states, *inputs)
        residual = after - states
        # NaN is not below the bound.
        failed = ~(residual.abs().flatten(1).amax(1) <= bound)
        if not failed.any():
            break
        states = states + solve_linear(J, residual)
    if failed.any():
        again = states_of(cell, x[failed], weight, recurrent, bias)
        states = states.index_put((failed,), again)
    return states, failed


class NewtonRecurrence(torch.autograd.Function):
    """States by Newton's method; the gradient by one linear scan with Jᵀ, backward in time."""

    @staticmethod
    def forward(ctx: Any, cell: str, *inputs: Tensor) -> Tensor:
        """Return states (b, l, k, n, d)."""
        inputs = tuple(p.detach() for p in inputs)
        states, _ = newton_states(cell, *inputs)
        ctx.cell = cell
        ctx.save_for_backward(states, *inputs)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of x, weight, recurrent and bias."""
        states, *inputs = ctx.saved_tensors
        _, J = _linearised(ctx.cell, states, *inputs)
        # λ_t = grad_t + J_{t+1}ᵀ λ_{t+1}
        turned = _before(J.transpose(2, 3).flip(1))
        total = solve_linear(turned, grads[0].flip(1)).flip(1)
        with torch.enable_grad():
            leaves = [p.detach().requires_grad_() for p in inputs]
            after = CELLS[ctx.cell].step(_before(states), *leaves)
            return None, *torch.autograd.grad(after, leaves, total)


def diagonal_recurrence_newton(
    cell: str, x: Tensor, weight: Tensor, recurrent: Tensor, bias: Tensor, C: Tensor, D: Tensor,
    lengths: Tensor | None,
) -> Tensor:
    """Run over series; parameters as in :func:`msssm_ts.kernels.diagonal_recurrence`."""
    states: Tensor = NewtonRecurrence.apply(cell, x, weight, recurrent, bias)  # type: ignore[no-untyped-call]
    return read_out(states, x, C, D, lengths)
