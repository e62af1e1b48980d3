"""A core and a member, each a file outside the package, from the terminal to the exported file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import ExportError, InputError
from msssm_ts.members.member import Member
from msssm_ts.registry import PLUGINS

HERE = Path(__file__).parent
TOYS = f"{HERE / 'toy_core.py'},{HERE / 'toy_member.py'}"
# Runs commands one after the other, since starting Python takes longest.
SEVERAL = """
import json, sys
from typer.testing import CliRunner
from msssm_ts.cli.app import app
done = [CliRunner().invoke(app, c) for c in json.loads(sys.argv[1])]
print(json.dumps([(d.exit_code, d.stdout, d.stderr) for d in done]))
"""


def _waves(n: int = 24) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = np.sin(np.arange(30) * np.where(y, 0.9, 0.3)[:, None]) * (1 + y[:, None])
    return X + 0.2 * rng.normal(size=X.shape), np.array(["low", "high"])[y]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """What the commands said, by name."""
    folder = tmp_path_factory.mktemp("plugins")
    X, y = _waves()
    rows = [",".join([label, *map(str, x.round(4))]) for x, label in zip(X, y, strict=True)]
    (folder / "w.csv").write_text("\n".join([f"label,{','.join(map(str, range(30)))}", *rows]))
    members = "nearest_mean,network"
    small = ["--width", "8", "--layers", "1", "--max-epochs", "4", "-q"]
    commands = {
        "help": ["fit", "--help"],
        "fit": ["fit", "w.csv", "--members", members, "--core", "ema", *small, "--out", "run"],
        "alone": ["fit", "w.csv", "--members", "nearest_mean", *small, "--out", "alone"],
        "causal": ["fit", "w.csv", "--causal", "--core", "ema", *small, "--out", "causal"],
        "info": ["info", "run", "--json"],
        "evaluate": ["evaluate", "run", "w.csv", "--json", "-q"],
        "inspect": ["inspect", "run", "-q"],
        "inspect series": ["inspect", "run", "w.csv", "-q"],
        "inspect alone": ["inspect", "alone", "-q"],
        "inspect alone, series": ["inspect", "alone", "w.csv", "-q"],
        "stream": ["stream", "causal"],
        "onnx": ["export", "run", "--format", "pt2"],
        "core": ["export", "causal", "--format", "pt2"],
        "safetensors": ["export", "run", "--format", "safetensors", "-o", "kept.safetensors"],
        "evaluate report": ["evaluate", "run", "w.csv", "-q", "--report", "r.html"],
    }
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(list(commands.values()))],
        cwd=folder,
        env=os.environ | {PLUGINS: TOYS, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout)
    return {"folder": (0, str(folder), "")} | {
        name: tuple(answer) for name, answer in zip(commands, answers, strict=True)
    }


# What each command says on stdout, and on stderr where it refuses.
SAID = (
    ("help", "ema"),
    ("help", "nearest_mean"),
    ("fit", "parameters"),
    ("alone", "model.safetensors"),
    ("info", '"n_centres": 2'),
    ("info", '"core": "ema"'),
    ("evaluate", '"n_series": 24'),
    ("inspect", "raw"),
    ("inspect series", "prediction"),
    ("inspect alone", "nearest_mean"),
    ("inspect alone, series", "low"),
    ("safetensors", "kept.safetensors"),
    ("evaluate report", "accuracy"),
)
REFUSED = (
    ("stream", "core 'ema' is run over whole series and has no step"),
    ("onnx", "'nearest_mean' cannot be exported"),
    ("core", "'ema'"),
)


def test_in_the_terminal(told: dict[str, tuple[int, str, str]]) -> None:
    """One test, for the commands take seconds."""
    for command, expected in SAID:
        code, out, error = told[command]
        assert code == 0, (command, error)
        assert expected in out, command
    for command, expected in REFUSED:
        code, _, error = told[command]
        assert code in (1, 2), command
        assert expected in error, command
        assert "Traceback" not in error, command
    folder = Path(told["folder"][1])
    assert "nearest_mean" in (folder / "r.html").read_text()
    # Without the plugin the model says what it needs.
    _, error = run("evaluate", folder / "run", folder / "w.csv", code=2)
    assert "'nearest_mean'" in error
    assert PLUGINS in error


def test_a_plugin_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken_plugin.py").write_text("1 / 0")
    monkeypatch.setenv(PLUGINS, str(tmp_path / "broken_plugin.py"))
    with pytest.raises(InputError, match=r"broken_plugin\.py cannot be imported"):
        MSSSMClassifier(core="s6", preset="fast").fit(*_waves())


def test_on_the_command_line_it_is_a_sentence() -> None:
    """It is imported before any command runs."""
    done = subprocess.run(
        [sys.executable, "-m", "msssm_ts", "--version"],
        env=os.environ | {PLUGINS: "no_such_module"},
        capture_output=True,
        text=True,
    )
    said = f"msssm-ts: {PLUGINS}: no_such_module cannot be imported (No module named"
    assert (done.returncode, done.stderr[: len(said)]) == (2, said)
    assert "Traceback" not in done.stderr


def test_in_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from msssm_ts.members import MEMBERS
    from msssm_ts.members.member import Member

    before = dict(MEMBERS._entries)
    monkeypatch.setenv(PLUGINS, str(HERE / "toy_member.py"))
    try:
        X, y = _waves()
        model = MSSSMClassifier(members=["nearest_mean"], random_state=0).fit(X, y)
        (member,) = model.model_.vote.members
        assert isinstance(member, Member)
        assert model.score(X, y) == 1
        model.save(tmp_path / "m.safetensors")
        again = MSSSMClassifier.load(tmp_path / "m.safetensors")
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        with pytest.raises(InputError, match="features"):
            model.transform(X)
        with pytest.raises(ExportError, match="no graph"):
            model.export(tmp_path / "m.pt2", "pt2")
        assert not (tmp_path / "m.pt2").exists()
    finally:
        MEMBERS._entries.clear()
        MEMBERS._entries.update(before)
        sys.modules.pop("toy_member", None)


def test_a_member_has_to_learn_answer_and_be_kept() -> None:
    """One that lacks any of it is refused when it is made, not when it is saved."""
    assert Member.__abstractmethods__ == {"fit", "predict_proba", "state", "from_state"}
