"""Tables, arrays and archives as people have them: what is understood, and what is refused."""

from __future__ import annotations

import datetime
import decimal
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io

from msssm_ts.datasets import LabelledSeries, ReadOptions, from_frame, load
from msssm_ts.datasets.write import write
from msssm_ts.errors import InputError

h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
RNG = np.random.default_rng(0)
BODY = "a,1,2,3\nb,4,5,6\na,7,8,9\nb,1,1,2\n"
HEADED = "label,t0,t1,t2\n" + BODY


def _file(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return file


def _refused(source: object, message: str, **options: object) -> None:
    with pytest.raises(InputError) as caught:
        load(source, ReadOptions(**options))  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert re.search(message, sentence), sentence
    assert "\n" not in sentence
    assert "; " in sentence


def _taken(data: LabelledSeries) -> dict[str, str]:
    return dict(data.account.taken)


def _noise(n_rows: int, n_columns: int) -> list[str]:
    return [",".join(f"{v:.3f}" for v in row) for row in RNG.normal(size=(n_rows, n_columns)) + 0.1]


# How a text is written.


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("sep=,\n" + HEADED, ""),
        ('"sep=,"\r\n' + HEADED.replace("\n", "\r\n"), ""),
        ("# one\n% two\n// three\n\n" + HEADED, ""),
        (HEADED.replace("a,7", "# a pause\na,7"), "left out: 1 line (comments)"),
        (HEADED + "label,t0,t1,t2\n", "left out: 1 line (the header again)"),
        (HEADED.replace("\n", ",\n"), "left out: 1 column (without name and empty)"),
        (
            "label,t0,t1,t2\n" + BODY.replace("\n", ",\n"),
            "left out: 1 column (without name and empty)",
        ),
        ("\ufeff" + HEADED.replace("\n", "\r"), ""),
        (HEADED.replace(",", '","').replace("\n", '"\n"').rstrip('"').join(['"', ""]), ""),
        (
            "Made by,someone\nOn,a day\n\n" + HEADED,
            "left out: 2 lines (Made by, On: above the table)",
        ),
        ("label,t0,t1,t2\n,mV,mV,mV\n" + BODY, ""),
    ],
)
def test_text_dialects(tmp_path: Path, text: str, left_out: str) -> None:
    data = load(_file(tmp_path, "a.csv", text))
    np.testing.assert_array_equal(
        np.stack(data.values)[:, 0], [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 1, 2]]
    )
    assert data.labels.tolist() == ["a", "b", "a", "b"]
    assert data.account.line() == left_out
    assert _taken(data)["label"] == "column label"


def test_separator_named_in_the_first_line(tmp_path: Path) -> None:
    data = load(_file(tmp_path, "a.csv", "sep=;\nlabel;t0;t1\nx;-0,5;1,25\ny;3;4,5\n"))
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[-0.5, 1.25], [3, 4.5]])


def test_names_of_rows_as_r_writes_them(tmp_path: Path) -> None:
    rows = "".join(f'"{i}","{"ab"[i % 2]}",{i},2,{i + 1}\n' for i in range(1, 5))
    data = load(_file(tmp_path, "a.csv", '"label","t0","t1","t2"\n' + rows))
    assert data.account.line() == "left out: 1 column (row numbers)"
    np.testing.assert_array_equal(data.values[2], [[3, 2, 4]])


@pytest.mark.parametrize(
    ("encoding", "label", "said"),
    [
        ("utf-8", "故障", ""),
        ("utf-16", "故障", ""),
        ("cp1252", "müde", "took the text for Windows-1252"),
        ("cp1252", "37 °C, µV", "took the text for Windows-1252"),
        ("gb18030", "故障", "took the text for Chinese in GB18030"),
        ("cp932", "エラー", "took the text for Japanese in Shift-JIS"),
    ],
)
def test_encodings_are_told_and_guesses_said(
    tmp_path: Path, encoding: str, label: str, said: str
) -> None:
    text = f'label,t0,t1\n"{label}",1,2\nb,3,4\n'
    data = load(_file(tmp_path, "a.csv", text, encoding))
    assert data.labels.tolist() == [label, "b"]
    assert data.account.line().startswith(said)
    assert bool(data.account.line()) == bool(said)
    # Beyond what is looked at to tell how the text is written.
    late = "label,t0,t1\n" + "b,3,4\n" * 20000 + f'"{label}",1,2\n'
    data = load(_file(tmp_path, "b.csv", late, encoding))
    assert data.labels[-1] == label
    assert data.account.line().startswith(said)


def test_other_alphabets_are_refused_rather_than_misread(tmp_path: Path) -> None:
    file = _file(tmp_path, "a.csv", "label,t0\nнорма,1\nсбой,2\n", "koi8-r")
    _refused(file, "line 2: not UTF-8 text, nor in an encoding that can be told; save")


