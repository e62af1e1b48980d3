from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.io

from msssm_ts.datasets import LabelledSeries, ReadOptions, from_frame, load
from msssm_ts.datasets.write import write

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


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip"])
def test_compressed_csv(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"ecg.csv{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("__MACOSX/._ecg.csv", "x")
            archive.writestr("ecg.csv", WIDE)
    else:
        compress = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix]
        file.write_bytes(compress(WIDE.encode()))
    assert load(file).n_series == 2


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "  ", " \t "])
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
def test_separators(tmp_path: Path, separator: str, name: str) -> None:
    data = load(_write(tmp_path, name, WIDE.replace(",", separator)))
    np.testing.assert_array_equal(np.stack(data.values), [[[1, 2, 3]], [[4, 5, 6]]])
    bare = "".join(WIDE.splitlines(keepends=True)[1:]).replace(",", separator)
    data = load(_write(tmp_path, name, bare))
    np.testing.assert_array_equal(np.stack(data.values)[0], [[100, 1, 2, 3]])
    assert data.classes.tolist() == ["N", "V"]


@pytest.mark.parametrize("separator", [";", "\t", "|", " "])
def test_decimal_comma(tmp_path: Path, separator: str) -> None:
    rows = ["label.t0.t1.t2", "a.1,5.-2.3,25e2", "b.0,5.1.+,5"]
    for header in (True, False):
        lines = [r.replace(".", separator) for r in rows[not header :]]
        data = load(_write(tmp_path, "a.csv", "\n".join(lines)))
        np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[1.5, -2, 325], [0.5, 1, 0.5]])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings(tmp_path: Path, encoding: str, newline: str) -> None:
    text = ("\ufeff" if encoding == "utf-16-le" else "") + WIDE.replace("N", "é")
    (tmp_path / "a.csv").write_bytes(text.replace("\n", newline).encode(encoding))
    data = load(tmp_path / "a.csv")
    assert data.labels.tolist() == ["é", "V"]
    np.testing.assert_array_equal(data.values[1], [[4, 5, 6]])


def test_quoted_cells_and_spaces(tmp_path: Path) -> None:
    text = 'label, "t0", t1\n"a, or ""b""", 1,"2"\n"two\nlines", 3 , +4\n\n'
    data = load(_write(tmp_path, "a.csv", text))
    assert data.labels.tolist() == ['a, or "b"', "two\nlines"]
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("first", "headed"),
    [
        ("label,0,1,2", True),
        ("name,t0,t1,t2", True),
        ("0,1,2,3,4,5,6,7,8,9,10", True),
        ("beat,0.000,0.004,0.008", True),
        ("label,1", True),
        ("normal,0.5,1.5,2.5", False),
        ("target,0.5,1.5,1.25", False),
        ("1,0.5,1.5,2.5", False),
        ("1,0,1,2", False),
        ("1,0.5,oops,2.5", False),
    ],
)
def test_header_or_not(tmp_path: Path, first: str, headed: bool) -> None:
    from msssm_ts.datasets.tables.dialect import detect_dialect

    kind = "normal" if first.startswith(("normal", "name", "target")) else "1"
    rows = [",".join([kind, *("0.25" for _ in first.split(",")[1:])])] * 3
    file = _write(tmp_path, "a.csv", "\n".join([first, *rows]))
    assert detect_dialect(file).headed == headed


def test_columns_that_are_no_steps(tmp_path: Path) -> None:
    text = "id,age,label,record,patient,fold,t0,t1,t2\n001,70,a,7,3,1,1,2,3\n1,60,b,8,3,2,4,5,6\n"
    data = load(_write(tmp_path, "a.csv", text))
    assert data.ids.tolist() == ["001", "1"]
    assert data.groups.tolist() == [7, 8]
    assert data.folds.tolist() == [1, 2]
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[1, 2, 3], [4, 5, 6]])
    assert "grouped by record (2); left out: 2 columns (age, patient); its" in data.summary()
    chosen = load(tmp_path / "a.csv", ReadOptions(group="patient", fold="record"))
    assert (chosen.group_name, chosen.folds.tolist()) == ("patient", [7, 8])


def test_folds_that_are_groups(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "ecg.csv", WIDE), validation="record=101")
    assert data.validation.tolist() == [False, True]
    assert data.groups.tolist() == [100, 101]


