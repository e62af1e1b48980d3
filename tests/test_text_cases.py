"""Text tables as people have them: how they are written, and which column is the label."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from table_files import BODY, HEADED, a_file, noise, refused, taken

from msssm_ts.datasets import ReadOptions, from_frame, load

RNG = np.random.default_rng(0)

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
    data = load(a_file(tmp_path, "a.csv", text))
    np.testing.assert_array_equal(
        np.stack(data.values)[:, 0], [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 1, 2]]
    )
    assert data.labels.tolist() == ["a", "b", "a", "b"]
    assert data.account.line() == left_out
    assert taken(data)["label"] == "column label"


def test_separator_named_in_the_first_line(tmp_path: Path) -> None:
    data = load(a_file(tmp_path, "a.csv", "sep=;\nlabel;t0;t1\nx;-0,5;1,25\ny;3;4,5\n"))
    np.testing.assert_array_equal(np.stack(data.values)[:, 0], [[-0.5, 1.25], [3, 4.5]])


def test_names_of_rows_as_r_writes_them(tmp_path: Path) -> None:
    rows = "".join(f'"{i}","{"ab"[i % 2]}",{i},2,{i + 1}\n' for i in range(1, 5))
    data = load(a_file(tmp_path, "a.csv", '"label","t0","t1","t2"\n' + rows))
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
    data = load(a_file(tmp_path, "a.csv", text, encoding))
    assert data.labels.tolist() == [label, "b"]
    assert data.account.line().startswith(said)
    assert bool(data.account.line()) == bool(said)
    # Beyond what is looked at to tell how the text is written.
    late = "label,t0,t1\n" + "b,3,4\n" * 20000 + f'"{label}",1,2\n'
    data = load(a_file(tmp_path, "b.csv", late, encoding))
    assert data.labels[-1] == label
    assert data.account.line().startswith(said)


def test_other_alphabets_are_refused_rather_than_misread(tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.csv", "label,t0\nнорма,1\nсбой,2\n", "koi8-r")
    refused(file, "line 2: not UTF-8 text, nor in an encoding that can be told; save")


@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize("separator", [";", "\t"])
def test_separators_of_thousands_beside_numbers_without(
    tmp_path: Path, mark: str, separator: str
) -> None:
    values = np.random.default_rng(0).integers(500, 2500, (8, 6))
    rows = [[f"{v:,}".replace(",", mark) for v in row] for row in values.tolist()]
    lines = [separator.join(["ab"[i % 2], *row]) for i, row in enumerate(rows)]
    head = separator.join(["label", *(f"t{i}" for i in range(6))])
    file = a_file(tmp_path, "a.csv", "\n".join([head, *lines]) + "\n")
    refused(file, rf"numbers such as .\d\{mark}\d+. beside .\d+. have separators of thousands")


@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize("places", ["{:.3f}", "{:.3g}", "{:.6g}"])
@pytest.mark.parametrize("scale", [1, 30, 400])
def test_decimals_are_no_thousands(tmp_path: Path, mark: str, places: str, scale: float) -> None:
    values = scale * np.random.default_rng(0).uniform(1, 2, (8, 6))
    rows = [[places.format(v).replace(".", mark) for v in row] for row in values.tolist()]
    lines = [";".join(["ab"[i % 2], *row]) for i, row in enumerate(rows)]
    file = a_file(tmp_path, "a.csv", "\n".join(["label;a;b;c;d;e;f", *lines]) + "\n")
    data = load(file)
    expected = [[float(c.replace(mark, ".")) for c in row] for row in rows]
    np.testing.assert_allclose(np.squeeze(data.values), expected)
    asked = mark == "," and places == "{:.3f}"
    assert ("is taken for the decimal mark" in data.summary()) == asked


def test_decimal_comma_in_quotes_and_thousands(tmp_path: Path) -> None:
    quoted = load(a_file(tmp_path, "a.csv", 'label,t0,t1\na,"1,5","-0,25"\nb,"2",3\n'))
    np.testing.assert_array_equal(np.stack(quoted.values)[:, 0], [[1.5, -0.25], [2, 3]])
    comma = load(a_file(tmp_path, "b.csv", "label;t0;t1\na;1.234,5;0,5\nb;2,5;1\n"))
    np.testing.assert_array_equal(comma.values[0], [[1234.5, 0.5]])
    point = load(a_file(tmp_path, "c.csv", 'label,t0,t1\na,"12,000.25",0.5\nb,2.5,1\n'))
    np.testing.assert_array_equal(point.values[0], [[12000.25, 0.5]])


def test_header_in_a_comment_and_times_make_a_recording(tmp_path: Path) -> None:
    rows = "".join(f"{i / 50:.2f} {i} {-i}\n" for i in range(30))
    data = load(a_file(tmp_path, "a.txt", "# time ax ay\n" + rows), needs_labels=False)
    assert data.channel_names == ("ax", "ay")
    assert data.sampling_rate == 50
    np.testing.assert_array_equal(data.values[0], [np.arange(30), -np.arange(30)])


# Labels.


def test_label_in_the_last_column(tmp_path: Path) -> None:
    rows = [f"{values},{i % 5}.000" for i, values in enumerate(noise(60, 12))]
    data = load(a_file(tmp_path, "a.csv", "\n".join(rows)))
    assert data.classes.tolist() == [0, 1, 2, 3, 4]
    assert (data.n_channels, data.lengths[0]) == (1, 12)
    assert data.account.line() == "took column 13 for the label; --label says otherwise"
    named = load(tmp_path / "a.csv", ReadOptions(label="13"))
    assert named.account.line() == ""
    np.testing.assert_array_equal(named.values[3], data.values[3])


def test_table_without_header_and_labels(tmp_path: Path) -> None:
    # What pads the ends of series is no label either.
    rows = [f"{values},0.000" for values in noise(40, 12)]
    data = load(a_file(tmp_path, "a.csv", "\n".join(rows)), needs_labels=False)
    assert data.labels is None
    assert data.lengths[0] == 13
    assert "took the table for one without labels" in data.summary()
    refused(tmp_path / "a.csv", "no labels found")


def test_whole_numbers_throughout_are_no_labels(tmp_path: Path) -> None:
    values = RNG.integers(0, 4096, size=(200, 16))
    text = "\n".join(",".join(map(str, row)) for row in values)
    data = load(a_file(tmp_path, "a.csv", text), needs_labels=False)
    assert data.labels is None
    labelled = "\n".join(f"{i % 3}," + ",".join(map(str, r)) for i, r in enumerate(values))
    data = load(a_file(tmp_path, "b.csv", labelled))
    assert data.classes.tolist() == [0, 1, 2]
    assert data.account.line() == ""


def test_ids_first_and_label_last(tmp_path: Path) -> None:
    rows = [f"rec{i:03},{values},{'xy'[i % 2]}" for i, values in enumerate(noise(40, 8))]
    data = load(a_file(tmp_path, "a.csv", "\n".join(rows)))
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
    rows = "".join(f"{label},{v}\n" for label, v in zip(labels, noise(40, 3), strict=True))
    file = a_file(tmp_path, "a.csv", "label,t0,t1,t2\n" + rows)
    refused(file, f"{message}.*--label")
    assert load(file, needs_labels=False).n_series == 40
    values = RNG.normal(size=(40, 9))
    np.savez(tmp_path / "a.npz", X=values, y=np.array(labels))
    refused(tmp_path / "a.npz", message)


def test_every_series_of_a_few_has_a_label_of_its_own(tmp_path: Path) -> None:
    rows = [f"k{i},{v}" for i, v in enumerate(noise(12, 3))]
    file = a_file(tmp_path, "a.csv", "label,t0,t1,t2\n" + "\n".join(rows) + "\n")
    refused(file, "12 different labels for 12 series")
    again = a_file(tmp_path, "b.csv", file.read_text() + rows[0] + "\n")
    assert len(load(again).classes) == 12


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["caf\u00e9", "cafe\u0301"], "accents written in another way differ"),
        (["no beat", "no_beat"], "case, blanks, hyphens or accents"),
        (["AF\u200b", "AF"], "case, blanks, hyphens or accents"),
        (["yes", "Yes"], "though only case differs"),
        (["-1", "1"], ""),
        (["1-2", "12"], ""),
        (["N+", "N-"], ""),
    ],
)
def test_labels_that_look_alike(tmp_path: Path, labels: list[str], said: str) -> None:
    rows = [f"{labels[i % 2]},{v}" for i, v in enumerate(noise(12, 3))]
    file = a_file(tmp_path, "a.csv", "label,t0,t1,t2\n" + "\n".join(rows) + "\n")
    line = load(file).account.line()
    assert said in line
    assert bool(line) == bool(said)


@pytest.mark.parametrize("head", ["", "Unnamed: 0"])
@pytest.mark.parametrize(
    "count",
    [
        lambda i, t: 5 * i + t,
        lambda i, t: t,
        lambda i, t: t + 1,
        lambda i, t: 50 - 5 * i - t,
        lambda i, t: 3 * (5 * i + t),
    ],
)
def test_an_index_without_a_name_is_no_channel(
    tmp_path: Path, head: str, count: Callable[[int, int], int]
) -> None:
    rows = [f"{count(i, t)},{i},{t * i % 7}.5,{'ab'[i % 2]}" for i in range(6) for t in range(5)]
    file = a_file(tmp_path, "a.csv", f"{head},id,x,label\n" + "\n".join(rows) + "\n")
    data = load(file)
    assert data.n_channels == 1
    assert "left out: 1 column (row numbers)" in data.account.line()


def test_doses_are_classes(tmp_path: Path) -> None:
    rows = "".join(f"{(i % 3) / 2},{v}\n" for i, v in enumerate(noise(30, 3)))
    data = load(a_file(tmp_path, "a.csv", "label,t0,t1,t2\n" + rows))
    assert data.classes.tolist() == ["0.0", "0.5", "1.0"]


@pytest.mark.parametrize(
    ("written", "labels", "said"),
    [
        (["1_1", "11", "2"], ["1_1", "11", "2"], ""),
        (["01", "1", "2"], ["01", "1", "2"], "took 01 and 1 for different classes"),
        (["1", "1.0", "2"], ["1", "1.0", "2"], "took 1 and 1.0 for different classes"),
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
    data = load(a_file(tmp_path, "a.csv", f"label,t0,t1\n{rows}"))
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
