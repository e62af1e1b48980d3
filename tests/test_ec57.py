from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from commands import run
from recordings import write_record

from msssm_ts.analysis.results.ec57 import LEAST_BEATS, beat_report, beat_scores, count_beats
from msssm_ts.errors import InputError

# Rows: what a beat is; columns: what it is called; both N S V F Q.
COUNTS = np.array(
    [
        [90, 5, 3, 1, 1],
        [4, 20, 2, 0, 0],
        [2, 1, 30, 4, 3],
        [5, 2, 7, 6, 0],
        [1, 1, 1, 0, 0],
    ]
)


def beats(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels that are counted like that."""
    names = np.array(list("NSVFQ"))
    truth = np.repeat(names, counts.sum(1))
    called = np.concatenate([np.repeat(names, row) for row in counts])
    return truth, called


def test_classes_by_hand() -> None:
    counts = count_beats(*beats(COUNTS))
    assert (counts == COUNTS).all()
    found = beat_scores(counts)
    assert found["n_beats"] == 189
    assert found["classes"]["N"]["n_beats"] == 100
    assert found["classes"]["N"]["sensitivity"] == 90 / 100
    assert found["classes"]["N"]["positive_predictivity"] == 90 / 102
    # By class, what is F or Q and called V is an error like any other.
    assert found["classes"]["V"]["positive_predictivity"] == 30 / 43
    assert found["classes"]["S"]["f1"] == 2 * 20 / (26 + 29)
    assert found["classes"]["Q"]["f1"] == 0
    assert found["macro_over"] == ["N", "S", "V", "F"]
    f1 = [180 / 202, 40 / 55, 60 / 83, 12 / 31]
    assert found["macro_f1"] == pytest.approx(np.mean(f1))
    assert found["macro_f1_nsv"] == pytest.approx(np.mean(f1[:3]))


def test_veb_and_sveb_as_bxb_counts_them() -> None:
    found = beat_scores(COUNTS)
    veb, sveb = found["veb"], found["sveb"]
    # False VEB: N and S called V. F and Q called V are neither right nor wrong.
    assert (veb["true_positives"], veb["false_negatives"], veb["false_positives"]) == (30, 10, 5)
    assert veb["sensitivity"] == 30 / 40
    assert veb["positive_predictivity"] == 30 / 35
    # Not V and not called V.
    assert veb["true_negatives"] == (90 + 5 + 1 + 1) + (4 + 20) + (5 + 2 + 6) + (1 + 1)
    assert veb["false_positive_rate"] == 5 / (136 + 5)
    # False SVEB: N, V and F called S.
    assert (sveb["true_positives"], sveb["false_negatives"]) == (20, 6)
    assert sveb["false_positives"] == 5 + 1 + 2
    assert sveb["positive_predictivity"] == 20 / 28


def test_a_class_of_few_beats_has_no_part_in_the_mean() -> None:
    few = COUNTS.copy()
    few[3] = [0, 0, 0, LEAST_BEATS - 1, 0]
    assert beat_scores(few)["macro_over"] == ["N", "S", "V"]


def test_gross_average_and_without() -> None:
    one = np.zeros((5, 5), int)
    one[0, 0], one[0, 2], one[2, 2] = 8, 2, 2
    two = np.zeros((5, 5), int)
    two[0, 0], two[2, 2], two[2, 0] = 4, 1, 3
    three = np.zeros((5, 5), int)
    three[0, 0] = 5
    truth, called = map(np.concatenate, zip(beats(one), beats(two), beats(three), strict=True))
    records = np.repeat(["r1", "r2", "r3"], [12, 8, 5])
    order = np.random.default_rng(0).permutation(len(truth))
    report = beat_report(truth[order], called[order], records[order], ("r1",))
    assert list(report["records"]) == ["r1", "r2", "r3"]
    assert report["records"]["r2"]["veb"]["sensitivity"] == 1 / 4
    assert report["records"]["r3"]["veb"]["sensitivity"] is None
    assert report["gross"]["veb"]["sensitivity"] == 3 / 6
    assert report["gross"]["veb"]["positive_predictivity"] == 3 / 5
    # A record without a VEB has no part in the mean.
    assert report["average"]["veb"]["sensitivity"] == {"mean": (1 + 1 / 4) / 2, "n_records": 2}
    assert report["average"]["veb"]["positive_predictivity"]["mean"] == (2 / 4 + 1) / 2
    assert report["average"]["N"]["sensitivity"]["n_records"] == 3
    assert report["rest"]["without"] == ["r1"]
    assert report["rest"]["gross"]["veb"]["sensitivity"] == 1 / 4
    assert list(report["rest"]["records"]) == ["r2", "r3"]


def test_without_records_only_all_beats_are_counted() -> None:
    assert set(beat_report(*beats(COUNTS))) == {"gross"}


@pytest.mark.parametrize(
    ("labels", "records", "without", "message"),
    [
        ("NX", "ab", (), "--ec57 counts beats of the classes N S V F Q, but there are labels X"),
        ("NN", None, ("a",), "--without a: it is not known which record each beat is of"),
        ("NN", "ab", ("c",), "--without c: there is no such record; there are a, b"),
        ("NN", "ab", ("a", "b"), "--without leaves no record"),
    ],
)
def test_refused(labels: str, records: str | None, without: tuple[str, ...], message: str) -> None:
    own = None if records is None else list(records)
    with pytest.raises(InputError, match=re.escape(message)):
        beat_report(list(labels), ["N", "N"], own, without)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records whose V come early."""
    folder = tmp_path_factory.mktemp("records")
    for name in ("r1", "r2", "r3"):
        at = np.cumsum([300, *[300, 300, 300, 150] * 15])
        symbols = ["N", *["N", "N", "N", "V"] * 15]
        write_record(folder / name, length=20_000, beats=dict(zip(at, symbols, strict=True)))
    return folder


@pytest.fixture(scope="module")
def model(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "r"
    _, err = run("fit", records, "--members", "quantile_trees", "--out", folder)
    assert "classes of heart beats count alike in what is predicted" in err
    assert "macro" in run("info", folder)[0]
    return folder


def test_who_asks_for_accuracy_gets_it(records: Path, tmp_path: Path) -> None:
    asked = ("--members", "quantile_trees", "--decide", "accuracy", "--out", tmp_path / "r")
    assert "count alike" not in run("fit", records, *asked)[1]
    assert "macro" not in run("info", tmp_path / "r")[0]


def test_evaluate_ec57(records: Path, model: Path) -> None:
    out, err = run("evaluate", model, records, "--ec57", "--without", "r2,r3")
    assert "interval_after_over_32 … (16 in all), as the model's data was" in err
    assert "EC57, all beats" in out
    assert "EC57, without r2, r3" in out
    assert "macro F1 over N V (20 beats or more)" in out
    assert "EC57, each record, all beats" in out
    found = json.loads(run("evaluate", model, records, "--ec57", "--without", "r2", "--json")[0])
    gross = found["ec57"]["gross"]
    assert gross["classes"]["V"]["n_beats"] == 45
    assert list(found["ec57"]["records"]) == ["r1", "r2", "r3"]
    assert list(found["ec57"]["rest"]["records"]) == ["r1", "r3"]
    (nn, nv), (vn, vv) = found["confusion_matrix"]
    assert np.array(gross["confusion_matrix"])[[0, 0, 2, 2], [0, 2, 0, 2]].tolist() == [
        nn, nv, vn, vv,
    ]  # fmt: skip


def test_evaluate_ec57_refused(records: Path, model: Path, tmp_path: Path) -> None:
    err = run("evaluate", model, records, "--without", "r2", code=2)[1]
    assert "--without leaves records out of --ec57; say that, too" in err
    err = run("evaluate", model, records, "--ec57", "--without", "x", code=2)[1]
    assert "there is no such record; there are r1, r2, r3" in err
    other = tmp_path / "other"
    symbols = ("--beats", "symbols", "--members", "quantile_trees", "--out", other)
    for name in ("r1", "r2", "r3"):
        at = range(300, 9000, 300)
        write_record(tmp_path / name, length=9500, beats=dict(zip(at, "LR" * 15, strict=False)))
    run("fit", tmp_path, *symbols, "--quiet")
    err = run("evaluate", other, tmp_path, "--beats", "symbols", "--ec57", code=2)[1]
    assert "there are labels L, R; read annotated records with --beats aami" in err


def test_the_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    benchmark = importlib.import_module("mitbih")
    for name in ("101", "106", "100", "103"):
        at = np.cumsum([300, *[300, 300, 300, 150] * 6])
        symbols = ["N", *["N", "N", "N", "V"] * 6]
        write_record(tmp_path / name, length=9000, beats=dict(zip(at, symbols, strict=True)))
    benchmark.measure(tmp_path, ("103",), (), preset="fast", random_state=0)
    out = capsys.readouterr().out
    assert "beats of 2 records, tested on" in out
    assert "features beside the beats: Exponents" in out
    assert "EC57, without 103" in out
