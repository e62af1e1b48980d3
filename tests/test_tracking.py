"""Fits written down in logs of experiments: modules of the same interface in place of theirs."""

from __future__ import annotations

import csv
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from commands import run

from msssm_ts.tracking import LOGS, Tracker
from msssm_ts.training import Progress

NETWORK = (
    *("--members", "network", "--max-epochs", "3", "--width", "4", "--layers", "1"),
    *("--scales", "1", "-q"),
)


class Calls(list[tuple[Any, ...]]):
    """What a fake package was told: (what, arguments)."""

    def of(self, what: str) -> list[Any]:
        return [call[1:] for call in self if call[0] == what]


def fake_tensorboard(calls: Calls) -> ModuleType:
    class SummaryWriter:
        def __init__(self, log_dir: str):
            calls.append(("begin", log_dir))

        def add_scalar(self, tag: str, value: float, step: int) -> None:
            calls.append(("point", tag, value, step))

        def add_text(self, tag: str, text: str) -> None:
            calls.append(("text", tag, text))

        def flush(self) -> None:
            pass

        def close(self) -> None:
            calls.append(("closed", calls.of("text")[-1][1]))

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    return module


def fake_mlflow(calls: Calls) -> ModuleType:
    module: Any = ModuleType("mlflow")

    def log_metrics(values: dict[str, float], step: int | None = None) -> None:
        calls.extend(("point", name, value, step or 0) for name, value in values.items())

    def start_run(run_name: str) -> Any:
        calls.append(("begin", run_name))
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    module.start_run = start_run
    module.get_tracking_uri = lambda: "file:here"
    module.set_tag = lambda name, value: calls.append(("tag", name, value))
    module.log_params = lambda values: calls.append(("parameters", values))
    module.log_metrics = log_metrics
    module.end_run = lambda status: calls.append(("closed", status))
    return module


def fake_wandb(calls: Calls) -> ModuleType:
    class Run:
        url = "https://there"
        config = SimpleNamespace(update=lambda values: calls.append(("parameters", values)))
        summary = SimpleNamespace(
            update=lambda values: calls.extend(("point", n, v, 0) for n, v in values.items())
        )

        def define_metric(self, name: str, step_metric: str | None = None) -> None:
            calls.append(("axis", name, step_metric))

        def log(self, values: dict[str, float]) -> None:
            epoch = values.pop("epoch")
            calls.extend(("point", name, value, epoch) for name, value in values.items())

        def finish(self, exit_code: int) -> None:
            calls.append(("closed", exit_code))

    def init(**settings: Any) -> Run:
        calls.append(("begin", settings["name"]))
        return Run()

    module: Any = ModuleType("wandb")
    module.init = init
    return module


FAKES: dict[str, Callable[[Calls], ModuleType]] = {
    "tensorboard": fake_tensorboard,
    "mlflow": fake_mlflow,
    "wandb": fake_wandb,
}
# How each is told that a fit has come to its end, or has been stopped.
FINISHED = {"tensorboard": "finished", "mlflow": "FINISHED", "wandb": 0}
INTERRUPTED = {"tensorboard": "interrupted", "mlflow": "KILLED", "wandb": 1}


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Calls]:
    """Every log, by a module that only takes down what it is told."""
    found = {name: Calls() for name in LOGS}
    for name, calls in found.items():
        monkeypatch.setitem(sys.modules, LOGS[name].modules[0], FAKES[name](calls))
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "d.npz"
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    np.savez(file, X=rng.normal(size=(24, 20)) + 2 * y[:, None], y=np.array(["a", "b"])[y])
    return file


def test_every_log_has_the_curves_the_options_and_the_scores(
    data: Path, tmp_path: Path, logs: dict[str, Calls]
) -> None:
    out = tmp_path / "r"
    words = [word for name in LOGS for word in ("--log", name)]
    run("fit", data, "-o", out, *NETWORK, *words)
    history = list(csv.DictReader((out / "history.csv").open()))
    metrics = json.loads((out / "metrics.json").read_text())
    for name, calls in logs.items():
        points = {(tag, step): value for tag, value, step in calls.of("point")}
        for row in history:
            for column in ("train_loss", "train_accuracy", "val_loss", "learning_rate"):
                if row[column]:
                    found = points[f"network/{column}", int(row["epoch"])]
                    assert found == pytest.approx(float(row[column]))
        assert points["fit/parameters", 0] == metrics["n_parameters"]
        assert points["members/1_network/share", 0] == 1
        assert calls.of("closed") == [(FINISHED[name],)]
    for name in ("mlflow", "wandb"):
        told = {k: v for (values,) in logs[name].of("parameters") for k, v in values.items()}
        assert (told["max_epochs"], told["data"]) == (3, str(data))
    assert "| max_epochs | 3 |" in logs["tensorboard"].of("text")[0][1]
    assert ("run_folder", str(out)) in logs["mlflow"].of("tag")
    assert logs["wandb"].of("parameters")[0][0] == {"run_folder": str(out)}
    assert ("*", "epoch") in logs["wandb"].of("axis")
    assert Path(logs["tensorboard"].of("begin")[0][0]).parent == out / "tensorboard"