def test_table_with_row_numbers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"label": ["a", "b"], "x": [1.0, 2.0], "y": [3.0, 4.0]})
    frame.to_csv(tmp_path / "a.csv")
    data = load(tmp_path / "a.csv")
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[1, 3], [2, 4]])
    assert data.account.line() == "left out: 1 column (row numbers)"


def test_wide_table_with_channels(tmp_path: Path) -> None:
    text = "label,ecg_0,ecg_1,ecg_2,resp_0,resp_1,resp_2\na,1,2,3,4,5,6\nb,1,2,,4,,\n"
    data = load(_write(tmp_path, "a.csv", text))
    assert data.channel_names == ("ecg", "resp")
    np.testing.assert_array_equal(data.values[0], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(data.values[1], [[1, 2], [4, np.nan]])


def test_missing_values_stay(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "a.csv", "label,t0,t1,t2,t3\na,,1,NA,3\nb,1,2,?,\n,,,,\n"))
    np.testing.assert_array_equal(data.values[0], [[np.nan, 1, np.nan, 3]])
    np.testing.assert_array_equal(data.values[1], [[1, 2]])
    data = load(_write(tmp_path, "b.tsv", "1\t2\tNaN\t3\tNaN\n2\t1\t2\t3\t4\n"))
    np.testing.assert_array_equal(data.values[0], [[2, np.nan, 3]])


def test_several_labels(tmp_path: Path) -> None:
    text = "rhythm,form,t0,t1\n1,0,1,2\n1,1,3,4\n0,0,5,6\n"
    data = load(_write(tmp_path, "a.csv", text), ReadOptions(label="rhythm, form"))
    assert data.multilabel
    assert data.labels.tolist() == [[1, 0], [1, 1], [0, 0]]
    assert data.summary() == "3 series, 1 channel × 2 steps, 2 labels: rhythm form"


def test_labels_as_they_are_written(tmp_path: Path) -> None:
    for written, labels in (
        (["1.0", "2e0"], [1, 2]),
        (["01", "2"], ["01", "2"]),
        (["1_1", "11"], ["1_1", "11"]),
        (["1", "1.0"], ["1", "1.0"]),
        (["true", "false"], ["true", "false"]),
        (["1.5", "2"], ["1.5", "2"]),
        (["None", "x"], ["None", "x"]),
        (["2020-01-01", "2020-01-02"], ["2020-01-01", "2020-01-02"]),
    ):
        rows = "".join(f"{label},1,2\n" for label in written)
        data = load(_write(tmp_path, "a.csv", f"label,t0,t1\n{rows}"))
        assert data.labels.tolist() == labels


def test_numbers_that_only_some_parsers_know(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "a.csv", "label,t0,t1,t2\na,+1.5,  2 ,.5\nb,1E5,-0,1e-3\n"))
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[1.5, 2, 0.5], [1e5, 0, 1e-3]])


def test_long_csv_is_sorted_by_time_and_keeps_channels(tmp_path: Path) -> None:
    data = load(_write(tmp_path, "long.csv", LONG))
    assert data.ids is not None
    assert data.labels is not None
    assert data.ids.tolist() == ["b", "a"]
    assert data.labels.tolist() == ["V", "N"]
    assert data.channel_names == ("ecg", "resp")
    np.testing.assert_array_equal(data.values[0], [[3, 4], [30, 40]])
    np.testing.assert_array_equal(data.values[1], [[1], [10]])


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        ([0, 0.004, 0.008], 250),
        ([5.5, 5.502778, 5.505556], 360),
        ([0, 1, 2], None),
        ([0.5, 1.5, 2.5], None),
        ([0, 0.004, 0.009], None),
        (["2020-01-01 00:00:00", "2020-01-01 00:00:01", "2020-01-01 00:00:02"], None),
    ],
)
def test_sampling_rate_of_long_tables(tmp_path: Path, times: list[Any], rate: object) -> None:
    rows = [f"{i},{t},{n}" for i in "ba" for n, t in enumerate(times)]
    text = "\n".join(["id,time,value", *reversed(rows)])
    data = load(_write(tmp_path, "a.csv", text), needs_labels=False)
    assert data.sampling_rate == rate
    assert data.ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(data.values[0], [[0, 1, 2]])
    renamed = _write(tmp_path, "b.csv", text.replace("time", "time_ms"))
    data = load(renamed, ReadOptions(time="time_ms"), needs_labels=False)
    told = {0.004: 250e3, 0.002778: 359971.0, 1: 1000.0}
    step = None if isinstance(times[0], str) else round(times[1] - times[0], 6)
    even = step is not None and times != [0, 0.004, 0.009]
    assert data.sampling_rate == (told[step] if even else None)