def test_decimal_comma_in_quotes_and_thousands(tmp_path: Path) -> None:
    quoted = load(_file(tmp_path, "a.csv", 'label,t0,t1\na,"1,5","-0,25"\nb,"2",3\n'))
    np.testing.assert_array_equal(np.stack(quoted.values)[:, 0], [[1.5, -0.25], [2, 3]])
    comma = load(_file(tmp_path, "b.csv", "label;t0;t1\na;1.234,5;0,5\nb;2,5;1\n"))
    np.testing.assert_array_equal(comma.values[0], [[1234.5, 0.5]])
    point = load(_file(tmp_path, "c.csv", 'label,t0,t1\na,"12,000.25",0.5\nb,2.5,1\n'))
    np.testing.assert_array_equal(point.values[0], [[12000.25, 0.5]])


def test_header_in_a_comment_and_times_make_a_recording(tmp_path: Path) -> None:
    rows = "".join(f"{i / 50:.2f} {i} {-i}\n" for i in range(30))
    data = load(_file(tmp_path, "a.txt", "# time ax ay\n" + rows), needs_labels=False)
    assert data.channel_names == ("ax", "ay")
    assert data.sampling_rate == 50
    np.testing.assert_array_equal(data.values[0], [np.arange(30), -np.arange(30)])


# Labels.


def test_label_in_the_last_column(tmp_path: Path) -> None:
    rows = [f"{values},{i % 5}.000" for i, values in enumerate(_noise(60, 12))]
    data = load(_file(tmp_path, "a.csv", "\n".join(rows)))
    assert data.classes.tolist() == [0, 1, 2, 3, 4]
    assert (data.n_channels, data.lengths[0]) == (1, 12)
    assert data.account.line() == "took column 13 for the label; --label says otherwise"
    named = load(tmp_path / "a.csv", ReadOptions(label="13"))
    assert named.account.line() == ""
    np.testing.assert_array_equal(named.values[3], data.values[3])


def test_table_without_header_and_labels(tmp_path: Path) -> None:
    # What pads the ends of series is no label either.
    rows = [f"{values},0.000" for values in _noise(40, 12)]
    data = load(_file(tmp_path, "a.csv", "\n".join(rows)), needs_labels=False)
    assert data.labels is None
    assert data.lengths[0] == 13
    assert "took the table for one without labels" in data.summary()
    _refused(tmp_path / "a.csv", "no labels found")


def test_whole_numbers_throughout_are_no_labels(tmp_path: Path) -> None:
    values = RNG.integers(0, 4096, size=(200, 16))
    text = "\n".join(",".join(map(str, row)) for row in values)
    data = load(_file(tmp_path, "a.csv", text), needs_labels=False)
    assert data.labels is None
    labelled = "\n".join(f"{i % 3}," + ",".join(map(str, r)) for i, r in enumerate(values))
    data = load(_file(tmp_path, "b.csv", labelled))
    assert data.classes.tolist() == [0, 1, 2]
    assert data.account.line() == ""


def test_ids_first_and_label_last(tmp_path: Path) -> None:
    rows = [f"rec{i:03},{values},{'xy'[i % 2]}" for i, values in enumerate(_noise(40, 8))]
    data = load(_file(tmp_path, "a.csv", "\n".join(rows)))
    assert data.classes.tolist() == ["x", "y"]
    assert data.lengths[0] == 8
    assert "left out: 1 column (1)" in data.summary()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([f"{v:.3f}" for v in RNG.normal(size=40)], "40 different numbers with fractions"),
        ([f"{v:.1f}" for v in np.arange(40) % 25 + 0.5], "25 different numbers with fractions"),
        ([f"speaker {i}" for i in range(40)], "40 different labels for 40 series"),
        ([str(i) for i in range(40)], "40 different labels for 40 series"),
    ],
)
def test_labels_that_are_no_classes(tmp_path: Path, labels: list[str], message: str) -> None:
    rows = "".join(f"{label},{v}\n" for label, v in zip(labels, _noise(40, 3), strict=True))
    file = _file(tmp_path, "a.csv", "label,t0,t1,t2\n" + rows)
    _refused(file, f"{message}.*--label")
    assert load(file, needs_labels=False).n_series == 40
    values = RNG.normal(size=(40, 9))
    np.savez(tmp_path / "a.npz", X=values, y=np.array(labels))
    _refused(tmp_path / "a.npz", message)


def test_doses_are_classes(tmp_path: Path) -> None:
    rows = "".join(f"{(i % 3) / 2},{v}\n" for i, v in enumerate(_noise(30, 3)))
    data = load(_file(tmp_path, "a.csv", "label,t0,t1,t2\n" + rows))
    assert data.classes.tolist() == ["0.0", "0.5", "1.0"]


