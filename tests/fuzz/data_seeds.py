"""Small sound files and folders of every format that is read, for ``data.py`` to break."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import scipy.io
import soundfile

from fuzz.data_recordings import RECORDINGS, Seed, listing, some_signals, waves


def wide_csv(folder: Path) -> Path:
    """A series a row."""
    head = "id,label,split," + ",".join(f"t{i}" for i in range(8))
    rows = (
        f"{i},{'ab'[i % 2]},{('train', 'test')[i // 6]}," + ",".join(map(str, row))
        for i, row in enumerate(waves(8, 8))
    )
    (folder / "w.csv").write_text("\n".join([head, *rows]))
    return folder / "w.csv"


def wide_tsv(folder: Path) -> Path:
    """A series a row, without header, the label first."""
    rows = (f"{i % 2}\t" + "\t".join(map(str, row)) for i, row in enumerate(waves(8, 9)))
    (folder / "w.tsv").write_text("\n".join(rows))
    return folder / "w.tsv"


def long_csv(folder: Path) -> Path:
    """A step a row."""
    rows = (
        f'{i};{k / 50:.2f};{v};{-v};"{"ab"[i % 2]}"'
        for i, row in enumerate(waves(4, 9))
        for k, v in enumerate(row)
    )
    (folder / "l.csv").write_text("\n".join(["sep=;", "id;time;x;y;label", *rows]))
    return folder / "l.csv"


def stream_csv(folder: Path) -> Path:
    """One recording, a label a row."""
    rows = "".join(f"{k / 10},{'walk' if k < 60 else 'run'},{k % 7},{k % 5}\n" for k in range(120))
    (folder / "s.csv").write_text(f"timestamp,activity,x,z\n{rows}")
    return folder / "s.csv"


def utf16_csv(folder: Path) -> Path:
    """UTF-16, decimal commas."""
    rows = "".join(f"{'äö'[i % 2]};{i},5;2,25;{i},125\n" for i in range(6))
    (folder / "u.csv").write_text(f"label;t0;t1;t2\n{rows}", encoding="utf-16")
    return folder / "u.csv"


def _packed(suffix: str, pack: Callable[[bytes], bytes]) -> Seed:
    def write(folder: Path) -> Path:
        plain = wide_csv(folder)
        file = folder / f"w.csv{suffix}"
        file.write_bytes(pack(plain.read_bytes()))
        plain.unlink()
        return file

    return write


def csv_zip(folder: Path) -> Path:
    """A table in a .zip file."""
    plain = wide_csv(folder)
    with zipfile.ZipFile(folder / "w.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "w.csv")
    plain.unlink()
    return (folder / "w.zip").rename(folder / "w.csv.zip")


def matrices(folder: Path) -> Path:
    """A folder per part, a matrix a channel, as UCI's HAR set."""
    for part in ("train", "test"):
        (folder / part / "signals").mkdir(parents=True)
        for name in ("x", "y"):
            np.savetxt(folder / part / "signals" / f"{name}_{part}.txt", waves(6, 7), "%.3f")
        np.savetxt(folder / part / f"y_{part}.txt", np.arange(6) % 2 + 1, "%d")
        np.savetxt(folder / part / f"subject_{part}.txt", np.arange(6) // 2, "%d")
    (folder / "activity_labels.txt").write_text("1 WALKING\n2 SITTING\n")
    return folder


def text_recordings(folder: Path) -> Path:
    """A recording a text file, a folder a class."""
    for i in range(4):
        place = folder / ("run", "walk")[i % 2]
        place.mkdir(exist_ok=True)
        rows = "".join(f"{k / 10},{a},{b}\n" for k, (a, b) in enumerate(waves(2, 30).T))
        (place / f"r{i}.csv").write_text(f"time,x,y\n{rows}")
    return folder


def npz(folder: Path) -> Path:
    """Named arrays."""
    y = np.arange(6) % 2
    cube = waves(6, 60).reshape(6, 3, 20)
    np.savez(folder / "a.npz", X=cube, y=y, fs=50.0, groups=y, ids=np.array(list("abcdef")))
    return folder / "a.npz"


def npz_packed(folder: Path) -> Path:
    """Named arrays, compressed, with lengths and times."""
    times = np.tile(np.arange(20.0), (6, 1))
    np.savez_compressed(
        folder / "a.npz", X=waves(6, 20), y=np.array(list("ababab")), times=times,
        lengths=np.arange(6) + 5, channel_names=["II"],
    )  # fmt: skip
    return folder / "a.npz"


def npy(folder: Path) -> Path:
    """An array, labels beside it."""
    np.save(folder / "X.npy", waves(6, 20))
    np.save(folder / "y.npy", np.arange(6) % 2)
    return folder / "X.npy"


def _mat_content() -> dict[str, Any]:
    cells = np.empty(6, dtype=object)
    cells[:] = list("ababab")
    return {"X": waves(6, 20), "y": cells, "fs": 50.0, "s": {"age": 5, "name": "x"}}


def mat5(folder: Path) -> Path:
    """MATLAB 5."""
    scipy.io.savemat(folder / "a.mat", _mat_content())
    return folder / "a.mat"


def mat5_packed(folder: Path) -> Path:
    """MATLAB 5, compressed."""
    scipy.io.savemat(folder / "a.mat", _mat_content(), do_compression=True)
    return folder / "a.mat"


def mat4(folder: Path) -> Path:
    """MATLAB 4."""
    content = {"X": waves(6, 20), "y": np.arange(6) % 2, "fs": 50.0}
    scipy.io.savemat(folder / "a.mat", content, format="4")
    return folder / "a.mat"


def mat73(folder: Path) -> Path:
    """MATLAB 7.3, which is HDF5 behind 512 bytes of text."""
    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        file["X"] = waves(20, 6)
        file["y"] = np.arange(6)[None] % 2
        file["t"] = np.array([[97], [98]], dtype=np.uint16)
        file["t"].attrs["MATLAB_class"] = np.bytes_("char")
        file["cells"] = np.array([[file["X"].ref, file["y"].ref]], dtype=h5py.ref_dtype)
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    content = (folder / "a.mat").read_bytes()
    (folder / "a.mat").write_bytes(head + content[128:])
    return folder / "a.mat"


def mat_records(folder: Path) -> Path:
    """A recording a MATLAB file."""
    for i in range(4):
        content = {"ECG": {"sex": "Male", "age": 60.0, "data": some_signals(i, 12)}}
        scipy.io.savemat(folder / f"A{i}.mat", content)
    return listing(folder, [f"A{i}.mat" for i in range(4)])


def hdf5(folder: Path) -> Path:
    """HDF5, one data set in compressed chunks."""
    with h5py.File(folder / "a.h5", "w") as file:
        cube = waves(6, 60).reshape(6, 20, 3)
        file.create_dataset("tracings", data=cube, chunks=(2, 10, 3), compression=4, shuffle=True)
        file["y"] = np.arange(6) % 2
        file["id"] = np.array([b"a1", b"a2", b"a3", b"a4", b"a5", b"a6"])
        file.attrs["fs"] = 100.0
    return folder / "a.h5"


def hdf5_listed(folder: Path) -> Path:
    """HDF5 with variable texts, and a table beside it."""
    with h5py.File(folder / "a.hdf5", "w", libver="latest") as file:
        file.create_dataset("X", data=waves(6, 20), fletcher32=True, chunks=(3, 20))
        file.create_dataset("exam_id", data=[f"e{i}" for i in range(6)], dtype=h5py.string_dtype())
    rows = "".join(f"e{i},{i % 2},{1 - i % 2}\n" for i in range(6))
    (folder / "exams.csv").write_text(f"exam_id,AF,RBBB\n{rows}")
    return folder / "a.hdf5"


def hdf5_groups(folder: Path) -> Path:
    """HDF5, a group a recording."""
    with h5py.File(folder / "a.h5", "w") as file:
        for i, values in enumerate(waves(4, 40)):
            file[f"rec{i}/signal"] = values.reshape(2, 20)
            file[f"rec{i}/label"] = "ab"[i % 2]
            file[f"rec{i}"].attrs["fs"] = 50.0
    return folder / "a.h5"


def parquet(folder: Path) -> Path:
    """Parquet, series in cells."""
    frame = pd.DataFrame({"label": list("abab"), "ecg": list(waves(4, 12))})
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def json_lines(folder: Path) -> Path:
    """JSON, an object with a list for a series a line."""
    rows = zip("abab", waves(4, 12).round(3).tolist(), strict=True)
    lines = [json.dumps({"label": a, "meta": {"age": 3}, "ecg": x}) for a, x in rows]
    (folder / "a.jsonl").write_text("\n".join(lines))
    return folder / "a.jsonl"


def json_columns(folder: Path) -> Path:
    """JSON, columns as pandas writes them."""
    frame = pd.DataFrame(waves(6, 5), columns=[f"t{i}" for i in range(5)])
    frame.assign(label=list("ababab")).to_json(folder / "a.json")
    return folder / "a.json"


def parquet_wide(folder: Path) -> Path:
    """Parquet, a series a row."""
    frame = pd.DataFrame(waves(6, 5), columns=[f"t{i}" for i in range(5)])
    frame.insert(0, "label", pd.Categorical(list("ababab")))
    frame.to_parquet(folder / "a.parquet", compression="gzip")
    return folder / "a.parquet"


def parquet_sound(folder: Path) -> Path:
    """Parquet with sounds inside, as Hugging Face's."""
    sounds = []
    for i in range(4):
        soundfile.write(folder / "t.wav", waves(1, 200)[0] / 9, 8000)
        sounds.append({"bytes": (folder / "t.wav").read_bytes(), "path": f"s{i}.wav"})
        (folder / "t.wav").unlink()
    pd.DataFrame({"audio": sounds, "label": list("abab")}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def ts(folder: Path) -> Path:
    """.ts file of two channels."""
    cells = [",".join(map(str, row)) for row in waves(4, 8)]
    lines = [f"{c}:{c}:" + "ab"[i % 2] for i, c in enumerate(cells)]
    head = (
        "@problemName x\n@timeStamps false\n@missing false\n@univariate false\n@dimensions 2\n"
        "@equalLength true\n@seriesLength 8\n@classLabel true a b\n@data\n"
    )
    (folder / "a.ts").write_text(head + "\n".join(lines))
    return folder / "a.ts"


def ts_stamped(folder: Path) -> Path:
    """.ts file with time stamps."""
    lines = [
        ",".join(f"({k},{v})" for k, v in enumerate(row)) + ":" + "ab"[i % 2]
        for i, row in enumerate(waves(4, 8))
    ]
    head = "@problemName x\n@timeStamps true\n@univariate true\n@classLabel true a b\n@data\n"
    (folder / "a.ts").write_text(head + "\n".join(lines))
    return folder / "a.ts"


def arff(folder: Path) -> Path:
    """.arff file of one channel."""
    head = "@relation x\n" + "".join(f"@attribute t{i} numeric\n" for i in range(6))
    rows = "\n".join(
        ",".join(map(str, row)) + "," + "uv"[i % 2] for i, row in enumerate(waves(4, 6))
    )
    (folder / "a.arff").write_text(f"{head}@attribute target {{u,v}}\n@data\n{rows}\n")
    return folder / "a.arff"


def arff_relational(folder: Path) -> Path:
    """.arff file of several channels."""
    head = "@relation x\n@attribute rel relational\n"
    head += "".join(f"@attribute t{i} numeric\n" for i in range(4))
    row = "'1.0,2.0,3.0,4.0\\n5.0,6.0,7.0,8.0',{}\n"
    (folder / "a.arff").write_text(
        f"{head}@end rel\n@attribute target {{u,v}}\n@data\n{row.format('u')}{row.format('v')}"
    )
    return folder / "a.arff"


def archive_zip(folder: Path) -> Path:
    """An archive of a set that is fetched."""
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(4):
            archive.writestr(f"set/{i}.txt", "1,2,3\n" * 40)
    return folder / "set.zip"


def archive_tar(folder: Path) -> Path:
    """The same as .tar.gz."""
    (folder / "x.txt").write_text("1,2,3\n" * 40)
    with tarfile.open(folder / "set.tar.gz", "w:gz") as archive:
        for i in range(4):
            archive.add(folder / "x.txt", f"set/{i}.txt")
    (folder / "x.txt").unlink()
    return folder / "set.tar.gz"


# Name of a format, and what writes a source of it.
SEEDS: dict[str, Seed] = {
    **{
        f.__name__: f
        for f in (
            *(wide_csv, wide_tsv, long_csv, stream_csv, utf16_csv, csv_zip, matrices),
            *(text_recordings, npz, npz_packed, npy, mat5, mat5_packed, mat4, mat73, mat_records),
            *(
                hdf5,
                hdf5_listed,
                hdf5_groups,
                parquet,
                parquet_wide,
                parquet_sound,
                ts,
                ts_stamped,
                arff,
            ),
            *(json_lines, json_columns, arff_relational, archive_zip, archive_tar),
        )
    },
    "csv_gz": _packed(".gz", gzip.compress),
    "csv_bz2": _packed(".bz2", bz2.compress),
    "csv_xz": _packed(".xz", lzma.compress),
    **RECORDINGS,
}
