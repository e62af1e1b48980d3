"""Tables in several files, and data larger than memory: as one file in memory, bit for bit."""

from __future__ import annotations

import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import zarr
from commands import run

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.arrays import zarr_store
from msssm_ts.errors import InputError
from msssm_ts.estimator import MSSSMClassifier
from msssm_ts.series import LazySeries

STEPS = 60


def _same(ours: LabelledSeries, theirs: LabelledSeries) -> None:
    assert ours.n_series == theirs.n_series
    for name in ("labels", "groups", "ids", "folds", "validation", "channel_names"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert (mine is None) == (other is None), name
        assert mine is None or np.array_equal(mine, other), name
    assert np.array_equal(ours.lengths, theirs.lengths)
    # In no order that a row group, or a chunk, has.
    for i in np.random.default_rng(0).permutation(ours.n_series).tolist():
        mine, other = ours.values[i], theirs.values[i]
        assert mine.dtype == other.dtype
        assert np.array_equal(mine, other, equal_nan=True)


def _wide(n: int, rng: np.random.Generator) -> pd.DataFrame:
    values = rng.normal(size=(n, STEPS))
    values[1, STEPS - 9 :] = np.nan
    values[2, 3] = np.nan
    return pd.DataFrame(values, columns=[f"t{k}" for k in range(STEPS)])


def _lists(n: int, rng: np.random.Generator) -> pd.DataFrame:
    lengths = STEPS + np.arange(n)
    return pd.DataFrame({c: [rng.normal(size=k) for k in lengths] for c in ("I", "II")})


def _long(n: int, rng: np.random.Generator) -> pd.DataFrame:
    steps = np.tile(np.arange(9), n)
    # Every file counts its series from 0.
    return pd.DataFrame(
        {"id": np.repeat(np.arange(n), 9), "time": steps, "value": rng.normal(size=9 * n)}
    )


def _divided(folder: Path, kind: Any, suffix: str) -> tuple[Path, Path]:
    """Write the same rows as a partitioned folder, and as one file."""
    rng = np.random.default_rng(0)
    whole = []
    for split, label, subject in itertools.product(("test", "train"), "ab", ("p1", "p2")):
        table = kind(5, rng)
        place = folder / "parts" / f"split={split}" / f"label={label}" / f"subject={subject}"
        place.mkdir(parents=True)
        _write(table, place / f"part-0.{suffix}", row_group=2)
        if "id" in table:
            table["id"] = [f"{label} {subject} {i}" for i in table["id"]]
        whole.append(table.assign(split=split, label=label, subject=subject))
    one = folder / f"one.{suffix}"
    _write(pd.concat(whole, ignore_index=True), one, row_group=7)
    (folder / "parts" / "_SUCCESS").touch()
    return folder / "parts", one


def _write(table: pd.DataFrame, file: Path, row_group: int) -> None:
    if file.suffix == ".csv":
        table.to_csv(file, index=False)
    else:
        table.to_parquet(file, index=False, row_group_size=row_group)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("kind", "suffix"),
    [(_wide, "parquet"), (_lists, "parquet"), (_long, "parquet"), (_wide, "csv"), (_long, "csv")],
)
def test_a_partitioned_folder_is_read_as_one_file(
    kind: Any, suffix: str, split: Any, tmp_path: Path
) -> None:
    parts, one = _divided(tmp_path, kind, suffix)
    options = ReadOptions(split=split)
    divided = load(parts, options)
    _same(divided, load(one, options))
    assert divided.group_name == "subject"
    assert "of another part in column split" in divided.summary()
    assert "1 file (1 without suffix: no part of the table)" in divided.summary()


