"""A fit that is cut short goes on as if it had not been."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import unittest.mock
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from filelock import FileLock

from msssm_ts import MSSSMClassifier
from msssm_ts.atomic import replacing
from msssm_ts.cli.app import main
from msssm_ts.cli.signals import stop_like_ctrl_c
from msssm_ts.display import TrainingDisplay
from msssm_ts.errors import InputError, TrainingError, WritingError
from msssm_ts.fitted.model_file import model_tensors
from msssm_ts.fitting import Checkpoint
from msssm_ts.fitting import checkpoint as module
from msssm_ts.members.quantile_trees.trees import QuantileTrees
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.series import LazySeries
from msssm_ts.training import Progress
from msssm_ts.training.keeping import SafePoints

# Everything that draws: dropout, shifts and mixing, beside the order of the batches.
SMALL: dict[str, Any] = {
    **{"d_model": 8, "n_layers": 1, "random_state": 0, "max_epochs": 4, "batch_size": 8},
    **{"dropout": 0.2, "shift": 0.2, "mixup": 0.3, "early_stopping": True},
    "learning_rate": 0.05,
}
NEVER = 1e9


class Stop:
    """Send a signal, or raise, at a moment of the training."""

    def __init__(self, step: int, epoch_end: bool = False, sends: bool = True):
        self.at, self.sends = (step, epoch_end), sends

    def __call__(self, progress: Progress) -> None:
        if (progress.step, progress.is_epoch_end) == self.at:
            if not self.sends:
                raise KeyboardInterrupt
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(autouse=True)
def _signals() -> Any:
    before = {s: signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    stop_like_ctrl_c()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _data(n: int = 40, length: int = 24) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(n) % 2
    X = np.random.default_rng(0).normal(size=(n, length)).astype(np.float32)
    X[y == 1] += np.sin(np.arange(length))
    return X, y


def _fit(folder: Path | None = None, X: Any = None, **settings: Any) -> MSSSMClassifier:
    """Fit, or go on with the fit in a folder."""
    more = {k: settings.pop(k) for k in ("checkpoint", "groups") if k in settings}
    series, y = _data()
    model = MSSSMClassifier(**{"members": ["network"], **SMALL, **settings})
    return model.fit(series if X is None else X, y, resume=folder, **more)


def _cut_short(folder: Path, every: float = NEVER, **settings: Any) -> None:
    with Checkpoint(folder, every) as checkpoint, pytest.raises(KeyboardInterrupt):
        _fit(checkpoint=checkpoint, **settings)


def _assert_same(one: MSSSMClassifier, other: MSSSMClassifier) -> None:
    ours, theirs = model_tensors(one.model_), model_tensors(other.model_)
    assert ours.keys() == theirs.keys()
    assert [k for k in ours if not np.array_equal(ours[k], theirs[k])] == []
    for name in ("val_loss", "train_loss", "train_accuracy", "learning_rate"):
        assert one.history_[name] == other.history_[name]
    assert (one.n_iter_, one.best_iter_) == (other.n_iter_, other.best_iter_)
    assert one.model_.vote.weights == other.model_.vote.weights


@pytest.mark.parametrize(
    ("step", "epoch_end"), [(1, False), (6, False), (5, True), (13, False), (20, False)]
)
def test_a_network_goes_on_with_the_same_bits(
    step: int, epoch_end: bool, tmp_path: Path, whole: MSSSMClassifier
) -> None:
    """Five batches an epoch: within one, at its end before and after it is scored, at the last."""
    _cut_short(tmp_path, callbacks=[Stop(step, epoch_end)])
    goes_on = Counting()
    _assert_same(_fit(tmp_path, callbacks=[goes_on]), whole)
    # Not from the beginning.
    assert step == 20 or goes_on.n_steps == 20 - step


@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_network_that_begins_with_the_encoder_goes_on(n_channels: int, tmp_path: Path) -> None:
    """Its stem and its head are what they were, too."""
    settings = {"init": "pretrained", "d_model": 64, "n_layers": 3, "max_epochs": 2}
    settings["X"] = np.repeat(_data()[0][:, None], n_channels, 1)
    whole = _fit(**settings)
    _cut_short(tmp_path, callbacks=[Stop(6)], **settings)
    _assert_same(_fit(tmp_path, **settings), whole)


class Counting:
    def __init__(self) -> None:
        self.n_steps = 0

    def __call__(self, progress: Progress) -> None:
        self.n_steps += not progress.is_epoch_end


@pytest.fixture(scope="module")
def whole() -> MSSSMClassifier:
    model = _fit()
    assert model.best_iter_ == 2, "a cut afterwards must not lose the best weights"
    return model


def test_what_was_killed_goes_on_from_what_was_due(
    tmp_path: Path, whole: MSSSMClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves no time to keep anything: an exception instead of a signal is like it."""
    monkeypatch.setattr(module, "_SHARE", float("inf"))
    _cut_short(tmp_path, every=0.0, callbacks=[Stop(13, sends=False)])
    again = Counting()
    _assert_same(_fit(tmp_path, callbacks=[again]), whole)
    assert again.n_steps == 8
    assert not list(tmp_path.glob(".*"))


