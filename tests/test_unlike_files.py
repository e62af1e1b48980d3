"""A few files among many that are broken, or unlike the others: named, with how many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import run
from edfio import Edf, EdfSignal

from msssm_ts.cli.predict import predicting
from msssm_ts.datasets import load
from msssm_ts.errors import InputError

KINDS = ("fast", "slow")


def wave(seed: int, n: int = 200) -> Any:
    rng = np.random.default_rng(seed)
    return np.sin(np.arange(n) * (0.2, 0.9)[seed % 2] + rng.uniform(0, 6)) + 0.05 * rng.normal(
        size=n
    )


def edf(file: Path, seed: int, names: tuple[str, ...] = ("I", "II")) -> None:
    Edf([EdfSignal(wave(seed + 2 * c), 100, label=n) for c, n in enumerate(names)]).write(file)


def table(folder: Path) -> None:
    rows = [f"{f.name},{KINDS[i % 2]}" for i, f in enumerate(sorted(folder.glob("*.edf")))]
    (folder / "labels.csv").write_text("file,label\n" + "\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    for i in range(12):
        edf(folder / f"r{i:02}.edf", i)
    table(folder)
    run("fit", folder, "--members", "quantile_trees", "-q", "-o", folder / "run")
    return folder / "run"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    for i in range(6):
        edf(tmp_path / f"n{i}.edf", i + 50)
    edf(tmp_path / "o1.edf", 1, ("I",))
    edf(tmp_path / "o2.edf", 2, ("I", "II", "Resp"))
    (tmp_path / "o3.edf").write_bytes((tmp_path / "n0.edf").read_bytes()[:100])
    return tmp_path


def test_recordings_without_a_channel_of_the_model_are_left_out(model: Path, new: Path) -> None:
    table(new)
    _, err = run("evaluate", model, new)
    assert "7 series, 2 channels" in err
    assert "1 file (o1.edf: without channel II, which the model needs)" in err
    assert "1 file (o3.edf: cannot be read, not a readable EDF file" in err
    # Where no recording has it, it is missed as before.
    for file in new.glob("*.edf"):
        edf(file, 1, ("I",))
    _, err = run("evaluate", model, new, code=2)
    assert "channel II, which the model needs, is missing; there are I" in err


def test_where_it_stops_predict_counts_what_cannot_be_used(model: Path, new: Path) -> None:
    _, err = run("predict", model, new, code=2)
    assert "o1.edf: channel II, which the model needs, is missing" in err
    assert (
        "of this and 2 files after it 2 cannot be used (o1.edf, o3.edf); "
        "--on-error skip goes on with the others"
    ) in err
    assert "o2.edf: channels that" not in err


def test_it_does_not_count_for_long(
    model: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "_PATIENCE", -1.0)
    _, err = run("predict", model, new, code=2)
    assert "with --channels; --on-error skip goes on" in err


def text(file: Path, seed: int, names: str = "ab", rate: float = 50) -> None:
    channels = {name: wave(seed + 2 * c, 60) for c, name in enumerate(names)}
    file.parent.mkdir(exist_ok=True)
    pd.DataFrame({"time": np.arange(60) / rate, **channels}).to_csv(file, index=False)


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for i in range(12):
        text(tmp_path / KINDS[i % 2] / f"r{i:02}.csv", i)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read, the file is empty"),
        ("\0\1\2", "cannot be read, not a text table but binary data"),
        ("time,a\n0,1\n0.02,2\n0.04,3\n", "other channels than those of the others"),
    ],
)
@pytest.mark.parametrize("name", ["aa.csv", "zz.csv"])
def test_a_broken_table_among_recordings_is_left_out(
    classes: Path, content: str, said: str, name: str
) -> None:
    (classes / "fast" / name).write_text(content)
    data = load(classes)
    assert (data.n_series, data.n_channels, data.sampling_rate) == (12, 2, 50.0)
    assert data.account.line() == f"left out: 1 file ({name}: {said})"


def test_many_broken_tables_are_not(classes: Path) -> None:
    for i in range(6):
        text(classes / "fast" / f"x{i}.csv", i, "abc")
    with pytest.raises(InputError, match=r"3 channels, but .* has 2"):
        load(classes)


def test_the_file_of_another_rate_is_named(classes: Path) -> None:
    text(classes / "slow" / "odd.csv", 3, rate=100)
    with pytest.raises(InputError, match=r"12 of 50 Hz, 1 of 100 Hz, such as odd.csv"):
        load(classes)


def test_clocks_that_differ_a_little_are_one_rate(classes: Path) -> None:
    text(classes / "slow" / "odd.csv", 3, rate=50.1)
    data = load(classes)
    assert (data.n_series, data.sampling_rate) == (13, 50.0)
    assert "took rates of 50 to 50.1 Hz for 50 Hz" in data.account.line()
