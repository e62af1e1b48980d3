"""The adapter for sktime: sktime's own checks, and its machinery."""

from __future__ import annotations

import inspect
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from member_cases import kinds_of
from sklearn.metrics import accuracy_score
from sklearn.model_selection import KFold
from sktime.base import load
from sktime.benchmarking.classification import ClassificationBenchmark
from sktime.classification.compose import ClassifierPipeline
from sktime.classification.dummy import DummyClassifier
from sktime.datasets import load_basic_motions, load_japanese_vowels
from sktime.transformations.panel.padder import PaddingTransformer
from sktime.utils.estimator_checks import check_estimator

import msssm_ts
from msssm_ts.sktime import MSSSMClassifier

SMALL = {"members": ["network"], "d_model": 16, "n_layers": 1, "max_epochs": 4, "random_state": 0}


def test_sktimes_checks() -> None:
    results = check_estimator(MSSSMClassifier, raise_exceptions=False, verbose=False)
    assert {k: v for k, v in results.items() if v != "PASSED"} == {}
    # sktime 1.2 runs 258; a tag out of place would drop dozens.
    assert len(results) >= 258


def _fitted_with(parameters: dict[str, Any]) -> msssm_ts.MSSSMClassifier:
    rng = np.random.default_rng(0)
    y = np.arange(12) % 2
    X = rng.normal(size=(12, 1, 20)) + 3 * y[:, None, None]
    return MSSSMClassifier(random_state=0, **parameters).fit(X, y).estimator_


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_sktimes_checks_see_a_network_and_a_vote() -> None:
    models = [_fitted_with(p) for p in MSSSMClassifier.get_test_params()]
    assert any(kinds_of(m) == ["network"] for m in models)
    assert any(len(kinds_of(m)) > 1 for m in models)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_sizes_of_a_network_in_sktimes_checks_are_of_one_that_is_trained() -> None:
    for parameters in MSSSMClassifier.get_test_params():
        sizes = {"d_model", "n_layers", "d_state", "max_epochs"} & set(parameters)
        assert not sizes or _fitted_with(parameters).networks_, parameters


def test_parameters_are_the_estimators() -> None:
    ours = inspect.signature(MSSSMClassifier.__init__).parameters
    theirs = inspect.signature(msssm_ts.MSSSMClassifier.__init__).parameters
    assert list(ours) == list(theirs)
    differing = {k for k in ours if ours[k].default != theirs[k].default}
    assert differing == {"missing"}


def test_tags_tell_the_truth_about_missing_values() -> None:
    assert MSSSMClassifier().get_tag("capability:missing_values")
    assert not MSSSMClassifier(missing="error").get_tag("capability:missing_values")


def test_unequal_lengths_in_a_pipeline_against_the_dummy() -> None:
    X, y = load_japanese_vowels(split="train", return_X_y=True)
    pipeline = ClassifierPipeline(MSSSMClassifier(**SMALL), [PaddingTransformer()])
    plain = MSSSMClassifier(**SMALL)
    chance = DummyClassifier().fit(X, y).score(X, y)
    assert plain.fit(X, y).score(X, y) > 3 * chance
    assert pipeline.fit(X, y).score(X, y) > 3 * chance


def test_in_sktimes_benchmark(tmp_path: Path) -> None:
    benchmark = ClassificationBenchmark()
    benchmark.add_estimator(MSSSMClassifier(**SMALL | {"max_epochs": 15, "learning_rate": 0.01}))
    benchmark.add_estimator(DummyClassifier())
    splits = KFold(n_splits=2, shuffle=True, random_state=0)
    benchmark.add_task(load_basic_motions, splits, [accuracy_score])
    results = benchmark.run(str(tmp_path / "results.csv")).set_index("model_id")
    ours, chance = results.loc[["MSSSMClassifier", "DummyClassifier"], "accuracy_score_mean"]
    assert ours > chance + 0.3


def test_save_and_load(tmp_path: Path) -> None:
    X, y = load_basic_motions(split="train", return_X_y=True)
    model = MSSSMClassifier(**SMALL).fit(X, y)
    model.save(tmp_path / "model")
    loaded = load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_missing_values(missing: str) -> None:
    X, y = load_basic_motions(split="train", return_X_y=True, return_type="numpy3D")
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)
    model = MSSSMClassifier(missing=missing, **SMALL).fit(X, y)  # type: ignore[arg-type]
    assert np.isfinite(model.predict_proba(X)).all()


def _panel(columns: list[str], months: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    values = {"left": rng.normal(size=240), "right": 9 + 5 * rng.normal(size=240)}
    steps = pd.period_range("2026-01", periods=20, freq="M") if months else range(20)
    index = pd.MultiIndex.from_product([range(12), steps])
    return pd.DataFrame({name: values[name] for name in columns}, index=index)


def test_columns_in_another_order_are_known_by_their_names() -> None:
    model = MSSSMClassifier(members=["quantile_trees"], random_state=0)
    model.fit(_panel(["left", "right"]), np.arange(12) % 2)
    assert model.estimator_.model_.source.channel_names == ("left", "right")
    proba = model.predict_proba(_panel(["left", "right"]))
    np.testing.assert_array_equal(model.predict_proba(_panel(["right", "left"])), proba)


def test_months_are_even() -> None:
    model = MSSSMClassifier(members=["quantile_trees"], random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(_panel(["left"], months=True), np.arange(12) % 2)
        model.predict(_panel(["left"], months=True))
    assert "uneven" not in " ".join(model.estimator_.model_.record.notes)
