"""How frequent classes are among series without labels, and what is answered by that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted import LogPriors
from msssm_ts.fitting.frequencies import frequencies, told_by_unlabelled
from msssm_ts.fitting.targets import Targets

FREE = {"decide": "auto", "sensitivity": None, "specificity": None, "class_weight": None}
RARE = (0.85, 0.1, 0.05)


def blurred(counts: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return series of classes that differ in their level, and overlap."""
    rng, y = np.random.default_rng(seed), np.repeat(np.arange(len(counts)), counts)
    level = y + 0.55 * rng.normal(size=len(y))
    X = level[:, None] + 0.2 * rng.normal(size=(len(y), 24))
    return X[:, None].astype(np.float32), y


def answers(n: int, shares: tuple[float, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what is likely of numbers drawn around their class, by Bayes' rule for even ones."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(shares), n, p=shares)
    x = truth + 0.6 * rng.normal(size=n)
    likely = np.exp(-((x[:, None] - np.arange(len(shares))) ** 2) / (2 * 0.6**2))
    return likely / likely.sum(1, keepdims=True), truth


def of_each(counts: tuple[int, ...]) -> tuple[np.ndarray, Targets]:
    """Return answers of so many of each class, and what is true."""
    own = [answers(n, tuple(np.eye(3)[k]), 3)[0] for k, n in enumerate(counts)]
    return np.concatenate(own), Targets(np.arange(3), np.repeat(np.arange(3), counts))


def test_frequencies_are_those_that_make_answers_likely() -> None:
    proba, truth = answers(4000, RARE, 0)
    even = np.full(3, 1 / 3)
    np.testing.assert_allclose(frequencies(proba, even, 0.0), np.bincount(truth) / 4000, atol=0.03)
    held = frequencies(proba, even, 0.5)
    assert RARE[0] > held[0] > 0.5
    np.testing.assert_allclose(held.sum(), 1)
    # Of even ones nothing is made up.
    np.testing.assert_allclose(
        frequencies(answers(4000, (1 / 3,) * 3, 1)[0], even, 0), even, atol=0.03
    )


def test_more_are_right_where_classes_are_not_alike_frequent() -> None:
    few, targets = of_each((30, 30, 30))
    many, _ = answers(500, RARE, 4)
    decision, (said,) = told_by_unlabelled(FREE, targets, few, np.ones(90), many)
    assert isinstance(decision, LogPriors)
    # Held back by the labels' own: half of the way from .33 to .85, or a little more.
    assert 0.5 < np.exp(decision.values[0]) / 3 < 0.75
    new, truth = answers(2000, RARE, 5)
    assert (decision.chosen(new) == truth).mean() > (new.argmax(1) == truth).mean() + 0.03
    assert decision.estimate is not None
    right = (decision.chosen(new) == truth).mean()
    assert abs(decision.estimate["after"] - right) < 0.06
    assert "as many series of each class have labels (about 33%)" in said
    assert "--decide accuracy" in said
    # What series weigh is how frequent a vote has learned them to be.
    heavy = 2.0 - (targets.encoded == 0)
    weighed, _ = told_by_unlabelled(FREE, targets, few, heavy, many)
    assert weighed is not None
    assert weighed.values[0] > decision.values[0]
    # Answers that are half as sure as they should be are taken for what they are.
    unsure = [np.sqrt(proba) / np.sqrt(proba).sum(1, keepdims=True) for proba in (few, many, new)]
    again, _ = told_by_unlabelled(FREE, targets, unsure[0], np.ones(90), unsure[1])
    assert again is not None
    assert (again.chosen(unsure[2]) == decision.chosen(new)).mean() > 0.97
    np.testing.assert_allclose(2 * np.array(again.values), decision.values, atol=0.05)


@pytest.mark.parametrize(
    ("asked", "shares", "labels"),
    [
        ({"decide": "accuracy"}, RARE, (30, 30, 30)),
        ({"sensitivity": 0.9}, RARE, (30, 30, 30)),
        ({"class_weight": "balanced"}, RARE, (30, 30, 30)),
        ({}, (0.35, 0.33, 0.32), (30, 30, 30)),
        ({}, RARE, (30, 25, 20)),
    ],
)
def test_frequencies_are_left_as_they_are(
    asked: dict[str, object], shares: tuple[float, ...], labels: tuple[int, ...]
) -> None:
    few, targets = of_each(labels)
    even = np.ones(len(few))
    many, _ = answers(500, shares, 4)
    assert told_by_unlabelled(FREE | asked, targets, few, even, many) == (None, ())
    assert told_by_unlabelled(FREE, targets, None, even, many) == (None, ())


def test_a_fit_goes_by_them_and_says_so(tmp_path: Path) -> None:
    (X, y), (U, _) = blurred((16, 16, 16), 0), blurred((170, 20, 10), 1)
    T, t = blurred((170, 20, 10), 2)
    settings = {"members": ["quantile_trees"], "random_state": 0}
    alone = MSSSMClassifier(**settings).fit(X, y)
    model = MSSSMClassifier(**settings).fit(X, y, unlabelled=U)
    assert np.array_equal(model.predict_proba(T), alone.predict_proba(T))
    assert model.score(T, t) > alone.score(T, t) + 0.01
    assert any("classes are not as frequent there" in note for note in model.model_.record.notes)
    plain = MSSSMClassifier(**settings, decide="accuracy").fit(X, y, unlabelled=U)
    assert plain.decision_ is None
    assert np.array_equal(plain.predict(T), alone.predict(T))
    file = tmp_path / "m.safetensors"
    model.save(file)
    again = MSSSMClassifier.load(file)
    assert again.decision_ == model.decision_
    assert np.array_equal(again.predict(T), model.predict(T))
    out, _ = run("info", file)
    assert "classes are taken to be as frequent as the unlabelled series tell" in out
    assert "weighed so" in out
