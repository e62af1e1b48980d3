"""Features beside the series: what is taken, what they say, how that joins the vote."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
import torch
from member_cases import kinds_of

from msssm_ts import MSSSMClassifier
from msssm_ts.beside import SideMember, as_side_features
from msssm_ts.beside.columns import Column
from msssm_ts.beside.graph import _Encoded
from msssm_ts.beside.joint import Exponents, Told, chosen_exponents, joint_proba
from msssm_ts.beside.member import folds, left_out_evidence
from msssm_ts.errors import ExportError, InputError
from msssm_ts.fitting.beside import FeatureSide
from msssm_ts.preparation import Preparation
from msssm_ts.series.side_features import SideFeatures

Features = dict[str, Any]
TREES = {"members": ["quantile_trees"], "random_state": 0}


def _made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, Features]:
    """Four classes: one half of what there is to know is in the series, the other beside them."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 2, n), rng.integers(0, 2, n)
    t = np.linspace(0, 1, 24)
    X = np.sin(2 * np.pi * (2 + 3 * a[:, None]) * t + rng.uniform(0, 6, (n, 1)))
    age = 50 + 10 * (2 * b - 1) + 6 * rng.normal(size=n)
    age[rng.uniform(size=n) < 0.1] = np.nan
    sex = rng.choice(["f", "m", ""], n)
    return X + 0.3 * rng.normal(size=X.shape), np.array(list("pqrs"))[2 * a + b], {
        "age": age, "sex": sex
    }  # fmt: skip


@pytest.fixture(scope="module")
def fitted() -> MSSSMClassifier:
    X, y, beside = _made(120)
    return MSSSMClassifier("fast", random_state=0).fit(X, y, features=beside)


# What is taken.


@pytest.mark.parametrize(
    "given",
    [
        {"age": [61, None, 3.5], "sex": ["f", None, ""]},
        {"age": np.array([61, np.nan, 3.5]), "sex": np.array(["f", np.nan, None], object)},
        pd.DataFrame({"age": pd.array([61, pd.NA, 3.5]), "sex": pd.Categorical(["f", None, None])}),
        pl.DataFrame({"age": [61.0, None, 3.5], "sex": ["f", None, ""]}),
        np.array([(61, "f"), (np.nan, ""), (3.5, "")], [("age", float), ("sex", "U1")]),
        SideFeatures(("age", "sex"), (np.array([61, np.nan, 3.5]), np.array(["f", "", ""]))),
    ],
)
def test_columns_of_every_kind(given: Any) -> None:
    found = as_side_features(given, 3)
    assert found.names == ("age", "sex")
    np.testing.assert_array_equal(found.columns[0], [61, np.nan, 3.5])
    assert found.columns[1].tolist() == ["f", "", ""]


def test_columns_without_names() -> None:
    assert as_side_features(np.ones((2, 2)), 2).names == ("feature_1", "feature_2")
    assert as_side_features([True, False], 2).columns[0].tolist() == [1, 0]
    assert as_side_features(pd.Series([1, 2], name="rr"), 2).names == ("rr",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "no columns"),
        ({"a": [1, 2, 3]}, "for 3 series, but X has 2"),
        ({"a": [1, 2], "b": [1]}, "differ in length"),
        ({"a": [1, np.inf]}, "'a' has infinite"),
        ({"a": np.array(["2020-01-01"] * 2, "datetime64[D]")}, "'a' is of dates"),
        ({"a": [[1], [2, 3]]}, "'a'"),
        (np.ones((2, 2, 2)), "a row a series"),
    ],
)
def test_columns_that_are_refused(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_side_features(given, 2)


# What they say.


def test_a_number_is_known_by_its_rank_and_a_category_by_its_name() -> None:
    times = 1.7e9 + np.array([1.0, 2.0, 3.0, 1e6])
    assert Column.fit("t", times).encoded(times)[:, 0].tolist() == pytest.approx(
        [0, 1 / 3, 2 / 3, 1]
    )
    sex = Column.fit("sex", np.array(["m", "f", "m", ""]))
    assert sex.categories == ("m", "f")
    # What training had not is missing.
    assert sex.encoded(np.array(["f", "x", ""])).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1]]
    numbers = Column.fit("ward", np.array(["1", "2", "a"]))
    assert numbers.encoded(np.array([2.0]))[0, numbers.categories.index("2")] == 1


def _as_kept(member: SideMember, n_outputs: int) -> SideMember:
    state = member.state()
    from msssm_ts.members.tensors import check_shapes

    check_shapes(member.expected(state.facts, n_outputs), state.arrays)
    return SideMember.from_state(state, member.multilabel)


