"""Break files of every kind at random, and see that nothing but a sentence comes of it.

    python benchmarks/fuzz_readers.py [--rounds 3000] [--seed 0]

A round takes a small sound source (a folder with recordings and a table, or one file), changes
bytes, lines or lengths of one of its files, reads it and decodes two series. Allowed are series
and ``InputError``; every other exception, and whatever takes longer than 20 seconds, is a fault and
is printed with what reproduces it. The exit code is 1 if there were any.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

SECONDS = 20


def _waves(n: int, steps: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, steps)).round(3)


def wfdb_folder(folder: Path) -> Path:
    """Write four annotated records, and a table that lists them."""
    import wfdb

    for i in range(4):
        wfdb.wrsamp(
            f"r{i}", 100, ["mV", "mV"], ["I", "II"], _waves(500, 2), fmt=["16", "16"],
            write_dir=str(folder), comments=["Age: 60", "Dx: 164889003,270492004"],
        )  # fmt: skip
        beats = np.arange(60, 440, 80)
        wfdb.wrann(f"r{i}", "atr", beats, list("NNVNN"), fs=100, write_dir=str(folder))
    rows = "".join(f"r{i};{'ab'[i % 2]};p{i // 2};{('train', 'dev')[i % 2]}\n" for i in range(4))
    (folder / "labels.csv").write_text(f"record;label;patient;split\n{rows}")
    return folder


def beats_folder(folder: Path) -> Path:
    """Write annotated records without a table."""
    wfdb_folder(folder)
    (folder / "labels.csv").unlink()
    return folder


def edf_folder(folder: Path) -> Path:
    """Write EDF+ files with annotations, and a table."""
    import edfio

    for i in range(3):
        signals = [
            edfio.EdfSignal(_waves(1, 400)[0], sampling_frequency=100, label=name)
            for name in ("ECG", "ECG")
        ]
        notes = [edfio.EdfAnnotation(0, 2, "Sleep stage W")]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}.edf")
    (folder / "meta.tsv").write_text("file\tlabel\ne0.edf\ta\ne1.edf\tb\ne2.edf\ta\n")
    return folder


def sound_folder(folder: Path) -> Path:
    """Write sounds in class folders, with speakers in their names, in several formats."""
    import soundfile

    for i, suffix in enumerate((".wav", ".flac", ".ogg", ".wav", ".mp3", ".aiff")):
        place = folder / "train" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        soundfile.write(place / f"{i:08x}_nohash_0{suffix}", _waves(1, 900)[0] / 9, 8000)
    (folder / "metadata.csv").write_text(
        "file_name,label,fold\n"
        + "".join(f"{i:08x}_nohash_0,{'xy'[i % 2]},{i}\n" for i in range(6))
    )
    return folder


def wide_table(folder: Path) -> Path:
    """Write a table with a series a row."""
    head = "id,label,split," + ",".join(f"t{i}" for i in range(8))
    rows = (
        f"{i},{'ab'[i % 2]},{('train', 'test')[i % 2]}," + ",".join(map(str, row))
        for i, row in enumerate(_waves(8, 8))
    )
    (folder / "w.csv").write_text("\n".join([head, *rows]))
    return folder / "w.csv"


def long_table(folder: Path) -> Path:
    """Write a table with a step a row."""
    rows = (
        f"{i};{k / 50:.2f};{v};{-v};{'ab'[i % 2]}"
        for i, row in enumerate(_waves(4, 9))
        for k, v in enumerate(row)
    )
    (folder / "l.csv").write_text("\n".join(["sep=;", "id;time;x;y;label", *rows]))
    return folder / "l.csv"


def npz_file(folder: Path) -> Path:
    """Write named arrays."""
    y = np.arange(6) % 2
    np.savez(folder / "a.npz", X=_waves(6, 60).reshape(6, 3, 20), y=y, fs=50.0, groups=y)
    return folder / "a.npz"


def mat_file(folder: Path) -> Path:
    """Write a MATLAB file."""
    import scipy.io

    scipy.io.savemat(folder / "a.mat", {"X": _waves(6, 20), "y": np.arange(6) % 2, "fs": 50.0})
    return folder / "a.mat"


def parquet_file(folder: Path) -> Path:
    """Write a Parquet file with series in cells."""
    import pandas as pd

    frame = pd.DataFrame({"label": list("abab"), "ecg": list(_waves(4, 12))})
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def ts_file(folder: Path) -> Path:
    """Write a .ts file."""
    lines = [",".join(map(str, row)) + ":" + "ab"[i % 2] for i, row in enumerate(_waves(4, 8))]
    head = "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
    (folder / "a.ts").write_text(head + "\n".join(lines))
    return folder / "a.ts"


SOURCES: tuple[Callable[[Path], Path], ...] = (
    *(wfdb_folder, beats_folder, edf_folder, sound_folder),
    *(wide_table, long_table, npz_file, mat_file, parquet_file, ts_file),
)
OPTIONS = (
    *(ReadOptions(),) * 24,
    ReadOptions(split="test"),
    ReadOptions(label="label"),
    ReadOptions(group="patient"),
    ReadOptions(window=(0.1, 0.1)),
    ReadOptions(episodes=1.0),
    ReadOptions(label_from="*{label}*"),
)


def broken(data: bytes, rng: random.Random) -> bytes:
    """Return a file's content with something changed in it."""
    out = bytearray(data)
    how = rng.randrange(8)
    place = rng.randrange(len(out)) if out else 0
    # Headers decide more than values do.
    place = place if rng.random() < 0.4 else min(place, rng.randrange(400))
    if how == 0:
        return bytes(out[:place])
    if how == 1:
        return bytes(out[:place] + out[place + rng.randrange(1, 40) :])
    if how == 2:
        return bytes(out[:place] + rng.randbytes(rng.randrange(1, 9)) + out[place:])
    if how == 3:
        lines = data.split(b"\n")
        line = rng.randrange(len(lines))
        return b"\n".join(lines[:line] + [rng.choice(lines)] * rng.randrange(3) + lines[line + 1 :])
    if how == 4:
        words = (b"", b"nan", b"-1", b"1e400", b"999999999999", b"\xff\xfe", b'"', b"../x", b"0")
        return bytes(out[:place] + rng.choice(words) + out[place + rng.randrange(4) :])
    for _ in range(rng.randrange(1, 6)):
        if out:
            at = min(rng.randrange(len(out)), place + rng.randrange(64), len(out) - 1)
            out[at] = rng.randrange(256) if how < 7 else rng.choice((0, 0xFF, 0x80, 0x7F))
    return bytes(out)


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