@pytest.mark.parametrize("kind", [_wide, _lists])
@pytest.mark.parametrize("split", ["train", "test"])
def test_parquet_larger_than_memory_is_the_same(kind: Any, split: Any, tmp_path: Path) -> None:
    parts, one = _divided(tmp_path, kind, "parquet")
    little = ReadOptions(split=split, max_memory=15_000)
    for source in (parts, one):
        small = load(source, little)
        assert isinstance(small.values, LazySeries)
        held = load(source, ReadOptions(split=split))
        _same(small, held)
        _same(
            LabelledSeries(pickle.loads(pickle.dumps(small.values)), small.labels),
            LabelledSeries(held.values, held.labels),
        )
        read = small.values.read.read
        assert sum(s.nbytes for group in read.held.values() for s in group) < 15_000 / 2
        taken = dict(small.account.taken)
        assert taken["layout"].endswith(", on disk")
        assert taken["label"] == "column label"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_names_of_parts_divide_a_folder(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for k, part in enumerate(("train", "train", "test", "validation")):
        table = _wide(6, rng).assign(label=list("ababab"))
        _write(table, tmp_path / f"{part}-0000{k}-of-00004.{suffix}", 100)
    training, test = load(tmp_path), load(tmp_path, ReadOptions(split="test"))
    assert (training.n_series, test.n_series) == (18, 6)
    assert training.validation is not None
    assert training.validation.tolist() == [False] * 12 + [True] * 6


def test_unlike_names_are_said_and_class_folders_may_be_named(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("mon", "tue"):
        _write(_wide(6, rng).assign(label=list("ababab")), tmp_path / f"{name}.parquet", 100)
    assert "took 2 files (mon.parquet, tue.parquet) for parts of one table" in (
        load(tmp_path).summary()
    )
    for site in ("x", "y"):
        (tmp_path / "sites" / f"site={site}").mkdir(parents=True)
        _write(_wide(6, rng), tmp_path / "sites" / f"site={site}" / "0.parquet", 100)
    data = load(tmp_path / "sites", ReadOptions(label="site"))
    assert data.labels is not None
    assert data.labels.tolist() == ["x"] * 6 + ["y"] * 6
    unlabelled = load(tmp_path / "sites", needs_labels=False)
    assert "left out: 1 column (site)" in unlabelled.summary()


def _with(folder: Path, second: pd.DataFrame) -> Path:
    first = pd.DataFrame({"label": list("abab"), "t0": [1.0, 2, 3, 4], "t1": [1.0, 3, 2, 1]})
    first.to_parquet(folder / "part-0.parquet")
    second.to_parquet(folder / "part-1.parquet")
    return folder


GOOD = {"label": list("abab"), "t0": [1.0, 2, 3, 4], "t1": [1.0, 3, 2, 1]}


@pytest.mark.parametrize("limit", [None, 130])
@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"label": list("ab"), "t0": [1.0, 2]}, r"part-1.parquet: no column 't1', which part-0"),
        ({**GOOD, "t2": [1.0] * 4}, r"part-1.parquet: a column 't2', which part-0"),
        (
            {**GOOD, "t1": list("wxyz")},
            r"part-1.parquet, column t1: holds (large_)?string, but double in part-0",
        ),
    ],
)
def test_files_of_other_columns_are_named(
    second: dict[str, Any], said: str, limit: int | None, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=said):
        load(_with(tmp_path, pd.DataFrame(second)), ReadOptions(max_memory=limit))


def test_whole_numbers_and_fractions_are_numbers(tmp_path: Path) -> None:
    data = load(_with(tmp_path, pd.DataFrame({**GOOD, "t1": [1, 2, 3, 4]})))
    assert np.stack(data.values)[4:, 0, 1].tolist() == [1, 2, 3, 4]


def test_a_row_is_named_by_its_file(tmp_path: Path) -> None:
    bad = pd.DataFrame({**GOOD, "label": ["a", None, "b", "a"]})
    with pytest.raises(InputError, match=r"part-1.parquet, row 2: no label in column 'label'"):
        load(_with(tmp_path, bad))


def test_a_value_of_a_large_file_is_named_by_its_row(tmp_path: Path) -> None:
    table = _wide(12, np.random.default_rng(0)).assign(label=list("ab") * 6)
    table.loc[8, "t5"] = np.inf
    _write(table, tmp_path / "x.parquet", row_group=3)
    with pytest.raises(InputError, match=r"x.parquet, row 9, column t5: the value is infinite"):
        load(tmp_path / "x.parquet", ReadOptions(max_memory=8000))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda f: (f / "_delta_log").mkdir(), "a Delta table, which keeps rows that were deleted"),
        (
            lambda f: (
                (f / "label=a").mkdir()
                or _write(_wide(3, np.random.default_rng(0)), f / "label=a" / "0.parquet", 9)
            ),
            "lies in no folder label=…, but others",
        ),
    ],
)
def test_folders_that_are_no_one_table(make: Any, said: str, tmp_path: Path) -> None:
    folder = _with(tmp_path, pd.DataFrame(GOOD))
    make(folder)
    with pytest.raises(InputError, match=said):
        load(folder)


def test_a_column_that_says_otherwise_than_its_folder_is_refused(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / f"label={label}").mkdir()
        table = _wide(3, np.random.default_rng(0)).assign(label="a")
        _write(table, tmp_path / f"label={label}" / "0.parquet", 9)
    with pytest.raises(InputError, match=r"column label says a, but the folder's name label=b"):
        load(tmp_path)