@pytest.mark.parametrize(
    ("written", "labels", "said"),
    [
        (["1_1", "11", "2"], ["1_1", "11", "2"], ""),
        (["01", "1", "2"], ["01", "1", "2"], "labels 01 and 1 are two classes"),
        (["1", "1.0", "2"], ["1", "1.0", "2"], "labels 1 and 1.0 are two classes"),
        (["+1", "-1", "0"], [1, -1, 0], ""),
        (["1.0", "2.0", "3e0"], [1, 2, 3], ""),
        (["٣", "3", "4"], ["٣", "3", "4"], ""),
        ([" a", "a", "b "], ["a", "a", "b"], ""),
        (["True", "False", "True"], ["True", "False", "True"], ""),
        (['"NA"', '"None"', '"null"'], ["NA", "None", "null"], ""),
    ],
)
def test_labels_stay_different_and_as_written(
    tmp_path: Path, written: list[str], labels: list[object], said: str
) -> None:
    rows = "".join(f"{label},1,2\n" for label in written)
    data = load(_file(tmp_path, "a.csv", f"label,t0,t1\n{rows}"))
    assert data.labels.tolist() == labels
    assert data.account.line().startswith(said)
    assert bool(data.account.line()) == bool(said)


def test_types_of_label_columns(tmp_path: Path) -> None:
    steps = {"t0": [1, 2, 3], "t1": [1.5, 2, 3]}
    day = datetime.date(2020, 1, 1)
    for column, labels in (
        (
            pa.array(["u", "v", "u"])
            .dictionary_encode()
            .cast(pa.dictionary(pa.uint32(), pa.string())),
            ["u", "v", "u"],
        ),
        (pa.array(["u", "v", "u"], pa.large_string()), ["u", "v", "u"]),
        (pa.array([True, False, True]), ["True", "False", "True"]),
        (
            pa.array([decimal.Decimal("1.00"), decimal.Decimal("2.50"), decimal.Decimal("1.00")]),
            ["1.00", "2.50", "1.00"],
        ),
        (pa.array([day, day, day.replace(day=2)]), ["2020-01-01", "2020-01-01", "2020-01-02"]),
        (pa.array([1, 2, 1], pa.int8()), [1, 2, 1]),
    ):
        pq.write_table(pa.table({"label": column, **steps}), tmp_path / "a.parquet")
        assert load(tmp_path / "a.parquet").labels.tolist() == labels
    frame = pl.DataFrame({"label": ["u", "v", "u"], **steps})
    for kind in (pl.Categorical, pl.Enum(["u", "v"])):
        typed = frame.with_columns(pl.col("label").cast(kind))
        assert load(typed).labels.tolist() == ["u", "v", "u"]
        typed.write_parquet(tmp_path / "b.parquet")
        assert load(tmp_path / "b.parquet").labels.tolist() == ["u", "v", "u"]
    nullable = pd.DataFrame({"label": ["u", "v"], "t0": pd.array([1, None], "Int64"), "t1": [3, 4]})
    np.testing.assert_array_equal(from_frame(nullable).values[1], [[np.nan, 4]])


# Long tables.


def _steps(n_series: int, n_steps: int, row: object) -> str:
    return "".join(
        f"{row(i, t)}\n"  # type: ignore[operator]
        for i in range(n_series)
        for t in range(n_steps)
    )


def test_user_is_the_group(tmp_path: Path) -> None:
    rows = _steps(4, 6, lambda i, t: f"{i},{i // 2 + 7},{t / 50},{t + i / 10},A{i % 2}")
    data = load(_file(tmp_path, "a.csv", "id,user,time,acc_x,activity\n" + rows))
    assert data.channel_names == ("acc_x",)
    assert data.groups.tolist() == [7, 7, 8, 8]
    assert data.labels.tolist() == ["A0", "A1", "A0", "A1"]
    assert _taken(data) == {
        "layout": "long table: a step a row",
        "label": "column activity",
        "id": "column id",
        "group": "column user",
        "time": "column time",
        "channels": "column acc_x",
        "sampling rate": "the steps of column time",
    }


def test_numbers_that_are_the_same_throughout_a_series_are_no_channel(tmp_path: Path) -> None:
    rows = _steps(4, 6, lambda i, t: f"{i},{t},{i + 60},phone{i},{t % 2},{t * 0.5 + i},A{i % 2}")
    data = load(_file(tmp_path, "a.csv", "id,time,age,device,beep,acc,label\n" + rows))
    assert data.channel_names == ("beep", "acc")
    assert data.account.line() == (
        "left out: 1 column (device: text), 1 column (age: the same in all rows of a series)"
    )
    # A channel that never changes anywhere stays one.
    dead = _steps(4, 6, lambda i, t: f"{i},{t},0,{t * 0.5 + i},A{i % 2}")
    data = load(_file(tmp_path, "b.csv", "id,time,dead,acc,label\n" + dead))
    assert data.channel_names == ("dead", "acc")


def test_group_that_varies_within_a_series(tmp_path: Path) -> None:
    rows = _steps(2, 4, lambda i, t: f"{i},{t},{t % 2},{t * 0.5},A")
    file = _file(tmp_path, "a.csv", "id,time,session,acc,label\n" + rows)
    _refused(file, "line 3: id '0' has more than one session; .*--drop")


