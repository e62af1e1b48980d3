"""What users of neighbouring projects asked for, a test for each (design, section 4).

Requests that other test files answer: builds and CPU (all of them), torch.compile and export
(test_model), NaN in training (test_training), devices (test_gpu), import time and own CSV files
(test_cli, test_datasets), damaged and newer files (test_estimator), several labels and weights
(test_targets), bidirectional and pooling (test_model).
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted import Vote
from msssm_ts.training import SeriesTensor

SMALL: dict[str, Any] = {
    "members": ["network"],
    "d_model": 16,
    "n_layers": 1,
    "learning_rate": 0.01,
    "random_state": 0,
}
Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def waves() -> Data:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    time = np.arange(40)
    X = np.sin(time * np.where(y, 0.9, 0.3)[:, None] + rng.uniform(0, 6, (60, 1)))
    return X + 0.2 * rng.normal(size=X.shape), np.array(["slow", "fast"])[y]


@pytest.fixture(scope="module")
def fitted(waves: Data) -> MSSSMClassifier:
    return MSSSMClassifier(max_epochs=8, **SMALL).fit(*waves)


def test_same_seed_same_result(waves: Data, fitted: MSSSMClassifier) -> None:
    again = clone(fitted).fit(*waves)
    for a, b in zip(again.network_.parameters(), fitted.network_.parameters(), strict=True):
        assert torch.equal(a, b)


def test_variable_length_does_not_leak_padding() -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(2, n)) for n in rng.integers(1, 60, size=24)]
    model = MSSSMClassifier(max_epochs=2, **SMALL).fit(X, np.arange(24) % 2)
    alone = np.concatenate([model.predict_proba([x]) for x in X])
    np.testing.assert_allclose(model.predict_proba(X), alone, rtol=0, atol=1e-6)
    # Another length than any in training is as good.
    assert model.predict_proba([rng.normal(size=(2, 200))]).shape == (1, 2)


def test_missing_values_are_refused_with_count_and_place(waves: Data) -> None:
    X = waves[0].copy()
    X[7, [3, 5]] = np.nan
    message = r"NaN: 2 in series 7, the first in channel 0 at step 3 .*missing='mask'"
    with pytest.raises(ValueError, match=message):
        MSSSMClassifier(max_epochs=1, **SMALL).fit(X, waves[1])


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_missing_values_cost_little(waves: Data, missing: str) -> None:
    X, y = waves
    gaps = np.random.default_rng(1).random(X.shape) < 0.2
    model = MSSSMClassifier(max_epochs=15, missing=missing, **SMALL)
    whole = model.fit(X[:40], y[:40]).score(X[40:], y[40:])
    X = np.where(gaps, np.nan, X)
    assert model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > whole - 0.05


def test_a_missing_step_contributes_nothing(waves: Data) -> None:
    X, y = waves
    X = X[:, None].repeat(2, 1)
    X[:, :, 10:20] = np.nan
    model = MSSSMClassifier(max_epochs=2, missing="mask", **SMALL).fit(X, y)
    series = SeriesTensor(model.model_.standardizer.apply(list(X[:5])))
    batch = series.batch(torch.arange(5))
    assert batch.observed is not None
    assert not batch.observed[:, 10:20].any()
    expected = model.network_(*batch)
    # Whatever stands in a step that is not observed.
    batch.x[:, 10:20] = 1e3
    torch.testing.assert_close(model.network_(*batch), expected, rtol=0, atol=0)
    with pytest.raises(ValueError, match="series 2 of X has no value at all"):
        model.predict(np.where(np.arange(5)[:, None, None] == 2, np.nan, X[:5]))


def test_progress_is_a_line_per_epoch_off_a_terminal_or_nothing(
    waves: Data, capsys: pytest.CaptureFixture[str]
) -> None:
    MSSSMClassifier(max_epochs=3, **SMALL).fit(*waves)
    assert capsys.readouterr() == ("", "")
    MSSSMClassifier(max_epochs=3, verbose=1, **SMALL).fit(*waves)
    out, err = capsys.readouterr()
    assert out == ""
    assert [f"epoch {k}/3:" in err for k in (1, 2, 3)] == [True] * 3
    assert "\x1b" not in err


def test_history_and_best_weights(waves: Data) -> None:
    model = MSSSMClassifier(max_epochs=12, early_stopping=True, **SMALL).fit(*waves)
    losses = model.history_["val_loss"]
    assert model.best_iter_ == int(np.argmin(losses)) + 1
    assert len(losses) == model.n_iter_


def test_grid_search_cross_validation_and_pipelines(waves: Data) -> None:
    X, y = waves
    model = make_pipeline(FunctionTransformer(), MSSSMClassifier(max_epochs=3, **SMALL))
    grid = {f"{model.steps[-1][0]}__core": ["s6", "lti"]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(X, y)
    assert search.best_params_.keys() == grid.keys()
    assert cross_val_score(model, X, y, cv=3).shape == (3,)
    assert cross_val_predict(model, X, y, cv=2, method="predict_proba").shape == (60, 2)


def test_calibration(waves: Data) -> None:
    X, y = waves
    model = CalibratedClassifierCV(MSSSMClassifier(max_epochs=8, **SMALL), cv=2).fit(X, y)
    assert model.score(X, y) > 0.8


def test_pickle_and_joblib(waves: Data, fitted: MSSSMClassifier, tmp_path: Path) -> None:
    joblib.dump(fitted, tmp_path / "m.joblib")
    expected = fitted.predict_proba(waves[0])
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "m.joblib")):
        np.testing.assert_array_equal(copy.predict_proba(waves[0]), expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="shows what happens without a card")
def test_a_pickle_from_another_machines_card_works_here(
    waves: Data, fitted: MSSSMClassifier
) -> None:
    (there,) = fitted.model_.vote.members
    here = object.__new__(type(there))
    here.__setstate__(there.__getstate__() | {"_device": "cuda"})
    assert here.network.head.weight.device.type == "cpu"
    answer = replace(fitted.model_, vote=Vote((here,), (1.0,))).predict_proba(waves[0])
    np.testing.assert_array_equal(answer, fitted.predict_proba(waves[0]))


def test_files_of_this_version_load_for_ever() -> None:
    folder = Path(__file__).parent / "data"
    model = MSSSMClassifier.load(folder / "model_v1.safetensors")
    expected = np.load(folder / "model_v1.npz")
    np.testing.assert_allclose(model.predict_proba(expected["X"]), expected["proba"], atol=1e-5)
    assert model.classes_.tolist() == ["fast", "slow"]
    source = model.model_.source
    assert (source.channel_names, source.sampling_rate) == (("lead II",), 360.0)
    assert model.class_weight == {"fast": 1.0, "slow": 2.0}
    # With preparation and several labels, from schema version 2 on.
    model = MSSSMClassifier.load(folder / "model_v2.safetensors")
    expected = np.load(folder / "model_v2.npz")
    np.testing.assert_allclose(model.predict_proba(expected["X"]), expected["proba"], atol=1e-5)
    assert model.label_names.tolist() == ["a", "b", "c"]
    assert (model.model_.preparation.sampling_rate, model.model_.preparation.window) == (50.0, 0.4)


def test_frames_tensors_and_lists_are_as_good_as_arrays(
    waves: Data, fitted: MSSSMClassifier
) -> None:
    X, expected = waves[0], fitted.predict_proba(waves[0])
    rows = [X.tolist(), pd.DataFrame(X).to_numpy(), pl.from_numpy(X).to_numpy()]
    tensors = [torch.from_numpy(X), torch.from_numpy(X).float(), list(torch.from_numpy(X)[:, None])]
    for same in (*rows, *tensors):
        np.testing.assert_allclose(fitted.predict_proba(same), expected, atol=1e-6)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_column_names_are_kept_and_checked(waves: Data, frame: Any, tmp_path: Path) -> None:
    names = [f"t{i}" for i in range(40)]
    X = frame(dict(zip(names, waves[0].T, strict=True)))
    model = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, waves[1])
    assert model.feature_names_in_.tolist() == names
    model.save(tmp_path / "m.safetensors")
    loaded = MSSSMClassifier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        loaded.predict(frame(dict(zip(names[::-1], waves[0].T, strict=True))))


def test_embeddings_for_another_classifier(waves: Data, fitted: MSSSMClassifier) -> None:
    X, y = waves
    features = fitted.transform(X)
    assert features.shape == (60, 32)
    assert len(fitted.get_feature_names_out()) == 32
    assert LogisticRegression().fit(features[:40], y[:40]).score(features[40:], y[40:]) > 0.9


def test_the_decision_agrees_with_the_probability(waves: Data, fitted: MSSSMClassifier) -> None:
    proba = fitted.predict_proba(waves[0])
    np.testing.assert_allclose(
        fitted.decision_function(waves[0]), np.log(proba[:, 1] / proba[:, 0]), atol=1e-9
    )


def test_training_goes_on(waves: Data) -> None:
    X, y = waves
    model = MSSSMClassifier(max_epochs=3, warm_start=True, **SMALL)
    first = model.fit(X, y).history_["train_loss"][0]
    assert model.fit(X, y).history_["train_loss"][0] < first
    parts = MSSSMClassifier(**SMALL)
    losses = []
    for _ in range(12):
        for part in (slice(0, 30), slice(30, 60)):
            parts.partial_fit(X[part], y[part], classes=["fast", "slow"])
        losses.append(parts.history_["train_loss"][-1])
    assert losses[-1] < 0.7 * losses[0]
    with pytest.raises(ValueError, match="'medium', which is not among"):
        parts.partial_fit(X[:2], ["slow", "medium"])
    with pytest.raises(ValueError, match="2 channels"):
        model.fit(np.stack([X, X], 1), y)
