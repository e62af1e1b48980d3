"""Cross-validation from the terminal: what is divided, what is said, what is kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from sklearn.model_selection import StratifiedGroupKFold

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.fit import training

TREES = ("--members", "quantile_trees", "-q")
DIVIDED = ("--folds", "3", "--repeats", "2")


def _series() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.repeat(["calm", "loud"], 12)
    X = (
        np.random.default_rng(0).normal(size=(24, 16)).round(3)
        * np.where(y == "loud", 1.6, 1)[:, None]
    )
    return X.round(4), y, np.repeat(np.arange(12), 2)


def _write(file: Path, X: np.ndarray, **columns: Any) -> Path:
    with file.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow([*columns, *(f"t{i}" for i in range(X.shape[1]))])
        table.writerows([*facts, *row] for *facts, row in zip(*columns.values(), X, strict=True))
    return file


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y, patients = _series()
    names = [f"p{p:02}" for p in patients]
    ids = [f"s{i:02}" for i in range(len(y))]
    file = tmp_path_factory.mktemp("data") / "waves.csv"
    return _write(file, X, id=ids, patient=names, label=y)


@pytest.fixture(scope="module")
def whole(grouped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    run("crossval", grouped, *DIVIDED, "--models", "-o", out, *TREES)
    return out


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "predictions.csv").open(newline="") as text:
        return list(csv.DictReader(text))


def _scores(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "scores.json").read_text())


def test_each_fold_is_answered_by_a_fit_of_the_others(whole: Path) -> None:
    X, y, groups = _series()
    codes = np.array([f"p{g:02}" for g in groups])
    rows = _rows(whole)
    assert list(rows[0]) == [
        *("id", "group", "fold", "repeat", "label", "prediction", "p_calm", "p_loud")
    ]
    assert len(rows) == 48
    for repeat in range(2):
        folds = StratifiedGroupKFold(3, shuffle=True, random_state=repeat).split(X, y, groups)
        for number, (train, test) in enumerate(folds, 1):
            asked = {"fold": str(number), "repeat": str(repeat + 1)}
            own = [row for row in rows if asked.items() <= row.items()]
            assert [row["id"] for row in own] == [f"s{i:02}" for i in test]
            assert [row["group"] for row in own] == codes[test].tolist()
            model = MSSSMClassifier(members=["quantile_trees"], random_state=0)
            proba = model.fit(X[train], y[train], groups=codes[train]).predict_proba(X[test])
            said = np.array([[float(row["p_calm"]), float(row["p_loud"])] for row in own])
            np.testing.assert_array_equal(said, proba.round(6))
            kept = whole / "models" / f"repeat{repeat + 1}-fold{number}.safetensors"
            np.testing.assert_array_equal(MSSSMClassifier.load(kept).predict_proba(X[test]), proba)


def test_scores_are_those_of_the_predictions(whole: Path) -> None:
    rows, found = _rows(whole), _scores(whole)
    right = np.array([row["label"] == row["prediction"] for row in rows])
    assert 0.5 < right.mean() < 1
    assert found["scores"]["accuracy"] == right.mean()
    loss = [-np.log(float(row[f"p_{row['label']}"])) for row in rows]
    assert found["scores"]["log_loss"] == pytest.approx(np.mean(loss), rel=1e-3)
    fold = np.array([(int(row["repeat"]) - 1) * 3 + int(row["fold"]) - 1 for row in rows])
    by_fold = [right[fold == i].mean() for i in range(6)]
    assert [row["accuracy"] for row in found["per_fold"]] == pytest.approx(by_fold)
    assert found["over_folds"]["accuracy"]["sd"] == pytest.approx(np.std(by_fold, ddof=1))
    # Repeats ask the same patients again: they are no more of them.
    assert (found["grouped_by"], found["scores"]["bootstrap"]["n_units"]) == ("patient", 12)
    low, high = found["scores"]["bootstrap"]["overall"]["accuracy"]
    assert low < right.mean() < high
    assert found["scores"]["accuracy_interval"]["low"] < right.mean()


def test_goes_on_with_the_folds_that_are_left(
    grouped: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, n_fits = training.fit_to, 0

    def stopping(*arguments: Any) -> None:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 3:
            raise KeyboardInterrupt
        fit(*arguments)

    monkeypatch.setattr(training, "fit_to", stopping)
    data, out = tmp_path / "waves.csv", tmp_path / "cut"
    data.write_bytes(grouped.read_bytes())
    _, err = run("crossval", data, *DIVIDED, "-o", out, *TREES, code=130)
    assert f"2 of 6 folds are finished; go on with it: msssm-ts crossval --resume {out}" in err
    assert not (out / "scores.json").exists()
    _, err = run("crossval", data, *DIVIDED, "-o", out, *TREES, code=2)
    assert "cut short" in err
    _, err = run("fit", "--resume", out, code=2)
    assert f"msssm-ts crossval --resume {out}" in err
    _, err = run("crossval", "--resume", out, "--folds", "4", code=2)
    assert "--folds 4" in err
    data.write_text(grouped.read_text().replace("calm", "mild"))
    _, err = run("crossval", "--resume", out, code=2)
    assert "the labels of the training data are not those" in err
    data.write_bytes(grouped.read_bytes())
    _, err = run("crossval", "--resume", out)
    assert n_fits == 3 + 4
    assert "fold 2 of 3: kept, accuracy" in err
    assert (out / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
    assert _scores(out)["scores"] == _scores(whole)["scores"]
    assert not (out / "checkpoint").exists()
    _, err = run("crossval", "--resume", out, code=2)
    assert "finished" in err


def test_another_seed_divides_otherwise(grouped: Path, whole: Path, tmp_path: Path) -> None:
    out, _ = run(
        *("crossval", grouped, "--folds", "2", "--seed", "5", "-o", tmp_path / "a", "--json"),
        *("--sensitivity", "0.9", *TREES),
    )
    found = json.loads(out)
    assert found == {"run": str(tmp_path / "a"), **_scores(tmp_path / "a")}
    folds = StratifiedGroupKFold(2, shuffle=True, random_state=5).split(*_series())
    numbers = [row["fold"] for row in _rows(tmp_path / "a")]
    for number, (_, test) in enumerate(folds, 1):
        assert {numbers[i] for i in test} == {str(number)}
    point = found["scores"]["operating_point"]
    rows = [row for row in _rows(tmp_path / "a") if row["label"] == "loud"]
    hits = np.mean([row["prediction"] == "loud" for row in rows])
    assert (point["positive"], point["sensitivity"]["value"]) == ("loud", pytest.approx(hits))
    least = {str(row["fold"]): row["decision"]["threshold"] for row in found["per_fold"]}
    for row in _rows(tmp_path / "a"):
        assert (row["prediction"] == "loud") == (float(row["p_loud"]) >= least[row["fold"]])
    assert any(
        (row["prediction"] == "loud") != (float(row["p_loud"]) > 0.5)
        for row in _rows(tmp_path / "a")
    )


def test_folders_are_not_replaced_unasked(grouped: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    run("crossval", grouped, "--folds", "2", "--models", "-o", out, *TREES)
    _, err = run("crossval", grouped, "-o", out, *TREES, code=2)
    assert "--force" in err
    _, err = run("fit", grouped, "--force", "-o", out, *TREES, code=2)
    assert "holds a cross-validation" in err
    run("crossval", grouped, "--folds", "2", "--ungrouped", "--force", "-o", out, *TREES)
    assert not list((out / "models").iterdir())
    assert _scores(out)["grouped_by"] is None
    by_patient: dict[str, set[str]] = {}
    for row in _rows(out):
        by_patient.setdefault(row["group"], set()).add(row["fold"])
    assert any(len(folds) > 1 for folds in by_patient.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--folds", "13"), "no class has more than 12 series"),
        (("--folds", "7", "--group", "half"), "there are 2 groups"),
        (("--sensitivity", "0.9", "--positive", "x"), "there is no such class"),
    ],
)
def test_refused(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    X, y, _ = _series()
    data = _write(tmp_path / "x.csv", X, half=["a", "b"] * 12, label=y)
    _, err = run("crossval", data, "-o", tmp_path / "r", *options, *TREES, code=2)
    assert said in err
    assert not (tmp_path / "r").exists()


def test_a_class_of_one_series_is_told(tmp_path: Path) -> None:
    X, y, _ = _series()
    y = np.where(np.arange(24) == 5, "alone", y)
    data = _write(tmp_path / "x.csv", X, label=y)
    asked = ("--folds", "2", "--repeats", "2", "-o", tmp_path / "r")
    _, err = run("crossval", data, *asked, *TREES[:2])
    assert "alone: 1 series only, the model that is tested on it has never seen it" in err
    row = _rows(tmp_path / "r")[5]
    assert (row["label"], row["p_alone"], row["id"]) == ("alone", "0.0", "6")
    # Series that were asked twice are not twice as many.
    found = _scores(tmp_path / "r")["scores"]["bootstrap"]
    assert (found["n_units"], found["units"]) == (24, "series")


def test_several_labels_and_features_beside(tmp_path: Path) -> None:
    X, y, _ = _series()
    loud, even, age = (y == "loud").astype(int), np.arange(24) % 2, np.arange(24) % 2 * 30 + 20
    data = _write(tmp_path / "x.csv", X, age=age, loud=loud, even=even)
    _, err = run(
        *("crossval", data, "--label", "loud,even", "--with", "age", "--folds", "2", "--models"),
        *("-o", tmp_path / "r", *TREES[:2]),
    )
    assert "beside them age" in err
    rows = _rows(tmp_path / "r")
    assert rows[13]["label"] == "loud;even"
    # Told by the age alone.
    assert np.mean([("even" in row["prediction"]) == (i % 2) for i, row in enumerate(rows)]) > 0.9
    for number in ("1", "2"):
        model = MSSSMClassifier.load(
            tmp_path / "r" / "models" / f"repeat1-fold{number}.safetensors"
        )
        for row in rows:
            if row["fold"] == number:
                names = zip(("loud", "even"), model.thresholds_, strict=True)
                said = [name for name, least in names if float(row[f"p_{name}"]) >= least]
                assert row["prediction"] == ";".join(said)
    right = [
        (name in row["label"]) == (name in row["prediction"])
        for row in rows
        for name in ("loud", "even")
    ]
    assert _scores(tmp_path / "r")["scores"]["accuracy"] == pytest.approx(np.mean(right))


def test_models_of_folds_are_fitted_as_fit_would(
    grouped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, learned = training.fit_to, []

    def telling(model: Any, series: Any, *more: Any) -> None:
        learned.append((series.ids[series.validation].tolist(), len(more[-1])))
        fit(model, series, *more)

    monkeypatch.setattr(training, "fit_to", telling)
    (tmp_path / "aside.txt").write_text("s01\ns05\ns14\ns22\n")
    X, _, _ = _series()
    more = _write(tmp_path / "more.csv", X[:5])
    asked = ("--folds", "2", "--validation", tmp_path / "aside.txt", "--unlabelled", more)
    out = tmp_path / "r"
    models = ("--models", "--exemplars", "3", "--members", "scan_ridge")
    _, err = run("crossval", grouped, *asked, *models, "-o", out)
    tested = [{r["id"] for r in _rows(out) if r["fold"] == str(n)} for n in (1, 2)]
    aside = ["s01", "s05", "s14", "s22"]
    assert [ids for ids, _ in learned] == [[i for i in aside if i not in t] for t in tested]
    assert [n for _, n in learned] == [5, 5]
    assert "more.csv: 5 series" in err
    for number, own in enumerate(tested, 1):
        model = MSSSMClassifier.load(out / "models" / f"repeat1-fold{number}.safetensors")
        names = set(model.model_.exemplars.names)
        assert names
        assert not names & own

    (tmp_path / "aside.txt").write_text("s01\n")
    _, err = run("crossval", grouped, *asked, "--force", "-o", out, *TREES, code=2)
    assert "leaves fold" in err
    assert "no series of it to train with; leave it out" in err


def test_exemplars_without_models_are_said_to_do_nothing(grouped: Path, tmp_path: Path) -> None:
    asked = ("--folds", "2", "--exemplars", "3", "-o", tmp_path / "r", *TREES[:2])
    _, err = run("crossval", grouped, *asked)
    assert "--exemplars 3 has nothing to act on: models of the folds are kept with --models" in err
    assert _scores(tmp_path / "r")["settings"].get("exemplars", 0) == 0
