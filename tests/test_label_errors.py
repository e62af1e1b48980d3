"""Labels that look wrong: which come first, which are flagged, and what crossval writes of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run

from msssm_ts.analysis.data.label_errors import alike, flips, label_errors, neighbour

TREES = ("--members", "quantile_trees", "--folds", "3")


def _doubtful(n: int, n_classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    given = rng.integers(0, n_classes, n)
    odds = rng.normal(size=(n, n_classes)) + 1.5 * np.eye(n_classes)[given]
    proba = np.exp(odds)
    return given, proba / proba.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_confident_joint_is_that_of_its_definition(seed: int) -> None:
    given, proba = _doubtful(60, 4, seed)
    found = label_errors(given, proba)
    needed = [np.mean([proba[i, j] for i in range(60) if given[i] == j]) for j in range(4)]
    counts = np.zeros((4, 4))
    flagged = []
    for i in range(60):
        sure = [j for j in range(4) if proba[i, j] >= needed[j]]
        if sure:
            place = max(sure, key=lambda j: proba[i, j])
            counts[given[i], place] += 1
            flagged += [i] if place != given[i] else []
    assert np.flatnonzero(found.flagged).tolist() == flagged
    assert len(flagged) > 2
    labelled = np.bincount(given, minlength=4)
    np.testing.assert_allclose(found.joint, counts / counts.sum(1)[:, None] * labelled[:, None])
    assert found.joint.sum() == pytest.approx(60)
    told = flips(found)
    assert all(i != j and n == pytest.approx(found.joint[i, j]) for i, j, n in told)
    assert [n for *_, n in told] == sorted((n for *_, n in told), reverse=True)


def test_order_is_that_of_the_margin_and_suggests_another_class() -> None:
    given, proba = _doubtful(50, 3, 5)
    found = label_errors(given, proba)
    best = [max(proba[i, j] for j in range(3) if j != given[i]) for i in range(50)]
    margin = [(proba[i, given[i]] - best[i] + 1) / 2 for i in range(50)]
    assert found.margin == pytest.approx(margin)
    assert sorted(found.order) == list(range(50))
    assert (np.diff(found.margin[found.order]) >= 0).all()
    assert (found.suggested != given).all()


def test_a_class_without_labels_and_one_of_which_nothing_is_sure() -> None:
    given = np.array([0, 0, 1, 1])
    proba = np.array([[0.6, 0.3, 0.1], [0.5, 0.3, 0.2], [0.2, 0.1, 0.7], [0.2, 0.7, 0.1]])
    found = label_errors(given, proba)
    assert not found.flagged.any()
    assert found.joint.tolist() == [[2, 0, 0], [0, 2, 0], [0, 0, 0]]


def test_series_of_any_length_are_compared() -> None:
    t = np.linspace(0, 1, 50)
    slow, fast = np.sin(6 * t)[None], np.sin(25 * t)[None]
    gaps = slow.copy()
    gaps[0, 10:14] = np.nan
    rows = alike([slow, fast, gaps[:, ::2], fast * 1.1, np.zeros((1, 1))])
    assert rows.shape == (5, 128)
    assert np.isfinite(rows).all()
    assert neighbour(rows, 0, np.arange(4)) == 2
    assert neighbour(rows, 1, np.arange(4)) == 3
    assert neighbour(rows, 1, np.array([1])) is None


def _table(path: Path, columns: dict[str, Any], X: np.ndarray) -> Path:
    with path.open("w", newline="") as text:
        table = csv.writer(text)
        table.writerow([*columns, *(f"t{i}" for i in range(X.shape[1]))])
        table.writerows([*facts, *row] for *facts, row in zip(*columns.values(), X, strict=True))
    return path


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Waves of which two of thirty have the other's label."""
    rng = np.random.default_rng(0)
    loud = np.repeat([False, True], 15)
    X = (rng.normal(size=(30, 16)) * np.where(loud, 4, 1)[:, None]).round(4)
    labels = np.where(loud, "loud", "calm")
    labels[[3, 20]] = ["loud", "calm"]
    columns = {
        "id": [f"s{i:02}" for i in range(30)],
        "patient": [f"p{i // 2:02}" for i in range(30)],
        "label": labels,
    }
    return _table(tmp_path_factory.mktemp("data") / "waves.csv", columns, X)


def test_crossval_ranks_and_draws_them(waves: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    ask = ("crossval", waves, *TREES, "--bootstrap", "2", "-o", out)
    shown, err = run(*ask, "--repeats", "2", "--label-errors")
    assert "labels that look wrong: " in shown
    assert f"drawn: {out / 'label_errors.png'}" in err
    with (out / "label_errors.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert list(rows[0]) == [
        *("row", "id", "group", "label", "suggested", "p_label", "p_suggested", "score", "flagged")
    ]
    first = {row["id"]: row for row in rows[:2]}
    assert set(first) == {"s03", "s20"}
    of_calm = first["s20"]
    assert (of_calm["row"], of_calm["label"], of_calm["suggested"]) == ("21", "calm", "loud")
    assert (of_calm["flagged"], rows[-1]["flagged"]) == ("1", "0")
    # What they rest on: answers of folds, the mean of both repeats.
    with (out / "predictions.csv").open(newline="") as text:
        told = [float(row["p_calm"]) for row in csv.DictReader(text) if row["id"] == "s20"]
    assert len(told) == 2
    assert float(of_calm["p_label"]) == pytest.approx(np.mean(told), abs=1e-6)
    facts = json.loads((out / "scores.json").read_text())["label_errors"]
    assert facts["n_flagged"] == sum(row["flagged"] == "1" for row in rows)
    assert facts["first"][0]["id"] == rows[0]["id"]
    assert {flip["label"] for flip in facts["expected_flips"]} == {"calm", "loud"}
    assert (out / "label_errors.png").read_bytes()[:4] == b"\x89PNG"
    # Not those of another cross-validation.
    run(*ask, "--force", "-q")
    assert not list(out.glob("label_errors*"))


def test_several_labels_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [("a", "b", "a;b")[i % 3] for i in range(12)]
    series = rng.normal(size=(12, 1, 10)).astype(np.float32)
    matrix = np.array([["a" in text, "b" in text] for text in labels], int)
    np.savez(tmp_path / "both.npz", X=series, y=matrix)
    ask = ("crossval", tmp_path / "both.npz", *TREES, "--label-errors", "-o", tmp_path / "run")
    _, err = run(*ask, code=2)
    assert "--label-errors is of one class a series" in err
    assert not (tmp_path / "run").exists()
