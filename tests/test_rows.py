"""Data larger than what is held of them: the plan that is said, memory, and the choice of fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.fitting import plan as plan_module
from msssm_ts.fitting.chosen import at_most
from msssm_ts.fitting.data import training_data
from msssm_ts.members import room
from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Room
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.members.shapelet_ridge.shapelet_ridge import ShapeletRidge
from msssm_ts.members.strata import thinned
from msssm_ts.series import LazySeries


def _data(n: int, n_rare: int = 0) -> tuple[list[Any], Any]:
    rng = np.random.default_rng(0)
    y = np.array(["calm", "loud"])[np.arange(n) % 2]
    series = [rng.normal(scale=1 + 4 * (label == "loud"), size=(1, 16)) for label in y]
    y = y.astype(object)
    y[:n_rare] = "rare"
    return series, y


def _learned(model: MSSSMClassifier) -> list[int]:
    facts = model.model_.record.training_data
    assert facts is not None
    counts: list[int] = facts["counts"]
    return counts


def test_a_user_may_learn_from_fewer() -> None:
    series, y = _data(200, n_rare=4)
    chosen = MSSSMClassifier("fast", members=["scan_ridge"], at_most=40, random_state=0)
    counts = _learned(chosen.fit(series, y))
    assert sum(counts) == 40
    assert counts[2] == 4
    assert abs(counts[0] - counts[1]) <= 1
    said = [note for note in chosen.model_.record.notes if note.startswith("at_most=40")]
    assert said == [
        "at_most=40: learned from 40 of 200 series, drawn class by class; of the rarest (1) all"
    ]
    assert set(chosen.predict(series)) <= set(y)


def test_fewer_are_not_taken_where_there_are_not_so_many() -> None:
    series, y = _data(20)
    model = MSSSMClassifier(members=["scan_ridge"], at_most=50, random_state=0).fit(series, y)
    assert sum(_learned(model)) == 20
    assert "at_most=50 had nothing to act on: there are 20 series" in model.model_.record.notes


def test_fewer_series_than_classes_are_refused() -> None:
    series, y = _data(20, n_rare=2)
    with pytest.raises(ValueError, match="at_most=2: 2 series cannot be of 3 classes"):
        MSSSMClassifier(members=["scan_ridge"], at_most=2).fit(series, y)


def test_fewer_stand_for_all_and_what_is_set_aside_stays() -> None:
    series, y = _data(300, n_rare=3)
    aside = np.arange(300) % 10 == 9
    data = training_data(series, y, validation=aside)
    few = at_most(data, 60, 0)
    assert few.validation is not None
    assert few.numbers is not None
    assert len(few) == 60 + 30
    assert few.validation.sum() == 30
    own, codes = ~few.validation, few.targets.encoded
    shares = np.bincount(codes[own], few.weights[own])
    expected = np.bincount(data.targets.encoded[~aside])
    np.testing.assert_allclose(shares / shares.sum(), expected / expected.sum())
    assert [series[i] is s for i, s in zip(few.numbers, few.series, strict=True)] == [True] * 90


@pytest.mark.parametrize("counts", [(5, 5), (90, 9, 1), (500, 3, 3, 3), (7, 1, 1, 1, 1, 1)])
def test_every_class_is_kept(counts: tuple[int, ...]) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    for n in range(len(counts), len(y) + 2):
        kept = thinned(y, n, 0)
        assert len(set(kept)) == min(n, len(y))
        found = np.bincount(y[kept], minlength=len(counts))
        least = np.minimum(counts, max(1, n // (2 * len(counts))))
        assert (found >= least).all()
        assert (found <= counts).all()


def test_little_memory_has_its_limits_kept() -> None:
    rng = np.random.default_rng(0)
    for limit in (40_000_000, 200_000_000, 1_000_000_000, 3_000_000_000):
        there = Room.of({"max_memory": limit})
        for n_features in (1000, 8192, 40_000):
            for n in rng.integers(10, 10**6, 5):
                assert there.held(int(n), n_features) <= limit
    assert Room.of({"max_memory": 10**11}).products == room.MOST_PRODUCTS


def test_little_memory_is_said_and_still_learns() -> None:
    series, y = _data(300)
    codes = (y == "loud").astype(int)
    problem = Problem.of([s.astype(np.float32) for s in series], codes, 2)
    parameters = {"max_memory": 6_000_000}
    said = []
    for kind in (ScanRidge, ShapeletRidge):
        need = kind.need(problem, parameters)
        assert need.in_blocks
        assert need.held <= 6_000_000
        member = kind.fit(problem, 0, parameters)
        assert (member.predict_proba(problem.values).argmax(1) == codes).mean() > 0.9
        said.append(member.said)
    assert said == [
        "learned from 433 of 4352 features: max_memory has no room for more",
        "learned from 433 of 8192 features: max_memory has no room for more",
    ]


class _Told:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, progress: object) -> None:
        pass

    def plan(self, lines: list[str]) -> None:
        self.lines += lines


def test_a_plan_is_said_where_series_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    series, y = _data(60)
    read: list[int] = []

    def decoded(i: int) -> Any:
        read.append(i)
        return series[i]

    monkeypatch.setattr("msssm_ts.preparation.apply.IN_MEMORY", 100)
    told = _Told()
    model = MSSSMClassifier(members=["scan_ridge", "quantile_trees"], random_state=0)
    model.set_params(callbacks=[told]).fit(LazySeries(range(60), decoded, [16] * 60), y)
    plan = model.model_.record.plan
    assert plan is not None
    assert told.lines == plan_module.Plan(**plan).lines()
    assert told.lines[0].startswith("60 series (3.84 kB), read 2 times: at most about ")
    assert (plan["n_passes"], plan["n_bytes"], plan["in_blocks"]) == (2, 3840, ())
    assert 0 < plan["seconds"] < 60
    # Both have gone through all of them; little else was read.
    assert min(np.bincount(read)) >= 2


def test_no_plan_is_said_where_all_is_held() -> None:
    told = _Told()
    model = MSSSMClassifier(members=["scan_ridge"], random_state=0, callbacks=[told])
    assert model.fit(*_data(20)).model_.record.plan is None
    assert told.lines == []


def test_a_plan_counts_copies_blocks_and_memory() -> None:
    series, y = _data(90)
    told = _Told()
    model = MSSSMClassifier("fast", random_state=0, max_memory=3_200_000, callbacks=[told])
    plan = model.fit(series, y).model_.record.plan
    assert plan is not None
    assert set(plan["in_blocks"]) == {"scan_ridge", "shapelet_ridge", "coarse_ridge"}
    assert plan["n_passes"] == 5
    assert plan["held"] - plan["n_bytes"] <= 3_200_000
    assert not plan["exceeds"]
    assert "held: at most about" in told.lines[0]
    assert told.lines[1].startswith("features of all are too many to be held: scan_ridge, shapelet")


def test_members_are_judged_by_the_same_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else, of very many, no series would tell of the whole vote."""
    monkeypatch.setattr(room, "MOST_NUMBERS", 8192 * 40)
    model = MSSSMClassifier(members=["scan_ridge"] * 2 + ["shapelet_ridge"], random_state=0)
    estimate = model.fit(*_data(500)).model_.record.estimate
    assert estimate is not None
    assert estimate["n_series"] == 8192 * 40 // 1792