def test_uneven_times_are_carried_and_come_back(tmp_path: Path) -> None:
    rows = ["a,0,1,N", "a,0.5,2,N", "a,4,3,N", "b,1,4,V", "b,1.5,5,V"]
    for text in (
        "\n".join(["id,time,value,label", *reversed(rows)]),
        "\n".join(["id,time,I,label", *reversed(rows)]),
    ):
        data = load(_write(tmp_path, "a.csv", text))
        assert data.times is not None
        by_id = dict(zip(data.ids.tolist(), data.times, strict=True))
        assert (by_id["a"].tolist(), by_id["b"].tolist()) == ([0, 0.5, 4], [1, 1.5])
        assert "with times" in data.summary()
        for name in ("c.csv", "c.npz", "c.parquet"):
            write(data, tmp_path / name)
            again = load(tmp_path / name)
            assert again.times is not None
            for expected, found in zip(data.times, again.times, strict=True):
                np.testing.assert_array_equal(expected, found)
    apart = "id,time,lead,value\na,0,I,1\na,1,I,2\na,0.5,II,3\na,1.5,II,4\n"
    data = load(_write(tmp_path, "e.csv", apart), needs_labels=False)
    assert data.times is None
    assert "times left out" in data.summary()
    even = "id,time,value,label\na,0,1,N\na,0.1,2,N\na,0.2,3,N\nb,7,4,V\nb,7.1,5,V\n"
    assert load(_write(tmp_path, "d.csv", even)).times is None


def test_long_table_with_a_step_a_row(tmp_path: Path) -> None:
    text = "id,time,x,z,label,fold\nb,1,2,20,N,1\nb,0,1,10,N,1\na,0,3,,V,2\n"
    data = load(_write(tmp_path, "a.csv", text))
    assert data.channel_names == ("x", "z")
    np.testing.assert_array_equal(data.values[0], [[1, 2], [10, 20]])
    np.testing.assert_array_equal(data.values[1], [[3], [np.nan]])
    assert data.labels.tolist() == ["N", "V"]
    assert data.folds.tolist() == [1, 2]


def test_long_table_with_a_channel_a_row(tmp_path: Path) -> None:
    text = "id,lead,t0,t1,t2,label\na,10,1,2,,N\na,9,3,4,,N\nb,9,5,6,7,V\nb,10,8,9,0,V\n"
    data = load(_write(tmp_path, "a.csv", text))
    assert data.channel_names == ("9", "10")
    np.testing.assert_array_equal(data.values[0], [[3, 4], [1, 2]])
    np.testing.assert_array_equal(data.values[1], [[5, 6, 7], [8, 9, 0]])


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


def test_missing_values_and_timestamps_in_ts(tmp_path: Path) -> None:
    head = "@problemName x\n@timeStamps {}\n@univariate true\n@classLabel true a b\n@data\n"
    data = load(_write(tmp_path, "x.ts", head.format("false") + "1,?,3:a\n1,2:b\n"))
    np.testing.assert_array_equal(data.values[0], [[1, np.nan, 3]])
    data = load(_write(tmp_path, "y.ts", head.format("true") + "(0,1),(1,2):a\n(0,3),(1,4):b\n"))
    np.testing.assert_array_equal(data.values[1], [[3, 4]])


def test_arff_files(tmp_path: Path) -> None:
    head = "@relation x\n@attribute a real\n@attribute b real\n@attribute target {u,v}\n@data\n"
    data = load(_write(tmp_path, "x.arff", head + "1,?,u\n3,4,v\n"))
    assert data.labels.tolist() == ["u", "v"]
    np.testing.assert_array_equal(data.values[0], [[1, np.nan]])
    head = (
        "@relation x\n@attribute relationalAtt relational\n@attribute a numeric\n"
        "@attribute b numeric\n@end relationalAtt\n@attribute class {1,2}\n@data\n"
    )
    data = load(_write(tmp_path, "y.arff", head + "'1,2\\n3,4',1\n'5,6\\n7,8',2\n"))
    assert data.labels.tolist() == [1, 2]
    np.testing.assert_array_equal(data.values[1], [[5, 6], [7, 8]])


