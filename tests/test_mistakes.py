"""Mistakes: one sentence, the exit code, and nothing lost. The table is tests/mistakes.py."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from commands import run
from mistakes import MISTAKES, Mistake, as_pattern, write_files

from msssm_ts import __main__ as entry
from msssm_ts.cli.app import main
from msssm_ts.members import MEMBERS

ROWS = [row for rows in MISTAKES.values() for row in rows]
TREES = ("--members", "quantile_trees", "-q")
ECG = ("ecg.csv", "--label", "kind")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mistakes are made with; as it was after each."""
    folder = tmp_path_factory.mktemp("mistakes")
    write_files(folder)
    run("fit", folder / "ecg.csv", "--label", "kind", *TREES, "-o", folder / "heart")
    run("fit", folder / "leads.npz", *TREES, "-o", folder / "pair")
    whole = (folder / "heart" / "model.safetensors").read_bytes()
    (folder / "cut").mkdir()
    (folder / "cut" / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder, which is left as it is found."""
    monkeypatch.chdir(folder)
    before = _contents(folder)
    yield folder
    assert _contents(folder) == before


def _contents(folder: Path) -> dict[str, bytes | None]:
    files = sorted(folder.rglob("*"))
    return {str(f.relative_to(folder)): f.read_bytes() if f.is_file() else None for f in files}


def _said(err: str) -> str:
    """Return the sentence: the last line, or what the frame of a usage error holds."""
    framed = re.findall(r"^│ (.*?) *│$", err, re.MULTILINE)
    if framed:
        assert "Error" in err
        return " ".join(framed)
    last = err.splitlines()[-1]
    assert last.startswith("msssm-ts: ")
    return last.removeprefix("msssm-ts: ")


def test_there_are_forty_at_least() -> None:
    assert len({row.typed for row in ROWS}) == len(ROWS) >= 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.typed)
def test_mistake(row: Mistake, here: Path) -> None:
    out, err = run(*shlex.split(row.typed), code=row.code)
    assert out == ""
    assert re.fullmatch(as_pattern(row.said), _said(err)), _said(err)
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_json_is_kept_apart_from_messages(command: str, here: Path) -> None:
    out, err = run(command, "pair", "fast.npz", "--json")
    assert json.loads(out)
    assert "resampling from 100 Hz to the model's 50 Hz" in err
    out, err = run(command, "pair", "ecg.csv", "--label", "kind", "--json", code=2)
    assert (out, err.splitlines()[-1]) == (
        "",
        "msssm-ts: ecg.csv: 1 channel, but the model was trained on 2 (I, II); "
        "give series of as many, or fit a model of these",
    )


# Moments: what is typed, and what does not come back then; see also the members below.
_FIT = "fit ecg.csv --label kind --members quantile_trees -o {out}"
_DIVIDED = "ecg.csv --label kind --members quantile_trees --folds 2 -o {out}"
MOMENTS = {
    "reading": (_FIT, "msssm_ts.datasets.load"),
    "preparing": (_FIT, "msssm_ts.cli.fit.command.preparation_for"),
    "in features": (
        "fit ecg.csv --label kind --members scan_ridge -o {out}",
        "msssm_ts.members.scan_ridge.features.ScanFeatures.transform",
    ),
    "while a network trains": (
        "fit ecg.csv --label kind --members network --max-epochs 2 -o {out}",
        "msssm_ts.display.TrainingDisplay.__call__",
    ),
    "writing": (_FIT, "msssm_ts.fitted.save_model"),
    "loading a model": (
        "predict heart ecg.csv -o {out}.csv",
        "msssm_ts.estimator.MSSSMClassifier.load",
    ),
    "predicting": (
        "predict heart ecg.csv -o {out}.csv",
        "msssm_ts.cli.predict.predicting.Predicting._whole",
    ),
    "evaluating": ("evaluate heart ecg.csv", "msssm_ts.cli.given.inputs.predict_proba"),
    "inspecting": (
        "inspect heart ecg.csv -o {out}",
        "msssm_ts.cli.given.inputs.load_model_and_series",
    ),
    "crossval": (f"crossval {_DIVIDED}", "msssm_ts.cli.fit.training.fit_to"),
    "tune": (f"tune {_DIVIDED} --space preparation --trials 2", "msssm_ts.cli.fit.training.fit_to"),
}


def _stop(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGINT)


def _interrupted(typed: str, out: Path) -> str:
    """Return what is said; nothing is lost, and nothing empty or half written stays."""
    _, err = run(*shlex.split(typed.format(out=out)), code=130)
    assert "Traceback" not in err
    *_, last = err.splitlines()
    assert last.startswith("msssm-ts: interrupted")
    if "--resume" in last:
        assert any(out.iterdir())
    else:
        assert not list(out.parent.iterdir())
    return last


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c(moment: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed, does_not_come_back = MOMENTS[moment]
    with monkeypatch.context() as patched:
        patched.setattr(does_not_come_back, _stop)
        last = _interrupted(typed, tmp_path / "out")
    if "--resume" in last:
        if moment == "writing":
            # Nothing is fitted anew.
            monkeypatch.setattr(MEMBERS.get("quantile_trees"), "fit", _stop)
        run(typed.partition(" ")[0], "--resume", tmp_path / "out", "-q")


@pytest.mark.parametrize("kind", MEMBERS.own_names())
def test_ctrl_c_in_a_member(
    kind: str, here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MEMBERS.get(kind), "fit", _stop)
    last = _interrupted(f"fit ecg.csv --label kind --members {kind} -o {{out}}", tmp_path / "out")
    assert "nothing is finished yet; go on with it: msssm-ts fit --resume" in last


def test_ctrl_c_while_it_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Importing:
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "msssm_ts.cli.app", Importing())  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "msssm-ts: interrupted\n")


def _run_on(typed: str, **streams: Any) -> int:
    """Run with these as stdout and stderr; return the exit code."""
    with mock.patch.multiple(sys, argv=["msssm-ts", *shlex.split(typed)], **streams):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


@pytest.mark.parametrize("typed", ["predict heart ecg.csv", "info heart --json"])
def test_a_pipe_that_nobody_reads(typed: str, here: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    err = io.StringIO()
    with io.TextIOWrapper(os.fdopen(writing, "wb")) as closed:
        assert _run_on(typed, stdout=closed, stderr=err) == 0
    assert "Error" not in err.getvalue()


def test_no_stdout(here: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    err = io.StringIO()
    assert _run_on(f"predict heart ecg.csv -o {out}", stdout=None, stderr=err) == 0
    assert len(out.read_text().splitlines()) == 25


class _Shell(io.BytesIO):
    def close(self) -> None:
        """Stay to be looked at."""


class _Terminal(_Shell):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("buffer", [_Shell, _Terminal])
def test_names_that_the_shell_cannot_write(
    buffer: type[_Shell], here: Path, tmp_path: Path
) -> None:
    """A file or a pipe gets UTF-8, which every command reads back; a terminal numbers."""
    data, out = tmp_path / "names.csv", buffer()
    text = (here / "ecg.csv").read_text().replace("\na,", "\n故障,").replace("\nb,", "\nżółw,")
    data.write_text(text, encoding="utf-8")
    run("fit", data, "--label", "kind", *TREES, "-o", tmp_path / "run")
    shell = io.TextIOWrapper(out, encoding="cp1252")
    typed = f"predict {tmp_path / 'run'} {data}"
    assert _run_on(typed, stdout=shell, stderr=io.StringIO()) == 0
    if buffer is _Terminal:
        assert r"p_\u017c\xf3\u0142w,p_\u6545\u969c" in out.getvalue().decode("cp1252").replace(
            "ó", r"\xf3"
        )
    else:
        rows = csv.reader(out.getvalue().decode("utf-8").splitlines())
        assert next(rows) == ["id", "prediction", "p_żółw", "p_故障"]


def _sent(
    monkeypatch: pytest.MonkeyPatch, term: str, act: Callable[[io.TextIOWrapper], Any]
) -> str:
    """Return what a terminal of 80 columns is sent while something is done with it as stderr."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "80")
    control, terminal = pty.openpty()
    parts: list[bytes] = []

    def read() -> None:
        # Linux has an error for the other end's being closed.
        with contextlib.suppress(OSError):
            while part := os.read(control, 65536):
                parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    with io.TextIOWrapper(os.fdopen(terminal, "wb", 0), write_through=True) as stderr:
        act(stderr)
    reader.join()
    os.close(control)
    return b"".join(parts).decode().replace("\r\n", "\n")


def _fit_on(stderr: io.TextIOWrapper, out: Path) -> None:
    typed = f"fit ecg.csv --label kind --members quantile_trees -o {out}"
    assert _run_on(typed, stdout=io.StringIO(), stderr=stderr) == 0


def test_a_bar_and_a_line_do_not_share_one(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = _sent(monkeypatch, "xterm", partial(_fit_on, out=tmp_path / "r"))
    # What a line begins with is what stands there: a bar is erased before.
    lines = [line.rpartition("\x1b[2K")[2] for line in sent.split("\n")]
    assert any(line.startswith("training on CPU") for line in lines)
    plain = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\n\r]", sent)]
    assert any(re.match(r"trees .*24/24 ETA 0:00:00$", line) for line in plain)
    assert max(map(len, plain)) <= 80


def test_a_terminal_that_cannot_go_back_gets_lines(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = _sent(monkeypatch, "dumb", partial(_fit_on, out=tmp_path / "r"))
    assert "\ntraining on CPU" in sent
    assert "\ntrees: 24 series\n" in sent
    assert "\x1b" not in sent
    assert "\r" not in sent


def test_the_time_left_is_seen_beside_a_long_description(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from msssm_ts.display import started_bar

    def draw(stderr: io.TextIOWrapper) -> None:
        monkeypatch.setattr(sys, "stderr", stderr)
        bar = started_bar("MofNCompleteColumn")
        text = "fold 12 of 50: epoch 123/200 · loss 0.500, validation 0.611"
        bar.update(bar.add_task(text, total=20_000), completed=12_000)
        bar.stop()
        monkeypatch.undo()

    sent = _sent(monkeypatch, "xterm", draw)
    assert re.search(r"fold 12 of 50.*….*12000/20000\S* ETA \S*-:--:--", sent), sent


def test_json_has_no_number_that_is_none() -> None:
    from msssm_ts.cli.shown.console import as_json

    text = as_json({"a": [float("nan"), (1.5, float("inf"))], "b": None}, indent=None)
    assert text == '{"a": [null, [1.5, null]], "b": null}'