def test_trials_that_every_subject_counts(tmp_path: Path) -> None:
    rows = _steps(6, 5, lambda i, t: f"{i // 3},{i % 3},{t},{t + i / 10},{t},{-t},A{i % 2}")
    data = load(_file(tmp_path, "a.csv", "subject,trial,time,x,y,z,label\n" + rows))
    assert (data.n_series, data.channel_names) == (6, ("x", "y", "z"))
    assert data.group_name == "subject"
    assert "took subject and trial together for the id; --id says otherwise" in data.summary()


def test_index_of_series_and_steps_without_names(tmp_path: Path) -> None:
    rows = _steps(5, 4, lambda i, t: f"{i},{t},{t + i / 10},{i % 2}")
    data = load(_file(tmp_path, "a.csv", ",,dim_0,label\n" + rows))
    assert (data.n_series, data.channel_names, data.lengths[0]) == (5, ("dim_0",), 4)
    said = "took the first two columns for id and time; --id and --time say otherwise"
    assert data.account.line() == said
    index = pd.MultiIndex.from_product([range(5), range(4)])
    frame = pd.DataFrame({"dim_0": np.arange(20.0), "label": np.repeat([0, 1, 0, 1, 1], 4)}, index)
    frame.to_parquet(tmp_path / "a.parquet")
    for source in (frame, tmp_path / "a.parquet"):
        data = load(source)
        assert data.account.line() == said
        np.testing.assert_array_equal(data.values[1], [[4, 5, 6, 7]])
    frame.index.names = ["instances", "timepoints"]
    data = load(frame)
    assert (_taken(data)["id"], _taken(data)["time"]) == ("column instances", "column timepoints")


def test_engines_and_cycles_without_header(tmp_path: Path) -> None:
    rows = _steps(4, 30, lambda i, t: f"{i + 1} {t + 1} {t * 0.37 + i:.3f} {np.cos(t):.3f}  ")
    file = _file(tmp_path, "train_FD001.txt", rows)
    data = load(file, needs_labels=False)
    assert (data.n_series, data.n_channels, data.lengths[0]) == (4, 2, 30)
    assert "took columns 1 and 2 for id and time" in data.summary()
    _refused(file, "no labels found; name the label column with --label")
    named = load(
        _file(
            tmp_path,
            "b.csv",
            "unit,cycle,s1,s2\n" + rows.strip(" \n").replace("  \n", "\n").replace(" ", ","),
        ),
        needs_labels=False,
    )
    assert (named.n_series, named.channel_names) == (4, ("s1", "s2"))


def test_several_rows_at_one_time(tmp_path: Path) -> None:
    rows = _steps(4, 6, lambda i, t: f"{i},{t // 2},{t + i / 10},A{i % 2}")
    file = _file(tmp_path, "a.csv", "id,time,acc,label\n" + rows)
    _refused(file, "line 3: a second value for the same id, time, as in 12 rows of 24; .*--drop")
    data = load(file, ReadOptions(drop=("time",)))
    np.testing.assert_array_equal(data.values[1], [[0.1, 1.1, 2.1, 3.1, 4.1, 5.1]])
    assert data.account.line() == (
        "left out: 1 column (time: as asked); took the rows of one id, in their order, for the "
        "steps of a series; --time says otherwise"
    )


def test_y_of_three_axes_is_a_channel(tmp_path: Path) -> None:
    rows = _steps(4, 5, lambda i, t: f"{i},{t},{t + 0.5},{t * 2},{t}")
    data = load(_file(tmp_path, "a.csv", "id,time,x,y,z\n" + rows), needs_labels=False)
    assert (data.labels, data.channel_names) == (None, ("x", "y", "z"))
    rows = _steps(4, 5, lambda i, t: f"{i},{t},{t + 0.5},{t * 0.25}")
    data = load(_file(tmp_path, "b.csv", "id,time,x,y\n" + rows), needs_labels=False)
    assert (data.labels, data.channel_names) == (None, ("x", "y"))


def test_units_below_the_header(tmp_path: Path) -> None:
    rows = _steps(4, 5, lambda i, t: f"{i},{t * 20},{t + i / 10},{-t},A{i % 2}")
    text = "id,time,acc,ecg,label\n,[ms],m/s^2,uV,\n" + rows
    data = load(_file(tmp_path, "a.csv", text))
    assert (data.units, data.sampling_rate) == (("m/s^2", "uV"), 50)
    assert data.labels.tolist() == ["A0", "A1", "A0", "A1"]


# Recordings as tables.


def _wisdm(per_activity: int) -> str:
    lines, stamp = [], 49105962326000
    for user in (33, 17):
        for activity in ("Jogging", "Walking", "Jogging"):
            for _ in range(per_activity):
                stamp += 50000000
                values = ",".join(f"{v:.4f}" for v in RNG.normal(size=3))
                lines.append(f"{user},{activity},{stamp},{values};")
    return "\n".join(lines) + "\n"


