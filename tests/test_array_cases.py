"""Arrays and archives as people have them: what is understood, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from table_files import a_file, refused, taken

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.write import write

h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
RNG = np.random.default_rng(0)

# Arrays.


@pytest.mark.parametrize(
    ("shape", "channels", "said"),
    [
        ((6, 50, 3), 3, "series, steps, channels"),
        ((6, 1024, 12), 12, "series, steps, channels"),
        ((6, 1000, 64), 64, "series, steps, channels"),
        ((6, 3, 50), 3, ""),
        ((6, 12, 12), 12, ""),
        ((6, 12, 5), 12, "series, channels, steps"),
        ((6, 30, 5), 5, "series, steps, channels"),
        ((6, 144, 62), 144, "series, channels, steps"),
    ],
)
def test_axes_are_told_and_said(
    tmp_path: Path, shape: tuple[int, ...], channels: int, said: str
) -> None:
    X = RNG.normal(size=shape)
    np.savez(tmp_path / "a.npz", X=X, y=list("ababab"))
    data = load(tmp_path / "a.npz")
    assert data.n_channels == channels
    assert data.account.line() == (
        f"took the axes for {said}; --axes says otherwise" if said else ""
    )
    other = load(tmp_path / "a.npz", ReadOptions(axes="series, channels, steps"))
    np.testing.assert_array_equal(np.stack(other.values), X)
    assert other.account.line() == ""
    turned = load(tmp_path / "a.npz", ReadOptions(axes="series,steps,channels"))
    np.testing.assert_array_equal(np.stack(turned.values), X.transpose(0, 2, 1))


def test_names_tell_the_axes(tmp_path: Path) -> None:
    X = RNG.normal(size=(4, 6, 5))
    np.savez(tmp_path / "a.npz", X=X, y=list("abab"), channel_names=list("abcde"))
    assert load(tmp_path / "a.npz").channel_names == tuple("abcde")
    assert load(tmp_path / "a.npz").lengths[0] == 6
    dropped = load(tmp_path / "a.npz", ReadOptions(drop=("b", "d")))
    assert dropped.channel_names == ("a", "c", "e")
    np.testing.assert_array_equal(dropped.values[0], X[0, :, [0, 2, 4]])
    refused(tmp_path / "a.npz", "no array or channel 'q' .--drop.", drop=("q",))
    refused(
        tmp_path / "a.npz",
        "--axes steps,steps,series must name each axis",
        axes="steps,steps,series",
    )
    refused(tmp_path / "a.npz", "names 2 axes, but the array has 3", axes="series,steps")
    refused(tmp_path / "a.npz", "no array 'who' .--group.", group="who")
    refused(tmp_path / "a.npz", "--channel has no effect on NumPy archives", channel="c")


def test_arrays_of_no_use_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", X=np.ones((2, 5)), Y=["a", "b"], ages=[1, 2], subject=["p", "q"])
    data = load(tmp_path / "a.npz")
    assert data.labels.tolist() == ["a", "b"]
    assert data.groups.tolist() == ["p", "q"]
    assert data.account.line() == "left out: 1 array (ages)"


def test_more_channels_than_steps_come_back_as_they_were_written(tmp_path: Path) -> None:
    data = LabelledSeries([RNG.normal(size=(40, 5)) for _ in range(3)], np.array(list("aba")))
    write(data, tmp_path / "a.npz")
    assert load(tmp_path / "a.npz").n_channels == 40


@pytest.mark.parametrize(
    ("variables", "shape", "said"),
    [
        ({"val": np.arange(600).reshape(12, 50)}, (1, 50, 12), ""),
        ({"val": np.arange(6000).reshape(12, 500)}, (1, 12, 500), "channels, steps of one series"),
        (
            {"ECG": np.arange(6000.0).reshape(500, 12)},
            (1, 12, 500),
            "steps, channels of one series",
        ),
        ({"val": np.arange(900).reshape(1, 900)}, (1, 1, 900), ""),
        ({"val": np.arange(900).reshape(900, 1)}, (1, 1, 900), ""),
        ({"X": np.arange(900.0).reshape(1, 900)}, (1, 1, 900), ""),
        ({"X": np.arange(900.0).reshape(1, 1, 900)}, (1, 1, 900), ""),
        ({"X": np.arange(6000.0).reshape(12, 500)}, (12, 1, 500), ""),
        (
            {"ECG": {"sex": "M", "age": 6, "data": np.ones((12, 500))}},
            (1, 12, 500),
            "of one series",
        ),
    ],
)
def test_matlab_records(
    tmp_path: Path, variables: dict[str, object], shape: tuple[int, ...], said: str
) -> None:
    if shape == (1, 50, 12):
        # Too short a matrix to tell: a series a row.
        shape = (12, 1, 50)
    scipy.io.savemat(tmp_path / "a.mat", variables)
    data = load(tmp_path / "a.mat", needs_labels=False)
    assert (data.n_series, data.n_channels, data.lengths[0]) == shape
    assert said in data.account.line()


def test_matlab_structs(tmp_path: Path) -> None:
    struct = {"Data": np.ones((4, 30)), "Labels": np.array(list("abab"), dtype=object)}
    scipy.io.savemat(tmp_path / "a.mat", {"ECGData": struct})
    data = load(tmp_path / "a.mat")
    assert (data.n_series, data.labels.tolist()) == (4, list("abab"))
    record = {"ECG": {"sex": "Male", "age": 61, "data": RNG.normal(size=(500, 12)), "fs": 500}}
    scipy.io.savemat(tmp_path / "b.mat", record)
    data = load(tmp_path / "b.mat", needs_labels=False)
    assert (data.n_series, data.n_channels, data.lengths[0]) == (1, 12, 500)
    assert data.sampling_rate == 500


# HDF5.


def _exams(folder: Path, n: int = 6) -> np.ndarray:
    folder.mkdir(exist_ok=True)
    tracings = RNG.normal(size=(n, 64, 12)).astype(np.float32)
    with h5py.File(folder / "exams_part0.hdf5", "w") as out:
        out["tracings"], out["exam_id"] = tracings, 1000 + np.arange(n)
    rows = "".join(
        f"{1000 + i},{60 + i},{i % 2 == 0},{i % 3 == 0},{i // 2},exams_part0.hdf5\n"
        for i in reversed(range(n + 1))
    )
    a_file(folder, "exams.csv", "exam_id,age,AF,RBBB,patient_id,trace_file\n" + rows)
    return tracings


@pytest.mark.parametrize("source", ["", "exams.csv", "exams_part0.hdf5"])
def test_hdf5_with_a_table(tmp_path: Path, source: str) -> None:
    tracings = _exams(tmp_path / "set")
    data = load(tmp_path / "set" / source, ReadOptions(label="AF,RBBB"))
    np.testing.assert_array_equal(np.stack(data.values), tracings.transpose(0, 2, 1))
    assert data.label_names == ("AF", "RBBB")
    assert data.labels.tolist() == [[1, 1], [0, 0], [1, 0], [0, 1], [1, 0], [0, 0]]
    assert data.ids.tolist() == [1000, 1001, 1002, 1003, 1004, 1005]
    assert data.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert "1 row (their series are not in the files)" in data.account.line()
    assert "took the axes for series, steps, channels" in data.account.line()
    refused(tmp_path / "set" / source, "no labels found; name one or more of AF, RBBB with --label")
    refused(tmp_path / "set" / source, "no column 'XY' .--label.", label="XY")


def test_hdf5_alone_and_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X = RNG.normal(size=(5, 3, 40)).astype(np.float32)
    with h5py.File(tmp_path / "a.h5", "w") as out:
        group = out.create_group("ecg")
        group["signals"], group["labels"] = X, [b"u", b"v", b"u", b"v", b"u"]
        out.attrs["fs"] = 250.0
    data = load(tmp_path / "a.h5")
    assert (data.labels.tolist(), data.sampling_rate) == (["u", "v", "u", "v", "u"], 250)
    np.testing.assert_array_equal(np.stack(data.values), X)
    tracings = _exams(tmp_path / "set")
    monkeypatch.setattr("msssm_ts.datasets.arrays.hdf5._IN_MEMORY", 100)
    labelled = load(tmp_path / "a.h5")
    assert not isinstance(labelled.values, list)
    assert (labelled.labels.tolist(), labelled.sampling_rate) == (list("uvuvu"), 250)
    np.testing.assert_array_equal(labelled.values[3], X[3])
    lazy = load(tmp_path / "set", ReadOptions(label="AF"))
    assert not isinstance(lazy.values, list)
    np.testing.assert_array_equal(lazy.values[4], tracings[4].T)


def test_hdf5_tables_in_the_order_of_rows(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as out:
        out["tracings"] = np.ones((4, 90, 3))
    a_file(tmp_path, "gold.csv", "AF,SB\n1,0\n0,1\n0,0\n1,1\n")
    data = load(tmp_path / "a.h5", ReadOptions(label="AF"))
    assert data.labels.tolist() == [1, 0, 0, 1]
    assert taken(data)["table"] == "the order of rows in gold.csv"


def test_hdf5_in_several_files_and_parts(tmp_path: Path) -> None:
    for i in range(2):
        with h5py.File(tmp_path / f"{i}.h5", "w") as out:
            out["X"], out["y"] = np.full((2, 3, 40), i), [i, 1]
    data = load(tmp_path)
    assert data.labels.tolist() == [0, 1, 1, 1]
    assert [v[0, 0] for v in data.values] == [0, 0, 1, 1]
    refused(tmp_path, "--group g has no effect, for no table lists", group="g")
    with h5py.File(tmp_path / "1.h5", "w") as out:
        out["X"] = np.ones((2, 3, 40))
    refused(tmp_path, "no labels in 1.h5; add them")
    with h5py.File(tmp_path / "set.h5", "w") as out:
        out["X"], out["ids"] = np.arange(480.0).reshape(4, 3, 40), [1, 2, 3, 4]
    rows = "id,label,split\n4,a,test\n3,b,train\n2,a,val\n1,b,train\n"
    (tmp_path / "0.h5").unlink()
    (tmp_path / "1.h5").unlink()
    a_file(tmp_path, "t.csv", rows)
    data = load(tmp_path)
    assert (data.ids.tolist(), data.validation.tolist()) == ([1, 2, 3], [False, True, False])
    assert "1 series (of another part)" in data.account.line()
    assert load(tmp_path, ReadOptions(split="test")).ids.tolist() == [4]


def test_hdf5_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _exams(tmp_path / "set")
    monkeypatch.setitem(sys.modules, "h5py", None)
    for source in ("", "exams.csv", "exams_part0.hdf5"):
        refused(tmp_path / "set" / source, "needs h5py, .*; run: python -m pip install 'h5py")


def test_matlab_7_3(tmp_path: Path) -> None:
    X = RNG.normal(size=(4, 3, 50))
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as out:
        # MATLAB's axes stand in reversed order.
        out["X"] = X.T
        out["X"].attrs["MATLAB_class"] = np.bytes_("double")
        cells = out.create_dataset("y", (1, 4), h5py.ref_dtype)
        for i, name in enumerate(("up", "down", "up", "down")):
            text = out.create_dataset(
                f"#refs#/{i}", data=np.array([[ord(c)] for c in name], np.uint16)
            )
            text.attrs["MATLAB_class"] = np.bytes_("char")
            cells[0, i] = text.ref
    data = load(tmp_path / "a.mat")
    np.testing.assert_array_equal(np.stack(data.values), X)
    assert data.labels.tolist() == ["up", "down", "up", "down"]


# Folders of matrices.


def test_har_folder(tmp_path: Path) -> None:
    for part in ("train", "test"):
        for channel in ("body_acc_x", "body_acc_y", "total_acc_x"):
            matrix = "".join(
                "  " + "  ".join(f"{v: .7e}" for v in r) + "\n" for r in RNG.normal(size=(6, 20))
            )
            a_file(tmp_path, f"{part}/Inertial Signals/{channel}_{part}.txt", matrix)
        a_file(tmp_path, f"{part}/X_{part}.txt", "1.5 2.5\n" * 6)
        a_file(tmp_path, f"{part}/y_{part}.txt", "1\n2\n1\n2\n1\n2\n")
        a_file(tmp_path, f"{part}/subject_{part}.txt", "1\n1\n1\n3\n3\n3\n")
    a_file(tmp_path, "activity_labels.txt", "1 WALKING\n2 SITTING\n")
    a_file(tmp_path, "features.txt", "1 tBodyAcc-mean()-X\n2 tBodyAcc-mean()-Y\n")
    a_file(tmp_path, "README.txt", "About it.\n")
    for part in ("train", "test"):
        data = load(tmp_path, ReadOptions(split=part))
        assert (data.n_series, data.n_channels, data.lengths[0]) == (6, 3, 20)
        assert data.channel_names == ("body_acc_x", "body_acc_y", "total_acc_x")
        assert data.labels.tolist() == ["WALKING", "SITTING"] * 3
        assert (data.groups.tolist(), data.group_name) == ([1, 1, 1, 3, 3, 3], "subject")
        assert data.account.line() == f"left out: 1 file (X_{part}.txt: in {part})"
    refused(tmp_path, "--label c has no effect, for y_train.txt says", label="c")
    a_file(tmp_path, "train/y_train.txt", "1\n2\n")
    refused(tmp_path, "y_train.txt: 2 rows of 1 cell for 6 series")


def test_validation_arrays_follow_those_of_training(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    parts = {"train": 6, "val": 4, "test": 3}
    arrays = {f"X_{p}": np.full((n, 20), i + 1.0) for i, (p, n) in enumerate(parts.items())}
    labels = {f"y_{p}": np.arange(n) % 2 for p, n in parts.items()}
    np.savez(file, **arrays, **labels, fs=50.0)
    data = load(file)
    assert (data.n_series, data.sampling_rate) == (10, 50.0)
    assert data.validation.tolist() == [False] * 6 + [True] * 4
    assert [float(v[0, 0]) for v in data.values] == [1.0] * 6 + [2.0] * 4
    assert data.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    test = load(file, ReadOptions(split="test"))
    assert (test.n_series, test.validation) == (3, None)
    np.savez(file, **arrays | {"X_val": np.zeros((4, 9))}, **labels)
    data = load(file)
    assert (data.n_series, data.validation) == (6, None)
    assert "2 arrays (X, y: of validation, in another shape" in data.account.line()


def test_parts_before_names_and_in_groups(tmp_path: Path) -> None:
    X, y = RNG.normal(size=(9, 1, 20)), np.arange(9) % 2
    parts = {"train": slice(0, 6), "test": slice(6, 9)}
    np.savez(
        tmp_path / "a.npz",
        **{f"x_{p}": X[s] for p, s in parts.items()},
        **{f"{p}_labels": y[s] for p, s in parts.items()},
    )
    with h5py.File(tmp_path / "a.h5", "w") as out:
        for part, where in parts.items():
            out[f"{part}/X"], out[f"{part}/y"] = X[where], y[where]
    for name in ("a.npz", "a.h5"):
        for split, n in (("train", 6), ("test", 3)):
            data = load(tmp_path / name, ReadOptions(split=split))  # type: ignore[arg-type]
            assert (data.n_series, data.labels.tolist()) == (n, y[parts[split]].tolist())
            assert taken(data)["part"] == "the names of the arrays"
            assert data.account.line() == ""


def test_labels_and_subjects_beside_an_array(tmp_path: Path) -> None:
    arrays = {"data": RNG.normal(size=(6, 9)), "labels": [0, 1] * 3, "subjects": [4, 4, 5, 5, 6, 6]}
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    for source in (tmp_path, tmp_path / "data.npy"):
        data = load(source)
        assert data.labels.tolist() == [0, 1] * 3
        assert data.groups.tolist() == [4, 4, 5, 5, 6, 6]
