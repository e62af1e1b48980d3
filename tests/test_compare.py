"""Runs side by side."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import run
from scipy.stats import binomtest

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.runs import check_same_classes
from msssm_ts.cli.fit import run_folder
from msssm_ts.errors import InputError
from msssm_ts.fitted.artifact import read_header


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs on the same classes, others, and test data with groups."""
    folder = tmp_path_factory.mktemp("compare")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 16)), np.array(["a", "b"])[np.arange(60) % 2]
    X[y == "b"] *= 1.6
    matrix = np.stack([y == "a", np.arange(60) % 3 == 0], axis=1).astype(int)
    for name, labels, names, changes in (
        ("first", y, None, {"validation_fraction": 0.3, "early_stopping": True}),
        ("second", y, None, {"core": "s6"}),
        ("third", y, None, {"random_state": 1}),
        ("others", np.where(y == "a", "a", "c"), None, {}),
        ("several", matrix, ["p", "q"], {}),
    ):
        settings = {
            "members": ["network"],
            "d_model": 8,
            "n_layers": 1,
            "n_scales": 1,
            "max_epochs": 3,
            "random_state": 0,
        }
        model = MSSSMClassifier(**(settings | changes)).fit(X, labels, label_names=names)
        (folder / name).mkdir()
        run_folder.write(folder / name, model.model_, "a summary", f"{name}_TRAIN.csv")
    X = rng.normal(size=(40, 16))
    with (folder / "test.csv").open("w") as one, (folder / "several.csv").open("w") as two:
        times = ",".join(f"t{i}" for i in range(16))
        one.write(f"label,patient,{times}\n")
        two.write(f"p,q,{times}\n")
        for k, x in enumerate(X):
            values = ",".join(f"{v:.3f}" for v in x)
            one.write(f"{'ab'[k % 2]},{k // 10},{values}\n")
            two.write(f"{k % 2},{k % 3 % 2},{values}\n")
    return folder


def test_settings_that_differ_and_what_each_cost(folder: Path) -> None:
    first, second = folder / "first", folder / "second"
    found = json.loads(run("compare", first, second, "--json")[0])
    assert [r["run"] for r in found["runs"]] == [str(first), str(second)]
    assert [r["settings"] for r in found["runs"]] == [
        {"core": "lti", "validation_fraction": "0.3", "early_stopping": "yes"},
        {"core": "s6", "validation_fraction": "0.15", "early_stopping": "auto"},
    ]
    for about, name in zip(found["runs"], ("first", "second"), strict=True):
        metrics = json.loads((folder / name / "metrics.json").read_text())
        for key in ("n_parameters", "seconds", "device", "seed", "epochs", "best_epoch"):
            assert about[key] == metrics[key]
        for key in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            assert about[key] == metrics[key]
        assert about["trained_on"] == f"{name}_TRAIN.csv"
    assert found["runs"][0]["val_accuracy"] is not None
    assert "data" not in found
    out, err = run("compare", first, second)
    assert err == ""
    for line in ("trained on", "core", "parameters", "training seconds", "validation accuracy"):
        assert line in out
    assert "McNemar" not in out


def test_scores_and_mcnemar_on_the_same_series(folder: Path) -> None:
    runs = [folder / name for name in ("first", "second", "third")]
    data = folder / "test.csv"
    out, err = run("compare", *runs, "--data", data, "--json")
    found = json.loads(out)
    assert "its p-values are too small" in err
    assert (found["n_series"], found["grouped_by"]) == (40, "patient")
    X = np.loadtxt(data, delimiter=",", skiprows=1, usecols=range(2, 18))
    y = np.array(["a", "b"] * 20)
    right = [MSSSMClassifier.load(r).predict(X) == y for r in runs]
    for about, correct, folder_ in zip(found["runs"], right, runs, strict=True):
        assert about["scores"]["accuracy"] == pytest.approx(correct.mean())
        alone = json.loads(run("evaluate", folder_, data, "--json", "-q")[0])
        assert about["scores"] == {k: alone[k] for k in ("accuracy", "macro_f1", "macro_auroc")}
    pairs = [(0, 1), (0, 2), (1, 2)]
    plain = []
    for pair, (i, j) in zip(found["mcnemar"], pairs, strict=True):
        assert (pair["first"], pair["second"]) == (str(runs[i]), str(runs[j]))
        b, c = int((right[i] & ~right[j]).sum()), int((right[j] & ~right[i]).sum())
        assert (pair["only_first_right"], pair["only_second_right"]) == (b, c)
        plain.append(binomtest(b, b + c).pvalue if b + c else 1.0)
        assert pair["p"] == pytest.approx(plain[-1])
        assert pair["p_holm"] >= pair["p"]
    assert min(p["p_holm"] for p in found["mcnemar"]) == pytest.approx(min(1.0, 3 * min(plain)))
    out, _ = run("compare", *runs, "--data", data, "-q")
    assert "McNemar's exact test, 40 series" in out
    assert "test macro AUROC" in out


def test_several_labels_at_once(folder: Path) -> None:
    run_ = folder / "several"
    again = shutil.copytree(run_, folder / "again")
    arguments = ("compare", run_, again, "--data", folder / "several.csv", "--label", "p,q")
    found = json.loads(run(*arguments, "--json", "-q")[0])
    assert "exact_match" in found["runs"][0]["scores"]
    assert found["mcnemar"][0]["p"] == 1.0
    assert "every label right" in run(*arguments, "-q")[0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{f}/first",), "one run only"),
        (("{f}/first", "{f}/first/model.safetensors"), "model.safetensors: the same model twice"),
        (("{f}/first", "{f}/second", "--device", "cpu"), "--device cpu is for scores"),
        (("{f}/first", "{f}/second", "--mono"), "--mono tells how DATA is read, and none is"),
        (("{f}/first", "{f}/nowhere"), "{f}/nowhere: no such model file"),
        (
            ("{f}/first", "{f}/second", "{f}/others"),
            "{f}/others: other classes than {f}/first (only here: c; only there: b)",
        ),
        (("{f}/first", "{f}/several"), "{f}/several: several labels a series, but {f}/first"),
        (("{f}/first", "{f}/second", "--data", "nowhere.csv"), "nowhere.csv: no such file"),
        (("{f}/first", "{f}/second", "--data", "BasicMotions"), "6 channels, but the model"),
        (("{f}/first", "{f}/second", "--data", "ItalyPowerDemand"), "has never seen: 1, 2"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], sentence: str, folder: Path
) -> None:
    out, err = run("compare", *(a.format(f=folder) for a in arguments), "-q", code=2)
    assert out == ""
    assert sentence.format(f=folder) in err
    assert len(err.splitlines()) == 1


def test_damaged_metrics_are_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes((folder / "first/model.safetensors").read_bytes())
    (tmp_path / "metrics.json").write_text("{")
    _, err = run("compare", folder / "first", tmp_path, code=2)
    assert f"{tmp_path / 'metrics.json'}: damaged" in err


def test_classes_in_another_order(folder: Path) -> None:
    header = read_header(folder / "first")
    turned = header | {"classes": header["classes"] | {"values": ["b", "a"]}}
    with pytest.raises(InputError, match="in another order"):
        check_same_classes(["x", "y"], [header, turned])