def test_wisdm(tmp_path: Path) -> None:
    data = load(_file(tmp_path, "WISDM_ar_v1.1_raw.txt", _wisdm(30)))
    assert (data.n_series, data.n_channels, data.lengths.tolist()) == (6, 3, [30] * 6)
    assert data.labels.tolist() == ["Jogging", "Walking", "Jogging"] * 2
    assert data.groups.tolist() == [33] * 3 + [17] * 3
    assert data.account.line() == (
        "took column 2 for the label, column 3 for the time, column 1 for the group; --label, "
        "--time and --group say otherwise; took each run of one label (column 2) for a series; "
        "--id says otherwise"
    )
    headed = "user,activity,timestamp,x,y,z\n" + _wisdm(30).replace(";", "")
    data = load(_file(tmp_path, "b.csv", headed))
    assert (data.n_series, data.group_name, data.channel_names) == (6, "user", ("x", "y", "z"))
    lines = _wisdm(30).replace(",Walking,", ",Walking,x,", 1)
    _refused(_file(tmp_path, "c.txt", lines), "line 31: 7 cells, but the first line has 6")


def _pamap(n: int) -> str:
    lines, stamp = [], 8.38
    for activity in (0, 1, 2, 0):
        for i in range(n):
            stamp += 0.01
            pulse = "104" if i % 9 == 0 else "NaN"
            values = " ".join(f"{v:.4f}" for v in RNG.normal(size=3))
            lines.append(f"{stamp:.2f} {activity} {pulse} {values}")
    return "\n".join(lines) + "\n"


def test_pamap(tmp_path: Path) -> None:
    for subject in ("subject101", "subject102"):
        _file(tmp_path, f"Protocol/{subject}.dat", _pamap(60))
    data = load(tmp_path / "Protocol/subject101.dat")
    assert (data.n_series, data.n_channels, data.sampling_rate) == (4, 4, 100)
    assert data.labels.tolist() == [0, 1, 2, 0]
    assert np.isnan(data.values[0][0]).sum() == 53
    both = load(tmp_path / "Protocol")
    assert both.groups.tolist() == ["subject101"] * 4 + ["subject102"] * 4
    cut = load(tmp_path / "Protocol", ReadOptions(episodes=0.25))
    assert (cut.n_series, cut.lengths[0]) == (16, 25)
    assert "left out: 80 rows (behind the last 0.25 s of a run)" in cut.summary()
    _refused(tmp_path / "Protocol/subject101.dat", "no run of one label is 9 s long", episodes=9.0)


def test_rows_without_label_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{t / 10},{t},{'A' if t < 4 else '' if t < 6 else 'B'}\n" for t in range(12))
    data = load(_file(tmp_path, "a.csv", "time,acc,label\n" + rows))
    assert data.labels.tolist() == ["A", "B"]
    np.testing.assert_array_equal(data.values[1], [np.arange(6, 12)])
    assert "left out: 2 rows (without column label)" in data.summary()


WATCH = (
    'Name,"Jane Example"\nRecorded Date,2023-02-01\nClassification,{}\nSymptoms,\nDevice,"W5,1"\n'
    "Sample Rate,512 hertz\n\n\nLead,Lead I\nUnit,µV\n\n"
)


def test_watch_export(tmp_path: Path) -> None:
    values = "".join(f"{v:.3f}\n" for v in RNG.normal(size=90))
    for i, kind in enumerate(("Sinus Rhythm", "Atrial Fibrillation")):
        _file(tmp_path, f"ecg{i}.csv", WATCH.format(kind) + values)
    one = load(tmp_path / "ecg0.csv", needs_labels=False)
    assert (one.n_series, one.n_channels, one.lengths[0], one.sampling_rate) == (1, 1, 90, 512)
    assert (one.channel_names, one.units) == (("Lead I",), ("µV",))
    assert "left out: 5 lines (Name, Recorded Date, Classification" in one.summary()
    assert "Jane" not in one.summary()
    both = load(tmp_path, ReadOptions(label="Classification"))
    assert both.labels.tolist() == ["Sinus Rhythm", "Atrial Fibrillation"]
    assert both.ids.tolist() == ["ecg0", "ecg1"]
    _refused(tmp_path / "ecg0.csv", "no line 'Rhythm' with a value above", label="Rhythm")
    _refused(tmp_path / "ecg0.csv", "--time t has no effect", time="t")


def test_recordings_in_class_folders(tmp_path: Path) -> None:
    for kind in ("calm", "tense"):
        for i in range(2):
            values = "".join(f"{v:.3f}\n" for v in RNG.normal(size=40))
            _file(tmp_path, f"{kind}/{i}.txt", "Sampling frequency (Hz): ,64\nUnit,uS\n" + values)
    data = load(tmp_path)
    assert data.labels.tolist() == ["calm"] * 2 + ["tense"] * 2
    assert (data.sampling_rate, data.units, data.n_channels) == (64, ("uS",), 1)


