"""Every broken table or file gets one sentence with the file, the place and what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
from commands import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msssm_ts.datasets import LabelledSeries, ReadOptions, from_frame, load
from msssm_ts.errors import InputError

HEADER = "label,t0,t1,t2\n"
GOOD = HEADER + "a,1,2,3\nb,4,5,6\n"
LONG = "id,time,channel,value,label\n"
TS = "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
ARFF = "@relation x\n@attribute a real\n@attribute b real\n@attribute c {u,v}\n@data\n"
JUNK = np.random.default_rng(0).bytes(4000)

TEXTS = {
    "empty.csv": ("", "the file is empty; "),
    "empty.ts": ("", "the file is empty; "),
    "empty.npz": ("", "the file is empty; "),
    "blank.csv": ("\n\n\n", "the file is empty; "),
    "header_only.csv": (HEADER, "there are no rows below the header"),
    "blank_rows.csv": (HEADER + ",,,\n,,,\n", "there are no rows with values"),
    "ragged_long.csv": (HEADER + "a,1,2,3\nb,1,2,3,4\n", "line 3: 5 cells, but the first line has"),
    "ragged_short.csv": (HEADER + "a,1,2,3\nb,1,2\n", "line 3: 3 cells, but the first line has 4"),
    "ragged.txt": ("1 2 3\n2 3\n", "line 2: 2 cells, but the first line has 3"),
    "ragged_end.csv": (GOOD + "c,7", "line 4: 2 cells, but the first line has 4"),
    "spaces_at_end.csv": (GOOD + "  \n", "line 4: 1 cell"),
    "text.csv": (HEADER + "a,1,2,3\nb,1,oops,3\n", "line 3, column t1: 'oops' is not a number"),
    "text_ucr.tsv": ("1\t2\t3\n2\tx\t3\n", "line 2, column 2: 'x' is not a number"),
    "dates.csv": (HEADER + "a,2020-01-01,2,3\n", "line 2, column t0: '2020-01-01' is not a numb"),
    "two_points.csv": (HEADER + "a,1.2.3,2,3\n", "line 2, column t0: '1.2.3' is not a number"),
    "thousands.csv": (
        "label;t0;t1\n" + "a;0,5;1\n" * 90 + "b;1.234;1\n",
        "line 92, column t0: '1.234' is not a number",
    ),
    "mixed_marks.csv": ("label;t0;t1\n" + "a;1,5;0,5\n" * 90 + "b;1.5;2\n", "line 92, column t0"),
    "after_blank_line.csv": (HEADER + "b,1,2,3\n\na,x,2,3\n", "line 4, column t0"),
    "after_quoted_break.csv": (HEADER + '"b\nb",1,2,3\na,x,2,3\n', "line 4, column t0"),
    "open_quotes.csv": (HEADER + 'a,1,2,3\n"b,1,2,3\n', "not a number|cells|never ends"),
    "all_missing.csv": (HEADER + "a,,,\nb,1,2,3\n", "line 2: the series has no value; remove it"),
    "all_nan.tsv": ("1\t2\t3\n2\tNaN\tNaN\n", "line 2: the series has no value; remove it"),
    "infinite.csv": (HEADER + "a,1,inf,3\nb,1,2,3\n", "line 2, column t1: the value is infinite"),
    "no_label_value.csv": (HEADER + "a,1,2,3\n,1,2,3\n", "line 3: no label in column 'label'"),
    "nan_label.csv": (HEADER + "a,1,2,3\nNaN,1,2,3\n", "line 3: no label in column 'label'"),
    "nan_label.tsv": ("1\t2\t3\nNaN\t2\t3\n", "line 2: no label in column '1'"),
    "blank_label.csv": (HEADER + "a,1,2,3\n  ,1,2,3\n", "line 3: no label in column 'label'"),
    "no_label_column.csv": ("t0,t1\n1,2\n3,4\n", "no labels found.*--label"),
    "only_label.csv": ("label\na\nb\n", "no columns left"),
    "one_column.tsv": ("1\n2\n", "no labels found"),
    "wrong_separator.csv": (
        "label:t0:t1\na:1:2\nb:3:4\n",
        "no columns left|not a number|no labels",
    ),
    "prose.txt": ("Dear reader,\nthis is a letter.\nYours\n", "cells|no labels|no columns"),
    "html.csv": ("<html>\n<body><p>Not found</p></body>\n", "a web page, not the data"),
    "same_id.csv": (
        "id,label,t0,t1\nx,a,1,2\nx,b,3,4\n",
        "line 3: id 'x' stands in line 2 already",
    ),
    "no_id.csv": ("id,label,t0,t1\nx,a,1,2\n,b,3,4\n", "line 3: no value in column 'id'"),
    "no_group.csv": ("record,label,t0\nx,a,1\n,b,3\n", "line 3: no value in column 'record'"),
    "two_label_columns.csv": ("label,t0,Label,label\na,1,b,c\n", "two columns are called 'label'"),
    "twice.csv": (LONG + "a,0,x,1,N\na,0,x,2,N\n", "line 3: a second value for the same id, chan"),
    "two_labels.csv": (LONG + "a,0,x,1,N\na,1,x,2,V\n", "line 3: id 'a' has more than one label"),
    "no_channel.csv": (LONG + "a,0,x,1,N\na,0,y,1,N\nb,0,x,2,V\n", "'b': no rows for channel 'y'"),
    "uneven.csv": (
        LONG + "a,0,x,1,N\na,1,x,1,N\na,0,y,2,N\n",
        "'a': its channels differ in length",
    ),
    "long_no_id.csv": (LONG + "a,0,x,1,N\n,1,x,2,V\n", "line 3: no value in column 'id'"),
    "long_no_time.csv": (LONG + "a,0,x,1,N\na,,x,2,N\n", "line 3: no value in column 'time'"),
    "long_odd_time.csv": (LONG + "a,soon,x,1,N\n", "line 2, column time: 'soon' is neither a numb"),
    "long_nothing.csv": (LONG + "a,0,x,,N\na,1,x,,N\n", "'a': the series has no value; remove"),
    "long_text.csv": (LONG + "a,0,x,one,N\n", "line 2, column value: 'one' is not a number"),
    "long_two_groups.csv": ("id,value,record\na,1,p\na,2,q\n", "'a' has more than one record"),
    "long_unnamed.csv": ("time,channel,value\n0,x,1\n1,x,2\n", "name it with --id"),
    "steps_two_labels.csv": ("id,time,x,y2,label\na,0,1,2,N\na,1,1,2,V\n", "more than one label"),
    "channel_twice.csv": ("id,lead,label,t0\na,I,N,1\na,I,N,2\n", "'a': 2 rows for channel 'I'"),
    "no_data.ts": ("@problemName x\n@univariate true\n", "not a readable .ts file|no series"),
    "junk.ts": ("hello\n", "not a readable .ts file"),
    "half_channels.ts": (TS + "1,2:3:a\n1,2:a\n", "not a readable .ts file|channels|lengths"),
    "text.ts": (TS + "1,x:a\n", "not a readable .ts file"),
    "all_missing.ts": (TS + "1,2:a\n?,?:b\n", "series 2: the series has no value; remove it"),
    "infinite.ts": (TS + "1,inf:a\n", "series 1: the value of channel 1 at step 2 is infinite"),
    "header_only.arff": (ARFF, "it holds no series"),
    "text.arff": (ARFF + "1,x,u\n", "not a readable .arff file"),
    "no_label.arff": (ARFF + "1,2,u\n1,2,?\n", "series 2: it has no label"),
    "table.xyz": (GOOD, "unknown kind of file '.xyz'; known are"),
    "noext": (GOOD, "unknown kind of file ''; known are"),
}


def _zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, GOOD)
    return stream.getvalue()


def _saved(save: Callable[..., object], *arguments: object, **arrays: object) -> bytes:
    stream = io.BytesIO()
    save(stream, *arguments, **arrays)
    return stream.getvalue()


def _npz(**arrays: object) -> bytes:
    return _saved(np.savez, **arrays)


def _mat(**variables: object) -> bytes:
    return _saved(scipy.io.savemat, variables)


def _parquet(**columns: object) -> bytes:
    return pd.DataFrame(columns).to_parquet()


WHOLE = gzip.compress((HEADER + "a,1,2,3\n" * 1000).encode())
ONES = np.ones((2, 3))
BYTES = {
    "junk.csv": (JUNK, "not a text table but binary data"),
    "junk.tsv": (JUNK, "not a text table but binary data"),
    "workbook.csv": (_zipped("a.xml", "b.xml"), "not a text table but binary data"),
    "dos.csv": (GOOD.encode() + b"\x8f,1,2,3\n", "line 4: not UTF-8 text, nor"),
    "dos_late.csv": (HEADER.encode() + b"a,1,2,3\n" * 27000 + b"\x8f,1,2,3\n", "line 27002: not"),
    "two_encodings.csv": (
        "label,é0,é1\n".encode() + b"a,1,2\n" * 20000 + b"\xe9,1,2\n",
        "line 20002: not UTF-8 text",
    ),
    "utf16_without_mark.csv": (GOOD.encode("utf-16-le"), "binary data; save it as CSV in UTF-8"),
    "cut_utf16.csv": (GOOD.encode("utf-16")[:-3], "not UTF-8 text|cells|binary"),
    "cut.csv.gz": (WHOLE[: len(WHOLE) // 2], "breaks off|cannot be decompressed"),
    "plain.csv.gz": (GOOD.encode(), "cannot be decompressed"),
    "plain.csv.zip": (GOOD.encode(), "cannot be decompressed"),
    "plain.csv.xz": (GOOD.encode(), "cannot be decompressed"),
    "plain.csv.bz2": (GOOD.encode(), "cannot be read"),
    "cut.csv.xz": (lzma.compress(GOOD.encode())[:-9], "breaks off|cannot be decompressed"),
    "cut.csv.bz2": (bz2.compress(GOOD.encode())[:-9], "breaks off"),
    "several.zip": (_zipped("a.csv", "b.csv"), "unknown kind of file"),
    "several.csv.zip": (_zipped("a.csv", "b.csv"), "it holds 2 files, not one; unpack it"),
    "none.csv.zip": (_zipped(), "it holds 0 files, not one; unpack it"),
    "x.npz.gz": (gzip.compress(_npz(X=ONES)), "only text tables are read compressed; unpack it"),
    "junk.ts": (JUNK, "not a readable .ts file"),
    "junk.arff": (JUNK, "not a readable .arff file"),
    "junk.npz": (JUNK, "not a readable .npz file"),
    "junk.npy": (JUNK, "not a readable .npy file"),
    "junk.mat": (JUNK, "not a readable MATLAB file"),
    "junk.parquet": (JUNK, "not a readable Parquet file"),
    "cut.npz": (_npz(X=np.ones((50, 90)))[:900], "not a readable .npz file"),
    "cut.npy": (_saved(np.save, ONES)[:-8], "not a readable .npy file"),
    "pickled.npy": (_saved(np.save, np.array([1, "a"], object)), "not a readable .npy file"),
    "archive.npy": (_npz(X=ONES), "holds several arrays; rename it to .npz"),
    "one_axis.npy": (_saved(np.save, np.ones(3)), "no labels found"),
    "no_labels.npy": (_saved(np.save, ONES), "no labels found"),
    "other_names.npz": (_npz(stuff=ONES), "no array X; it holds stuff, rename"),
    "one_axis.npz": (_npz(X=np.ones(3)), "X must be numbers of shape"),
    "texts.npz": (_npz(X=np.array([["a", "b"]])), "X must be numbers of shape"),
    "no_series.npz": (_npz(X=np.ones((0, 3))), "X must be numbers of shape"),
    "few_labels.npz": (_npz(X=ONES, y=[1]), "2 series in X, but y has shape"),
    "transposed.npz": (_npz(X=ONES, y=[1, 2, 1]), "y has 3 labels, but X is of shape.*transpose"),
    "pickled.npz": (_npz(X=np.array([1, "a"], object)), "plain arrays"),
    "all_nan.npz": (_npz(X=[[1.0, 2], [np.nan] * 2], y=[1, 2]), "series 2: the series has no val"),
    "infinite.npz": (_npz(X=[[1, np.inf]], y=[1]), "series 1: the value of channel 1 at step 2 is"),
    "nan_label.npz": (_npz(X=ONES, y=[1, np.nan]), "series 2: it has no label in y"),
    "no_labels.npz": (_npz(X=ONES), "no labels found"),
    "times.npz": (
        _npz(X=ONES, y=[1, 2], times=[1.0, 2]),
        r"times must be numbers of shape \(2, 3",
    ),
    "long_lengths.npz": (_npz(X=ONES, y=[1, 2], lengths=[3, 4]), "series 2: its length 4 is not"),
    "few_lengths.npz": (_npz(X=ONES, y=[1, 2], lengths=[3]), "lengths must be 2 whole numbers"),
    "channels.npz": (_npz(X=ONES, y=[1, 2], channel_names=["a", "b"]), "2 channel_names, but X"),
    "rate.npz": (_npz(X=ONES, y=[1, 2], fs=-5), "the sampling rate must be one positive number"),
    "groups.npz": (_npz(X=ONES, y=[1, 2], groups=[1]), "2 series in X, but groups has shape"),
    "same_ids.npz": (_npz(X=ONES, y=[1, 2], ids=["a", "a"]), "an id stands twice in ids"),
    "labels.npz": (_npz(X=ONES, y=[[1, 2], [0, 1]]), "must be 0 and 1, a column a label"),
    "hdf5.mat": (b" " * 512 + b"\x89HDF\r\n\x1a\n" + JUNK, "not a readable HDF5 file"),
    "junk.h5": (JUNK, "not a readable HDF5 file"),
    "no_x.mat": (_mat(a=np.ones((2, 3)), b=np.ones((2, 3))), "no array X; it holds a, b"),
    "cells.mat": (_mat(X=np.array([ONES, "a"], object), y=[1, 2]), "X must be numbers of shape"),
    "cut.mat": (_mat(X=np.ones((90, 90)))[:2000], "not a readable MATLAB file"),
    "text.parquet": (_parquet(label=["a"], t0=["x"], t1=["1"]), "row 1, column t0: 'x' is not a"),
    "no_label.parquet": (_parquet(label=["a", None], t0=[1.0, 2.0]), "row 2: no label in column"),
    "no_rows.parquet": (_parquet(label=[], t0=[]), "the table has no rows"),
    "empty_list.parquet": (_parquet(label=[1, 2], x=[[1.0], []]), "row 2, column x: the list has"),
    "uneven.parquet": (_parquet(label=[1], x=[[1.0]], z=[[1.0, 2.0]]), "row 1: the lists of x, z"),
    "when.parquet": (_parquet(label=[1], t0=[pd.Timestamp(0)]), "column t0: holds timestamp"),
    "cut.parquet": (_parquet(label=[1], t0=[1.0])[:-20], "not a readable Parquet file"),
}


def _refused(source: Path | str, message: str, **options: object) -> None:
    with pytest.raises(InputError) as caught:
        load(source, ReadOptions(**options))  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert re.search(message, sentence), sentence
    assert str(source) in sentence
    assert "\n" not in sentence
    # Behind it stands what to do.
    assert "; " in sentence


@pytest.mark.parametrize("name", TEXTS)
def test_broken_text(name: str, tmp_path: Path) -> None:
    text, message = TEXTS[name]
    (tmp_path / name).write_text(text)
    _refused(tmp_path / name, message)


@pytest.mark.parametrize("name", BYTES)
def test_broken_bytes(name: str, tmp_path: Path) -> None:
    content, message = BYTES[name]
    (tmp_path / name).write_bytes(content)
    _refused(tmp_path / name, message)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.csv", {"label": "beat"}, r"no column 'beat' \(--label\); there are label, t0, t1, t2"),
        ("a.csv", {"drop": ("x",)}, r"no column 'x' \(--drop\)"),
        ("a.csv", {"fold": "fold"}, r"no column 'fold' \(--validation\)"),
        ("a.csv", {"label": "t0,t9"}, r"no column 't9' \(--label\)"),
        ("a.csv", {"label": "t0,t1"}, "line 3, column t0: '4' is neither 0 nor 1; "),
        ("a.csv", {"id": "t0", "drop": ("t1", "t2")}, "no columns left"),
    ],
)
def test_wrong_columns(name: str, options: dict[str, object], message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GOOD.replace("a,1,2,3", "a,1,1,3"))
    _refused(tmp_path / name, message, **options)


def test_wrong_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file.*these come along: .*JapaneseV"):
        load("no_such_file.csv")
    with pytest.raises(InputError, match="parts train and test"):
        load("JapaneseVowels:validation")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "the folder has nothing to read"),
        (["README.txt", "SOURCE.md"], "the folder has nothing to read"),
        (["a.csv", "b.csv"], r"several files that may hold series \(a, b\); name one"),
        (["a_TRAIN.ts", "b_TRAIN.ts"], r"several files that may hold series \(a, b\); name one"),
        (["a_TEST.ts"], "no file of the train part beside a_TEST.ts; name the file to read"),
    ],
)
def test_broken_folders(names: list[str], message: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text(GOOD)
    _refused(tmp_path, message)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything"
)
def test_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "a.csv").chmod(0)
    _refused(tmp_path / "a.csv", "permission denied")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"label": [1, 2], "x": ["a", 3.0]}), "column x: its cells are of different"),
        (pd.DataFrame({"label": ["a", None], "t0": [1, 2]}), "row 2: no label in column 'label'"),
        (pd.DataFrame({"label": ["a"], "t0": [np.inf]}), "row 1, column t0: the value is infinite"),
        (pd.DataFrame({"label": []}), "the table has no rows"),
        (pd.DataFrame({"label": [1], "x": [np.zeros((2, 0))]}), "the list has no value"),
        (pd.DataFrame([[1, 2.0, 3.0]], columns=["id", "id", "t0"]), "two columns are called 'id'"),
    ],
)
def test_broken_frames(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=f"data frame.*{message}") as caught:
        from_frame(frame)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["empty.csv", "ragged_long.csv", "text.csv", "dos.csv", "cut.csv.gz", "junk.mat"]
)
@pytest.mark.parametrize("command", ["info", "fit"])
def test_exit_code(name: str, command: str, tmp_path: Path) -> None:
    file = tmp_path / name
    content, message = {**TEXTS, **BYTES}[name]
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    words = (
        ("data", "info", file) if command == "info" else ("fit", file, "--out", tmp_path / "run")
    )
    out, err = run(*words, code=2)
    assert out == ""
    assert len(err.splitlines()) == 1
    assert str(file) in err
    assert re.search(message, err)


_CELLS = [
    *("", "label", "id", "value", "time", "channel", "fold", "record", "t0", "t1", "Unnamed: 0"),
    *("1", "-2.5", "+3", "1e5", "1,5", "0", "nan", "inf", "x", "é", '"', "' '", '"a\nb"', "\x00"),
    *("2020-01-01", "true", "  1 ", "1.5.2", "9" * 30, "\ufeff", "\u2028", "\x0c", "?"),
]


def _read_or_refused(file: Path, options: ReadOptions) -> None:
    try:
        data = load(file, options, needs_labels=False)
    except InputError as error:
        sentence = str(error)
    else:
        _check(data)
        return
    assert str(file) in sentence
    assert "\n" not in sentence


def _check(data: LabelledSeries) -> None:
    assert data.n_series > 0
    assert all(v.size and not np.isinf(v).any() and not np.isnan(v).all() for v in data.values)
    assert len({len(v) for v in data.values}) == 1
    for per_series in (data.labels, data.groups, data.ids, data.folds):
        assert per_series is None or len(per_series) == data.n_series
    assert "\n" not in data.summary()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.lists(st.one_of(st.sampled_from(_CELLS), st.text(max_size=4)), max_size=6), max_size=6
    ),
    separator=st.sampled_from([",", ";", "\t", "|", " "]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    chosen=st.sampled_from(["", "label", "1", "t0,t1"]),
)
def test_any_text_is_read_or_refused(
    rows: list[list[str]], separator: str, newline: str, chosen: str, tmp_path: Path
) -> None:
    file = tmp_path / "fuzz.csv"
    text = newline.join(separator.join(r) for r in rows)
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    _read_or_refused(file, ReadOptions(label=chosen or None))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=st.sampled_from([b"", b"label,t0,t1\n", b"\xef\xbb\xbf", b"\xff\xfe", b"1,2\n"]),
    content=st.binary(max_size=60),
    name=st.sampled_from(["fuzz.csv", "fuzz.tsv", "fuzz.txt", "fuzz.csv.gz", "fuzz.csv.zip"]),
)
def test_any_bytes_are_read_or_refused(
    start: bytes, content: bytes, name: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(start + content)
    _read_or_refused(file, ReadOptions())
