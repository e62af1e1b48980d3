"""Cross-validation with parts of the training series: which parts, and what the curve says."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.crossval.curve import reading
from msssm_ts.cli.crossval.folds import folds_of
from msssm_ts.cli.crossval.parts import parts_of
from msssm_ts.cli.fit import training
from msssm_ts.errors import InputError
from msssm_ts.fitting.targets import encode_targets

TREES = ("--members", "quantile_trees")


def _parts(y: Any, groups: Any = None, n_folds: int = 2) -> tuple[list[Any], list[Any], str]:
    targets = encode_targets(np.asarray(y))
    folds = list(folds_of(targets, groups, n_folds, 1, 3))
    return folds, *parts_of(folds, targets, groups, 3)


def _by_fold(parts: Sequence[Any], number: int) -> dict[int, set[int]]:
    return {part.part: set(part.train.tolist()) for part in parts if part.number == number}


def test_parts_are_stratified_and_lie_within_each_other() -> None:
    y = np.array(["a"] * 240 + ["b"] * 60 + ["c"] * 4)
    folds, parts, line = _parts(y)
    assert line == ""
    for fold in folds:
        own = _by_fold(parts, fold.number)
        assert own[8] < own[4] < own[2] < set(fold.train.tolist())
        for part, rows in own.items():
            assert len(rows) == pytest.approx(152 / part, abs=1)
            counts = [np.sum(y[list(rows)] == name) for name in "abc"]
            assert counts[0] == pytest.approx(120 / part, abs=1)
            assert counts[1] == pytest.approx(30 / part, abs=1)
            assert counts[2] >= 1
        assert all(not own[p] & set(fold.test.tolist()) for p in own)
    again = _parts(y)[1]
    assert all(np.array_equal(a.train, b.train) for a, b in zip(parts, again, strict=True))
    # Which ones is chance: their order among the training series says nothing.
    first = [row for row in folds[0].train if y[row] == "a"][:15]
    assert set(first) - _by_fold(parts, 1)[8]


def test_groups_stay_whole() -> None:
    groups = np.repeat(np.arange(60), 5)
    y = np.where(np.arange(300) % 5 < 1, "rare", np.where(groups % 3 == 0, "a", "b"))
    folds, parts, _ = _parts(y, groups)
    for part in parts:
        taken = np.unique(groups[part.train])
        whole = folds[part.number - 1]
        assert set(part.train) == {i for i in whole.train if groups[i] in taken}
        assert set(y[part.train]) == {"rare", "a", "b"}
        assert len(part.train) == pytest.approx(len(whole.train) / part.part, abs=3)


def test_every_label_stays_in_every_part() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random((64, 3)) < (0.5, 0.3, 0.07)).astype(int)
    folds, parts, _ = _parts(y)
    for part in parts:
        whole = folds[part.number - 1]
        assert (y[part.train].any(0) == y[whole.train].any(0)).all()


def test_parts_that_are_no_smaller_are_told() -> None:
    _, parts, line = _parts(list("aabbccddee") * 2)
    assert "no 1/4 or 1/8 of the series, for a series of every class makes 5" in line
    assert {part.part for part in parts} == {2}
    _, parts, line = _parts(list("abcde") * 8)
    assert "no 1/8 of the series, for a series of every class makes 5" in line
    assert {part.part for part in parts} == {2, 4}
    with pytest.raises(InputError, match="cannot be made fewer without losing a class"):
        _parts(list("aabbcc"))


@pytest.mark.parametrize(
    ("gains", "accuracy", "said"),
    [
        (((0.1, 0.01), (0.05, 0.01)), 0.9, "twice as many series would bring about 0.0250 more"),
        (((0.1, 0.01), (0.05, 0.01)), 0.99, "would bring about 0.0100 more"),
        (((0.1, 0.06), (0.05, 0.01)), 0.9, "by how much this curve does not tell"),
        (((0.04, 0.01), (0.05, 0.01)), 0.9, "by how much this curve does not tell"),
        (((0.05, 0.01),), 0.9, "by how much this curve does not tell"),
        (((0.1, 0.01), (0.05, 0.03)), 0.9, "which chance can do"),
        (((0.1, 0.01), (-0.05, 0.01)), 0.9, "fell by 0.0500"),
        (((0.1, 0.01), (0.05, 0.01)), 1.0, "nothing to add"),
    ],
)
def test_reads_no_more_than_the_curve_says(
    gains: tuple[tuple[float, float], ...], accuracy: float, said: str
) -> None:
    steps = [
        {"from": 10 * 2**i, "to": 20 * 2**i, "gain": gain, "se": se}
        for i, (gain, se) in enumerate(gains)
    ]
    assert said in reading(steps, accuracy)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X, y = _series()
    file = tmp_path_factory.mktemp("data") / "x.csv"
    with file.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow(["label", *(f"t{i}" for i in range(12))])
        table.writerows([label, *row] for label, row in zip(y, X, strict=True))
    return file


def _series() -> tuple[np.ndarray, np.ndarray]:
    y = np.repeat(["calm", "loud"], 16)
    X = np.random.default_rng(0).normal(size=(32, 12)) * np.where(y == "loud", 1.7, 1)[:, None]
    return X.round(4), y


def test_the_curve_is_of_models_of_the_parts(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, n_fits = training.fit_to, 0

    def stopping(*arguments: Any) -> None:
        nonlocal n_fits
        n_fits += 1
        if n_fits == 4:
            raise KeyboardInterrupt
        fit(*arguments)

    monkeypatch.setattr(training, "fit_to", stopping)
    out, asked = tmp_path / "r", ("--folds", "2", "--learning-curve", "--models")
    _, said = run("crossval", data, *asked, "-o", out, *TREES, code=130)
    assert "3 of 8 fits are finished" in said
    shown, said = run("crossval", "--resume", out)
    assert n_fits == 4 + 5
    found = json.loads((out / "scores.json").read_text())
    curve, rows = found["learning_curve"], found["per_fold"]
    X, y = _series()
    targets = encode_targets(y)
    folds = list(folds_of(targets, None, 2, 1, 0))
    parts, _ = parts_of(folds, targets, None, 0)
    expected = [
        np.mean(
            MSSSMClassifier(members=["quantile_trees"], random_state=0)
            .fit(X[part.train], y[part.train])
            .predict(X[part.test])
            == y[part.test]
        )
        for part in parts
    ]
    points = curve["points"]
    assert [p["series"] for p in points] == [2, 4, 8, 16]
    assert [a for p in points[:3] for a in p["per_fold"]] == pytest.approx(expected)
    assert points[3]["per_fold"] == [row["accuracy"] for row in rows]
    for step, few, many in zip(curve["steps"], points, points[1:], strict=False):
        gains = np.subtract(many["per_fold"], few["per_fold"])
        assert step["gain"] == pytest.approx(gains.mean())
        assert step["se"] == pytest.approx(gains.std(ddof=1) / 2**0.5)
    assert curve["reading"] in shown
    assert "(8 fits)" in shown
    # The folds' own scores, answers and models are those of all series.
    assert (found["scores"]["n_series"], len(list((out / "models").iterdir()))) == (32, 2)
    picture = out / "learning_curve.png"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    run("crossval", data, "--folds", "2", "-o", out, "--force", "-q", *TREES)
    assert not picture.exists()
