"""Step by step a model says what it says of the whole series so far."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stream_cases import LENGTH, a_series, causal

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.kernels import use_backend
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.recurrent import RecurrentNetwork
from msssm_ts.model.recurrent_reference import RecurrentReference
from msssm_ts.preparation import Preparation


def of_every_prefix(model: MSSSMClassifier, series: np.ndarray, first: int = 1) -> np.ndarray:
    return model.predict_proba([series[:, :t] for t in range(first, series.shape[1] + 1)])


def step_by_step(model: MSSSMClassifier, series: np.ndarray) -> np.ndarray:
    stream = model.stream()
    return np.array([stream.step(values) for values in series.T])


@pytest.mark.parametrize("core", ["s6", "lti"])
@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "mean", "n_channels": 3, "n_scales": 4, "d_state": 24},
        {"pooling": "max", "n_labels": 3, "n_scales": 1, "kernel_size": 3},
        {"pooling": "mean_max", "n_channels": 3, "n_labels": 2, "n_scales": 3},
        {"pooling": "last", "n_scales": 2, "d_model": 24, "n_classes": 19},
        {"pooling": "mean_max", "n_scales": 6, "kernel_size": 2, "d_model": 8, "n_layers": 3},
    ],
    ids=lambda s: s["pooling"],
)
def test_equals_the_whole_network_at_every_prefix(core: str, settings: dict[str, Any]) -> None:
    model = causal(core=core, **settings)
    series = a_series(settings.get("n_channels", 1))
    expected = of_every_prefix(model, series)
    assert np.ptp(expected, axis=0).max() > 0.05
    np.testing.assert_allclose(step_by_step(model, series), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("core", ["s6", "lti", "s4d"])
@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "last"])
def test_fused_steps_equal_the_reference(core: Any, pooling: Any) -> None:
    """In double precision, where nothing but a mistake could differ."""
    torch.manual_seed(3)
    config = MSSSMConfig(
        2, 5, n_scales=3, d_model=20, n_layers=2, d_state=15, kernel_size=5, core=core,
        bidirectional=False, pooling=pooling,
    )  # fmt: skip
    network = MSSSMNetwork(config).double()
    x = a_series(2, 77).T.copy()
    x[[0, 1, 30, 31]] = np.nan
    x[40, 0] = np.nan
    fused, plain = RecurrentNetwork(network), RecurrentReference(network)
    logits = fused.run(x)
    assert np.isnan(logits[:2]).all()
    np.testing.assert_allclose(logits, plain.run(x), rtol=1e-10, atol=1e-10)
    assert fused.n_steps == plain.n_steps == 77


def test_the_plain_backend_streams_too() -> None:
    model, series = causal(n_channels=2), a_series(2, 20)
    with use_backend("reference"):
        stream = model.stream()
    assert isinstance(stream._network, RecurrentReference)
    np.testing.assert_allclose(
        stream.step(series), of_every_prefix(model, series), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("core", ["s6", "lti"])
@pytest.mark.parametrize("pooling", ["mean_max", "last"])
def test_missing_values(core: str, pooling: str) -> None:
    model = causal(n_channels=3, core=core, pooling=pooling, missing="mask", n_scales=3)
    series = a_series(3)
    rng = np.random.default_rng(2)
    series[rng.random(series.shape) < 0.3] = np.nan
    series[:, rng.random(LENGTH) < 0.3] = np.nan
    series[:, :4] = np.nan
    series[1, 4] = 2.0
    proba = step_by_step(model, series)
    assert np.isnan(proba[:4]).all()
    np.testing.assert_allclose(proba[4:], of_every_prefix(model, series, 5), rtol=0, atol=1e-5)


def test_chunks_reset_and_counting() -> None:
    model, series = causal(n_channels=2), a_series(2)
    stream = model.stream()
    steps = np.array([stream.step(values) for values in series.T])
    assert stream.n_steps == LENGTH
    stream.reset()
    assert stream.n_steps == 0
    parts = [stream.step(part) for part in np.split(series, [1, 1, 50], axis=1)]
    assert [p.shape for p in parts] == [(1, 2), (0, 2), (49, 2), (81, 2)]
    np.testing.assert_array_equal(np.concatenate(parts), steps)
    one = causal().stream()
    assert one.step(1.5).shape == one.step([1.5]).shape == (2,)


def test_a_stream_can_be_kept_and_goes_on_where_it_was(tmp_path: Path) -> None:
    model, series = causal(), a_series()
    model.save(tmp_path / "m.safetensors")
    stream = MSSSMClassifier.load(tmp_path / "m.safetensors").stream()
    stream.step(series[:, :60])
    copy = pickle.loads(pickle.dumps(stream))
    rest = stream.step(series[:, 60:])
    np.testing.assert_array_equal(copy.step(series[:, 60:]), rest)
    np.testing.assert_allclose(rest, of_every_prefix(model, series, 61), rtol=0, atol=1e-5)


def test_steps_use_no_more_memory_the_longer_it_goes_on() -> None:
    stream = causal().stream()

    def read(n: int) -> int:
        for value in np.random.default_rng(0).normal(size=n):
            stream.step([value])
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = read(500)
        assert read(5000) - before < 2000
    finally:
        tracemalloc.stop()


def test_channels_are_the_models_in_its_order() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 3, 20))
    model = MSSSMClassifier(
        members=["network"], bidirectional=False, d_model=8, n_layers=1, max_epochs=1,
        preparation=Preparation(channels=("c", "a")),
    ).fit(X, np.arange(6) % 2, channel_names=("a", "b", "c"))  # fmt: skip
    stream = model.stream()
    assert (stream.n_channels, stream.channel_names) == (2, ("c", "a"))
    np.testing.assert_allclose(
        stream.step(X[0, [2, 0]])[-1], model.predict_proba(X[:1])[0], rtol=0, atol=1e-5
    )
    with pytest.raises(InputError, match=r"2 channels \(c, a\)"):
        stream.step([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"bidirectional": True}, "--causal' or bidirectional=False"),
        ({"stem_stride": 10}, "stem_stride=1"),
        ({"missing": "interpolate"}, "--missing mask"),
        ({"preparation": Preparation(sampling_rate=50.0)}, "from 125 Hz to 50 Hz"),
        ({"preparation": Preparation(bandpass=(1.0, 20.0))}, "band-pass"),
        ({"preparation": Preparation(powerline=50.0)}, "--powerline"),
        ({"preparation": Preparation(features="mfcc", frame_length=0.1)}, "mfcc spectra"),
        ({"preparation": Preparation(standardize="series")}, "'series'"),
        ({"preparation": Preparation(standardize="centred")}, "--standardize global"),
        ({"preparation": Preparation(standardize="mostly-centred")}, "'mostly-centred'"),
        ({"preparation": Preparation(window=0.5)}, "--crop"),
    ],
)
def test_models_that_look_ahead_are_refused(settings: dict[str, Any], sentence: str) -> None:
    X = np.random.default_rng(0).normal(size=(4, 1, 200))
    small = {
        "members": ["network"],
        "bidirectional": False,
        "d_model": 8,
        "n_layers": 1,
        "max_epochs": 1,
    }
    model = MSSSMClassifier(**small | settings).fit(X, [0, 1, 0, 1], sampling_rate=125.0)
    with pytest.raises(InputError, match="cannot read a stream") as caught:
        model.stream()
    assert sentence in str(caught.value)


def test_values_that_cannot_be_read_leave_the_stream_as_it_was() -> None:
    series = a_series(2, 30)
    stream = causal(n_channels=2).stream()
    expected = stream.step(series)
    stream.reset()
    stream.step(series[:, :10])
    for wrong, sentence in (
        ([1.0], "reads 2 channels"),
        ([1.0, np.inf], "channel 2 is infinite"),
        ([1e39, 1.0], "channel 1 is infinite"),
        ([np.nan, 1.0], "channel 1 .* missing='mask'"),
        ([[1.0, 2.0], [3.0, np.nan]], "channel 2 is missing"),
        (np.zeros((1, 2, 3)), "reads 2 channels"),
    ):
        with pytest.raises(InputError, match=sentence):
            stream.step(wrong)
    assert stream.n_steps == 10
    np.testing.assert_array_equal(stream.step(series[:, 10:]), expected[10:])


def test_values_far_from_all_others_are_limited_in_a_stream_too() -> None:
    X = np.random.default_rng(0).normal(size=(20, 2, 50))
    X[4, 1, 7] = 1e5
    model = MSSSMClassifier(
        members=["network"],
        bidirectional=False,
        d_model=8,
        n_layers=1,
        max_epochs=1,
        random_state=0,
    ).fit(X, np.arange(20) % 2, channel_names=["a", "b"])
    assert model.model_.preparation.limits
    series = X[4].copy()
    series[1, 7] = 3e4
    np.testing.assert_allclose(
        step_by_step(model, series), of_every_prefix(model, series), atol=1e-5
    )
    # One that is not limited is another series.
    limited = model.model_.preparation.limits[1]
    assert limited is not None
    series[1, 7] = limited[1]
    np.testing.assert_allclose(step_by_step(model, series), of_every_prefix(model, X[4]), atol=1e-5)
