"""Tables of what is kept of experiments on parts of the network."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module("core_tables")


def _kept(runs: dict[str, tuple[float, float, int]]) -> str:
    return json.dumps({"machine": {}, "runs": runs})


def test_a_row_is_an_arm_beside_the_same_series(
    tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {}
    for name, seed, gained in (("ERing", 0, 0.1), ("ERing", 1, -0.1), ("waves", 0, 0.3)):
        runs[f"{name}/{seed}/mix"] = (0.5, 2.0, 1000)
        runs[f"{name}/{seed}/scan"] = (0.5 + gained, 4.0, 3000)
        runs[f"{name}/{seed}/scan, channels permuted"] = (0.4 + gained, 9.0, 3000)
    # Without the baseline beside it, it is not compared.
    runs["ERing/2/scan"] = (1.0, 100.0, 9)
    (tmp_path / "variates.json").write_text(_kept(runs))
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    _, _, *rows = tables.summary()
    assert rows == [
        "| variates | scan | mix | +.100 ± .115 | scan, channels permuted | +.100 ± .000 | 2 | 1–2 "
        "| 2.0 | 3 000 for 1 000 |"
    ]
    (experiment,) = tables.experiments(["variates"])
    known = [line for line in tables.table(experiment) if line.startswith("| scan |")]
    assert known == ["| scan | 0.667 | 0.800 | 0.733 | +.100 ± .115 | 28.0 | 2,252 |"]


def test_seconds_are_compared_where_arms_ran_in_turns(
    tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms = {"all steps": (0.5, 1.0, 10), "pyramid": (0.5, 5.0, 10)}
    runs = {f"Rock/{seed}/{arm}": came for seed in (0, 1) for arm, came in arms.items()}
    (tmp_path / "pyramid.json").write_text(_kept(runs))
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    *_, row = tables.summary()
    assert row.endswith("| 1 | 2 | – | 10 for 10 |")


def test_controls_are_arms_of_their_experiment(tables: ModuleType) -> None:
    for experiment in tables.experiments([]):
        names = {arm.name for arm in experiment.arms}
        others = {n for arm in experiment.arms for n in (arm.against, arm.control)} - {""}
        assert others | {experiment.baseline} <= names, experiment.name


def test_every_arm_can_be_run(tables: ModuleType) -> None:
    for experiment in tables.experiments([]):
        for arm in experiment.arms:
            taken = [*inspect.signature(arm.score).parameters]
            assert taken == ["sides", "parameters", "seed"], (experiment.name, arm.name)
            with arm.network():
                pass
