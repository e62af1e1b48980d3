"""Prediction sets: as many hold the true class as is asked for."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from numpy.typing import NDArray

from msssm_ts.fitted import Coverage, load_model, save_model
from msssm_ts.fitted.artifact import read_header
from msssm_ts.fitted.coverage import Scores, coverage_from
from msssm_ts.fitted.schema import check_header
from msssm_ts.fitting.coverage import calibrated, told
from msssm_ts.fitting.targets import encode_targets


def _answers(n: int, seed: int, rare: float = 0.1) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Draw classes, and probabilities that know something of them, less of the rare one."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < rare).astype(int)
    odds = rng.normal(np.where(truth, 0.2, -2), 1.5)
    second = 1 / (1 + np.exp(-odds))
    return truth, np.stack([1 - second, second], axis=1)


def test_sets_cover_what_is_asked_for_on_average() -> None:
    """Over draws of few series, where one more or less tells; of each class where that is asked."""
    reached, of_class = [], []
    for seed in range(300):
        truth, proba = _answers(60, seed, 0.4)
        sets = calibrated(encode_targets(truth), proba, None)
        assert sets is not None
        new, answers = _answers(200, 1000 + seed, 0.4)
        rows = np.arange(len(new))
        reached.append(sets.sets(answers, 0.8)[rows, new].mean())
        each = sets.sets(answers, 0.8, per_class=True)[rows, new]
        of_class.append([each[new == k].mean() for k in (0, 1)])
    assert np.mean(reached) == pytest.approx(0.807, abs=0.009)
    assert np.mean(of_class, axis=0) == pytest.approx([0.81, 0.81], abs=0.015)


def test_a_rare_class_is_covered_per_class_alone() -> None:
    truth, proba = _answers(12_000, 0)
    sets = calibrated(encode_targets(truth), proba, None)
    assert sets is not None
    new, answers = _answers(12_000, 1)
    rows = np.arange(12_000)
    held = [sets.sets(answers, 0.9, per)[rows, new][new == 1] for per in (False, True)]
    assert held[0].mean() < 0.7
    assert held[1].mean() == pytest.approx(0.9, abs=0.04)


def test_groups_count_and_not_their_series() -> None:
    """One patient with very many series, all of them easy, does not speak for the others."""
    scores = np.concatenate([np.zeros(1000), np.linspace(0.2, 0.9, 9)])
    groups = np.array([0] * 1000 + [*range(1, 10)])
    alone, grouped = (told(scores, np.ones(1009), g, 1000) for g in (np.arange(1009), groups))
    assert (alone.count, grouped.count) == (1009, 10)
    assert alone.limit(0.8) == 0.0
    # Eight more of ten, and one that may be as large as any.
    assert grouped.limit(0.8) == pytest.approx(np.sort(scores)[-2])
    assert np.isinf(grouped.limit(0.95))


def test_quantiles_are_few_and_never_too_small() -> None:
    scores = np.random.default_rng(0).random(5000)
    few, every = (told(scores, np.ones(5000), np.arange(5000), n) for n in (100, 5000))
    assert len(few.quantiles) == 100
    for coverage in (0.5, 0.9, 0.901, 0.99):
        exact = np.sort(scores)[int(np.ceil(5001 * coverage)) - 1]
        assert every.limit(coverage) == pytest.approx(exact, abs=1e-6)
        assert exact <= few.limit(coverage) <= exact + 0.02


def test_what_is_not_known_makes_no_sets() -> None:
    targets = encode_targets(np.array([0, 1, 1]))
    assert calibrated(targets, None, None) is None
    assert calibrated(targets, np.full((3, 2), np.nan), None) is None
    never = Coverage(Scores(2, (0.1, 0.2)), (Scores(2, (0.1, 0.2)), Scores(0, ())))
    proba = np.array([[0.99, 0.01]])
    assert never.sets(proba, 0.6, per_class=True).tolist() == [[True, True]]
    assert never.sets(proba, 0.6).tolist() == [[True, False]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of two classes that overlap, and a run folder of a model of them."""
    folder = tmp_path_factory.mktemp("sets")
    for part, n, seed in (("TRAIN", 150, 0), ("TEST", 200, 1)):
        rng = np.random.default_rng(seed)
        ill = np.arange(n) % 3 == 0
        X = rng.normal(size=(n, 16)) + (1.2 * rng.random(n) * ill)[:, None] + 0.05
        with (folder / f"d_{part}.csv").open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["label", *(f"t{i}" for i in range(16))])
            rows.writerows(
                [("ill" if sick else "well"), *x.round(5)] for sick, x in zip(ill, X, strict=True)
            )
    run(
        "fit",
        folder / "d_TRAIN.csv",
        *("--members", "quantile_trees", "--out"),
        folder / "run",
        "-q",
    )
    return folder


