"""ECGs and EEGs as public sets and hospitals' exports have them, and new data that differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from commands import run
from ecg_device_files import write_scp
from ecg_files import write_dicom
from recordings import change_header, write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.load import check_there
from msssm_ts.datasets.sources import sources_below
from msssm_ts.errors import InputError


@pytest.mark.parametrize("option", ["label", "group"])
def test_columns_are_not_looked_for_in_folders(tmp_path: Path, option: str) -> None:
    """Folders are classes or groups, which is no reason to let a named column go."""
    for folder in ("sub-01/AF", "sub-01/SR", "sub-02/AF", "sub-02/SR"):
        write_record(tmp_path / folder / folder.replace("/", ""))
    assert load(tmp_path).labels.tolist() == ["AF", "SR"] * 2
    with pytest.raises(InputError, match=rf"no column 'kind' \(--{option}\): there is no table"):
        load(tmp_path, ReadOptions(**{option: "kind"}))
    assert load(tmp_path, ReadOptions(group="folder")).group_name == "folder"


def _shout(folder: Path) -> None:
    """Call all files in capitals, as CDs and DOS had them."""
    for file in list(folder.iterdir()):
        file.rename(file.with_name(file.name.upper()))


def test_records_in_capitals_are_read(tmp_path: Path) -> None:
    quiet, loud = tmp_path / "quiet", tmp_path / "loud"
    for folder in (quiet, loud):
        for name, beats in (("r1", {400: "N"}), ("r2", {300: "V"})):
            write_record(folder / name, beats=beats)
        wfdb.wrsamp(
            "r3", 360, ["mV"], ["MLII"], np.sin(np.arange(900.0))[:, None], fmt=["212"],
            adc_gain=[200.0], baseline=[0], write_dir=str(folder),
        )  # fmt: skip
        (folder / "labels.csv").write_text("record,label\nr1,a\nr2,b\nr3,a\n")
    _shout(loud)
    ours, theirs = load(loud), load(quiet)
    for mine, its in zip(ours.values, theirs.values, strict=True):
        np.testing.assert_array_equal(mine, its)
    assert ours.labels.tolist() == ["a", "b", "a"]
    (loud / "LABELS.CSV").unlink()
    beats = load(loud, ReadOptions(beside=("none",)))
    assert (beats.labels.tolist(), beats.ids.tolist()) == (["N", "V"], ["R1:400", "R2:300"])
    # One header as lists write it, and records by name.
    (loud / "R1.HEA").rename(loud / "r1.hea")
    for name in ("r1.hea", "R2.HEA", "R3", "r3", "R3.DAT"):
        assert load(loud / name, needs_labels=False).n_series == 1


def test_records_are_named_without_suffix(tmp_path: Path) -> None:
    """As WFDB's own programs, and annotate, have it."""
    write_record(tmp_path / "100")
    assert load(tmp_path / "100", needs_labels=False).n_series == 1
    check_there(str(tmp_path / "100"))
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "101")


def test_headers_that_count_no_samples_leave_it_to_the_file(tmp_path: Path) -> None:
    write_record(tmp_path / "r", length=700)
    change_header(tmp_path / "r", (" 700", " 0"))
    assert load(tmp_path / "r.hea", needs_labels=False).lengths.tolist() == [700]
    (tmp_path / "r.dat").write_bytes(b"")
    with pytest.raises(InputError, match=r"the record is empty \(0 samples\)"):
        load(tmp_path / "r.hea", needs_labels=False)


def test_every_kind_of_broken_record_has_its_reason(tmp_path: Path) -> None:
    for i in range(8):
        write_record(tmp_path / f"r{i}")
    for i in (0, 1):
        (tmp_path / f"r{i}.dat").unlink()
    (tmp_path / "r2.dat").write_bytes((tmp_path / "r2.dat").read_bytes()[:99])
    (tmp_path / "r3.hea").write_text("")
    line = load(tmp_path, needs_labels=False).account.line()
    for said in (
        "2 records (r0.hea, r1.hea: cannot be read, its signal file r0.dat is missing)",
        "1 record (r2.hea: cannot be read, r2.dat: breaks off after 99 of 2000 bytes",
        "1 record (r3.hea: cannot be read, not a readable WFDB header",
    ):
        assert said in line


