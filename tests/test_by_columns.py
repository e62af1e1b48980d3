"""A table with a column a series, and a table beside it with a row for each of the columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import run

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series import LazySeries

N, STEPS = 24, 120


def values(first: int = 0, steps: int = STEPS) -> pd.DataFrame:
    time = np.arange(steps)
    columns = {str(first + i): 50 * np.sin(time * (0.2, 0.9)[i // 3 % 2] + i) for i in range(N)}
    return pd.DataFrame(columns).astype(np.int8)


def power_line(folder: Path, part: str, first: int = 0, labels: bool = True) -> None:
    """As the set of VSB's power lines is laid out."""
    values(first).to_parquet(folder / f"{part}.parquet")
    place = np.arange(N)
    about = {"signal_id": place + first, "id_measurement": place // 3, "phase": place % 3}
    target = {"target": place // 3 % 2} if labels else {}
    pd.DataFrame(about | target).to_csv(folder / f"metadata_{part}.csv", index=False)


def test_columns_that_a_table_beside_names_are_series(tmp_path: Path) -> None:
    power_line(tmp_path, "train")
    data = load(tmp_path)
    assert (data.n_series, data.n_channels, data.labels.tolist()) == (N, 1, [0, 0, 0, 1, 1, 1] * 4)
    assert data.ids.tolist() == list(range(N))
    np.testing.assert_array_equal(data.values[4][0], values()["4"])
    said = data.account.line()
    assert "took column signal_id of metadata_train.csv for the names of the columns" in said
    assert "left out: 2 columns (id_measurement, phase)" in said
    assert data.has_test_part is False
    options = ReadOptions(group="id_measurement", beside=("phase",))
    data = load(tmp_path, options)
    assert data.groups.tolist() == [i // 3 for i in range(N)]
    assert data.features.names == ("phase",)
    with pytest.raises(OptionError, match="no column 'target2'"):
        load(tmp_path, ReadOptions(label="target2"))
    with pytest.raises(OptionError, match="--time t has no effect"):
        load(tmp_path, ReadOptions(time="t"))


def test_parts_of_columns(tmp_path: Path) -> None:
    power_line(tmp_path, "train")
    power_line(tmp_path, "test", first=N, labels=False)
    (tmp_path / "sample_submission.csv").write_text(f"signal_id,target\n{N},0\n{N + 1},0\n")
    assert load(tmp_path).has_test_part is False
    fit = ("fit", tmp_path, "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    run(*fit)
    out, err = run("predict", tmp_path / "run", tmp_path)
    assert "metadata_test.csv" in err
    assert [line.split(",")[1] for line in out.splitlines()[1:4]] == ["24", "25", "26"]
    power_line(tmp_path, "test", first=N)
    assert load(tmp_path).has_test_part is True
    assert load(tmp_path, ReadOptions(split="test")).ids.tolist() == list(range(N, 2 * N))


def test_a_folder_of_columns_is_predicted_as_one(tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    power_line(new, "all")
    run("fit", new, "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    (new / "all.parquet").rename(new / "signals.parquet")
    (new / "metadata_all.csv").rename(new / "about.csv")
    out, err = run("predict", tmp_path / "run", new)
    assert "read as one data set, for a table in it names the columns of another" in err
    assert len(out.splitlines()) == N + 1


def test_columns_of_text_with_times_and_more(tmp_path: Path) -> None:
    frame = values().add_prefix("s")
    frame.insert(0, "time", np.arange(STEPS) / 50)
    frame["temperature"] = 20.5
    frame["s3"] = frame["s3"].where(frame["time"] < 1)
    frame.to_csv(tmp_path / "signals.csv", index=False)
    about = pd.DataFrame({"name": [f"s{i}" for i in range(N + 2)], "label": [*"ab"] * (N // 2 + 1)})
    about.to_csv(tmp_path / "labels.csv", index=False)
    data = load(tmp_path)
    assert (data.n_series, data.sampling_rate, int(data.lengths[3])) == (N, 50.0, 50)
    said = data.account.line()
    assert "1 column (temperature: of signals.csv, not in labels.csv)" in said
    assert "2 rows (s24, s25: of labels.csv, which name no column of signals.csv)" in said
    frame["s1"] = frame["s1"].astype(object).where(frame["time"] > 0, "x")
    frame.to_csv(tmp_path / "signals.csv", index=False)
    with pytest.raises(InputError, match=r"column s1: 'x' is not a number"):
        load(tmp_path)


def test_larger_ones_are_read_a_column_at_a_time(tmp_path: Path) -> None:
    power_line(tmp_path, "train")
    values(steps=2000).to_parquet(tmp_path / "train.parquet")
    data = load(tmp_path, ReadOptions(max_memory=100_000))
    assert isinstance(data.values, LazySeries)
    np.testing.assert_array_equal(data.values[7][0], values(steps=2000)["7"])


def test_a_table_that_says_what_features_are_names_no_series(tmp_path: Path) -> None:
    steps = values().T.add_prefix("t")
    steps.to_csv(tmp_path / "data.csv", index=False)
    features = pd.DataFrame({"column": steps.columns, "kind": ["x", "y"] * (STEPS // 2)})
    features.to_csv(tmp_path / "columns.csv", index=False)
    with pytest.raises(InputError, match="several files that may hold series"):
        load(tmp_path, needs_labels=False)
