"""How a fit comes about: splits, members, weights, refits, and what is said of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from member_cases import asked, kinds_of, share_of
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import Interrupted, TrainingError
from msssm_ts.fitted import load_model, save_model
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting import course as module
from msssm_ts.fitting.data import training_data
from msssm_ts.fitting.fit import fit_model
from msssm_ts.fitting.share import vote_of
from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member, State
from msssm_ts.members.network.settings import SSM_LEARNING_RATE, training_settings
from msssm_ts.members.problem import Problem
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.sound import auto_stem_stride
from msssm_ts.model import MSSSMConfig
from msssm_ts.parameters import Parameters
from msssm_ts.preparation import Preparation
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.training import Progress

SIZES: dict[str, Any] = {"d_model": 8, "n_layers": 1, "random_state": 0}


class Spy(Member):
    """Answers what it is told to, and keeps what it was given."""

    kind: ClassVar[str] = "spy"
    given: ClassVar[list[Problem]] = []
    seeds: ClassVar[list[int]] = []
    time: ClassVar[list[float | None]] = []
    answer: ClassVar[Any] = None
    fails: ClassVar[BaseException | None] = None
    n_learned: int = 0

    @classmethod
    def fit(cls, problem: Problem, seed: int, parameters: Mapping[str, Any] | None = None,
            reporter: Any = None, seconds: float | None = None, start: Self | None = None,
            keeper: Any = None,
            ) -> Self:  # fmt: skip
        cls.given.append(problem)
        cls.seeds.append(seed)
        cls.time.append(seconds)
        if cls.fails is not None:
            raise cls.fails
        spy = cls()
        spy.n_learned = len(problem)
        return spy

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        answer: NDArray[np.float64] = type(self).answer(values)
        return answer

    def state(self) -> State:
        return State({}, {})

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        return cls()


class Learner(Spy):
    """The same as a member that learns by steps."""

    kind: ClassVar[str] = "learner"
    learns_by_steps: ClassVar[bool] = True
    given: ClassVar[list[Problem]] = []
    seeds: ClassVar[list[int]] = []
    time: ClassVar[list[float | None]] = []
    fails: ClassVar[BaseException | None] = None


@pytest.fixture(autouse=True)
def _spies(monkeypatch: pytest.MonkeyPatch) -> None:
    MEMBERS.names()
    monkeypatch.setattr(MEMBERS, "_entries", dict(MEMBERS._entries))
    for kind in (Spy, Learner):
        kind.given, kind.seeds, kind.time, kind.fails = [], [], [], None
        MEMBERS.register(kind.kind, "sees all", lambda kind=kind: kind)  # type: ignore[misc]


def _even(values: Prepared) -> NDArray[np.float64]:
    return np.full((len(values), 2), 0.5)


def _truth(values: Prepared) -> NDArray[np.float64]:
    """The first value of a series is its class."""
    first = np.array([s[0, 0] > 0 for s in values.series])
    return np.where(first[:, None] == np.arange(2), 0.9, 0.1)


def _fit(n: int = 40, y: Any = None, source: Source | None = None, **settings: Any) -> Any:
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2 if y is None else y
    first = labels if np.ndim(labels) == 1 else labels[:, 0]
    series = [np.r_[2.0 * c - 1, rng.normal(size=11)][None].astype("f4") for c in first]
    known = {k: settings.pop(k) for k in ("groups", "validation") if k in settings}
    parameters = vars(Parameters(**SIZES | settings))
    data = training_data(series, labels, **known)
    return fit_model(data, parameters, source or Source(1))


VALIDATION = np.arange(40) % 4 < 2


def test_closed_members_learn_from_all_once_the_shares_are_known() -> None:
    Spy.answer, Learner.answer = staticmethod(_even), staticmethod(_truth)
    model = _fit(members=["spy", "learner"], validation=VALIDATION)
    assert [member.n_learned for member in model.vote.members] == [40, 20]
    first, again = Spy.given
    assert (len(first), len(again), len(Learner.given[0])) == (20, 40, 20)
    aside = Learner.given[0].validation
    assert aside is not None
    assert len(aside) == 20
    np.testing.assert_array_equal(again.targets, np.arange(40) % 2)


def test_members_of_a_kind_have_seeds_of_their_own_the_same_in_a_refit() -> None:
    Spy.answer = Learner.answer = staticmethod(_even)
    _fit(members=["spy"] * 3 + ["learner"] * 2, validation=VALIDATION)
    assert Spy.seeds == [0, 1, 2, 0, 1, 2]
    assert Learner.seeds == [0, 1]


def test_groups_and_weights_reach_the_members() -> None:
    Spy.answer = staticmethod(_even)
    groups = np.arange(40) // 4
    _fit(members=["spy"], groups=groups, class_weight={0: 3.0, 1: 1.0})
    (problem,) = Spy.given
    np.testing.assert_array_equal(problem.groups, groups)
    assert problem.weights is not None
    np.testing.assert_allclose(problem.weights, np.where(np.arange(40) % 2, 0.5, 1.5))


def test_windows_of_a_series_are_a_group_and_learn_what_it_is() -> None:
    Spy.answer = staticmethod(_even)
    _fit(members=["spy"], preparation=Preparation(window=4, overlap=0.0))
    (problem,) = Spy.given
    assert problem.groups is not None
    assert len(problem) == 120
    np.testing.assert_array_equal(problem.groups, np.repeat(np.arange(40), 3))
    np.testing.assert_array_equal(problem.targets, np.repeat(np.arange(40) % 2, 3))


def test_a_measured_share_is_the_least_that_does_and_no_vote_is_not_kept() -> None:
    Spy.answer, Learner.answer = staticmethod(_even), staticmethod(_truth)
    good = _fit(members=["spy", "learner"], validation=VALIDATION)
    # Beside one that knows nothing three tenths decide.
    assert [member.kind for member in good.vote.members] == ["spy", "learner"]
    assert good.vote.weights == pytest.approx((0.7, 0.3))
    Spy.answer = staticmethod(lambda values: 1 - _truth(values))
    wrong = _fit(members=["spy", "learner"], validation=VALIDATION)
    assert wrong.vote.weights == pytest.approx((0.3, 0.7))
    Learner.answer = staticmethod(lambda values: 0.4 + 0.2 * _truth(values))
    wrong = _fit(members=["spy", "learner"], validation=VALIDATION)
    # Nine tenths would do; four fifths are the most.
    assert wrong.vote.weights == pytest.approx((0.2, 0.8))
    Spy.answer, Learner.answer = staticmethod(_truth), staticmethod(_even)
    bad = _fit(members=["spy", "learner"], validation=VALIDATION)
    assert [m.kind for m in bad.vote.members] == ["spy"]
    assert bad.vote.weights == (1.0,)
    assert "on the series set aside" in bad.record.notes[0]


def test_who_is_fitted_again_has_what_is_left_of_the_time() -> None:
    Spy.answer, Learner.answer = staticmethod(_even), staticmethod(_truth)
    _fit(members=["spy", "spy", "learner"], validation=VALIDATION)
    assert Spy.time == [None] * 4
    Spy.time.clear()
    _fit(members=["spy", "spy", "learner"], validation=VALIDATION, time_budget=100.0)
    first, _, again, last = (t for t in Spy.time if t is not None)
    assert 20 < first <= 25
    assert 2 * again == pytest.approx(last, rel=0.2)
    assert 80 < last < 100
    # However little that is, nobody is lost.
    Spy.time.clear()
    model = _fit(members=["spy", "learner"], validation=VALIDATION, time_budget=1e-9)
    assert [m.kind for m in model.vote.members] == ["spy", "learner"]
    assert Spy.time[1] == 0.0


def test_who_takes_its_time_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Spy.answer, fit = staticmethod(_even), Spy.fit.__func__

    def slow(cls: Any, *given: Any, **more: Any) -> Any:
        time.sleep(0.2)
        return fit(cls, *given, **more)

    monkeypatch.setattr(Spy, "fit", classmethod(slow))
    model = _fit(members=["spy"] * 3, time_budget=0.3)
    assert [m.kind for m in model.vote.members] == ["spy"]
    assert "1 of 3 spy vote: there was no time for more" in model.record.notes


def test_a_learner_hears_when_it_is_in_vain() -> None:
    Spy.answer, Learner.answer = staticmethod(_truth), staticmethod(_even)
    _fit(members=["spy", "learner"], validation=VALIDATION)
    (problem,) = Learner.given
    assert problem.is_in_vain is not None
    assert problem.validation is not None
    assert problem.is_in_vain(_even(problem.validation.values))
    Spy.answer = staticmethod(_even)
    _fit(members=["spy", "learner"], validation=VALIDATION)
    assert Learner.given[1].is_in_vain is not None
    assert not Learner.given[1].is_in_vain(_truth(problem.validation.values))


def test_thresholds_come_from_the_series_set_aside() -> None:
    """What the member says of training series would put them elsewhere."""
    y = np.stack([np.arange(40) % 2, np.arange(40) // 2 % 2], 1)

    def answer(values: Prepared) -> NDArray[np.float64]:
        right = np.array([s[0, 0] > 0 for s in values.series])
        return np.stack([np.where(right, 0.3, 0.2), np.full(len(right), 0.5)], 1)

    Spy.answer = staticmethod(answer)
    model = _fit(y=y, members=["spy"], validation=VALIDATION)
    assert 0.2 < model.labels.thresholds[0] <= 0.3
    # Without any set aside there is nothing to choose them by.
    assert _fit(y=y, members=["spy"]).labels.thresholds.tolist() == [0.5, 0.5]
    assert len(Spy.given[0]) == 20


def test_thresholds_are_not_those_of_the_training_series(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        module, "best_thresholds", lambda proba, truth: seen.append(truth) or np.full(2, 0.4)
    )
    Spy.answer = staticmethod(_even)
    y = np.stack([np.arange(40) % 2, np.arange(40) // 2 % 2], 1)
    _fit(y=y, members=["spy"], validation=VALIDATION)
    np.testing.assert_array_equal(seen[0], y[VALIDATION])


def test_shapelets_have_a_fifth_of_a_fast_vote_and_ridge_classifiers_three_of_the_rest() -> None:
    model = _fit(preset="fast")
    others = np.array(model.vote.weights[:4])
    assert others / others.sum() == pytest.approx((0.24, 0.24, 0.32, 0.2))
    assert (ScanRidge.prior, QuantileTrees.prior) == (0.6, 0.4)


def test_members_that_are_named_are_fitted_however_few_series_there_are() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    settings = SIZES | {"max_epochs": 1, "init": "random"}
    named = MSSSMClassifier(members=["scan_ridge", "network"], **settings).fit(X, y)
    assert kinds_of(named) == ["scan_ridge", "network"]
    assert share_of(named, "network") == pytest.approx((97 / 180) / (97 / 180 + 0.6))
    assert named.model_.record.notes == ()
    # Asked for by the preset alone it is left out, and that is said with what follows.
    preset = MSSSMClassifier(n_scales=0, core="s6", **SIZES).fit(X, y)
    notes = preset.model_.record.notes
    assert notes[0].startswith("no network votes: its share is measured on series set aside")
    assert notes[1] == "without a network, n_layers=1 had nothing to act on"
    fast = MSSSMClassifier("fast", n_scales=0, core="s6", **SIZES).fit(X, y)
    assert fast.model_.record.notes == (
        "without a network, n_scales=0, core='s6', d_model=8, n_layers=1 had nothing to act on",
    )


@pytest.mark.parametrize(
    ("longest", "rate", "stride"),
    [
        (4096, None, 1), (4097, None, 10), (7495, None, 10), (7505, None, 20),
        (16000, 3999.0, 30), (16000, 4000.0, 40),
    ],
)  # fmt: skip
def test_long_series_become_about_five_hundred_steps(
    longest: int, rate: float | None, stride: int
) -> None:
    assert auto_stem_stride(longest, rate) == stride


def test_the_state_space_rate_is_capped() -> None:
    X = [np.ones((1, 9), np.float32)] * 10
    problem = Problem.of(X, np.arange(10) % 2, 2)

    def rates(learning_rate: float) -> tuple[float, float]:
        parameters = vars(Parameters(learning_rate=learning_rate))
        settings = training_settings(parameters, problem, MSSSMConfig(1, 2), None)
        return settings.learning_rate, settings.ssm_learning_rate

    assert rates(0.01) == (0.01, SSM_LEARNING_RATE) == (0.01, 1e-3)
    assert rates(1e-4) == (1e-4, 1e-4)


def test_validation_makes_training_stop_early() -> None:
    problem = Problem.of([np.ones((1, 9), np.float32)] * 10, np.arange(10) % 2, 2)
    parameters = vars(Parameters(n_iter_no_change=7))
    assert training_settings(parameters, problem, MSSSMConfig(1, 2), None).patience is None
    aside = replace(problem, validation=problem)
    assert training_settings(parameters, aside, MSSSMConfig(1, 2), 5.0).patience == 7
    assert training_settings(parameters, aside, MSSSMConfig(1, 2), 5.0).max_seconds == 5.0
    ours = vars(Parameters())
    assert training_settings(ours, aside, MSSSMConfig(1, 2), None).patience == 20
    # Sound is learned for longer, from smaller batches, and waited for until its rate is low.
    many = Problem.of([np.ones((4, 100), np.float32)] * 400, np.arange(400) % 2, 2)
    many = replace(many, validation=many)
    series = training_settings(ours, many, MSSSMConfig(4, 2), None)
    sound = training_settings(ours, many, MSSSMConfig(4, 2, stem_bands=4), None)
    assert (series.batch_size, series.max_epochs) == (50, 188)
    assert (sound.batch_size, sound.max_epochs, sound.patience) == (32, 231, 116)


def test_what_was_fitted_is_kept_when_the_rest_is_interrupted() -> None:
    Spy.answer = Learner.answer = staticmethod(_even)
    Learner.fails = KeyboardInterrupt()
    with pytest.raises(Interrupted) as caught:
        _fit(members=["spy", "learner"], validation=VALIDATION)
    assert [m.kind for m in caught.value.partial.vote.members] == ["spy"]
    Learner.answer = staticmethod(_truth)
    Learner.fails = TrainingError("it became nan", Learner())
    with pytest.raises(TrainingError) as failed:
        _fit(members=["spy", "learner"], validation=VALIDATION)
    assert [m.kind for m in failed.value.partial.vote.members] == ["spy", "learner"]
    Spy.fails = KeyboardInterrupt()
    with pytest.raises(Interrupted) as nothing:
        _fit(members=["spy"])
    assert nothing.value.partial is None


def test_an_interrupted_estimator_is_fitted_with_what_there_is() -> None:
    def stop(progress: Progress) -> None:
        if progress.step == 2:
            raise KeyboardInterrupt

    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    members = ["scan_ridge", "network"]
    model = MSSSMClassifier(members=members, callbacks=[stop], **SIZES)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert kinds_of(model) == members
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_file_keeps_weights_thresholds_and_constants(tmp_path: Path) -> None:
    """Whatever becomes of the defaults in the code."""
    model = _fit(preset="fast")
    layout = replace(model.vote.members[2].layout, steps_per_quantile=1, depth=5)
    trees = replace(model.vote.members[2], layout=layout)
    first, ridge = model.vote.members[:2]
    features = replace(first.features, span=0.25)
    odd = replace(first, features=features, ridge=replace(first.ridge, temperature=2.5))
    vote = replace(model.vote, members=(odd, ridge, trees), weights=(0.2, 0.1, 0.7))
    labels = replace(model.labels, thresholds=np.array([0.3, 0.6]))
    changed = replace(model, vote=vote, labels=labels)
    save_model(changed, tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert again.vote.weights == (0.2, 0.1, 0.7)
    assert again.labels.thresholds.tolist() == [0.3, 0.6]
    assert again.vote.members[2].layout == layout
    assert again.vote.members[0].features.span == 0.25
    assert again.vote.members[0].ridge.temperature == 2.5
    # What they told was told of others.
    assert again.record == replace(changed.record, members=())
    series = [np.random.default_rng(1).normal(size=(1, 12)).astype(np.float32)]
    np.testing.assert_array_equal(asked(again.vote.members[0], series), asked(odd, series))
    assert not np.array_equal(asked(odd, series), asked(first, series))


def test_a_model_does_not_look_at_the_parameters_again() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    model = MSSSMClassifier(members=["network"], max_epochs=1, **SIZES).fit(X, y)
    before = model.predict_proba(X)
    model.set_params(dtype="float64", missing="mask", preset="fast", batch_size=3, core="s6")
    np.testing.assert_array_equal(model.predict_proba(X), before)
    np.testing.assert_array_equal(model.predict_proba(X.astype(np.float32)), before)


def test_parameters_of_all_networks_are_counted() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    members = ["network", "network"]
    model = MSSSMClassifier(members=members, max_epochs=1, **SIZES).fit(X, y)
    one = sum(p.numel() for p in model.network_.parameters())
    assert model.model_.record.n_parameters == 2 * one
    assert len({m.network.head.bias[0].item() for m in model.model_.vote.members}) == 2


def test_time_stamps_are_checked_carried_and_said_to_be_left_out() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    times = np.tile(np.arange(12.0) ** 2, (20, 1))
    Spy.answer = staticmethod(_even)
    model = MSSSMClassifier(members=["spy"]).fit(X, y, times=times)
    (problem,) = Spy.given
    assert problem.values.times is not None
    np.testing.assert_array_equal(np.stack(problem.values.times), times)
    (note,) = model.model_.record.notes
    assert note.startswith("time stamps were left out, though they are uneven: --stamps grid")
    with pytest.warns(UserWarning, match="time stamps are left out"):
        model.predict_proba(X, times=times)
    cut = MSSSMClassifier(members=["spy"], preparation=Preparation(window=5, overlap=0.0))
    cut.fit(X, y, times=times)
    windows = Spy.given[-1].values
    assert windows.times is not None
    assert [len(t) for t in windows.times] == windows.lengths.tolist()
    np.testing.assert_array_equal(windows.times[0], times[0, : windows.lengths[0]])
    wrong = times.copy()
    wrong[3, 5] = 0
    with pytest.raises(ValueError, match="series 3 go back after step 4"):
        model.fit(X, y, times=wrong)
    with pytest.raises(ValueError, match="it has 12 steps"):
        model.predict_proba(X, times=times[:, :5])
    rate = MSSSMClassifier(members=["spy"], preparation=Preparation(sampling_rate=50.0))
    with pytest.raises(ValueError, match="resampling takes the steps"):
        rate.fit(X, y, times=times, sampling_rate=100.0)


@pytest.mark.parametrize(("offset", "said"), [(0.0, 0), (1e3, 0), (1e7, 1)])
def test_what_float32_cannot_tell_apart_is_said(offset: float, said: int) -> None:
    Spy.answer = staticmethod(_even)
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    model = MSSSMClassifier(members=["spy"]).fit(offset + X, y)
    assert len(model.model_.record.notes) == said
    assert all("float32 resolves" in note for note in model.model_.record.notes)
    exact = MSSSMClassifier(members=["spy"], dtype="float64").fit(offset + X, y)
    assert exact.model_.record.notes == ()


def test_validation_that_nobody_stops_by_is_said() -> None:
    Spy.answer = staticmethod(_even)
    model = _fit(members=["spy"], validation=VALIDATION)
    assert "validation had nothing to act on: no member stops by it" in model.record.notes


def test_a_share_is_the_learned_members_together() -> None:
    vote = vote_of([Spy(), Spy()], [Learner()], 0.3)
    assert vote.weights == pytest.approx((0.35, 0.35, 0.3))
    assert vote_of([Spy()], [], 0.3).weights == (1.0,)
    # Nothing was measured: by what the kinds are worth on average, or are said to be.
    assert vote_of([Spy()], [Learner()]).weights == (0.5, 0.5)
    assert vote_of([Spy()], [Learner()], priors={"spy": 1.5}).weights == (0.75, 0.25)


def test_learning_in_parts_says_nothing_of_members_that_were_not_wanted() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 12)), np.arange(20) % 2
    model = MSSSMClassifier(init="random", **SIZES).partial_fit(X, y)
    assert kinds_of(model) == ["network"]
    assert model.model_.record.notes == ()


def test_why_a_member_is_missing_is_the_real_reason() -> None:
    Spy.answer = Learner.answer = staticmethod(_even)
    Learner.fails = KeyboardInterrupt()
    with pytest.raises(Interrupted) as caught:
        _fit(members=["spy", "learner"], validation=VALIDATION)
    assert caught.value.partial.record.notes[0] == "no learner votes: the fit was cut short"
    beside = _fit(preset="fast", members=["spy"])
    assert "preset='fast' had nothing to act on beside members" in beside.record.notes


def _waves(n: int = 60, length: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Slow and quick waves at any phase, in two channels, and which it is."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    t = np.arange(length) * np.where(y, 0.9, 0.3)[:, None]
    wave = np.sin(t + rng.uniform(0, 6, (n, 1)))
    return np.stack([wave, 20 + rng.normal(size=wave.shape)], 1).astype("f4"), y


QUICK: dict[str, Any] = {"d_model": 16, "n_layers": 1, "max_epochs": 15, "random_state": 0}


@pytest.mark.parametrize("standardize", ["global", "mostly-centred", "centred", "series"])
@pytest.mark.parametrize("preset", ["fast", "network"])
def test_data_of_any_unit_trains_alike(preset: Any, standardize: Any) -> None:
    X, y = _waves()
    own = Preparation(standardize=standardize)
    answers = []
    # Powers of two: nothing is rounded otherwise.
    for unit in (1.0, 2.0**-43, 2.0**43):
        model = MSSSMClassifier(preset, preparation=own, **QUICK).fit(unit * X[:40], y[:40])
        answers.append(model.predict_proba(unit * X[40:]))
    assert (answers[0].argmax(1) == y[40:]).mean() > 0.9
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])


def test_a_filtered_channel_that_keeps_still_stays_so() -> None:
    X, y = _waves()
    X[:, 1] = 5.3
    own = Preparation(bandpass=(1.0, 40.0))
    Spy.answer = staticmethod(_even)
    MSSSMClassifier(members=["spy"], preparation=own).fit(X, y, sampling_rate=100.0)
    for given in Spy.given:
        assert not any(s[1].any() for s in given.values.series)


def test_one_outlier_does_not_ruin_a_network(tmp_path: Path) -> None:
    X, y = _waves()
    X[16, 0, 2] = 1e5
    as_it_comes = MSSSMClassifier(members=["network"], preparation=Preparation(limits=()), **QUICK)
    as_it_comes.fit(X[:40], y[:40])
    assert as_it_comes.score(X[40:], y[40:]) < 0.8
    model = MSSSMClassifier(members=["network"], **QUICK).fit(X[:40], y[:40])
    assert model.score(X[40:], y[40:]) > 0.9
    assert model.model_.record.notes[0].startswith("1 value of channel 1 (series 17, step 3: 1")
    # Kept with the model, and done again to what is predicted.
    save_model(model.model_, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors", "cpu")
    limits = loaded.preparation.limits
    assert limits == model.model_.preparation.limits
    assert limits is not None
    assert limits[0] is not None
    beside = X[40:].copy()
    beside[:, 0, 5], X[40:, 0, 5] = 1e4, limits[0][1]
    np.testing.assert_array_equal(loaded.predict_proba(beside), model.predict_proba(X[40:]))


def test_ordinary_data_is_not_limited() -> None:
    Spy.answer = staticmethod(_even)
    model = _fit(members=["spy"])
    assert model.preparation.limits is None
    assert "limits" not in model.preparation.to_dict()
    assert not any("far from" in note for note in model.record.notes)


def test_limits_stay_those_of_the_first_fit() -> None:
    X, y = _waves()
    X[16, 0, 2] = 1e5
    model = MSSSMClassifier(**SIZES).partial_fit(X, y)
    limits = model.model_.preparation.limits
    assert limits
    model.partial_fit(X[:10], y[:10])
    assert model.model_.preparation.limits == limits


@pytest.mark.parametrize("lazy", [False, True])
def test_a_wild_value_is_named_before_anything_is_trained(lazy: bool) -> None:
    X, y = _waves()
    X[6, 1, 8] = 1e20
    weights = (np.arange(60) != 2).astype(float)
    given = LazySeries(range(60), X.__getitem__, [40] * 60) if lazy else X
    with pytest.raises(ValueError, match=r"series 7, step 9, channel 'b': 1e\+20 is"):
        MSSSMClassifier(members=["spy"]).fit(given, y, weights, channel_names=["a", "b"])
    assert Spy.given == []


@pytest.mark.parametrize(
    "member", ["network", "scan_ridge", "quantile_trees", "shapelet_ridge", "drawn_network"]
)
@pytest.mark.parametrize(
    "own",
    [
        Preparation(),
        Preparation(bandpass=(1.0, 40.0), standardize="series"),
        Preparation(sampling_rate=80.0, standardize="centred"),
        Preparation(features="logmel", frame_length=0.1, frame_step=0.05),
    ],
)
def test_answers_about_wild_values_are_finite(member: str, own: Preparation) -> None:
    X, y = _waves()
    model = MSSSMClassifier(members=[member], preparation=own, **{**QUICK, "max_epochs": 1})
    model.fit(X, y, sampling_rate=100.0)
    X = X[:4].copy()
    X[0, 0, 3], X[1, 0, :] = 3.4e38, 3.4e38
    X[2, :, ::2], X[2, :, 1::2] = -3.4e38, 3.4e38
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("preset", ["fast", "network"])
def test_padding_is_no_part_of_a_series(preset: Any) -> None:
    X, y = _waves()
    lengths = np.random.default_rng(0).integers(20, 41, len(X))
    padded = np.where(np.arange(40) < lengths[:, None, None], X, np.nan)
    cut = [x[:, :n] for x, n in zip(X, lengths, strict=True)]
    settings = QUICK | {"max_epochs": 2}
    known = MSSSMClassifier(preset, **settings).fit(cut, y).predict_proba(cut)
    for missing in ("error", "mask", "interpolate"):
        model = MSSSMClassifier(preset, missing=missing, **settings).fit(padded, y)
        np.testing.assert_array_equal(model.predict_proba(padded), known)


def test_spectra_of_any_unit_train_alike() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    t = np.arange(800) * np.where(y, 0.9, 0.3)[:, None]
    X = 0.7 * (np.sin(t + rng.uniform(0, 6, (24, 1))) + 0.01 * rng.normal(size=t.shape))
    X = X[:, None].astype("f4")
    own = Preparation(features="logmel", standardize="mostly-centred")
    answers = []
    for unit in (1.0, 2.0**-43, 2.0**15):
        model = MSSSMClassifier("fast", preparation=own, random_state=0)
        model.fit(unit * X, y, sampling_rate=8000.0)
        answers.append(model.predict_proba(unit * X))
        notes = model.model_.record.notes
        assert any("where sound has amplitude 1" in note for note in notes) == (unit != 1)
        assert ("full_scale" in model.model_.preparation.to_dict()) == (unit != 1)
    assert (answers[0].argmax(1) == y).all()
    np.testing.assert_array_equal(answers[1], answers[0])
    np.testing.assert_array_equal(answers[2], answers[0])
