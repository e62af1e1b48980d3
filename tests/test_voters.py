"""Voters: ridge against scikit-learn, trees against the forest they were, files, sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from member_cases import asked, small_vote
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import Ridge as PlainRidge

from msssm_ts import MSSSMClassifier
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees import trees as trees_module
from msssm_ts.members.quantile_trees.quantiles import quantile_features
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge import scan_ridge as scan_ridge_module
from msssm_ts.members.scan_ridge.ridge import Ridge
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.series import LazySeries


def _problem(n: int = 40, length: int = 50, n_classes: int = 3, **more: Any) -> Problem:
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    t = np.arange(length)
    series = [np.sin(t * (0.2 + 0.3 * c))[None] + 0.3 * rng.normal(size=(1, length)) for c in y]
    return Problem.of(series, y, n_classes, **more)


@pytest.mark.parametrize(("n", "p"), [(40, 90), (90, 40), (31, 30)])
def test_ridge_equals_scikit_learns(n: int, p: int) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(1.0, 2.0, size=(n, p)).astype(np.float32)
    signs = np.where(z[:, :2] + rng.normal(size=(n, 2)) > 1, 1.0, -1.0)
    weights = rng.random(n) + 0.1
    ours = Ridge.fit(z.copy(), signs, weights, multilabel=True)
    # Which penalty was chosen follows from the solution's size: find it among scikit-learn's.
    scaled = weights / weights.mean()
    center = scaled @ z / scaled.sum()
    scale = (scaled[:, None] * (z - center) ** 2).sum() / n
    found = [
        np.abs(
            PlainRidge(alpha=a * scale).fit(z, signs, sample_weight=scaled).predict(z)
            - ours.decision(z)
        ).max()
        for a in np.logspace(-6, 1, 15)
    ]
    assert min(found) < 1e-4


def test_the_left_out_accuracy_is_that_of_models_without_the_row() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(30, 12)).astype(np.float32)
    y = (z[:, 0] + rng.normal(size=30) > 0).astype(int)
    signs = np.where(y[:, None] == np.arange(2), 1.0, -1.0)
    ours = Ridge.fit(z.copy(), signs, None, multilabel=False)
    best = None
    scale = ((z - z.mean(0)) ** 2).sum() / 30
    for a in np.logspace(-6, 1, 15) * scale:
        left_out = np.empty_like(signs)
        for i in range(30):
            rest = np.arange(30) != i
            left_out[i] = PlainRidge(alpha=a).fit(z[rest], signs[rest]).predict(z[i : i + 1])[0]
        error = ((left_out - signs) ** 2).mean()
        if best is None or error < best[0]:
            best = error, (left_out.argmax(1) == y).mean()
    assert best is not None
    assert ours.left_out_accuracy == pytest.approx(best[1])


def test_groups_are_left_out_together() -> None:
    rng = np.random.default_rng(3)
    groups = np.arange(36) // 6
    z = rng.normal(size=(36, 8)).astype(np.float32) + rng.normal(size=(6, 8))[groups]
    z = z.astype(np.float32)
    y = (z[:, 0] + rng.normal(size=36) > 0).astype(int)
    signs = np.where(y[:, None] == np.arange(2), 1.0, -1.0)
    together = Ridge.fit(z.copy(), signs, None, multilabel=False, groups=groups)
    plain = Ridge.fit(z.copy(), signs, None, multilabel=False)
    np.testing.assert_array_equal(together.coefficients, plain.coefficients)
    # The penalty is the plain one's: find it by its solution.
    scale = ((z - z.mean(0)) ** 2).sum() / 36
    penalties = np.logspace(-6, 1, 15) * scale
    away = [
        np.abs(PlainRidge(alpha=a).fit(z, signs).coef_.T - plain.coefficients).max()
        for a in penalties
    ]
    penalty = penalties[int(np.argmin(away))]
    right = []
    for group in range(6):
        rest = groups != group
        scores = PlainRidge(alpha=penalty).fit(z[rest], signs[rest]).predict(z[~rest])
        right.append(scores.argmax(1) == y[~rest])
    assert together.left_out_accuracy == pytest.approx(np.concatenate(right).mean())


def test_many_rows_choose_the_penalty_on_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    from msssm_ts.members.scan_ridge import ridge as module

    rng = np.random.default_rng(2)
    z = rng.normal(size=(400, 20)).astype(np.float32)
    signs = np.where(z[:, :1] + 0.3 * rng.normal(size=(400, 1)) > 0, [[1.0, -1.0]], [[-1.0, 1.0]])
    whole = Ridge.fit(z.copy(), signs, None, multilabel=False)
    monkeypatch.setattr(module, "_MOST_ROWS", 100)
    part = Ridge.fit(z.copy(), signs, None, multilabel=False)
    np.testing.assert_allclose(part.decision(z), whole.decision(z), atol=0.1)


def test_trees_vote_as_scikit_learns_forest() -> None:
    problem = _problem()
    ours = QuantileTrees.fit(problem, 5, {"n_trees": 20})
    features = quantile_features(problem.values.series, 50)
    forest = ExtraTreesClassifier(20, criterion="entropy", max_features=0.1, random_state=5).fit(
        features, problem.targets
    )
    new = [s + 0.2 for s in problem.values.series]
    np.testing.assert_allclose(
        asked(ours, new), forest.predict_proba(quantile_features(new, 50)), atol=1e-12
    )


@pytest.mark.parametrize("kind", [ScanRidge, QuantileTrees])
def test_several_labels(kind: Any) -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.random((40, 4)) < 0.5).astype(np.float32)
    t = np.arange(60)
    series = [
        sum(row[k] * np.sin(t * (0.2 + 0.3 * k)) for k in range(4))[None] + 0.1 for row in matrix
    ]
    voter = kind.fit(Problem.of(series, matrix, 4), 0)
    proba = asked(voter, series)
    assert ((proba > 0.5) == (matrix > 0)).mean() > 0.95
    again = kind.from_state(voter.state(), True)
    np.testing.assert_array_equal(asked(again, series), proba)


@pytest.mark.parametrize("kind", [ScanRidge, QuantileTrees])
def test_learns_and_comes_back_from_its_arrays(kind: Any) -> None:
    problem = _problem(60)
    train = Problem.of(problem.values.series[:40], problem.targets[:40], 3)
    voter = kind.fit(train, 0)
    proba = asked(voter, problem.values.series)
    np.testing.assert_allclose(proba.sum(1), 1.0)
    assert (proba.argmax(1) == problem.targets)[40:].mean() > 0.9
    again = kind.from_state(voter.state(), False)
    np.testing.assert_array_equal(asked(again, problem.values.series), proba)
    twin, state = kind.fit(train, 0).state(), voter.state()
    assert (twin.arrays.keys(), twin.facts) == (state.arrays.keys(), state.facts)
    for name, array in twin.arrays.items():
        np.testing.assert_array_equal(array, state.arrays[name])


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("n_channels", [1, 5])
def test_short_series(length: int, n_channels: int) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(20) % 2
    series = [c + 0.1 * rng.normal(size=(n_channels, length)) for c in y]
    vote = small_vote(Problem.of(series, y, 2), 10)
    assert (asked(vote, series).argmax(1) == y).all()


def test_unequal_lengths_gaps_and_an_empty_channel() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    series = []
    for c in y:
        x = np.stack([np.sin(np.arange(rng.integers(20, 60)) * (0.3 + c)) for _ in range(1)])
        x = np.concatenate([x, np.full_like(x, np.nan)])
        x[0, 5:8] = np.nan
        series.append(x)
    vote = small_vote(Problem.of(series, y, 2))
    proba = asked(vote, series)
    assert np.isfinite(proba).all()
    assert (proba.argmax(1) == y).mean() > 0.9
    # A prediction does not depend on the others.
    np.testing.assert_array_equal(asked(vote, series[3:4])[0], proba[3])


def test_more_series_than_memory_is_meant_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of a random part are kept, and only that part is decoded."""
    problem = _problem(120, 30)
    decoded: list[int] = []

    def read(i: int) -> Any:
        decoded.append(i)
        return problem.values.series[i]

    lengths = np.full(120, 30)
    lazy = Problem.of(LazySeries(range(120), read, lengths), problem.targets, 3)
    small = 40 * ScanRidge.fit(_problem(), 0).features.n_features // 2
    monkeypatch.setattr(scan_ridge_module, "_MOST_NUMBERS", small)
    monkeypatch.setattr(trees_module, "_MOST_NUMBERS", 40 * 100)
    vote = small_vote(lazy)
    assert len(set(decoded)) < 110
    assert (asked(vote, problem.values.series).argmax(1) == problem.targets).mean() > 0.9


def test_weights_count() -> None:
    problem = _problem(30)
    weights = np.where(np.arange(30) % 2, 9.0, 1.0)
    series = [problem.values.series[0]] * 30
    wrong = Problem.of(series, np.arange(30) % 2, 2, weights=weights)
    for kind in (ScanRidge, QuantileTrees):
        proba: Any = asked(kind.fit(wrong, 0), problem.values.series[:1])
        assert proba[0, 1] > 0.5


class _Stages:
    """A callback that hears of stages."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def __call__(self, progress: Any) -> None:
        raise AssertionError("nothing is trained step by step")

    def stage(self, *what: Any) -> None:
        self.told.append(what)


def test_stages_are_told() -> None:
    callback = _Stages()
    problem = _problem()
    X = np.concatenate(problem.values.series)
    MSSSMClassifier("fast", random_state=0, callbacks=[callback]).fit(X, problem.targets)
    assert {name for name, *_ in callback.told} == {
        "random features 1/2", "random features 2/2", "trees"
    }  # fmt: skip
    assert all(0 < done <= total == 40 for _, done, total in callback.told)
