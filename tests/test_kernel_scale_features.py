"""The fused random features against their definition in plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.scale_features import N_GROUPS, N_RIVALS, TAPS, bands, scale_features
from msssm_ts.members.problem import Problem
from msssm_ts.members.scan_ridge.features import ScanFeatures, scales_for

LENGTHS = [1, 2, 3, 13, 63, 64, 65, 129, 500]


def _case(length: int, n_channels: int, n_thresholds: int = 2, seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    n_scales = scales_for(length)
    filters = rng.normal(size=(n_scales, TAPS, N_RIVALS, N_GROUPS)).astype(np.float32)
    mix = rng.normal(size=(n_channels, N_GROUPS)).astype(np.float32)
    thresholds = rng.normal(size=(n_scales, n_thresholds, N_RIVALS, N_GROUPS)).astype(np.float32)
    lengths = (length, max(1, length // 2), length)
    series = [rng.normal(size=(n_channels, l)).astype(np.float32) for l in lengths]
    return series, mix, filters, thresholds


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("n_channels", "n_thresholds"), [(1, 1), (3, 3), (1, 5)])
def test_equals_the_reference(length: int, n_channels: int, n_thresholds: int) -> None:
    series, mix, filters, thresholds = _case(length, n_channels, n_thresholds)
    fast = scale_features(series, mix, filters, thresholds)
    with use_backend("reference"):
        plain = scale_features(series, mix, filters, thresholds)
    assert fast.shape == plain.shape
    assert fast.shape == (3, len(filters), 5 * n_thresholds + 2, N_RIVALS, N_GROUPS)
    # A band that lies within rounding of a threshold may fall on either side of it: a step of
    # one series, far fewer than one feature in a thousand here.
    close = np.isclose(fast, plain, rtol=2e-5, atol=2e-5)
    assert close.mean() > 0.999
    np.testing.assert_allclose(fast, plain, atol=3.0 / length if length > 100 else 2e-5)


@pytest.mark.parametrize("length", LENGTHS)
def test_bands_equal_the_reference(length: int) -> None:
    series, mix, filters, _ = _case(length, 2)
    fast = bands(series[0], mix, filters)
    with use_backend("reference"):
        plain = bands(series[0], mix, filters)
    np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("n_channels", [1, 7])
def test_bands_of_drawn_filters_are_the_same_bits(length: int, n_channels: int) -> None:
    """Products with their powers of two are exact, and the order of the sums is defined."""
    rng = np.random.default_rng(0)
    problem = Problem.of([rng.normal(1e2, 1, (n_channels, length))] * 2, np.arange(2), 2)
    features = ScanFeatures.draw(problem, 0)
    x = rng.normal(size=(n_channels, length)).cumsum(1).astype(np.float32)
    for mix, filters in zip(features.mix, features.filters, strict=True):
        fast = bands(x, mix, filters)
        with use_backend("reference"):
            np.testing.assert_array_equal(bands(x, mix, filters), fast)


def test_streams_are_the_recurrence_that_they_stand_for() -> None:
    """The reference sums over the past; here the state goes from step to step."""
    length, span = 40, 1 / 16
    series, mix, filters, thresholds = _case(length, 1, n_thresholds=1)
    features = scale_features(series[:1], mix, filters, thresholds, span)[0]
    decay = np.exp(-1 / (span * length))
    for s, band in enumerate(bands(series[0], mix, filters)):
        u = (band > thresholds[s, 0]).astype(float)
        forward, backward, peak = np.zeros(u.shape[1:]), np.zeros(u.shape[1:]), 0.0
        for now in u:
            forward = decay * forward + (1 - decay) * now
            peak = np.maximum(peak, forward)
        for now in u[::-1]:
            backward = decay * backward + (1 - decay) * now
        total = 1 - decay**length
        for pool, expected in (
            (0, u.mean(0)), (2, peak), (3, forward / total), (4, backward / total)
        ):  # fmt: skip
            np.testing.assert_allclose(features[s, pool], expected, atol=1e-5)


def test_streams_lie_between_0_and_1() -> None:
    series, mix, filters, thresholds = _case(200, 1)
    pools = scale_features(series, mix, filters, thresholds)
    for streams in (pools[:, :, 0:2], pools[:, :, 4:10]):
        assert streams.min() >= 0
        assert streams.max() <= 1 + 1e-5


def test_neither_the_batch_nor_the_threads_matter() -> None:
    series, mix, filters, thresholds = _case(300, 2)
    together = scale_features(series * 8, mix, filters, thresholds)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = [scale_features([s], mix, filters, thresholds)[0] for s in series]
    finally:
        torch.set_num_threads(n_threads)
    for i, features in enumerate(together):
        np.testing.assert_array_equal(features, alone[i % 3])


def test_a_constant_series_has_finite_features() -> None:
    _, mix, filters, thresholds = _case(50, 1)
    features = scale_features([np.full((1, 50), 3.0, np.float32)], mix, filters, thresholds)
    assert np.isfinite(features).all()