def test_memory_that_no_fit_takes_is_said() -> None:
    told = _Told()
    model = MSSSMClassifier(members=["shapelet_ridge"], max_memory=10_000, callbacks=[told])
    model.fit(*_data(40))
    assert told.lines[1].startswith("no fit takes as little as max_memory; ")


def test_the_command_line_says_it(tmp_path: Path) -> None:
    import json
    import tomllib

    from typer.testing import CliRunner

    from msssm_ts.cli.app import app

    series, y = _data(60)
    file, run = tmp_path / "x.npz", tmp_path / "run"
    np.savez(file, X=np.stack(series), y=y.astype(str))
    words = ["fit", str(file), "-o", str(run), "--members", "scan_ridge", "--at-most", "40"]
    done = CliRunner().invoke(app, [*words, "--max-memory", "900KB", "--json"])
    assert done.exit_code == 0, done.output
    assert "40 series (2.56 kB), held: at most about" in done.stderr
    assert "at_most=40: learned from 40 of 60 series" in done.stderr
    shown = json.loads(done.stdout)
    assert shown["plan"]["in_blocks"] == ["scan_ridge"]
    assert shown["settings"]["max_memory"] == 900_000
    assert json.loads((run / "metrics.json").read_text())["plan"] == shown["plan"]
    # It decides of what is learned: the same model again asks for it.
    assert tomllib.loads((run / "config.toml").read_text())["max-memory"] == "900KB"