def test_dicom_without_suffix(tmp_path: Path) -> None:
    """Archives of hospitals call files IM000001, or after their identifiers."""
    pytest.importorskip("pydicom", reason="the dicom extra is not installed")
    names = ("IM000001", "1.2.840.77", "b.dcm")
    for i, name in enumerate(names):
        write_dicom(tmp_path / name, np.arange(40).reshape(2, 20) + i)
    for name in ("DICOMDIR", "notes"):
        (tmp_path / name).write_bytes(bytes(128) + (b"DICM" if name == "DICOMDIR" else b"text"))
    (tmp_path / "labels.csv").write_text("file,label\nIM000001,a\n1.2.840.77,b\nb.dcm,a\n")
    data = load(tmp_path)
    assert dict(zip(data.ids.tolist(), data.labels.tolist(), strict=True)) == {
        "1.2.840.77": "b", "IM000001": "a", "b.dcm": "a",
    }  # fmt: skip
    assert data.values[1][0, 1] == pytest.approx(2.5)
    assert load(tmp_path / "IM000001", needs_labels=False).n_channels == 2
    assert {f.name for f in sources_below(tmp_path).files} == {*names}


@pytest.mark.parametrize("coded", ["standard", "custom", "plain"])
def test_samples_of_scp_behind_those_that_are_counted(tmp_path: Path, coded: str) -> None:
    values = {"I": np.arange(300) % 50, "II": np.arange(300) % 40}
    for count, goes_on in ((300, False), (298, coded == "plain"), (250, True)):
        write_scp(tmp_path / "a.scp", values, samples=count, coded=coded)
        data = load(tmp_path / "a.scp", needs_labels=False)
        assert data.lengths.tolist() == [count]
        np.testing.assert_allclose(data.values[0][0], np.arange(count) % 50 * 2.5e-3, rtol=1e-6)
        said = "its leads go on behind the samples that are counted"
        assert (said in data.account.line()) is goes_on


@pytest.mark.parametrize("separator", [",", ";"])
def test_watches_that_speak_other_languages(tmp_path: Path, separator: str) -> None:
    """Decimal commas, and lines above the values in the owner's language."""
    rows = [-0.012, 5.278, -101.005, 12.5, 0.061, 3.25, 7.0, -2.125]
    for i, kind in enumerate(("Sinusrhythmus", "Vorhofflimmern")):
        head = [
            ("Name", "Max"), ("Klassifizierung", kind), ("Gerät", "Watch"),
            ("Abtastrate", "512 Hertz"), ("Ableitung", "Ableitung I"), ("Einheit", "µV"),
        ]  # fmt: skip
        lines = [separator.join(pair) for pair in head]
        lines += ["", *(f"{v + i:.3f}".replace(".", ",") for v in rows)]
        (tmp_path / f"ecg_{i}.csv").write_text("\n".join(lines) + "\n")
    data = load(tmp_path, ReadOptions(label="Klassifizierung"))
    assert data.labels.tolist() == ["Sinusrhythmus", "Vorhofflimmern"]
    assert (data.sampling_rate, data.units, data.channel_names) == (512, ("µV",), ("Ableitung I",))
    np.testing.assert_allclose(data.values[0], [rows])
    assert "4 lines (Name, Gerät: above the table)" in data.account.line()


def test_chest_leads_in_the_code_of_iec(tmp_path: Path) -> None:
    for i in range(6):
        write_record(tmp_path / "data" / "ab"[i % 2] / f"r{i}", leads=("I", "V1"))
    write_record(tmp_path / "new", leads=("C1", "I"))
    run("fit", tmp_path / "data", "--members", "quantile_trees", "--out", tmp_path / "run", "-q")
    _, err = run("predict", tmp_path / "run", tmp_path / "new")
    assert "took channel C1 for the model's V1" in err
    change_header(tmp_path / "new", (" C1", " C7"))
    assert (
        "channel V1, which the model needs, is missing"
        in (run("predict", tmp_path / "run", tmp_path / "new", code=2)[1])
    )


def test_two_columns_of_whole_numbers_stay_two(tmp_path: Path) -> None:
    text = "Name,x\nRate,100 Hz\n\n" + "".join(f"{i},{i + 10}\n" for i in range(8))
    (tmp_path / "a.csv").write_text(text)
    assert load(tmp_path / "a.csv", needs_labels=False).lengths.tolist() != [8]


