"""Columns beside the series, from tables and lists to predictions: ``--with``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from commands import run

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.beside import chosen_features, features_of_texts
from msssm_ts.datasets.write import write
from msssm_ts.errors import InputError, OptionError

N = 40


def _frame(n: int = N, seed: int = 0) -> pd.DataFrame:
    """A class that only the age knows, and waves of noise."""
    rng = np.random.default_rng(seed)
    old = np.arange(n) % 2
    age = 40 + 25 * old + 5 * rng.normal(size=n)
    sex = rng.choice(["f", "m", None], n)
    table = pd.DataFrame({"label": np.array(["no", "yes"])[old], "sex": sex, "age": age.round(1)})
    steps = pd.DataFrame(rng.normal(size=(n, 12)), columns=[f"t{i}" for i in range(12)])
    return pd.concat([table, steps], axis=1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    _frame().to_csv(folder / "a_TRAIN.csv", index=False)
    new = _frame(20, seed=1)
    # In another order, and with columns that nobody needs.
    new[["age", *new.columns.drop("age")]].assign(ward=3).to_csv(folder / "a_TEST.csv", index=False)
    new.drop(columns="age").to_csv(folder / "ageless.csv", index=False)
    return folder


def _names(data: LabelledSeries) -> tuple[str, ...]:
    return () if data.features is None else data.features.names


def _expect(data: LabelledSeries, frame: pd.DataFrame) -> None:
    assert _names(data) == ("sex", "age")
    assert data.features is not None
    assert data.features.columns[0].tolist() == frame["sex"].fillna("").tolist()
    np.testing.assert_allclose(data.features.columns[1], frame["age"])
    assert data.lengths.tolist() == [12] * len(frame)
    assert "beside the series" in dict(data.account.taken)
    assert "beside them sex, age" in data.summary()


WITH = ReadOptions(beside=("sex", "a*e"))
DROPPED = ("sex", "age", "alone")


def test_numbers_compared_within_a_group(tmp_path: Path) -> None:
    """What is high for one patient is low for another."""
    rng = np.random.default_rng(0)
    patient, high = np.arange(60) // 10, np.arange(60) % 2
    frame = _frame(60).assign(
        label=np.array(["no", "yes"])[high],
        patient=[f"p{p}" for p in patient],
        hr=50 + 20 * patient + 5 * high + rng.normal(size=60),
        alone=1.0,
    )
    frame.loc[3, "hr"] = np.nan
    frame.to_csv(tmp_path / "a_TRAIN.csv", index=False)
    frame[:30].to_csv(tmp_path / "a_TEST.csv", index=False)
    options = ReadOptions(beside=("hr", "hr@group", "al*@group"), group="patient")
    found = dict(load(tmp_path / "a_TRAIN.csv", options).features.items())
    assert list(found) == ["hr", "hr@group", "alone@group"]
    hr, own = found["hr"], found["hr@group"]
    np.testing.assert_array_equal(np.isnan(own), np.isnan(hr))
    for p in range(6):
        values = hr[patient == p]
        expected = (values - np.nanmean(values)) / np.nanstd(values)
        np.testing.assert_allclose(own[patient == p], expected)
    assert (found["alone@group"] == 0).all()
    told = ("--with", "hr@group", "--group", "patient", *(f"--drop={c}" for c in DROPPED))
    one = ("--members", "quantile_trees", "--out", tmp_path / "r", "-q")
    run("fit", tmp_path / "a_TRAIN.csv", *told, *one)
    out, err = run("evaluate", tmp_path / "r", tmp_path / "a_TEST.csv", "--json")
    assert json.loads(out)["accuracy"] == 1
    assert "--with hr@group" in err


def test_columns_that_are_called_as_what_is_compared() -> None:
    """A mark in the name of a column gives it no other meaning unsaid."""
    frame = _frame().drop(columns="age").assign(ward=1)
    frame["hr@group"] = 7.0
    options = ReadOptions(beside=("hr@group",), group="ward")
    for more in ({}, {"hr": np.arange(len(frame))}):
        data = load(frame.assign(**more).drop(columns=["sex"]), options)
        assert data.features.names == ("hr@group",)
        assert (data.features.columns[0] == 7).all()
        assert "took hr@group for the column that is called so" in data.account.line()
    both = ReadOptions(beside=("h*@group",), group="ward")
    with pytest.raises(OptionError, match="h\\*@group would make hr@group, and a column is called"):
        load(frame.assign(hr=1.0), both)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("age@group", "--with age@group compares within a group, and there are no groups"),
        ("sex@group", "--with sex@group is of categories, which have no mean"),
        ("agee@group", "no column 'agee' \\(--with\\)"),
    ],
)
def test_what_cannot_be_compared_is_refused(tables: Path, asked: str, message: str) -> None:
    group = "label" if asked.startswith("sex") else None
    frame = _frame().assign(ward=1)
    options = ReadOptions(beside=(asked,), group=group and "ward")
    with pytest.raises(OptionError, match=message):
        load(frame, options)


def test_wide_tables_and_frames(tables: Path) -> None:
    frame = _frame()
    _expect(load(tables / "a_TRAIN.csv", WITH), frame)
    _expect(load(frame, WITH), frame)
    assert load(frame).features is None


def test_long_tables(tmp_path: Path) -> None:
    frame = _frame()
    wide = load(frame, WITH)
    write(wide, tmp_path / "x.csv")
    _expect(load(tmp_path / "x.csv", WITH), frame)
    steps = pd.DataFrame({"id": np.repeat(np.arange(N), 12), "time": np.tile(np.arange(12), N)})
    steps["x"] = np.concatenate([v[0] for v in wide.values])
    for name in ("label", "sex", "age"):
        steps[name] = frame[name].to_numpy()[steps["id"]]
    _expect(load(steps, WITH), frame)
    steps.loc[3, "age"] = 1
    with pytest.raises(InputError, match="'0' has more than one age"):
        load(steps, WITH)


def test_lists_of_recordings(tmp_path: Path) -> None:
    frame = _frame(8)
    for label in ("no", "yes"):
        (tmp_path / label).mkdir()
    files = [f"{label}/r{i}.wav" for i, label in enumerate(frame["label"])]
    for file in files:
        soundfile.write(tmp_path / file, np.sin(np.arange(12.0)), 2000)
    # The folders are the classes; the table says nothing but what is beside.
    frame[["age", "sex"]].assign(file=files, more=1).to_csv(tmp_path / "list.csv", index=False)
    data = load(tmp_path, WITH)
    order = [files.index(i) for i in data.ids]
    assert data.labels is not None
    assert data.labels.tolist() == frame["label"].iloc[order].tolist()
    _expect(data, frame.iloc[order])
    with pytest.raises(OptionError, match=r"no column 'agee' .*; is 'age' meant"):
        load(tmp_path, ReadOptions(beside=("age", "agee")))
    listed = frame[["label", "age", "sex"]].assign(file=files)
    listed.iloc[::-1].to_csv(tmp_path / "all.csv", index=False)
    data = load(tmp_path / "all.csv", WITH)
    _expect(data, frame.iloc[[files.index(i) for i in data.ids]])


def test_what_a_reader_brings_by_itself() -> None:
    own = features_of_texts(["rr", "n"], [["0.8", "NA"], ["1", "2"]], "x")
    data = LabelledSeries([np.zeros((1, 5))] * 2, source="x", features=own)
    assert _names(chosen_features(data, ReadOptions())) == ("rr", "n")
    some = chosen_features(data, ReadOptions(beside=("n",)))
    assert _names(some) == ("n",)
    assert some.account.left_out[0].names == ("rr",)
    none = chosen_features(data, ReadOptions(beside=("none",)))
    assert none.features is None
    assert none.account.left_out[0].names == ("rr", "n")
    with pytest.raises(OptionError, match="no column 'r'"):
        chosen_features(data, ReadOptions(beside=("r",)))


def test_cells() -> None:
    found = features_of_texts(["a", "b"], [["1,5", " ? "], ["1", "x "]], "x.csv")
    assert found is not None
    np.testing.assert_array_equal(found.columns[0], [1.5, np.nan])
    assert found.columns[1].tolist() == ["1", "x"]
    with pytest.raises(InputError, match=r"x.csv, column a: a value is infinite"):
        features_of_texts(["a"], [["1", "inf"]], "x.csv")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a_TRAIN.csv", ("agee",), "no column 'agee' (--with); there are"),
        ("a_TRAIN.csv", ("Sex",), "; is 'sex' meant?"),
        ("JapaneseVowels", ("age",), "--with has no effect on sets that come along"),
    ],
)
def test_columns_that_are_not_there(
    tables: Path, name: str, options: tuple[str, ...], message: str
) -> None:
    source = tables / name if name.endswith(".csv") else name
    with pytest.raises(OptionError) as caught:
        load(source, ReadOptions(beside=options))
    assert message in str(caught.value)


def test_from_fit_to_predictions(tables: Path, tmp_path: Path) -> None:
    model, fast = tmp_path / "run", ("--members", "quantile_trees", "--seed", "0")
    train, test = tables / "a_TRAIN.csv", tables / "a_TEST.csv"
    out, err = run("fit", train, "--with", "age,sex", "--out", model, *fast)
    assert "beside them age, sex" in err
    assert "--with age --with sex" in err
    assert "features beside the series  age 9" in out
    run("fit", train, "--with", "agee", "--out", tmp_path / "no" / "where", code=2)
    assert not (tmp_path / "no").exists()
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["beside"]["names"] == ["age", "sex"]
    assert metrics["beside"]["importance"]["age"] > 0.8
    out, err = run("evaluate", model, test, "--json", "--report", tmp_path / "r.html")
    assert json.loads(out)["accuracy"] > 0.8
    assert "read with --with age --with sex" in err
    assert "features beside the series" in (tmp_path / "r.html").read_text()
    out, _ = run("info", model)
    assert "age 9" in out
    for command in ("predict", "evaluate"):
        _, err = run(command, model, tables / "ageless.csv", code=2)
        assert "no column 'age'" in err
        assert "trained with" in err
        _, err = run(command, model, test, "--with", "none", code=2)
        assert "age, sex, which the model was trained with beside the series, are missing" in err
    # Who does not know them does not mind them.
    run("fit", train, "--with", "none", "--drop", "age", "--drop", "sex", "--out", model, "--force",
        *fast)  # fmt: skip
    _, err = run("predict", model, test, "--drop", "ward", "--with", "age,sex")
    assert "features that the model does not use are left out: age, sex" in err
    out, err = run("data", "convert", test, tmp_path / "c.npz", "--with", "age")
    assert "left out: age" in err


def test_a_label_that_is_told_beside_is_none(tables: Path) -> None:
    with pytest.raises(InputError, match=r"found; 'label' is told beside the series \(--with\)"):
        load(tables / "a_TRAIN.csv", ReadOptions(beside=("label",)))
    with pytest.raises(InputError, match="found; name the label column"):
        load(tables / "a_TRAIN.csv", ReadOptions(drop=("label",)))
