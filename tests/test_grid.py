"""Series with time stamps on an even grid, for every member of a vote."""

from __future__ import annotations

import numpy as np
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import ExportError, InputError
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.apply import prepare_series
from msssm_ts.preparation.grid import grid_length, on_grid
from msssm_ts.series import LazySeries

TREES = {"members": ["quantile_trees"], "random_state": 0}
RIDGE = {"members": ["scan_ridge"], "random_state": 0}


def tones(n: int, seed: int = 0):
    """Slow and quick tones, 30 samples each: one in one to four steps, drawn for each series."""
    rng = np.random.default_rng(seed)
    y, series, times = np.arange(n) % 2, [], []
    for label in y:
        t = 1e9 + np.arange(30.0) * rng.integers(1, 5)
        turns = (0.06 if label else 0.03) * (t - 1e9) + rng.uniform()
        series.append(np.sin(2 * np.pi * turns)[None])
        times.append(t)
    return series, y, times


@pytest.fixture(scope="module")
def fitted():
    X, y, times = tones(60)
    return MSSSMClassifier(**RIDGE, stamps="grid").fit(X, y, times=times)


def test_stamps_of_another_unit_are_said(fitted):
    X, _, times = tones(6, 1)
    dates = [np.datetime64("2024-01-01", "s") + t.astype("timedelta64[s]") for t in times]
    with pytest.warns(UserWarning, match="another unit of time"):
        fitted.predict(X, times=[t / 1000 for t in times])
    assert np.array_equal(fitted.predict(X, times=dates), fitted.predict(X, times=times))


def test_values_lie_on_lines_between_samples():
    x = np.array([[0.0, 2.0, np.nan, 8.0], [1.0, 1.0, 5.0, 9.0], [np.nan] * 4])
    found = on_grid(x, np.array([10.0, 11.0, 11.0, 14.0]), 0.5)
    assert found.shape == (3, 9)
    np.testing.assert_allclose(found[0], [0, 1, 2, 3, 4, 5, 6, 7, 8])
    # Two samples at one time: their mean.
    np.testing.assert_allclose(found[1, [0, 2, 8]], [1, 3, 9])
    assert np.isnan(found[2]).all()
    even = np.random.default_rng(0).normal(size=(2, 7)).astype(np.float32)
    same = on_grid(even, 5 + 0.1 * np.arange(7), 0.1)
    np.testing.assert_allclose(same, even, atol=1e-6)
    assert on_grid(even[:, :1], np.array([3.0]), 0.1).shape == (2, 1)


def test_a_grid_that_would_be_lines_mostly_is_refused():
    assert grid_length(np.array([0.0, 9_000.0]), 1.0) == 9_001
    with pytest.raises(ValueError, match=r"2 samples .* span 1e\+09 .*stamps='use'"):
        grid_length(np.array([0.0, 1e9]), 1.0)
    long = np.arange(20_000.0)
    assert grid_length(np.append(long, 1e6), 1.0) == 1_000_001
    with pytest.raises(ValueError, match="inf"):
        grid_length(np.array([0.0, 1e300]), 1e-12)


def test_tells_frequencies_where_rates_differ(fitted):
    X, y, times = tones(60, 1)
    assert (fitted.predict(X, times=times) == y).mean() > 0.9
    X_train, y_train, _ = tones(60)
    ignoring = MSSSMClassifier(**RIDGE).fit(X_train, y_train)
    assert (ignoring.predict(X) == y).mean() < 0.8


def test_the_grid_is_kept_with_the_model_and_said(fitted, tmp_path):
    X, _, times = tones(6, 1)
    (note,) = [n for n in fitted.model_.record.notes if "grid" in n]
    step = fitted.model_.preparation.grid
    assert f"a step each {step:g}: 30 samples became" in note
    fitted.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert again.model_.preparation.grid == step
    whole = fitted.predict_proba(X, times=times)
    np.testing.assert_array_equal(again.predict_proba(X, times=times), whole)
    gridded = [on_grid(x, t, step) for x, t in zip(X, times, strict=True)]
    even = [step * np.arange(g.shape[1]) for g in gridded]
    np.testing.assert_allclose(fitted.predict_proba(gridded, times=even), whole, atol=1e-6)


