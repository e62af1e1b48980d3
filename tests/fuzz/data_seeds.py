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

import edfio
import h5py
import numpy as np
import pandas as pd
import scipy.io
import soundfile
import wfdb
from ecg_files import write_dicom, write_ishne, write_muse

Seed = Callable[[Path], Path]


def _waves(n: int, steps: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, steps)).round(3)


def _signals(i: int, n: int = 2, steps: int = 300) -> np.ndarray:
    return np.random.default_rng(i).integers(-99, 99, (n, steps))


def _listing(folder: Path, names: list[str], column: str = "file") -> Path:
    rows = "".join(f"{n},{'ab'[i % 2]},p{i // 2}\n" for i, n in enumerate(names))
    (folder / "labels.csv").write_text(f"{column},label,patient\n{rows}")
    return folder


def wide_csv(folder: Path) -> Path:
    """A series a row."""
    head = "id,label,split," + ",".join(f"t{i}" for i in range(8))
    rows = (
        f"{i},{'ab'[i % 2]},{('train', 'test')[i // 6]}," + ",".join(map(str, row))
        for i, row in enumerate(_waves(8, 8))
    )
    (folder / "w.csv").write_text("\n".join([head, *rows]))
    return folder / "w.csv"


def wide_tsv(folder: Path) -> Path:
    """A series a row, without header, the label first."""
    rows = (f"{i % 2}\t" + "\t".join(map(str, row)) for i, row in enumerate(_waves(8, 9)))
    (folder / "w.tsv").write_text("\n".join(rows))
    return folder / "w.tsv"