def test_npz_file(tmp_path: Path) -> None:
    X = np.arange(24.0).reshape(4, 2, 3)
    np.savez(tmp_path / "x.npz", X=X, y=np.array(["l", "r", "l", "r"]))
    data = load(tmp_path / "x.npz")
    np.testing.assert_array_equal(data.as_estimator_input(), X)
    np.savez(tmp_path / "flat.npz", data=X[:, 0], labels=[1, 2, 1, 2])
    assert load(tmp_path / "flat.npz").n_channels == 1


def test_npz_that_says_more(tmp_path: Path) -> None:
    X = np.arange(12.0).reshape(2, 2, 3)
    X[0, :, 1] = X[1, 0, 2] = np.nan
    more = {"fs": 50, "channel_names": ["x", "z"], "groups": ["p", "q"], "ids": ["007", "7"]}
    np.savez(tmp_path / "x.npz", X=X, y=["a", "b"], **more)
    data = load(tmp_path / "x.npz")
    assert data.summary() == (
        "2 series, 2 channels × 3 steps at 50 Hz, 2 classes: a b; grouped by group (2)"
    )
    assert (data.channel_names, data.ids.tolist()) == (("x", "z"), ["007", "7"])
    np.savez(tmp_path / "y.npz", X=X, y=[[1, 0], [1, 1]], lengths=[1, 3])
    data = load(tmp_path / "y.npz")
    assert data.multilabel
    assert data.lengths.tolist() == [1, 3]
    parts = {"X_train": X, "y_train": [1, 2], "X_test": X[:1], "y_test": [2]}
    np.savez(tmp_path / "parts.npz", **parts)
    assert load(tmp_path / "parts.npz").labels.tolist() == [1, 2]
    assert load(tmp_path / "parts.npz", ReadOptions(split="test")).labels.tolist() == [2]


@pytest.mark.parametrize(
    ("name", "labels"),
    [("a.npy", "a_y.npy"), ("a.npy", "y_a.npy"), ("a.npy", "a_labels.npy"), ("X_1.npy", "y_1.npy")],
)
def test_npy_file(tmp_path: Path, name: str, labels: str) -> None:
    np.save(tmp_path / name, np.arange(6, dtype=np.float32).reshape(2, 3))
    assert load(tmp_path / name, needs_labels=False).labels is None
    np.save(tmp_path / labels, np.array(["u", "v"]))
    data = load(tmp_path / name)
    assert data.labels.tolist() == ["u", "v"]
    assert data.values[0].dtype == np.float32


def test_matlab_files(tmp_path: Path) -> None:
    X = np.arange(12.0).reshape(2, 2, 3)
    texts = np.array(["left", "right"], dtype=object)
    file = tmp_path / "x.mat"
    for y, labels in (([1, 2], [1, 2]), (texts, texts.tolist()), (["ab", "cd"], ["ab", "cd"])):
        scipy.io.savemat(file, {"X": X, "y": y, "fs": 250.0})
        data = load(file)
        assert data.labels.tolist() == labels
        assert data.sampling_rate == 250
        np.testing.assert_array_equal(data.as_estimator_input(), X)
    cells = np.empty(2, dtype=object)
    cells[:] = [np.ones((1, 5)), np.arange(3.0)[:, None]]
    scipy.io.savemat(file, {"X": cells, "labels": np.array([[1], [0]])})
    data = load(file)
    assert data.lengths.tolist() == [5, 3]
    np.testing.assert_array_equal(data.values[1], [[0, 1, 2]])
    scipy.io.savemat(file, {"beats": np.ones((4, 5)), "classes": [1, 2, 1, 2]})
    assert load(file).summary() == "4 series, 1 channel × 5 steps, 2 classes: 1 2"


def _frames() -> list[tuple[str, pd.DataFrame]]:
    wide = pd.DataFrame({"label": ["a", "b"], "t0": [1, 2], "t1": [3.0, np.nan]})
    long = pd.DataFrame(
        {"id": [5, 5, 6], "time": [1, 0, 0], "value": [3.0, 1.0, 2.0], "label": ["a", "a", "b"]}
    )
    lists = pd.DataFrame({"label": ["a", "b"], "ecg": [[1.0, 3.0], [2.0]]})
    return [("wide", wide), ("long", long), ("lists", lists)]


