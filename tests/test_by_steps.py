"""How many members that learn by steps are trained, and how long each may take."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from member_cases import kinds_of
from test_fitting import Spy

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import TrainingError
from msssm_ts.fitting.by_steps import fit_by_steps
from msssm_ts.members.member import Member
from msssm_ts.members.presets import PRESETS, Seat, taken
from msssm_ts.members.problem import Problem
from msssm_ts.parameters import Parameters
from msssm_ts.preparation import Preparation

_FOUR = (Seat("network", 4),)


def _trained(
    seats: tuple[Seat, ...] = _FOUR,
    budget: float | None = None,
    each: float = 0.0,
    problem: Problem | None = None,
    **parameters: Any,
) -> tuple[list[tuple[int, int]], list[float | None], dict[str, str]]:
    """Return which were trained of how many, the seconds that each had, and what is said."""
    asked: list[tuple[int, int]] = []
    given: list[float | None] = []
    into: list[Member] = []
    began = time.perf_counter()

    def one(seat: Seat, i: int, n: int, seconds: float | None, start: Member | None) -> Member:
        asked.append((i, n))
        given.append(seconds)
        time.sleep(each)
        return Spy()

    left = None if budget is None else lambda: budget - (time.perf_counter() - began)
    few = fit_by_steps(
        into, seats, problem or _problem(), vars(Parameters(**parameters)), left, one, ()
    )
    assert len(into) == len(asked)
    return asked, given, few


def _problem(**more: Any) -> Problem:
    return Problem.of([np.zeros((2, 50))] * 8, np.arange(8) % 2, 2, **more)


def test_the_first_has_the_time_and_others_follow_where_they_can_take_as_long() -> None:
    asked, given, few = _trained(budget=1.0, each=0.3)
    assert asked == [(0, 4), (1, 4), (2, 4)]
    assert given == pytest.approx([1.0, 0.7, 0.4], abs=0.1)
    assert few == {"network": "3 of 4 network vote: there was no time for more"}
    asked, given, few = _trained()
    assert (len(asked), set(given), few) == (4, {None}, {})


def test_who_names_members_has_them_all_each_in_its_part() -> None:
    asked, given, few = _trained(budget=1.0, each=0.3, members=["network"] * 4)
    assert given == pytest.approx([0.25, 0.7 / 3, 0.2, 0.1], abs=0.1)
    assert (len(asked), few) == (4, {})


def test_where_the_first_tells_next_to_nothing_the_others_are_not_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Spy, "answer", lambda values: np.full((len(values), 2), 0.5))
    vain = replace(
        _problem(), validation=_problem(), is_in_vain=lambda proba: proba.shape == (8, 2)
    )
    asked, _, few = _trained(problem=vain)
    assert len(asked) == 1
    assert "the first added next to nothing" in few["network"]
    assert len(_trained(problem=vain, members=["network"] * 4)[0]) == 4
    of_use = replace(vain, is_in_vain=lambda proba: False)
    assert len(_trained(problem=of_use)[0]) == 4


def test_of_networks_that_do_not_vote_it_is_not_said_that_some_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PRESETS, "fast", (Seat("scan_ridge"), Seat("network", 3)))
    y = np.arange(300) % 2
    X = np.random.default_rng(0).normal(size=(300, 20)) + 5 * y[:, None]
    model = MSSSMClassifier("fast", random_state=0, d_model=4, n_layers=1, max_epochs=4).fit(X, y)
    said = [line for line in model.model_.record.notes if "vote" in line]
    assert said == ["no network votes: on the series set aside it did not help the others"]


def test_who_is_cut_short_is_there_as_far_as_it_came() -> None:
    into: list[Member] = []

    def fails(*_: Any) -> Member:
        error = TrainingError("no")
        error.partial = Spy()
        raise error

    with pytest.raises(TrainingError):
        fit_by_steps(into, _FOUR, _problem(), vars(Parameters()), None, fails, ())
    assert len(into) == 1


@pytest.mark.parametrize("preset", ["default", "network"])
def test_presets_train_several_networks_of_sound(preset: str) -> None:
    for is_sound, n in ((False, 1), (True, 4)):
        seats = [s for s in taken(PRESETS[preset], is_sound) if s.kind == "network"]
        assert len(_trained(seats)[0]) == n


def test_networks_of_sound_have_seeds_of_their_own() -> None:
    t = np.arange(4000) / 8000
    X = [np.sin(2 * np.pi * hertz * t + i) for i in range(6) for hertz in (400.0, 900.0)]
    model = MSSSMClassifier(
        "network", preparation=Preparation(features="logmel"), max_epochs=1, d_model=4, n_layers=1,
        random_state=0,
    ).fit(X, ["low", "high"] * 6, sampling_rate=8000.0)  # fmt: skip
    assert kinds_of(model)[-4:] == ["network"] * 4
    first, second, *_ = model.networks_
    assert not np.array_equal(first.head.weight.detach(), second.head.weight.detach())