def test_series_without_stamps_are_refused_and_so_is_what_takes_none(fitted, tmp_path):
    X, y, times = tones(8)
    with pytest.raises(InputError, match="these series have none"):
        fitted.predict(X)
    for name in ("m.onnx", "m.c"):
        with pytest.raises(ExportError, match="fitted by time stamps"):
            fitted.export(tmp_path / name, format=name[2:])
    with pytest.raises(InputError, match="early answers"):
        fitted.predict_early(X)
    network = {"members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 1}
    causal = MSSSMClassifier(**network, bidirectional=False, stamps="grid")
    with pytest.raises(InputError, match="even grid"):
        causal.fit(X, y, times=times).stream()


@pytest.mark.parametrize(
    ("preparation", "rate", "message"),
    [
        (Preparation(grid=1.0, window=2.0), 10.0, "a window in seconds"),
        (Preparation(grid=1.0, bandpass=(0.5, 2.0)), 10.0, "a band-pass filter"),
        (Preparation(grid=-1.0), None, "grid must be positive"),
    ],
)
def test_what_takes_steps_for_even_beside_a_grid_is_refused(preparation, rate, message):
    X, y, times = tones(8)
    model = MSSSMClassifier(**TREES, preparation=preparation)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, times=times, sampling_rate=rate)


def test_a_step_of_ones_own_and_windows_of_steps():
    X, y, times = tones(12)
    settings = Preparation(grid=2.0, window=10, overlap=0.0)
    model = MSSSMClassifier(**TREES, preparation=settings).fit(X, y, times=times)
    values = model.model_.prepared(model.model_.checked(X[:1]), times=times[:1])
    assert values.times is None
    assert (values.lengths == 10).all()
    assert len(values) == -(-grid_length(times[0], 2.0) // 10)
    assert any("a step each 2:" in note for note in model.model_.record.notes)
    with pytest.raises(InputError, match="no gaps to count"):
        MSSSMClassifier(**TREES, preparation=settings, stamps="use").fit(X, y, times=times)


def test_lazy_series_are_put_on_it_when_they_are_read():
    X, _, times = tones(5)
    lazy = LazySeries(range(5), X.__getitem__, [30] * 5)
    settings = Preparation(grid=1.5)
    plain = prepare_series(X, settings, None, None, times)
    found = prepare_series(lazy.take(np.array([1, 4])), settings, None, None, [times[1], times[4]])
    for a, i in zip(found.series, (1, 4), strict=True):
        np.testing.assert_array_equal(a, plain.series[i])
    np.testing.assert_array_equal(found.lengths, plain.lengths[[1, 4]])


@pytest.mark.parametrize(
    ("stamps", "times", "said"),
    [
        ("ignore", "uneven", "though they are uneven: --stamps grid"),
        ("ignore", "even", "they are even"),
        ("grid", None, "stamps='grid' had nothing to act on: there are none"),
        ("grid", "same", "all samples are at one time"),
        ("use", "uneven", "no member counts gaps"),
    ],
)
def test_says_what_became_of_stamps(stamps, times, said):
    X, y, uneven = tones(8)
    kinds = {
        "uneven": uneven,
        "even": [np.arange(30.0)] * 8,
        "same": [np.zeros(30)] * 8,
    }
    given = None if times is None else kinds[times]
    model = MSSSMClassifier(**TREES, stamps=stamps).fit(X, y, times=given)
    assert any(said in note for note in model.model_.record.notes), model.model_.record.notes


def test_a_served_series_has_its_importance_at_its_samples(fitted):
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.serving.inspecting import inspected

    X, _, times = tones(4, 2)
    data = LabelledSeries(X, None, times=times)
    found = inspected(fitted.model_, data, 1)["importance"]
    assert (found["begins"], found["ends"]) == (0, 30)
    assert len(found["channels"][0]["values"]) == 30


def test_even_stamps_of_a_table_count_where_the_model_wants_stamps(fitted, tmp_path):
    """A series alone may be even, and still of another rate than the others."""
    from msssm_ts.cli.given.matching import matched
    from msssm_ts.datasets import load

    X, _, _ = tones(1)
    stamps = 3 * np.arange(30)
    rows = [f"a,{t},{v}" for t, v in zip(stamps, X[0][0], strict=True)]
    file = tmp_path / "one.csv"
    file.write_text("\n".join(["id,time,value", *rows]))
    data = load(file, needs_labels=False)
    assert (data.times, data.step) == (None, 3)
    series, _ = matched(data, fitted.model_)
    np.testing.assert_array_equal(series.times[0], stamps)
    plain, y, _ = tones(8)
    assert matched(data, MSSSMClassifier(**TREES).fit(plain, y).model_)[0].times is None