@pytest.mark.parametrize(("kind", "frame"), _frames())
@pytest.mark.parametrize("source", ["pandas", "polars", "parquet", "csv"])
def test_frames_and_parquet(tmp_path: Path, kind: str, frame: pd.DataFrame, source: str) -> None:
    if source == "csv" and kind == "lists":
        return
    if source == "parquet":
        frame.to_parquet(tmp_path / "x.parquet")
        data = load(tmp_path / "x.parquet")
    elif source == "csv":
        frame.to_csv(tmp_path / "x.csv", index=False)
        data = load(tmp_path / "x.csv")
    else:
        data = load(frame if source == "pandas" else pl.from_pandas(frame))
    assert data.labels.tolist() == ["a", "b"]
    assert [v.tolist() for v in data.values] == [[[1, 3]], [[2]]]
    if kind == "long":
        assert data.ids.tolist() == [5, 6]


def test_frames_of_other_kinds() -> None:
    y = pd.Categorical(["u", "v"])
    arrays = pd.DataFrame({"x": [np.ones((3, 5)), np.ones((3, 4))], "y": y})
    data = from_frame(arrays)
    assert data.labels.tolist() == ["u", "v"]
    assert [v.shape for v in data.values] == [(3, 5), (3, 4)]
    nested = pd.DataFrame(
        {c: [pd.Series([1.0, 2.0]), pd.Series([3.0])] for c in ("dim_0", "dim_1")}
    )
    data = from_frame(nested.assign(label=[0, 1]))
    assert data.channel_names == ("dim_0", "dim_1")
    np.testing.assert_array_equal(data.values[1], [[3], [3]])
    counted = pd.DataFrame(np.arange(6.0).reshape(2, 3)).assign(target=[1.0, 2.0])
    data = from_frame(counted.rename_axis("case"), ReadOptions(id="case"))
    assert data.ids.tolist() == [0, 1]
    assert data.labels.tolist() == [1, 2]
    np.testing.assert_array_equal(data.values[1], [[3, 4, 5]])
    flags = pd.DataFrame({"a": [True, False], "b": [1, 1], "t0": [1.0, 2.0], "t1": [0.0, 1.0]})
    assert from_frame(flags, ReadOptions(label="a,b")).labels.tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".csv"])
def test_written_series_come_back(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    data = LabelledSeries(
        [rng.normal(size=(2, n)) for n in (4, 2, 3)],
        np.array(["u", "v", "u"]),
        channel_names=("I", "II"),
        groups=np.array([1, 1, 2]),
        group_name="patient",
        ids=np.array(["c", "a", "b"]),
        folds=np.array([3, 1, 2]),
    )
    write(data, tmp_path / f"x{suffix}")
    back = load(tmp_path / f"x{suffix}")
    for mine, its in zip(data.values, back.values, strict=True):
        np.testing.assert_allclose(its, mine, rtol=1e-14)
    for name in ("labels", "groups", "ids", "folds"):
        assert getattr(back, name).tolist() == getattr(data, name).tolist()
    assert (back.channel_names, back.group_name) == (data.channel_names, "patient")


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        (["A_TRAIN.tsv", "A_TEST.tsv", "README.txt", "SOURCE.md"], "A_TRAIN.tsv", "A_TEST.tsv"),
        (["A_TRAIN.arff", "A_TRAIN.ts", "ADimension1_TRAIN.arff"], "A_TRAIN.ts", None),
        (["train.csv", "test.csv", "sample_submission.xyz"], "train.csv", "test.csv"),
        (["A-train.csv.gz", "A-test.csv.gz"], "A-train.csv.gz", "A-test.csv.gz"),
        (["X_train.npy", "y_train.npy", "X_test.npy"], "X_train.npy", "X_test.npy"),
        (["beats.npy", "beats_y.npy"], "beats.npy", "beats.npy"),
        (["only.parquet", "LICENSE.txt"], "only.parquet", "only.parquet"),
        (["SOURCE.md"], None, None),
    ],
)
def test_archive_folders(
    tmp_path: Path, names: list[str], train: str | None, test: str | None
) -> None:
    from msssm_ts.datasets.archives.archive_folder import find_archive_file

    for name in names:
        (tmp_path / name).touch()
    found = find_archive_file(tmp_path, ReadOptions())
    assert (found and found.name) == train
    if test is not None:
        found = find_archive_file(tmp_path, ReadOptions(split="test"))
        assert (found and found.name) == test


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