def test_streamed_series_go_on_within_an_epoch(tmp_path: Path) -> None:
    X, y = _data()
    lazy = LazySeries(range(len(X)), lambda i: X[i][None], [X.shape[1]] * len(X))
    settings = SMALL | {"members": ["network"], "early_stopping": False}
    whole = MSSSMClassifier(**settings).fit(lazy, y)
    with Checkpoint(tmp_path, NEVER) as checkpoint, pytest.raises(KeyboardInterrupt):
        MSSSMClassifier(**settings, callbacks=[Stop(8)]).fit(lazy, y, checkpoint=checkpoint)
    _assert_same(MSSSMClassifier(**settings).fit(lazy, y, resume=tmp_path), whole)


def test_finished_members_are_not_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"preset": "default", "members": ["scan_ridge", "quantile_trees", "network"]}
    whole = _fit(**settings)
    _cut_short(tmp_path, **settings, callbacks=[Stop(3)])
    kept = {f.name for f in tmp_path.glob("*.safetensors")}
    assert kept == {
        *("first-scan_ridge-0.member.safetensors", "first-quantile_trees-0.member.safetensors"),
        "steps-0.work.safetensors",
    }
    fitted: list[tuple[str, int]] = []
    for kind in (ScanRidge, QuantileTrees):
        fit = kind.fit.__func__  # type: ignore[attr-defined]

        def noted(cls: Any, problem: Any, *rest: Any, _fit: Any = fit) -> Any:
            fitted.append((cls.kind, len(problem)))
            return _fit(cls, problem, *rest)

        monkeypatch.setattr(kind, "fit", classmethod(noted))
    _assert_same(_fit(tmp_path, **settings), whole)
    # All series, once the shares are known; not those that are left for the first time.
    assert fitted == [("scan_ridge", 40), ("quantile_trees", 40)]


def test_what_a_member_has_told_is_told_by_the_fit_that_goes_on(tmp_path: Path) -> None:
    settings = {"members": ["scan_ridge", "quantile_trees"], "early_stopping": False}

    class InTheTrees:
        def __call__(self, progress: Progress) -> None: ...

        def stage(self, name: str, done: int, total: int) -> None:
            if name == "trees":
                raise KeyboardInterrupt

    _cut_short(tmp_path, **settings, callbacks=[InTheTrees()])
    assert (tmp_path / "first-scan_ridge-0.member.safetensors").exists()
    again, whole = _fit(tmp_path, **settings), _fit(**settings)
    _assert_same(again, whole)
    assert again.model_.record.estimate == whole.model_.record.estimate
    ours, theirs = again.model_.record.members, whole.model_.record.members
    assert [m["alike"] for m in ours] == [m["alike"] for m in theirs]


def test_a_drawn_seed_stays_the_seed(tmp_path: Path) -> None:
    _cut_short(tmp_path, random_state=None, callbacks=[Stop(7)])
    seed = json.loads((tmp_path / "fit.json").read_text())["seed"]
    _assert_same(_fit(tmp_path, random_state=None), _fit(random_state=seed))


def _other_value(X: np.ndarray) -> np.ndarray:
    changed = X.copy()
    changed[3, 5] += 1e-3
    return changed


