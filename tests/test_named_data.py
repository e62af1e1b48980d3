"""Every named set on a miniature with its real layout and file formats."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from recordings import change_header, write_record, write_sound

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.named import own_data_sets
from msssm_ts.datasets.named.mitbih import DS1, DS2
from msssm_ts.datasets.named.speech_commands import which_part
from msssm_ts.errors import InputError, OptionError

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
STATEMENTS = """,description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass
NORM,normal ECG,1.0,,,NORM,NORM
IMI,inferior infarction,1.0,,,MI,IMI
AMI,anterior infarction,1.0,,,MI,AMI
NDT,non-diagnostic T,1.0,1.0,,STTC,STTC
PVC,ventricular premature complex,,1.0,,,
SR,sinus rhythm,,,1.0,,
AFIB,atrial fibrillation,,,1.0,,
"""
# ecg_id, fold, statements with their likelihoods: 0 counts as well.
RECORDS = [
    (1, 3, "{'NORM': 100.0, 'SR': 0.0}"),
    (2, 8, "{'IMI': 35.0, 'AMI': 0.0, 'SR': 0.0}"),
    (3, 9, "{'NDT': 100.0, 'AFIB': 0.0}"),
    (4, 10, "{'IMI': 15.0, 'PVC': 100.0}"),
    (5, 10, "{'SR': 0.0}"),
    (6, 1, "{}"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSSSM_TS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def ptbxl(home: Path) -> Path:
    root = home / "PTB-XL" / "ptb-xl-1.0.3"
    rows = []
    for ecg_id, fold, codes in RECORDS:
        names = []
        for rate, suffix in ((100, "lr"), (500, "hr")):
            name = f"records{rate}/00000/{ecg_id:05d}_{suffix}"
            write_record(root / name, length=10 * rate, rate=rate, leads=LEADS)
            names.append(name)
        age = "" if ecg_id == 2 else f"{60 + ecg_id}.0"
        row = f'{ecg_id},{ecg_id + 100}.0,"{codes}",{fold},{",".join(names)}'
        rows.append(f"{row},{age},{ecg_id % 2}")
    header = "ecg_id,patient_id,scp_codes,strat_fold,filename_lr,filename_hr,age,sex"
    (root / "ptbxl_database.csv").write_text("\n".join([header, *rows]) + "\n")
    (root / "scp_statements.csv").write_text(STATEMENTS)
    return root


@pytest.mark.parametrize(
    ("task", "names", "train", "test"),
    [
        ("superdiag", "MI NORM STTC", [(1, "NORM"), (2, "MI"), (3, "STTC")], [(4, "MI")]),
        ("subdiag", "AMI IMI NORM STTC", [(1, "NORM"), (2, "AMI IMI"), (3, "STTC")], [(4, "IMI")]),
        ("diag", "AMI IMI NDT NORM", [(1, "NORM"), (2, "AMI IMI"), (3, "NDT")], [(4, "IMI")]),
        ("form", "NDT PVC", [(3, "NDT")], [(4, "PVC")]),
        ("rhythm", "AFIB SR", [(1, "SR"), (2, "SR"), (3, "AFIB")], [(5, "SR")]),
        (
            "all",
            "AFIB AMI IMI NDT NORM PVC SR",
            [(1, "NORM SR"), (2, "AMI IMI SR"), (3, "AFIB NDT")],
            [(4, "IMI PVC"), (5, "SR")],
        ),
    ],
)
def test_ptbxl_tasks(
    ptbxl: Path,
    task: str,
    names: str,
    train: list[tuple[int, str]],
    test: list[tuple[int, str]],
) -> None:
    for part, expected in (("train", train), ("test", test)):
        data = load(f"PTB-XL/{task}:{part}")
        assert data.label_names == tuple(names.split())
        found = [
            (int(i), " ".join(n for n, on in zip(data.label_names, row, strict=True) if on))
            for i, row in zip(data.ids, data.labels, strict=True)
        ]
        assert found == expected
        assert data.groups.tolist() == [i + 100 for i, _ in expected]
        assert (data.group_name, data.n_channels, data.sampling_rate) == ("patient", 12, 100)


def test_ptbxl_folds_rates_and_paths(ptbxl: Path) -> None:
    data = load("PTB-XL/superdiag")
    assert data.summary() == (
        "3 series, 12 channels × 1\u202f000 steps at 100 Hz, 3 labels: MI NORM STTC; grouped by "
        "patient (3); left out: 1 record (6: no label of superdiag); PTB-XL superdiag"
    ).replace("1\u202f000", "1000")
    assert data.folds.tolist() == [3, 8, 9]
    assert data.validation.tolist() == [False, False, True]
    assert data.channel_names == LEADS
    beside = load("PTB-XL/superdiag", ReadOptions(beside=("age", "sex"))).features
    assert beside is not None
    np.testing.assert_array_equal(beside.columns, [[61, np.nan, 63], [1, 0, 1]])
    with pytest.raises(OptionError, match="no column 'agee'"):
        load("PTB-XL/superdiag", ReadOptions(beside=("agee",)))
    assert load("ptbxl500/rhythm").lengths.tolist() == [5000] * 3
    assert load("PTB-XL500/rhythm").sampling_rate == 500
    for path in (ptbxl, ptbxl.parent):
        assert load(path).summary() == data.summary()
        assert load(f"{path}/rhythm:test").ids.tolist() == [5]
    assert load(ptbxl / "records100").summary() == data.summary()
    assert load(ptbxl / "records500").sampling_rate == 500
    assert load(f"{ptbxl}/records500/rhythm:test").lengths.tolist() == [5000]
    with pytest.raises(InputError, match=r"has the tasks superdiag, .*, not 'nonsense'"):
        load("PTB-XL/nonsense")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("ptbxl_database.csv", "strat_fold", "fold", "no column 'strat_fold'"),
        ("ptbxl_database.csv", "{'SR': 0.0}", "SR", "line 6: scp_codes 'SR' is no dictionary"),
        ("ptbxl_database.csv", '",8,', '",val,', "line 3: strat_fold is 'val', where .* 1 to 10 "),
        (
            "ptbxl_database.csv",
            '",8,',
            '",,',
            r"line 3: strat_fold is missing.* \(1 of 6 rows so\); ",
        ),
        ("ptbxl_database.csv", '",8,', '",8.5,', "strat_fold is '8.5'"),
        ("ptbxl_database.csv", '",8,', '",0,', "strat_fold is '?0"),
        (
            "ptbxl_database.csv",
            "102.0",
            "",
            "line 3: patient_id is missing, where .* a whole number",
        ),
        ("ptbxl_database.csv", "102.0", "p2", "line 3: patient_id is 'p2'"),
        ("ptbxl_database.csv", "2,102", "1,102", "line 3: ecg_id 1 stands in line 2 already; "),
        ("ptbxl_database.csv", "'IMI': 35.0", "'IMI': -1", "line 3: .* the likelihood -1 for IMI"),
        (
            "ptbxl_database.csv",
            "'IMI': 35.0",
            "'IMI': '?'",
            "line 3: .* the likelihood '\\?' for IMI",
        ),
        ("scp_statements.csv", "rhythm", "x", "no column 'rhythm'"),
    ],
)
def test_ptbxl_with_damaged_tables(
    ptbxl: Path, file: str, old: str, new: str, message: str
) -> None:
    path = ptbxl / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        load("PTB-XL/rhythm")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((" II\n", " V9\n"), "other leads .*V9.* than those of 00001_lr.hea"),
        (("/mV 16 0 ", "/uV 16 0 "), r"other units \(uV, .*\) than"),
        (("12 100 ", "12 125 "), "other rate .125 Hz. than"),
    ],
)
def test_ptbxl_with_a_record_of_another_kind(
    ptbxl: Path, change: tuple[str, str], message: str
) -> None:
    change_header(ptbxl / "records100" / "00000" / "00003_lr", change)
    with pytest.raises(InputError, match=f"00003_lr.hea: {message}.*; "):
        load("PTB-XL")


def test_ptbxl_says_what_the_task_leaves_out(ptbxl: Path) -> None:
    said = load("PTB-XL/superdiag:train").summary()
    assert "left out: 1 record (6: no label of superdiag)" in said
    file = ptbxl / "ptbxl_database.csv"
    file.write_text(file.read_text().replace("'NDT'", "'XYZ'"))
    said = load("PTB-XL/rhythm").summary()
    assert re.search(r"1 statement \(XYZ: not in scp_statements\.csv\)", said)


def test_ptbxl_with_a_missing_and_a_short_record(ptbxl: Path) -> None:
    signal = ptbxl / "records100" / "00000" / "00002_lr.dat"
    signal.write_bytes(signal.read_bytes()[:100])
    with pytest.raises(InputError, match=r"00002_lr\.dat: breaks off after 100 of 24000 bytes"):
        load("PTB-XL")
    # Who has a part of the set reads that.
    signal.with_suffix(".hea").unlink()
    data = load("PTB-XL")
    assert 2 not in data.ids
    said = "1 record (2: not there, though ptbxl_database.csv lists them)"
    assert said in data.account.line()
    for header in signal.parent.glob("*.hea"):
        header.unlink()
    with pytest.raises(InputError, match=r"00001_lr\.hea: the record is missing, as are all"):
        load("PTB-XL")


def test_the_inter_patient_split_is_the_printed_one() -> None:
    """Of de Chazal, O'Dwyer and Reilly, 2004."""
    assert " ".join(DS1) == (
        "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230"
    )
    assert " ".join(DS2) == (
        "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234"
    )