def test_without_a_network_the_log_has_every_member(
    data: Path, tmp_path: Path, logs: dict[str, Calls]
) -> None:
    out = tmp_path / "r"
    _, err = run("fit", data, "-o", out, "--preset", "fast", "--log", "mlflow")
    assert "logged by mlflow: run r1 at file:here" in err
    assert "logged are the scores of 4 members: no network was trained" in err
    points = {tag: value for tag, value, _ in logs["mlflow"].of("point")}
    members = json.loads((out / "metrics.json").read_text())["members"]
    assert len(members) == 4
    for i, member in enumerate(members, 1):
        front = f"members/{i}_{member['kind']}"
        assert points[f"{front}/share"] == member["weight"]
        assert points[f"{front}/accuracy"] == member["accuracy"]
        assert points[f"{front}/seconds"] == member["seconds"]
    assert points["expected/accuracy"] >= points["expected/low"]
    assert not logs["wandb"]


def test_a_package_that_is_missing_is_told_before_anything_is_read(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(*_: Any) -> Any:
        raise AssertionError("data are read")

    monkeypatch.setattr("msssm_ts.datasets.load", reading)
    for kind in LOGS.values():
        for module in kind.modules:
            monkeypatch.setitem(sys.modules, module, None)
    for name in LOGS:
        _, err = run("fit", data, "-o", tmp_path / "r", "--log", name, code=2)
        assert f"--log {name}: its package cannot be imported" in err
        assert f"pip install {name}" in err
        assert len(err.splitlines()) == 1
    assert not (tmp_path / "r").exists()
    _, err = run("fit", data, "--log", "excel", code=2)
    assert "must be tensorboard, mlflow or wandb" in err


def test_a_log_that_does_not_begin_and_one_that_breaks_off(
    data: Path, tmp_path: Path, logs: dict[str, Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **settings: Any) -> Any:
        raise ConnectionError("the server\nis away")

    fit = ("fit", data, "--preset", "fast", "-o")
    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["wandb"], "init", fail)
        words = ("--log", "mlflow", "--log", "wandb")
        _, err = run(*fit, tmp_path / "a", *words, code=2)
    assert "--log wandb: cannot begin (the server is away)" in err
    assert logs["mlflow"].of("closed") == [("FAILED",)]
    monkeypatch.setattr(sys.modules["mlflow"], "log_metrics", fail)
    _, err = run(*fit, tmp_path / "b", "--log", "mlflow", "--log", "wandb")
    assert "mlflow: logging has stopped (the server is away); the fit goes on" in err
    assert (tmp_path / "b" / "model.safetensors").exists()
    assert logs["wandb"].of("closed") == [(0,)]


def progress(step: int, epoch: int, end: bool = True) -> Progress:
    return Progress(epoch, 9, step, 99, 0.5, 0.6, None, float("nan"), 0.01, 1.0, end, None)


def test_two_networks_and_what_stops_them(tmp_path: Path, logs: dict[str, Calls]) -> None:
    """Curves of a second one do not run on behind the first's; values that are none are left."""

    def stopped() -> None:
        with Tracker(["tensorboard", "mlflow", "wandb"], tmp_path, lambda line: None) as tracker:
            tracker.begin({"a": [1, 2]})
            for step, epoch, end in ((1, 1, False), (2, 1, True), (4, 2, True), (2, 1, True)):
                tracker(progress(step, epoch, end))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    for name, calls in logs.items():
        points = [(tag, step) for tag, _, step in calls.of("point")]
        losses = [point for point in points if point[0].endswith("train_loss")]
        assert losses == [
            ("network/train_loss", 1), ("network/train_loss", 2), ("network_2/train_loss", 1)
        ]  # fmt: skip
        assert not [tag for tag, _ in points if "val_" in tag]
        assert calls.of("closed") == [(INTERRUPTED[name],)]
    assert logs["mlflow"].of("parameters") == [({"a": "[1, 2]"},)]


def test_tensorboard_s_own_files(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written by tensorboardX, and read record by record, as TensorBoard does."""
    from tensorboardX.proto.event_pb2 import Event

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    run("fit", data, "-o", tmp_path, *NETWORK, "--log", "tensorboard")
    (file,) = tmp_path.glob("tensorboard/*/events*")
    raw, found, texts = file.read_bytes(), {}, {}
    while raw:
        (length,) = struct.unpack("<Q", raw[:8])
        event = Event.FromString(raw[12 : 12 + length])
        raw = raw[16 + length :]
        for value in event.summary.value:
            if value.HasField("simple_value"):
                found[value.tag, event.step] = value.simple_value
            else:
                texts[value.tag.split("/")[0]] = value.tensor.string_val[0].decode()
    history = csv.DictReader((tmp_path / "history.csv").open())
    losses = [found["network/train_loss", int(row["epoch"])] for row in history]
    assert len(losses) == 3
    assert "| d_model | 4 |" in texts["parameters"]
    assert found["members/1_network/share", 0] == 1
