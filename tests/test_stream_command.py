"""``msssm-ts stream`` and ``msssm-ts predict --early``."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import run
from stream_cases import a_series, causal

from msssm_ts import MSSSMClassifier


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model files: causal, of two channels that may have gaps, with labels, bidirectional."""
    folder = tmp_path_factory.mktemp("models")
    for name, settings in {
        "causal": {},
        "pair": {"n_channels": 2, "missing": "mask"},
        "labels": {"n_labels": 3},
        "both": {"bidirectional": True},
    }.items():
        causal(**settings).save(folder / name)
    return folder


def stream(
    model: Path, text: str | bytes, *options: str, code: int = 0, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    data = text if isinstance(text, bytes) else text.encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return run("stream", model, *options, code=code)


def test_csv_of_every_step(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = a_series(length=12)
    text = "\ufeff" + "\n".join(f"{v!r}" for v in series[0].tolist())
    out, err = stream(models / "causal", text, monkeypatch=monkeypatch)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["step", "prediction", "p_0", "p_1"]
    assert [row["step"] for row in rows] == [str(i) for i in range(1, 13)]
    model = MSSSMClassifier.load(models / "causal")
    prefixes = [series[:, :t] for t in range(1, 13)]
    proba = [[float(row["p_0"]), float(row["p_1"])] for row in rows]
    np.testing.assert_allclose(proba, model.predict_proba(prefixes), rtol=0, atol=1.1e-5)
    assert [row["prediction"] for row in rows] == [str(v) for v in model.predict(prefixes)]
    assert err == "reading stdin: 1 value a line\n"
    known = replace(model.model_.preparation, sampling_rate=50.0)
    model.model_ = replace(model.model_, preparation=known)
    model.save(models / "at-50-hz")
    _, err = stream(models / "at-50-hz", "1\n", monkeypatch=monkeypatch)
    assert err == "reading stdin: 1 value a line, 50 lines a second as in the training\n"


def test_json_lines_gaps_and_every(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "nan,\n1, 2\n 3\t-4e0 \nNaN 1\n,5\n"
    options = ("--jsonl", "--every", "2", "--quiet")
    out, err = stream(models / "pair", text, *options, monkeypatch=monkeypatch)
    rows = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    # The last one closes the stream.
    assert [row["step"] for row in rows] == [2, 4, 5]
    series = np.array([[np.nan, 1, 3, np.nan, np.nan], [np.nan, 2, -4, 1, 5]])
    expected = MSSSMClassifier.load(models / "pair").predict_proba([series])[0]
    np.testing.assert_allclose([rows[-1]["p_0"], rows[-1]["p_1"]], expected, atol=1.1e-5)
    nothing = stream(models / "pair", ",\n", "--jsonl", monkeypatch=monkeypatch)[0]
    assert json.loads(nothing) == {"step": 1, "prediction": None, "p_0": None, "p_1": None}
    out, _ = stream(models / "pair", ",\n", monkeypatch=monkeypatch)
    assert out.splitlines()[1] == "1,,,"


def test_several_labels_and_an_empty_stream(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, _ = stream(models / "labels", "1\n2\n", monkeypatch=monkeypatch)
    rows = list(csv.DictReader(io.StringIO(out)))
    model = MSSSMClassifier.load(models / "labels")
    predicted = model.predict([np.array([[1.0, 2.0]])])[0]
    assert rows[1]["prediction"] == ";".join(str(i) for i in np.flatnonzero(predicted))
    out, err = stream(models / "labels", "", monkeypatch=monkeypatch)
    assert out == "step,prediction,p_0,p_1,p_2\n"
    assert "no line came in" in err


@pytest.mark.parametrize(
    ("model", "text", "sentence"),
    [
        ("causal", "1\n2\nthree\n", "line 3: 'three' is not a number"),
        ("causal", "1\n1_0\n", "line 2: '1_0' is not a number"),
        ("causal", "1\n2,3\n", "line 2: 2 values, but the model reads 1 channel"),
        ("pair", "1,2\n\n", "line 2: no values, but the model reads 2 channels"),
        ("causal", "1\nnan\n", "line 2: channel 1 is missing"),
        ("causal", "1\n-inf\n", "line 2: channel 1 is infinite"),
        ("causal", b"\xff\xfe\n", "line 1: "),
        ("both", "1\n", "msssm-ts fit ... --causal"),
        ("nowhere", "1\n", "no such model file"),
    ],
)
def test_bad_lines_and_models_get_one_sentence(
    model: str, text: str | bytes, sentence: str, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = stream(models / model, text, "-q", code=2, monkeypatch=monkeypatch)
    assert len(err.splitlines()) == 1
    assert err.startswith("msssm-ts: ")
    assert sentence in err
    # What came before the bad line has been answered.
    answered = int(re.search(r"line (\d+)", err)[1]) if "line" in err else 0
    assert len(out.splitlines()) == answered


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX does")
def test_each_line_is_answered_at_once_until_ctrl_c(models: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "msssm_ts", "stream", str(models / "causal")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "step,prediction,p_0,p_1\n"
        for i in range(1, 4):
            process.stdin.write(f"{i}\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(f"{i},")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "msssm-ts: interrupted"
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipes")
def test_a_closed_pipe_is_quiet(models: Path) -> None:
    command = f"yes 1 | {sys.executable} -m msssm_ts stream {models / 'causal'} -q | head -3"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr == ""


@pytest.fixture(scope="module")
def data(models: Path) -> Path:
    """A table of six labelled series."""
    file = models / "new.csv"
    with file.open("w") as out:
        out.write("label," + ",".join(f"t{i}" for i in range(131)) + "\n")
        for i in range(6):
            out.write(f"{i % 2}," + ",".join(f"{v:.4f}" for v in a_series(seed=i)[0]) + "\n")
    return file


@pytest.mark.parametrize("name", ["causal", "both"])
def test_predict_early(name: str, models: Path, data: Path, tmp_path: Path) -> None:
    out, err = run("predict", models / name, data, "--early", "0.7", "--json")
    model = MSSSMClassifier.load(models / name)
    X = np.loadtxt(data, delimiter=",", skiprows=1, usecols=range(1, 132))
    y = np.arange(6) % 2
    early = model.predict_early(X, 0.7)
    rows = json.loads(out)
    assert list(rows[0]) == ["id", "prediction", "p_0", "p_1", "n_read", "part_read"]
    assert [row["n_read"] for row in rows] == early.n_read.tolist()
    np.testing.assert_allclose([r["part_read"] for r in rows], early.part_read, atol=1e-6)
    assert [int(row["prediction"]) for row in rows] == early.labels.tolist()
    assert f"earliness {early.earliness:.3f}" in err
    scores = (early.labels == y).mean(), (model.predict(X) == y).mean()
    assert f"accuracy {scores[0]:.4f}, with whole series {scores[1]:.4f}" in err
    assert ("20 prefixes of each series" in err) == (name == "both")
    quiet = run("predict", models / name, data, "--early", "0.7", "-q", "-o", tmp_path / "p.csv")
    assert quiet == ("", "")
    assert len(list(csv.DictReader((tmp_path / "p.csv").open()))) == 6


def test_predict_early_without_labels_and_mistakes(models: Path, data: Path) -> None:
    unlabelled = data.with_name("unlabelled.csv")
    lines = data.read_text().splitlines()
    unlabelled.write_text("\n".join(line.partition(",")[2] for line in lines))
    _, err = run("predict", models / "causal", unlabelled, "--early", "0.7")
    assert "earliness" in err
    assert "accuracy" not in err
    _, err = run("predict", models / "causal", data, "--early", "95", code=2)
    assert "--early 95: a probability above 0 and at most 1" in err
