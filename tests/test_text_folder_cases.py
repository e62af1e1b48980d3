"""Folders of recordings in text: what is understood, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from table_files import a_file, refused

from msssm_ts.datasets import ReadOptions, load

RNG = np.random.default_rng(0)


def _recording(file: Path, k: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"{j / 50},{j * k},{j}" for j in range(30)]
    file.write_text("\n".join(["time,acc_x,acc_y", *rows]))


def test_recordings_in_class_folders_and_parts(tmp_path: Path) -> None:
    for part, n in (("train", 3), ("test", 2)):
        for label in "ab":
            for k in range(n):
                _recording(tmp_path / part / label / f"{k}.csv", k)
    data = load(tmp_path)
    assert (data.n_series, data.n_channels, data.sampling_rate) == (6, 2, 50.0)
    assert data.labels.tolist() == ["a"] * 3 + ["b"] * 3
    assert data.ids.tolist()[:2] == ["train/a/0", "train/a/1"]
    assert data.groups is None
    test = load(tmp_path, ReadOptions(split="test"))
    assert test.ids.tolist() == ["test/a/0", "test/a/1", "test/b/0", "test/b/1"]
    refused(tmp_path, "--label kind is neither a column of 0.csv nor a line", label="kind")
    one = load(tmp_path / "train")
    assert one.labels.tolist() == ["a"] * 3 + ["b"] * 3


def test_recordings_that_a_table_lists(tmp_path: Path) -> None:
    for k in range(4):
        _recording(tmp_path / "data" / f"rec{k}.csv", k)
    rows = ["rec0.csv;a;p1", "rec2.csv;b;p1", "rec3.csv;a;p2", "rec9.csv;a;p2"]
    (tmp_path / "labels.csv").write_text("\n".join(["file;label;patient", *rows]))
    data = load(tmp_path)
    assert data.ids.tolist() == ["data/rec0", "data/rec2", "data/rec3"]
    assert data.labels.tolist() == ["a", "b", "a"]
    assert (data.groups.tolist(), data.group_name) == (["p1", "p1", "p2"], "patient")
    assert "1 row (rec9.csv: " in data.account.line()
    assert "1 file (rec1.csv: not in labels.csv)" in data.account.line()
    np.testing.assert_array_equal(data.values[1][0], np.arange(30) * 2)


def test_numbered_channels_beside_instances_and_times(tmp_path: Path) -> None:
    rows = [f"{i},{k},{k},{k * i},{'ab'[i % 2]}" for i in range(4) for k in range(5)]
    text = "\n".join(["instances,timepoints,dim_0,dim_1,class", *rows])
    data = load(a_file(tmp_path, "a.csv", text))
    assert (data.n_series, data.n_channels, data.lengths.tolist()) == (4, 2, [5] * 4)
    np.testing.assert_array_equal(data.values[3][1], np.arange(5) * 3)


def test_a_split_that_is_half_understood(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{('train', 'test', 'unused')[i % 3]},{i},2" for i in range(6)]
    file = a_file(tmp_path, "a.csv", "\n".join(["label,split,t0,t1", *rows]))
    refused(file, "column 'split' names parts of a split, but unused is none")


def test_a_label_column_that_is_still_empty(tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.csv", "label,t0,t1,t2\n,1,2,3\n,3,4,5\n")
    data = load(file, needs_labels=False)
    assert data.labels is None
    assert data.lengths.tolist() == [3, 3]
    refused(file, "no labels found")
    half = a_file(tmp_path, "b.csv", "label,t0,t1,t2\na,1,2,3\n,3,4,5\n")
    refused(half, "line 3: no label in column 'label'")


def test_folders_refuse_what_cannot_act(tmp_path: Path) -> None:
    for label in "ab":
        for k in range(2):
            _recording(tmp_path / "text" / label / f"{k}.csv", k)
    for part in ("train", "test"):
        for channel in ("x", "y"):
            a_file(tmp_path, f"har/{part}/signals/{channel}_{part}.txt", "1 2 3 4\n5 6 7 8\n")
        a_file(tmp_path, f"har/{part}/y_{part}.txt", "1\n2\n")
    h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
    (tmp_path / "h5").mkdir()
    with h5py.File(tmp_path / "h5" / "a.h5", "w") as file:
        file["X"], file["y"] = RNG.normal(size=(4, 30)), np.arange(4) % 2
    for name in ("text", "har", "h5"):
        assert load(tmp_path / name).n_series
        for options in ({"mono": True}, {"window": (0.1, 0.1)}, {"annotator": "qrs"}):
            refused(tmp_path / name, "has no effect on", **options)
