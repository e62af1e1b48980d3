"""Rare classes: drawn whole, weighted by every member, decided for by tuned log-priors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.linear_model import Ridge as PlainRidge

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted import LogPriors
from msssm_ts.fitting.decision import chosen_decision
from msssm_ts.fitting.estimate import expected_accuracy
from msssm_ts.fitting.targets import encode_targets
from msssm_ts.members import closed_form, room
from msssm_ts.members import ridge as ridge_module
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.strata import drawn_from, standing_for, strata_of
from msssm_ts.parameters import specs

PARAMETERS = {name: default for name, default, _ in specs()}
Array = NDArray[Any]


def _rare(n: int = 400) -> Array:
    """Class 1 is one in twenty, class 2 one in a hundred."""
    y = np.zeros(n, int)
    y[::20], y[7::100] = 1, 2
    return y


@pytest.mark.parametrize("n", [24, 25, 100, 399])
def test_rare_classes_are_drawn_whole(n: int) -> None:
    y = _rare()
    drawn = drawn_from(y, n, 3)
    assert len(drawn) == len(set(drawn.tolist())) == n
    assert (np.diff(drawn) > 0).all()
    counts = np.bincount(y[drawn], minlength=3)
    assert counts[2] == 4
    assert counts[1] == min(20, n // 2 - 2)
    assert drawn.tolist() != drawn_from(y, n, 4).tolist() or n > 390
    # Of as frequent classes as many.
    even = np.bincount((np.arange(400) % 4)[drawn_from(np.arange(400) % 4, n, 0)])
    assert even.max() - even.min() <= 1


def test_of_several_labels_the_rarest_counts() -> None:
    labels = np.zeros((100, 2), int)
    labels[:60, 0] = labels[::25, 1] = 1
    assert strata_of(labels)[[0, 1, 75, 99]].tolist() == [1, 0, 1, -1]
    assert labels[drawn_from(labels, 30, 0), 1].sum() == 4


def test_what_is_drawn_stands_for_its_class() -> None:
    y, weights = _rare(), np.random.default_rng(0).uniform(0.5, 2, 400)
    drawn = drawn_from(y, 60, 0)
    standing = standing_for(drawn, y, weights)
    for c in range(3):
        assert standing[y[drawn] == c].sum() == pytest.approx(weights[y == c].sum())
    # Within a class weights are in proportion.
    own = y[drawn] == 0
    np.testing.assert_allclose(np.ptp(standing[own] / weights[drawn][own]), 0, atol=1e-12)


def test_a_part_of_a_problem_has_the_classes_weights() -> None:
    y = _rare()
    problem = Problem.of([np.full((1, 3), float(i)) for i in range(400)], y, 3)
    part = problem.part(problem.drawn(50, 0))
    assert part.weights is not None
    shares = np.bincount(part.targets, part.weights) / part.weights.sum()
    np.testing.assert_allclose(shares, np.bincount(y) / 400)
    assert problem.part(problem.drawn(400, 0)).weights is None


def test_a_member_without_room_keeps_the_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    y, rng = _rare(200), np.random.default_rng(0)
    series = [rng.normal(size=(1, 16)).astype(np.float32) for _ in y]
    problem = Problem.of(series, y, 3, asks_left_out=True)
    monkeypatch.setattr(room, "MOST_NUMBERS", 64 * 2100)
    member = ScanRidge.fit(problem, 0)
    assert member.left_out is not None
    told = ~np.isnan(member.left_out).any(1)
    assert told[y > 0].all()
    assert 12 < told.sum() < 120
    # What it is judged by is drawn evenly; it has learned from all.
    scores = member.ridge.decision(member.transform(problem.values).astype(np.float32))
    np.testing.assert_allclose(scores.mean(0), 2 * np.bincount(y) / 200 - 1, atol=0.1)
    assert member.said is None


def test_a_member_without_time_keeps_the_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn evenly is weighed by how frequent it is."""
    y, rng = _rare(200), np.random.default_rng(0)
    series = [rng.normal(size=(1, 16)).astype(np.float32) for _ in y]
    problem = Problem.of(series, y, 3)
    monkeypatch.setattr(closed_form, "drawn_within", lambda problem, *_: problem.drawn(64, 0))
    for most in (64 * 4400, 20 * 4400):
        monkeypatch.setattr(room, "MOST_NUMBERS", most)
        member = ScanRidge.fit(problem, 0)
        scores = member.ridge.decision(member.transform(problem.values).astype(np.float32))
        np.testing.assert_allclose(scores.mean(0), 2 * np.bincount(y) / 200 - 1, atol=0.05)
        assert member.said is not None
        assert "learned from 64 of 200 series, drawn evenly from the classes" in member.said


