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
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from commands import run

from msssm_ts import MSSSMClassifier, __version__
from msssm_ts.cli.app import __file__ as app_file
from msssm_ts.cli.app import app
from msssm_ts.cli.usage import VARIABLES
from msssm_ts.display import TrainingDisplay
from msssm_ts.training import Progress

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


def heavy_imports(*commands: tuple[str, ...]) -> list[str]:
    """Return what commands import, one after the other, in a process of their own."""
    code = (
        "import sys\n"
        "from msssm_ts.cli.app import main\n"
        f"for words in {commands!r}:\n"
        "    sys.argv = ['msssm-ts', *words]\n"
        "    try: main()\n    except SystemExit: pass\n"
        "heavy = {'torch', 'sktime', 'pandas', 'numpy', 'numba', 'sklearn', 'matplotlib'}\n"
        "print('HEAVY', *sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].split()[1:]


def test_a_model_that_is_not_there_is_missed_at_once(tmp_path: Path) -> None:
    missing = str(tmp_path / "nosuch")
    commands = [(c, missing, "data.hea") for c in ("predict", "evaluate", "inspect", "annotate")]
    # Data's options are checked by numpy.
    assert set(heavy_imports(("info", missing), *commands)) <= {"numpy"}


def test_data_that_are_not_there_are_missed_before_torch_is_imported(tmp_path: Path) -> None:
    missing, out = str(tmp_path / "nosuch.csv"), str(tmp_path / "run")
    commands = [(c, missing, "--out", out) for c in ("fit", "crossval", "tune")]
    assert not {"torch", "sklearn", "sktime"} & {*heavy_imports(*commands)}
    assert not (tmp_path / "run").exists()


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    assert heavy_imports(("--help",), ("--version",), ("fitt",)) == []
    times = []
    for _ in range(3):
        # Of the processor: what else the machine does counts for little.
        began = sum(os.times()[2:4])
        out, _ = run_alone("--help")
        times.append(sum(os.times()[2:4]) - began)
    assert "fit" in out
    # The contract is 0.3 s on an idle machine.
    assert 0 < min(times) < 0.6


def test_an_option_of_one_value_is_given_one() -> None:
    for command in (("fit", "x"), ("data", "check", "x"), ("serve", "x")):
        option = "--port" if command[0] == "serve" else "--max-memory"
        _, err = run(*command, option, "1", f"{option}=2", code=2)
        assert f"{option} 1 {option} 2: {option} takes one value" in err
    # Both spellings, an option that may be repeated, a flag; DATA is missed only then.
    for words in (["-o", "a", "--out", "a"], ["--drop", "a", "--drop", "b"], ["--force"] * 2):
        assert "x: no such file" in run("fit", "x", *words, code=2)[1]
    assert "--out a --out b: " in run("fit", "x", "-o", "a", "--out", "b", code=2)[1]


def test_words_that_can_hardly_be_meant() -> None:
    _, err = run("fit", "", code=2)
    assert "DATA '': is empty; is a variable of the shell not set?" in err
    assert "PATH... '': is empty" in run("predict", "x", "y", "", code=2)[1]
    assert "--out '': is empty" in run("fit", "x", "--out", "", code=2)[1]
    assert "--out '~/x': the shell has left ~" in run("fit", "x", "--out=~/x", code=2)[1]
    assert "x: no such file" in run("fit", "x", "--out", "a~/x", code=2)[1]


def test_variables_that_there_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSSSM_TS_CACHE", "/tmp/x")
    said = "MSSSM_TS_CACHE: no such variable, without effect; is 'MSSSM_TS_CACHE_DIR' meant?"
    assert said in run("fit", "x", code=2)[1]
    assert "MSSSM_TS_CACHE:" not in run("fit", "x", "--quiet", code=2)[1]
    # Whatever the package looks at is known.
    files = [f for f in Path(app_file).parents[1].rglob("*.py") if f.name != "usage.py"]
    named = {n for f in files for n in re.findall(r"\bMSSSM_TS_[A-Z_]+", f.read_text())}
    assert named == set(VARIABLES)


def test_version() -> None:
    assert run("--version")[0].strip() == f"msssm-ts {__version__}"


def test_fit_writes_a_run_folder_and_the_next_command(waves: Path, tmp_path: Path) -> None:
    out, err = run(
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


def test_predict_without_labels(trained: Path, waves: Path) -> None:
    lines = (waves / "waves_TEST.csv").read_text().splitlines()
    unlabelled = waves / "new.csv"
    unlabelled.write_text("\n".join(line.partition(",")[2] for line in lines))
    out, _ = run("predict", trained, unlabelled)
    assert len(out.splitlines()) == 21


def test_info(trained: Path) -> None:
    facts = json.loads(run("info", "--json")[0])
    assert (facts["backend"], facts["msssm-ts"]) == ("numba", __version__)
    assert facts["reason"]
    about = json.loads(run("info", trained, "--json")[0])
    assert about["classes"] == ["fast", "slow"]
    (member,) = about["members"]
    assert (member["kind"], member["n_scales"]) == ("network", 3)


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
    def failing(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr("msssm_ts.cli.predict.output.replacing", failing)
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
    (exported := trained / "kept.onnx").write_bytes(b"mine")
    assert "exists already" in run("export", trained, "-o", exported, "-q", code=2)[1]
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


def test_ctrl_c_keeps_the_best_model(
    waves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = TrainingDisplay.__call__

    def until_the_third(display: TrainingDisplay, progress: Progress) -> None:
        shown(display, progress)
        if progress.epoch == 3 and progress.is_epoch_end:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(TrainingDisplay, "__call__", until_the_third)
    given = ("--members", "network", "--max-epochs", "10000", "--out", tmp_path / "r")
    _, err = run("fit", waves / "waves_TRAIN.csv", *given, code=130)
    assert "what there is so far, 1 network (best epoch" in err
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
