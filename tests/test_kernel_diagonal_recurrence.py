"""Diagonal GRU and LSTM: fused and by Newton's method against plain torch, step by step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.diagonal_recurrence import CELLS, diagonal_recurrence
from msssm_ts.kernels.diagonal_recurrence.newton import diagonal_recurrence_newton, newton_states
from msssm_ts.kernels.diagonal_recurrence.op import _diagonal_recurrence
from msssm_ts.kernels.diagonal_recurrence.reference import diagonal_recurrence_reference

EVERY = pytest.mark.parametrize("cell", list(CELLS))


def _case(
    cell: str, b: int = 3, l: int = 37, d: int = 11, n: int = 2, std: float = 1.0,
    dtype: torch.dtype = torch.float64,
) -> list[Tensor]:  # fmt: skip
    draw = torch.Generator().manual_seed(0)
    shapes = (b, l, d), (3, n, d), (CELLS[cell].n_recurrent, n, d), (2, n, d), (n, d), (d,)
    inputs = [torch.randn(*s, generator=draw, dtype=torch.float64) for s in shapes]
    inputs[2] *= std
    return [p.to(dtype).requires_grad_() for p in inputs]


def _with_gradients(y: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    draw = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).to(y)
    return [y, *torch.autograd.grad((y * draw).sum(), inputs)]


@EVERY
@pytest.mark.parametrize(("b", "l", "d", "n"), [(3, 37, 11, 2), (1, 1, 1, 1), (2, 16, 16, 4)])
@pytest.mark.parametrize("ragged", [False, True])
def test_output_and_every_gradient(cell: str, b: int, l: int, d: int, n: int, ragged: bool) -> None:
    inputs = _case(cell, b, l, d, n)
    lengths = torch.tensor([l, 0, l // 2][:b]) if ragged else None
    fused = _with_gradients(diagonal_recurrence(cell, *inputs, lengths=lengths), inputs)
    plain = _with_gradients(diagonal_recurrence_reference(cell, *inputs, lengths), inputs)
    for one, other in zip(fused, plain, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


@EVERY
def test_single_precision_and_no_steps(cell: str) -> None:
    inputs = _case(cell, dtype=torch.float32)
    plain = diagonal_recurrence_reference(cell, *_case(cell), None)
    torch.testing.assert_close(
        diagonal_recurrence(cell, *inputs).double(), plain, rtol=1e-4, atol=1e-5
    )
    assert diagonal_recurrence(cell, inputs[0][:, :0], *inputs[1:]).shape[1] == 0


@EVERY
def test_what_torch_wants_of_an_operator(cell: str) -> None:
    inputs = _case(cell, 2, 7, 5)
    torch.library.opcheck(_diagonal_recurrence._call, (cell, *inputs, torch.tensor([7, 3]), True))


@EVERY
def test_the_answer_does_not_depend_on_what_comes_along(cell: str) -> None:
    x, *weights = _case(cell, dtype=torch.float32)
    lengths = torch.tensor([37, 20, 1])
    together = diagonal_recurrence(cell, x, *weights, lengths=lengths)
    for i, length in enumerate(lengths.tolist()):
        alone = diagonal_recurrence(cell, x[i : i + 1, :length], *weights)
        assert torch.equal(together[i, :length], alone[0])
        assert not together[i, length:].any()


@EVERY
@pytest.mark.parametrize(("std", "falls_back"), [(0.1, False), (0.9, None), (2, None), (4, True)])
def test_newton_is_right_or_is_not_used(cell: str, std: float, falls_back: bool | None) -> None:
    inputs = _case(cell, 2, 300, 16, 1, std)
    with torch.no_grad():
        _, failed = newton_states(cell, *inputs[:4])
    if falls_back is not None:
        assert bool(failed.all()) == falls_back
    lengths = torch.tensor([300, 201])
    found = _with_gradients(diagonal_recurrence_newton(cell, *inputs, lengths), inputs)
    plain = _with_gradients(diagonal_recurrence_reference(cell, *inputs, lengths), inputs)
    for one, other in zip(found, plain, strict=True):
        torch.testing.assert_close(
            one, other, rtol=1e-7, atol=1e-7 * float(other.detach().abs().max())
        )


@EVERY
def test_wrong_arguments_are_refused(cell: str) -> None:
    x, weight, recurrent, *others = _case(cell)
    with pytest.raises(ValueError, match="recurrent must have shape"):
        diagonal_recurrence(cell, x, weight, recurrent[:2], *others)
    with pytest.raises(ValueError, match="one of gru, lstm"):
        diagonal_recurrence("rnn", x, weight, recurrent, *others)


@EVERY
def test_a_forward_pass_alone_keeps_no_states(cell: str) -> None:
    inputs = _case(cell)
    y, kept = _diagonal_recurrence(cell, *inputs, None, False)
    assert not kept.numel()
    with use_backend("reference"):
        torch.testing.assert_close(y, diagonal_recurrence(cell, *inputs), rtol=1e-10, atol=1e-10)
