"""Checks of series, values that lie far from all others, the standardisation kept with a model."""

from __future__ import annotations

import numpy as np
import pytest

from msssm_ts.series import Standardizer
from msssm_ts.series.checks import Missing, as_series_list, check_times
from msssm_ts.series.outliers import find_limits, limited


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
    assert found.std[:2].tolist() == [0.1, 1.0]
    values = found.one(x)
    np.testing.assert_allclose(values[0], 0.0, atol=1e-12)
    assert np.isnan(values[1]).all()


@pytest.mark.parametrize("unit", [2.0**-100, 2.0**-43, 1.0, 2.0**43])
def test_the_unit_of_the_data_does_not_matter(unit: float) -> None:
    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(size=90), 5 + rng.normal(size=90), np.full(90, 0.1)])
    found, there = (Standardizer.fit([k * x]).one(k * x, np.float64) for k in (1.0, unit))
    np.testing.assert_array_equal(there, found)
    assert np.abs(there[:2]).max() > 1


# Padding


@pytest.mark.parametrize("missing", ["error", "mask", "interpolate"])
def test_nan_behind_a_series_is_padding(missing: Missing) -> None:
    X = np.arange(24.0).reshape(2, 2, 6)
    X[0, :, 4:] = np.nan
    for given in (X, list(X)):
        found = as_series_list(given, missing)
        assert [s.shape for s in found] == [(2, 4), (2, 6)]
        np.testing.assert_array_equal(found[0], X[0, :, :4])
    table = as_series_list(X[:, 0], missing)
    assert [s.shape for s in table] == [(1, 4), (1, 6)]


def test_nan_before_the_last_value_of_any_channel_is_missing() -> None:
    X = np.arange(12.0).reshape(1, 2, 6)
    X[0, 0, 3:], X[0, 1, 5:] = np.nan, np.nan
    with pytest.raises(ValueError, match="NaN: 2 in series 0, the first in channel 0 at step 3"):
        as_series_list(X)
    assert as_series_list(X, "mask")[0].shape == (2, 5)
    X[:] = np.nan
    with pytest.raises(ValueError, match="series 0 of X has no value at all"):
        as_series_list(X, "mask")


def test_time_stamps_of_padding_are_cut_too() -> None:
    series = [np.ones((1, 4)), np.ones((1, 6))]
    for behind in (np.nan, 5.0):
        times = np.array([[0.0, 1, 2, 3, behind, behind], [0.0, 1, 2, 3, 4, 5]])
        found = check_times(times, series)
        assert found is not None
        assert [t.tolist() for t in found] == [[0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]
    with pytest.raises(ValueError, match="times of series 0 have shape"):
        check_times([np.arange(5.0), np.arange(6.0)], series)


# Values far from all others


def _noise(n: int = 20, length: int = 50) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, length)) for _ in range(n)]


@pytest.mark.parametrize("unit", [2.0**-43, 1.0, 2.0**43])
@pytest.mark.parametrize("size", [-1e4, 1e6])
def test_a_few_values_far_from_all_others_are_limited(unit: float, size: float) -> None:
    series = _noise()
    series[16][1, 2] = size
    limits, remarks = find_limits([unit * s for s in series], ("x", "y"))
    assert limits[0] is None
    assert limits[1] is not None
    low, high = (end / unit for end in limits[1])
    assert -12 < low < -4 < 4 < high < 12
    assert len(remarks) == 1
    assert "1 value of channel 'y' (series 17, step 3" in remarks[0]
    assert limited(series[16], (None, (low, high)))[1, 2] == (low if size < 0 else high)
    for i, s in enumerate(_noise()):
        if i != 16:
            np.testing.assert_array_equal(limited(s, (None, (low, high))), s)


def test_many_far_values_are_what_the_series_are_like() -> None:
    series = _noise(200)
    for s in series[:10]:
        s[0, 7] = 1e4
    limits, remarks = find_limits(series)
    assert limits == ()
    assert "10 values of channel 1 (series 1, step 8: 10000) lie up to" in remarks[0]
    assert "left as they are" in remarks[0]


def test_heavy_tails_and_still_channels_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    tails = [rng.standard_t(3, size=(1, 500)) for _ in range(40)]
    pulses = [(rng.random((1, 500)) < 0.004) * rng.lognormal(size=(1, 500)) for _ in range(40)]
    for series in (tails, pulses, [np.ones((1, 90))], [np.eye(8)], [np.full((1, 99), np.nan)]):
        assert find_limits(series) == ((), ())


@pytest.mark.parametrize("fill", [1e20, -3.0e38])
def test_one_wild_value_is_named_with_its_place(fill: float) -> None:
    series = [s.astype(np.float32) for s in _noise()]
    series[3][1, 7] = fill
    with pytest.raises(ValueError, match=r"series 4, step 8, channel 2: .*NaN.*--missing mask"):
        find_limits(series)
    # Also where most of the channel is still, and where series were left out before.
    still = [0 * s for s in series]
    still[5][1, :4], still[3][1, 7] = [1, 2, 3, 4], fill
    with pytest.raises(ValueError, match=r"series 31, step 8, channel 2"):
        find_limits(still, numbers=10 * np.arange(20))


@pytest.mark.parametrize("fill", [-9999.0, -999.0, 9999.0, 999.9, 1e20, np.finfo(np.float32).max])
def test_numbers_that_fill_places_are_named(fill: float) -> None:
    series = [s.astype(np.float32) for s in _noise()]
    for s in series[2:]:
        s[0, 40:] = fill
    with pytest.raises(ValueError, match=r"series 3, step 41, channel 1: .* in 180 places"):
        find_limits(series)
    # Among values as large it is one of them.
    if fill == -999.0:
        find_limits([np.where(s == fill, s, 500 * s) for s in series])


@pytest.mark.parametrize("fill", [-99.0, 777.0, -32768.0])
def test_other_numbers_that_fill_places_are_left_and_said(fill: float) -> None:
    series = _noise()
    for s in series[2:]:
        s[0, 40:43] = fill
    limits, remarks = find_limits(series)
    assert limits == ()
    assert remarks == (
        f"54 values of channel 1 (series 3, step 41: {fill:g}) are one number that lies far from "
        "all others: left as they are, though they may stand for missing values",
    )
    # What cuts a channel off is no farther than a few spans.
    assert find_limits([np.clip(s, -3, 3) for s in series]) == ((), ())
