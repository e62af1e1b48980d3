"""Columns of tables that say something of a series: parts under other names, odd labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from table_files import HEADED, a_file, refused

from msssm_ts.cli.given.matching import known_labels
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError

BIG = 30


def _read(
    folder: Path, column: str, cell: Callable[[int], str], split: str = "train"
) -> LabelledSeries:
    """Read a wide table with one more column before its labels."""
    rows = [f"{cell(i)},{'ab'[i // 3 % 2]},{i},{i % 5},{-i}\n" for i in range(BIG)]
    file = folder / "a.csv"
    file.write_text(f"{column},label,t0,t1,t2\n" + "".join(rows))
    return load(file, ReadOptions(split=split))  # type: ignore[arg-type]


def _labelled(folder: Path, cell: Callable[[int], str]) -> LabelledSeries:
    file = folder / "a.csv"
    rows = [f'"{cell(i)}",{i},{i % 5},{-i}\n' for i in range(BIG)]
    file.write_text("label,t0,t1,t2\n" + "".join(rows))
    return load(file)


@pytest.mark.parametrize(
    ("column", "cells", "n_train", "n_validation"),
    [
        ("phase", ("train", "val", "hold-out"), 20, 10),
        ("data_split", ("Training", "Training", "Eval"), 20, 0),
        ("is_test", ("0", "0", "1"), 20, 0),
        ("isTrain", ("True", "False", "False"), 10, 0),
        ("is_valid", ("no", "yes", "no"), 30, 10),
    ],
)
def test_parts_under_other_names(
    tmp_path: Path, column: str, cells: tuple[str, ...], n_train: int, n_validation: int
) -> None:
    data = _read(tmp_path, column, lambda i: cells[i % 3])
    held_out = 0 if data.validation is None else int(data.validation.sum())
    assert (data.n_series, held_out) == (n_train, n_validation)
    assert dict(data.account.taken)["part"] == f"column {column}"
    if n_train < BIG:
        assert _read(tmp_path, column, lambda i: cells[i % 3], "test").n_series == BIG - n_train


@pytest.mark.parametrize(("column", "cells"), [("set", ("A", "B")), ("mood", ("train", "car"))])
def test_columns_that_divide_otherwise_are_left_out(
    tmp_path: Path, column: str, cells: tuple[str, ...]
) -> None:
    data = _read(tmp_path, column, lambda i: cells[i % 2])
    assert data.n_series == BIG
    assert data.account.line() == f"left out: 1 column ({column})"


def test_a_part_stands_beside_a_column_called_set(tmp_path: Path) -> None:
    data = _read(tmp_path, "set,usage", lambda i: f"{'AB'[i % 2]},{('train', 'test')[i % 3 // 2]}")
    assert data.n_series == 20
    assert "1 column (set)" in data.account.line()


def test_labels_that_differ_by_case_alone_are_said(tmp_path: Path) -> None:
    data = _labelled(tmp_path, lambda i: ["yes", "Yes", "no"][i % 3])
    assert len(np.unique(data.labels)) == 3
    assert "took Yes and yes for different classes, though only case differs" in data.summary()


@pytest.mark.parametrize("sign", [";", "|", ", "])
def test_several_labels_in_a_cell(tmp_path: Path, sign: str) -> None:
    data = _labelled(tmp_path, lambda i: ["a", "b", f"a{sign}b", f"b{sign}c", "c"][i % 5])
    assert data.label_names == ("a", "b", "c")
    assert data.labels[:5].tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]]
    assert f"took {sign.strip()!r} in column label for a sign between" in data.summary()


def test_doubtful_signs_and_words_with_commas(tmp_path: Path) -> None:
    data = _labelled(tmp_path, lambda i: ["a", "b", "a+b", "b+a"][i % 4])
    assert len(np.unique(data.labels)) == 4
    assert "took labels such as 'a+b' for classes of their own; for several labels write ';'" in (
        data.summary()
    )
    data = _labelled(tmp_path, lambda i: ["rain, heavy", "dog", "walking fast", "walking"][i % 4])
    assert data.account.remarks == ()


def test_single_labels_of_a_model_of_several(tmp_path: Path) -> None:
    model = SimpleNamespace(multilabel_=True, label_names=["a", "b", "c"])
    data = _labelled(tmp_path, lambda i: "ba"[i % 2])
    found, said = known_labels(data, model)  # type: ignore[arg-type]
    assert found.labels[:2].tolist() == [[0, 1, 0], [1, 0, 0]]
    assert (found.label_names, said) == (("a", "b", "c"), [])
    with pytest.raises(InputError, match="one label a series, but the model was trained on"):
        known_labels(_labelled(tmp_path, lambda i: "bx"[i % 2]), model)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([*range(7), *range(8, 20)], "the columns' numbers leave out 7"),
        ([*range(20)], ""),
        # Others count otherwise.
        ([*range(0, 100, 5)], ""),
        ([400, 401, 403, 407, 420, 430, 431], "are taken as even, .* are 1 to 13 apart"),
        ([0.0, 0.033, 0.067, 0.1, 0.133], ""),
        ([0.0, 0.004, 0.008, 0.1], "are 0.004 to 0.092 apart"),
    ],
)
def test_steps_that_are_not_even(tmp_path: Path, numbers: list[float], said: str) -> None:
    header = ",".join(f"t{n}" if isinstance(n, int) else str(n) for n in numbers)
    rows = "".join(
        f"{'ab'[i % 2]},{','.join(str((i * n) % 11) for n in range(len(numbers)))}\n"
        for i in range(1, 9)
    )
    file = tmp_path / "a.csv"
    file.write_text(f"label,{header}\n{rows}")
    line = load(file).account.line()
    assert re.search(said, line) if said else line == ""


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ("Ann", "ann", "Bob"),
            "took Ann and ann for different groups (speaker), though only case",
        ),
        (("7", "07", "8"), "took 07 and 7 for different groups (speaker), as they are written"),
        # No numbers, though written like some.
        (("12e45678", "9e991199", "8e8"), ""),
    ],
)
def test_groups_that_may_be_one(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    data = _read(tmp_path, "speaker", lambda i: names[i % 3])
    assert "; ".join(data.account.remarks).startswith(said)
    assert bool(data.account.remarks) == bool(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"drop": ("label",), "label": "label"},
            r"'label' is named \(--label\) and left out \(--drop",
        ),
        ({"drop": ("i*",), "id": "id"}, r"'id' is named \(--id\) and left out \(--drop\)"),
        (
            {"beside": ("label",), "label": "label"},
            r"'label' is the label .* leave it out of --with",
        ),
    ],
)
def test_a_column_is_one_thing(tmp_path: Path, options: dict[str, object], said: str) -> None:
    rows = "".join(f"{i},{t},{t * i % 5},{'ab'[i % 2]}\n" for i in range(4) for t in range(5))
    long = a_file(tmp_path, "long.csv", f"id,time,x,label\n{rows}")
    refused(long, said, **options)
    assert load(long, ReadOptions(id="id,id")).n_series == 4


def test_one_label_in_several_columns_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{i % 2},{1 - i % 2},{i},{i % 5}\n" for i in range(BIG))
    data = load(a_file(tmp_path, "a.csv", f"N,A,t0,t1\n{rows}"), ReadOptions(label="N,A"))
    assert "every series has just one of the 2 labels" in data.account.line()
    both = a_file(tmp_path, "b.csv", f"N,A,t0,t1\n{rows}1,1,3,3\n")
    assert "just one" not in load(both, ReadOptions(label="N,A")).account.line()


@pytest.mark.parametrize("field", ["fold", "group"])
def test_what_is_measured_divides_no_series(tmp_path: Path, field: str) -> None:
    wide = a_file(tmp_path, "wide.csv", HEADED)
    refused(
        wide, r"column 't1' \(--(validation|group)\) is one of the numbered steps", **{field: "t1"}
    )
    rows = "".join(f"{i},{t},{t % 2},{t},{'ab'[i % 2]}\n" for i in range(4) for t in range(5))
    long = a_file(tmp_path, "long.csv", f"id,time,x,y,label\n{rows}")
    refused(wide, r"column 't1' \(--with\) is one of the numbered steps", beside=("t1",))
    remedy = "name another column with --validation" if field == "fold" else "leave 'x' out"
    refused(long, f"id '0' has more than one x; give each series one, or {remedy}", **{field: "x"})


def test_a_second_clock_of_the_same_name_is_no_channel(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    rows = [f"s{i},{'ab'[i % 2]},{t},{i + t},{t}" for i in range(4) for t in range(5)]
    file.write_text("\n".join(["id,label,time,ecg,time", *rows]) + "\n")
    data = load(file)
    assert data.channel_names == ("ecg",)
    assert "1 column (time.1)" in data.account.line()


def test_columns_of_one_name_are_said(tmp_path: Path) -> None:
    rows = "".join(f"{i},{t},{t + i},{i - t},A{i % 2}\n" for i in range(4) for t in range(6))
    file = a_file(tmp_path, "a.csv", "id,time,acc,acc,label\n" + rows)
    said = "several columns are called acc: the second is acc.1"
    assert load(file).account.line() == said
    frame = pd.read_csv(file, header=None, skiprows=1)
    frame.columns = ["id", "time", "acc", "acc", "label"]
    assert load(frame).account.line() == said


def test_a_column_that_is_the_label_in_numbers(tmp_path: Path) -> None:
    head = "rms,code,peak,label\n"
    rows = "".join(f"{i},{i % 2 + 3},{i * i},{'ab'[i % 2]}\n" for i in range(8))
    said = "column code has one value for each class"
    assert said in load(a_file(tmp_path, "a.csv", head + rows)).account.line()
    assert said not in load(a_file(tmp_path, "b.csv", head + rows + "9,3,4,b\n")).account.line()
    numbered = head.replace("rms,code,peak", "t0,t1,t2") + rows
    assert said not in load(a_file(tmp_path, "c.csv", numbered)).account.line()


def test_frames_are_times(tmp_path: Path) -> None:
    rows = "".join(f"{i},{t + t // 3},{t},{'ab'[i % 2]}\n" for i in range(4) for t in range(6))
    data = load(a_file(tmp_path, "a.csv", "id,frame,v,label\n" + rows))
    assert (data.n_channels, dict(data.account.taken)["time"]) == (1, "column frame")


def test_rows_that_stand_twice(tmp_path: Path) -> None:
    rows = "".join(f"{i},{t},{t},{'ab'[i % 2]}\n" * 2 for i in range(4) for t in range(6))
    said = "line 3: the same cells as in line 2, and 24 of 48 rows .*; leave copies out"
    refused(a_file(tmp_path, "a.csv", "id,time,v,label\n" + rows), said)


def test_few_numbered_columns_of_many_rows_may_be_steps(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 7},{'ab'[i // 30]}\n" for i in range(60))
    said = "took every row for a series of 2 steps (Kanal 1, Kanal 2)"
    file = a_file(tmp_path, "a.csv", "Kanal 1,Kanal 2,label\n" + rows)
    assert said in load(file).account.line()


def test_a_column_told_beside_and_dropped(tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.csv", "age," + HEADED.replace("\n", "\n7,", 4))
    said = "column 'age' is told beside the series .--with. and left out .--drop.; take back"
    refused(file, said, beside=("age",), drop=("age",))