def test_mitbih(home: Path) -> None:
    assert len(DS1) == len(DS2) == len({*DS1, *DS2}) // 2 == 22
    root = home / "MIT-BIH" / "mit-bih-arrhythmia-database-1.0.0"
    for i, name in enumerate([*DS1, *DS2, "102"]):
        leads = ("V5", "V2") if name == "102" else ("MLII", "V1")
        write_record(root / name, length=600, leads=leads, beats={200: "NV/"[i % 3], 400: "A"})
    (root / "RECORDS").write_text("\n".join([*DS1, *DS2, "102"]) + "\n")
    train, test = load("MIT-BIH"), load("mitdb:test")
    assert sorted(set(train.groups)) == sorted(DS1)
    assert sorted(set(test.groups)) == sorted(DS2)
    assert "likeness_32" in train.features.names
    assert load(root).summary() == train.summary()
    alone = load("MIT-BIH", ReadOptions(beside=("none",)))
    assert alone.summary() == (
        "44 series, 2 channels × 256 steps at 360 Hz, 4 classes: N Q S V; grouped by record "
        "(22); left out: 1 record (102.hea: in neither part of the split); DS1 of the "
        "inter-patient split"
    )


def test_cinc2017(home: Path) -> None:
    place = home / "CinC2017"
    for i in range(4):
        write_record(
            place / "training2017" / f"A0000{i}",
            length=300 + i,
            rate=300,
            leads=("ECG",),
            date="2014-05-08 05:05:15",
        )
    (place / "training2017" / "REFERENCE.csv").write_text(
        "A00000,N\nA00001,N\nA00002,N\nA00003,N\n"
    )
    assert load("CinC2017").classes.tolist() == ["N"]
    (place / "REFERENCE-v3.csv").write_text("A00000,N\nA00001,A\nA00002,O\nA00003,~\n")
    data = load("CinC2017")
    assert data.summary() == (
        "4 series, 1 channel × 300–303 steps at 300 Hz, 4 classes: A N O ~; left out: "
        "1 table (training2017/REFERENCE.csv: REFERENCE-v3.csv is used)"
    )
    assert data.labels.tolist() == ["N", "A", "O", "~"]
    assert data.values[3].shape == (1, 303)
    # Copies of some records, with the labels of the first version.
    sample = place / "validation"
    write_record(sample / "A00001", length=301, rate=300, leads=("ECG",))
    (sample / "REFERENCE.csv").write_text("A00001,N\n")
    again = load("CinC2017")
    assert again.labels.tolist() == ["N", "A", "O", "~"]
    assert "1 record (validation/A00001.hea: copies of some in training2017)" in again.summary()
    with pytest.raises(InputError, match="published without a test part"):
        load("CinC2017:test")