def test_other_data_or_settings_are_refused(tmp_path: Path) -> None:
    groups = np.repeat(np.arange(20), 2)
    _cut_short(tmp_path, groups=groups, callbacks=[Stop(7)])
    changed: list[tuple[Callable[[], Any], str]] = [
        (lambda: _fit(tmp_path, groups=groups, n_scales=2), "n_scales=3, not 2"),
        (lambda: _fit(tmp_path, groups=groups, random_state=1), "random_state=0, not 1"),
        (lambda: _fit(tmp_path, groups=groups + 1), "the groups of the training data"),
        (lambda: _fit(tmp_path, groups=groups, X=_other_value(_data()[0])), "the series of the"),
    ]
    for attempt, message in changed:
        with pytest.raises(InputError, match=message):
            attempt()
    identity = tmp_path / "fit.json"
    kept = json.loads(identity.read_text())
    for change, message in (
        ({"versions": kept["versions"] | {"msssm-ts": "0.0.1"}}, r"left by msssm-ts 0\.0\.1"),
        ({"data": None}, "damaged"),
    ):
        identity.write_text(json.dumps(kept | change))
        with pytest.raises(InputError, match=message):
            _fit(tmp_path, groups=groups)
    identity.write_text(json.dumps(kept | {"threads": 77}))
    with pytest.warns(UserWarning, match=r"were 77: the result may differ in its last bits"):
        _fit(tmp_path, groups=groups)
    with pytest.raises(InputError, match="no fit to go on with"):
        _fit(tmp_path / "nothing")
    with pytest.raises(InputError, match="once"):
        _fit(tmp_path, checkpoint=tmp_path)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    _cut_short(tmp_path, callbacks=[Stop(7)])
    file = tmp_path / "steps-0.work.safetensors"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(InputError, match=r"steps-0\.work\.safetensors: damaged"):
        _fit(tmp_path)


def test_a_full_disk_does_not_end_a_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: MSSSMClassifier
) -> None:
    def full(path: Path, *_: object) -> None:
        raise WritingError(path, OSError(28, "No space left on device"))

    monkeypatch.setattr(module, "write_tensor_file", full)
    said: list[str] = []
    with Checkpoint(tmp_path, 0.0, warn=said.append) as checkpoint:
        _assert_same(_fit(checkpoint=checkpoint), whole)
    # Once, and by its name.
    assert len(said) == 1
    assert "steps-0.work.safetensors: cannot be written (no space left on device)" in said[0]


def test_writing_takes_a_sixtieth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(module.time, "perf_counter", lambda: now)

    def slow(*_: object) -> None:
        nonlocal now
        now += 2.0

    monkeypatch.setattr(module, "write_tensor_file", slow)
    with Checkpoint(tmp_path, 1.0) as checkpoint:
        work: Any = type("Work", (), {"arrays": {}, "facts": {}})
        for _ in range(3):
            checkpoint.keep_work("steps-0", work)
        assert now == 6.0
        now += 119.0
        assert not checkpoint.is_due()
        now += 2.0
        assert checkpoint.is_due()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    X, y = _data()
    path = tmp_path / "waves.csv"
    rows = [f"{'ab'[c]}," + ",".join(map(str, x)) for x, c in zip(X.tolist(), y, strict=True)]
    path.write_text("label," + ",".join(f"t{i}" for i in range(24)) + "\n" + "\n".join(rows))
    return path


NETWORK = ("--members", "network", "--width", "8", "--layers", "1", "--max-epochs", "8")


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Callable[[int | None], None]:
    """Let the command's own display send a signal at a step."""
    shown = TrainingDisplay.__call__

    def set_step(step: int | None) -> None:
        def call(self: TrainingDisplay, progress: Progress) -> None:
            shown(self, progress)
            # Python's own display is there, too, and silent.
            if step is not None and self._interval:
                Stop(step)(progress)

        monkeypatch.setattr(TrainingDisplay, "__call__", call)

    return set_step


