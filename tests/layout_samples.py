"""A miniature of every published layout of recordings that is read, as in ``format_samples.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io
import wfdb
from format_samples import TWELVE, Sample, steps
from recordings import write_record

from msssm_ts.datasets import ReadOptions

CODES = ("164889003,59118001", "426783006", "164889003", "426783006,59118001")


def _sleep(folder: Path) -> tuple[Path, np.ndarray]:
    import edfio

    values = np.round(steps(0, 1, 900) / 100, 2)
    signal = edfio.EdfSignal(
        values[0], sampling_frequency=10, label="EEG Fpz-Cz", physical_dimension="uV"
    )
    edfio.Edf([signal]).write(folder / "SC4001E0-PSG.edf")
    notes = [edfio.EdfAnnotation(30 * k, 30, f"Sleep stage {s}") for k, s in enumerate("W12")]
    edfio.Edf([], annotations=notes).write(folder / "SC4001EC-Hypnogram.edf")
    return folder, values[:, :300]


def _code15(folder: Path) -> tuple[Path, np.ndarray]:
    import h5py

    rows = ""
    for part in (0, 1):
        with h5py.File(folder / f"exams_part{part}.hdf5", "w") as file:
            ids = [10 * part + i for i in range(3)]
            file["exam_id"] = ids
            file["tracings"] = np.stack([steps(i, 12, 96).T for i in ids]).astype(np.float32)
            rows += "".join(
                f"{i},{60 + i},{i % 2 == 0},{i % 2 == 0},{i % 3 == 0},p{i // 2},"
                f"exams_part{part}.hdf5\n"
                for i in ids
            )
    head = "exam_id,age,is_male,RBBB,AF,patient_id,trace_file"
    (folder / "exams.csv").write_text(f"{head}\n{rows}")
    return folder, steps(0, 12, 96)


def _challenge(folder: Path) -> tuple[Path, np.ndarray]:
    values = None
    for i, codes in enumerate(CODES):
        stem = folder / f"A000{i}"
        own = write_record(stem, length=300, rate=500, leads=TWELVE)
        values = own if values is None else values
        _comment(stem, f"Age: {60 + i}", f"Sex: {('Male', 'Female')[i % 2]}", f"Dx: {codes}")
    return folder, values


def _comment(stem: Path, *lines: str) -> None:
    file = stem.with_name(f"{stem.name}.hea")
    file.write_text(file.read_text() + "".join(f"#{line}\n" for line in lines))


def _chapman(folder: Path) -> tuple[Path, np.ndarray]:
    place = folder / "WFDBRecords" / "01" / "010"
    place.mkdir(parents=True)
    for i, codes in enumerate(CODES):
        name = f"JS0000{i + 1}"
        scipy.io.savemat(place / f"{name}.mat", {"val": steps(i, 12).astype(np.int16)}, format="4")
        lines = "".join(f"{name}.mat 16+24 1000/mV 16 0 0 0 0 {lead}\n" for lead in TWELVE)
        (place / f"{name}.hea").write_text(
            f"{name} 12 500 300\n{lines}#Age: {60 + i}\n#Sex: Female\n#Dx: {codes}\n"
            "#Rx: Unknown\n#Hx: Unknown\n#Sx: Unknown\n"
        )
    (folder / "ConditionNames_SNOMED-CT.csv").write_text(
        "Acronym Name,Full Name,Snomed_CT\nAFIB,Atrial Fibrillation,164889003\n"
        "RBBB,right bundle branch block,59118001\nSR,Sinus Rhythm,426783006\n"
    )
    (folder / "RECORDS").write_text("WFDBRecords/01/010/\n")
    return folder, steps(0, 12) / 1000


def _chapman_text(folder: Path) -> tuple[Path, np.ndarray]:
    (folder / "ECGDataDenoised").mkdir()
    for i in range(4):
        rows = "".join(",".join(map(str, row)) + "\n" for row in steps(i, 12).T.tolist())
        (folder / "ECGDataDenoised" / f"MUSE_{i}.csv").write_text(rows)
    (folder / "Diagnostics.csv").write_text(
        "FileName,Rhythm,PatientAge,Gender\n"
        "MUSE_0,SR,60,MALE\nMUSE_1,AFIB,61,FEMALE\nMUSE_2,SR,62,MALE\nMUSE_3,AFIB,63,FEMALE\n"
    )
    return folder, steps(0, 12)


def _cpsc(folder: Path) -> tuple[Path, np.ndarray]:
    for i in range(4):
        content = {"sex": "Female", "age": 60.0 + i, "data": steps(i, 12)}
        scipy.io.savemat(folder / f"A000{i}.mat", {"ECG": content})
    (folder / "REFERENCE.csv").write_text(
        "Recording,First_label,Second_label,Third_label\nA0000,1,,\nA0001,2,5,\nA0002,5,,\n"
        "A0003,1,,\n"
    )
    return folder, steps(0, 12)


def _cinc2017(folder: Path) -> tuple[Path, np.ndarray]:
    values = [write_record(folder / f"A0000{i}", length=400, rate=300, leads=["ECG"])
              for i in range(1, 5)]  # fmt: skip
    (folder / "REFERENCE.csv").write_text("A00001,N\nA00002,A\nA00003,O\nA00004,~\n")
    return folder, values[0]


def _icentia(folder: Path) -> tuple[Path, np.ndarray]:
    first = None
    for patient in ("p00000", "p00001"):
        for segment in ("s00", "s01"):
            stem = folder / "p00" / patient / f"{patient}_{segment}"
            beats = {400: "N", 700: "V", 900: "N"}
            own = write_record(stem, length=1500, rate=250, leads=["ecg"], beats=beats)
            first = own if first is None else first
    return folder, first[:, 400 - 70 : 400 + 108]


def _afdb(folder: Path) -> tuple[Path, np.ndarray]:
    values = write_record(folder / "04015", length=8000, rate=100, leads=("ECG1", "ECG2"))
    wfdb.wrann(
        "04015", "atr", np.array([0, 4000]), ["+"] * 2, aux_note=["(N", "(AFIB"],
        write_dir=str(folder),
    )  # fmt: skip
    return folder, values[:, :1000]


def _apnea(folder: Path) -> tuple[Path, np.ndarray]:
    values = write_record(folder / "a01", length=24000, rate=100, leads=["ECG"])
    wfdb.wrann("a01", "apn", np.arange(0, 24000, 6000), list("NAAN"), write_dir=str(folder))
    return folder, values[:, :6000]


def _ptbxl(folder: Path) -> tuple[Path, np.ndarray]:
    codes = ("{'NORM': 100.0}", "{'IMI': 100.0}", "{'NORM': 80.0}", "{'IMI': 50.0}")
    rows, first = [], None
    for i, own in enumerate(codes, 1):
        name = f"records100/00000/{i:05d}_lr"
        values = write_record(folder / name, length=1000, rate=100, leads=TWELVE)
        first = values if first is None else first
        rows.append(f'{i},{i + 100}.0,"{own}",{i},{name},{name.replace("lr", "hr")},{60 + i},0')
    head = "ecg_id,patient_id,scp_codes,strat_fold,filename_lr,filename_hr,age,sex"
    (folder / "ptbxl_database.csv").write_text("\n".join([head, *rows]) + "\n")
    (folder / "scp_statements.csv").write_text(
        ",description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass\n"
        "NORM,normal ECG,1.0,,,NORM,NORM\nIMI,inferior infarction,1.0,,,MI,IMI\n"
    )
    return folder, first


_SEVERAL = [[1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1]]
LAYOUTS = (
    Sample(
        "PhysioNet Challenge 2020, 2021",
        "`.hea` with `#Dx:`, `.mat`",
        _challenge,
        ReadOptions(beside=("age", "sex")),
        TWELVE,
        ("mV",) * 12,
        500.0,
        _SEVERAL,
        ("AF", "NSR", "RBBB"),
        features={"age": [60, 61, 62, 63], "sex": ["M", "F", "M", "F"]},
        note="codes of SNOMED CT get the Challenge's names; `--label AF,RBBB` chooses",
    ),
    Sample(
        "Chapman-Shaoxing, Ningbo",
        "`WFDBRecords/01/010/JS00001.hea`",
        _chapman,
        ReadOptions(label="AF,RBBB"),
        TWELVE,
        ("mV",) * 12,
        500.0,
        [[1, 1], [0, 0], [1, 0], [0, 1]],
        ("AF", "RBBB"),
        offered="age, sex",
    ),
    Sample(
        "Chapman, as text",
        "`Diagnostics.csv`, `ECGDataDenoised/MUSE_....csv`",
        _chapman_text,
        ReadOptions(sampling_rate=500.0, beside=("PatientAge",)),
        rate=500.0,
        labels=["SR", "AFIB", "SR", "AFIB"],
        features={"PatientAge": [60, 61, 62, 63]},
        note="save `Diagnostics.xlsx` as CSV; files say neither rate nor leads: `--fs 500`",
    ),
    Sample(
        "CPSC 2018",
        "`A0001.mat`, `REFERENCE.csv`",
        _cpsc,
        ReadOptions(sampling_rate=500.0, beside=("age", "sex")),
        rate=500.0,
        labels=[[1, 0, 0], [0, 1, 1], [0, 0, 1], [1, 0, 0]],
        label_names=("1", "2", "5"),
        features={"age": [60, 61, 62, 63], "sex": ["F"] * 4},
        note="files say neither rate nor leads: `--fs 500`",
    ),
    Sample(
        "CODE-15 %",
        "`exams.csv`, `exams_part0.hdf5`",
        _code15,
        ReadOptions(label="AF,RBBB", beside=("age", "is_male")),
        labels=[[1, 1], [0, 0], [0, 1], [0, 1], [0, 0], [1, 1]],
        label_names=("AF", "RBBB"),
        groups=["p0", "p0", "p1", "p5", "p5", "p6"],
        features={
            "age": [60, 61, 62, 70, 71, 72],
            "is_male": ["True", "False", "True", "True", "False", "True"],
        },
        note="files say no rate: `--fs 400`",
        extra="hdf5",
    ),
    Sample(
        "PTB-XL",
        "`ptbxl_database.csv`, `records100/`",
        _ptbxl,
        ReadOptions(beside=("age", "sex")),
        TWELVE,
        ("mV",) * 12,
        100.0,
        [[0, 1], [1, 0], [0, 1], [1, 0]],
        ("MI", "NORM"),
        [101, 102, 103, 104],
        features={"age": [61, 62, 63, 64], "sex": [0, 0, 0, 0]},
        note="six tasks out of `scp_codes`, `FOLDER/TASK`; folds 1 to 8, 9 and 10",
    ),
    Sample(
        "CinC 2017",
        "`A00001.hea`, `REFERENCE.csv`",
        _cinc2017,
        channels=("ECG",),
        units=("mV",),
        rate=300.0,
        labels=["N", "A", "O", "~"],
    ),
    Sample(
        "Icentia11k",
        "`p00/p00000/p00000_s00.hea`",
        _icentia,
        ReadOptions(beside=("none",)),
        ("ecg",),
        ("mV",),
        250.0,
        ["N", "V", "N"] * 4,
        groups=["p00000"] * 6 + ["p00001"] * 6,
        note="beats; patients by the folders; `--episodes` takes rhythms",
    ),
    Sample(
        "AFDB",
        "`04015.hea`, `.atr`",
        _afdb,
        ReadOptions(episodes=10.0),
        ("ECG1", "ECG2"),
        ("mV", "mV"),
        100.0,
        ["N"] * 4 + ["AFIB"] * 4,
        groups=["04015"] * 8,
        note="rhythms; `--annotator qrs` takes the beats",
    ),
    Sample(
        "Apnea-ECG",
        "`a01.hea`, `.apn`",
        _apnea,
        ReadOptions(annotator="apn", episodes=60.0),
        ("ECG",),
        ("mV",),
        100.0,
        ["N", "A", "A", "N"],
        groups=["a01"] * 4,
        note="a symbol a minute, which `--annotator apn` takes for its state",
    ),
    Sample(
        "Sleep-EDF",
        "`...-PSG.edf`, `...-Hypnogram.edf`",
        _sleep,
        channels=("EEG Fpz-Cz",),
        units=("uV",),
        rate=10.0,
        labels=["W", "1", "2"],
        groups=["SC4001E0-PSG.edf"] * 3,
        note="pieces of 30 s; `--episodes` says otherwise",
    ),
)
