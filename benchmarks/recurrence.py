"""Gated recurrences, fused, beside the loop over the steps in plain torch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from table import Row
from timing import compare, finished, measure

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.diagonal_recurrence import CELLS, diagonal_recurrence

# Series, steps, channels, units.
SIZES = ((16, 1000, 64, 4), (32, 150, 64, 4), (1, 1000, 64, 4))
LABEL = "diagonal_recurrence"


def run_recurrence(device: torch.device) -> Iterator[Row]:
    """Time both, forward and forward + backward; they have to agree."""
    for cell in CELLS:
        for size in SIZES:
            yield from _rows(cell, *size, device)


def _rows(cell: str, b: int, l: int, d: int, n: int, device: torch.device) -> Iterator[Row]:
    torch.manual_seed(0)
    shapes = (b, l, d), (3, n, d), (CELLS[cell].n_recurrent, n, d), (2, n, d), (n, d), (d,)
    leaves = [torch.randn(*s, device=device).requires_grad_() for s in shapes]
    grad = torch.ones(b, l, d, device=device)

    def forward(backend: str) -> tuple[torch.Tensor, ...]:
        with torch.no_grad(), use_backend(backend):
            return (diagonal_recurrence(cell, *leaves),)

    def both(backend: str) -> tuple[torch.Tensor, ...]:
        with use_backend(backend):
            return torch.autograd.grad(diagonal_recurrence(cell, *leaves), leaves, grad)

    title = f"{LABEL} {cell} (b, l, d, n) = {b, l, d, n}"
    for what, call in (("forward", forward), ("forward + backward", both)):
        ours, loop = (
            finished(lambda name=name, call=call: call(name), device)
            for name in ("auto", "reference")
        )
        for one, other in zip(ours(), loop(), strict=True):
            error = float((one - other).norm() / other.norm())
            if not error < 1e-4:
                raise SystemExit(f"{title}, {what}: {error:.1e} apart; no speed shown")
        yield Row.of(title, "ours", what, measure(ours), None, None, None)
        mine, theirs = compare(ours, loop)
        yield Row.of(title, "sequential torch", what, theirs, mine, None, None)
