"""The vector functions against numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from msssm_ts.kernels.compiled_cache import cache_directory
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.simd import (
    exp2,
    exp_minus,
    lanes_of,
    load,
    row_sums,
    sigmoid,
    softplus,
    softplus_and_slope,
    store,
)
from msssm_ts.kernels.vector import LANES

# Largest relative errors; log(1 + e^x) and the sigmoid lose some in scaling x by 1 / ln 2.
EXP2_ERROR = {"float32": 3e-7, "float64": 5e-15}
LOGISTIC_ERROR = {"float32": 2e-6, "float64": 2e-14}


@kernel
def _apply(x: Any, a: Any, b: Any, c: Any, e: Any) -> None:
    for i in range(0, x.size, lanes_of(x)):
        v = load(x, i)
        store(a, i, exp2(v))
        store(b, i, softplus(v))
        store(c, i, sigmoid(v))
        store(e, i, exp_minus(v))


@kernel
def _sum_rows(x: Any, out: Any) -> None:
    store(out, 0, row_sums(x, 0))


@kernel
def _four(x: Any, out: Any) -> None:
    w = lanes_of(x)
    parts = softplus_and_slope(load(x, 0), load(x, w), load(x, 2 * w), load(x, 3 * w))
    for k in range(8):
        store(out, k * w, parts[k])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponentials(dtype: str) -> None:
    x = np.linspace(-30, 30, 16_000).astype(dtype)
    results = [np.full_like(x, np.nan) for _ in range(4)]
    _apply(x, *results)
    exact = x.astype(np.longdouble)
    # Clamped near 29.1 in single precision.
    minus = np.exp(-np.clip(exact, -29, 29))
    truths = (np.exp2(exact), np.log1p(np.exp(exact)), 1 / (1 + np.exp(-exact)), minus)
    within = abs(x) <= 29
    results[3][~within] = minus[~within]
    for result, truth, bound in zip(
        results, truths, (EXP2_ERROR, *[LOGISTIC_ERROR] * 3), strict=True
    ):
        assert np.abs(result / truth - 1).max() < bound[dtype]


def test_exponentials_at_the_edges() -> None:
    x = np.zeros(16, np.float32)
    x[:5] = [-np.inf, -1e30, 1e30, np.nan, -200]
    a, b, c, e = (np.empty_like(x) for _ in range(4))
    _apply(x, a, b, c, e)
    assert (a[[0, 1, 4]] < 1e-37).all()
    assert a[2] > 1e38
    assert np.isnan([a[3], b[3], c[3], e[3]]).all()
    # Three factors stay within range.
    assert np.isfinite(e[:3] ** 3).all()
    assert (e[:3] ** 3 > 0).all()
    np.testing.assert_allclose(b[1:3], np.float32([0, 1e30]), atol=1e-37)
    np.testing.assert_allclose(c[:3], [0, 0, 1], atol=1e-37)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_row_sums(dtype: type) -> None:
    lanes = LANES[np.dtype(dtype)]
    x = np.random.default_rng(0).normal(size=(lanes, lanes)).astype(dtype)
    out = np.empty(lanes, dtype)
    _sum_rows(x.ravel(), out)
    np.testing.assert_allclose(out, x.sum(1), rtol=1e-5)


def test_kernels_are_kept_on_disk() -> None:
    _sum_rows(np.zeros(256, np.float32), np.zeros(16, np.float32))
    assert any("test_simd._sum_rows" in f.name for f in cache_directory().glob("*.nbc"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_and_slope_of_four_are_those_of_one(dtype: type) -> None:
    lanes = LANES[np.dtype(dtype)]
    x = np.linspace(-40, 40, 4 * lanes).astype(dtype)
    found, alone = np.empty(8 * lanes, dtype), [np.empty_like(x) for _ in range(4)]
    _four(x, found)
    _apply(x, *alone)
    np.testing.assert_array_equal(found, np.concatenate(alone[1:3]))