@pytest.mark.parametrize("multilabel", [False, True])
def test_member_learns_is_kept_and_says_what_matters(multilabel: bool) -> None:
    _, y, given = _made(150)
    beside = as_side_features(given | {"noise": np.random.default_rng(1).normal(size=150)}, 150)
    late = np.isin(y, ["q", "s"]).astype(np.int64)
    targets = np.stack([late, 1 - late, np.zeros_like(late)], 1) if multilabel else late
    member = SideMember.fit(beside, targets, 3, seed=3)
    proba = member.predict_proba(beside)
    assert proba.shape == (150, 3)
    assert ((proba[:, int(not multilabel)] > 0.5) == late)[~np.isnan(given["age"])].mean() > 0.9
    if not multilabel:
        np.testing.assert_allclose(proba.sum(1), 1, atol=1e-5)
    assert member.importance.argmax() == 0
    assert member.importance[0] > 0.8
    assert member.importance.sum() == pytest.approx(1)
    assert (SideMember.fit(beside, targets, 3, seed=3).predict_proba(beside) == proba).all()
    kept = _as_kept(member, 3)
    assert (kept.predict_proba(beside) == proba).all()
    assert (kept.evidence(beside) == member.evidence(beside)).all()


def test_noise_is_not_believed() -> None:
    """Leaves of a few rows lean on what is above them: no answer is far from the prior."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    found = left_out_evidence(as_side_features(rng.normal(size=(200, 3)), 200), y, 2)
    assert found is not None
    log_odds = found[:, 1] - found[:, 0]
    loss = np.logaddexp(0, -log_odds * (2 * y - 1)).mean()
    assert loss < np.log(2) + 0.06
    member = SideMember.fit(as_side_features(np.arange(12.0), 12), np.arange(12) // 6, 2)
    sure = member.predict_proba(as_side_features([0.0, 11.0], 2))
    assert 0.6 < sure[0, 0] < 0.9
    assert 0.6 < sure[1, 1] < 0.9


def test_weights_and_priors_count() -> None:
    beside = as_side_features(np.zeros((8, 1)), 8)
    y, weights = np.array([0, 1] * 4), np.array([3.0, 1.0] * 4)
    member = SideMember.fit(beside, y, 2, weights)
    assert member.prior.tolist() == pytest.approx([12.5 / 17, 4.5 / 17])
    np.testing.assert_allclose(member.predict_proba(beside)[0], member.prior, atol=0.02)
    # Who says nothing but what is frequent adds nothing to what is known.
    np.testing.assert_allclose(member.evidence(beside), 0, atol=0.1)
    labels = SideMember.fit(beside, y[:, None], 1, positive_weights=np.array([3.0]))
    assert labels.prior.tolist() == pytest.approx([12.5 / 17])
    assert _as_kept(labels, 1).predict_proba(beside).shape == (8, 1)


def test_groups_stay_together() -> None:
    groups = np.repeat(np.arange(12), 5)
    fold = folds(np.arange(60) % 2, groups, 0)
    assert fold is not None
    assert len(np.unique(fold)) == 5
    assert all(len(np.unique(fold[groups == g])) == 1 for g in range(12))
    assert folds(np.array([0, 1]), None, 0) is None
    # A number that names the patient tells nothing of the next.
    groups, of_group = np.repeat(np.arange(40), 5), np.random.default_rng(0).normal(size=40)
    y, beside = groups % 2, as_side_features(of_group[groups], 200)

    def accuracy(**how: Any) -> float:
        found = left_out_evidence(beside, y, 2, **how)
        assert found is not None
        return float(((found[:, 1] > found[:, 0]) == y).mean())

    assert accuracy() > 0.8
    assert accuracy(groups=groups) < 0.65


# How that joins the vote.


def test_joint_is_a_product() -> None:
    proba, told = np.array([[0.2, 0.8]]), np.log([[3.0, 1.0]])
    joint = joint_proba(proba, told, Exponents(1, 1), False)
    np.testing.assert_allclose(joint, [[0.6 / 1.4, 0.8 / 1.4]])
    joint = joint_proba(proba, told, Exponents(2, 1), True)
    np.testing.assert_allclose(joint / (1 - joint), [[3 / 16, 16]])
    np.testing.assert_allclose(joint_proba(proba, told, Exponents(), False), proba)


def test_exponents_that_are_measured() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    signs = np.stack([1 - 2 * y, 2 * y - 1], 1)
    # Evidence as strong as it says, twice: it counts fully once, and not for a second time.
    score = 1.5 * signs[:, 1] + np.sqrt(2 * 1.5) * rng.normal(size=400)
    knows = np.stack([-score / 2, score / 2], 1)
    even = np.full((400, 2), 0.5)
    vote = joint_proba(even, knows, Exponents(1, 1), False)
    found = chosen_exponents(Told(even, knows, y, np.ones(400)))
    assert 0.7 < found.features < 1.4
    assert chosen_exponents(Told(vote, knows, y, np.ones(400))) == Exponents()
    assert chosen_exponents(Told(vote, rng.permutation(knows), y, np.ones(400))) == Exponents()
    # In one patient of many, however often it is seen, it is no more than chance.
    one = np.where(np.arange(400)[:, None] < 200, knows, 0.0)
    groups = np.maximum(np.arange(400), 199)
    assert chosen_exponents(Told(even, one, y, np.ones(400), groups)) == Exponents()


def test_features_help_and_noise_does_no_harm(fitted: MSSSMClassifier) -> None:
    X, y, beside = _made(120)
    new, truth, known = _made(300, seed=1)
    without = MSSSMClassifier("fast", random_state=0).fit(X, y)
    model = fitted.model_
    assert model.beside is not None
    assert model.beside.votes
    assert fitted.score(new, truth, features=known) > without.score(new, truth) + 0.25
    rng = np.random.default_rng(0)
    shuffled = {name: rng.permutation(column) for name, column in beside.items()}
    idle = MSSSMClassifier("fast", random_state=0).fit(X, y, features=shuffled)
    assert (
        "features beside the series told nothing new: they do not vote" in idle.model_.record.notes
    )
    for features in (known, None):
        assert (idle.predict_proba(new, features=features) == without.predict_proba(new)).all()


def test_answers_with_features(fitted: MSSSMClassifier, tmp_path: Path) -> None:
    X, y, beside = _made(12, seed=2)
    proba = fitted.predict_proba(X, features=beside)
    frame = pd.DataFrame(beside)[["sex", "age"]].assign(other=1)
    assert (fitted.predict_proba(X, features=frame) == proba).all()
    assert (fitted.predict(X, features=beside) == fitted.classes_[proba.argmax(1)]).all()
    np.testing.assert_allclose(fitted.decision_function(X, features=beside), np.log(proba))
    assert fitted.predict_early(X, 1.0, features=beside).proba == pytest.approx(proba)
    assert fitted.transform(X).shape[0] == 12
    fitted.save(tmp_path / "a.safetensors")
    again = MSSSMClassifier.load(tmp_path / "a.safetensors")
    assert (again.predict_proba(X, features=beside) == proba).all()
    assert again.model_.beside.summary() == fitted.model_.beside.summary()  # type: ignore[union-attr]
    report = fitted.export(tmp_path / "b.safetensors", "safetensors")
    assert report.difference == 0
    with pytest.raises(InputError, match="which a stream does not have"):
        fitted.stream()
    network = MSSSMClassifier("network", d_model=4, n_layers=1, max_epochs=1, random_state=0)
    network.fit(X, y, features={"age": np.arange(len(X))})
    with pytest.raises(InputError, match="not learned in parts"):
        network.partial_fit(X, y)


def _trees(
    several: bool = False, **parameters: Any
) -> tuple[MSSSMClassifier, np.ndarray, Features]:
    X, y, beside = _made(60)
    labels = np.array([[c in "qs", c in "rs"] for c in y.tolist()]) if several else y
    trees = MSSSMClassifier("fast", **TREES, **parameters)
    return trees.fit(X, labels.astype(int) if several else labels, features=beside)


def test_features_tell_how_far_they_are_and_take_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []

    class Stages:
        def __call__(self, progress: Any) -> None: ...

        def stage(self, name: str, done: int, total: int) -> None:
            told.append((name, done, total))

    X, y, beside = _made(60)
    settings: dict[str, Any] = {"callbacks": [Stages()], "random_state": 0}
    MSSSMClassifier(members=["quantile_trees"], **settings).fit(X, y, features=beside)
    own = [where for name, *where in told if name == "features beside the series"]
    assert own == [[0, 60], [12, 60], [24, 60], [36, 60], [48, 60], [60, 60]]
    learn = FeatureSide.of

    def slow(*args: Any) -> FeatureSide | None:
        time.sleep(0.3)
        return learn(*args)

    monkeypatch.setattr(FeatureSide, "of", slow)
    # All the time has gone; one member there always is.
    model = MSSSMClassifier("fast", time_budget=0.3, **settings).fit(X, y, features=beside)
    assert kinds_of(model) == ["scan_ridge"]


def test_classes_that_are_told_of_in_part_count_as_a_whole() -> None:
    """What counts is how frequent they are, not how many of them were left out."""
    y = np.repeat([0, 1], [6, 2])
    data = mock.MagicMock(**{"targets.encoded": y, "groups": None, "__len__.return_value": 8})
    side = FeatureSide(mock.Mock(data=data, weights=None), mock.Mock(), np.zeros((8, 2)), 0)
    left_out = np.full((8, 2), np.nan)
    left_out[[0, 1, 6, 7]] = 0.5
    told = side._told(left_out)
    assert told.targets.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(told.weights, [1.5, 1.5, 0.5, 0.5])


@pytest.mark.parametrize("several", [False, True])
def test_exported_files_take_features(several: bool, tmp_path: Path) -> None:
    model, (X, _, beside) = _trees(several), _made(30, seed=2)
    beside = beside | {"age": np.where(np.arange(len(X)) < 20, np.nan, beside["age"])}
    proba = model.predict_proba(X, features=beside)
    if several:
        assert model.export(tmp_path / "a.pt2", "pt2").difference < 1e-6
        return
    assert model.export(tmp_path / "a.onnx", "onnx").difference < 1e-6
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx")
    said = session.get_modelmeta().custom_metadata_map
    age, sex = json.loads(said["features_beside"])
    assert (age["name"], age["kind"], sex["name"]) == ("age", "number", "sex")
    code = {name: i for i, name in enumerate(sex["categories"])}
    rows = np.stack([beside["age"], [code.get(s, np.nan) for s in beside["sex"]]], axis=1)
    given = {"x": X[:, None].astype(np.float32), "features": rows}
    (found,) = session.run(None, given)
    np.testing.assert_allclose(found, proba, atol=1e-6)
    (moved,) = session.run(None, given | {"features": rows[::-1]})
    assert np.abs(moved - proba).max() > 0.1


def test_windows_with_features_are_not_exported(tmp_path: Path) -> None:
    model = _trees(preparation=Preparation(window=12.0))
    with pytest.raises(ExportError, match=r"averages over windows .* \(age, sex\)"):
        model.export(tmp_path / "b.onnx", "onnx")


@pytest.mark.parametrize("column", [
    Column("x", np.array([1.0]), (), True),
    Column("x", np.empty(0), (), False),
    Column("x", np.array([-1.0, 0.5, 1e9]), (), True),
    Column("x", None, ("b", "a"), True),
    Column("x", None, (), True),
])  # fmt: skip
def test_columns_are_encoded_alike_in_a_graph(column: Column) -> None:
    values = np.array(["a", "", "c", "b"]) if column.knots is None else np.array(
        [-7.0, -1.0, 0.0, 0.5, 0.500001, 77.0, 1e9, 1e12, np.nan]
    )  # fmt: skip
    code = {name: float(i) for i, name in enumerate(column.categories)}
    rows = values if column.is_number else np.array([code.get(v, np.nan) for v in values.tolist()])
    found = _Encoded(column)(torch.from_numpy(rows)).numpy()
    np.testing.assert_array_equal(found, column.encoded(values))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "trained with features beside the series \\(age, sex\\), which are not given"),
        ({"age": [1.0]}, "lack 'sex', .* there are age"),
        ({"age": ["old"], "sex": ["f"]}, "'age' is of numbers in the model, but 'old' is none"),
    ],
)
def test_features_that_do_not_fit(fitted: MSSSMClassifier, given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fitted.predict(np.ones((1, 24)), features=given)


def test_a_model_without_features_refuses_them() -> None:
    X, y, beside = _made(12)
    with pytest.raises(InputError, match="features are given, but the model was trained without"):
        MSSSMClassifier(**TREES).fit(X, y).predict(X, features=beside)


def test_few_series_windows_weights_and_labels() -> None:
    X, y, beside = _made(60)
    small = MSSSMClassifier(**TREES).fit(X[:3], [0, 1, 0], features={"a": [1, 2, 3]})
    assert small.predict(X[:3], features={"a": [1, 2, 3]}).shape == (3,)
    # A series' row goes with all of its windows; series of no weight go with theirs.
    cut = MSSSMClassifier(**TREES, preparation=Preparation(window=12.0))
    weights = np.arange(60) % 5 > 0
    cut.fit(X, y, weights, features=beside, groups=np.arange(60) // 2)
    assert cut.model_.beside is not None
    assert cut.model_.beside.votes
    kept = {name: column[weights] for name, column in beside.items()}
    same = MSSSMClassifier(**TREES, preparation=Preparation(window=12.0))
    same.fit(X[weights], y[weights], features=kept, groups=np.arange(60)[weights] // 2)
    proba = cut.predict_proba(X, features=beside)
    assert (same.predict_proba(X, features=beside) == proba).all()
    values = cut.model_.prepared(cut.model_.checked(X), features=beside)
    np.testing.assert_array_equal(values.features.columns[0], np.repeat(beside["age"], 3))  # type: ignore[union-attr]
    both = np.stack([np.isin(y, ["q", "s"]), np.isin(y, ["r", "s"])], 1).astype(int)
    labels = MSSSMClassifier(**TREES).fit(X, both, features=beside)
    assert labels.model_.beside is not None
    assert labels.model_.beside.votes
    assert labels.score(X, both, features=beside) > 0.8
