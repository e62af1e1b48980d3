"""Series are read only until the model is sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from stream_cases import a_series, causal

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.fitted.early import N_PREFIXES, certainty
from msssm_ts.preparation import Preparation
from msssm_ts.series import LazySeries

LENGTHS = (1, 63, 64, 65, 130, 131)


def ragged(n_channels: int = 1) -> list[np.ndarray]:
    return [a_series(n_channels, length, seed) for seed, length in enumerate(LENGTHS)]


def ends_of(series: np.ndarray, step_by_step: bool) -> list[int]:
    """Return the lengths of the prefixes that are asked for."""
    length = series.shape[1]
    if step_by_step:
        return list(range(1, length + 1))
    return [-(-length * k // N_PREFIXES) for k in range(1, N_PREFIXES + 1)]


def a_confidence(model: MSSSMClassifier, series: list[np.ndarray], step_by_step: bool) -> float:
    """One that some series reach soon, and some never."""
    most = [
        certainty(model.predict_proba([s[:, :t] for t in ends_of(s, step_by_step)]), False).max()
        for s in series
    ]
    # A little off a value itself, which rounding could miss on either side.
    return float(np.sort(most)[len(most) // 2]) - 1e-4


def expected(
    model: MSSSMClassifier, series: np.ndarray, ends: list[int], confidence: float
) -> tuple[int, np.ndarray]:
    """Ask for one prefix after the other."""
    for end in ends:
        proba = model.predict_proba([series[:, :end]])
        if certainty(proba, model.multilabel_)[0] >= confidence:
            break
    return end, proba[0]


@pytest.mark.parametrize("n_labels", [0, 2])
def test_a_causal_model_stops_at_the_first_step_that_is_sure(n_labels: int) -> None:
    model, series = causal(n_labels=n_labels), ragged()
    confidence = a_confidence(model, series, True)
    early = model.predict_early(series, confidence)
    assert early.step_by_step
    assert 0 < (early.n_read < LENGTHS).sum() < len(series)
    for i, s in enumerate(series):
        n_read, proba = expected(model, s, ends_of(s, True), confidence)
        assert early.n_read[i] == n_read
        np.testing.assert_allclose(early.proba[i], proba, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(early.n_timepoints, LENGTHS)
    assert early.earliness == pytest.approx(np.mean(early.n_read / LENGTHS))
    assert early.labels.shape == ((len(series), 2) if n_labels else (len(series),))


@pytest.mark.parametrize(
    "settings",
    [
        {"bidirectional": True},
        {"missing": "interpolate"},
        {"preparation": Preparation(standardize="series")},
    ],
)
def test_other_models_are_asked_at_twenty_prefixes(settings: dict[str, Any]) -> None:
    model, series = causal(**settings), ragged()
    confidence = a_confidence(model, series, False)
    early = model.predict_early(series, confidence)
    assert not early.step_by_step
    assert (early.n_read < LENGTHS).any()
    for i, s in enumerate(series):
        n_read, proba = expected(model, s, ends_of(s, False), confidence)
        assert early.n_read[i] == n_read
        np.testing.assert_allclose(early.proba[i], proba, rtol=0, atol=1e-6)


@pytest.mark.parametrize("settings", [{"missing": "mask"}, {"missing": "interpolate"}])
def test_nothing_behind_the_answer_is_looked_at(settings: dict[str, Any]) -> None:
    model = causal(n_channels=2, **settings)
    series = a_series(2)
    series[:, :9] = np.nan
    series[0, 9:40] = np.nan
    series[:, 60:70] = np.nan
    other = series.copy()
    early = model.predict_early([series], 0.5)
    n_read = int(early.n_read[0])
    assert 9 < n_read < 60
    other[:, n_read:] = 1e6
    again = model.predict_early([other], 0.5)
    assert again.n_read[0] == n_read
    np.testing.assert_array_equal(again.proba, early.proba)


def test_never_sure_is_read_to_the_end_and_says_what_predict_says() -> None:
    for model in (causal(), causal(bidirectional=True)):
        series = ragged()
        early = model.predict_early(series, 1.0)
        np.testing.assert_array_equal(early.n_read, LENGTHS)
        np.testing.assert_array_equal(early.labels, model.predict(series))
        np.testing.assert_allclose(early.proba, model.predict_proba(series), rtol=0, atol=1e-5)
        assert early.earliness == 1.0


def test_lazy_series_and_tables() -> None:
    series = [a_series(seed=i) for i in range(70)]
    lazy = LazySeries(range(70), lambda i: series[i], [s.shape[1] for s in series])
    for model in (causal(), causal(bidirectional=True)):
        early = model.predict_early(series, 0.7)
        for X in (lazy, np.stack(series), np.concatenate(series)):
            again = model.predict_early(X, 0.7)
            np.testing.assert_array_equal(again.n_read, early.n_read)
            np.testing.assert_allclose(again.proba, early.proba, rtol=0, atol=1e-6)


def test_series_of_another_rate_are_resampled_prefix_by_prefix() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 1, 40))
    model = MSSSMClassifier(
        members=["network"], bidirectional=False, d_model=8, n_layers=1, max_epochs=1
    )
    model.fit(X, np.arange(6) % 2, sampling_rate=50.0)
    assert model.predict_early(X, 0.9, sampling_rate=50.0).step_by_step
    faster = np.repeat(X, 2, axis=2)
    early = model.predict_early(faster, 1.0, sampling_rate=100.0)
    assert not early.step_by_step
    np.testing.assert_allclose(early.proba, model.predict_proba(faster, sampling_rate=100.0))


def test_mistakes() -> None:
    model = causal()
    for confidence in (0.0, 1.5, float("nan")):
        with pytest.raises(ValueError, match="confidence must be above 0 and at most 1"):
            model.predict_early(ragged(), confidence)
    with pytest.raises(ValueError, match="contains NaN"):
        model.predict_early([np.array([[1.0, np.nan, 2.0]])])
    with pytest.raises(ValueError, match="2 channels"):
        model.predict_early(ragged(2))
    with pytest.raises(InputError):
        causal(bidirectional=True).stream()