@pytest.fixture
def speech_commands(home: Path) -> Path:
    root = home / "SpeechCommands"
    for word in ("yes", "no", "bed"):
        for speaker in ("aaaa", "bbbb", "cccc"):
            write_sound(root / word / f"{speaker}_nohash_0.wav", rate=16000)
    write_sound(root / "_background_noise_" / "tap.wav", length=9000, rate=16000)
    words = ("yes", "no", "bed")
    for name, speaker in (("validation_list.txt", "bbbb"), ("testing_list.txt", "cccc")):
        (root / name).write_text("".join(f"{w}/{speaker}_nohash_0.wav\n" for w in words))
    return root


def test_speech_commands(speech_commands: Path) -> None:
    data = load("SpeechCommands")
    assert data.summary() == (
        "6 series, 1 channel × 800 steps at 16000 Hz, 3 classes: bed no yes; grouped by speaker "
        "(2); left out: 1 file (of _background_noise_, which is no word)"
    )
    assert set(data.groups[data.validation]) == {"bbbb"}
    assert set(load("SpeechCommands/SC35:test").groups) == {"cccc"}
    for name in ("SC10:test", "SpeechCommands/SC10:test", f"{speech_commands}/SC10:test"):
        assert load(name).classes.tolist() == ["no", "yes"]
    assert load(speech_commands).summary() == data.summary()
    (speech_commands / "testing_list.txt").unlink()
    with pytest.raises(
        InputError, match=r"no testing_list\.txt beside validation_list\.txt; write"
    ):
        load("SC10")
    (speech_commands / "testing_list.txt").write_text("yes/aaaa_nohash_0.wav\nyes/gone.wav\n")
    data = load("SC35")
    assert data.n_series == 8
    assert "1 line (yes/gone.wav: of testing_list.txt, which name no file)" in data.account.line()


