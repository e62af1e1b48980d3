"""What the README tells to type works, beside its first two blocks, which CI runs by itself."""

from __future__ import annotations

import re
import shlex
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from commands import run
from recordings import write_record, write_sound

from msssm_ts.datasets.named.mitbih import DS1, DS2

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(text: str) -> list[list[list[str]]]:
    """Return the words of every command of every block."""
    return [
        [
            shlex.split(command)
            for line in part.partition("```")[0].splitlines()
            for command in line.partition("#")[0].split("&&")
        ]
        for part in text.split("```sh\n")[1:]
    ]


def _section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _run(commands: list[list[str]], *more: str) -> None:
    """Run commands of a page; fits with further options, so that they are short."""
    for program, command, *words in commands:
        assert program == "msssm-ts"
        if [command, *words[:1]] != ["data", "get"]:
            run(command, *words, *(more if command == "fit" else ()), "-q")


def test_the_order_is_that_of_a_newcomers_questions() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        *("Install", "Your own CSV", "ECG", "Speech", "Python", "Results", "How it is built"),
        "Licence",
    ]
    assert README.index("![") < README.index("## Install")


def test_a_command_each_installs_and_runs_and_tests() -> None:
    first, second = _blocks(_section("Install"))
    assert [words[:4] for words in (*first, *second) if words[0] == "python"][:2] == [
        ["python", "-m", "pip", "install"]
    ] * 2
    assert [words[1] for words in first if words[0] == "msssm-ts"] == ["fit", "evaluate"]
    assert second[1][:3] == ["python", "-m", "pytest"]


def test_a_csv_and_after_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _run(list(chain(*_blocks(_section("Your own CSV")))), "--preset", "fast")
    shown = _section("Your own CSV").partition("```text\n")[2].partition("```")[0]
    assert (tmp_path / "motions.csv").read_text().startswith(shown)
    _run(
        [words for words in _blocks(_section("Install"))[0] if words[1] == "fit"], "--max-epochs=1"
    )
    (after, *_) = _blocks((ROOT / "docs/after-training.md").read_text(encoding="utf-8"))
    _run(after)
    for name in (
        *("motions.html", "predictions.csv"),
        *("report.html", "early.csv", "live/model.onnx", "run/model.safetensors"),
    ):
        assert (tmp_path / name).stat().st_size > 500
    assert list(tmp_path.glob("live/inspect/*.png"))
    assert list(tmp_path.glob("motions/inspect/*.png"))


def test_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(_section("Python").partition("```python\n")[2].partition("```")[0], {})
    assert float(capsys.readouterr().out) > 0.9
    assert (tmp_path / "model.safetensors").exists()


def test_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (commands,) = _blocks(_section("ECG"))
    root = Path(commands[-1][3]).parent
    for name in (*DS1[:3], *DS2[:2], "200"):
        beats = {place: "V" if place % 4 else "N" for place in range(300, 10_500, 270)}
        write_record(root / name, length=10_800, leads=("MLII", "V1"), beats=beats)
    _run(commands, "--preset", "fast")
    assert (root / "200.msts.png").stat().st_size > 500


def test_spoken_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSSSM_TS_DATA_DIR", str(tmp_path))
    for digit, speaker, number in np.ndindex(2, 3, 8):
        write_sound(tmp_path / f"FSDD/recordings/{digit}_s{speaker}_{number}.wav")
    _run(*_blocks(_section("Speech")), "--preset", "fast")
    assert (tmp_path / "digits/model.safetensors").exists()
