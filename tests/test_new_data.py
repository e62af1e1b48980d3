"""What is said of new data: categories a model has not seen, numbers that stand for no value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from msssm_ts.cli.app import app

N, STEPS = 80, 24


def _frame(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.arange(N) % 2
    frame = pd.DataFrame(rng.normal(size=(N, STEPS))).add_prefix("t")
    frame["sex"] = np.where(y ^ (rng.uniform(size=N) < 0.05), "m", "f")
    frame["label"] = y
    return frame


def _said(run: Path, frame: pd.DataFrame) -> str:
    file = run.with_name("new.csv")
    frame.to_csv(file, index=False)
    result = CliRunner().invoke(app, ["predict", str(run), str(file)])
    assert result.exit_code == 0, result.output
    return " ".join(result.stderr.split())


def test_what_is_odd_about_new_data_is_said(tmp_path: Path) -> None:
    train, run = tmp_path / "train.csv", tmp_path / "run"
    _frame().to_csv(train, index=False)
    how = ["--with", "sex", "--members", "scan_ridge", "--out", str(run)]
    assert CliRunner().invoke(app, ["fit", str(train), *how]).exit_code == 0
    said = _said(run, _frame(1))
    assert "has not seen" not in said
    assert "stand for missing" not in said
    upper = _frame(1)
    upper.loc[:9, "sex"] = "F"
    upper.loc[3, "t5"] = -999
    said = _said(run, upper)
    assert "sex: 10 of 80 series have a category that the model has not seen, F, and count" in said
    assert "taken as they are: -999 in channel 1 (1 value)" in said