def long_csv(folder: Path) -> Path:
    """A step a row."""
    rows = (
        f'{i};{k / 50:.2f};{v};{-v};"{"ab"[i % 2]}"'
        for i, row in enumerate(_waves(4, 9))
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
            np.savetxt(folder / part / "signals" / f"{name}_{part}.txt", _waves(6, 7), "%.3f")
        np.savetxt(folder / part / f"y_{part}.txt", np.arange(6) % 2 + 1, "%d")
        np.savetxt(folder / part / f"subject_{part}.txt", np.arange(6) // 2, "%d")
    (folder / "activity_labels.txt").write_text("1 WALKING\n2 SITTING\n")
    return folder


def text_recordings(folder: Path) -> Path:
    """A recording a text file, a folder a class."""
    for i in range(4):
        place = folder / ("run", "walk")[i % 2]
        place.mkdir(exist_ok=True)
        rows = "".join(f"{k / 10},{a},{b}\n" for k, (a, b) in enumerate(_waves(2, 30).T))
        (place / f"r{i}.csv").write_text(f"time,x,y\n{rows}")
    return folder


def npz(folder: Path) -> Path:
    """Named arrays."""
    y = np.arange(6) % 2
    cube = _waves(6, 60).reshape(6, 3, 20)
    np.savez(folder / "a.npz", X=cube, y=y, fs=50.0, groups=y, ids=np.array(list("abcdef")))
    return folder / "a.npz"


def npz_packed(folder: Path) -> Path:
    """Named arrays, compressed, with lengths and times."""
    times = np.tile(np.arange(20.0), (6, 1))
    np.savez_compressed(
        folder / "a.npz", X=_waves(6, 20), y=np.array(list("ababab")), times=times,
        lengths=np.arange(6) + 5, channel_names=["II"],
    )  # fmt: skip
    return folder / "a.npz"


def npy(folder: Path) -> Path:
    """An array, labels beside it."""
    np.save(folder / "X.npy", _waves(6, 20))
    np.save(folder / "y.npy", np.arange(6) % 2)
    return folder / "X.npy"


def _mat_content() -> dict[str, Any]:
    cells = np.empty(6, dtype=object)
    cells[:] = list("ababab")
    return {"X": _waves(6, 20), "y": cells, "fs": 50.0, "s": {"age": 5, "name": "x"}}


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
    content = {"X": _waves(6, 20), "y": np.arange(6) % 2, "fs": 50.0}
    scipy.io.savemat(folder / "a.mat", content, format="4")
    return folder / "a.mat"


def mat73(folder: Path) -> Path:
    """MATLAB 7.3, which is HDF5 behind 512 bytes of text."""
    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        file["X"] = _waves(20, 6)
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
        content = {"ECG": {"sex": "Male", "age": 60.0, "data": _signals(i, 12)}}
        scipy.io.savemat(folder / f"A{i}.mat", content)
    return _listing(folder, [f"A{i}.mat" for i in range(4)])


def hdf5(folder: Path) -> Path:
    """HDF5, one data set in compressed chunks."""
    with h5py.File(folder / "a.h5", "w") as file:
        cube = _waves(6, 60).reshape(6, 20, 3)
        file.create_dataset("tracings", data=cube, chunks=(2, 10, 3), compression=4, shuffle=True)
        file["y"] = np.arange(6) % 2
        file["id"] = np.array([b"a1", b"a2", b"a3", b"a4", b"a5", b"a6"])
        file.attrs["fs"] = 100.0
    return folder / "a.h5"


def hdf5_listed(folder: Path) -> Path:
    """HDF5 with variable texts, and a table beside it."""
    with h5py.File(folder / "a.hdf5", "w", libver="latest") as file:
        file.create_dataset("X", data=_waves(6, 20), fletcher32=True, chunks=(3, 20))
        file.create_dataset("exam_id", data=[f"e{i}" for i in range(6)], dtype=h5py.string_dtype())
    rows = "".join(f"e{i},{i % 2},{1 - i % 2}\n" for i in range(6))
    (folder / "exams.csv").write_text(f"exam_id,AF,RBBB\n{rows}")
    return folder / "a.hdf5"


def parquet(folder: Path) -> Path:
    """Parquet, series in cells."""
    frame = pd.DataFrame({"label": list("abab"), "ecg": list(_waves(4, 12))})
    frame.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def parquet_wide(folder: Path) -> Path:
    """Parquet, a series a row."""
    frame = pd.DataFrame(_waves(6, 5), columns=[f"t{i}" for i in range(5)])
    frame.insert(0, "label", pd.Categorical(list("ababab")))
    frame.to_parquet(folder / "a.parquet", compression="gzip")
    return folder / "a.parquet"


def parquet_sound(folder: Path) -> Path:
    """Parquet with sounds inside, as Hugging Face's."""
    sounds = []
    for i in range(4):
        soundfile.write(folder / "t.wav", _waves(1, 200)[0] / 9, 8000)
        sounds.append({"bytes": (folder / "t.wav").read_bytes(), "path": f"s{i}.wav"})
        (folder / "t.wav").unlink()
    pd.DataFrame({"audio": sounds, "label": list("abab")}).to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def ts(folder: Path) -> Path:
    """.ts file of two channels."""
    cells = [",".join(map(str, row)) for row in _waves(4, 8)]
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
        for i, row in enumerate(_waves(4, 8))
    ]
    head = "@problemName x\n@timeStamps true\n@univariate true\n@classLabel true a b\n@data\n"
    (folder / "a.ts").write_text(head + "\n".join(lines))
    return folder / "a.ts"


def arff(folder: Path) -> Path:
    """.arff file of one channel."""
    head = "@relation x\n" + "".join(f"@attribute t{i} numeric\n" for i in range(6))
    rows = "\n".join(
        ",".join(map(str, row)) + "," + "uv"[i % 2] for i, row in enumerate(_waves(4, 6))
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


def _sounds(*suffixes: str) -> Seed:
    def write(folder: Path) -> Path:
        for i in range(4):
            place = folder / "train" / "ab"[i % 2]
            place.mkdir(parents=True, exist_ok=True)
            suffix = suffixes[i % len(suffixes)]
            soundfile.write(place / f"{i:08x}_nohash_0{suffix}", _waves(1, 900)[0] / 9, 8000)
        return folder

    return write


def sound_wav_one(folder: Path) -> Path:
    """One WAV file of floating point numbers."""
    soundfile.write(folder / "a.wav", _waves(500, 2) / 9, 8000, subtype="FLOAT")
    return folder / "a.wav"


def sound_listed(folder: Path) -> Path:
    """Sounds, and a table of them."""
    for i in range(4):
        soundfile.write(folder / f"s{i}.wav", _waves(1, 300)[0] / 9, 8000)
    return _listing(folder, [f"s{i}.wav" for i in range(4)])


def sound_json(folder: Path) -> Path:
    """Sounds, and a JSON file of them."""
    sound_listed(folder)
    (folder / "labels.csv").unlink()
    rows = [{"file": f"s{i}.wav", "label": "ab"[i % 2], "spk": {"id": i}} for i in range(4)]
    (folder / "meta.json").write_text(json.dumps({"items": rows}))
    return folder


def sound_jsonl(folder: Path) -> Path:
    """Sounds, and JSON lines of them."""
    sound_listed(folder)
    (folder / "labels.csv").unlink()
    rows = [json.dumps({"audio": f"s{i}.wav", "label": "ab"[i % 2]}) for i in range(4)]
    (folder / "meta.jsonl").write_text("\n".join(rows))
    return folder


def sound_kaldi(folder: Path) -> Path:
    """Sounds, and Kaldi's lists of them."""
    sound_listed(folder)
    (folder / "labels.csv").unlink()
    for name, cell in (("wav.scp", "s{}.wav"), ("text", "word{}"), ("utt2spk", "spk{}")):
        (folder / name).write_text("".join(f"u{i} {cell.format(i)}\n" for i in range(4)))
    return folder


def _wfdb(folder: Path, form: str, *, beats: bool) -> Path:
    for i in range(4):
        wfdb.wrsamp(
            f"r{i}", 100, ["mV", "mV"], ["I", "II"], _waves(500, 2), fmt=[form, form],
            write_dir=str(folder), comments=["Age: 60", "Dx: 164889003,270492004"],
        )  # fmt: skip
        places = np.arange(60, 440, 80)
        wfdb.wrann(f"r{i}", "atr", places, list("NNVNN"), fs=100, write_dir=str(folder))
    return folder if beats else _listing(folder, [f"r{i}" for i in range(4)], "record")


def wfdb_16(folder: Path) -> Path:
    """Records of format 16, and a table."""
    return _wfdb(folder, "16", beats=False)


def wfdb_212(folder: Path) -> Path:
    """Records of format 212, and a table."""
    return _wfdb(folder, "212", beats=False)


def wfdb_beats(folder: Path) -> Path:
    """Records, to be cut at annotated beats."""
    return _wfdb(folder, "16", beats=True)


def wfdb_mat(folder: Path) -> Path:
    """Signals in MATLAB 4 files with WFDB headers, as PhysioNet's."""
    for i in range(3):
        scipy.io.savemat(folder / f"A{i}.mat", {"val": _signals(i).astype(np.int16)}, format="4")
        (folder / f"A{i}.hea").write_text(
            f"A{i} 2 100 300\n" + "".join(f"A{i}.mat 16+24 100/mV 16 0 0 0 0 {c}\n" for c in "XY")
        )
    return _listing(folder, [f"A{i}" for i in range(3)], "record")


def edf(folder: Path) -> Path:
    """EDF+ files with annotations, and a table."""
    for i in range(3):
        signals = [edfio.EdfSignal(w, sampling_frequency=100, label="ECG") for w in _waves(2, 400)]
        notes = [edfio.EdfAnnotation(0, 2, "Sleep stage W")]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}.edf")
    return _listing(folder, [f"e{i}.edf" for i in range(3)])


def edf_stages(folder: Path) -> Path:
    """EDF+ files to be cut at annotated stages of sleep."""
    for i in range(2):
        signals = [edfio.EdfSignal(w, sampling_frequency=10, label="EEG") for w in _waves(1, 900)]
        notes = [edfio.EdfAnnotation(30 * k, 30, f"Sleep stage {'W12'[k]}") for k in range(3)]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}.edf")
    return folder