def test_a_long_table_larger_than_memory_is_refused_with_a_remedy(tmp_path: Path) -> None:
    table = _long(40, np.random.default_rng(0)).assign(label="a")
    _write(table, tmp_path / "x.parquet", row_group=90)
    with pytest.raises(InputError, match=r"is read as a whole; raise it, or write a series a row"):
        load(tmp_path / "x.parquet", ReadOptions(max_memory=4000))


def _array(dtype: str = "f4") -> np.ndarray:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 3, 40)) + (np.arange(24) % 2)[:, None, None]
    X = X.astype(dtype) if dtype != "i2" else (100 * X).astype("i2")
    if X.dtype.kind == "f":
        X[3, :, 30:] = np.nan
        X[5, 1, 4] = np.nan
    return X


def _npy(folder: Path, X: np.ndarray) -> Path:
    np.save(folder / "X.npy", X)
    np.save(folder / "y.npy", np.arange(24) % 2)
    np.save(folder / "groups.npy", np.arange(24) // 4)
    np.save(folder / "channel_names.npy", ["I", "II", "V1"])
    return folder


def _zarr(folder: Path, X: np.ndarray, version: Any = 3) -> Path:
    group = zarr.open_group(str(folder / "x.zarr"), mode="w", zarr_format=version)
    for name, array in {"X": X, "y": np.arange(24) % 2, "groups": np.arange(24) // 4}.items():
        group.create_array(name, data=array, chunks=(5, *array.shape[1:]))
    group.attrs.update({"channel_names": ["I", "II", "V1"], "fs": 50})
    return folder / "x.zarr"


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
@pytest.mark.parametrize("write", [_npy, _zarr])
@pytest.mark.parametrize("drop", [(), ("II",)])
def test_arrays_larger_than_memory_are_the_same(
    write: Any, dtype: str, drop: tuple[str, ...], tmp_path: Path
) -> None:
    source = write(tmp_path, _array(dtype))
    small = load(source, ReadOptions(max_memory=10_000, drop=drop))
    assert isinstance(small.values, LazySeries)
    _same(small, load(source, ReadOptions(drop=drop)))
    assert small.lengths.min() == (40 if dtype == "i2" else 30)


def test_zarr_of_the_older_version_and_parts_of_a_split(tmp_path: Path) -> None:
    _same(load(_zarr(tmp_path, _array(), 2)), load(_zarr(tmp_path, _array(), 3)))
    group = zarr.open_group(str(tmp_path / "p.zarr"), mode="w")
    for k, part in enumerate(("train", "test")):
        group.create_array(f"X_{part}", data=_array() + k, chunks=(5, 3, 40))
        group.create_array(f"y_{part}", data=np.arange(24) % 2)
    for part in ("train", "test"):
        small = load(tmp_path / "p.zarr", ReadOptions(split=part, max_memory=10_000))
        _same(small, load(tmp_path / "p.zarr", ReadOptions(split=part)))


def test_zarr_that_promises_what_is_not_there_is_refused(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "x.zarr"), mode="w")
    group.create_array("X", shape=(10**6, 10**3), dtype="f4", chunks=(10, 1000))
    with pytest.raises(InputError, match="but nothing is stored of it"):
        load(tmp_path / "x.zarr", needs_labels=False)
    group = zarr.open_group(str(tmp_path / "y.zarr"), mode="w")
    group.create_array("X", data=np.ones((9, 40)), chunks=(9, 40))
    with pytest.raises(InputError, match="a chunk of X would take"):
        load(tmp_path / "y.zarr", ReadOptions(max_memory=1000), needs_labels=False)
    (tmp_path / "y.zarr" / "zarr.json").write_text("{")
    with pytest.raises(InputError, match="not a readable Zarr folder"):
        load(tmp_path / "y.zarr")


class _Runs:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_zarr_that_would_run_what_it_holds_is_refused(tmp_path: Path) -> None:
    group = zarr.open_group(str(tmp_path / "x.zarr"), mode="w", zarr_format=2)
    group.create_array("X", data=np.ones((4, 5)), compressors=None)
    about = tmp_path / "x.zarr" / "X" / ".zarray"
    (chunk,) = (p for p in about.parent.iterdir() if not p.name.startswith("."))
    chunk.write_bytes(pickle.dumps(_Runs(tmp_path / "ran")))
    plain = json.loads(about.read_text())
    # Zarr itself knows the first.
    for codec, said in (("pickle", "not a readable Zarr folder"), ("base64", "packed by 'base64'")):
        about.write_text(json.dumps(plain | {"compressor": {"id": codec}}))
        with pytest.raises(InputError, match=said):
            load(tmp_path / "x.zarr", needs_labels=False)
    assert not (tmp_path / "ran").exists()
    group = zarr.open_group(str(tmp_path / "y.zarr"), mode="w")
    group.create_array("X", data=np.ones((4, 5)), shards=(4, 5), chunks=(2, 5))
    group.create_array("y", data=np.array(["a", "b", "a", "b"]))
    assert load(tmp_path / "y.zarr").summary().endswith("2 classes: a b")


def test_a_zarr_chunk_is_decoded_once_for_its_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _zarr(tmp_path, _array())
    data = load(source, ReadOptions(max_memory=10_000))
    zarr_store._chunk.cache_clear()
    for i in range(10):
        _ = data.values[i]
    assert zarr_store._chunk.cache_info().misses == 2


def test_labels_of_an_array_in_a_table_beside_it(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", _array())
    table = pd.DataFrame({"diagnosis": ["a", "b"] * 12, "patient": np.arange(24) // 2})
    table.to_csv(tmp_path / "labels.csv", index=False)
    for limit in (None, 20_000):
        data = load(tmp_path, ReadOptions(max_memory=limit))
        assert data.labels is not None
        assert data.labels.tolist() == ["a", "b"] * 12
        assert data.group_name == "patient"
    table[:-1].to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(InputError, match=r"labels.csv: 23 rows for 24 series in X.npy"):
        load(tmp_path)


def test_series_read_from_disk_give_the_same_model(tmp_path: Path) -> None:
    parts, _ = _divided(tmp_path, _lists, "parquet")
    (tmp_path / "npy").mkdir()
    sources = [parts, _npy(tmp_path / "npy", _array()), _zarr(tmp_path, _array())]
    for source, members in zip(
        sources, ("scan_ridge", "scan_ridge", "quantile_trees"), strict=True
    ):
        answers = []
        for limit in (None, 10_000 if source is not parts else 15_000):
            data = load(source, ReadOptions(max_memory=limit))
            assert isinstance(data.values, LazySeries) == (limit is not None)
            model = MSSSMClassifier(members=[members], missing="interpolate", random_state=0)
            model.fit(data.as_estimator_input(), data.labels)
            answers.append(model.predict_proba(data.as_estimator_input()))
        assert np.array_equal(*answers)


def test_predict_reads_a_partitioned_folder_as_one(tmp_path: Path) -> None:
    parts, _ = _divided(tmp_path, _wide, "csv")
    run("fit", parts, "--members", "scan_ridge", "--out", tmp_path / "run")
    out, said = run("predict", tmp_path / "run", parts)
    assert "read as one data set, for its folders' names are columns" in said
    assert len(out.splitlines()) == 21


def test_columns_of_text_tables_are_dropped(tmp_path: Path) -> None:
    frame = _wide(4, np.random.default_rng(0)).assign(label=["a", "b"] * 2, age=1)
    for k in range(2):
        frame.iloc[2 * k : 2 * k + 2].to_csv(tmp_path / f"part-{k}.csv", index=False)
    data = load(tmp_path, ReadOptions(drop=("age",)))
    assert int(data.lengths.max()) == STEPS
    assert "1 column (age: as asked)" in data.account.line()
    with pytest.raises(InputError, match="no column 'sex' \\(--drop\\)"):
        load(tmp_path, ReadOptions(drop=("age", "sex")))


def test_folders_of_tables_are_classes_where_no_column_is(tmp_path: Path) -> None:
    for i, name in enumerate(("ill", "well")):
        (tmp_path / name).mkdir()
        rows = "".join(
            ",".join(str((i + k) * t % 97) for t in range(60)) + "\n" for k in range(750)
        )
        (tmp_path / name / "data.csv").write_text(
            ",".join(f"t{t}" for t in range(60)) + "\n" + rows
        )
    data = load(tmp_path)
    assert data.labels.tolist() == ["ill"] * 750 + ["well"] * 750
    assert "took the folders for classes" in data.account.line()
    dropped = ReadOptions(drop=("folder",))
    assert load(tmp_path, dropped, needs_labels=False).labels is None
    few = ReadOptions(max_memory=500_000)
    assert load(tmp_path, few).labels.tolist() == data.labels.tolist()