def test_speaker_rule() -> None:
    parts = [which_part(f"{i:08x}_nohash_{i % 4}.wav") for i in range(5000)]
    shares = [parts.count(p) / len(parts) for p in ("validation", "test", "train")]
    assert shares == pytest.approx([0.1, 0.1, 0.8], abs=0.015)
    # Files of the published test archive.
    for speaker in ("022cd682", "189cbabe", "1b4c9b89", "1cb788bc", "37dca74f", "3b4f8f24"):
        assert which_part(f"{speaker}_nohash_2.wav") == "test"


def test_spoken_digits(home: Path) -> None:
    place = home / "FSDD" / "free-spoken-digit-dataset-1.0.10" / "recordings"
    for digit in (0, 7):
        for speaker in ("jackson", "theo"):
            for number in (0, 4, 5, 49):
                write_sound(place / f"{digit}_{speaker}_{number}.wav")
    train, test = load("FSDD"), load("FSDD:test")
    assert train.summary() == (
        "8 series, 1 channel × 800 steps at 8000 Hz, 2 classes: 0 7; grouped by speaker (2)"
    )
    assert {i.split("_")[2] for i in train.ids} == {"5.wav", "49.wav"}
    assert {i.split("_")[2] for i in test.ids} == {"0.wav", "4.wav"}


def test_archive_sets_by_name(home: Path) -> None:
    text = "@problemName Coffee\n@timeStamps false\n@univariate true\n@classLabel true 0 1\n@data\n"
    (home / "Coffee").mkdir()
    (home / "Coffee" / "Coffee_TRAIN.ts").write_text(text + "1,2,3:0\n2,3,4:1\n")
    (home / "Coffee" / "Coffee_TEST.ts").write_text(text + "1,2,3:0\n2,3,4:1\n5,6,7:1\n")
    assert load("Coffee").n_series == 2
    assert load("coffee:test").n_series == 3


@pytest.mark.parametrize("name", ["PTB-XL/diag", "SC35", "Coffee:test", "MIT-BIH", "RacketSports"])
def test_a_set_that_is_not_there(home: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"not in .*; get it with: msssm-ts data get \w"):
        load(name)


def test_registry() -> None:
    for data_set in own_data_sets():
        assert data_set.licence
        assert data_set.citation
        assert all(f.url.startswith("http") for f in data_set.files)
        for file in data_set.files:
            assert file.sha256 is None or len(file.sha256) == 64


def test_carried_sets_need_no_folder(home: Path) -> None:
    assert load("ItalyPowerDemand:test", ReadOptions()).n_series == 1029
    assert np.isfinite(load("GunPoint").values[0]).all()
