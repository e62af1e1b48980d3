"""What members tell of series left out, and what is made of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.estimate import accuracy_with_interval, by_series, members_told, right
from msssm_ts.members import MEMBERS
from msssm_ts.members.folds import folds_of
from msssm_ts.members.problem import Problem
from msssm_ts.members.shapelet_ridge.features import ShapeletFeatures, features_without
from msssm_ts.parameters import specs
from msssm_ts.preparation import Preparation

PARAMETERS = {name: default for name, default, _ in specs()}
CLOSED = ("scan_ridge", "quantile_trees", "shapelet_ridge", "drawn_network")


def _noise(n: int = 60, **more: Any) -> Problem:
    """Series that tell nothing of their labels."""
    rng = np.random.default_rng(5)
    series = [rng.normal(size=(1, 30)).astype("f4") for _ in range(n)]
    return Problem.of(series, np.arange(n) % 2, 2, asks_left_out=True, **more)


@pytest.mark.parametrize("kind", CLOSED)
def test_what_is_told_of_a_series_is_not_learned_from_it(kind: str) -> None:
    problem = _noise()
    member = MEMBERS.get(kind).fit(problem, 0, PARAMETERS)
    assert right(member.predict_proba(problem.values), problem.targets).mean() > 0.74
    assert member.left_out is not None
    assert member.left_out.shape == (60, 2)
    np.testing.assert_allclose(member.left_out.sum(1), 1)
    # Where chance would have a half, three standard errors.
    assert right(member.left_out, problem.targets).mean() < 0.7
    silent = MEMBERS.get(kind).fit(replace(problem, asks_left_out=False), 0, PARAMETERS)
    assert silent.left_out is None


@pytest.mark.parametrize("kind", CLOSED)
def test_groups_tell_nothing_of_themselves(kind: str) -> None:
    """Each series comes three times: only whole groups left out show that nothing is learned."""
    alone = _noise(20)
    series = [x for x in alone.values.series for _ in range(3)]
    targets, groups = np.repeat(alone.targets, 3), np.repeat(np.arange(20), 3)
    problem = Problem.of(series, targets, 2, groups=groups, asks_left_out=True)
    told = MEMBERS.get(kind).fit(problem, 0, PARAMETERS).left_out
    assert told is not None
    assert right(told, targets).mean() < 0.75
    apart = MEMBERS.get(kind).fit(replace(problem, groups=None), 0, PARAMETERS).left_out
    assert apart is not None
    assert right(apart, targets).mean() > 0.85


def test_folds_keep_groups_together_and_deal_out_classes() -> None:
    groups = np.arange(200) // 2
    targets = (groups % 10 == 0).astype(int)
    problem = replace(_noise(200), groups=groups, targets=targets)
    folds = folds_of(problem)
    assert sorted(np.concatenate(folds)) == list(range(200))
    assert len(folds) == 5
    for fold in folds:
        assert np.isin(groups, groups[fold]).sum() == len(fold)
        assert targets[fold].sum() == 4
    assert len(folds_of(_noise(60))) == 10
    assert folds_of(replace(_noise(4), groups=np.zeros(4))) == []
    # Enough is enough.
    assert len(folds_of(problem, enough=21)) == 2
    assert len(folds_of(problem, enough=20)) == 1


def test_shapelets_are_known_by_who_lent_them() -> None:
    problem = _noise(8)
    features, lenders = ShapeletFeatures.draw(problem, 0, 4)
    z = features.transform(problem.values.series)
    for i in range(8):
        # Its own pieces are found without any distance.
        own = ~features_without(lenders, np.array([i]))
        assert own.any()
        lent = np.broadcast_to((lenders[:, :, :1] == i), (2, 4, 2, 16)).copy()
        lent[:, :, 1] = False
        assert z[i, lent.reshape(-1)].max() < 0.2
        assert np.median(z[i, ~own]) > 0.2
        assert own[lent.reshape(-1)].all()


def test_an_interval_is_as_wide_as_the_series_are_few() -> None:
    answers = np.array([1.0, 1, 1, 0] * 25)
    alone = accuracy_with_interval(answers)
    assert alone is not None
    # Wilson's interval of 75 of 100.
    assert (alone["accuracy"], alone["n_series"]) == (0.75, 100)
    assert (alone["low"], alone["high"]) == pytest.approx((0.6570, 0.8245), abs=1e-4)
    # Ten patients, right or wrong as a whole, tell as much as ten series.
    groups = np.arange(100) // 10
    together = accuracy_with_interval((groups < 8) * 1.0, groups=groups)
    few = accuracy_with_interval(np.array([1.0] * 8 + [0.0] * 2))
    assert together is not None
    assert few is not None
    assert together["low"] == pytest.approx(few["low"])
    assert together["n_series"] == 100
    heavy = accuracy_with_interval(answers, np.where(np.arange(100) == 3, 100.0, 1.0))
    assert heavy is not None
    assert heavy["accuracy"] < 0.5
    assert heavy["high"] - heavy["low"] > 2 * (alone["high"] - alone["low"])
    sure = accuracy_with_interval(np.ones(10))
    assert sure is not None
    assert (sure["high"], sure["low"]) == pytest.approx((1, 0.7225), abs=1e-4)
    assert accuracy_with_interval(np.full(3, np.nan)) is None


def test_a_vote_tells_where_most_of_it_does() -> None:
    class Told:
        def __init__(self, *rows: list[float]):
            self.left_out = np.array(rows)

    gone = [np.nan, np.nan]
    members: Any = (
        Told([1, 0], [0, 1], gone),
        Told([0, 1], gone, [0, 1]),
        Told([1, 0], gone, gone),
    )
    found = Vote(tuple(members), (0.7, 0.2, 0.1)).left_out
    np.testing.assert_allclose(found, [[0.8, 0.2], [0, 1], gone])
    # What half of a vote says is not what the whole will say.
    found = Vote(tuple(members), (0.5, 0.25, 0.25)).left_out
    np.testing.assert_allclose(found, [[0.75, 0.25], gone, gone])
    for member in members:
        member.left_out = None
    assert Vote(tuple(members), (0.4, 0.2, 0.2)).left_out is None


def test_windows_tell_of_their_series() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = rng.normal(size=(24, 90)) + 2 * y[:, None] * np.sin(np.arange(90))
    model = MSSSMClassifier(
        "fast", preparation=Preparation(window=3.0, overlap=0), random_state=0
    ).fit(X, y, sampling_rate=10)
    estimate = model.model_.record.estimate
    assert estimate is not None
    assert estimate["n_series"] == 24
    assert estimate["accuracy"] > 0.9
    np.testing.assert_allclose(
        by_series(np.array([[1, 0], [0, 1], [np.nan, np.nan]]), np.array([1, 1, 0]), 3),
        [[np.nan, np.nan], [0.5, 0.5], [np.nan, np.nan]],
    )


def test_a_record_says_what_each_member_told() -> None:
    X = np.random.default_rng(1).normal(size=(30, 40)) + 0.5 * (np.arange(30) % 2)[:, None]
    y = np.arange(30) % 2
    members = ["scan_ridge", "quantile_trees", "shapelet_ridge"]
    model = MSSSMClassifier(members=members, random_state=0).fit(X, y).model_
    told = model.record.members
    assert len(told) == len(model.vote.members)
    for i, one in enumerate(told):
        assert one["seconds"] > 0
        assert 0.5 < one["accuracy"] <= 1
        assert one["alike"][i] == pytest.approx(1)
    # What only the fit knew is not kept.
    assert all(m.left_out is None and m.seconds is None for m in model.vote.members)


def test_a_network_tells_of_the_series_set_aside() -> None:
    X = np.random.default_rng(1).normal(size=(30, 20)) + 3 * (np.arange(30) % 2)[:, None]
    y, aside = np.arange(30) % 2, np.arange(30) >= 20
    model = MSSSMClassifier(
        members=["network"], max_epochs=2, d_model=8, n_layers=1, random_state=0
    ).fit(X, y, validation=aside)
    estimate = model.model_.record.estimate
    assert estimate is not None
    assert estimate["n_series"] == 10
    assert estimate["accuracy"] == pytest.approx(np.mean(model.predict(X[aside]) == y[aside]))


def test_labels_are_told_one_by_one() -> None:
    rng = np.random.default_rng(2)
    both = rng.integers(2, size=(40, 2))
    X = rng.normal(size=(40, 30)) + both[:, :1] * 2
    model = MSSSMClassifier("fast", random_state=0).fit(X, both).model_
    estimate = model.record.estimate
    assert estimate is not None
    # One of both labels can be told.
    assert 0.6 < estimate["accuracy"] < 0.9


def test_errors_of_the_same_series_are_alike() -> None:
    class Told:
        seconds = 1.0

        def __init__(self, right: list[float]):
            self.left_out = np.array([[p, 1 - p] for p in right])

    a = Told([0.9, 0.8, 0.1, 0.7])
    members: Any = (a, Told([0.8, 0.7, 0.2, 0.6]), Told([0.1, 0.2, 0.9, 0.3]), Told([0.5] * 4))
    told = members_told(Vote(members, (0.25,) * 4), np.zeros(4, int))
    assert [one["accuracy"] for one in told] == [0.75, 0.75, 0.25, 1.0]
    assert told[0]["alike"][1] > 0.99
    assert told[0]["alike"][2] == pytest.approx(-1)
    assert told[0]["alike"][3] is None
