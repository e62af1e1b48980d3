"""Tables as people have them: what is understood, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from table_files import a_file, noise, refused, taken

from msssm_ts.datasets import ReadOptions, load

RNG = np.random.default_rng(0)

# Long tables.


def _steps(n_series: int, n_steps: int, row: object) -> str:
    return "".join(
        f"{row(i, t)}\n"  # type: ignore[operator]
        for i in range(n_series)
        for t in range(n_steps)
    )


def test_user_is_the_group(tmp_path: Path) -> None:
    rows = _steps(4, 6, lambda i, t: f"{i},{i // 2 + 7},{t / 50},{t + i / 10},A{i % 2}")
    data = load(a_file(tmp_path, "a.csv", "id,user,time,acc_x,activity\n" + rows))
    assert data.channel_names == ("acc_x",)
    assert data.groups.tolist() == [7, 7, 8, 8]
    assert data.labels.tolist() == ["A0", "A1", "A0", "A1"]
    assert taken(data) == {
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
    data = load(a_file(tmp_path, "a.csv", "id,time,age,device,beep,acc,label\n" + rows))
    assert data.channel_names == ("beep", "acc")
    assert data.account.line() == (
        "left out: 1 column (device: text), 1 column (age: the same in all rows of a series)"
    )
    # A channel that never changes anywhere stays one.
    dead = _steps(4, 6, lambda i, t: f"{i},{t},0,{t * 0.5 + i},A{i % 2}")
    data = load(a_file(tmp_path, "b.csv", "id,time,dead,acc,label\n" + dead))
    assert data.channel_names == ("dead", "acc")


def test_group_that_varies_within_a_series(tmp_path: Path) -> None:
    rows = _steps(2, 4, lambda i, t: f"{i},{t},{t % 2},{t * 0.5},A")
    file = a_file(tmp_path, "a.csv", "id,time,session,acc,label\n" + rows)
    refused(file, "line 3: id '0' has more than one session; .*--drop")


def test_trials_that_every_subject_counts(tmp_path: Path) -> None:
    rows = _steps(6, 5, lambda i, t: f"{i // 3},{i % 3},{t},{t + i / 10},{t},{-t},A{i % 2}")
    data = load(a_file(tmp_path, "a.csv", "subject,trial,time,x,y,z,label\n" + rows))
    assert (data.n_series, data.channel_names) == (6, ("x", "y", "z"))
    assert data.group_name == "subject"
    assert "took subject and trial together for the id; --id says otherwise" in data.summary()


def test_index_of_series_and_steps_without_names(tmp_path: Path) -> None:
    rows = _steps(5, 4, lambda i, t: f"{i},{t},{t + i / 10},{i % 2}")
    data = load(a_file(tmp_path, "a.csv", ",,dim_0,label\n" + rows))
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
    assert (taken(data)["id"], taken(data)["time"]) == ("column instances", "column timepoints")


def test_engines_and_cycles_without_header(tmp_path: Path) -> None:
    rows = _steps(4, 30, lambda i, t: f"{i + 1} {t + 1} {t * 0.37 + i:.3f} {np.cos(t):.3f}  ")
    file = a_file(tmp_path, "train_FD001.txt", rows)
    data = load(file, needs_labels=False)
    assert (data.n_series, data.n_channels, data.lengths[0]) == (4, 2, 30)
    assert "took columns 1 and 2 for id and time" in data.summary()
    refused(file, "no labels found; name the label column with --label")
    named = load(
        a_file(
            tmp_path,
            "b.csv",
            "unit,cycle,s1,s2\n" + rows.strip(" \n").replace("  \n", "\n").replace(" ", ","),
        ),
        needs_labels=False,
    )
    assert (named.n_series, named.channel_names) == (4, ("s1", "s2"))


def test_several_rows_at_one_time(tmp_path: Path) -> None:
    rows = _steps(4, 6, lambda i, t: f"{i},{t // 2},{t + i / 10},A{i % 2}")
    file = a_file(tmp_path, "a.csv", "id,time,acc,label\n" + rows)
    refused(file, "line 3: a second value for the same id, time, as in 12 rows of 24; .*--drop")
    data = load(file, ReadOptions(drop=("time",)))
    np.testing.assert_array_equal(data.values[1], [[0.1, 1.1, 2.1, 3.1, 4.1, 5.1]])
    assert data.account.line() == (
        "left out: 1 column (time: as asked); took the rows of one id, in their order, for the "
        "steps of a series; --time says otherwise"
    )


def test_y_of_three_axes_is_a_channel(tmp_path: Path) -> None:
    rows = _steps(4, 5, lambda i, t: f"{i},{t},{t + 0.5},{t * 2},{t}")
    data = load(a_file(tmp_path, "a.csv", "id,time,x,y,z\n" + rows), needs_labels=False)
    assert (data.labels, data.channel_names) == (None, ("x", "y", "z"))
    rows = _steps(4, 5, lambda i, t: f"{i},{t},{t + 0.5},{t * 0.25}")
    data = load(a_file(tmp_path, "b.csv", "id,time,x,y\n" + rows), needs_labels=False)
    assert (data.labels, data.channel_names) == (None, ("x", "y"))


def test_units_below_the_header(tmp_path: Path) -> None:
    rows = _steps(4, 5, lambda i, t: f"{i},{t * 20},{t + i / 10},{-t},A{i % 2}")
    text = "id,time,acc,ecg,label\n,[ms],m/s^2,uV,\n" + rows
    data = load(a_file(tmp_path, "a.csv", text))
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
    data = load(a_file(tmp_path, "WISDM_ar_v1.1_raw.txt", _wisdm(30)))
    assert (data.n_series, data.n_channels, data.lengths.tolist()) == (6, 3, [30] * 6)
    assert data.labels.tolist() == ["Jogging", "Walking", "Jogging"] * 2
    assert data.groups.tolist() == [33] * 3 + [17] * 3
    assert data.account.line() == (
        "took column 2 for the label, column 3 for the time, column 1 for the group; --label, "
        "--time and --group say otherwise; took each run of one label (column 2) for a series; "
        "--id says otherwise"
    )
    headed = "user,activity,timestamp,x,y,z\n" + _wisdm(30).replace(";", "")
    data = load(a_file(tmp_path, "b.csv", headed))
    assert (data.n_series, data.group_name, data.channel_names) == (6, "user", ("x", "y", "z"))
    lines = _wisdm(30).replace(",Walking,", ",Walking,x,", 1)
    refused(a_file(tmp_path, "c.txt", lines), "line 31: 7 cells, but the first line has 6")


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
        a_file(tmp_path, f"Protocol/{subject}.dat", _pamap(60))
    data = load(tmp_path / "Protocol/subject101.dat")
    assert (data.n_series, data.n_channels, data.sampling_rate) == (4, 4, 100)
    assert data.labels.tolist() == [0, 1, 2, 0]
    assert np.isnan(data.values[0][0]).sum() == 53
    both = load(tmp_path / "Protocol")
    assert both.groups.tolist() == ["subject101"] * 4 + ["subject102"] * 4
    cut = load(tmp_path / "Protocol", ReadOptions(episodes=0.25))
    assert (cut.n_series, cut.lengths[0]) == (16, 25)
    assert "left out: 80 rows (behind the last 0.25 s of a run)" in cut.summary()
    refused(tmp_path / "Protocol/subject101.dat", "no run of one label is 9 s long", episodes=9.0)


def test_rows_without_label_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"{t / 10},{t},{'A' if t < 4 else '' if t < 6 else 'B'}\n" for t in range(12))
    data = load(a_file(tmp_path, "a.csv", "time,acc,label\n" + rows))
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
        a_file(tmp_path, f"ecg{i}.csv", WATCH.format(kind) + values)
    one = load(tmp_path / "ecg0.csv", needs_labels=False)
    assert (one.n_series, one.n_channels, one.lengths[0], one.sampling_rate) == (1, 1, 90, 512)
    assert (one.channel_names, one.units) == (("Lead I",), ("µV",))
    assert "left out: 5 lines (Name, Recorded Date, Classification" in one.summary()
    assert "Jane" not in one.summary()
    both = load(tmp_path, ReadOptions(label="Classification"))
    assert both.labels.tolist() == ["Sinus Rhythm", "Atrial Fibrillation"]
    assert both.ids.tolist() == ["ecg0", "ecg1"]
    refused(tmp_path / "ecg0.csv", "no line 'Rhythm' with a value above", label="Rhythm")
    refused(tmp_path / "ecg0.csv", "--time t has no effect", time="t")


def test_recordings_in_class_folders(tmp_path: Path) -> None:
    for kind in ("calm", "tense"):
        for i in range(2):
            values = "".join(f"{v:.3f}\n" for v in RNG.normal(size=40))
            a_file(tmp_path, f"{kind}/{i}.txt", "Sampling frequency (Hz): ,64\nUnit,uS\n" + values)
    data = load(tmp_path)
    assert data.labels.tolist() == ["calm"] * 2 + ["tense"] * 2
    assert (data.sampling_rate, data.units, data.n_channels) == (64, ("uS",), 1)


@pytest.mark.parametrize("width", [1, 3])
def test_empatica(tmp_path: Path, width: int) -> None:
    row = ", ".join(["{}"] * width) + "\n"
    rows = "".join(row.format(*[t] * width) for t in range(40))
    head = row.format(*["1542394133.000000"] * width) + row.format(*["32.000000"] * width)
    data = load(a_file(tmp_path, "ACC.csv", head + rows), needs_labels=False)
    assert (data.n_series, data.sampling_rate) == (1, 32)
    np.testing.assert_array_equal(data.values[0], [np.arange(40)] * width)


def test_shimmer(tmp_path: Path) -> None:
    head = (
        '"sep=\\t"\nS_Timestamp_Unix_CAL\tS_Accel_X_CAL\tS_Accel_Y_CAL\nms\tm/(sec^2)\tm/(sec^2)\n'
    )
    rows = "".join(f"{1.5e12 + i * 20:.1f}\t{i}\t{-i}\n" for i in range(40))
    data = load(a_file(tmp_path, "s.csv", head + rows), needs_labels=False)
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
    refused(tmp_path / "a.csv", r"no channels of one length \('ecg' 20, 'resp' 10.*--drop 'NAME")
    data = load(tmp_path / "a.csv", ReadOptions(drop=("resp_*", "q*")))
    assert data.lengths[0] == 20
    assert "left out: 12 columns (resp_0" in data.summary()
    few = frame.drop(columns=[c for c in columns if c.startswith("resp")])
    few = few.assign(q3=1.0).drop(columns=["q2", "q3"])
    few.to_csv(tmp_path / "b.csv", index=False)
    assert load(tmp_path / "b.csv").account.line() == "left out: 1 column (q1)"


def test_doubtful_wide_tables_are_said(tmp_path: Path) -> None:
    rows = "".join(f"{'ab'[i % 2]},{v}\n" for i, v in enumerate(noise(60, 3)))
    data = load(a_file(tmp_path, "a.csv", "label,p,q,r\n" + rows))
    assert "took every row for a series of 3 steps (p, q, r); where rows are" in data.summary()
    columns = ",".join(f"c{c}_{t}" for c in "abcd" for t in (1, 2))
    data = load(
        a_file(tmp_path, "b.csv", f"label,{columns}\n" + "x,1,2,3,4,5,6,7,8\ny,1,2,3,4,5,6,7,9\n")
    )
    assert "took the numbered columns for 4 channels of 2 steps" in data.summary()
    text = load(a_file(tmp_path, "c.csv", "label,note,p,q\nx,good,1,2\ny,bad,3,4\n"))
    assert text.account.line() == "left out: 1 column (note: text)"


def test_parts_in_a_column(tmp_path: Path) -> None:
    rows = "".join(f"{['train', 'val', 'test'][i % 3]},{'ab'[i % 2]},{i},1,2\n" for i in range(12))
    file = a_file(tmp_path, "a.csv", "split,label,t0,t1,t2\n" + rows)
    data = load(file)
    assert (data.n_series, data.validation.sum()) == (8, 4)
    assert "left out: 4 rows (test: of another part in column split)" in data.summary()
    assert load(file, ReadOptions(split="test")).n_series == 4
    only = a_file(tmp_path, "b.csv", "split,label,t0,t1,t2\ntrain,a,1,2,3\ntrain,b,1,2,4\n")
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
    refused(
        a_file(tmp_path, "a.csv", rows),
        "(a table of files .*; give the folder|lists recordings, the first .*name the folder)",
    )


def test_ids_that_look_like_paths_beside_steps(tmp_path: Path) -> None:
    text = "id,label,t0,t1,t2\nrec/1,a,1,2,3\nrec/2,b,4,5,6\n"
    assert load(a_file(tmp_path, "a.csv", text)).ids.tolist() == ["rec/1", "rec/2"]


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
    refused(a_file(tmp_path, "a.csv", text), message, **options)


@pytest.mark.parametrize("option", ["label", "id", "group", "time", "channel"])
def test_archive_files_have_no_columns(tmp_path: Path, option: str) -> None:
    text = "@problemName x\n@univariate true\n@classLabel true a b\n@data\n1,2:a\n3,4:b\n"
    file = a_file(tmp_path, "x.ts", text)
    refused(file, f"--{option} has no effect on .ts files", **{option: "c"})


# Cost.


def test_reading_wide_headers_takes_time_in_proportion(tmp_path: Path) -> None:
    import time

    def seconds(n: int) -> float:
        header = ",".join(["label", *(f"t{i}" for i in range(n))])
        row = ",".join(["1"] * n)
        file = a_file(tmp_path, f"{n}.csv", f"{header}\na,{row}\nb,{row}\n")
        start = time.process_time()
        assert load(file).lengths[0] == n
        return time.process_time() - start

    seconds(100)
    # A set made anew for every column took 97 s for the larger.
    assert seconds(32000) < 8
