"""Every reader with every option: it acts, or it is refused; none is accepted and does nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import edfio
import numpy as np
import pandas as pd
import pytest
import wfdb
from ecg_device_files import write_atc, write_mfer, write_scp
from ecg_files import write_dicom, write_ishne, write_muse
from recordings import write_record, write_sound

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.not_read import refuse_format
from msssm_ts.datasets.readers import FRAMES, READERS, Reader
from msssm_ts.errors import InputError, OptionError

# Not options of one kind: the part, the rate, the memory, and the folds, which --validation asks
# for.
ELSEWHERE = {
    *("split", "sampling_rate", "max_memory", "fold"),
    *("tables", "recordings", "headers", "wanted", "unlabelled"),
}
OPTIONS = [f.name for f in fields(ReadOptions) if f.name not in ELSEWHERE]
SOME_VALUE: dict[str, Any] = {
    **dict.fromkeys(("label", "id", "group", "time", "channel"), "kind"),
    "drop": ("kind",),
    "window": (0.1, 0.1),
    "beat_classes": "symbols",
    "label_from": "*{label}",
    "annotator": "qrs",
    "episodes": 0.5,
    "mono": True,
    "axes": "series,steps,channels",
    "beside": ("kind",),
}


Source = Callable[[Path], Any]


def _wfdb(folder: Path) -> Path:
    for i in range(4):
        write_record(
            folder / f"r{i}a", leads=("I", "II"), beats={300: "L", 600: "V", 800: "L"}, length=1000
        )
        beats = np.array([200, 500])
        wfdb.wrann(f"r{i}a", "qrs", beats, ["N", "N"], fs=360, write_dir=str(folder))
        rhythm = ["(AFIB", "(N"][i % 2]
        wfdb.wrann(
            f"r{i}a", "rhy", np.array([10]), ["+"], aux_note=[rhythm], fs=360, write_dir=str(folder)
        )
    rows = "".join(f"r{i}a,p{i // 2},{'uv'[i % 2]}\n" for i in range(4))
    (folder / "t.csv").write_text(f"record,owner,kind\n{rows}")
    return folder


def _edf(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for i in range(4):
        signals = [
            edfio.EdfSignal(rng.normal(size=6000), sampling_frequency=100, label=name)
            for name in ("ECG", "EMG")
        ]
        notes = [
            edfio.EdfAnnotation(0, 30, f"Sleep stage {'W1'[i % 2]}"),
            edfio.EdfAnnotation(30, 30, "Sleep stage 2"),
        ]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}{'ab'[i % 2]}.edf")
    rows = "".join(f"e{i}{'ab'[i % 2]}.edf,p{i // 2},{'uv'[i % 2]}\n" for i in range(4))
    (folder / "t.csv").write_text(f"file,owner,kind\n{rows}")
    return folder


def _audio(folder: Path) -> Path:
    for i in range(4):
        write_sound(folder / "wavs" / f"s{i}{'ab'[i % 2]}.wav", channels=2)
    rows = "".join(f"s{i}{'ab'[i % 2]}.wav,p{i // 2},{'uv'[i % 2]}\n" for i in range(4))
    (folder / "t.csv").write_text(f"file,owner,kind\n{rows}")
    return folder


def _with_speakers(folder: Path) -> Path:
    table = _audio(folder) / "t.csv"
    table.write_text(table.read_text().replace("owner", "speaker"))
    return folder


def _beside(folder: Path, suffix: str) -> Path:
    names = [f"s{i}{'ab'[i % 2]}{suffix}" for i in range(4)]
    rows = "".join(f"{n},p{i // 2},{'uv'[i % 2]}\n" for i, n in enumerate(names))
    (folder / "t.csv").write_text(f"file,owner,kind\n{rows}")
    return folder


def _signals(i: int, n: int = 2) -> np.ndarray:
    return np.random.default_rng(i).integers(-99, 99, (n, 300))


def _ishne(folder: Path) -> Path:
    for i in range(4):
        write_ishne(folder / f"s{i}{'ab'[i % 2]}.ecg", _signals(i))
    return _beside(folder, ".ecg")


def _xml(folder: Path) -> Path:
    for i in range(4):
        leads = dict(zip(("I", "II"), _signals(i), strict=True))
        write_muse(folder / f"s{i}{'ab'[i % 2]}.xml", leads)
    return _beside(folder, ".xml")


def _dicom(folder: Path) -> Path:
    for i in range(4):
        write_dicom(folder / f"s{i}{'ab'[i % 2]}.dcm", _signals(i))
    return _beside(folder, ".dcm")


def _scp(folder: Path) -> Path:
    for i in range(4):
        leads = dict(zip(("I", "II"), _signals(i), strict=True))
        write_scp(folder / f"s{i}{'ab'[i % 2]}.scp", leads)
    return _beside(folder, ".scp")


def _mfer(folder: Path) -> Path:
    for i in range(4):
        leads = dict(zip(("I", "II"), _signals(i), strict=True))
        write_mfer(folder / f"s{i}{'ab'[i % 2]}.mwf", leads)
    return _beside(folder, ".mwf")


def _kardia(folder: Path) -> Path:
    for i in range(4):
        write_atc(folder / f"s{i}{'ab'[i % 2]}.atc", _signals(i))
    return _beside(folder, ".atc")


def _mat_records(folder: Path) -> Path:
    import scipy.io

    for i in range(4):
        content = {"val": _signals(i, 12)}
        scipy.io.savemat(folder / f"s{i}{'ab'[i % 2]}.mat", content)
    return _beside(folder, ".mat")


def _npy_records(folder: Path) -> Path:
    for i in range(4):
        np.save(folder / f"s{i}{'ab'[i % 2]}.npy", _signals(i))
    return _beside(folder, ".npy")


def _npy_squares(folder: Path) -> Path:
    for i in range(4):
        np.save(folder / f"s{i}{'ab'[i % 2]}.npy", _signals(i)[:, :2])
    return _beside(folder, ".npy")


def _of_recordings(source: Source, drop: str) -> dict[str, tuple[Source, dict[str, Any]]]:
    return {
        "label": (source, {"label": "kind"}),
        "group": (source, {"group": "owner", "label": "kind"}),
        "drop": (source, {"drop": (drop,), "label": "kind"}),
        "label_from": (source, {"label_from": r"s\d([ab])"}),
        "beside": (source, {"beside": ("owner",), "label": "kind"}),
    }


def _wide(folder: Path) -> Path:
    rows = "".join(f"{'ab'[i % 2]},{'uv'[i % 2]},n{i},p{i // 2},{i},2,{i}\n" for i in range(4))
    file = folder / "w.csv"
    file.write_text(f"label,kind,who,owner,t0,t1,t2\n{rows}")
    return file


def _long(folder: Path) -> Path:
    rows = "".join(
        f"{'ab'[i % 2]},c{k % 2},{i},n{i},{'uv'[i % 2]},p{i // 2},{9 - k},{k + i}\n"
        for i in range(4)
        for k in range(6)
    )
    file = folder / "l.csv"
    file.write_text(f"label,sort,id,who,kind,owner,when,value\n{rows}")
    return file


def _stream(folder: Path) -> Path:
    rows = "".join(f"{k / 10},{'walk' if k < 60 else 'run'},{k % 7},{k % 5}\n" for k in range(120))
    file = folder / "s.csv"
    file.write_text(f"timestamp,activity,x,z\n{rows}")
    return file


def _arrays(**more: Any) -> dict[str, Any]:
    y = np.arange(6) % 2
    X = np.random.default_rng(0).normal(size=(6, 4, 3))
    return {"X": X, "y": y, "kind": 1 - y, "who": np.arange(6), "owner": y, "ids": y * 9} | more


def _npz(folder: Path) -> Path:
    times = np.tile([0.0, 1.0, 5.0], (6, 1))
    np.savez(folder / "a.npz", **_arrays(stamps=times) | {"ids": np.arange(6) + 10})
    return folder / "a.npz"


def _npy(folder: Path) -> Path:
    found = _arrays()
    np.save(folder / "X.npy", found["X"])
    np.save(folder / "y.npy", found["y"])
    return folder / "X.npy"


def _npy_listed(folder: Path) -> Path:
    np.save(folder / "X.npy", _arrays()["X"])
    rows = "".join(f"{i % 2},{'uv'[i // 3]},n{i},p{i // 2}\n" for i in range(6))
    (folder / "labels.csv").write_text(f"label,kind,who,owner\n{rows}")
    return folder / "X.npy"


def _zarr(folder: Path) -> Path:
    import zarr

    group = zarr.open_group(str(folder / "a.zarr"), mode="w")
    stamps = np.tile([0.0, 1.0, 5.0], (6, 1))
    for name, array in (_arrays(stamps=stamps) | {"ids": np.arange(6) + 10}).items():
        group.create_array(name, data=array)
    return folder / "a.zarr"


def _zarr_listed(folder: Path) -> Path:
    import zarr

    zarr.open_array(str(folder / "X.zarr"), mode="w", shape=(6, 4, 3))[:] = _arrays()["X"]
    _npy_listed(folder)
    return folder / "X.zarr"


def _mat(folder: Path) -> Path:
    import scipy.io

    scipy.io.savemat(folder / "a.mat", _arrays() | {"ids": np.arange(6) + 10})
    return folder / "a.mat"


def _hdf5(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "a.h5", "w") as file:
        for name, array in (_arrays() | {"ids": np.arange(6) + 10}).items():
            file[name] = array
    return folder / "a.h5"


def _hdf5_listed(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "a.hdf5", "w") as file:
        file["tracings"], file["exam_id"] = _arrays()["X"], np.arange(6)
    rows = "".join(f"{i},{i % 2},{60 + i}\n" for i in range(6))
    (folder / "exams.csv").write_text(f"exam_id,AF,age\n{rows}")
    return folder


def _ts(folder: Path) -> Path:
    file = folder / "a.ts"
    file.write_text(
        "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true a b\n@data\n"
        "1,2,3:a\n4,5,6:b\n"
    )
    return file


def _arff(folder: Path) -> Path:
    file = folder / "a.arff"
    file.write_text(
        "@relation x\n@attribute a real\n@attribute b real\n@attribute target {u,v}\n@data\n"
        "1,2,u\n3,4,v\n"
    )
    return file


def _as_frame(table: Source) -> Source:
    return lambda folder: pd.read_csv(table(folder))


def _as_parquet(table: Source) -> Source:
    def write(folder: Path) -> Path:
        pd.read_csv(table(folder)).to_parquet(folder / "a.parquet")
        return folder / "a.parquet"

    return write


def _as_json(table: Source) -> Source:
    def write(folder: Path) -> Path:
        frame = pd.read_csv(table(folder))
        frame.to_json(folder / "a.jsonl", orient="records", lines=True, double_precision=15)
        return folder / "a.jsonl"

    return write


def _of_tables(as_source: Callable[[Source], Source]) -> dict[str, tuple[Source, dict[str, Any]]]:
    wide, long, stream = as_source(_wide), as_source(_long), as_source(_stream)
    base = {"id": "who", "drop": ("kind",)}
    return {
        "label": (wide, {"label": "kind", "drop": ("who", "owner")}),
        "id": (wide, {"id": "who", "drop": ("kind", "owner")}),
        "group": (wide, {"group": "owner", "drop": ("kind", "who")}),
        "drop": (wide, {"drop": ("t1", "kind", "who", "owner")}),
        "time": (long, {"time": "when", "channel": "sort", **base}),
        "channel": (long, {"time": "when", "channel": "sort", **base}),
        "episodes": (stream, {"episodes": 2.0}),
        "beside": (wide, {"beside": ("owner",), "drop": ("kind", "who")}),
    }


def _of_arrays(source: Source, drop: str = "ids") -> dict[str, tuple[Source, dict[str, Any]]]:
    return {
        "label": (source, {"label": "kind"}),
        "id": (source, {"id": "who"}),
        "group": (source, {"group": "owner"}),
        "drop": (source, {"drop": (drop,)}),
        "axes": (source, {"axes": "series,steps,channels"}),
        "time": (source, {"time": "stamps"}),
    }


# For every reader and option that acts: a source, and the options to read it with. Without the
# option something else is understood.
SAMPLES: dict[str, dict[str, tuple[Source, dict[str, Any]]]] = {
    "WFDB records": {
        "label": (_wfdb, {"label": "kind"}),
        "group": (_wfdb, {"group": "owner"}),
        "drop": (_wfdb, {"drop": ("II",)}),
        "window": (_wfdb, {"window": (0.1, 0.1)}),
        "beat_classes": (_wfdb, {"beat_classes": "symbols"}),
        "annotator": (_wfdb, {"annotator": "qrs"}),
        "episodes": (_wfdb, {"episodes": 0.5, "annotator": "rhy"}),
        "label_from": (_wfdb, {"label_from": "{label}a"}),
        "beside": (_wfdb, {"beside": ("owner",), "label": "kind"}),
    },
    "EDF and BDF files": {
        "label": (_edf, {"label": "kind"}),
        "group": (_edf, {"group": "owner", "label": "kind"}),
        "drop": (_edf, {"drop": ("EMG",), "label": "kind"}),
        "episodes": (_edf, {"episodes": 10.0}),
        "label_from": (_edf, {"label_from": r"e\d([ab])"}),
        "beside": (_edf, {"beside": ("owner",), "label": "kind"}),
    },
    "audio files": _of_recordings(_audio, "")
    | {
        "mono": (_audio, {"mono": True}),
        "drop": (_with_speakers, {"drop": ("speaker",), "label": "kind"}),
    },
    "ISHNE Holter files": _of_recordings(_ishne, "II"),
    "ECGs in XML": _of_recordings(_xml, "II"),
    "DICOM waveforms": _of_recordings(_dicom, "II"),
    "SCP-ECG files": _of_recordings(_scp, "II"),
    "MFER files": _of_recordings(_mfer, "II"),
    "Kardia recordings": _of_recordings(_kardia, "II"),
    "MATLAB recordings": _of_recordings(_mat_records, "channel 2"),
    "NumPy recordings": _of_recordings(_npy_records, "channel 2")
    | {"axes": (_npy_squares, {"axes": "steps,channels", "label": "kind"})},
    "text tables": _of_tables(lambda table: table),
    "Parquet files": _of_tables(_as_parquet),
    "JSON files": _of_tables(_as_json),
    "data frames": _of_tables(_as_frame),
    "NumPy archives": _of_arrays(_npz),
    "NumPy arrays": {
        "axes": (_npy, {"axes": "series,steps,channels"}),
        "label": (_npy_listed, {"label": "kind"}),
        "id": (_npy_listed, {"id": "who"}),
        "group": (_npy_listed, {"group": "owner"}),
        "drop": (_npy_listed, {"drop": ("label",)}),
        "beside": (_npy_listed, {"beside": ("who",)}),
    },
    "MATLAB files": _of_arrays(_mat),
    "HDF5 files": _of_arrays(_hdf5)
    | {"beside": (_hdf5_listed, {"beside": ("age",), "label": "AF"})},
    "Zarr folders": _of_arrays(_zarr) | {"beside": (_zarr_listed, {"beside": ("who",)})},
}
ANY_SOURCE: dict[str, Source] = {
    **{title: next(iter(samples.values()))[0] for title, samples in SAMPLES.items()},
    ".ts files": _ts,
    ".arff files": _arff,
}
ALL = [r for r in (*READERS, FRAMES) if r.read is not refuse_format]


def _understood(source: Any, options: ReadOptions) -> tuple[Any, ...]:
    """Everything of a reading that an option may change."""
    data: LabelledSeries = load(source, options, needs_labels=False)

    def plain(values: Any) -> Any:
        return None if values is None else np.asarray(values).tolist()

    return (
        [np.asarray(v).tolist() for v in data.values],
        *(plain(v) for v in (data.labels, data.groups, data.ids, data.folds, data.times)),
        *(data.group_name if data.groups is not None else "", data.label_names),
        *(data.channel_names, data.sampling_rate),
        # As text, in which a missing value is like another.
        [] if data.features is None else [(n, str(plain(c))) for n, c in data.features.items()],
    )


@pytest.mark.parametrize("reader", ALL, ids=lambda r: r.title)
def test_what_does_not_act_is_refused(reader: Reader, tmp_path: Path) -> None:
    source = ANY_SOURCE[reader.title](tmp_path)
    for name in OPTIONS:
        if name in reader.acts_on:
            continue
        with pytest.raises(OptionError, match="has no effect on") as caught:
            load(source, replace(ReadOptions(), **{name: SOME_VALUE[name]}), needs_labels=False)
        assert caught.value.option == name
        assert ReadOptions.command_line_name(name) in str(caught.value)


@pytest.mark.parametrize(
    ("title", "name"),
    [(r.title, name) for r in ALL for name in OPTIONS if name in r.acts_on],
)
def test_what_acts_changes_something(title: str, name: str, tmp_path: Path) -> None:
    assert name in SAMPLES[title], "an option that is said to act needs a sample"
    make, chosen = SAMPLES[title][name]
    source = make(tmp_path)
    chosen = {k: v for k, v in chosen.items() if v is not None}
    with_it = _understood(source, ReadOptions(**chosen))
    without = {k: v for k, v in chosen.items() if k != name}
    # Without it the source may not even be readable.
    with contextlib.suppress(InputError):
        assert with_it != _understood(source, ReadOptions(**without))


@pytest.mark.parametrize("reader", ALL, ids=lambda r: r.title)
def test_the_memory_acts_on_every_reader(reader: Reader, tmp_path: Path) -> None:
    source = ANY_SOURCE[reader.title](tmp_path)
    as_ever = _understood(source, ReadOptions())
    assert _understood(source, ReadOptions(max_memory=10**7)) == as_ever
    with pytest.raises(InputError, match="--max-memory") as caught:
        load(source, ReadOptions(max_memory=20), needs_labels=False)
    assert str(tmp_path if isinstance(source, Path) else "data frame") in str(caught.value)


@pytest.mark.parametrize("title", SAMPLES)
@pytest.mark.parametrize("name", ["label", "id", "group", "time", "channel", "drop"])
def test_a_column_that_is_not_there_is_refused(title: str, name: str, tmp_path: Path) -> None:
    (reader,) = [r for r in ALL if r.title == title]
    if name not in reader.acts_on:
        return
    value: Any = ("nothing",) if name == "drop" else "nothing"
    with pytest.raises(InputError, match="nothing"):
        load(ANY_SOURCE[title](tmp_path), ReadOptions(**{name: value}), needs_labels=False)
