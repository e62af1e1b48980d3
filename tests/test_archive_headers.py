"""What .ts files say beside their values, and files of kinds that are not read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from table_files import a_file

from msssm_ts.datasets import LabelledSeries, load
from msssm_ts.errors import InputError


def _read(folder: Path, rows: str, stamps: str = "false", more: str = "") -> LabelledSeries:
    file = folder / "x.ts"
    file.write_text(
        f"@problemName x\n@timeStamps {stamps}\n{more}@classLabel true a b\n@data\n{rows}"
    )
    return load(file)


def test_time_stamps_are_kept(tmp_path: Path) -> None:
    rows = "(0,1),(1,2),(5,4):a\n(0,1),(1,2),(2,4):b\n"
    data = _read(tmp_path, rows, "true", "@univariate true\n")
    assert data.times is not None
    assert [t.tolist() for t in data.times] == [[0, 1, 5], [0, 1, 2]]
    second = "(2020-01-01 00:00:0{},{})"
    rows = "".join(
        ",".join(second.format(t, v) for v, t in enumerate((0, 1, 5))) + f":{c}\n" for c in "ab"
    )
    dated = _read(tmp_path, rows, "true", "@univariate true\n")
    assert dated.times is not None
    np.testing.assert_allclose(dated.times[1], [0, 1, 5])


def test_channels_with_stamps_of_their_own(tmp_path: Path) -> None:
    rows = "(0,1),(3,4):(0,1),(2,4):a\n(0,1),(1,2):(0,1),(1,2):b\n"
    data = _read(tmp_path, rows, "true", "@univariate false\n")
    assert data.times is None
    assert "times left out" in data.summary()


def test_a_header_that_the_series_contradict(tmp_path: Path) -> None:
    data = _read(tmp_path, "1,2:1,2:a\n1,2:3,4:c\n", more="@univariate false\n@dimensions 3\n")
    assert data.account.remarks == (
        "labels c are none of the classes that the header names (a, b)",
        "the header says 3 dimensions, and there are 2",
    )
    agreeing = _read(tmp_path, "1,2:1,2:a\n1,2:3,4:b\n", more="@univariate false\n@dimensions 2\n")
    assert agreeing.account.remarks == ()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("@univariate true\n", ("the header says one dimension, and there are 2",)),
        (
            "@univariate false\n@equalLength true\n@seriesLength 3\n",
            ("the header says 3 steps for all series, and they have 2",),
        ),
        ("@univariate false\n@equalLength true\n@seriesLength 2\n", ()),
        ("@univariate false\n@equalLength false\n@seriesLength 9\n", ()),
    ],
)
def test_dimensions_and_steps_that_a_header_promises(
    tmp_path: Path, header: str, said: tuple[str, ...]
) -> None:
    assert _read(tmp_path, "1,2:1,2:a\n1,2:3,4:b\n", more=header).account.remarks == said


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.xlsx", "save the sheet as CSV"),
        ("a.pkl", "loading it could run what it holds, so save arrays as .npz"),
        ("set.tar.gz", "unpack it"),
        ("a.zip", "unpack it"),
        ("a.xyz", "known are .hea, .dat"),
    ],
)
def test_files_that_are_not_read(tmp_path: Path, name: str, remedy: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).write_bytes(b"....")
    with pytest.raises(InputError, match=f"unknown kind of file .*; {remedy}"):
        load(folder / name)
    known = remedy.replace("known are .hea, .dat", "known are")
    with pytest.raises(InputError, match=f"nothing to read .*; {known}"):
        load(folder)


def test_other_files_beside_a_set_are_named(tmp_path: Path) -> None:
    for name in ("yoga_train.csv", "yoga_test.csv", "healthy.csv", "yoga.txt"):
        a_file(tmp_path, name, "label,t0,t1\na,1,2\nb,3,4\n")
    said = "1 file (healthy.csv: yoga_train.csv is read)"
    assert said in load(tmp_path).account.line()


def test_kinds_of_files_with_a_remedy(tmp_path: Path) -> None:
    for name, said in (("a/x.log", "call them .csv"), ("b/x.pcm", "neither rate nor format")):
        with pytest.raises(InputError, match=said):
            load(a_file(tmp_path, name, "1 2\n").parent)
    with pytest.raises(InputError, match="list: neither a path nor a data frame"):
        load([1, 2])  # type: ignore[arg-type]


def test_lines_of_arff_that_may_be_steps(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 7},{'uv'[i % 2]}\n" for i in range(60))
    head = "@relation x\n@attribute AF3 real\n@attribute F7 real\n@attribute c {u,v}\n@data\n"
    said = "took every row for a series of 2 steps (AF3, F7)"
    assert said in load(a_file(tmp_path, "a.arff", head + rows)).account.line()
    head = head.replace("AF3", "att1").replace("F7", "att2")
    assert load(a_file(tmp_path, "b.arff", head + rows)).account.line() == ""


def test_folders_of_tables_beside_the_one_that_is_read(tmp_path: Path) -> None:
    for name in ("all.csv", "walk/1.csv", "run/x.csv"):
        a_file(tmp_path, name, "x,label\n1,a\n2,b\n")
    assert "2 files (run/x.csv, walk/1.csv: all.csv is read)" in load(tmp_path).account.line()
