"""The member on all channels together: its features, its share, its file, and what it exports."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from member_cases import asked, kinds_of, share_of

from msssm_ts import MSSSMClassifier
from msssm_ts.fitting.share import certain_share, measured_priors
from msssm_ts.members.coarse_ridge.coarse_ridge import CoarseRidge
from msssm_ts.members.coarse_ridge.features import MOST_MEANS, CoarseFeatures, means
from msssm_ts.members.problem import Problem
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.tensors import check_shapes

Array = np.ndarray


def _drifts(n: int = 160, lengths: tuple[int, ...] = (47, 60, 3)) -> tuple[list[Array], Array]:
    """Series whose two classes differ by which of two channels drifts higher, under noise."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    series = []
    for i, c in enumerate(y):
        x = rng.normal(size=(3, lengths[i % len(lengths)])) + 2 * rng.normal()
        x[c] += np.linspace(0, 1.2, x.shape[1])
        series.append(x.astype(np.float32))
    return series, y


@pytest.fixture(scope="module")
def fitted() -> CoarseRidge:
    series, y = _drifts()
    return CoarseRidge.fit(Problem.of(series, y, 2, asks_left_out=True), 0)


@pytest.mark.parametrize("n_parts", [1, 2, 5, 8, 32])
def test_means_are_those_of_parts(n_parts: int) -> None:
    rng = np.random.default_rng(0)
    for length in (1, 2, 7, 31, 64):
        x = rng.normal(size=(2, length))
        x[1, length // 2] = np.nan if length > 2 else x[1, length // 2]
        whole = x.copy()
        gap = np.isnan(whole[1])
        steps = np.arange(length)
        whole[1, gap] = np.interp(steps[gap], steps[~gap], whole[1, ~gap])
        edges = [i * length // n_parts for i in range(n_parts + 1)]
        plain = [
            [channel[a : max(b, a + 1)].mean() for a, b in itertools.pairwise(edges)]
            for channel in whole.astype(np.float32)
        ]
        np.testing.assert_allclose(means([x], n_parts)[0], np.ravel(plain), rtol=1e-5, atol=1e-6)


def test_what_channels_have_together_is_learned(fitted: CoarseRidge) -> None:
    series, y = _drifts(320)
    train, test = slice(0, 160), slice(160, 320)
    ours = (asked(fitted, series[test]).argmax(1) == y[test]).mean()
    other = ScanRidge.fit(Problem.of(series[train], y[train], 2), 0)
    theirs = (asked(other, series[test]).argmax(1) == y[test]).mean()
    assert ours > theirs + 0.05
    # A drift that is as long as the series needs no fine parts.
    assert fitted.features.n_parts <= 8
    assert fitted.left_out is not None
    told = (fitted.left_out.argmax(1) == y[train]).mean()
    assert told == pytest.approx(ours, abs=0.08)


def test_a_vote_measures_what_it_is_worth() -> None:
    series, y = _drifts()
    model = MSSSMClassifier("fast", random_state=0).fit(series, y)
    # No more than half, and that for 160 of 210 series.
    assert 0.2 < share_of(model, "coarse_ridge") <= 0.5 * 160 / 210 + 1e-9
    few = np.repeat(np.arange(8), 20)
    grouped = MSSSMClassifier("fast", random_state=0).fit(series, y, groups=few)
    assert share_of(grouped, "coarse_ridge") <= 0.5 * 8 / 58 + 1e-9
    # A tone is in every window; where it stands says nothing.
    rng = np.random.default_rng(1)
    t = np.arange(50)
    tones = np.sin(t * (0.6 + 0.9 * y[:60, None]) + rng.uniform(0, 6, (60, 1)))
    for members, said in (
        (None, 0),
        (["scan_ridge", "coarse_ridge"], 1),
    ):
        settings: dict[str, Any] = {"members": members} if members else {"preset": "fast"}
        model = MSSSMClassifier(random_state=0, **settings).fit(tones, y[:60])
        assert "coarse_ridge" not in kinds_of(model)
        notes = [line for line in model.model_.record.notes if "coarse_ridge votes" in line]
        assert len(notes) == said


def test_what_is_not_told_of_stays_as_it_was(fitted: CoarseRidge) -> None:
    series, y = _drifts()
    other = ScanRidge.fit(Problem.of(series, y, 2), 0)
    silent = (other, fitted.telling())

    assert measured_priors(silent, {"scan_ridge": 0.1}, y, None) == {"scan_ridge": 0.1}
    even = np.full((160, 2), 0.5)
    right = np.eye(2)[y]
    telling = (other.telling(even), fitted.telling(right))
    (found,) = {*measured_priors(telling, {}, y, None).values()}
    share = found / (found + ScanRidge.prior)
    assert 0.1 < share <= 0.5 * 160 / 210
    # Of half of the series nothing is known.
    half = right.copy()
    half[::2] = np.nan
    telling = (other.telling(even), fitted.telling(half))
    (found,) = {*measured_priors(telling, {}, y, None).values()}
    less = found / (found + ScanRidge.prior)
    assert less == pytest.approx(share * (80 / 130) / (160 / 210))
    # Nor is one of use that knows nothing, where the others are too sure.
    sure = np.eye(2)[np.where(np.arange(160) % 5, y, 1 - y)] * 0.98 + 0.01
    unsure = (other.telling(sure), fitted.telling(even))
    assert certain_share(even, sure, y) > 0
    assert measured_priors(unsure, {}, y, None) == {"coarse_ridge": 0.0}
    useless = (other.telling(right), fitted.telling(even))
    assert measured_priors(useless, {}, y, None) == {"coarse_ridge": 0.0}


def test_answers_do_not_depend_on_the_batch(fitted: CoarseRidge) -> None:
    series, _ = _drifts()
    together = asked(fitted, series[:37])
    alone = np.concatenate([asked(fitted, [one]) for one in series[:37]])
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("n_waves", [0, 512])
def test_a_file_holds_all_of_it(fitted: CoarseRidge, n_waves: int) -> None:
    series, y = _drifts(40)
    width = 3.0 if n_waves else np.inf
    problem = Problem.of(series, y, 2)
    member = _with(problem, CoarseFeatures.draw(4, 12, width, n_waves, 0))
    state = member.state()
    check_shapes(CoarseRidge.expected(state.facts, 3, 2, False), state.arrays)
    again = CoarseRidge.from_state(state, False)
    np.testing.assert_array_equal(asked(again, series), asked(member, series))
    with pytest.raises(ValueError, match="n_parts"):
        CoarseRidge.expected({**state.facts, "n_parts": 0}, 3, 2, False)
    if n_waves:
        arrays = dict(state.arrays) | {"frequencies": state.arrays["frequencies"] * 1e12}
        with pytest.raises(ValueError, match="frequencies"):
            CoarseRidge.from_state(replace(state, arrays=arrays), False)


@pytest.mark.parametrize("n_waves", [0, 512])
def test_the_graph_answers_the_same(n_waves: int) -> None:
    from msssm_ts.members.graph import GraphInput

    series, y = _drifts(40, (3, 8, 19, 64))
    width = 3.0 if n_waves else np.inf
    member = _with(Problem.of(series, y, 2), CoarseFeatures.draw(8, 24, width, n_waves, 0))
    graph = CoarseRidge.graph([member], [1.0], 3)
    x = torch.zeros(8, 3, 70)
    for i, one in enumerate(series[:8]):
        x[i, :, : one.shape[1]] = torch.from_numpy(one)
    length = torch.tensor([one.shape[1] for one in series[:8]])
    seen = torch.arange(70) < length[:, None]
    found = graph(GraphInput(x, x, length, seen)).numpy()
    np.testing.assert_allclose(found, asked(member, series[:8]), atol=2e-6)


def test_with_little_time_features_are_chosen_on_few_series(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []
    choose = CoarseFeatures.choose

    def seen(problem: Problem, seed: int, n_tried: int) -> CoarseFeatures:
        tried.append(n_tried)
        return choose(problem, seed, n_tried)

    monkeypatch.setattr(CoarseFeatures, "choose", seen)
    series, y = _drifts(100)
    problem = Problem.of(series, y, 2, is_needed=True)
    for seconds in (None, 1e6, 1e-9):
        CoarseRidge.fit(problem, 0, seconds=seconds)
    assert tried[:2] == [100, 100]
    assert tried[2] < 25


def test_too_many_channels_are_left_to_the_others(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    many = [rng.normal(size=(MOST_MEANS // 2 + 1, 2)).astype(np.float32) for _ in range(4)]
    problem = Problem.of(many, np.array([0, 1, 0, 1]), 2)
    assert CoarseRidge.copies(1, problem) == 0
    assert CoarseRidge.copies(1, Problem.of([m[:-1] for m in many], problem.targets, 2)) == 1


def _with(problem: Problem, features: CoarseFeatures) -> CoarseRidge:
    """Fit a member with features that are given."""
    from msssm_ts.members.ridge import Ridge
    from msssm_ts.members.scaling import Scaling

    z = features.transform(problem.values.series)
    scaling = Scaling.fit(z, np.ones(z.shape[1], np.float32))
    scaling.apply(z)
    return CoarseRidge(features, scaling, Ridge.fit(z, problem.signs, None, False))
