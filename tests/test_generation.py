"""Made-up series."""

from __future__ import annotations

import numpy as np
import pytest

from msssm_ts.generation import FAMILIES, draw_process, draw_task


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("length", [8, 9, 10_000])
def test_any_length_of_any_family_is_drawn(family: str, length: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(6):
        x = draw_process(rng, family).draw(rng, 3, length)
        assert x.shape == (3, length)
        assert np.isfinite(x).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_ends_of_every_setting_are_drawn(family: str) -> None:
    rng = np.random.default_rng(0)
    process = draw_process(rng, family)
    for settings in (np.zeros_like(process.settings), np.ones_like(process.settings)):
        x = FAMILIES[family].draw(settings, rng, 4, 61)
        assert np.isfinite(x).all()
        assert np.ptp(x) > 0


def test_the_same_seed_gives_the_same_task_and_another_another() -> None:
    one, same, other = (
        draw_task(np.random.default_rng(seed), 3, 4, 50, n_channels=2) for seed in (5, 5, 6)
    )
    assert np.array_equal(one.series, same.series)
    assert not np.array_equal(one.series, other.series)


@pytest.mark.parametrize("n_channels", [1, 2, 12])
def test_channels_of_a_task_are_standardised(n_channels: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        series, labels = draw_task(rng, 3, 6, 80, n_channels)
        assert series.shape == (18, n_channels, 80)
        assert np.bincount(labels).tolist() == [6, 6, 6]
        # But for values beyond 20 deviations, which are cut.
        np.testing.assert_allclose(series.mean((0, 2)), 0, atol=0.05)
        np.testing.assert_allclose(series.std((0, 2)), 1, atol=0.2)


def test_a_shape_is_kept_and_a_law_is_not() -> None:
    """Of a shape series resemble each other; without they are draws of their own."""
    rng = np.random.default_rng(2)
    process = draw_process(rng, "smooth")
    alike = {}
    for shape in (None, 7):
        law = type(process)("smooth", process.settings, shape)
        own = np.concatenate([law.draw(rng, 6, 200), law.draw(rng, 6, 200)])
        alike[shape] = np.abs(np.corrcoef(own))[np.triu_indices(12, 1)].mean()
    assert alike[7] > alike[None] + 0.2


def test_near_is_near() -> None:
    rng = np.random.default_rng(3)
    process = draw_process(rng, "beats")
    off = [np.abs(process.near(rng, by).settings - process.settings).max() for by in (0.0, 0.01, 1)]
    assert off[0] == 0 < off[1] < 0.06 < off[2]
    assert all((p.settings >= 0).all() and (p.settings <= 1).all()
               for p in (process.near(rng, 3.0) for _ in range(20)))  # fmt: skip


def test_some_tasks_are_easy_and_some_are_hard() -> None:
    """Nearest means on amplitude spectra: neither all by chance nor all without fault."""
    right = []
    for seed in range(40):
        series, labels = draw_task(np.random.default_rng(seed), 4, 10, 64)
        z = np.log1p(np.abs(np.fft.rfft(series[:, 0])))
        means = np.stack([z[::2][labels[::2] == k].mean(0) for k in range(4)])
        answers = ((z[1::2, None] - means) ** 2).sum(-1).argmin(1)
        right.append((answers == labels[1::2]).mean())
    assert min(right) < 0.5 < np.mean(right) < 0.9 < max(right)
