"""The command line: exit codes, streams, files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from commands import run

from msssm_ts import MSSSMClassifier, __version__
from msssm_ts.cli.app import app

FAST = ["--members", "network", "--max-epochs", "3"]


def run_alone(*arguments: str | Path) -> tuple[str, str]:
    """Run msssm-ts as a process of its own; return stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "msssm_ts", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training and test CSV of sines of two frequencies."""
    folder = tmp_path_factory.mktemp("waves")
    rng = np.random.default_rng(0)
    for part, n in (("TRAIN", 40), ("TEST", 20)):
        kind = np.arange(n) % 2
        X = np.sin(np.arange(32) * np.where(kind, 0.9, 0.3)[:, None] + rng.uniform(0, 6, (n, 1)))
        with (folder / f"waves_{part}.csv").open("w") as stream:
            stream.write("label," + ",".join(f"t{i}" for i in range(32)) + "\n")
            for k, x in zip(kind, X, strict=True):
                stream.write(["slow", "fast"][k] + "," + ",".join(f"{v:.4f}" for v in x) + "\n")
    return folder


@pytest.fixture(scope="module")
def trained(waves: Path) -> Path:
    run(
        "fit",
        waves / "waves_TRAIN.csv",
        "--out",
        waves / "run",
        "--max-epochs",
        "12",
        "--members",
        "network",
        "--quiet",
    )
    return waves / "run"


def heavy_imports(*arguments: str) -> list[str]:
    code = (
        f"import sys; sys.argv = ['msssm-ts', *{arguments}]\n"
        "from msssm_ts.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'sktime', 'pandas', 'numpy', 'numba', 'sklearn', 'matplotlib'}\n"
        "print('HEAVY', *sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize("command", ["info", "predict", "evaluate", "inspect", "annotate"])
def test_a_model_that_is_not_there_is_missed_at_once(command: str, tmp_path: Path) -> None:
    data = [] if command == "info" else ["data.hea"]
    # Data's options are checked by numpy.
    assert set(heavy_imports(command, str(tmp_path / "nosuch"), *data)) <= {"numpy"}


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    assert heavy_imports("--help") == []
    times = []
    for _ in range(5):
        began = time.perf_counter()
        out, _ = run_alone("--help")
        times.append(time.perf_counter() - began)
    assert "fit" in out
    # The contract is 0.3 s on an idle machine; a busy one gets some room.
    assert min(times) < 0.6


def test_version() -> None:
    assert run("--version")[0].strip() == f"msssm-ts {__version__}"


def test_fit_writes_a_run_folder_and_the_next_command(waves: Path, tmp_path: Path) -> None:
    out, err = run_alone(
        "fit", waves / "waves_TRAIN.csv", "--scales", "2", "--out", tmp_path / "r", *FAST
    )
    assert "40 series, 1 channel × 32 steps, 2 classes: fast slow" in err
    assert f"Next: msssm-ts evaluate {tmp_path / 'r'} {waves / 'waves_TEST.csv'}" in err
    assert "\x1b" not in out + err
    assert "\r" not in out + err
    assert sorted(f.name for f in (tmp_path / "r").iterdir()) == [
        "config.toml",
        "history.csv",
        "metrics.json",
        "model.safetensors",
        "training_curve.png",
    ]
    metrics = json.loads((tmp_path / "r" / "metrics.json").read_text())
    assert metrics["settings"]["n_scales"] == 2
    assert metrics["epochs"] == 3
    history = list(csv.DictReader((tmp_path / "r" / "history.csv").open()))
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert (tmp_path / "r" / "training_curve.png").read_bytes()[:4] == b"\x89PNG"


def test_quiet_and_json(waves: Path, tmp_path: Path) -> None:
    out, err = run(
        "fit", waves / "waves_TRAIN.csv", "--out", tmp_path / "r", "--quiet", "--json", *FAST
    )
    assert err == ""
    assert json.loads(out)["run"] == str(tmp_path / "r")


def test_evaluate(trained: Path, waves: Path) -> None:
    out, _ = run("evaluate", trained, waves / "waves_TEST.csv")
    assert re.search(r"accuracy +1\.0000", out)
    assert "macro AUROC" in out
    assert "confusion matrix" in out
    scores = json.loads(run("evaluate", trained, waves / "waves_TEST.csv", "--json")[0])
    assert scores["confusion_matrix"] == [[10, 0], [0, 10]]
    assert scores["classes"] == ["fast", "slow"]


def test_predict(trained: Path, waves: Path, tmp_path: Path) -> None:
    data = waves / "waves_TEST.csv"
    out, _ = run("predict", trained / "model.safetensors", data)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["id", "prediction", "p_fast", "p_slow"]
    assert [r["id"] for r in rows] == [str(i) for i in range(1, 21)]
    model = MSSSMClassifier.load(trained)
    X = np.loadtxt(data, delimiter=",", skiprows=1, usecols=range(1, 33))
    np.testing.assert_allclose(
        [[float(r["p_fast"]), float(r["p_slow"])] for r in rows], model.predict_proba(X), atol=1e-6
    )
    out, err = run("predict", trained, data, "-o", tmp_path / "p.csv")
    assert out == ""
    assert "20 predictions" in err
    assert (tmp_path / "p.csv").read_text().startswith("id,prediction,p_fast,p_slow\n1,")
    assert len(json.loads(run("predict", trained, data, "--json")[0])) == 20


def test_predict_without_labels_and_into_a_closed_pipe(trained: Path, waves: Path) -> None:
    lines = (waves / "waves_TEST.csv").read_text().splitlines()
    unlabelled = waves / "new.csv"
    unlabelled.write_text("\n".join(line.partition(",")[2] for line in lines))
    out, _ = run("predict", trained, unlabelled)
    assert len(out.splitlines()) == 21
    command = f"{sys.executable} -m msssm_ts predict {trained} {unlabelled} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert "Error" not in done.stderr


def test_info(trained: Path) -> None:
    facts = json.loads(run("info", "--json")[0])
    assert (facts["backend"], facts["msssm-ts"]) == ("numba", __version__)
    assert facts["reason"]
    about = json.loads(run("info", trained, "--json")[0])
    assert about["classes"] == ["fast", "slow"]
    (member,) = about["members"]
    assert (member["kind"], member["n_scales"]) == ("network", 3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fit", "nowhere.csv"), "nowhere.csv: no such file"),
        (("fit", "{data}", "--label", "beat"), "no column 'beat'"),
        (("fit", "{data}", "--out", "{run}"), "holds a model already"),
        (("fit", "{data}", "--out", "/proc/no"), "cannot be written"),
        (("fit", "{data}", "--device", "abacus", "--out", "{new}"), "'abacus' cannot be used"),
        (("fit", "{one}", "--out", "{new}"), "only one class"),
        (("evaluate", "nowhere", "{data}"), "no such model file"),
        (("evaluate", "{run}", "BasicMotions"), "6 channels, but the model was trained on 1"),
        (("evaluate", "{run}", "ItalyPowerDemand"), "labels that the model has never seen: 1, 2"),
        (("predict", "{data}", "{data}"), "damaged, or not a file of msssm-ts"),
        (("info", "{data}"), "damaged, or not a file of msssm-ts"),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...],
    sentence: str,
    trained: Path,
    waves: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    one = tmp_path / "one.csv"
    one.write_text("label,a,b\nx,1,2\nx,2,3\n")
    names = {
        "data": waves / "waves_TRAIN.csv",
        "run": trained,
        "one": one,
        "new": tmp_path / "new",
    }
    out, err = run(*(a.format(**names) for a in arguments), code=2)
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("msssm-ts: ")
    assert sentence in last


def test_usage_errors_exit_with_2() -> None:
    run("fit", code=2)
    run("fit", "x.csv", "--scales", "-1", code=2)
    run("nonsense", code=2)


def test_a_model_is_replaced_only_by_force(trained: Path, waves: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    data = waves / "waves_TRAIN.csv"
    run("fit", data, "--out", folder, "--quiet", *FAST)
    before = (folder / "model.safetensors").read_bytes()
    run("fit", data, "--out", folder, *FAST, code=2)
    assert (folder / "model.safetensors").read_bytes() == before
    run("fit", data, "--out", folder, "--quiet", "--force", "--seed", "1", *FAST)
    assert (folder / "model.safetensors").read_bytes() != before


def test_two_runs_with_one_seed_have_the_same_weights(waves: Path, tmp_path: Path) -> None:
    from msssm_ts.fitted.artifact import read_artifact

    weights = []
    for name in ("a", "b"):
        run("fit", waves / "waves_TRAIN.csv", "--out", tmp_path / name, "--seed", "7", "-q", *FAST)
        weights.append(read_artifact(tmp_path / name)[0])
    assert all(np.array_equal(weights[0][k], weights[1][k]) for k in weights[0])


def test_a_failure_at_run_time_exits_with_1(
    waves: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("msssm_ts.cli.predict_output.replacing", full)
    _, err = run(
        "predict", trained, waves / "waves_TEST.csv", "-o", tmp_path / "p.csv", "-q", code=1
    )
    assert "--debug" in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unasked(waves: Path, trained: Path, tmp_path: Path) -> None:
    data = tmp_path / "new.csv"
    data.write_bytes((waves / "waves_TEST.csv").read_bytes())
    before = data.read_bytes()
    ask = ("predict", trained, data, "-q")
    for more in ((), ("--force",)):
        assert "is what the command reads" in run(*ask, "-o", data, *more, code=2)[1]
    model = tmp_path / "model.safetensors"
    model.write_bytes((trained / "model.safetensors").read_bytes())
    assert "is written as .csv, .jsonl or .parquet" in run(*ask, "-o", model, code=2)[1]
    assert "is a folder" in run(*ask, "-o", tmp_path, code=2)[1]
    assert "its folder does not exist" in run(*ask, "-o", tmp_path / "x" / "p.csv", code=2)[1]
    assert "exists already" in run("export", trained, "-o", data, "-q", code=2)[1]
    assert data.read_bytes() == before
    run(*ask, "-o", tmp_path / "p.csv")
    first = (tmp_path / "p.csv").read_bytes()
    assert "exists already" in run(*ask, "-o", tmp_path / "p.csv", code=2)[1]
    run(*ask, "-o", tmp_path / "p.csv", "--force")
    assert (tmp_path / "p.csv").read_bytes() == first
    assert sorted(f.name for f in tmp_path.iterdir()) == ["model.safetensors", "new.csv", "p.csv"]


def test_force_leaves_nothing_of_the_old_model(waves: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    fit = ("fit", waves / "waves_TRAIN.csv", "--preset", "fast", "--out", folder, "-q")
    run(*fit)
    (folder / "inspect").mkdir()
    old = ["model.onnx", "training_curve.png", "inspect/bands.png"]
    for name in (*old, "mine.txt"):
        (folder / name).touch()
    assert "holds a model already" in run(*fit, code=2)[1]
    assert (folder / "model.onnx").exists()
    run(*fit, "--force")
    assert not any((folder / name).exists() for name in old)
    assert (folder / "mine.txt").exists()


def test_a_row_for_each_window(tmp_path: Path) -> None:
    """Of a long recording of which only the second half is of the other class."""
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = rng.normal(size=(24, 200)) * np.where(y, 5.0, 1.0)[:, None]
    np.savez(tmp_path / "train.npz", X=X, y=np.array(["calm", "wild"])[y], fs=50.0)
    long = rng.normal(size=(2, 800))
    long[1, 400:] *= 5
    np.savez(tmp_path / "long.npz", X=long, fs=50.0, ids=["a", "b"])
    ask = ("predict", tmp_path / "run", tmp_path / "long.npz", "-q", "--windows")
    fit = ("fit", tmp_path / "train.npz", "--preset", "fast", "-q")
    run(*fit, "--crop", "2", "--overlap", "0", "-o", tmp_path / "run")
    rows = list(csv.DictReader(io.StringIO(run(*ask)[0])))
    assert [(r["id"], float(r["start"]), float(r["stop"])) for r in rows] == [
        (name, 2.0 * k, 2.0 * k + 2) for name in "ab" for k in range(8)
    ]
    assert [r["prediction"] for r in rows] == ["calm"] * 12 + ["wild"] * 4
    whole = csv.DictReader(io.StringIO(run(*ask[:-1])[0]))
    assert [r["id"] for r in whole] == ["a", "b"]
    assert (
        "--overlap has no effect without --crop"
        in run(*fit, "--overlap", "0.2", "-o", tmp_path / "none", code=2)[1]
    )
    run(*fit, "-o", tmp_path / "plain")
    assert "trained on whole series" in run("predict", tmp_path / "plain", *ask[2:], code=2)[1]


def test_names_in_any_script_are_written_in_any_locale(tmp_path: Path) -> None:
    """Off a terminal in UTF-8, which every command reads back."""
    rng = np.random.default_rng(0)
    rows = ["label," + ",".join(f"t{i}" for i in range(12))]
    for i in range(24):
        values = rng.normal(size=12) + 3 * (i % 2)
        rows.append(f"{('故障', 'żółw')[i % 2]}," + ",".join(f"{v:.3f}" for v in values))
    data = tmp_path / "names.csv"
    data.write_text("\n".join(rows), encoding="utf-8")
    run("fit", data, "--preset", "fast", "--out", tmp_path / "run", "-q")
    done = subprocess.run(
        [sys.executable, "-m", "msssm_ts", "predict", tmp_path / "run", data],
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode("utf-8").splitlines()[0] == "id,prediction,p_żółw,p_故障"
    assert "UnicodeEncodeError" not in done.stderr.decode("utf-8")


def test_ctrl_c_keeps_the_best_model(waves: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "msssm_ts",
        "fit",
        str(waves / "waves_TRAIN.csv"),
        "--out",
        str(tmp_path / "r"),
        "--members",
        "network",
        "--max-epochs",
        "10000",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(60) == 130
    finally:
        process.kill()
    assert "what there is so far, 1 network (best epoch" in rest
    assert "Traceback" not in rest
    scores = json.loads(run("evaluate", tmp_path / "r", waves / "waves_TEST.csv", "--json")[0])
    assert scores["n_series"] == 20


def test_options_are_in_panels_and_examples_are_commands() -> None:
    commands: Any = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    order = ["Data", "Preparation", "Model", "Network", "Training", "Answers", "Output", "Advanced"]
    for name, command in commands.items():
        if name == "data":
            continue
        panels = [p.rich_help_panel for p in command.params if p.param_type_name == "option"]
        places = [0 if panel is None else 1 + order.index(panel) for panel in panels]
        assert places == sorted(places)
        assert "Output" in panels
        examples = re.findall(r"`msssm-ts (\w+) ([^`]*)`", command.epilog)
        assert [word for word, _ in examples] == [name] * 2
        for _, arguments in examples:
            words = shlex.split(arguments.partition("<")[0])
            # Refuses what there is not.
            command.make_context(name, words)
    assert all(p.rich_help_panel for p in commands["fit"].params if p.param_type_name == "option")


def test_h_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["-h"], ["fit", "-h"]):
        with pytest.raises(SystemExit) as ended:
            app(words)
        assert ended.value.code == 0
        assert "Usage:" in capsys.readouterr().out
