"""Text files that are a recording each: by their folders, by their columns, for a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.sources import why_one
from msssm_ts.datasets.tables.orientation import rows_are_steps

STEPS = 40


def _waves(i: int, n_channels: int, n_steps: int = STEPS) -> np.ndarray:
    rng = np.random.default_rng(i)
    phase = rng.uniform(0, 6, n_channels)
    wave = np.sin(np.arange(n_steps)[:, None] * (0.1 + 0.1 * (i % 2)) + phase)
    return wave + 0.1 * rng.normal(size=wave.shape)


def _in_classes(folder: Path, header: str, n_channels: int = 4) -> Path:
    for i in range(8):
        own = folder / ("sit", "run")[i % 2] / f"p{i // 4}"
        own.mkdir(parents=True, exist_ok=True)
        np.savetxt(
            own / f"s{i}.txt", _waves(i, n_channels), "%.4f", ",", header=header, comments=""
        )
    return folder


@pytest.mark.parametrize("header", ["", "x,y,z,w", "acc_x [g],acc_y [g],acc_z [g],temp [°C]"])
def test_several_files_in_a_folder_of_a_class_are_series_each(tmp_path: Path, header: str) -> None:
    data = load(_in_classes(tmp_path, header))
    assert data.labels is not None
    assert (data.n_series, data.n_channels, {*data.lengths.tolist()}) == (8, 4, {STEPS})
    assert sorted(data.labels.tolist()) == ["run"] * 4 + ["sit"] * 4
    np.testing.assert_allclose(data.values[0], _waves(1, 4).T, atol=1e-4)
    assert any("--label folder takes rows for series" in r for r in data.account.remarks)
    assert why_one(tmp_path) == "its files are a series each"
    if "[" in header:
        assert data.units == ("g", "g", "g", "°C")
        assert data.channel_names == ("acc_x", "acc_y", "acc_z", "temp")
    assert load(tmp_path, ReadOptions(label="folder")).n_series == 8 * STEPS


def test_tables_of_series_in_folders_of_classes_stay_such(tmp_path: Path) -> None:
    for header in ("", ",".join(f"t{i}" for i in range(STEPS))):
        for k, name in enumerate("ab"):
            (tmp_path / name).mkdir(exist_ok=True)
            for part in range(2):
                rows = np.stack([_waves(100 * part + 2 * j + k, 1)[:, 0] for j in range(6)])
                file = tmp_path / name / f"part{part}.csv"
                np.savetxt(file, rows, "%.4f", ",", header=header, comments="")
        data = load(tmp_path)
        assert (data.n_series, data.n_channels, int(data.lengths[0])) == (24, 1, STEPS)


def test_numbered_channels_beside_times_are_no_steps(tmp_path: Path) -> None:
    lines = ["time\t" + "\t".join(f"channel{i}" for i in range(1, 9)) + "\tclass"]
    for t in range(120):
        values = "\t".join(f"{v:.2e}" for v in _waves(t // 30, 8, 120)[t])
        lines.append(f"{t + 1}\t{values}\t{t // 30 % 2}")
    (tmp_path / "1_raw.txt").write_text("\n".join(lines) + "\n")
    data = load(tmp_path / "1_raw.txt")
    assert (data.n_series, data.n_channels, int(data.lengths[0])) == (4, 8, 30)
    # Without times they may be either, which is said.
    frame = pd.read_csv(tmp_path / "1_raw.txt", sep="\t").drop(columns="time")
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert "took every row for a series of 8 steps" in load(tmp_path / "x.csv").summary()


def _for_a_model(file: Path, wanted: tuple[str, ...]) -> LabelledSeries:
    return load(file, ReadOptions(wanted=wanted), needs_labels=False)


def test_a_table_of_a_models_channels_is_one_series(tmp_path: Path) -> None:
    frame = pd.DataFrame(_waves(0, 3), columns=["az", "AX", "ay [g]"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "b.csv")
    for name in ("a.csv", "b.csv"):
        data = _for_a_model(tmp_path / name, ("ax", "ay", "az"))
        assert (data.n_series, data.channel_names) == (1, ("az", "AX", "ay"))
        assert _for_a_model(tmp_path / name, ("bx", "ay")).n_series == STEPS
    frame.to_csv(tmp_path / "c.csv", index=False, header=False)
    assert _for_a_model(tmp_path / "c.csv", ("", "", "")).n_channels == 3
    for wanted in ((), ("",), ("",) * 4, ("ax", "ay", "az")):
        assert _for_a_model(tmp_path / "c.csv", wanted).n_series == STEPS


def test_an_array_of_a_models_channels_is_one_series(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", _waves(0, 3))
    data = _for_a_model(tmp_path / "a.npy", ("", "", ""))
    assert (data.n_series, data.n_channels, int(data.lengths[0])) == (1, 3, STEPS)
    assert _for_a_model(tmp_path / "a.npy", ("",)).n_series == STEPS


def test_rows_are_steps() -> None:
    noise = np.random.default_rng(0).normal(size=(50, 4))
    assert rows_are_steps(_waves(0, 4))
    assert not rows_are_steps(_waves(0, 4).T)
    assert rows_are_steps(noise)
    assert not rows_are_steps(noise.T)
    assert rows_are_steps(_waves(0, 30, 30))


def test_electrodes_are_channels(tmp_path: Path) -> None:
    names = ["F3", "F4", "C3", "C4", "T7", "Cz"]
    frame = pd.DataFrame(_waves(0, 6, 120), columns=names)
    frame.insert(0, "time", np.arange(120) / 10)
    frame["label"] = np.repeat([*"abab"], 30)
    frame.drop(columns=["T7", "Cz"]).to_csv(tmp_path / "x.csv", index=False)
    data = load(tmp_path / "x.csv")
    assert (data.n_series, data.channel_names) == (4, ("F3", "F4", "C3", "C4"))
