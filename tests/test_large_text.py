"""Text tables larger than memory: the series, labels and complaints of the same files in memory."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError
from msssm_ts.estimator import MSSSMClassifier
from msssm_ts.series import LazySeries

ROWS, STEPS = 460, 40
# A table takes at least 7 kB a column while it is understood; the text of these is longer.
LIMIT = 7000 * (STEPS + 5)


def _table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, STEPS)) + (np.arange(ROWS) % 2)[:, None]
    X[3, 30:], X[7, 5] = np.nan, np.nan
    table = pd.DataFrame(X, columns=[f"t{k}" for k in range(STEPS)])
    table.insert(0, "label", np.where(np.arange(ROWS) % 2, "a", "b"))
    return table.assign(patient=np.arange(ROWS) // 10)


def _lines() -> list[str]:
    return _table().to_csv(index=False).splitlines()


def _with_cell(row: int, column: int, cell: str) -> list[str]:
    lines = _lines()
    cells = lines[row].split(",")
    cells[column] = cell
    lines[row] = ",".join(cells)
    return lines


def _write(file: Path, lines: list[str]) -> Path:
    file.write_text("\n".join(lines) + "\n")
    return file


def _plain(folder: Path) -> Path:
    table = _table()
    table["split"] = np.where(np.arange(ROWS) % 4 == 0, "test", "train")
    table.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def _indexed(folder: Path) -> Path:
    _table().to_csv(folder / "x.csv")
    return folder / "x.csv"


def _comma(folder: Path) -> Path:
    _table().to_csv(folder / "x.csv", index=False, sep=";", decimal=",")
    return folder / "x.csv"


def _quoted(folder: Path) -> Path:
    table = _table()
    table["label"] = table["label"].where(table["label"] == "a", "NA")
    table.to_csv(folder / "x.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)
    return folder / "x.csv"


def _headless(folder: Path) -> Path:
    table = _table().drop(columns="patient").assign(label=np.arange(ROWS) % 3)
    table.to_csv(folder / "x.tsv", index=False, header=False, sep="\t")
    return folder / "x.tsv"


def _spaced(folder: Path) -> Path:
    rows = _table().drop(columns=["label", "patient"]).fillna(0).to_numpy()
    lines = [f"  {i % 3}.0  " + "  ".join(map(repr, r.tolist())) for i, r in enumerate(rows)]
    return _write(folder / "x.txt", lines)


def _dirty(folder: Path) -> Path:
    lines = _lines()
    for place, line in ((400, ""), (300, lines[0]), (200, "# after lunch"), (100, "," * 41)):
        lines.insert(place, line)
    lines[150] = lines[150].replace(",", ",+", 5).replace("+-", "-")
    return _write(folder / "x.csv", lines)


def _timed(folder: Path) -> Path:
    table = _table()
    table.insert(1, "time", 0.3 * np.arange(ROWS))
    table.to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def _foreign(folder: Path) -> Path:
    file = folder / "x.csv"
    _table().rename(columns={"patient": "µpatient"}).to_csv(file, index=False, encoding="cp1252")
    return file


def _numbered_files(folder: Path) -> Path:
    for k in range(2):
        _table(k).to_csv(folder / f"part-{k}.csv", index=False)
    return folder


def _folders(folder: Path) -> Path:
    table = _table()
    for label in "ab":
        (folder / f"label={label}").mkdir()
        part = table[table.label == label].drop(columns="label")
        part.to_csv(folder / f"label={label}" / "0.csv", index=False)
    return folder


def _same(held: LabelledSeries, small: LabelledSeries) -> None:
    assert isinstance(small.values, LazySeries)
    for name in ("labels", "groups", "ids", "folds", "validation", "channel_names"):
        mine, other = getattr(small, name), getattr(held, name)
        assert (mine is None) == (other is None), name
        assert mine is None or np.array_equal(mine, other), name
    assert np.array_equal(held.lengths, small.lengths)
    values = pickle.loads(pickle.dumps(small.values))
    for i in np.random.default_rng(0).permutation(held.n_series)[:100].tolist():
        assert values[i].dtype == held.values[i].dtype
        assert np.array_equal(values[i], held.values[i], equal_nan=True)
    assert small.summary() == held.summary()
    said, known = small.account.to_dict(), held.account.to_dict()
    said["taken"]["layout"] = said["taken"]["layout"].removesuffix(", on disk")
    assert said == known


@pytest.mark.parametrize(
    ("write", "options"),
    [
        (_plain, {}),
        (_plain, {"split": "test", "drop": ("t3",)}),
        *((w, {}) for w in (_indexed, _comma, _quoted, _headless, _spaced, _dirty, _timed)),
        (_foreign, {"group": "µpatient"}),
        (_numbered_files, {}),
        (_numbered_files, {"drop": ("t3",)}),
        (_folders, {}),
    ],
)
def test_text_larger_than_memory_is_the_same(
    write: Callable[[Path], Path], options: dict[str, Any], tmp_path: Path
) -> None:
    source = write(tmp_path)
    small = load(source, ReadOptions(max_memory=LIMIT, **options))
    _same(load(source, ReadOptions(**options)), small)
    read = small.values.read.read  # type: ignore[attr-defined]
    for i in range(small.n_series):
        _ = small.values[i]
    assert sum(s.nbytes for block in read.held.values() for s in block) <= LIMIT / 4
    assert len({item[:2] for item in small.values.items}) > 20  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (_with_cell(333, 9, "abc"), "line 334, column t8: 'abc' is not a number"),
        (_with_cell(333, 1, "abc"), "line 334, column t0: 'abc' is not a number"),
        (_with_cell(333, 9, "inf"), "line 334, column t8: the value is infinite"),
        (_with_cell(333, 0, ""), "line 334: no label in column 'label'"),
        (_with_cell(333, 9, "1,2"), "line 334: 43 cells, but the first line has 42"),
        ([*_lines(), "a" + "," * 40 + ",3"], "line 462: the series has no value"),
        ([_lines()[0].replace("patient", "id"), *_lines()[1:]], "id '0' stands in line 2 already"),
    ],
)
def test_what_is_wrong_in_a_large_table_is_said_as_of_a_small_one(
    lines: list[str], said: str, tmp_path: Path
) -> None:
    file = _write(tmp_path / "x.csv", lines)
    texts = []
    for limit in (None, LIMIT):
        with pytest.raises(InputError) as caught:
            load(file, ReadOptions(max_memory=limit))
        texts.append(str(caught.value))
    assert said in texts[0]
    assert texts[1] == texts[0]


def _long() -> list[str]:
    table = pd.DataFrame({"id": np.repeat(np.arange(900), 20), "time": np.tile(np.arange(20), 900)})
    return table.assign(value=np.sqrt(table.index), label="a").to_csv(index=False).splitlines()


@pytest.mark.parametrize(
    "lines", [_long(), _with_cell(333, 9, '"1\n2"'), _with_cell(333, 9, '"1,234.5"')]
)
def test_what_is_read_as_a_whole_is_refused_with_the_sizes(
    lines: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="more than the 315 kB that --max-memory allows"):
        load(_write(tmp_path / "x.csv", lines), ReadOptions(max_memory=LIMIT))


def test_a_file_that_changes_is_not_read_on(tmp_path: Path) -> None:
    file = _plain(tmp_path)
    data = load(file, ReadOptions(max_memory=LIMIT))
    file.write_text(file.read_text().replace(".1", ".2"))
    with pytest.raises(InputError, match=r"x\.csv: was changed while it was in use"):
        _ = data.values[0]


def test_text_read_from_disk_gives_the_same_model(tmp_path: Path) -> None:
    source = _folders(tmp_path)
    answers = []
    for limit in (None, LIMIT):
        data = load(source, ReadOptions(max_memory=limit))
        model = MSSSMClassifier(members=["scan_ridge"], missing="interpolate", random_state=0)
        model.fit(data.as_estimator_input(), data.labels)
        answers.append(model.predict_proba(data.as_estimator_input()))
    assert np.array_equal(*answers)
