"""Linear layers in a kernel of their own, against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.linear import linear, lower_gram, product_by_rows

# Rows, inputs, outputs: whole tiles and vectors, none of them, several work items.
SIZES = pytest.mark.parametrize(
    ("rows", "n_in", "n_out"), [(64, 16, 32), (13, 5, 3), (1301, 24, 50)]
)


def _inputs(rows: int, n_in: int, n_out: int, dtype: torch.dtype) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(rows)
    shapes = (rows, n_in), (n_out, n_in), (n_out,)
    return [torch.randn(s, generator=generator, dtype=dtype).requires_grad_() for s in shapes]


@SIZES
@pytest.mark.parametrize("with_bias", [True, False])
def test_equals_torch_with_gradients(rows: int, n_in: int, n_out: int, with_bias: bool) -> None:
    given = _inputs(rows, n_in, n_out, torch.float64)[: 2 + with_bias]
    y, expected = linear(*given), functional.linear(*given)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    weights = torch.randn_like(y)
    found = torch.autograd.grad((y * weights).sum(), given)
    wanted = torch.autograd.grad((expected * weights).sum(), given)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


def test_takes_rows_in_any_layout_and_only_wanted_gradients() -> None:
    x, weight, bias = _inputs(40, 6, 7, torch.float64)
    turned = x.detach().view(4, 10, 6).transpose(0, 1)
    y = linear(turned, weight, bias)
    expected = functional.linear(turned, weight, bias)
    torch.testing.assert_close(y, expected)
    (grad,) = torch.autograd.grad(y.sum(), [bias])
    assert torch.equal(grad, torch.full((7,), 40.0, dtype=torch.float64))
    assert linear(x[:0], weight, bias).shape == (0, 7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_row_does_not_depend_on_the_rows_beside_it(dtype: torch.dtype) -> None:
    x, weight, bias = _inputs(701, 24, 50, dtype)
    y = linear(x, weight, bias)
    for rows in (slice(0, 1), slice(3, 14), slice(600, 701)):
        assert torch.equal(linear(x[rows], weight, bias), y[rows])


def test_bits_do_not_depend_on_threads() -> None:
    x, weight, bias = _inputs(4001, 32, 32, torch.float32)
    threads, grads = torch.get_num_threads(), []
    try:
        for n in (1, 3):
            torch.set_num_threads(n)
            y = linear(x, weight, bias)
            grads.append([y, *torch.autograd.grad(y.square().sum(), [x, weight, bias])])
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_other_types_and_backends_are_torchs() -> None:
    x, weight, bias = (t.detach() for t in _inputs(9, 4, 3, torch.float32))
    with use_backend("reference"):
        assert torch.equal(linear(x, weight, bias), functional.linear(x, weight, bias))
    half = [t.bfloat16() for t in (x, weight, bias)]
    assert torch.equal(linear(*half), functional.linear(*half))


def test_opcheck() -> None:
    operator = torch.ops.msssm_ts.linear.default
    x, weight, bias = _inputs(20, 5, 3, torch.float32)
    torch.library.opcheck(operator, (x, weight, bias))
    torch.library.opcheck(operator, (x.detach(), weight, None))


@pytest.mark.parametrize("n_out", [1, 5, 33])
@pytest.mark.parametrize("rows", [0, 1, 64, 70])
def test_rows_have_numbers_of_their_own(rows: int, n_out: int, two_threads: None) -> None:
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, 1201)).astype(np.float32)
    weights = rng.normal(size=(1201, n_out)).astype(np.float32)
    together = product_by_rows(x, weights)
    np.testing.assert_allclose(together, x.astype(float) @ weights, atol=2e-4)
    torch.set_num_threads(1)
    for first, last in ((0, 1), (3, 10), (5, 70)):
        np.testing.assert_array_equal(product_by_rows(x[first:last], weights), together[first:last])


@pytest.mark.parametrize(("n", "n_in"), [(1, 1), (7, 300), (32, 256), (45, 257), (133, 700)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rows_by_rows(n: int, n_in: int, dtype: torch.dtype, two_threads: None) -> None:
    z = torch.randn(n, n_in, generator=torch.Generator().manual_seed(n), dtype=dtype)
    found, exact = lower_gram(z), z.double() @ z.double().T
    close = 1e-4 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(found.double().tril(), exact.tril(), rtol=close, atol=close)
    assert (found.triu(2 * 16) == 0).all()
    # Columns lie far apart, as those of features do.
    assert torch.equal(lower_gram(z.T.contiguous().T), found)
    torch.set_num_threads(1)
    assert torch.equal(lower_gram(z), found)
