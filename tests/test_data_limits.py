"""Data files as untrusted input: bombs, the limit, the net, parsers of our own, broken files."""

from __future__ import annotations

import gzip
import pickle
import re
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import wfdb
from bombs import ALLOWED, BOMBS
from commands import run
from fuzz.data import run as fuzz
from fuzz.data_seeds import SEEDS
from recordings import write_sound

from msssm_ts.datasets import ReadOptions, load, memory, probe
from msssm_ts.datasets.archives.archive import read_ts
from msssm_ts.datasets.arrays.mat_file import read_mat_file
from msssm_ts.datasets.damage import Damaged, told_as_damage
from msssm_ts.datasets.memory import allowed_bytes, demand, limited, parse_size
from msssm_ts.datasets.recordings.lists import read_rows
from msssm_ts.datasets.unpack import unpack
from msssm_ts.datasets.wfdb.annotation_file import parse_annotations
from msssm_ts.errors import InputError

# What is refused for another reason than the limit, and what is read as far as it is there.
SAID = {
    "npy_promise": "promises 625000000 values of 8 bytes, but 800 bytes are there",
    "npy_objects": "holds Python objects",
    "npz_promise": "promises 1000000000000 values",
    **dict.fromkeys(("csv_gz", "csv_xz", "csv_zip"), "takes more unpacked than the 8 MB"),
    "npz_overlapping": "they overlap",
    "mat73_references": "X must be numbers",
    "hdf5_nothing_stored": "nothing is stored of it",
    "hdf5_elsewhere": "lies in other files",
    "edf_records": "breaks off after 1 of 99999999 data records",
    "edf_signals": "9999 signals do not fit",
    "wfdb_frames": "breaks off after 8 of 2000000000 bytes",
    "ishne_samples": "breaks off after 100 of 1000000000 samples",
    "scp_samples": "its samples break off",
    "scp_tables": "it has 9999 Huffman tables",
    "mfer_sequences": "break off after 200 of 20000000000 bytes",
    "dicom_samples": "breaks off after 200 of 2000000000 bytes",
    "dicom_deflated": "compressed as a whole",
    "xml_laughs": "defines entities",
    "xml_outside": "defines entities",
    "json_deep": "no JSON of series",
    "json_number": "neither JSON nor",
    "ts_dimensions": "not a readable .ts file",
    "ts_colons": "--max-memory allows",
}
READ = {"wav_promise", "wfdb_gap"}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_by_name(name: str, tmp_path: Path) -> None:
    file = BOMBS[name](tmp_path)
    command = ("data", "info", file, "--max-memory", f"{ALLOWED // 10**6}MB")
    if name in READ:
        run(*command)
        return
    _, err = run(*command, code=2)
    text = " ".join(err.split())
    assert str(file.parent) in text.replace(" ", "")
    assert SAID.get(name, "--max-memory allows") in text
    assert "Traceback" not in text


def test_bombs_take_little_memory(tmp_path: Path) -> None:
    files = [str(BOMBS[name](tmp_path)) for name in ("npz_zeros", "mat5_zeros", "csv_gz")]
    code = (
        "import resource, sys\n"
        "from msssm_ts.datasets import ReadOptions, load\n"
        "import pyarrow.csv, msssm_ts.datasets.archives.archive\n"
        "unit = 1024 if sys.platform == 'darwin' else 1\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit\n"
        "before = peak()\n"
        "for file in sys.argv[1:]:\n"
        f"    try: load(file, ReadOptions(max_memory={ALLOWED}))\n"
        "    except ValueError as error: print(type(error).__name__)\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, check=True
    )
    *kinds, taken = done.stdout.split()
    assert kinds == ["InputError"] * 3
    # Kilobytes; each unpacks to 40 MB, and there are the buffers of what unpacks them.
    assert int(taken) < 35_000