def main() -> int:
    """Run the rounds."""
    formatter = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--rounds", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _too_long)
    counts: Counter[tuple[str, str]] = Counter()
    faults = 0
    with tempfile.TemporaryDirectory() as temporary:
        whole = {}
        for make in SOURCES:
            folder = Path(temporary, "whole", make.__name__)
            folder.mkdir(parents=True)
            whole[make.__name__] = (folder, make(folder))
        for number in range(arguments.rounds):
            rng = random.Random(f"{arguments.seed}-{number}")
            name = rng.choice(sorted(whole))
            folder, source = whole[name]
            place = Path(temporary, "broken")
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(folder, place)
            file = rng.choice(sorted(f for f in place.rglob("*") if f.is_file()))
            file.write_bytes(broken(file.read_bytes(), rng))
            outcome, trace = _read(place / source.relative_to(folder), rng.choice(OPTIONS))
            counts[name, outcome] += 1
            if trace:
                faults += 1
                print(f"round {number}, {name}, {file.relative_to(place)}:\n{trace}", flush=True)
    for (name, outcome), count in sorted(counts.items()):
        print(f"{name:14} {outcome:8} {count}")
    print(f"{arguments.rounds} rounds, seed {arguments.seed}: {faults} faults")
    return int(faults > 0)


def _read(source: Path, options: ReadOptions) -> tuple[str, str]:
    """Say what came of it; with a traceback where that must not be."""
    signal.alarm(SECONDS)
    stderr, sys.stderr = sys.stderr, io.StringIO()
    try:
        data = load(source, options, needs_labels=False)
        data.summary()
        data.origin(options)
        for i in {0, data.n_series - 1}:
            values = np.asarray(data.values[i])
            if values.shape != (data.n_channels, int(data.lengths[i])):
                raise AssertionError(f"series {i} is of shape {values.shape}")
            if np.isinf(values).any():
                raise AssertionError(f"series {i} has an infinite value")
        return "read", ""
    except InputError as error:
        return ("refused", "") if "\n" not in str(error) else ("lines", repr(str(error)))
    except BaseException:
        return "fault", traceback.format_exc(limit=-4)
    finally:
        signal.alarm(0)
        sys.stderr = stderr


if __name__ == "__main__":
    sys.exit(main())
