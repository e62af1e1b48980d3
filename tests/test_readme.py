"""What the README tells to type works, beside its first two blocks, which CI runs by itself."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from commands import run

README = Path(__file__).parents[1] / "README.md"


def _blocks() -> list[list[list[str]]]:
    parts = README.read_text(encoding="utf-8").split("```sh\n")[1:]
    return [
        [shlex.split(line, comments=True) for line in part.partition("```")[0].splitlines()]
        for part in parts
    ]


def test_after_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, _, after = _blocks()
    fit = next(c for c in first if c[:2] == ["msssm-ts", "fit"])
    assert len(after) == 6
    for command in (fit, *after):
        assert command[0] == "msssm-ts"
        run(*command[1:])
    made = {"report.html", "early.csv", "live/model.onnx", "run/model.safetensors"}
    assert all((tmp_path / name).stat().st_size > 500 for name in made)
    assert list(tmp_path.glob("live/inspect/*.png"))
