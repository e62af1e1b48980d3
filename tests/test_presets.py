"""What each preset fits, how a vote comes about, and what can be done with it."""

from __future__ import annotations

import itertools
import json
import pickle
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from member_cases import kinds_of, share_of

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.fitting.share import best_share, certain_share
from msssm_ts.preparation import Preparation

SIZES: dict[str, Any] = {"d_model": 8, "n_layers": 1, "random_state": 0}


def _waves(n: int = 60, length: int = 40, noise: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    t = np.arange(length)
    X = np.sin(t * (0.2 + 0.25 * y[:, None]) + rng.uniform(0, 6, (n, 1)))
    return X + noise * rng.normal(size=X.shape), np.array(["a", "b", "c"])[y]


@pytest.fixture(scope="module")
def fast() -> MSSSMClassifier:
    X, y = _waves()
    return MSSSMClassifier("fast", random_state=0).fit(X[:40], y[:40])


def test_fast_learns_without_a_network(fast: MSSSMClassifier) -> None:
    X, y = _waves()
    assert fast.score(X[40:], y[40:]) > 0.9
    assert not hasattr(fast, "network_")
    assert fast.n_iter_ == 0
    assert fast.transform(X[:2]).shape == (2, len(fast.get_feature_names_out()))
    np.testing.assert_array_equal(
        fast.classes_[fast.decision_function(X).argmax(1)], fast.predict(X)
    )


def test_a_vote_comes_back_from_a_file_and_a_pickle(fast: MSSSMClassifier, tmp_path: Path) -> None:
    X, _ = _waves()
    fast.save(tmp_path / "m.safetensors")
    for again in (
        MSSSMClassifier.load(tmp_path / "m.safetensors"), pickle.loads(pickle.dumps(fast))
    ):  # fmt: skip
        np.testing.assert_array_equal(again.predict_proba(X), fast.predict_proba(X))
    (tmp_path / "n.safetensors").write_bytes(b"")
    twice = MSSSMClassifier("fast", random_state=0).fit(*(v[:40] for v in _waves()))
    twice.save(tmp_path / "n.safetensors")
    from msssm_ts.fitted.artifact import read_artifact

    first, second = (read_artifact(tmp_path / f"{n}.safetensors")[0] for n in "mn")
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[k], second[k]) for k in first)


def test_few_series_get_no_network_and_enough_get_one() -> None:
    X, y = _waves(60)
    few = MSSSMClassifier(max_epochs=1, **SIZES).fit(X, y)
    assert kinds_of(few) == ["scan_ridge"] * 4 + [
        "quantile_trees", "shapelet_ridge", "drawn_network", "encoder_ridge",
    ]  # fmt: skip
    assert not few.networks_
    X, y = _waves(300)
    enough = MSSSMClassifier(max_epochs=4, **SIZES).fit(X, y)
    assert enough.n_iter_ > 0
    assert 0 <= share_of(enough, "network") <= 0.8
    # One without a vote is not kept.
    assert len(enough.networks_) == (share_of(enough, "network") > 0)
    assert enough.score(X, y) > 0.95
    wanted = MSSSMClassifier(max_epochs=1, early_stopping=False, **SIZES).fit(X[:30], y[:30])
    assert wanted.networks_
    assert share_of(wanted, "network") == pytest.approx(0.25)


