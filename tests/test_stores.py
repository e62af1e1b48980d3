"""Data in object stores, fetched through fsspec: on its memory and local file systems."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from commands import run
from fsspec.implementations.memory import MemoryFileSystem

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.stores import mirror
from msssm_ts.datasets.stores.mirror import local_copy, stores_folder
from msssm_ts.errors import FetchError, InputError, WritingError
from msssm_ts.teller import Teller, teller


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryFileSystem]:
    monkeypatch.setenv("MSSSM_TS_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(mirror, "_PAUSE", 0.0)
    memory = MemoryFileSystem()
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    yield memory
    memory.store.clear()


@pytest.fixture
def fetched(store: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of files as they are fetched."""
    names: list[str] = []
    before = MemoryFileSystem.open

    def counting(self: MemoryFileSystem, path: str, *args: Any, **kwargs: Any) -> Any:
        if "block_size" in kwargs:
            names.append(path.rpartition("/")[2])
        return before(self, path, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, "open", counting)
    return names


def _table(seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    rows = [
        f"{'ab'[i % 2]},{','.join(f'{v:.3f}' for v in rng.normal(i % 2, 1, 12))}" for i in range(8)
    ]
    return "\n".join(["label," + ",".join(f"t{k}" for k in range(12)), *rows, ""]).encode()


def test_a_store_is_read_as_its_files_are(store: MemoryFileSystem, tmp_path: Path) -> None:
    for k in range(2):
        store.pipe(f"/b/set/split=train/part-{k}.csv", _table(k))
        store.pipe(f"/b/set/split=test/part-{k}.csv", _table(9))
    store.pipe("/b/set/.hidden", b"x")
    here = tmp_path / "here"
    store.get("/b/set", str(here), recursive=True)
    for split in ("train", "test"):
        theirs, ours = load(f"memory://b/set:{split}"), load(here, ReadOptions(split=split))
        assert theirs.summary() == ours.summary()
        assert np.array_equal(np.stack(theirs.values), np.stack(ours.values))
    assert theirs.source == "memory://b/set"
    assert load(f"file://{here}").summary() == load(here).summary()


def test_only_what_changed_is_fetched_again(store: MemoryFileSystem, fetched: list[str]) -> None:
    for k in range(3):
        store.pipe(f"/b/set/part-{k}.csv", _table(k))
    first = load("memory://b/set")
    assert sorted(fetched) == ["part-0.csv", "part-1.csv", "part-2.csv"]
    fetched.clear()
    assert load("memory://b/set").n_series == first.n_series == 24
    assert not fetched
    store.pipe("/b/set/part-1.csv", _table(7))
    store.rm("/b/set/part-2.csv")
    data = load("memory://b/set")
    assert fetched == ["part-1.csv"]
    assert data.n_series == 16
    assert not np.array_equal(data.values[8], first.values[8])
    # Another version of as many bytes.
    store.pipe("/b/set/part-1.csv", _table(7).replace(b"\na,", b"\nc,"))
    labels = load("memory://b/set").labels
    assert labels is not None
    assert "c" in labels
    # What was cut off on the disk is not taken for the whole.
    copy, _ = local_copy("memory://b/set")
    (copy / "part-0.csv").write_bytes(b"lab")
    assert load("memory://b/set").n_series == 16


def test_what_was_interrupted_goes_on_at_the_file_that_is_missing(
    store: MemoryFileSystem, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(4):
        store.pipe(f"/b/set/part-{k}.csv", _table(k))
    monkeypatch.setattr(mirror, "_AT_A_TIME", 1)
    working = MemoryFileSystem.open

    def breaking(self: MemoryFileSystem, path: str, *args: Any, **kwargs: Any) -> Any:
        if path.endswith("part-2.csv"):
            raise ConnectionResetError("gone away")
        return working(self, path, *args, **kwargs)

    with monkeypatch.context() as broken:
        broken.setattr(MemoryFileSystem, "open", breaking)
        with pytest.raises(
            FetchError, match=r"memory://b/set: part-2.csv cannot be fetched \(gone"
        ):
            load("memory://b/set")
    every = {f"part-{k}.csv" for k in range(4)}
    # The last may have begun before the others heard of it.
    there = {p.name for p in stores_folder().rglob("part-*")}
    assert there - {"part-3.csv"} == {"part-0.csv", "part-1.csv"}
    record = next(stores_folder().rglob(mirror._KNOWN))
    # What is there, but was not written down before all ended, is fetched once more.
    known = mirror._known(record.parent).keys()
    assert {"part-0.csv", "part-1.csv"} <= known <= there
    # A line that was cut off in the midst.
    record.write_text(record.read_text() + '["part-0.csv", 12')
    fetched.clear()
    assert load("memory://b/set").n_series == 32
    assert sorted(fetched) == sorted(every - known)
    lines = record.read_text().splitlines()
    assert sorted(json.loads(line)[0] for line in lines) == sorted(every)


def test_a_connection_that_breaks_off_once_is_tried_again(
    store: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/b/a.csv", _table())
    working, tries = MemoryFileSystem.open, []

    def flaky(self: MemoryFileSystem, *args: Any, **kwargs: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise TimeoutError("slow")
        return working(self, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, "open", flaky)
    assert load("memory://b/a.csv").n_series == 8
    assert len(tries) == 2


def test_a_store_larger_than_the_disk_is_refused_before_anything_is_fetched(
    store: MemoryFileSystem, fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/b/a.csv", _table())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=mirror._SPARE + 100))
    with pytest.raises(InputError, match=r"are to be fetched, but the disk of .* has 268 MB free"):
        load("memory://b/a.csv")
    assert not fetched


def test_a_file_that_is_not_as_long_as_the_store_says_is_refused(
    store: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/b/set/part-0.csv", _table())
    find = MemoryFileSystem.find

    def lying(self: MemoryFileSystem, *args: Any, **kwargs: Any) -> Any:
        return {p: {**i, "size": 40} for p, i in find(self, *args, **kwargs).items()}

    monkeypatch.setattr(MemoryFileSystem, "find", lying)
    with pytest.raises(FetchError, match="has not the 40 bytes"):
        load("memory://b/set")
    assert not list(stores_folder().rglob("part-*"))


@pytest.mark.parametrize(
    "name",
    ["../../evil.csv", "a/../../evil.csv", "a\\..\\evil.csv", "C:evil.csv", "a//b.csv", "a\n.csv"],
)
def test_names_cannot_leave_the_cache(
    name: str, store: MemoryFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/b/set/part-0.csv", _table())

    def hostile(self: MemoryFileSystem, path: str, **kwargs: Any) -> Any:
        return {f"/b/set/{name}": {"size": 3, "type": "file", "name": f"/b/set/{name}"}}

    monkeypatch.setattr(MemoryFileSystem, "find", hostile)
    with pytest.raises(InputError, match="would lie outside its folder, or under another name"):
        load("memory://b/set")
    assert not list(tmp_path.rglob("*evil*"))


def test_what_belongs_to_a_file_comes_with_it(store: MemoryFileSystem, tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(6, 9)))
    np.save(tmp_path / "y.npy", np.arange(6) % 2)
    for name in ("X.npy", "y.npy"):
        store.pipe(f"/b/{name}", (tmp_path / name).read_bytes())
    store.pipe("/b/other.csv", _table())
    assert load("memory://b/X.npy").summary() == load(tmp_path / "X.npy").summary()
    assert not list(stores_folder().rglob("other.csv"))


def test_what_cannot_be_written_is_told_as_that(
    store: MemoryFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pipe("/b/a.csv", _table())
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(WritingError, match="name another folder by \\$MSSSM_TS_DATA_DIR"):
        load("memory://b/a.csv")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://b/set", "s3:// needs s3fs, which is not installed; run: python -m pip install s3fs"),
        ("s33://b/set", "nothing here opens s33://; known are .* is 's3' meant"),
        ("memory://b/none", "there is no such file or folder in the store"),
        ("memory://", "names no file or folder"),
        ("file:///nowhere/x.csv", "file:///nowhere/x.csv: no such file or folder"),
        ("zip://a.csv::s3://b/a.zip", "addresses that wrap others are not read"),
        ("reference://x", "addresses that wrap others are not read"),
    ],
)
def test_addresses_that_cannot_be_read(address: str, said: str, store: MemoryFileSystem) -> None:
    with pytest.raises(InputError, match=said):
        load(address)


def test_a_password_is_not_repeated(store: MemoryFileSystem) -> None:
    with pytest.raises(InputError, match="password in an address") as caught:
        load("ftp://me:secret@host/set")
    assert "secret" not in str(caught.value)


def test_what_is_wrong_in_a_file_is_said_of_the_address(store: MemoryFileSystem) -> None:
    store.pipe("/b/a.csv", b"")
    with pytest.raises(InputError, match=r"^memory://b/a.csv: the file is empty"):
        load("memory://b/a.csv")


def test_progress_counts_bytes(store: MemoryFileSystem) -> None:
    import contextlib

    store.pipe("/b/a.csv", _table())
    told: list[tuple[int, int]] = []

    class Listening(Teller):
        def progress(self, url: str) -> Any:
            return contextlib.nullcontext(lambda done, total: told.append((done, total)))

    token = teller.set(Listening())
    load("memory://b/a.csv")
    teller.reset(token)
    assert told[-1] == (len(_table()), len(_table()))


def test_commands_read_stores(store: MemoryFileSystem, tmp_path: Path) -> None:
    for k in range(2):
        store.pipe(f"/b/set/part-{k}.csv", _table(k))
    model, rows = tmp_path / "run", tmp_path / "rows.csv"
    _, said = run("fit", "memory://b/set", "--members", "scan_ridge", "--out", model)
    assert "memory://b/set: 2 files, 1.33 kB; fetching 1.33 kB into" in said
    _, said = run("predict", model, "memory://b/set", "--out", rows)
    assert "all of it is in" in said
    files = [line.split(",")[0] for line in rows.read_text().splitlines()[1:]]
    assert files == [f"memory://b/set/part-{k}.csv" for k in range(2) for _ in range(8)]
    out, said = run("evaluate", model, "memory://b/set/part-0.csv", "--quiet", "--json")
    assert json.loads(out)["n_series"] == 8
    assert "fetching" not in said
    _, said = run("annotate", model, "memory://b/set", code=2)
    assert "nothing is written into a store; name a folder with --out" in said
