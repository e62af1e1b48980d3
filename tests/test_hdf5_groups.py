"""HDF5 files with a group, or a data set, for each recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from commands import run

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError, OptionError

N = 12
KINDS = np.array(["slow", "fast"])[np.arange(N) % 2]


def wave(i: int, steps: int = 60) -> Any:
    time = np.arange(steps) * (0.2, 0.9)[i % 2]
    return np.stack([np.sin(time + i), np.cos(time - i)])


def groups(file: Path, **more: Any) -> Path:
    with h5py.File(file, "w") as out:
        for i in range(N):
            own = out.create_group(f"records/r{i:02}")
            own["signal"], own["label"], own["patient"] = wave(i), str(KINDS[i]), f"p{i // 2}"
            own["peaks"] = np.arange(5)
            own.attrs["fs"] = 100
            for name, values in more.items():
                own.attrs[name] = values[i]
    return file


def test_a_group_a_recording(tmp_path: Path) -> None:
    file = groups(tmp_path / "x.h5", age=np.arange(N))
    data = load(file)
    assert (data.n_series, data.n_channels, data.sampling_rate) == (N, 2, 100.0)
    assert data.labels.tolist() == KINDS.tolist()
    assert data.groups.tolist() == [f"p{i // 2}" for i in range(N)]
    assert data.ids.tolist() == [f"r{i:02}" for i in range(N)]
    np.testing.assert_array_equal(data.values[3], wave(3))
    said = data.account.line()
    assert "1 column (age)" in said
    assert "1 array (peaks: in each group)" in said
    assert "took the axes of a recording for channels, steps; --axes says otherwise" in said
    assert load(tmp_path).n_series == N
    data = load(file, ReadOptions(label="patient", drop=("label",), beside=("age",)))
    assert data.classes.tolist() == [f"p{i}" for i in range(N // 2)]
    assert data.features.names == ("age",)
    with pytest.raises(OptionError, match="no column 'kind'"):
        load(file, ReadOptions(label="kind"))
    with pytest.raises(OptionError, match="must name the axes of one recording"):
        load(file, ReadOptions(axes="series,steps,channels"))
    assert load(file, ReadOptions(axes="steps,channels")).n_channels == 60


def test_a_data_set_a_recording_of_its_own_length(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as out:
        for i in range(N):
            data = out.create_dataset(f"rec{i}", data=wave(i, 60 + i).T)
            data.attrs["label"], data.attrs["split"] = str(KINDS[i]), ("train", "test")[i % 3 == 0]
    data = load(tmp_path / "x.h5")
    assert (data.n_series, data.n_channels, data.has_test_part) == (8, 2, True)
    np.testing.assert_array_equal(data.values[0], wave(1, 61))
    assert "for steps, channels" in data.account.line()
    fit = ("fit", tmp_path / "x.h5", "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    run(*fit)
    assert len(run("predict", tmp_path / "run", tmp_path / "x.h5")[0].splitlines()) == 4 + 1


def test_a_data_set_a_channel_in_each_group(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as out:
        for i in range(N):
            out[f"r{i:02}/acc"], out[f"r{i:02}/gyr"] = wave(i)
            out[f"r{i:02}"].attrs["label"] = str(KINDS[i])
    data = load(tmp_path / "x.h5")
    assert data.channel_names == ("acc", "gyr")
    np.testing.assert_array_equal(data.values[4], wave(4))


def test_what_groups_are_refused_for(tmp_path: Path) -> None:
    file = groups(tmp_path / "x.h5")
    with h5py.File(file, "a") as out:
        out["records/r03"].attrs["fs"] = 50
    with pytest.raises(
        InputError, match=r"different sampling rates \(100 Hz in .*, 50 Hz in r03\)"
    ):
        load(file)
    with h5py.File(groups(file), "a") as out:
        del out["records/r03/signal"]
        out["records/r03/signal"] = np.ones((3, 60))
    with pytest.raises(InputError, match=r"r03 has the shape \(3, 60\)"):
        load(file)
    with h5py.File(groups(file), "a") as out:
        del out["records/r03/label"]
    with pytest.raises(InputError, match=r"r03: no label in column 'label'"):
        load(file)
    with h5py.File(file, "w") as out:
        for i in range(N):
            out[f"r{i}/a"], out[f"r{i}/b"] = wave(i), wave(i, 30)
    with pytest.raises(InputError, match="in each of which a, b may be the recording"):
        load(file)


def test_parts_and_named_sets_are_none_of_the_kind(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as out:
        for part in ("train", "val", "test"):
            out[f"{part}/x"] = np.stack([wave(i) for i in range(N)])
            out[f"{part}/y"] = np.arange(N) % 2
    assert load(tmp_path / "x.h5").n_series == 2 * N
    with h5py.File(tmp_path / "x.h5", "w") as out:
        for name in ("eeg", "ppg", "resp"):
            out[name] = np.stack([wave(i)[0] for i in range(N)])
    with pytest.raises(InputError, match="no data set X; it holds eeg, ppg, resp"):
        load(tmp_path / "x.h5", needs_labels=False)