@pytest.mark.parametrize("grouped", [False, True])
def test_penalties_are_chosen_by_all_of_a_rare_class(
    grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With too many rows some are left out in turn, as scikit-learn's fit to the others has it."""
    y, rng = _rare(300), np.random.default_rng(1)
    z = (rng.normal(size=(300, 12)) + 0.3 * y[:, None]).astype(np.float32)
    signs = np.where(y[:, None] == np.arange(3), 1.0, -1.0)
    weights = rng.uniform(0.5, 2, 300)
    groups = np.arange(300) // 15 if grouped else np.arange(300)
    monkeypatch.setattr(ridge_module, "MOST_ROWS", 80)
    ours = Ridge.fit(z.copy(), signs, weights, False, groups if grouped else None)
    assert ours.left_out is not None
    tried = np.flatnonzero(~np.isnan(ours.left_out).any(1))
    assert len(tried) == 75
    assert np.bincount(y[tried]).tolist()[1:] == [15, 3]
    w = standing_for(tried, y, weights)
    w /= w.mean()
    x, t, g = z[tried].astype(float), signs[tried], groups[tried]
    # Less of all weights than of those that are tried: the mean over all is 1.
    scale = (w[:, None] * (x - w @ x / w.sum()) ** 2).sum() / len(tried)
    scores = np.empty_like(t)
    for unit in np.unique(g):
        rest = g != unit
        plain = PlainRidge(alpha=ours.penalty * scale).fit(x[rest], t[rest], sample_weight=w[rest])
        scores[~rest] = plain.predict(x[~rest])
    scores *= ours.temperature
    wanted = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(ours.left_out[tried], wanted, atol=1e-4)
    right = w * (wanted.argmax(1) == y[tried])
    assert ours.left_out_accuracy == pytest.approx(right.mean())


def test_what_is_told_of_some_is_expected_of_all() -> None:
    """All of a rare class and some of the frequent one are told of: the accuracy is all's."""
    y = np.repeat([0, 1], [90, 10])
    proba = np.full((100, 2), np.nan)
    proba[:10], proba[90:] = [1, 0], [0.9, 0.1]
    estimate = expected_accuracy(proba, y)
    assert estimate is not None
    assert estimate["accuracy"] == pytest.approx(0.9)
    assert estimate["n_series"] == 20


@pytest.mark.parametrize("weight", ["balanced", {0: 1.0, 1: 9.0}])
@pytest.mark.parametrize("kind", ["scan_ridge", "shapelet_ridge", "drawn_network", "network"])
def test_class_weights_act_on_members(kind: str, weight: Any) -> None:
    rng = np.random.default_rng(0)
    y = (np.arange(60) % 10 == 0).astype(int)
    X = rng.normal(size=(60, 20)) + 0.7 * y[:, None]
    new = rng.normal(size=(40, 20)) + 0.3

    def probable(class_weight: Any) -> float:
        model = MSSSMClassifier(
            members=[kind],
            class_weight=class_weight,
            max_epochs=4,
            d_model=8,
            n_layers=1,
            learning_rate=0.01,
            early_stopping=False,
            random_state=0,
        )
        return float(model.fit(X, y).predict_proba(new)[:, 1].mean())

    assert probable(weight) > 1.2 * probable(None)


def test_trees_are_said_not_to_weigh_classes() -> None:
    y = _rare(60)
    X = np.random.default_rng(0).normal(size=(60, 12)) + y[:, None]
    kinds = ["scan_ridge", "quantile_trees", "shapelet_ridge"]
    settings: dict[str, Any] = {"members": kinds, "random_state": 0}
    model = MSSSMClassifier(class_weight="balanced", **settings).fit(X, y)
    (note,) = model.model_.record.notes
    assert note.startswith(
        "class_weight does not favour rare classes in the part of quantile_trees in the vote (32%)"
    )
    both = np.stack([y > 0, y > 1], 1).astype(int)
    model = MSSSMClassifier(class_weight={0: 3.0}, **settings).fit(X, both)
    (note,) = (line for line in model.model_.record.notes if "class_weight" in line)
    assert "rare labels in the part of scan_ridge, quantile_trees, shapelet_ridge in the" in note
    assert "(100%)" in note


def _shy(n: int = 3000, seed: int = 0) -> tuple[Array, Array]:
    """Answers that are right about how probable a class is; the rare one is seldom the first."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 3)) * 1.2 + np.log([0.8, 0.15, 0.05])
    proba = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    y = (rng.random((n, 1)) > proba.cumsum(1)).sum(1)
    return proba, y


@pytest.mark.parametrize("aim", ["balanced_accuracy", "macro_f1"])
def test_log_priors_raise_what_they_are_chosen_for(aim: str) -> None:
    proba, y = _shy()
    targets, ones = encode_targets(y), np.ones(len(y))
    decision, said = chosen_decision(PARAMETERS | {"decide": aim}, targets, proba, ones, None)
    assert isinstance(decision, LogPriors)
    assert said == ()
    # Right probabilities want all of the frequencies taken back for the mean recall.
    assert decision.strength == pytest.approx(1.0, abs=0.25) or aim == "macro_f1"
    assert decision.values[0] == 0 < decision.values[1] < decision.values[2]
    new, truth = _shy(seed=1)
    score = {
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "macro_f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    }[aim]
    before, after = score(truth, new.argmax(1)), score(truth, decision.chosen(new))
    assert after > before + 0.015
    estimate = decision.estimate
    assert estimate is not None
    assert estimate["before"] == pytest.approx(score(y, proba.argmax(1)))
    assert estimate["after"] == pytest.approx(after, abs=0.04)
    assert estimate["after"] > estimate["before"] + 0.015


def test_log_priors_are_chosen_by_groups_and_by_weights() -> None:
    proba, y = _shy(400)
    targets, ones = encode_targets(y), np.ones(400)
    parameters = PARAMETERS | {"decide": "macro_f1"}

    def strength(weights: Array, groups: Array | None) -> float:
        decision, _ = chosen_decision(parameters, targets, proba, weights, groups)
        assert isinstance(decision, LogPriors)
        return decision.strength

    alone = strength(ones, None)
    assert strength(ones, np.arange(400) // 40) != alone
    assert strength(1.0 + 30 * (y == 2), None) < alone
    assert strength(7 * ones, None) == alone


def test_of_some_that_are_told_of_log_priors_are_all_s() -> None:
    """All of rare classes and a third of the frequent one are told of."""
    proba, y = _shy(3000)
    told = (y > 0) | (np.arange(3000) % 3 == 0)
    parameters = PARAMETERS | {"decide": "macro_f1"}
    found = []
    for rows in (np.ones(3000, bool), told):
        known = np.where(rows[:, None], proba, np.nan)
        decision, _ = chosen_decision(parameters, encode_targets(y), known, np.ones(3000), None)
        assert isinstance(decision, LogPriors)
        found.append(decision)
    np.testing.assert_allclose(found[1].values, np.array(found[0].values), atol=0.25)
    assert found[1].estimate is not None
    assert found[0].estimate is not None
    assert found[1].estimate["before"] == pytest.approx(found[0].estimate["before"], abs=0.02)
