"""A miniature of every format and layout of ECGs and their kin that is read.

``tests/test_formats.py`` reads each and compares; ``docs/build.py`` reads each for docs/formats.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from ecg_device_files import write_atc, write_mfer, write_philips, write_scp
from ecg_files import write_dicom, write_ishne, write_muse

from msssm_ts.datasets import ReadOptions

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True)
class Sample:
    """A miniature and what must be read of it.

    Parameters
    ----------
    title, files : str
        Of the format, and its files or layout.
    write : callable
        Writes it into a folder; returns the source, and the values of its first series.
    options : ReadOptions
        What it is read with.
    channels, units, rate, labels, label_names, groups, offered : object
        What must be read of it.
    features : mapping of str to list
        What must stand beside the series.
    note : str
        What else there is to say, for the page.
    extra : str
        What must be installed besides.
    """

    title: str
    files: str
    write: Callable[[Path], tuple[Path, np.ndarray]]
    options: ReadOptions = field(default_factory=ReadOptions)
    channels: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    rate: float | None = None
    labels: list[Any] | None = None
    label_names: tuple[str, ...] | None = None
    groups: list[Any] | None = None
    offered: str = ""
    features: Mapping[str, list[Any]] = field(default_factory=dict)
    note: str = ""
    extra: str = ""


def steps(i: int, n: int = 2, length: int = 300) -> np.ndarray:
    """Return steps of a converter, (n, length)."""
    return np.random.default_rng(i).integers(-99, 99, (n, length))


def listed(folder: Path, suffix: str, column: str = "file") -> Path:
    """Write a table of two files with labels."""
    (folder / "labels.csv").write_text(f"{column},label\na{suffix},AF\nb{suffix},SR\n")
    return folder


def _edf(folder: Path) -> tuple[Path, np.ndarray]:
    import edfio

    values = [np.round(steps(i, 2, 400) / 100, 2) for i in range(2)]
    for name, own in zip("ab", values, strict=True):
        signals = [
            edfio.EdfSignal(row, sampling_frequency=100, label=lead, physical_dimension="mV")
            for row, lead in zip(own, ("I", "II"), strict=True)
        ]
        patient = edfio.Patient(code=f"p{name}", sex="F", birthdate=date(1950, 6, 2))
        recording = edfio.Recording(startdate=date(2013, 7, 1))
        edfio.Edf(signals, patient=patient, recording=recording).write(folder / f"{name}.edf")
    return listed(folder, ".edf"), values[0]


def _bdf(folder: Path) -> tuple[Path, np.ndarray]:
    import edfio

    values = steps(0, 1, 400) / 10
    signal = edfio.BdfSignal(values[0], sampling_frequency=100, label="A1", physical_dimension="uV")
    edfio.Bdf([signal]).write(folder / "a.bdf")
    return folder / "a.bdf", values


def _dicom(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        write_dicom(folder / f"{name}.dcm", steps(i), patient=("p" + name, "063Y", "F"))
    return listed(folder, ".dcm"), steps(0) * 2.5


def _muse(folder: Path) -> tuple[Path, np.ndarray]:
    head = (
        "<PatientDemographics><PatientID>p7</PatientID><PatientAge>63</PatientAge>"
        "<AgeUnits>YEARS</AgeUnits><Gender>FEMALE</Gender></PatientDemographics>"
    )
    for i, name in enumerate("ab"):
        file = folder / f"{name}.xml"
        write_muse(file, dict(zip(("I", "II"), steps(i), strict=True)))
        file.write_text(file.read_text().replace("<RestingECG>", "<RestingECG>" + head))
    return listed(folder, ".xml"), steps(0) * 4.88


def _aecg(folder: Path) -> tuple[Path, np.ndarray]:
    values = steps(0)
    sequences = (
        '<component><sequence><code code="TIME_ABSOLUTE"/><value><head value="20130701"/>'
        '<increment value="0.002" unit="s"/></value></sequence></component>'
    )
    for lead, row in zip(("I", "II"), values, strict=True):
        sequences += (
            f'<component><sequence><code code="MDC_ECG_LEAD_{lead}"/><value>'
            '<origin value="0" unit="uV"/><scale value="2.5" unit="uV"/>'
            f"<digits>{' '.join(map(str, row))}</digits></value></sequence></component>"
        )
    subject = (
        '<componentOf><subject><trialSubject><id extension="p7"/><subjectDemographicPerson>'
        '<administrativeGenderCode code="F"/><birthTime value="19500602"/>'
        "</subjectDemographicPerson></trialSubject></subject></componentOf>"
    )
    (folder / "a.xml").write_text(
        '<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3"><effectiveTime>'
        f'<low value="20130701"/></effectiveTime>{subject}<component><series><component>'
        f"<sequenceSet>{sequences}</sequenceSet></component></series></component></AnnotatedECG>"
    )
    return folder / "a.xml", values * 2.5


def _philips(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        write_philips(folder / f"{name}.xml", dict(zip(TWELVE, steps(i, 12), strict=True)))
    return listed(folder, ".xml"), steps(0, 12) * 5e-3


def _scp(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        write_scp(folder / f"{name}.scp", dict(zip(("I", "II"), steps(i), strict=True)))
    return listed(folder, ".scp"), steps(0) * 2.5e-3


def _ishne(folder: Path) -> tuple[Path, np.ndarray]:
    import struct

    for i, name in enumerate("ab"):
        file = folder / f"{name}.ecg"
        write_ishne(file, steps(i))
        raw = bytearray(file.read_bytes())
        raw[108:110] = b"p7"
        struct.pack_into("<h", raw, 128, 2)
        struct.pack_into("<6h", raw, 132, 2, 6, 1950, 1, 7, 2013)
        file.write_bytes(raw)
    return listed(folder, ".ecg"), steps(0) * 2.5e-3


def _mfer(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        write_mfer(folder / f"{name}.mwf", dict(zip(("I", "II"), steps(i), strict=True)))
    return listed(folder, ".mwf"), steps(0) * 5e-3


def _atc(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        write_atc(folder / f"{name}.atc", steps(i, 6))
    return listed(folder, ".atc"), steps(0, 6) * 5e-4


def _lead_table(folder: Path) -> tuple[Path, np.ndarray]:
    for i, name in enumerate("ab"):
        rows = "".join(f"{a},{b}\n" for a, b in steps(i).T.tolist())
        (folder / f"{name}.csv").write_text(
            f"Recorded,2023-01-0{i + 1}\nSample Rate,300 Hz\nUnit,uV\n\nLead I,Lead II\n{rows}"
        )
    return folder, steps(0)


def _watch(folder: Path) -> tuple[Path, np.ndarray]:
    for i, (name, kind) in enumerate((("a", "Sinus Rhythm"), ("b", "Atrial Fibrillation"))):
        rows = "".join(f"{v}\n" for v in steps(i, 1)[0].tolist())
        (folder / f"{name}.csv").write_text(
            f'Name,"Jane"\nRecorded Date,2023-02-01\nClassification,{kind}\nSymptoms,\n'
            f"Sample Rate,512 hertz\n\n\nLead,Lead I\nUnit,µV\n\n{rows}"
        )
    return folder, steps(0, 1)


def _hdf5(folder: Path) -> tuple[Path, np.ndarray]:
    import h5py

    cube = np.stack([steps(i, 2, 90).T for i in range(4)])
    with h5py.File(folder / "a.h5", "w") as file:
        file["tracings"], file["y"] = cube, [1, 2, 1, 2]
        file.attrs["fs"] = 100.0
    return folder / "a.h5", cube[0].T


def _mat73(folder: Path) -> tuple[Path, np.ndarray]:
    import h5py

    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        file["X"] = np.stack([steps(i, 1, 90)[0] for i in range(4)]).T.astype(np.float64)
        file["y"] = np.array([[1.0, 2.0, 1.0, 2.0]])
    content = (folder / "a.mat").read_bytes()
    (folder / "a.mat").write_bytes(
        b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + content[128:]
    )
    return folder / "a.mat", steps(0, 1, 90)


_PAIR: dict[str, Any] = {"labels": ["AF", "SR"]}

FILES = (
    Sample(
        "EDF, EDF+",
        ".edf",
        _edf,
        ReadOptions(beside=("age", "sex"), group="patient"),
        ("I", "II"),
        ("mV", "mV"),
        100.0,
        groups=["pa", "pb"],
        features={"age": [63, 63], "sex": ["F", "F"]},
        note="gaps (EDF+D) as missing values or pieces; annotations with `--episodes`",
        **_PAIR,
    ),
    Sample("BDF", ".bdf", _bdf, channels=("A1",), units=("uV",), rate=100.0, note="24 bits"),
    Sample(
        "DICOM waveform",
        ".dcm",
        _dicom,
        ReadOptions(beside=("age", "sex"), group="patient"),
        ("I", "II"),
        ("uV", "uV"),
        500.0,
        groups=["pa", "pb"],
        features={"age": [63, 63], "sex": ["F", "F"]},
        extra="dicom",
        note="the first multiplex group; also without suffix",
        **_PAIR,
    ),
    Sample(
        "GE MUSE",
        ".xml",
        _muse,
        ReadOptions(beside=("age", "sex")),
        ("I", "II"),
        ("uV", "uV"),
        500.0,
        features={"age": [63, 63], "sex": ["F", "F"]},
        note="of eight leads the other four are calculated",
        **_PAIR,
    ),
    Sample(
        "HL7 aECG",
        ".xml",
        _aecg,
        ReadOptions(beside=("age", "sex")),
        ("I", "II"),
        ("uV", "uV"),
        500.0,
        features={"age": [63], "sex": ["F"]},
        note="the first series",
    ),
    Sample(
        "Philips (SierraECG)",
        ".xml",
        _philips,
        ReadOptions(beside=("age", "sex")),
        TWELVE,
        ("mV",) * 12,
        500.0,
        features={"age": [63, 63], "sex": ["F", "F"]},
        note="plain, base64, XLI",
        **_PAIR,
    ),
    Sample(
        "SCP-ECG",
        ".scp",
        _scp,
        ReadOptions(beside=("age", "sex"), group="patient"),
        ("I", "II"),
        ("mV", "mV"),
        500.0,
        groups=["p7", "p7"],
        features={"age": [63, 63], "sex": ["F", "F"]},
        note="Huffman tables of the standard or of the file, reference beats added",
        **_PAIR,
    ),
    Sample(
        "ISHNE Holter",
        ".ecg",
        _ishne,
        ReadOptions(beside=("age", "sex")),
        ("I", "II"),
        ("mV", "mV"),
        200.0,
        features={"age": [63, 63], "sex": ["F", "F"]},
        **_PAIR,
    ),
    Sample(
        "MFER",
        ".mwf",
        _mfer,
        ReadOptions(beside=("age", "sex")),
        ("I", "II"),
        ("mV", "mV"),
        250.0,
        features={"age": [63, 63], "sex": ["F", "F"]},
        note="either byte order; frames alike are joined",
        **_PAIR,
    ),
    Sample(
        "Kardia",
        ".atc",
        _atc,
        channels=TWELVE[:6],
        units=("mV",) * 6,
        rate=300.0,
        note="1, 6 or 12 leads",
        **_PAIR,
    ),
    Sample(
        "Kardia and others, exported",
        ".csv",
        _lead_table,
        channels=("Lead I", "Lead II"),
        units=("uV", "uV"),
        rate=300.0,
        note="columns called as leads are; lines above them say rate and unit",
    ),
    Sample(
        "Apple Watch, exported",
        ".csv",
        _watch,
        ReadOptions(label="Classification"),
        ("Lead I",),
        ("µV",),
        512.0,
        ["Sinus Rhythm", "Atrial Fibrillation"],
    ),
    Sample("HDF5", ".h5, .hdf5", _hdf5, rate=100.0, labels=[1, 2, 1, 2], extra="hdf5"),
    Sample("MATLAB 7.3", ".mat", _mat73, labels=[1, 2, 1, 2], extra="hdf5"),
)