def bdf(folder: Path) -> Path:
    """One BDF file."""
    signals = [edfio.BdfSignal(w, sampling_frequency=100, label="EEG") for w in _waves(2, 400)]
    edfio.Bdf(signals).write(folder / "a.bdf")
    return folder / "a.bdf"


def ishne(folder: Path) -> Path:
    """ISHNE Holter files, and a table."""
    for i in range(3):
        write_ishne(folder / f"s{i}.ecg", _signals(i))
    return _listing(folder, [f"s{i}.ecg" for i in range(3)])


def muse(folder: Path) -> Path:
    """MUSE XML files, and a table."""
    for i in range(3):
        leads = dict(zip(("I", "II"), _signals(i), strict=True))
        write_muse(folder / f"s{i}.xml", leads)
    return _listing(folder, [f"s{i}.xml" for i in range(3)])


def aecg(folder: Path) -> Path:
    """One HL7 aECG file."""
    step = '<value><head value="0" unit="s"/><increment value="0.002" unit="s"/></value>'
    scale = '<origin value="0" unit="uV"/><scale value="2.5" unit="uV"/>'
    digits = " ".join(map(str, _signals(0)[0].tolist()))
    sequences = f'<component><sequence><code code="TIME_ABSOLUTE"/>{step}</sequence></component>'
    for lead in ("I", "II"):
        sequences += (
            f'<component><sequence><code code="MDC_ECG_LEAD_{lead}"/><value>{scale}'
            f"<digits>{digits}</digits></value></sequence></component>"
        )
    (folder / "a.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><AnnotatedECG xmlns="urn:hl7-org:v3"><component>'
        f"<series><component><sequenceSet>{sequences}</sequenceSet></component></series>"
        "</component></AnnotatedECG>"
    )
    return folder / "a.xml"


def dicom(folder: Path) -> Path:
    """DICOM waveforms, and a table."""
    for i in range(3):
        write_dicom(folder / f"s{i}.dcm", _signals(i))
    return _listing(folder, [f"s{i}.dcm" for i in range(3)])


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
            *(hdf5, hdf5_listed, parquet, parquet_wide, parquet_sound, ts, ts_stamped, arff),
            *(arff_relational, sound_wav_one, sound_listed, sound_json, sound_jsonl, sound_kaldi),
            *(wfdb_16, wfdb_212, wfdb_beats, wfdb_mat, edf, edf_stages, bdf, ishne, muse, aecg),
            *(dicom, archive_zip, archive_tar),
        )
    },
    "csv_gz": _packed(".gz", gzip.compress),
    "csv_bz2": _packed(".bz2", bz2.compress),
    "csv_xz": _packed(".xz", lzma.compress),
    "sound_wav": _sounds(".wav"),
    "sound_flac": _sounds(".flac"),
    "sound_ogg": _sounds(".ogg"),
    "sound_mp3": _sounds(".mp3"),
    "sound_others": _sounds(".aiff", ".au", ".caf", ".w64"),
}