def test_a_handful_of_patients_cannot_tell_what_a_network_is_worth() -> None:
    X, y = _waves(300)
    few = MSSSMClassifier(max_epochs=1, **SIZES).fit(X, y, groups=np.arange(300) // 3 % 10)
    assert (few.n_iter_, few.networks_) == (0, [])
    many = MSSSMClassifier(max_epochs=1, **SIZES).fit(X, y, groups=np.arange(300) // 3 % 50)
    assert many.n_iter_ == 1
    asked = MSSSMClassifier(max_epochs=1, early_stopping=True, **SIZES)
    assert asked.fit(X, y, groups=np.arange(300) // 3 % 10).n_iter_ == 1


def test_of_sound_networks_vote_however_few_series_there_are() -> None:
    """Little else tells words apart; elsewhere a network of a few dozen series is worth nothing."""
    X, y = _waves(24, 2000)
    preparation = Preparation(features="logmel", n_mels=8)
    small = {"max_epochs": 1, "preparation": preparation} | SIZES
    model = MSSSMClassifier(**small).fit(X, y, sampling_rate=8000)
    assert len(model.networks_) == 4
    assert share_of(model, "network") == pytest.approx(0.6)
    assert any("60% of the vote, which was not measured" in n for n in model.model_.record.notes)
    # Three fifths of the vote tell nothing of series left out: the rest does not speak for all.
    assert model.model_.record.estimate is None
    assert all(member.left_out is None for member in model.model_.vote.members)
    alone = MSSSMClassifier("network", **small).fit(X, y, sampling_rate=8000)
    assert share_of(alone, "network") == pytest.approx(0.6)
    assert not MSSSMClassifier("fast", **small).fit(X, y, sampling_rate=8000).networks_


def test_a_network_that_adds_nothing_is_given_up() -> None:
    """It has no chance here: it hardly learns, and the other voters know everything."""
    X, y = _waves(120, noise=0.1)
    model = MSSSMClassifier(
        max_epochs=40, early_stopping=True, learning_rate=1e-6, n_iter_no_change=100, **SIZES
    ).fit(X, y)
    assert model.n_iter_ == 10
    assert share_of(model, "network") <= 0.1
    alone = MSSSMClassifier(
        members=["network"], max_epochs=12, early_stopping=True, learning_rate=1e-6,
        n_iter_no_change=100, **SIZES,
    ).fit(X, y)  # fmt: skip
    assert alone.n_iter_ == 12


def test_the_network_preset_draws_and_trains_however_few_series_there_are() -> None:
    X, y = _waves(30)
    both = MSSSMClassifier("network", max_epochs=1, **SIZES).fit(X, y)
    assert kinds_of(both) == ["drawn_network"] * 2 + ["encoder_ridge", "network"]
    assert share_of(both, "network") == pytest.approx(0.2)
    assert share_of(both, "encoder_ridge") == pytest.approx(0.55)
    forward = MSSSMClassifier("network", max_epochs=1, bidirectional=False, **SIZES).fit(X, y)
    assert kinds_of(forward) == ["network"]
    forward.stream()


def test_the_vote_is_the_weighted_mean() -> None:
    X, y = _waves(60)
    model = MSSSMClassifier(max_epochs=2, early_stopping=False, **SIZES).fit(X, y)
    fitted, vote = model.model_, model.model_.vote
    values = fitted.standardized(fitted.prepared(fitted.checked(X)))
    answers = [member.predict_proba(values) for member in vote.members]
    assert sum(vote.weights) == pytest.approx(1)
    mean = np.average(answers, axis=0, weights=vote.weights)
    np.testing.assert_allclose(model.predict_proba(X), mean, atol=1e-12)
    # Of what the network leaves, shapelets have a quarter of what ridge classifiers and trees have,
    # three to two; the drawn one a sixth, the encoder a fifth.
    priors = {
        "scan_ridge": 0.6, "quantile_trees": 0.4, "shapelet_ridge": 1 / 4, "drawn_network": 1 / 6,
        "encoder_ridge": 1 / 5,
    }  # fmt: skip
    shares = [share_of(model, kind) for kind in ("network", *priors)]
    closed = np.array([*priors.values()])
    assert shares == pytest.approx([0.25, *(0.75 * closed / closed.sum())])
    assert np.abs(answers[-1] - answers[0]).max() > 0.05


def test_the_best_share_maximises_likelihood() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(200) % 2
    right = np.where(rng.random(200) < 0.8, truth, 1 - truth)
    good = np.where(right[:, None] == np.arange(2), 0.8, 0.2)
    even = np.full((200, 2), 0.5)
    assert best_share(good, even, truth) > 0.5
    assert best_share(even, good, truth) < 0.5
    matrix = np.stack([truth, 1 - truth], 1)
    assert best_share(good[:, ::-1], even, matrix) > 0.5


def test_labels_that_are_absent_have_a_say_in_the_share() -> None:
    """The likelihood is (0.9 − 0.6 s)(0.1 + 0.89 s), largest at s = 0.69."""
    ours, theirs = np.array([[0.3, 0.01]]), np.array([[0.9, 0.9]])
    assert best_share(ours, theirs, np.array([[1.0, 0.0]])) == pytest.approx(0.7)


def test_whoever_is_only_surer_has_no_share() -> None:
    truth = np.arange(60) % 3
    right, wrong = np.eye(3)[truth], np.eye(3)[(truth + 1) % 3]
    sure, unsure = 0.9 * right + 0.1 / 3, 0.4 * right + 0.6 / 3
    assert best_share(sure, unsure, truth) == 1.0
    assert certain_share(sure, unsure, truth) == 0.0
    # Who is right where the others are not has one, if that is more than luck.
    often = np.where(np.arange(60)[:, None] % 10 == 0, 0.4 * wrong + 0.6 / 3, unsure)
    assert certain_share(unsure, often, truth) >= 0.3
    assert certain_share(unsure[:11], 0.3 * often[:11] + 0.7 * sure[:11], truth[:11]) == 0.0
    # Of two that are as good, the one that has the vote keeps most of it.
    rng, coin, told = np.random.default_rng(0), np.arange(24) % 2, []
    for _ in range(12):
        score = 1.2 * (2 * coin - 1 + rng.normal(size=(2, 24)))
        one, other = np.stack([1 / (1 + np.exp(score)), 1 / (1 + np.exp(-score))], -1)
        told.append(certain_share(one, other, coin))
    assert np.mean(told) < 0.42
    matrix = np.eye(3, dtype=int)[truth]
    assert certain_share(unsure, often, matrix) >= 0.3
    assert certain_share(often, unsure, matrix) == 0.0


def test_several_labels() -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.random((80, 2)) < 0.5).astype(int)
    t = np.arange(50)
    X = matrix @ np.stack([np.sin(0.3 * t), np.sin(1.1 * t)]) + 0.3 * rng.normal(size=(80, 50))
    model = MSSSMClassifier("fast", early_stopping=True, random_state=0).fit(X, matrix)
    assert (model.predict(X) == matrix).mean() > 0.95
    assert model.thresholds_.shape == (2,)


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every look at the clock a tenth of a second later than the last one."""
    ticks = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: 0.1 * next(ticks))


@pytest.mark.usefixtures("ticking")
def test_a_time_budget_shortens_training() -> None:
    X, y = _waves(60, 20)
    model = MSSSMClassifier(members=["network"], time_budget=10.0, max_epochs=200, **SIZES).fit(
        X, y
    )
    assert 1 <= model.n_iter_ < 20
    # Its rate has come down to the end of the schedule.
    assert model.history_["learning_rate"][-1] < 0.1 * max(model.history_["learning_rate"])
    assert 9 < model.model_.record.seconds < 12


@pytest.mark.usefixtures("ticking")
def test_a_time_budget_leaves_voters_out() -> None:
    X, y = _waves(60, 200)
    everything = MSSSMClassifier("fast", time_budget=1e6, random_state=0).fit(X, y)
    assert kinds_of(everything) == ["scan_ridge"] * 2 + ["quantile_trees", "shapelet_ridge"]
    least = MSSSMClassifier("fast", time_budget=1e-9, random_state=0).fit(X, y)
    assert kinds_of(least) == ["scan_ridge"]
    assert least.model_.record.notes == (
        "no quantile_trees votes: there was no time for it",
        "no shapelet_ridge votes: there was no time for it",
        "no coarse_ridge votes: there was no time for it",
        "scan_ridge learned from 20 of 60 series, drawn evenly from the classes: there was no time "
        "for more",
        "1 of 2 scan_ridge vote: there was no time for more",
    )
    # What is fitted again on all series are the same voters.
    model = MSSSMClassifier(time_budget=1e-3, early_stopping=True, **SIZES).fit(X, y)
    assert [k for k in kinds_of(model) if k != "network"] == ["scan_ridge"]


@pytest.mark.parametrize(("value", "kind"), [(0, ValueError), ("long", TypeError)])
def test_a_time_budget_that_is_none(value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="time_budget"):
        MSSSMClassifier(time_budget=value).fit(*_waves())


def test_learning_in_parts_is_a_networks() -> None:
    X, y = _waves(30)
    model = MSSSMClassifier(**SIZES).partial_fit(X, y).partial_fit(X, y)
    assert kinds_of(model) == ["network"]


def test_what_only_a_network_can_do(fast: MSSSMClassifier) -> None:
    with pytest.raises(InputError, match=r"members=\['network'\]"):
        fast.stream()
    X, _ = _waves()
    early = fast.predict_early(X[:4], 0.5)
    assert not early.step_by_step
    assert (early.part_read <= 1).all()


def test_presets_in_the_terminal(tmp_path: Path) -> None:
    out, _ = run("fit", "ItalyPowerDemand", "--preset", "fast", "--out", tmp_path / "r")
    assert "expected accuracy" in out
    assert "by 67 training series left out" in out
    assert re.search(r"3 quantile_trees +32% +0\.[89]\d\d +0\.\d\d +\d+\.\d", out)
    assert not (tmp_path / "r" / "training_curve.png").exists()
    out, _ = run("evaluate", tmp_path / "r", "ItalyPowerDemand", "--json", "-q")
    assert '"accuracy": 0.9' in out
    out, _ = run("info", tmp_path / "r")
    assert "expected accuracy" in out
    facts = json.loads(run("info", tmp_path / "r", "--json")[0])
    assert facts["estimate"]["n_series"] == 67
    assert [len(m["alike"]) for m in facts["members"]] == [4] * 4
    _, err = run("fit", "ItalyPowerDemand", "--preset", "fast", "--causal", code=2)
    assert "leave one of them out" in err
    both = ("--preset", "fast", "--members", "network")
    _, err = run("fit", "ItalyPowerDemand", *both, code=2)
    assert "both say what votes" in err
    _, err = run("inspect", tmp_path / "r", "--cost", code=2)
    assert "no network" in err
