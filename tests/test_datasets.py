from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load

WIDE = "label,record,t0,t1,t2\nN,100,1,2,3\nV,101,4,5,6\n"
LONG = """id,time,channel,value,label
b,1,ecg,4,V
b,0,ecg,3,V
b,0,resp,30,V
b,1,resp,40,V
a,0,ecg,1,N
a,0,resp,10,N
"""


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_wide_csv(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "ecg.csv", WIDE))
    np.testing.assert_array_equal(np.stack(data.values), [[[1, 2, 3]], [[4, 5, 6]]])
    assert data.labels is not None
    assert data.groups is not None
    assert data.labels.tolist() == ["N", "V"]
    assert data.groups.tolist() == [100, 101]
    assert data.summary() == (
        "2 series, 1 channel × 3 steps, 2 classes: N V; grouped by record (2)"
    )


def test_wide_csv_with_chosen_columns(tmp_path: Path) -> None:
    text = "beat,note,t0,t1,who\n1,x,1,2,p\n2,y,3,4,q\n"
    data = load(
        _write(tmp_path, "a.csv", text), ReadOptions(label="beat", drop=("note",), group="who")
    )
    assert data.labels is not None
    assert data.groups is not None
    assert data.labels.tolist() == [1, 2]
    assert data.groups.tolist() == ["p", "q"]
    assert [v.tolist() for v in data.values] == [[[1, 2]], [[3, 4]]]


def test_empty_cells_at_the_end_make_shorter_series(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "a.csv", "class,a,b,c\nx,1,2,\ny,3,4,5\n"))
    assert data.lengths.tolist() == [2, 3]
    assert isinstance(data.as_estimator_input(), list)
    assert data.summary() == "2 series, 1 channel × 2–3 steps, 2 classes: x y"


def test_csv_without_header_or_labels(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "a.csv", "1,0.5,0.25\n2,0.5,0.75\n"))
    assert data.labels is not None
    assert data.labels.tolist() == [1, 2]
    unlabelled = load(_write(tmp_path, "b.csv", "t0,t1\n1,2\n"), needs_labels=False)
    assert unlabelled.labels is None
    assert unlabelled.summary() == "1 series, 1 channel × 2 steps, no labels"


def test_compressed_csv(tmp_path: Path) -> None:
    file = tmp_path / "ecg.csv.gz"
    file.write_bytes(gzip.compress(WIDE.encode()))
    assert load(file).n_series == 2


def test_long_csv_is_sorted_by_time_and_keeps_channels(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "long.csv", LONG))
    assert data.ids is not None
    assert data.labels is not None
    assert data.ids.tolist() == ["b", "a"]
    assert data.labels.tolist() == ["V", "N"]
    assert data.channel_names == ("ecg", "resp")
    np.testing.assert_array_equal(data.values[0], [[3, 4], [30, 40]])
    np.testing.assert_array_equal(data.values[1], [[1], [10]])


def test_ucr_tsv_with_unequal_lengths(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "X_TRAIN.tsv", "1\t0.5\t1.5\tNaN\n2\t1\t2\t3\n"))
    assert data.labels is not None
    assert data.labels.dtype.kind == "i"
    assert data.lengths.tolist() == [2, 3]
    spaced = load(_write(tmp_path, "X.txt", "  1.0000000e+00  0.5  1.5\n  2.0  1  2\n"))
    assert spaced.lengths.tolist() == [2, 2]


def test_tsv_with_a_header(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "x.tsv", WIDE.replace(",", "\t")))
    assert data.n_series == 2


def test_ts_file(tmp_path: Path) -> None:
    text = (
        "@problemName x\n@timeStamps false\n@univariate false\n@classLabel true a b\n@data\n"
        "1,2,3:4,5,6:a\n1,2:3,4:b\n"
    )
    data = load(_write(tmp_path, "x.ts", text))
    assert data.labels is not None
    assert data.labels.tolist() == ["a", "b"]
    np.testing.assert_array_equal(data.values[0], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(data.values[1], [[1, 2], [3, 4]])


def test_npz_file(tmp_path: Path) -> None:
    X = np.arange(24.0).reshape(4, 2, 3)
    np.savez(tmp_path / "x.npz", X=X, y=np.array(["l", "r", "l", "r"]))
    data = load(tmp_path / "x.npz")
    np.testing.assert_array_equal(data.as_estimator_input(), X)
    np.savez(tmp_path / "flat.npz", data=X[:, 0], labels=[1, 2, 1, 2])
    assert load(tmp_path / "flat.npz").n_channels == 1


@pytest.mark.parametrize(
    ("name", "n_train", "n_test", "channels", "classes"),
    [
        ("JapaneseVowels", 270, 370, 12, 9),
        ("ArrowHead", 36, 175, 1, 3),
        ("BasicMotions", 40, 40, 6, 4),
        ("ItalyPowerDemand", 67, 1029, 1, 2),
        ("PLAID", 537, 537, 1, 11),
    ],
)
def test_sets_that_come_along(
    name: str, n_train: int, n_test: int, channels: int, classes: int
) -> None:
    train, test = load(name), load(name, ReadOptions(split="test"))
    assert (train.n_series, test.n_series) == (n_train, n_test)
    assert train.n_channels == test.n_channels == channels
    assert train.classes is not None
    assert len(train.classes) == classes
    named = load(f"{name}:test")
    assert np.array_equal(named.values[3], test.values[3])


def test_round_trip_of_random_tables(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 9))
    frame = pd.DataFrame(values).assign(target=rng.integers(0, 3, 20)).sample(frac=1, axis=1)
    steps = [c for c in frame.columns if c != "target"]
    frame.columns = [f"x{c}" if c != "target" else c for c in frame.columns]
    frame.to_csv(tmp_path / "r.csv", index=False)
    data = load(tmp_path / "r.csv")
    np.testing.assert_allclose(np.concatenate(data.values), values[:, steps])


def test_container_counts() -> None:
    data = LabelledSeries([np.zeros((2, 4))] * 1500, np.arange(1500) % 12, sampling_rate=360.0)
    assert data.summary() == (
        "1\u202f500 series, 2 channels × 4 steps at 360 Hz, 12 classes: 0 1 2 3 4 5 6 7 8 9 …"
    )
    assert np.shape(data.as_estimator_input()) == (1500, 2, 4)
