"""Voters: ridge against scikit-learn, trees against the forest they were, files, sizes."""

from __future__ import annotations

import itertools
import pickle
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from member_cases import asked, kinds_of, small_vote
from sklearn.linear_model import Ridge as PlainRidge

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels.scale_features import N_GROUPS, N_RIVALS, scale_features
from msssm_ts.members import normal_equations, room
from msssm_ts.members import ridge as ridge_module
from msssm_ts.members.closed_form import in_parts
from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees import trees as trees_module
from msssm_ts.members.quantile_trees.growing import CHUNK
from msssm_ts.members.quantile_trees.quantiles import quantile_features
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scan_ridge.features import VIEWS, ScanFeatures
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.within_time import NoTimeError
from msssm_ts.series import LazySeries
from msssm_ts.series.checks import filled
from msssm_ts.training import Reporter


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
    assert ours.left_out is not None
    assert (ours.left_out.argmax(1) == y).mean() == pytest.approx(best[1])


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_are_answered_by_a_fit_to_the_others_and_to_some_features(weighted: bool) -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(size=(33, 50)).astype(np.float32)
    y = (z[:, 0] > 0).astype(int)
    signs = np.where(y[:, None] == np.arange(2), 1.0, -1.0)
    weights = rng.uniform(0.5, 2, 33) if weighted else None
    features = z.copy()
    ridge = Ridge.fit(features, signs, weights, multilabel=False)
    rows, columns = np.arange(0, 33, 4), rng.random(50) < 0.6
    rest = np.setdiff1d(np.arange(33), rows)
    found = ridge.without(rest, rows, columns, features, signs, weights)
    w = np.ones(33) if weights is None else weights
    w = w[rest] / w[rest].mean()
    own = z[rest][:, columns]
    centred = own - w @ own / w.sum()
    scale = (w * (centred**2).sum(1)).sum() / len(rest)
    plain = PlainRidge(alpha=ridge.penalty * scale).fit(own, signs[rest], sample_weight=w)
    scores = ridge.temperature * plain.predict(z[rows][:, columns])
    wanted = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=2e-4)