def test_predict_and_evaluate(files: Path) -> None:
    model, data = files / "run", files / "d_TEST.csv"
    asked = ("--coverage", "0.9", "-q")
    rows = [*csv.DictReader(run("predict", model, data, *asked)[0].splitlines())]
    assert [*rows[0]] == ["id", "prediction", "set", "p_ill", "p_well"]
    truth = ["ill" if i % 3 == 0 else "well" for i in range(200)]
    sets = [row["set"].split(";") if row["set"] else [] for row in rows]
    covered = np.mean([t in s for t, s in zip(truth, sets, strict=True)])
    assert covered == pytest.approx(0.9, abs=0.07)
    scores = json.loads(run("evaluate", model, data, *asked, "--json")[0])["sets"]
    assert scores["coverage"] == pytest.approx(covered)
    assert scores["mean_size"] == pytest.approx(np.mean([len(s) for s in sets]))
    shown, _ = run("evaluate", model, data, *asked, "--per-class")
    assert "(asked for: 0.9)" in shown
    out, err = run("predict", model, data, "--coverage", "0.9", "--reject")
    kept = [*csv.DictReader(out.splitlines())]
    single = [len(s) == 1 for s in sets]
    assert [bool(row["prediction"]) for row in kept] == single
    assert all(row["prediction"] in ("", row["set"]) for row in kept)
    assert f"{200 - sum(single)} of 200 series are not answered" in err
    assert "ask" in run("predict", model, data, "--coverage", "0.999")[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--coverage 1", "must be between 0 and 1"),
        ("--per-class", "give that, too"),
        ("--reject", "give that, too"),
        ("--coverage 0.9 --windows", "leave it or --windows out"),
        ("--coverage 0.9 --early 0.9", "leave it or --early out"),
        ("--coverage 0.9 --reject --threshold 0.5", "both say what is answered"),
    ],
)
def test_what_cannot_act_is_refused(files: Path, options: str, said: str) -> None:
    _, err = run("predict", files / "run", files / "d_TEST.csv", *options.split(), code=2)
    assert said in err


def test_file_keeps_them_and_older_files_refuse(files: Path, tmp_path: Path) -> None:
    file = files / "run" / "model.safetensors"
    model = load_model(file)
    header = read_header(file)
    assert model.labels.coverage == coverage_from(header["coverage"])
    save_model(
        replace(model, labels=replace(model.labels, coverage=None)), tmp_path / "old.safetensors"
    )
    assert "coverage" not in read_header(tmp_path / "old.safetensors")
    old, data = tmp_path / "old.safetensors", files / "d_TEST.csv"
    plain = run("predict", old, data, "-q")[0]
    assert plain == run("predict", file, data, "-q")[0]
    for command in ("predict", "evaluate"):
        _, err = run(command, old, data, "--coverage", "0.9", code=2)
        assert "keeps no answers of series left out" in err
    told = header["coverage"]
    for wrong, said in (
        (told | {"classes": told["classes"][:1]}, "scores of classes"),
        (told | {"every": {"count": 2, "quantiles": [0.2, 0.1]}}, "do not grow"),
        (told | {"every": {"count": 2, "quantiles": [0.2, 1.1]}}, "coverage"),
    ):
        with pytest.raises(ValueError, match=said):
            check_header(header | {"coverage": wrong})
