"""Smoothing and keeping every second step, against the sums written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.decimate import decimate, decimation_taps
from tests.kernel_cases import Draw, assert_agrees

WEIGHTS = (1.0, 4.0, 6.0, 4.0, 1.0)


def written_out(x: Tensor, counted: Tensor) -> Tensor:
    """Mean of the counted neighbours of every second step, weighted."""
    b, l, d = x.shape
    rows = []
    for i in range(b):
        for t in range(0, l, 2):
            near = [
                (w, j)
                for w, j in zip(WEIGHTS, range(t - 2, t + 3), strict=True)
                if 0 <= j < l and counted[i, j]
            ]
            total = sum(w for w, _ in near)
            rows.append(sum((w / total * x[i, j] for w, j in near), x.new_zeros(d)))
    return torch.stack(rows).view(b, -1, d)


@pytest.mark.parametrize("l", [1, 2, 5, 8])
@pytest.mark.parametrize("backend", ["reference", "numba"])
def test_is_a_weighted_mean_around_every_second_step(l: int, backend: str) -> None:
    draw = Draw()
    x = draw.normal(3, l, 2).double().requires_grad_()
    counted = draw.uniform(3, l) > 0.4
    counted[0], counted[1] = True, False
    with use_backend(backend):
        found = decimate(x, decimation_taps(counted.double()))
        wanted = written_out(x, counted)
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
        weights = draw.normal(*found.shape).double()
        (got,) = torch.autograd.grad((found * weights).sum(), x)
    (truth,) = torch.autograd.grad((wanted * weights).sum(), x)
    torch.testing.assert_close(got, truth, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("b", "l", "d"), [(2, 1300, 20), (1, 2049, 32), (3, 7, 1)])
def test_the_kernel_agrees(b: int, l: int, d: int, dtype: torch.dtype) -> None:
    x = Draw().normal(b, l, d)

    def run(x: Tensor) -> Tensor:
        return decimate(x, decimation_taps(x.new_ones(1, l)))

    assert_agrees(run, {"x": x}, dtype)


def test_a_constant_passes_and_the_highest_frequency_does_not() -> None:
    taps = decimation_taps(torch.ones(1, 40))
    assert torch.allclose(decimate(torch.full((1, 40, 3), 2.0), taps), torch.tensor(2.0))
    fastest = torch.tensor([1.0, -1.0]).repeat(20).view(1, 40, 1)
    assert decimate(fastest, taps)[:, 1:-1].abs().max() < 1e-6


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="taps must have shape"):
        decimate(torch.zeros(1, 6, 2), decimation_taps(torch.ones(1, 4)))
    with pytest.raises(ValueError, match="x must have shape"):
        decimate(torch.zeros(6, 2), decimation_taps(torch.ones(1, 6)))


def test_bits_do_not_depend_on_threads() -> None:
    x = Draw().normal(2, 5000, 32).requires_grad_()
    taps, threads, found = decimation_taps(torch.ones(1, 5000)), torch.get_num_threads(), []
    try:
        for n in (1, 3):
            torch.set_num_threads(n)
            y = decimate(x, taps)
            found.append([y, *torch.autograd.grad(y.square().sum(), x)])
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


def test_opcheck() -> None:
    operator = torch.ops.msssm_ts.decimate.default
    x = Draw().normal(2, 7, 3).requires_grad_()
    torch.library.opcheck(operator, (x, decimation_taps(torch.ones(1, 7))))
