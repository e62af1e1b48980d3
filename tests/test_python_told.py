"""What goes along with series in Python, and is not what the model was fitted with: it is told."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import OptionError

Data = tuple[np.ndarray, np.ndarray, pd.DataFrame]


def trees() -> MSSSMClassifier:
    return MSSSMClassifier(members=["quantile_trees"], random_state=0)


@pytest.fixture(scope="module")
def data() -> Data:
    """Series that tell nothing, and a sex that tells much."""
    rng = np.random.default_rng(0)
    y = np.array(["slow", "fast"])[np.arange(30) % 2]
    sex = np.where(rng.random(30) < 0.8, np.where(y == "fast", "m", "f"), "m")
    return rng.normal(size=(30, 40)), y, pd.DataFrame({"age": rng.normal(size=30), "sex": sex})


@pytest.fixture(scope="module")
def model(data: Data) -> MSSSMClassifier:
    X, y, features = data
    fitted = trees().fit(X, y, features=features)
    assert fitted.model_.beside is not None
    assert fitted.model_.beside.votes
    return fitted


def told(ask: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        ask()
    return [str(w.message) for w in said]


@pytest.mark.parametrize("name", ["predict", "predict_proba"])
def test_categories_that_a_model_has_not_seen(
    data: Data, model: MSSSMClassifier, name: str
) -> None:
    X, _, features = data
    ask = getattr(model, name)
    other = features.assign(sex=["q", "q", "r", *features.sex[3:]])
    assert told(lambda: ask(X, features=other)) == [
        "sex: 3 of 30 series have a category that the model has not seen, q, r, and count as "
        "missing"
    ]
    assert told(lambda: ask(X, features=features[["sex", "age"]])) == []


def test_features_that_a_model_does_not_use(data: Data, model: MSSSMClassifier) -> None:
    X, _, features = data
    more = features.assign(weight=70.0)
    assert told(lambda: model.predict(X, features=more)) == [
        "features that the model does not use are left out: weight"
    ]


def test_features_that_do_not_vote_are_told_of_once(data: Data) -> None:
    X, y, _ = data
    X = X + np.where(y == "fast", 5, 0)[:, None]
    age = {"age": np.ones(30)}
    model = trees().fit(X, y, features=age)
    assert "they do not vote" in " ".join(model.model_.record.notes)
    assert told(lambda: model.predict(X, features=age)) == []
    assert told(lambda: model.predict(X, features={**age, "bmi": np.ones(30)})) == [
        "features that the model does not use are left out: bmi"
    ]


@pytest.mark.parametrize("polars", [False, True])
def test_channels_in_cells_are_held_to_their_columns(
    data: Data, tmp_path: Path, polars: bool
) -> None:
    X, y, _ = data
    cells = {"acc": list(X), "gyr": list(3 * X + 7)}
    frame = pl.DataFrame({k: [v.tolist() for v in c] for k, c in cells.items()})
    nested = frame if polars else pd.DataFrame(cells)
    trees().fit(nested, y).save(tmp_path / "model.safetensors")
    model = MSSSMClassifier.load(tmp_path / "model.safetensors")
    assert len(model.predict(nested)) == 30
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(nested[["gyr", "acc"]])
    other = (
        frame.rename({"gyr": "mag"})
        if polars
        else pd.DataFrame(nested).set_axis(["a", "b"], axis=1)
    )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(other)
    # Without names, and as one channel, whatever it is called.
    assert len(model.predict(np.stack([X, 3 * X + 7], axis=1))) == 30
    one = trees().fit(nested[["acc"]], y)
    assert len(one.predict(X)) == 30


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sampling_rate": -1}, "sampling_rate must be a positive number, not -1"),
        ({"sampling_rate": "250"}, "sampling_rate must be a positive number, not '250'"),
        ({"split": "val"}, "split must be 'train' or 'test', not 'val'"),
        ({"max_memory": "8GB"}, "max_memory must be a positive whole number, not '8GB'"),
        ({"drop": "t0"}, r"drop must hold names, as in \('t0',\), not be one"),
        ({"label": ("a", "b")}, r"label must be a text, not \('a', 'b'\)"),
    ],
)
def test_options_of_reading_of_another_kind(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        ReadOptions(**given)


def test_columns_that_are_called_by_numbers(data: Data) -> None:
    X, y, _ = data
    frame = pd.DataFrame(X).assign(kind=y).rename(columns={"kind": 99})
    assert load(frame, ReadOptions(label=99, drop=[0])).labels.tolist() == y.tolist()  # type: ignore[arg-type]