def test_records_of_one_signal_that_is_called_after_its_place(tmp_path: Path) -> None:
    """CirCor has a recording for each valve of the heart; two leads are no two places."""
    for patient in ("101", "102", "103"):
        for place in ("AV", "MV"):
            write_record(tmp_path / f"{patient}_{place}", leads=(place,))
    (tmp_path / "patients.csv").write_text("Patient ID,Murmur\n101,yes\n102,no\n103,yes\n")
    data = load(tmp_path, ReadOptions(label="Murmur"))
    assert data.labels.tolist() == ["yes", "yes", "no", "no", "yes", "yes"]
    assert (data.channel_names, data.group_name) == (None, "Patient ID")
    said = "took the one signal of each for the same, though called AV, MV"
    assert said in data.account.line()
    for patient in ("101", "102", "103"):
        change_header(tmp_path / f"{patient}_MV", (" MV", " V1"))
    with pytest.raises(InputError, match="have none in common"):
        load(tmp_path, ReadOptions(label="Murmur"))


def test_lists_of_some_records_are_told(tmp_path: Path) -> None:
    """CinC 2011 lists records of good quality, and of bad."""
    for i in range(4):
        write_record(tmp_path / f"r{i}")
    (tmp_path / "RECORDS").write_text("r0\nr1\nr2\nr3\n")
    (tmp_path / "RECORDS-good").write_text("r0\nr1\n")
    (tmp_path / "RECORDS-bad").write_text("r2\nr3\n")
    with pytest.raises(InputError, match="RECORDS-bad, RECORDS-good list some of the records each"):
        load(tmp_path)


def test_recordings_in_text_that_a_table_chooses(tmp_path: Path) -> None:
    """Wristbands write a file of one name for each sensor into a folder for each session."""
    for name in ("rest", "walk"):
        (tmp_path / name).mkdir()
        for sensor, width in (("ACC", 3), ("BVP", 1)):
            rows = [[1544027337.0] * width, [64.0] * width, *np.ones((9, width)).tolist()]
            text = "".join(",".join(map(str, row)) + "\n" for row in rows)
            (tmp_path / name / f"{sensor}.csv").write_text(text)
    with pytest.raises(InputError, match="a table of these, with the columns file and label"):
        load(tmp_path)
    (tmp_path / "labels.csv").write_text("file,label\nrest/BVP.csv,r\nwalk/BVP.csv,w\n")
    data = load(tmp_path)
    assert (data.labels.tolist(), data.n_channels) == (["r", "w"], 1)


def test_json_beside_recordings_in_text(tmp_path: Path) -> None:
    (tmp_path / "rec").mkdir()
    for i in range(4):
        rows = "".join(f"{j / 100},{j % (i + 2)}\n" for j in range(20))
        (tmp_path / "rec" / f"P{i}.csv").write_text(f"time_s,ECG_mV\n{rows}")
    (tmp_path / "labels.json").write_text('{"P0": "a", "P1": "b", "P2": "a", "P3": "b"}')
    assert load(tmp_path).labels.tolist() == ["a", "b", "a", "b"]


def test_patients_that_are_numbered(tmp_path: Path) -> None:
    """Spreadsheets drop the zeros of 001."""
    for patient in ("001", "002", "010"):
        for visit in (1, 2):
            write_record(tmp_path / patient / f"{patient}{visit}x")
    (tmp_path / "patients.csv").write_text("patient,diagnosis\n1,a\n2,b\n10,a\n")
    data = load(tmp_path)
    assert data.labels.tolist() == ["a", "a", "b", "b", "a", "a"]
    assert data.group_name == "patient"


def test_headers_that_are_quoted_twice(tmp_path: Path) -> None:
    """MIT-BIH as Kaggle has it."""
    rows = "".join(f"{i},{i % 7},{i % 5}\n" for i in range(20))
    (tmp_path / "100.csv").write_text(f"'sample #','MLII','V5'\n{rows}")
    data = load(tmp_path / "100.csv", needs_labels=False)
    assert (data.channel_names, data.lengths.tolist()) == (("MLII", "V5"), [20])
