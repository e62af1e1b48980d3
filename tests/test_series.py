"""The standardisation kept with a model."""

from __future__ import annotations

import numpy as np
import pytest

from msssm_ts.series import Standardizer


def _with_gaps(dtype: type, offset: float) -> list[np.ndarray]:
    """Series of several lengths, the channels with different parts missing, one of them all."""
    rng = np.random.default_rng(0)
    series = []
    for i, length in enumerate((5, 40, 1, 17, 100)):
        x = rng.normal(offset, [[1.0], [3.0]], (2, length)) + i
        x[rng.random(x.shape) < [[0.1 * i], [0.5]]] = np.nan
        series.append(x.astype(dtype))
    series[2][1] = np.nan
    return series


@pytest.mark.parametrize(
    ("dtype", "offset"), [(np.float64, 0.0), (np.float64, 1e6), (np.float32, 3e4)]
)
def test_mean_and_deviation_are_those_of_all_known_values(dtype: type, offset: float) -> None:
    series = _with_gaps(dtype, offset)
    together = np.concatenate(series, 1).astype(np.float64)
    found = Standardizer.fit(series)
    np.testing.assert_allclose(found.mean, np.nanmean(together, 1), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.std, np.nanstd(together, 1), rtol=1e-8)


def test_a_long_float32_series_far_from_zero() -> None:
    x = (1e4 + np.random.default_rng(0).normal(size=(1, 200_000))).astype(np.float32)
    found = Standardizer.fit([x])
    np.testing.assert_allclose(found.mean, x.mean(1, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(found.std, x.std(1, dtype=np.float64), rtol=1e-8)


def test_a_channel_that_is_constant_or_missing_throughout() -> None:
    x = np.stack([np.full(9, 0.1), np.full(9, np.nan), np.arange(9.0)])
    found = Standardizer.fit([x, x[:, :4]])
    assert found.std[:2].tolist() == [1.0, 1.0]
    values = found.one(x)
    np.testing.assert_allclose(values[0], 0.0, atol=1e-12)
    assert np.isnan(values[1]).all()