@pytest.mark.parametrize("weighted", [False, True])
def test_groups_are_left_out_together(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    groups = np.arange(36) // 6
    z = rng.normal(size=(36, 8)).astype(np.float32) + rng.normal(size=(6, 8))[groups]
    z = z.astype(np.float32)
    y = (z[:, 0] + rng.normal(size=36) > 0).astype(int)
    signs = np.where(y[:, None] == np.arange(2), 1.0, -1.0)
    w = rng.uniform(0.3, 3, 36) if weighted else np.ones(36)
    given = w if weighted else None
    ours = Ridge.fit(z.copy(), signs, given, multilabel=False, groups=groups)
    w = w / w.mean()
    scale = (w[:, None] * (z - w @ z / 36) ** 2).sum() / 36
    errors, right = {}, {}
    for a in np.logspace(-6, 1, 15):
        scores = np.empty_like(signs)
        for group in range(6):
            rest = groups != group
            plain = PlainRidge(alpha=a * scale)
            plain.fit(z[rest], signs[rest], sample_weight=w[rest])
            scores[~rest] = plain.predict(z[~rest])
        # The factor is the temperature's affair.
        mean, root = w @ signs / 36, np.sqrt(w)[:, None]
        target, own = root * (signs - mean), root * (scores - mean)
        factor = (target * own).sum() / (own**2).sum()
        errors[a] = ((target - factor * own) ** 2).mean()
        right[a] = (w * (scores.argmax(1) == y)).mean()
    chosen = min(errors, key=lambda a: abs(a - ours.penalty))
    assert chosen == pytest.approx(ours.penalty)
    assert errors[chosen] == pytest.approx(min(errors.values()), rel=1e-5)
    assert max(errors.values()) > 1.01 * errors[chosen]
    assert ours.left_out_accuracy == pytest.approx(right[chosen])
    # As if rows told nothing of each other.
    alone = Ridge.fit(z.copy(), signs, given, multilabel=False)
    assert errors[min(errors, key=lambda a: abs(a - alone.penalty))] > 1.001 * errors[chosen]


def _left_out_scores(ridge: Ridge, z: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Scores of each row from scikit-learn's fit to all others, with the same penalty."""
    scale = ((z - z.mean(0)) ** 2).sum() / len(z)
    fits = [PlainRidge(alpha=a * scale) for a in np.logspace(-6, 1, 15)]
    away = [np.abs(f.fit(z, signs).coef_.T - ridge.coefficients).max() for f in fits]
    best, rows = fits[int(np.argmin(away))], np.arange(len(z))
    return np.stack([best.fit(z[rows != i], signs[rows != i]).predict(z[[i]])[0] for i in rows])


def _likelihood(scores: np.ndarray, signs: np.ndarray, multilabel: bool) -> float:
    if multilabel:
        return -np.log1p(np.exp(-signs * scores)).sum()
    return (scores[signs > 0] - np.log(np.exp(scores).sum(1))).sum()


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_temperature_makes_what_was_left_out_most_likely(multilabel: bool) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(40, 6)).astype(np.float32)
    noisy = z[:, :3] + rng.normal(size=(40, 3))
    signs = np.where(noisy > 0 if multilabel else noisy == noisy.max(1, keepdims=True), 1.0, -1.0)
    ridge = Ridge.fit(z.copy(), signs, None, multilabel)
    scores = _left_out_scores(ridge, z, signs)
    worse, best, also_worse = (
        _likelihood(scores * ridge.temperature * part, signs, multilabel) for part in (0.5, 1, 2)
    )
    assert best > worse + 0.1
    assert best > also_worse + 0.1


@pytest.mark.parametrize("multilabel", [False, True])
def test_classes_far_apart_have_sharp_probabilities(multilabel: bool) -> None:
    rng = np.random.default_rng(0)
    signs = np.where(np.arange(40)[:, None] % 2 == np.arange(2), 1.0, -1.0)
    z = (signs[:, :1] + 0.1 * rng.normal(size=(40, 5))).astype(np.float32)
    ridge = Ridge.fit(z.copy(), signs, None, multilabel)
    assert ridge.temperature > 5
    assert np.abs(ridge.predict_proba(z) - (signs > 0)).max() < 0.01


def test_the_order_of_many_rows_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels a, b, a, b …: every other row is of one class."""
    from msssm_ts.members import ridge as module

    rng = np.random.default_rng(0)
    signs = np.where(np.arange(1240)[:, None] % 2 == np.arange(2), 1.0, -1.0)
    z = rng.normal(size=(1240, 100)).astype(np.float32)
    z[:, :10] += 0.1 * signs[:, :1]
    whole = Ridge.fit(z.copy(), signs, None, multilabel=False)
    monkeypatch.setattr(module, "MOST_ROWS", 1220)
    part = Ridge.fit(z.copy(), signs, None, multilabel=False)
    assert part.temperature == pytest.approx(whole.temperature, rel=0.3)
    assert part.left_out_accuracy == pytest.approx(whole.left_out_accuracy, abs=0.05)


def test_many_rows_choose_the_penalty_on_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    from msssm_ts.members import ridge as module

    rng = np.random.default_rng(2)
    z = rng.normal(size=(400, 20)).astype(np.float32)
    signs = np.where(z[:, :1] + 0.3 * rng.normal(size=(400, 1)) > 0, [[1.0, -1.0]], [[-1.0, 1.0]])
    whole = Ridge.fit(z.copy(), signs, None, multilabel=False)
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    part = Ridge.fit(z.copy(), signs, None, multilabel=False)
    np.testing.assert_allclose(part.decision(z), whole.decision(z), atol=0.1)


def test_trees_stop_growing_when_time_is_up() -> None:
    problem = _problem()
    needed = replace(problem, is_needed=True)
    assert len(QuantileTrees.fit(needed, 5, seconds=0.0).forest.roots) == 20
    with pytest.raises(NoTimeError):
        QuantileTrees.fit(problem, 5, seconds=0.0)
    assert len(QuantileTrees.fit(problem, 5, {"n_trees": 30}, seconds=60.0).forest.roots) == 30


def test_trees_say_how_far_they_are() -> None:
    callback, problem = _Stages(), _problem()
    QuantileTrees.fit(problem, 0, {"n_trees": 24}, Reporter((callback,), "trees"))
    done = [done for _, done, _ in callback.told]
    assert done == sorted(done)
    # Once for the features, then tree by tree.
    assert len(done) == 25
    assert done[0] == len(problem) // 4
    assert callback.told[-1] == ("trees", len(problem), len(problem))


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


def _lazy(n: int, decoded: list[int]) -> Problem:
    problem = _problem(n, 30)

    def read(i: int) -> Any:
        decoded.append(i)
        return problem.values.series[i]

    lazy = LazySeries(range(n), read, np.full(n, 30))
    return Problem.of(lazy, problem.targets, 3, weights=np.linspace(0.5, 1.5, n))


@pytest.mark.parametrize("products", [1 << 20, 500])
def test_every_series_counts_where_features_are_not_held(
    products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classifier is that of all rows at once, and the same in blocks of any size."""
    decoded: list[int] = []
    problem = _lazy(150, decoded)
    monkeypatch.setattr(room, "MOST_NUMBERS", 40 * 2000)
    monkeypatch.setattr(room, "MOST_PRODUCTS", products)
    monkeypatch.setattr(normal_equations, "_COLUMNS", 100)
    monkeypatch.setattr(room, "BLOCK", 40)
    one = ScanRidge.fit(problem, 0)
    assert set(decoded) == set(range(150))
    assert one.said is None
    used = one.scaling.scale > 0
    assert used.sum() <= products
    # The penalty is in units of a row's mean squared length.
    z, w = one.transform(problem.values)[:, used], np.linspace(0.5, 1.5, 150)
    center, target = w @ z / w.sum(), w @ problem.signs / w.sum()
    z, y = (z - center) * np.sqrt(w)[:, None], (problem.signs - target) * np.sqrt(w)[:, None]
    penalty = one.ridge.penalty * np.square(z).sum() / 150
    exact = z.T @ np.linalg.solve(z @ z.T + penalty * np.eye(150), y)
    np.testing.assert_allclose(z @ one.ridge.coefficients[used], z @ exact, atol=0.01)
    assert not one.ridge.coefficients[~used].any()


def test_sums_are_the_same_whoever_computes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal_equations, "_COLUMNS", 16)
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(90, 40)).astype(np.float32), rng.normal(size=(90, 2))
    w = rng.uniform(0.5, 2, 90)
    one, *workers = (NormalEquations.of(40, 2) for _ in range(3))
    for i in range(0, 90, 20):
        rows = slice(i, i + 20)
        for sums in (one, workers[i % 40 > 0]):
            sums.add(z[rows], y[rows], w[rows])
    both = pickle.loads(pickle.dumps(workers[1])).merged(workers[0])
    exact = PlainRidge(1e-2 * 40).fit(z, y, w / w.mean())
    for a, b in zip(one.solution(1e-2), both.solution(1e-2), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert exact.score(z, y, w) > 0.2


def test_rows_can_be_withdrawn_from_sums() -> None:
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(60, 5)).astype(np.float32), rng.normal(size=(60, 2))
    some, all_of_them = NormalEquations.of(5, 2), NormalEquations.of(5, 2)
    some.add(z[:40], y[:40], np.ones(40))
    all_of_them.add(z, y, np.ones(60))
    all_of_them.add(z[40:], y[40:], -np.ones(20))
    for a, b in zip(all_of_them.solution(1e-3), some.solution(1e-3), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_penalty_grows_where_products_are_no_better(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounded, a sum of squares may be of some direction less than nothing."""
    monkeypatch.setattr(normal_equations, "_COLUMNS", 2)
    a = np.full((5, 5), 1.001)
    solution = normal_equations._solved(a, np.ones(5), np.ones((5, 1)), 1e-9)
    np.testing.assert_allclose(solution, 0.2, atol=0.01)


def test_every_series_is_seen_by_some_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    problem = _lazy(150, decoded)
    monkeypatch.setattr(trees_module, "_MOST_NUMBERS", 40 * 100)
    trees = QuantileTrees.fit(problem, 0, {"n_trees": 20})
    assert set(decoded) == set(range(150))
    assert len(trees.forest.roots) == 20
    assert trees.said is None
    answers = trees.predict_proba(problem.values).argmax(1)
    assert (answers == problem.targets).mean() > 0.9


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
        "random features 1/2", "random features 2/2", "trees", "shapelets", "channels together"
    }  # fmt: skip
    assert all(0 <= done <= total == 40 for _, done, total in callback.told)
    assert {name for name, done, _ in callback.told if done == 40} == {n for n, *_ in callback.told}


def test_a_part_of_a_problem_keeps_together_what_belongs_together() -> None:
    n = 30
    series = [np.full((1, 3), float(i)) for i in range(n)]
    numbers = np.arange(n)
    problem = Problem.of(series, numbers % 4, 4, weights=numbers + 0.5, groups=numbers // 3)
    part = problem.at_most(11, seed=1)
    chosen = np.array([int(x[0, 0]) for x in part.values.series])
    assert len(set(chosen)) == len(part) == 11
    assert not np.array_equal(chosen, numbers[:11])
    assert part.n_outputs == 4
    assert part.weights is not None
    assert part.groups is not None
    np.testing.assert_array_equal(part.targets, chosen % 4)
    np.testing.assert_array_equal(part.weights, chosen + 0.5)
    np.testing.assert_array_equal(part.groups, chosen // 3)
    assert problem.at_most(n, seed=1) is problem


def _every_other_from_the_mean(values: np.ndarray) -> list[float]:
    n = 1 + (len(values) - 1) // 4
    levels = np.linspace(0, 1, n) if n > 1 else [0.5]
    quantiles = np.quantile(values.astype(float), levels)
    if n > 1:
        quantiles[1::2] -= values.mean()
    return quantiles.tolist()


def _plain_intervals(length: int) -> list[tuple[int, int]]:
    found = []
    for depth in range(6):
        n = 2**depth
        if n > length:
            break
        cuts = [length * i // n for i in range(n + 1)]
        shift = -(-length // (2 * n))
        found += itertools.pairwise(cuts)
        found += [(a + shift, b + shift) for a, b in itertools.pairwise(cuts[:-1])]
    return [i for i in dict.fromkeys(found) if i[1] <= length]


def _plain_quantile_features(x: np.ndarray) -> list[float]:
    slopes = [np.pad(np.diff(c), 2, mode="edge") for c in x]
    smooth = np.stack([np.convolve(s, np.full(5, 0.2), mode="valid") for s in slopes])
    spectrum = np.abs(np.fft.rfft(x, axis=1))
    features: list[float] = []
    for view in (x, smooth, np.diff(x, 2, axis=1), spectrum):
        for channel in view:
            for a, b in _plain_intervals(len(channel)):
                features += _every_other_from_the_mean(channel[a:b])
    return features


@pytest.mark.parametrize(("n_channels", "length", "n_features"), [(1, 20, 207), (2, 67, 1284)])
def test_quantiles_are_what_their_description_says(
    n_channels: int, length: int, n_features: int
) -> None:
    x = np.random.default_rng(0).normal(size=(n_channels, length)).cumsum(1)
    expected = _plain_quantile_features(x)
    found = quantile_features([x], length)[0]
    assert len(found) == len(expected) == n_features
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_quantiles_hang_on_no_other_series(
    two_threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = list(np.random.default_rng(0).normal(size=(13, 2, 30)).astype(np.float32))
    each = np.concatenate([quantile_features([x], 30) for x in X])
    monkeypatch.setattr("msssm_ts.kernels.parallel._WORTH_A_THREAD", 1)
    monkeypatch.setattr("msssm_ts.members.quantile_trees.quantiles._TOGETHER", 4 * 60)
    np.testing.assert_array_equal(quantile_features(X, 30), each)


def test_pools_weigh_what_is_meant_for_them() -> None:
    """Which pool is which, from what becomes of it if series are scaled or run backwards."""
    x = np.random.default_rng(0).normal(size=(1, 60)).astype(np.float32)
    features = ScanFeatures.draw(Problem.of([x] * 2, np.arange(2), 2), 0, n_thresholds=1)
    mix, filters, thresholds = features.mix[0], features.filters[0], features.thresholds[0]
    plain = scale_features([x], mix, filters, thresholds)[0]
    scaled = scale_features([2 * x], mix, filters, 2 * thresholds)[0]
    backward = scale_features([x[:, ::-1]], mix, filters[:, ::-1], thresholds)[0]

    def alike(a: np.ndarray, b: np.ndarray) -> bool:
        return np.allclose(a, b, atol=1e-3)

    names = []
    for pool in range(5):
        if not alike(scaled[:, pool], plain[:, pool]):
            names.append("excess")
        elif alike(backward[:, pool], plain[:, pool]):
            names.append("share")
        elif any(alike(backward[:, pool], plain[:, other]) for other in range(5)):
            names.append("end")
        else:
            names.append("peak")
    assert sorted(names) == ["end", "end", "excess", "peak", "share"]
    weigh = {"share": 1.0, "excess": 0.5, "peak": 1.0, "end": 0.2}
    expected = np.array([*(weigh[name] for name in names), 1.0, 1.0])[:, None, None]
    weights = features.weights.reshape(2, len(filters), 7, N_RIVALS, N_GROUPS)
    np.testing.assert_allclose(weights**2, np.broadcast_to(expected, weights.shape), rtol=1e-6)


def test_by_how_much_a_filter_wins_counts_by_its_root() -> None:
    problem = _problem(4)
    drawn = ScanFeatures.draw(problem, 0)
    series = [filled(x) for x in problem.values.series]
    parts = []
    for view, *weights in zip(VIEWS, drawn.mix, drawn.filters, drawn.thresholds, strict=True):
        pools = scale_features([view(x) for x in series], *weights)
        # Where a filter never wins, rounding may leave the sum below 0.
        pools[:, :, -2:] = np.sqrt(np.maximum(pools[:, :, -2:], 0))
        parts.append(pools.reshape(4, -1))
    np.testing.assert_allclose(
        drawn.transform(problem.values.series), np.concatenate(parts, 1), rtol=1e-6
    )


def test_sums_that_are_further_off_than_the_penalty_are_penalised_more() -> None:
    # Two rows alike, and a penalty below what a sum of their squares resolves.
    z, target = torch.full((2, 3), 1e9), torch.ones(2, 1)
    assert ridge_module._solve(z, target, 1e-9).isfinite().all()
    with pytest.raises(torch.linalg.LinAlgError):
        ridge_module._solve(z * torch.nan, target, 1e-9)


def test_beside_many_series_one_draw_of_features_is_enough() -> None:
    x = np.zeros((1, 1))
    few, many = (Problem.of([x] * n, np.arange(n) % 2, 2) for n in (3000, 3001))
    assert ScanRidge.copies(4, few) == 4
    assert ScanRidge.copies(4, many) == 1
    assert ScanRidge.copies(0, many) == 0


def test_a_series_too_large_for_a_part_is_a_part_of_its_own() -> None:
    for n_values in (1 << 22, 1 << 23):
        parts = in_parts(3, n_values, CHUNK)
        assert [part.tolist() for part in parts] == [[0], [1], [2]]
    parts = in_parts(3, 1 << 21, CHUNK)
    assert [part.tolist() for part in parts] == [[0, 1], [2]]


def test_members_that_would_take_too_long_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that a second passes on between two looks."""
    problem = _problem(12, 20)
    X = np.concatenate(problem.values.series)
    wanted = ["scan_ridge"] * 3 + ["quantile_trees"]
    counts = []
    for seconds in (2.0, 40.0, 222.0, 400.0):
        clock = itertools.count()
        monkeypatch.setattr(time, "perf_counter", lambda clock=clock: float(next(clock)))
        model = MSSSMClassifier(members=wanted, time_budget=seconds, random_state=0)
        kinds = kinds_of(model.fit(X, problem.targets))
        counts.append((kinds.count("scan_ridge"), kinds.count("quantile_trees")))
        monkeypatch.undo()
    # One of each kind comes first.
    assert counts == [(1, 0), (1, 1), (2, 1), (3, 1)]