@pytest.mark.parametrize("width", [1, 3])
def test_empatica(tmp_path: Path, width: int) -> None:
    row = ", ".join(["{}"] * width) + "\n"
    rows = "".join(row.format(*[t] * width) for t in range(40))
    head = row.format(*["1542394133.000000"] * width) + row.format(*["32.000000"] * width)
    data = load(_file(tmp_path, "ACC.csv", head + rows), needs_labels=False)
    assert (data.n_series, data.sampling_rate) == (1, 32)
    np.testing.assert_array_equal(data.values[0], [np.arange(40)] * width)


def test_shimmer(tmp_path: Path) -> None:
    head = (
        '"sep=\\t"\nS_Timestamp_Unix_CAL\tS_Accel_X_CAL\tS_Accel_Y_CAL\nms\tm/(sec^2)\tm/(sec^2)\n'
    )
    rows = "".join(f"{1.5e12 + i * 20:.1f}\t{i}\t{-i}\n" for i in range(40))
    data = load(_file(tmp_path, "s.csv", head + rows), needs_labels=False)
    assert (data.n_series, data.n_channels, data.sampling_rate) == (1, 2, 50)
    assert data.units == ("m/(sec^2)", "m/(sec^2)")


# Wide tables.


@pytest.mark.parametrize(
    ("columns", "channels", "n_steps"),
    [
        ([f"{t}_{c}" for c in "xy" for t in range(5)], ("x", "y"), 5),
        ([f"{c}_{t}" for t in range(5) for c in "xy"], ("x", "y"), 5),
        ([f"t{t}_ch{c}" for t in range(5) for c in (1, 2)], ("t ch1", "t ch2"), 5),
        ([f"ch{c}_t{t}" for c in (1, 2) for t in range(5)], ("ch1_t", "ch2_t"), 5),
        ([f"V{t}" for t in range(1, 11)], None, 10),
        (["x", *(f"x.{t}" for t in range(1, 10))], None, 10),
    ],
)
def test_numbered_columns(
    tmp_path: Path, columns: list[str], channels: tuple[str, ...] | None, n_steps: int
) -> None:
    values = np.arange(20).reshape(2, 10)
    frame = pd.DataFrame(values, columns=columns).assign(label=["a", "b"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = load(tmp_path / "a.csv")
    assert (data.channel_names, data.lengths[0]) == (channels, n_steps)
    if channels is not None:
        own = [c for c in columns if re.search(r"x|ch1", c)]
        np.testing.assert_array_equal(data.values[1][0], frame[own].iloc[1])


def test_channels_of_different_lengths(tmp_path: Path) -> None:
    columns = [*(f"ecg_{i}" for i in range(20)), *(f"resp_{i}" for i in range(10)), "q1", "q2"]
    frame = pd.DataFrame(RNG.normal(size=(4, 32)), columns=columns).assign(label=list("abab"))
    frame.to_csv(tmp_path / "a.csv", index=False)
    _refused(tmp_path / "a.csv", r"no channels of one length \('ecg' 20, 'resp' 10.*--drop 'NAME")
    data = load(tmp_path / "a.csv", ReadOptions(drop=("resp_*", "q*")))
    assert data.lengths[0] == 20
    assert "left out: 12 columns (resp_0" in data.summary()
    few = frame.drop(columns=[c for c in columns if c.startswith("resp")])
    few = few.assign(q3=1.0).drop(columns=["q2", "q3"])
    few.to_csv(tmp_path / "b.csv", index=False)
    assert load(tmp_path / "b.csv").account.line() == "left out: 1 column (q1)"


def test_doubtful_wide_tables_are_said(tmp_path: Path) -> None:
    rows = "".join(f"{'ab'[i % 2]},{v}\n" for i, v in enumerate(_noise(60, 3)))
    data = load(_file(tmp_path, "a.csv", "label,p,q,r\n" + rows))
    assert "took every row for a series of 3 steps (p, q, r); where rows are" in data.summary()
    columns = ",".join(f"c{c}_{t}" for c in "abcd" for t in (1, 2))
    data = load(
        _file(tmp_path, "b.csv", f"label,{columns}\n" + "x,1,2,3,4,5,6,7,8\ny,1,2,3,4,5,6,7,9\n")
    )
    assert "took the numbered columns for 4 channels of 2 steps" in data.summary()
    text = load(_file(tmp_path, "c.csv", "label,note,p,q\nx,good,1,2\ny,bad,3,4\n"))
    assert text.account.line() == "left out: 1 column (note: text)"


def test_parts_in_a_column(tmp_path: Path) -> None:
    rows = "".join(f"{['train', 'val', 'test'][i % 3]},{'ab'[i % 2]},{i},1,2\n" for i in range(12))
    file = _file(tmp_path, "a.csv", "split,label,t0,t1,t2\n" + rows)
    data = load(file)
    assert (data.n_series, data.validation.sum()) == (8, 4)
    assert "left out: 4 rows (test: of another part in column split)" in data.summary()
    assert load(file, ReadOptions(split="test")).n_series == 4
    only = _file(tmp_path, "b.csv", "split,label,t0,t1,t2\ntrain,a,1,2,3\ntrain,b,1,2,4\n")
    assert load(only).account.line() == "left out: 1 column (split)"


@pytest.mark.parametrize(
    "rows",
    [
        "file,age,label\nclips/a.wav,60,x\nclips/b.wav,61,y\n",
        "ecg_id,age,filename_lr,diagnosis\n1,60,records100/00000/00001_lr,N\n2,61,records100/00000/2,M\n",
        "name,age,label\na.edf,60,x\nb.edf,61,y\n",
    ],
)
def test_table_of_files_is_no_table_of_series(tmp_path: Path, rows: str) -> None:
    _refused(
        _file(tmp_path, "a.csv", rows),
        "(a table of files .*; give the folder|lists recordings, the first .*name the folder)",
    )


def test_ids_that_look_like_paths_beside_steps(tmp_path: Path) -> None:
    text = "id,label,t0,t1,t2\nrec/1,a,1,2,3\nrec/2,b,4,5,6\n"
    assert load(_file(tmp_path, "a.csv", text)).ids.tolist() == ["rec/1", "rec/2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "age"}, "the times in column 'age' .--time. do not go on"),
        ({"channel": "age"}, "--channel age has no effect, for each row is a series"),
        ({"axes": "series,steps"}, "--axes has no effect on text tables"),
        ({"label_from": "{label}-*"}, "--label-from has no effect on text tables"),
        ({"window": (0.2, 0.4)}, "--window has no effect on text tables"),
        ({"mono": True}, "--mono has no effect"),
        ({"episodes": 5.0}, "--episodes 5.0 has no effect, for its rows are no recording"),
        ({"drop": ("r*",)}, r"no column 'r\*' \(--drop\)"),
    ],
)
def test_options_that_cannot_act_on_a_wide_table(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    text = "label,age,t0,t1,t2\na,60,1,2,3\nb,50,4,5,6\na,40,4,5,6\n"
    _refused(_file(tmp_path, "a.csv", text), message, **options)


@pytest.mark.parametrize("option", ["label", "id", "group", "time", "channel"])
def test_archive_files_have_no_columns(tmp_path: Path, option: str) -> None:
    text = "@problemName x\n@univariate true\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n"
    file = _file(tmp_path, "x.ts", text)
    _refused(file, f"--{option} has no effect on .ts files", **{option: "c"})


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
    _refused(tmp_path / "a.npz", "no array or channel 'q' .--drop.", drop=("q",))
    _refused(
        tmp_path / "a.npz",
        "--axes steps,steps,series must name each axis",
        axes="steps,steps,series",
    )
    _refused(tmp_path / "a.npz", "names 2 axes, but the array has 3", axes="series,steps")
    _refused(tmp_path / "a.npz", "no array 'who' .--group.", group="who")
    _refused(tmp_path / "a.npz", "--channel has no effect on NumPy archives", channel="c")


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
    _file(folder, "exams.csv", "exam_id,age,AF,RBBB,patient_id,trace_file\n" + rows)
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
    _refused(
        tmp_path / "set" / source, "no labels found; name one or more of AF, RBBB with --label"
    )
    _refused(tmp_path / "set" / source, "no column 'XY' .--label.", label="XY")


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
    _file(tmp_path, "gold.csv", "AF,SB\n1,0\n0,1\n0,0\n1,1\n")
    data = load(tmp_path / "a.h5", ReadOptions(label="AF"))
    assert data.labels.tolist() == [1, 0, 0, 1]
    assert _taken(data)["table"] == "the order of rows in gold.csv"


def test_hdf5_in_several_files_and_parts(tmp_path: Path) -> None:
    for i in range(2):
        with h5py.File(tmp_path / f"{i}.h5", "w") as out:
            out["X"], out["y"] = np.full((2, 3, 40), i), [i, 1]
    data = load(tmp_path)
    assert data.labels.tolist() == [0, 1, 1, 1]
    assert [v[0, 0] for v in data.values] == [0, 0, 1, 1]
    _refused(tmp_path, "--group g has no effect, for no table lists", group="g")
    with h5py.File(tmp_path / "1.h5", "w") as out:
        out["X"] = np.ones((2, 3, 40))
    _refused(tmp_path, "no labels in 1.h5; add them")
    with h5py.File(tmp_path / "set.h5", "w") as out:
        out["X"], out["ids"] = np.arange(480.0).reshape(4, 3, 40), [1, 2, 3, 4]
    rows = "id,label,split\n4,a,test\n3,b,train\n2,a,val\n1,b,train\n"
    (tmp_path / "0.h5").unlink()
    (tmp_path / "1.h5").unlink()
    _file(tmp_path, "t.csv", rows)
    data = load(tmp_path)
    assert (data.ids.tolist(), data.validation.tolist()) == ([1, 2, 3], [False, True, False])
    assert "1 series (of another part)" in data.account.line()
    assert load(tmp_path, ReadOptions(split="test")).ids.tolist() == [4]


def test_hdf5_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _exams(tmp_path / "set")
    monkeypatch.setitem(sys.modules, "h5py", None)
    for source in ("", "exams.csv", "exams_part0.hdf5"):
        _refused(tmp_path / "set" / source, "needs h5py, .*; run: python -m pip install 'h5py")


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
            _file(tmp_path, f"{part}/Inertial Signals/{channel}_{part}.txt", matrix)
        _file(tmp_path, f"{part}/X_{part}.txt", "1.5 2.5\n" * 6)
        _file(tmp_path, f"{part}/y_{part}.txt", "1\n2\n1\n2\n1\n2\n")
        _file(tmp_path, f"{part}/subject_{part}.txt", "1\n1\n1\n3\n3\n3\n")
    _file(tmp_path, "activity_labels.txt", "1 WALKING\n2 SITTING\n")
    _file(tmp_path, "features.txt", "1 tBodyAcc-mean()-X\n2 tBodyAcc-mean()-Y\n")
    _file(tmp_path, "README.txt", "About it.\n")
    for part in ("train", "test"):
        data = load(tmp_path, ReadOptions(split=part))
        assert (data.n_series, data.n_channels, data.lengths[0]) == (6, 3, 20)
        assert data.channel_names == ("body_acc_x", "body_acc_y", "total_acc_x")
        assert data.labels.tolist() == ["WALKING", "SITTING"] * 3
        assert (data.groups.tolist(), data.group_name) == ([1, 1, 1, 3, 3, 3], "subject")
        assert data.account.line() == f"left out: 1 file (X_{part}.txt: in {part})"
    _refused(tmp_path, "--label c has no effect, for y_train.txt says", label="c")
    _file(tmp_path, "train/y_train.txt", "1\n2\n")
    _refused(tmp_path, "y_train.txt: 2 rows of 1 cell for 6 series")


# Cost.


def test_reading_wide_headers_takes_time_in_proportion(tmp_path: Path) -> None:
    import time

    def seconds(n: int) -> float:
        header = ",".join(["label", *(f"t{i}" for i in range(n))])
        row = ",".join(["1"] * n)
        file = _file(tmp_path, f"{n}.csv", f"{header}\na,{row}\nb,{row}\n")
        start = time.process_time()
        assert load(file).lengths[0] == n
        return time.process_time() - start

    seconds(100)
    # A set made anew for every column took 97 s for the larger.
    assert seconds(32000) < 8


# Folders of recordings in text.


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
    _refused(tmp_path, "--label kind is neither a column of 0.csv nor a line", label="kind")
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
    data = load(_file(tmp_path, "a.csv", text))
    assert (data.n_series, data.n_channels, data.lengths.tolist()) == (4, 2, [5] * 4)
    np.testing.assert_array_equal(data.values[3][1], np.arange(5) * 3)


def test_a_split_that_is_half_understood(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},{('train', 'test', 'unused')[i % 3]},{i},2" for i in range(6)]
    file = _file(tmp_path, "a.csv", "\n".join(["label,split,t0,t1", *rows]))
    _refused(file, "column 'split' names parts of a split, but unused is none")


def test_a_label_column_that_is_still_empty(tmp_path: Path) -> None:
    file = _file(tmp_path, "a.csv", "label,t0,t1,t2\n,1,2,3\n,3,4,5\n")
    data = load(file, needs_labels=False)
    assert data.labels is None
    assert data.lengths.tolist() == [3, 3]
    _refused(file, "no labels found")
    half = _file(tmp_path, "b.csv", "label,t0,t1,t2\na,1,2,3\n,3,4,5\n")
    _refused(half, "line 3: no label in column 'label'")


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


def test_folders_refuse_what_cannot_act(tmp_path: Path) -> None:
    for label in "ab":
        for k in range(2):
            _recording(tmp_path / "text" / label / f"{k}.csv", k)
    for part in ("train", "test"):
        for channel in ("x", "y"):
            _file(tmp_path, f"har/{part}/signals/{channel}_{part}.txt", "1 2 3 4\n5 6 7 8\n")
        _file(tmp_path, f"har/{part}/y_{part}.txt", "1\n2\n")
    (tmp_path / "h5").mkdir()
    with h5py.File(tmp_path / "h5" / "a.h5", "w") as file:
        file["X"], file["y"] = RNG.normal(size=(4, 30)), np.arange(4) % 2
    for name in ("text", "har", "h5"):
        assert load(tmp_path / name).n_series
        for options in ({"mono": True}, {"window": (0.1, 0.1)}, {"annotator": "qrs"}):
            _refused(tmp_path / name, "has no effect on", **options)
