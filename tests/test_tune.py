"""The search of settings: what is tried, by what it is judged, what is kept."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from sklearn.model_selection import StratifiedGroupKFold

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.fit import training
from msssm_ts.cli.tune import search as tune_search
from msssm_ts.cli.tune.search import FINISHED, GIVEN_UP, Search, Trial
from msssm_ts.cli.tune.spaces import SPACES
from msssm_ts.optional import install
from msssm_ts.preparation import Preparation

optuna = pytest.importorskip("optuna")
TREES = ("--members", "quantile_trees", "-q")
SEARCHED = ("--space", "preparation", "--folds", "3", "--seed", "1")


def _series() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Series told apart by their shape, behind levels and sizes of their own."""
    rng = np.random.default_rng(0)
    y = np.repeat(["flat", "peak"], 15)
    X = rng.normal(size=(30, 16)) + np.where((y == "peak")[:, None], 4 * np.eye(16)[8], 0)
    return (
        (X * rng.lognormal(0, 2, (30, 1)) + rng.normal(0, 20, (30, 1))).round(4),
        y,
        (np.arange(30) // 2),
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y, patients = _series()
    file = tmp_path_factory.mktemp("data") / "waves.csv"
    with file.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow(["patient", "label", *(f"t{i}" for i in range(16))])
        for patient, label, row in zip(patients, y, X, strict=True):
            table.writerow([f"p{patient:02}", label, *row])
    return file


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    out = tmp_path_factory.mktemp("runs") / "whole"
    return (out, *run("tune", data, *SEARCHED, "--trials", "5", "-o", out, *TREES[:2]))


def _found(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "search.json").read_text())


def test_trials_are_scored_by_folds_of_whole_groups(whole: tuple[Path, str, str]) -> None:
    X, y, patients = _series()
    folds = list(StratifiedGroupKFold(3, shuffle=True, random_state=1).split(X, y, patients))
    found = _found(whole[0])
    assert [row["choices"] for row in found["trials"][:2]] == [
        {"standardize": "auto", "crop": None},
        {"standardize": "centred", "crop": None},
    ]
    for row in found["trials"][:3]:
        how = row["choices"]["standardize"].replace("auto", "global")
        preparation = Preparation(standardize=how, window=row["choices"]["crop"])
        model = MSSSMClassifier(members=["quantile_trees"], random_state=1, preparation=preparation)
        expected = [
            np.mean(
                model.fit(X[train], y[train], groups=patients[train]).predict(X[test]) == y[test]
            )
            for train, test in folds
        ]
        assert [fold["accuracy"] for fold in row["per_fold"]] == pytest.approx(expected)
        assert row["score"] == pytest.approx(np.mean(expected))
        assert row["se"] == pytest.approx(np.std(expected, ddof=1) / 3**0.5)
    assert len({json.dumps(row["choices"]) for row in found["trials"]}) == 5
    assert found["grouped_by"] == "patient"


def test_what_it_gives_and_says(data: Path, whole: tuple[Path, str, str]) -> None:
    out, shown, said = whole
    found = _found(out)
    rows = found["trials"]
    best = rows[found["best"]]
    assert best["score"] == max(row["score"] for row in rows if row["state"] == FINISHED)
    gains = np.subtract(*([f["accuracy"] for f in row["per_fold"]] for row in (best, rows[0])))
    assert found["gain"] == pytest.approx(gains.mean())
    assert found["gain"] > 0
    assert found["gain_se"] == pytest.approx(gains.std(ddof=1) / 3**0.5)
    assert f"as asked  {rows[0]['score']:.4f}" in shown
    assert "a bit too good" in shown
    assert "without features, rate (there is nothing else to try)" in said
    assert f"--resume {out} --trials N" in said
    assert f"Next: msssm-ts fit {data} --config {out / 'best.toml'}" in said
    kept = tomllib.loads((out / "best.toml").read_text())
    assert kept["standardize"] == best["choices"]["standardize"]
    assert not {"space", "trials", "folds", "score", "time-budget"} & kept.keys()
    with (out / "trials.csv").open(newline="") as text:
        table = list(csv.DictReader(text))
    assert [float(row["accuracy"]) for row in table] == [row["score"] for row in rows]
    assert [row["standardize"] for row in table] == [r["choices"]["standardize"] for r in rows]
    shown, said = run("fit", data, "--config", out / "best.toml", "-o", out / "fit", "--json")
    settings = json.loads(shown)["settings"]
    assert settings["preparation"]["standardize"] == best["choices"]["standardize"]
    assert "without effect" not in said


def test_goes_on_as_without_the_cut(
    data: Path, whole: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, n_fits = training.fit_to, 0

    def stopping(*arguments: Any) -> None:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 8:
            raise KeyboardInterrupt
        fit(*arguments)

    monkeypatch.setattr(training, "fit_to", stopping)
    out = tmp_path / "cut"
    _, said = run("tune", data, *SEARCHED, "--trials", "3", "-o", out, *TREES, code=130)
    assert "2 trials are finished; the best so far is in" in said
    assert f"go on with it: msssm-ts tune --resume {out}" in said
    assert (out / "best.toml").exists()
    assert not (out / "search.json").exists()
    _, said = run("tune", data, *SEARCHED, "-o", out, *TREES, code=2)
    assert "cut short" in said
    _, said = run("tune", "--resume", out, "--folds", "4", code=2)
    assert "--folds 4" in said
    run("tune", "--resume", out, "-q")
    assert (n_fits, len(_found(out)["trials"])) == (8 + 2, 3)
    # A search that has ended can have more trials, without the first ones anew.
    run("tune", "--resume", out, "--trials", "5", "-q")
    given_up = sum(3 - len(row["per_fold"]) for row in _found(out)["trials"])
    assert n_fits == 10 + 6 - given_up
    ours, theirs = _found(out), _found(whole[0])
    for row in (*ours["trials"], *theirs["trials"]):
        del row["seconds"]
    assert ours["trials"] == theirs["trials"]
    _, said = run("fit", data, "-o", out, "--force", *TREES, code=2)
    assert "holds a search" in said


def test_ends_where_all_has_been_tried(data: Path, tmp_path: Path) -> None:
    given = ("--space", "preparation", "--folds", "2", "--crop", "4", "--json", *TREES[:2])
    shown, _ = run("tune", data, *given, "-o", tmp_path / "r", "--score", "log_loss")
    found = json.loads(shown)
    assert found["stopped"] == "all 6 settings of the space have been tried"
    assert len({json.dumps(row["choices"]) for row in found["trials"]}) == 6
    best = found["trials"][found["best"]]
    assert best["score"] == min(r["score"] for r in found["trials"] if r["state"] == FINISHED)
    # Less is better.
    gain = found["trials"][0]["score"] - best["score"]
    assert found["gain"] == pytest.approx(gain)
    assert found["next"].endswith("best.toml")


def test_the_time_ends_a_search_but_not_the_first_trial(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "r"
    _, said = run("tune", data, *SEARCHED, "--time-budget", "0.001s", "-o", out, *TREES[:2])
    assert [row["state"] for row in _found(out)["trials"]] == [FINISHED]
    assert f"the time is up; more of it: msssm-ts tune --resume {out} --time-budget TIME" in said
    shown, _ = run("tune", "--resume", out, "--trials", "2", "--time-budget", "1h", "--json")
    assert len(json.loads(shown)["trials"]) == 2


def test_settings_of_a_network_are_not_tried_where_none_is_trained(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _candidates(data, tmp_path, monkeypatch, "all")
    voters = found.candidates.voters({"preset": "default"})
    assert found.candidates.acts("layers", {"preset": "network"}, {})
    assert found.candidates.acts("layers", {"preset": "default"}, {})
    assert not found.candidates.acts("layers", {"preset": "fast"}, {})
    assert not found.candidates.acts("layers", {"preset": "default"}, {voters: {"network"}})
    # The layer that is drawn has a width, too.
    assert found.candidates.acts("width", {"preset": "default"}, {voters: {"network"}})
    seen = {"kinds": ["scan_ridge", "drawn_network"], "epochs": 0}
    trial = Trial(0, {"preset": "default"})
    found._see_absent(trial, seen | {"epochs": 3})
    assert "network" not in found.absent[voters]
    found.absent.clear()
    found._see_absent(trial, seen)
    assert "network" in found.absent[voters]


def _candidates(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: str) -> Search:
    """Return a search that has not begun."""
    begun: list[Search] = []

    def stop(search: Search, quiet: bool) -> None:
        begun.append(search)
        raise KeyboardInterrupt

    monkeypatch.setattr(Search, "go", stop)
    run("tune", data, "--space", space, "-q", "-o", tmp_path / "begun", code=130)
    return begun[0]


def test_gives_up_what_is_clearly_worse(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = _candidates(data, tmp_path, monkeypatch, "preparation")

    def trial(number: int, *scores: float, state: str = FINISHED) -> Trial:
        return Trial(number, {}, [{"scores": {"accuracy": s}} for s in scores], state)

    search.trials = [trial(0, 0.9, 0.8, 0.9, 0.8, 0.9)]
    assert not search._is_hopeless(trial(1, 0.5, 0.4))
    assert search._is_hopeless(trial(1, 0.5, 0.4, 0.6))
    assert not search._is_hopeless(trial(1, 0.9, 0.3, 0.9))
    assert not search._is_hopeless(trial(1, 0.9, 0.8, 0.9))
    assert search._is_hopeless(trial(1, 0.8, 0.7, 0.8))
    # Of equal ones, and of those given up, none is the best.
    search.trials += [trial(1, *[1.0] * 3, state=GIVEN_UP), trial(2, 0.9, 0.8, 0.9, 0.8, 0.9)]
    assert search.best is search.trials[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--space", "network", "--preset", "fast"), "with --preset network one does"),
        (("--members", "scan_ridge"), "--members says who votes"),
        (("--time-budget", "3x"), "such as 90s, 10m or 2h"),
        (("--causal",), "only a network alone reads forward in time"),
        (("--space", "preparation", "--folds", "99"), "--folds 99"),
    ],
)
def test_refused(data: Path, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    _, err = run("tune", data, "-o", tmp_path / "r", *options, code=2)
    assert said in err
    assert not (tmp_path / "r").exists()


def test_without_optuna(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msssm_ts.optional.find_spec", lambda name: None)
    _, err = run("tune", data, "-o", tmp_path / "r", code=2)
    assert f"tune needs optuna, which is not installed; run: {install('tune')}" in err


def test_every_value_of_every_space_can_be_said() -> None:
    from msssm_ts.cli.given.config import _KEYS
    from msssm_ts.cli.tune.search import told

    assert {line.key for space in SPACES.values() for line in space.lines} <= _KEYS["fit"]
    assert all(line.why for space in SPACES.values() for line in space.lines)
    assert told(Trial(1, {"crop": None, "width": 3}), {"crop": 2, "width": 3}) == "crop unset"
    assert tune_search.standard_error([1.0, 3.0]) == pytest.approx(1.0)