def test_lists_of_recordings_may_be_of_no_depth(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("[" * 10**5)
    with pytest.raises(InputError, match=r"meta\.json: neither JSON nor"):
        read_rows(tmp_path / "meta.json")


def test_archives_of_named_sets_unpack_to_what_they_can_hold(tmp_path: Path) -> None:
    file = tmp_path / "set.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(10))
    raw = bytearray(file.read_bytes())
    struct.pack_into("<I", raw, raw.rindex(b"PK\x01\x02") + 24, 2**31)
    file.write_bytes(raw)
    with pytest.raises(InputError, match=r"set\.zip: unpacks to more bytes"):
        unpack(file, tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())


def test_sizes_and_what_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [parse_size(t) for t in ("8GB", "1 kib", "2.5m", "7")] == [8 * 10**9, 1024, 2500000, 7]
    for text in ("", "0", "-1GB", "GB", "nan", "8 GBB", "1e3"):
        with pytest.raises(InputError, match="--max-memory"):
            parse_size(text)
    monkeypatch.setattr(memory, "_free_of_machine", lambda: 10**9)
    monkeypatch.setattr(memory, "_free_of_group", lambda: 3 * 10**8)
    with limited(None) as allowed:
        assert allowed == allowed_bytes() == 15 * 10**7
    monkeypatch.setattr(memory, "_free_of_machine", lambda: None)
    monkeypatch.setattr(memory, "_free_of_group", lambda: None)
    with limited(None) as allowed:
        assert allowed == memory.UNKNOWN_MACHINE
        with limited(5), pytest.raises(InputError, match=r"^x: it would take 6 bytes unpacked"):
            demand(6, "x")
        demand(6, "x")


def test_what_a_container_may_take(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    names = ("memory.max", "memory.current", "inactive_file")
    assert memory._left_in(tmp_path, *names) == [450]
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._left_in(tmp_path, *names) == []


def test_the_limit_goes_with_series_that_are_decoded_later(tmp_path: Path) -> None:
    write_sound(tmp_path / "a" / "x.wav")
    write_sound(tmp_path / "b" / "y.wav")
    data = load(tmp_path, ReadOptions(max_memory=10**6))
    with limited(1):
        assert pickle.loads(pickle.dumps(data.values))[0].shape == (1, 800)
        with pytest.raises(InputError, match="--max-memory"):
            load(tmp_path).values[0]


def test_the_net_tells_parsers_errors_and_lets_ours_through(tmp_path: Path) -> None:
    for error in (KeyError("a\nb"), MemoryError(), RecursionError(), struct.error("x"), OSError(5)):
        with pytest.raises(Damaged, match=r"^f: ") as caught, told_as_damage("f", "files"):
            raise error
        assert caught.value.__cause__ is error
        assert "\n" not in str(caught.value)
    with pytest.raises(Damaged), told_as_damage("f", "files"):
        # A TypeError in the code of others.
        re.compile("a").match(1)  # type: ignore[arg-type]  # raised here, in a test
    with pytest.raises(AttributeError), told_as_damage("f", "files"):
        # In a line of the package.
        read_ts(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [False, True])
def test_matlab_files_are_read_as_scipy_reads_them(packed: bool, tmp_path: Path) -> None:
    cells = np.empty((2, 2), dtype=object)
    cells[:] = [[np.arange(3.0), "text"], ["", np.eye(2, dtype=np.int16)]]
    content = {
        "a": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "b": np.array([1 + 2j, 3.5]),
        "c": np.array(["abc", "de "]),
        "d": cells,
        "e": {"x": 1, "y": {"z": "ü€"}},
        "f": np.array([[True, False]]),
        "g": np.zeros((0, 3)),
        "h": np.array([2**62], dtype=np.int64),
    }
    file = tmp_path / "a.mat"
    scipy.io.savemat(file, content, do_compression=packed)
    ours, theirs = read_mat_file(file), scipy.io.loadmat(file, chars_as_strings=True)
    assert list(ours) == list(content)
    _assert_same([ours[k] for k in content], [theirs[k] for k in content])
    numbers = {k: content[k] for k in ("b", "c", "f", "g")} | {"a": content["a"][0]}
    scipy.io.savemat(file, numbers, format="4")
    ours, theirs = read_mat_file(file), scipy.io.loadmat(file, chars_as_strings=True)
    _assert_same([ours[k] for k in numbers], [theirs[k] for k in numbers])


def _assert_same(ours: object, theirs: object) -> None:
    if isinstance(ours, np.ndarray) and ours.dtype.names:
        assert ours.dtype.names == theirs.dtype.names
        ours, theirs = ours.ravel()[0].tolist(), theirs.ravel()[0].tolist()
    if isinstance(ours, np.ndarray) and ours.dtype.kind != "O":
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
        return
    if isinstance(ours, np.ndarray):
        assert ours.shape == theirs.shape
        ours, theirs = ours.ravel().tolist(), theirs.ravel().tolist()
    for one, other in zip(ours, theirs, strict=True):
        _assert_same(one, other)


def test_matlab_files_of_real_versions_are_read_as_scipy_reads_them() -> None:
    folder = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
    files = sorted(folder.glob("test*_*.mat"))
    # Wheels of scipy bring them; distributions may not.
    for file in (f for f in files if re.match("test(double|cell|struct|string|minus)", f.name)):
        theirs = scipy.io.loadmat(file, chars_as_strings=True)
        for name, value in read_mat_file(file).items():
            other = theirs[name]
            assert value.shape == other.shape, file.name
            if value.dtype.kind in "iufU":
                np.testing.assert_array_equal(value, other)


def test_annotations_are_parsed_as_wfdb_parses_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    samples = np.cumsum(rng.integers(1, 9000, 200))
    symbols = list(rng.choice(list('NLRaVF+"~|'), 200))
    notes = ["(AFIB" if s == "+" else "odd" if s == '"' else "" for s in symbols]
    where = str(tmp_path)
    wfdb.wrann("r", "atr", samples, symbols, aux_note=notes, fs=250, write_dir=where)
    theirs = wfdb.rdann(f"{where}/r", "atr")
    ours = parse_annotations((tmp_path / "r.atr").read_bytes())
    assert ours.samples == theirs.sample.tolist() == samples.tolist()
    assert ours.symbols == list(theirs.symbol) == symbols
    assert ours.texts == list(theirs.aux_note)
    assert ours.resolution == theirs.fs == 250


def test_annotations_that_wfdb_never_ends_to_parse() -> None:
    note = b"## odd"
    data = struct.pack("<HH", 22 << 10, 63 << 10 | len(note)) + note
    data += struct.pack("<HHH", 1 << 10 | 40, 59 << 10, 0xFFFF)
    with pytest.raises(ValueError, match="breaks off"):
        parse_annotations(data)
    # A long interval back, and a kind that has no name.
    data = data[:-2] + struct.pack("<HHH", 0xFFFF, 0xFFF6, 50 << 10 | 5) + bytes(2)
    assert parse_annotations(data)[:2] == ([40, 35], ["N", "#50"])


def test_compressed_tables_are_read_below_the_limit(tmp_path: Path) -> None:
    table = b"label,t0,t1\na,1,2\nb,3,4\n"
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(table))
    assert load(file, ReadOptions(max_memory=50_000)).n_series == 2
    file.write_bytes(gzip.compress(table) + b"garbage")
    with pytest.raises(InputError, match=r"a\.csv\.gz: cannot be decompressed"):
        load(file)


def test_broken_files_come_to_series_or_a_sentence() -> None:
    _, _, failures = fuzz(list(SEEDS), len(SEEDS), seed=20)
    assert failures == []


def test_an_hdf5_file_that_does_not_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What libhdf5 does on some damaged files, here by a process that never answers."""
    import h5py

    file = tmp_path / "x.h5"
    with h5py.File(file, "w") as out:
        out["X"], out["y"] = np.ones((4, 9)), ["a", "b", "a", "b"]
    script = tmp_path / "child.py"
    script.write_text("import time\nprint(flush=True)\ntime.sleep(30)\n")
    child = probe.Child("hdf5", script)
    monkeypatch.setitem(probe._children, "hdf5", child)
    monkeypatch.setattr(probe, "_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"x\.h5: damaged: the library for HDF5 crashes"):
        load(file)
    assert time.monotonic() - began < 20
    # A crash, and a process that is started anew.
    script.write_text("print(flush=True)\ninput()\nraise SystemExit(3)\n")
    probe._ends.cache_clear()
    with pytest.raises(InputError, match="does not come to its"):
        load(file)
    # One that does not come to its start says nothing of the file.
    script.write_text("raise SystemExit(1)\n")
    probe._ends.cache_clear()
    assert load(file).summary().startswith("4 series")
    script.write_text((Path(probe.__file__).parent / "probe_child.py").read_text())
    monkeypatch.setattr(probe, "_SECONDS", 20.0)
    probe._ends.cache_clear()
    assert load(file).summary().startswith("4 series")
    child.stop()
