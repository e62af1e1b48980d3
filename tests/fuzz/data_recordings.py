"""Small sound recordings of every format that is read, for ``data.py`` to break."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import edfio
import numpy as np
import scipy.io
import soundfile
import wfdb
from ecg_device_files import write_atc, write_mfer, write_philips, write_scp
from ecg_files import write_dicom, write_ishne, write_muse

Seed = Callable[[Path], Path]


def waves(n: int, steps: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, steps)).round(3)


def some_signals(i: int, n: int = 2, steps: int = 300) -> np.ndarray:
    return np.random.default_rng(i).integers(-99, 99, (n, steps))


def listing(folder: Path, names: list[str], column: str = "file") -> Path:
    rows = "".join(f"{n},{'ab'[i % 2]},p{i // 2}\n" for i, n in enumerate(names))
    (folder / "labels.csv").write_text(f"{column},label,patient\n{rows}")
    return folder


def _sounds(*suffixes: str) -> Seed:
    def write(folder: Path) -> Path:
        for i in range(4):
            place = folder / "train" / "ab"[i % 2]
            place.mkdir(parents=True, exist_ok=True)
            suffix = suffixes[i % len(suffixes)]
            soundfile.write(place / f"{i:08x}_nohash_0{suffix}", waves(1, 900)[0] / 9, 8000)
        return folder

    return write


def sound_wav_one(folder: Path) -> Path:
    """One WAV file of floating point numbers."""
    soundfile.write(folder / "a.wav", waves(500, 2) / 9, 8000, subtype="FLOAT")
    return folder / "a.wav"


def sound_listed(folder: Path) -> Path:
    """Sounds, and a table of them."""
    for i in range(4):
        soundfile.write(folder / f"s{i}.wav", waves(1, 300)[0] / 9, 8000)
    return listing(folder, [f"s{i}.wav" for i in range(4)])


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
            f"r{i}", 100, ["mV", "mV"], ["I", "II"], waves(500, 2), fmt=[form, form],
            write_dir=str(folder), comments=["Age: 60", "Dx: 164889003,270492004"],
        )  # fmt: skip
        places = np.arange(60, 440, 80)
        wfdb.wrann(f"r{i}", "atr", places, list("NNVNN"), fs=100, write_dir=str(folder))
    return folder if beats else listing(folder, [f"r{i}" for i in range(4)], "record")


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
        scipy.io.savemat(
            folder / f"A{i}.mat", {"val": some_signals(i).astype(np.int16)}, format="4"
        )
        (folder / f"A{i}.hea").write_text(
            f"A{i} 2 100 300\n" + "".join(f"A{i}.mat 16+24 100/mV 16 0 0 0 0 {c}\n" for c in "XY")
        )
    return listing(folder, [f"A{i}" for i in range(3)], "record")


def edf(folder: Path) -> Path:
    """EDF+ files with annotations, and a table."""
    for i in range(3):
        signals = [edfio.EdfSignal(w, sampling_frequency=100, label="ECG") for w in waves(2, 400)]
        notes = [edfio.EdfAnnotation(0, 2, "Sleep stage W")]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}.edf")
    return listing(folder, [f"e{i}.edf" for i in range(3)])


def edf_stages(folder: Path) -> Path:
    """EDF+ files to be cut at annotated stages of sleep."""
    for i in range(2):
        signals = [edfio.EdfSignal(w, sampling_frequency=10, label="EEG") for w in waves(1, 900)]
        notes = [edfio.EdfAnnotation(30 * k, 30, f"Sleep stage {'W12'[k]}") for k in range(3)]
        edfio.Edf(signals, annotations=notes).write(folder / f"e{i}.edf")
    return folder


def bdf(folder: Path) -> Path:
    """One BDF file."""
    signals = [edfio.BdfSignal(w, sampling_frequency=100, label="EEG") for w in waves(2, 400)]
    edfio.Bdf(signals).write(folder / "a.bdf")
    return folder / "a.bdf"


def ishne(folder: Path) -> Path:
    """ISHNE Holter files, and a table."""
    for i in range(3):
        write_ishne(folder / f"s{i}.ecg", some_signals(i))
    return listing(folder, [f"s{i}.ecg" for i in range(3)])


def muse(folder: Path) -> Path:
    """MUSE XML files, and a table."""
    for i in range(3):
        leads = dict(zip(("I", "II"), some_signals(i), strict=True))
        write_muse(folder / f"s{i}.xml", leads)
    return listing(folder, [f"s{i}.xml" for i in range(3)])


def aecg(folder: Path) -> Path:
    """One HL7 aECG file."""
    step = '<value><head value="0" unit="s"/><increment value="0.002" unit="s"/></value>'
    scale = '<origin value="0" unit="uV"/><scale value="2.5" unit="uV"/>'
    digits = " ".join(map(str, some_signals(0)[0].tolist()))
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
        write_dicom(folder / f"s{i}.dcm", some_signals(i))
    return listing(folder, [f"s{i}.dcm" for i in range(3)])


def scp(folder: Path) -> Path:
    """SCP-ECG files, one with a reference beat and tables of its own, and a table."""
    for i in range(2):
        write_scp(folder / f"s{i}.scp", dict(zip(("I", "II"), some_signals(i), strict=True)))
    leads = dict(zip(("I", "II"), some_signals(3), strict=True))
    beat = dict(zip(("I", "II"), some_signals(4, steps=40), strict=True))
    places = [(0, 11, 30, 50), (0, 111, 130, 150)]
    write_scp(folder / "s2.scp", leads, coded="custom", beat=(beat, places, 20))
    return listing(folder, [f"s{i}.scp" for i in range(3)])


def mfer(folder: Path) -> Path:
    """MFER files in both byte orders, and a table."""
    for i in range(3):
        leads = dict(zip(("I", "II"), some_signals(i), strict=True))
        write_mfer(folder / f"s{i}.mwf", leads, order="<>"[i % 2], frames=1 + i)
    return listing(folder, [f"s{i}.mwf" for i in range(3)])


def kardia(folder: Path) -> Path:
    """Kardia recordings, and a table."""
    for i in range(3):
        write_atc(folder / f"s{i}.atc", some_signals(i))
    return listing(folder, [f"s{i}.atc" for i in range(3)])


def philips(folder: Path) -> Path:
    """Philips XML files, compressed and plain, and a table."""
    for i, form in enumerate(("XLI", "Base64", "Plain")):
        leads = dict(zip("ABCDEF", some_signals(i, 6), strict=True))
        write_philips(folder / f"s{i}.xml", leads, form=form)
    return listing(folder, [f"s{i}.xml" for i in range(3)])


# Name of a format, and what writes a source of it.
RECORDINGS: dict[str, Seed] = {
    **{
        f.__name__: f
        for f in (
            *(sound_wav_one, sound_listed, sound_json, sound_jsonl, sound_kaldi, wfdb_16),
            *(wfdb_212, wfdb_beats, wfdb_mat, edf, edf_stages, bdf, ishne, muse, aecg, dicom),
            *(scp, mfer, kardia, philips),
        )
    },
    "sound_wav": _sounds(".wav"),
    "sound_flac": _sounds(".flac"),
    "sound_ogg": _sounds(".ogg"),
    "sound_mp3": _sounds(".mp3"),
    "sound_others": _sounds(".aiff", ".au", ".caf", ".w64"),
}