def test_a_command_that_was_stopped_goes_on(
    file: Path, tmp_path: Path, stopping: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / "run", tmp_path / "whole"
    run("fit", file, "-o", whole, *NETWORK, "-q")
    stopping(7)
    monkeypatch.chdir(tmp_path)
    _, err = run("fit", file.name, "-o", "run", *NETWORK, "-q", code=130)
    assert err == (
        "msssm-ts: interrupted; what there is so far, 1 network (best epoch 1), is in "
        "run/model.safetensors; go on with it: msssm-ts fit --resume run\n"
    )
    assert MSSSMClassifier.load(out).n_iter_ == 1
    stopping(None)
    _, err = run("fit", "--resume", out, file, "--scales", "2", code=2)
    assert "--scales 2: the fit in" in err
    assert "has 3" in err
    _, err = run("fit", "--resume", out, "-o", whole, code=2)
    assert "leave --out out" in err
    # From anywhere: paths are those of the first call.
    monkeypatch.chdir("/")
    run("fit", "--resume", out, "-q")
    _assert_same(MSSSMClassifier.load(out), MSSSMClassifier.load(whole))
    assert {f.name for f in out.iterdir()} == {f.name for f in whole.iterdir()}
    _, err = run("fit", "--resume", out, code=2)
    assert "its fit is finished" in err
    _, err = run("fit", "--resume", tmp_path / "none", code=2)
    assert "no fit to go on with" in err
    assert "DATA is missing" in run("fit", code=2)[1]


def test_a_model_is_replaced_by_a_whole_one_only(file: Path, tmp_path: Path, stopping: Any) -> None:
    out = tmp_path / "run"
    run("fit", file, "-o", out, "--preset", "fast", "-q")
    before = (out / "model.safetensors").read_bytes()
    stopping(3)
    _, err = run("fit", file, "-o", out, *NETWORK, "-q", "--force", code=130)
    assert f"the model in {out} is the one that was there before" in err
    assert (out / "model.safetensors").read_bytes() == before
    stopping(None)
    run("fit", "--resume", out, "-q")
    assert len(MSSSMClassifier.load(out).networks_) == 1


def test_a_run_folder_has_one_fit_at_a_time(file: Path, tmp_path: Path, stopping: Any) -> None:
    out = tmp_path / "run"
    (out / "checkpoint").mkdir(parents=True)
    with FileLock(out / "checkpoint" / "lock"):
        _, err = run("fit", file, "-o", out, *NETWORK, code=2)
        assert "another fit is writing to it" in err
    stopping(3)
    run("fit", file, "-o", out, *NETWORK, "-q", code=130)
    (out / "model.safetensors").unlink()
    _, err = run("fit", file, "-o", out, *NETWORK, code=2)
    assert "holds a fit that was cut short" in err
    # What is refused for its data leaves nothing behind.
    bad = file.with_name("bad.csv")
    bad.write_text("label,t0,t1\na,1,x\n")
    run("fit", bad, "-o", tmp_path / "bad", code=2)
    assert not (tmp_path / "bad").exists()


def test_a_second_signal_is_not_held_up() -> None:
    # Under nohup it would be ignored.
    before = signal.signal(signal.SIGHUP, signal.default_int_handler)
    with SafePoints() as points:
        os.kill(os.getpid(), signal.SIGTERM)
        assert points.is_asked_to_stop
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGHUP)
    signal.signal(signal.SIGHUP, before)
    with SafePoints() as points:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            points.reached()


def test_what_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop_like_ctrl_c()
    with SafePoints():
        os.kill(os.getpid(), signal.SIGHUP)


def test_what_dead_processes_left_is_removed(tmp_path: Path) -> None:
    host = f"{zlib.crc32(socket.gethostname().encode()):08x}"
    dead = tmp_path / f".a.txt.{host}-{2**22 + 1}-00000000.part"
    alive = tmp_path / f".a.txt.{host}-{os.getpid()}-00000000.part"
    elsewhere = tmp_path / ".a.txt.0badcafe-1-00000000.part"
    for part in (dead, alive, elsewhere):
        part.touch()
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("x")
    assert [part.exists() for part in (dead, alive, elsewhere)] == [False, True, True]
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012, SIM117
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt
    assert (tmp_path / "a.txt").read_text() == "x"
    assert not temporary.exists()


def test_a_failure_keeps_what_there_is_and_is_not_gone_on_with(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: TrainingDisplay, progress: Progress) -> None:
        if progress.step == 3 and self._interval:
            raise TrainingError("the loss became nan at step 3: lower the learning rate")

    monkeypatch.setattr(TrainingDisplay, "__call__", fails)
    out = tmp_path / "run"
    _, err = run("fit", file, "-o", out, *NETWORK, "-q", code=1)
    assert "became nan at step 3" in err
    assert f"is in {out / 'model.safetensors'}" in err
    assert "--resume" not in err
    assert not (out / "checkpoint").exists()
    with (
        pytest.raises(TrainingError),
        unittest.mock.patch.object(
            sys,
            "argv",
            ["msssm-ts", "fit", str(file), "-o", str(out), *NETWORK, "--force", "--debug"],
        ),
    ):
        main()
