"""The benchmarks on sets of the field, on miniatures with their real layout."""

from __future__ import annotations

import csv
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import wfdb
from recordings import write_record

from msssm_ts.analysis.results.intervals import bootstrap
from msssm_ts.analysis.results.predictions import Predictions

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
STATEMENTS = """,description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass
NORM,normal ECG,1.0,,,NORM,NORM
IMI,inferior infarction,1.0,,,MI,IMI
PVC,ventricular premature complex,,1.0,,,
SR,sinus rhythm,,,1.0,,
AFIB,atrial fibrillation,,,1.0,,
"""
FAST = ("--set", 'members=["scan_ridge"]', "--out")


@pytest.fixture
def benchmark(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    return importlib.import_module(request.param)


def write_ecg(stem: Path, beats: float, rate: int, noise: int, steps: int) -> None:
    """A record of twelve leads with so many beats a second."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(noise)
    t = np.arange(steps) / rate
    wave = np.exp(-(((t * beats + rng.random()) % 1 - 0.5) ** 2) / 0.005)
    values = wave[:, None] * np.linspace(0.5, 1.5, 12) + 0.05 * rng.normal(size=(steps, 12))
    header = {"units": ["mV"] * 12, "sig_name": list(LEADS), "fmt": ["16"] * 12}
    where = {"adc_gain": [1000.0] * 12, "baseline": [0] * 12, "write_dir": str(stem.parent)}
    wfdb.wrsamp(stem.name, rate, p_signal=values, **header, **where)


@pytest.fixture
def ptbxl(tmp_path: Path) -> Path:
    """Four records a fold: two of two beats a second with IMI, two of one without."""
    rows = []
    for i in range(40):
        fold, fast = i // 4 + 1, i % 2
        codes = {"IMI" if fast else "NORM": 100.0, "SR": 0.0}
        # Nobody learns AFIB, and there is no PVC to tell.
        codes |= {"AFIB": 0.0} if i == 37 else {"PVC": 0.0} if i == 3 else {}
        stems = [f"records{r}/00000/{i + 1:05d}_{s}" for r, s in ((100, "lr"), (500, "hr"))]
        write_ecg(tmp_path / stems[0], 1 + fast, 100, i, 300)
        rows.append([i + 1, f"{i + 100}.0", codes, fold, *stems])
    with (tmp_path / "ptbxl_database.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        columns = "ecg_id patient_id scp_codes strat_fold filename_lr filename_hr"
        writer.writerow(columns.split())
        writer.writerows(rows)
    (tmp_path / "scp_statements.csv").write_text(STATEMENTS)
    return tmp_path


@pytest.mark.parametrize("benchmark", ["ptbxl"], indirect=True)
def test_ptbxl(
    benchmark: ModuleType,
    ptbxl: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    class Spy(benchmark.MSSSMClassifier):  # type: ignore[name-defined, misc]
        def fit(self, X: Any, y: Any, **known: Any) -> Any:
            seen.append(known)
            return super().fit(X, y, **known)

    monkeypatch.setattr(benchmark, "MSSSMClassifier", Spy)
    words = [str(ptbxl), "--tasks", "all", "superdiag", *FAST, str(tmp_path), "--name", "mini"]
    benchmark.main(words)
    with (tmp_path / "mini.csv").open(newline="") as stream:
        rows = {row["task"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["all", "superdiag"]
    # Patients are numbered by record, four a fold.
    assert seen[0]["groups"].tolist() == [i + 100 for i in range(36)]
    assert np.flatnonzero(seen[0]["validation"]).tolist() == [32, 33, 34, 35]
    assert (seen[0]["sampling_rate"], seen[0]["channel_names"]) == (100, LEADS)
    counts = ("n_train", "n_validation", "n_test")
    assert [rows["all"][name] for name in counts] == ["32", "4", "4"]
    labels = ("n_labels", "n_labels_scored", "n_labels_unseen")
    # Of AFIB IMI NORM PVC SR the fold that is scored has all of SR and nothing of PVC.
    assert [rows["all"][name] for name in labels] == ["5", "3", "1"]
    assert [rows["superdiag"][name] for name in labels] == ["2", "2", "0"]
    assert float(rows["superdiag"]["macro_auroc"]) == 1
    text = (tmp_path / "mini.md").read_text()
    ours = next(line for line in text.splitlines() if "**msssm-ts" in line)
    assert ours.count("not run") == 4
    assert "**1.000** (1.000–1.000)" in ours
    assert "| MS-SSM (S6) | .939 | .941 | .936 | .935 | .901 | .979 |" in text
    # What is there is not computed again.
    capsys.readouterr()
    benchmark.main(words)
    assert "preparing" not in capsys.readouterr().err
    assert (tmp_path / "mini.csv").read_text().count("\n") == 3


@pytest.mark.parametrize("benchmark", ["ptbxl"], indirect=True)
def test_ptbxl_without_its_ninth_fold(benchmark: ModuleType, ptbxl: Path, tmp_path: Path) -> None:
    table = ptbxl / "ptbxl_database.csv"
    kept = [line for line in table.read_text().splitlines() if ",9,records" not in line]
    table.write_text("\n".join(kept) + "\n")
    with pytest.raises(SystemExit, match="no record of fold 9"):
        benchmark.main([str(ptbxl), "--tasks", "superdiag", *FAST, str(tmp_path)])


@pytest.fixture
def cinc2017(tmp_path: Path) -> Path:
    """Ten records a class, the first of every class also in the validation folder."""
    labels = []
    for i in range(40):
        name, label = f"A{i + 1:05d}", "NAO~"[i % 4]
        for folder in ("training2017", "validation")[: 2 if i < 4 else 1]:
            write_record(tmp_path / folder / name, length=300 + i, rate=300, leads=("ECG",))
        labels.append(f"{name},{label}\n")
    (tmp_path / "REFERENCE-v3.csv").write_text("".join(labels))
    (tmp_path / "validation" / "REFERENCE.csv").write_text("".join(labels[:4]))
    return tmp_path


@pytest.mark.parametrize("benchmark", ["cinc2017"], indirect=True)
def test_cinc2017(benchmark: ModuleType, cinc2017: Path, tmp_path: Path) -> None:
    words = [str(cinc2017), *FAST, str(tmp_path), "--name", "mini"]
    benchmark.main(words)
    benchmark.main([*words, "--official"])
    with (tmp_path / "mini.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    folds = [row for row in rows if row["protocol"] == "5 folds"]
    assert [(row["n_train"], row["n_test"]) for row in folds] == [("32", "8")] * 5
    counts = sum(np.array(row["counts"].split(), int).reshape(4, 4) for row in folds)
    # Every record is answered of once.
    assert counts.sum(1).tolist() == [10] * 4
    (official,) = (row for row in rows if row["protocol"] != "5 folds")
    # The validation records are the first of every class.
    assert official["counts"].split().count("0") == 12
    assert (official["n_train"], official["n_test"]) == ("36", "4")
    text = (tmp_path / "mini.md").read_text()
    assert "seed 0**: 5 folds | **." in text
    assert "| the four winning entries, hidden test set | .83 |" in text


@pytest.mark.parametrize("benchmark", ["cinc2017"], indirect=True)
def test_cinc2017_refuses_other_validation_records(
    benchmark: ModuleType, cinc2017: Path, tmp_path: Path
) -> None:
    write_record(cinc2017 / "validation" / "A00099", length=300, rate=300, leads=("ECG",))
    with pytest.raises(SystemExit, match="5 records, 4 of them in training2017"):
        benchmark.main([str(cinc2017), "--official", *FAST, str(tmp_path)])
    with pytest.raises(SystemExit, match="no folder validation"):
        benchmark.main([str(cinc2017 / "training2017"), "--official", *FAST, str(tmp_path)])


@pytest.mark.parametrize("benchmark", ["cinc2017"], indirect=True)
def test_the_score_of_the_challenge(benchmark: ModuleType) -> None:
    counts = np.array([[50, 1, 4, 0], [2, 8, 1, 0], [9, 2, 20, 1], [1, 0, 1, 2]])
    found = bootstrap(benchmark.of_counts(counts), scoring=benchmark.challenge_score)
    # Twice the right answers over all that are or are called so.
    n, a, o, noise = 100 / (55 + 62), 16 / (11 + 11), 40 / (32 + 26), 4 / (4 + 3)
    assert found.overall["f1_nao"].value == pytest.approx((n + a + o) / 3)
    assert found.overall["f1_nao_noise"].value == pytest.approx((n + a + o + noise) / 4)
    assert found.overall["f1_nao"].low < (n + a + o) / 3 < found.overall["f1_nao"].high
    # What is neither there nor claimed does not count as wrong.
    few = Predictions.of_one_label(["N", "A"], np.eye(4)[:2], np.array(list("NAO~")))
    assert bootstrap(few, scoring=benchmark.challenge_score).overall["f1_nao"].low == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="nothing keeps it to cores here")
@pytest.mark.parametrize("benchmark", ["memory"], indirect=True)
def test_a_fit_is_kept_to_cores(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, said = tmp_path / "python", tmp_path / "said"
    program = "import os; print(sorted(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])"
    python.write_text(f'#!/bin/sh\n{sys.executable} -c "{program}" > {said}\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    usable = benchmark.usable_cores(1)
    for cores in (usable[-1:], []):
        benchmark.timed_fit(tmp_path, tmp_path, [], 3, set(cores))
        assert said.read_text() == f"{cores or usable} 3\n"
    with pytest.raises(SystemExit, match="there are"):
        benchmark.usable_cores(len(usable) + 1)
    monkeypatch.delattr(os, "sched_setaffinity")
    with pytest.raises(SystemExit, match="take --threads"):
        benchmark.usable_cores(1)
