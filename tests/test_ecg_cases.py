"""What people bring of ECG: leads, units, clocks, groups, dead and odd records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from recordings import change_header, write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.adapted import in_units
from msssm_ts.datasets.signals.names import lead_key, lead_positions, numbered, same_lead
from msssm_ts.datasets.units import unit_factor
from msssm_ts.errors import InputError

LIMBS = ("I", "II", "III", "aVR", "aVL", "aVF")


# --- leads -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("aVR", "AVR", True),
        ("Lead aVR", "avr", True),
        ("ECG II", "II", True),
        ("Ableitung II", "II", True),
        ("Abl. V1", "V1", True),
        ("Ablation 1", "1", False),
        ("EEG Fpz-Cz", "FPZ-CZ", True),
        ("Fc5.", "FC5", True),
        ("MDC_ECG_LEAD_V1", "V1", True),
        ("MLII", "II", False),
        ("EOG chin", "EMG chin", False),
        ("ECG 1", "1", False),
        ("-aVR", "aVR", False),
        ("ECG", "", False),
    ],
)
def test_same_lead(a: str, b: str, same: bool) -> None:
    assert same_lead(a, b) == same_lead(b, a) == same
    assert (lead_key(a) == lead_key(b)) == same


def test_numbers_of_equal_names() -> None:
    assert numbered(["ECG", "ECG", "ECG 2"]) == ("ECG", "ECG 3", "ECG 2")
    assert numbered(["", "", "I"]) == ("channel 1", "channel 2", "I")
    assert len({lead_key(n) for n in numbered(["a", "A", "EEG a", "a"])}) == 4
    assert lead_positions(["I", "ecg 2"], ["ECG 2", "i", "V1"]) == [1, 0, None]


def test_leads_are_compared_as_people_mean_them(tmp_path: Path) -> None:
    first = write_record(tmp_path / "a", leads=LIMBS)
    second = write_record(tmp_path / "b", leads=tuple(n.upper() for n in reversed(LIMBS)))
    data = load(tmp_path, needs_labels=False)
    assert data.channel_names == LIMBS
    np.testing.assert_allclose(data.values[0], first, atol=1e-6)
    np.testing.assert_allclose(data.values[1], second[::-1], atol=1e-6)
    assert not data.account.left_out


def test_two_signals_of_one_name_are_kept(tmp_path: Path) -> None:
    values = write_record(tmp_path / "a", leads=("ECG", "other"))
    change_header(tmp_path / "a", ("other", "ECG"))
    data = load(tmp_path, needs_labels=False)
    assert data.channel_names == ("ECG", "ECG 2")
    np.testing.assert_allclose(data.values[0], values, atol=1e-6)


def test_a_few_records_without_the_leads_of_the_others(tmp_path: Path) -> None:
    for name in "abcd":
        write_record(tmp_path / name, leads=("MLII", "V1" if name < "c" else "V5"))
    write_record(tmp_path / "e", leads=("V5", "V2"))
    data = load(tmp_path, needs_labels=False)
    assert data.channel_names == ("MLII",)
    assert data.ids.tolist() == list("abcd")
    assert "1 record (e.hea: without channel MLII)" in data.summary()


# --- units -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "wanted", "factor"),
    [
        ("uV", "mV", 1e-3),
        ("µV", "mV", 1e-3),
        ("microvolts", "uV", 1.0),
        ("MILLIVOLT", "mV", 1.0),
        ("nV", "uV", 1e-3),
        ("V", "mV", 1e3),
        ("Volts", "uV", 1e6),
        ("mmHg", "mV", None),
        ("degC", "°C", 1.0),
        ("NU", "mV", None),
        ("%", "percent", 1.0),
    ],
)
def test_units(unit: str, wanted: str, factor: float | None) -> None:
    found = unit_factor(unit, wanted)
    assert found == (None if factor is None else pytest.approx(factor, rel=1e-9))


def test_units_are_brought_to_that_of_the_first_record(tmp_path: Path) -> None:
    a = write_record(tmp_path / "a", leads=("I", "Resp"))
    b = write_record(tmp_path / "b", leads=("I", "Resp"))
    text = (tmp_path / "b.hea").read_text().splitlines()
    text[1] = text[1].replace("/mV", "/uV")
    (tmp_path / "b.hea").write_text("\n".join(text) + "\n")
    data = load(tmp_path, needs_labels=False)
    assert data.units == ("mV", "mV")
    np.testing.assert_allclose(data.values[0], a, atol=1e-6)
    np.testing.assert_allclose(data.values[1][0], b[0] / 1000, atol=1e-6)
    np.testing.assert_allclose(data.values[1][1], b[1], atol=1e-6)
    assert "uV brought to mV in 1 record" in data.summary()
    assert ("units", "mV") in data.account.taken


def test_units_that_do_not_go_together(tmp_path: Path) -> None:
    write_record(tmp_path / "a", leads=("I", "P"))
    write_record(tmp_path / "b", leads=("I", "P"))
    lines = (tmp_path / "b.hea").read_text().splitlines()
    lines[2] = lines[2].replace("/mV", "/mmHg")
    (tmp_path / "b.hea").write_text("\n".join(lines) + "\n")
    with pytest.raises(
        InputError, match=r"b\.hea: P is in mmHg, but in mV in .*a\.hea.*--drop 'P'"
    ):
        load(tmp_path, needs_labels=False)
    assert load(tmp_path, ReadOptions(drop=("P",)), needs_labels=False).channel_names == ("I",)


@pytest.mark.parametrize("gain", ["0", "0(0)/mV"])
def test_a_header_without_gain(tmp_path: Path, gain: str) -> None:
    values = write_record(tmp_path / "a")
    change_header(tmp_path / "a", ("1000.0(0)/mV", gain))
    data = load(tmp_path, needs_labels=False)
    np.testing.assert_allclose(data.values[0], values * 5, atol=1e-5)
    assert data.unit == "mV"
    assert "1 record: no gain in the header, taken as 200 steps of the converter a mV" in (
        data.summary()
    )


def test_a_model_gets_its_units_by_name(tmp_path: Path) -> None:
    write_record(tmp_path / "a", leads=("I", "aVR"))
    data = load(tmp_path, needs_labels=False)
    # The model's channels stand the other way round.
    changed = in_units(data, ("uV", "V"), ("AVR", "Lead I"))
    assert changed.units == ("V", "uV")
    np.testing.assert_allclose(changed.values[0][0], data.values[0][0] / 1000, rtol=1e-6)
    np.testing.assert_allclose(changed.values[0][1], data.values[0][1] * 1000, rtol=1e-6)
    assert "mV converted to the model's V" in changed.summary()
    with pytest.raises(InputError, match=r"I is in mV, but the model was trained on bpm"):
        in_units(data, ("bpm",), ("I",))
    assert in_units(data, None) is data


# --- clocks ------------------------------------------------------------------------------------


def test_annotations_count_in_their_own_clock(tmp_path: Path) -> None:
    beats = {300: "N", 500: "V", 700: "N"}
    for name, factor in (("same", 1), ("other", 4)):
        write_record(tmp_path / name / "r", rate=250, beats=beats if factor == 1 else None)
    wfdb.wrann(
        "r",
        "atr",
        np.array([4 * s for s in beats]),
        list(beats.values()),
        fs=1000,
        write_dir=str(tmp_path / "other"),
    )
    same, other = load(tmp_path / "same"), load(tmp_path / "other")
    assert other.ids.tolist() == same.ids.tolist() == ["r:300", "r:500", "r:700"]
    assert other.labels.tolist() == ["N", "V", "N"]
    np.testing.assert_array_equal(other.values[1], same.values[1])


def test_rates_are_brought_to_that_of_most(tmp_path: Path) -> None:
    t = {rate: np.arange(4 * rate) / rate for rate in (250, 257, 500)}
    for name, rate in (("a", 257), ("b", 500), ("c", 500), ("d", 250)):
        wave = np.sin(2 * np.pi * 3 * t[rate])[:, None]
        wfdb.wrsamp(name, rate, ["mV"], ["I"], wave, fmt=["16"], write_dir=str(tmp_path))
    data = load(tmp_path, needs_labels=False)
    assert data.sampling_rate == 500
    assert data.lengths.tolist() == [2000] * 4
    for values in data.values:
        np.testing.assert_allclose(
            values[0, 100:-100], np.sin(6 * np.pi * t[500])[100:-100], atol=0.01
        )
    assert "2 records resampled to 500 Hz, the rate of most: 1 of 250 Hz, 1 of 257 Hz" in (
        data.summary()
    )


def test_beats_of_several_rates_have_one_length(tmp_path: Path) -> None:
    for name, rate in (("a", 360), ("b", 360), ("c", 257), ("d", 128)):
        write_record(tmp_path / name, rate=rate, beats={300: "N", 500: "V"})
    data = load(tmp_path)
    assert data.sampling_rate == 360
    assert data.lengths.tolist() == [256] * 8
    assert {v.shape for v in data.values} == {(1, 256)}


def test_rates_too_far_apart(tmp_path: Path) -> None:
    write_record(tmp_path / "a", rate=360)
    write_record(tmp_path / "b", rate=360)
    write_record(tmp_path / "c", rate=1)
    with pytest.raises(InputError, match=r"c\.hea: sampled at 1 Hz, too far from the 360 Hz"):
        load(tmp_path, needs_labels=False)


@pytest.mark.parametrize(("gap", "ids"), [(20, ["s"]), (400, ["s#1", "s#2"])])
def test_segments_with_a_gap(tmp_path: Path, gap: int, ids: list[str]) -> None:
    first = write_record(tmp_path / "s_1", length=200)
    second = write_record(tmp_path / "s_2", length=300)
    text = f"s/3 1 360 {500 + gap}\ns_1 200\n~ {gap}\ns_2 300\n"
    (tmp_path / "s.hea").write_text(text)
    data = load(tmp_path, needs_labels=False)
    assert data.ids.tolist() == ids
    if len(ids) == 1:
        values = data.values[0][0]
        assert np.flatnonzero(np.isnan(values)).tolist() == list(range(200, 200 + gap))
        assert "short gaps in 1 record kept as missing values" in data.summary()
    else:
        np.testing.assert_allclose(data.values[0], first, atol=1e-6)
        np.testing.assert_allclose(data.values[1], second, atol=1e-6)
        assert data.groups.tolist() == ["s", "s"]
        assert "1 record with long gaps divided into 2 stretches" in data.summary()


def test_segments_that_promise_more_than_there_is(tmp_path: Path) -> None:
    write_record(tmp_path / "s_1", length=200)
    (tmp_path / "s.hea").write_text("s/1 1 360 99999999999\ns_1 200\n")
    with pytest.raises(InputError, match="its segments have 200 samples, not the 99999999999"):
        load(tmp_path, needs_labels=False)
    (tmp_path / "s.hea").write_text("s/1 1 360 99999999999\ns_1 99999999999\n")
    with pytest.raises(InputError, match="breaks off after 400 of 199999999998 bytes"):
        load(tmp_path, needs_labels=False)


# --- groups, options ---------------------------------------------------------------------------


def test_groups_that_were_asked_for(tmp_path: Path) -> None:
    for name in "abc":
        write_record(tmp_path / name, beats={300: "N", 600: "V"})
    with pytest.raises(InputError, match=r"no column 'patient' \(--group\): there is no table"):
        load(tmp_path, ReadOptions(group="patient"))
    (tmp_path / "records.csv").write_text("record,patient\na,p1\nb,p1\nc,p2\n")
    data = load(tmp_path, ReadOptions(group="patient"))
    assert (data.groups.tolist(), data.group_name) == ([*["p1"] * 4, *["p2"] * 2], "patient")
    assert load(tmp_path, ReadOptions(group="record")).groups.tolist() == list("aabbcc")
    with pytest.raises(
        InputError, match=r"no column 'hospital' \(--group\); there are record, patient"
    ):
        load(tmp_path, ReadOptions(group="hospital"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": (0.1, 0.1)}, "--window cuts around beat annotations, but there are none"),
        ({"episodes": 5.0}, "--episodes takes rhythms or other states for labels, but none are"),
        ({"annotator": "atr"}, r"no record has annotations \.atr .* there are none"),
        ({"beat_classes": "symbols"}, "--beats has no effect on whole records"),
        ({"drop": ("V9",)}, r"no channel 'V9' \(--drop\); there are MLII"),
        ({"drop": ("MLII",)}, "--drop leaves no channel"),
        ({"mono": True}, "--mono has no effect on WFDB records"),
    ],
)
def test_options_act_or_are_refused(tmp_path: Path, options: dict, message: str) -> None:
    write_record(tmp_path / "a")
    write_record(tmp_path / "b")
    (tmp_path / "labels.csv").write_text("record,label\na,x\nb,y\n")
    with pytest.raises(InputError, match=message):
        load(tmp_path, ReadOptions(**options))


# --- odd records -------------------------------------------------------------------------------


def test_a_header_with_folders_in_it(tmp_path: Path) -> None:
    values = write_record(tmp_path / "00001_medians", rate=500)
    text = (tmp_path / "00001_medians.hea").read_text()
    file = tmp_path / "00001_medians.hea"
    file.write_text(text.replace("00001_medians", "ge_median_beats/00001_medians"))
    data = load(tmp_path, needs_labels=False)
    assert data.ids.tolist() == ["00001_medians"]
    np.testing.assert_allclose(data.values[0], values, atol=1e-6)
    # Nothing outside the folder is looked at.
    file.write_text(text.replace("00001_medians.dat", "../../00001_medians.dat"))
    np.testing.assert_allclose(load(file, needs_labels=False).values[0], values, atol=1e-6)


def test_dead_records_are_left_out(tmp_path: Path) -> None:
    for name in "abcd":
        write_record(tmp_path / name)
    for name, raw in (("b", b"\x00\x80"), ("c", b"\x05\x00")):
        (tmp_path / f"{name}.dat").write_bytes(raw * 1000)
    # One that begins flat is alive.
    late = (tmp_path / "d.dat").read_bytes()
    (tmp_path / "d.dat").write_bytes(b"\x05\x00" * 600 + late[1200:])
    (tmp_path / "labels.csv").write_text("record,label\na,x\nb,y\nc,y\nd,y\n")
    data = load(tmp_path)
    assert data.ids.tolist() == ["a", "d"]
    assert data.labels.tolist() == ["x", "y"]
    assert "1 record (b.hea: no sample is valid)" in data.summary()
    assert "1 record (c.hea: every signal has one value throughout)" in data.summary()
    for name in "ad":
        (tmp_path / f"{name}.dat").write_bytes(b"\x00\x80" * 1000)
    with pytest.raises(InputError, match=r"a\.hea: no sample is valid; remove it"):
        load(tmp_path)


def test_a_table_of_part_of_the_records(tmp_path: Path) -> None:
    for name in "abc":
        write_record(tmp_path / "WFDBRecords" / name)
    (tmp_path / "labels.csv").write_text("ecg,label\na,x\nb,y\nz,y\n")
    data = load(tmp_path)
    assert data.labels.tolist() == ["x", "y"]
    assert "1 record (c.hea: not in labels.csv)" in data.summary()
    assert "1 row (z: of labels.csv, which name no file)" in data.summary()


def test_signals_withoutchange_header(tmp_path: Path) -> None:
    write_record(tmp_path / "a")
    (tmp_path / "b.dat").write_bytes(b"\x01\x02" * 100)
    assert "1 file (b.dat: no header for them)" in load(tmp_path, needs_labels=False).summary()


def test_beats_beside_a_gap_are_left_out(tmp_path: Path) -> None:
    write_record(tmp_path / "s_1", length=400)
    write_record(tmp_path / "s_2", length=600)
    (tmp_path / "s.hea").write_text("s/3 1 360 1500\ns_1 400\n~ 500\ns_2 600\n")
    samples = np.array([200, 390, 950, 1200])
    wfdb.wrann("s", "atr", samples, ["N", "V", "N", "V"], write_dir=str(tmp_path))
    data = load(tmp_path)
    assert data.ids.tolist() == ["s:200", "s:1200"]
    assert not any(np.isnan(v).any() for v in data.values)
    assert "2 beats (their window leaves the record)" in data.summary()


def test_rhythms_of_several_rates_have_one_length(tmp_path: Path) -> None:
    for name, rate in (("a", 100), ("b", 100), ("c", 128)):
        write_record(tmp_path / name, length=60 * rate, rate=rate)
        onsets = np.array([rate // 2, 25 * rate])
        notes = ["(N", "(AFIB"]
        wfdb.wrann(name, "atr", onsets, ["+"] * 2, aux_note=notes, write_dir=str(tmp_path))
    data = load(tmp_path)
    assert data.ids.tolist()[-5:] == ["c:0", "c:1280", "c:3200", "c:4480", "c:5760"]
    assert {v.shape for v in data.values} == {(1, 1000)}
