"""Numbers that are written as text: states, units, thousands, and marks of no value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError

N, STEPS = 12, 9


def _long(folder: Path, name: str, cell: list[str], text: str = "x.csv") -> LabelledSeries:
    """Read a table of a step a row, with a column of numbers beside the one of texts."""
    rows = [
        (i, t, 0.1 * i + t, cell[(i + t) % len(cell)], "ab"[i % 2])
        for i in range(N)
        for t in range(STEPS)
    ]
    file = folder / text
    pd.DataFrame(rows, columns=["id", "time", "plain", name, "label"]).to_csv(file, index=False)
    return load(file)


@pytest.mark.parametrize(
    "cells", [["True", "False"], ["no", "yes"], ["OFF", "ON"], ["TRUE", "FALSE"], ["Ja", "Nein"]]
)
def test_two_states_are_a_channel(tmp_path: Path, cells: list[str]) -> None:
    data = _long(tmp_path, "valve", cells)
    assert data.channel_names == ("plain", "valve")
    low = sorted(cells, key=lambda c: c.casefold() in ("true", "yes", "on", "ja"))[0]
    want = [float(cells[t % 2] != low) for t in range(STEPS)]
    assert data.values[0][1].tolist() == want
    assert any("valve" in r and "0 and 1" in r for r in data.account.remarks)


def test_one_state_alone_is_read_as_of_two(tmp_path: Path) -> None:
    assert _long(tmp_path, "valve", ["True"]).values[0][1].tolist() == [1.0] * STEPS


def test_a_series_a_row_of_states(tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(N, STEPS)) > 0)
    frame["label"] = [*"ab"] * (N // 2)
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = load(tmp_path / "x.csv")
    assert data.values[3].tolist() == [frame.iloc[3, :-1].astype(float).tolist()]
    # Beside numbers a state says something of a series, and is no step of it.
    file = tmp_path / "y.csv"
    file.write_text("a,b,c,smoker,label\n" + "1,2,3,yes,u\n4,5,6,no,v\n" * 4)
    assert "left out: 1 column (smoker: text)" in load(file).summary()


@pytest.mark.parametrize(
    ("cells", "unit", "values"),
    [
        (["20.5 °C", "21 °C"], "°C", [20.5, 21]),
        (["-0.4mV", "1.5e-3mV"], "mV", [-0.4, 0.0015]),
        (["45%", "46%"], "%", [45, 46]),
        (["$1,000.50", "$7"], "", [1000.5, 7]),
        (["1'234.5", "1"], "", [1234.5, 1]),
        (["-642,14 €", "1.011,63 €"], "", [-642.14, 1011.63]),
    ],
)
def test_units_and_thousands(
    tmp_path: Path, cells: list[str], unit: str, values: list[float]
) -> None:
    data = _long(tmp_path, "x", cells)
    assert sorted({*data.values[0][1].tolist()}) == sorted(values)
    assert (data.units or ("", ""))[1] == unit


@pytest.mark.parametrize("mark", ["-", "None", "#DIV/0!", "Bad", "n.a.", "\\N", "..", "No Data"])
def test_marks_of_no_value(tmp_path: Path, mark: str) -> None:
    data = _long(tmp_path, "x", ["1.5", "2", mark])
    assert int(np.isnan(data.values[0][1]).sum()) == STEPS // 3
    assert any(f"{mark!r} is taken for no value (36 cells)" in r for r in data.account.remarks)


@pytest.mark.parametrize("cells", [["1.5", "zwei"], ["1", "-", "-"]])
def test_what_is_no_number_stays_refused(tmp_path: Path, cells: list[str]) -> None:
    with pytest.raises(InputError, match="is not a number"):
        _long(tmp_path, "x", cells)


def test_commas_that_may_be_either_are_no_numbers(tmp_path: Path) -> None:
    assert "left out: 1 column (x: text)" in _long(tmp_path, "x", ["1,500 V", "2,750 V"]).summary()


def test_units_of_other_sizes_in_brackets(tmp_path: Path) -> None:
    data = _long(tmp_path, "acc [mm/s2]", ["1", "2"])
    assert data.channel_names == ("plain", "acc")
    assert data.units == ("", "mm/s2")


def test_two_rows_of_names(tmp_path: Path) -> None:
    columns = pd.MultiIndex.from_product([["acc", "gyr"], range(STEPS)])
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(N, 2 * STEPS)), columns=columns)
    frame[("label", "")] = [*"ab"] * (N // 2)
    for index in (True, False):
        frame.to_csv(tmp_path / "x.csv", index=index)
        data = load(tmp_path / "x.csv")
        assert (data.n_series, data.channel_names) == (N, ("acc", "gyr"))
        np.testing.assert_allclose(data.values[2][1], frame["gyr"].to_numpy(float)[2])


def test_numbers_of_two_units_are_left_out(tmp_path: Path) -> None:
    assert "left out: 1 column (x: text)" in _long(tmp_path, "x", ["1 V", "2 mV"]).summary()


def test_names_that_python_takes_for_numbers(tmp_path: Path) -> None:
    rows = [(f"{i}_{t}", i, t, 0.5 * i + t, "ab"[i % 2]) for i in range(N) for t in range(STEPS)]
    columns = ["row_id", "id", "time", "x", "label"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "x.csv", index=False)
    data = load(tmp_path / "x.csv")
    assert data.channel_names == ("x",)
    assert "1 column (row_id: text)" in data.summary()


def _beside(folder: Path, cells: list[str]) -> LabelledSeries:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(len(cells), STEPS)))
    frame["label"], frame["age"] = [*"ab"] * (len(cells) // 2), cells
    frame.to_csv(folder / "x.csv", index=False)
    return load(folder / "x.csv", ReadOptions(beside=("age",)))


@pytest.mark.parametrize("form", ["{}y", "{} years", "0{}Y", "{} kg"])
def test_ages_with_a_unit_are_numbers(tmp_path: Path, form: str) -> None:
    data = _beside(tmp_path, [form.format(a) for a in range(20, 32)])
    assert data.features is not None
    assert data.features.columns[0].tolist() == list(range(20, 32))
    assert any(r.startswith("age: texts with") for r in data.account.remarks)


def test_texts_beside_series_that_are_nearly_numbers_are_said(tmp_path: Path) -> None:
    data = _beside(tmp_path, [*map(str, range(20, 31)), "90+"])
    assert "age: its texts are taken for 12 categories, for '90+' is no number" in data.summary()
    data = _beside(tmp_path, [*map(str, range(20, 31)), "unknown"])
    assert data.features is not None
    assert np.isnan(data.features.columns[0]).sum() == 1
    assert not _beside(tmp_path, ["40-49", "50-59"] * 6).account.remarks


def test_several_labels_of_yes_and_no(tmp_path: Path) -> None:
    cells = [(["yes", "no"][i % 2], ["No", "Yes"][i // 2 % 2]) for i in range(N)]
    rows = [f"{i},{i % 5},{-i},{af},{pvc}\n" for i, (af, pvc) in enumerate(cells)]
    (tmp_path / "x.csv").write_text("t0,t1,t2,AF,PVC\n" + "".join(rows))
    data = load(tmp_path / "x.csv", ReadOptions(label="AF,PVC"))
    assert data.labels is not None
    assert data.labels[:4].tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]
