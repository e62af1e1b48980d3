"""Every format and layout of ECGs and their kin: a miniature is read, or refused by name."""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ecg_device_files import mfer, write_atc, write_mfer, write_philips, write_scp
from format_samples import FILES, TWELVE, Sample, steps
from layout_samples import LAYOUTS
from recordings import write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.not_read import FORMATS
from msssm_ts.errors import InputError, OptionError
from msssm_ts.optional import install

SAMPLES = (*FILES, *LAYOUTS)


def _plain(values: Any) -> Any:
    return None if values is None else np.asarray(values).tolist()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.title)
def test_a_miniature_is_read(sample: Sample, tmp_path: Path) -> None:
    source, first = sample.write(tmp_path)
    data = load(source, sample.options, needs_labels=sample.labels is not None)
    # Converters of 16 bits round.
    np.testing.assert_allclose(data.values[0], first, atol=2e-3 * max(np.abs(first).max(), 1e-3))
    assert data.channel_names == sample.channels
    assert data.units == sample.units
    assert data.sampling_rate == sample.rate
    assert _plain(data.labels) == sample.labels
    assert data.label_names == sample.label_names
    assert _plain(data.groups) == sample.groups
    beside = {} if data.features is None else dict(data.features.items())
    assert {name: _plain(column) for name, column in beside.items()} == dict(sample.features)
    assert dict(data.account.taken).get("possible features", "") == sample.offered


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.extra], ids=lambda s: s.title)
def test_what_needs_an_extra_says_so(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _ = sample.write(tmp_path)
    library = {"dicom": "pydicom", "hdf5": "h5py"}[sample.extra]
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match=re.escape(install(sample.extra))):
        load(source, sample.options)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_not_read_is_refused_by_name(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{suffix}"
    file.write_bytes(b"1234")
    for source in (file, tmp_path):
        with pytest.raises(InputError, match=rf"a\{suffix}: {FORMATS[suffix][0]} is not read; "):
            load(source)


# --- what damaged files, and files of another kind, are told -----------------------------------

LEADS = dict(zip(("I", "II"), steps(0), strict=True))
TWELVE_LEADS = dict(zip(TWELVE, steps(0, 12), strict=True))


def _cut(file: Path, n: int) -> None:
    file.write_bytes(file.read_bytes()[:n])


def _patched(file: Path, place: int, raw: bytes) -> None:
    content = bytearray(file.read_bytes())
    content[place : place + len(raw)] = raw
    file.write_bytes(content)


def _scp_cut(file: Path) -> None:
    write_scp(file, LEADS)
    _cut(file, file.stat().st_size // 2)


def _scp_elsewhere(file: Path) -> None:
    write_scp(file, LEADS)
    # Where section 1 begins, in the first pointer behind that of section 0.
    _patched(file, 6 + 16 + 10 + 6, struct.pack("<I", 10**6))


def _mfer_compressed(file: Path) -> None:
    write_mfer(file, LEADS, more=mfer(0x0E, b"\1\0"))


def _mfer_nested(file: Path) -> None:
    inner = b""
    for _ in range(60):
        inner = bytes([0x67, 0x80]) + inner
    write_mfer(file, LEADS, more=inner)


def _mfer_rates(file: Path) -> None:
    own = mfer(0x0B, b"\0\0" + struct.pack("<h", 125), 1)
    # Definitions of one channel hold until the number of channels is said again.
    write_mfer(file, LEADS, more=own)


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("a.scp", lambda f: f.write_bytes(b"x" * 99), "it does not begin as one"),
        ("a.scp", _scp_cut, r"it breaks off after \d+ of \d+ bytes"),
        ("a.scp", _scp_elsewhere, "section 1 lies outside of it"),
        ("a.scp", lambda f: write_scp(f, LEADS, samples=320), r"break off after 30\d of 320"),
        ("a.scp", lambda f: write_scp(f, LEADS, samples=10**9), "its samples break off"),
        (
            "a.scp",
            lambda f: write_scp(f, LEADS, coded="plain", samples=301),
            "its samples break off",
        ),
        ("a.scp", lambda f: write_scp(f, LEADS, bimodal=1), "bimodal compression.*is not read"),
        ("a.mwf", lambda f: f.write_bytes(b"\x40\x20MFR"), "definition 0x40 promises 32 bytes"),
        ("a.mwf", lambda f: f.write_bytes(b"\x01\x01\0"), "there are no samples in it"),
        ("a.mwf", lambda f: write_mfer(f, LEADS, cut=4), r"break off after 1196 of 1200 bytes"),
        ("a.mwf", _mfer_compressed, "samples are compressed, which is not read; export"),
        ("a.mwf", _mfer_nested, "nested too deeply"),
        ("a.mwf", _mfer_rates, "several rates, which are not read together; convert"),
        ("a.atc", lambda f: f.write_bytes(b"RIFF" * 9), "not a Kardia recording"),
        ("a.atc", lambda f: write_atc(f, steps(0), cut=40), r"breaks off after \d+ of \d+ bytes"),
        ("a.atc", lambda f: write_atc(f, []), "without leads or their rate"),
        ("a.atc", lambda f: write_atc(f, [steps(0)[0], steps(0)[0][:9]]), "have .9, 300. samples"),
        (
            "a.xml",
            lambda f: write_philips(f, TWELVE_LEADS, seconds=2),
            "lead 1 breaks off after 300 of 1000 samples",
        ),
        (
            "a.xml",
            lambda f: write_philips(f, TWELVE_LEADS, form="Base64", seconds=2),
            "it breaks off after 7200 of 24000 bytes",
        ),
        (
            "a.xml",
            lambda f: write_philips(f, TWELVE_LEADS, method="ZIP"),
            "compressed as ZIP Base64, which is not read",
        ),
    ],
)
def test_damaged_files_are_told_in_a_sentence(
    name: str, write: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    write(tmp_path / name)
    with pytest.raises(InputError, match=rf"{name}: .*{message}"):
        load(tmp_path / name)


def test_what_is_promised_is_compared_with_the_memory(tmp_path: Path) -> None:
    write_scp(tmp_path / "a.scp", {"I": np.zeros(200_000, int)}, coded="standard")
    write_philips(tmp_path / "a.xml", TWELVE_LEADS, seconds=10**5)
    for name, what in (("a.scp", "its rhythm"), ("a.xml", "its leads")):
        with pytest.raises(InputError, match=rf"{name}: {what} would take .* --max-memory"):
            load(tmp_path / name, ReadOptions(max_memory=2_000_000))


# --- formats of devices in detail ----------------------------------------------------------------


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("coded", ["standard", "custom", "plain"])
def test_scp_as_it_may_be_stored(order: int, coded: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    # Steps of every size that a code has.
    jumps = rng.choice([0, 1, -3, 8, -8, 9, 127, -128, 400, -900], (2, 500))
    values = np.cumsum(jumps, axis=1)
    write_scp(tmp_path / "a.scp", dict(zip(("III", "aVR"), values, strict=True)),
              order=order, coded=coded)  # fmt: skip
    data = load(tmp_path / "a.scp", needs_labels=False)
    assert data.channel_names == ("III", "aVR")
    np.testing.assert_allclose(data.values[0], values * 2.5e-3, rtol=1e-6, atol=1e-6)


def test_scp_with_a_reference_beat(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rest, beat = rng.integers(-50, 50, (2, 400)), rng.integers(-90, 90, (2, 80))
    # Type, first, middle and last sample, from 1; the beat's own middle is its 30th.
    places = [(0, 51, 80, 130), (1, 151, 180, 230), (0, 341, 380, 400)]
    whole = rest.copy()
    whole[:, 50:130] += beat
    # Of the last beat what lies between its first and last sample is added.
    whole[:, 350:400] += beat[:, :50]
    names = ("I", "II")
    write_scp(
        tmp_path / "a.scp",
        dict(zip(names, rest, strict=True)),
        beat=(dict(zip(names, beat, strict=True)), places, 30),
    )
    data = load(tmp_path / "a.scp", needs_labels=False)
    np.testing.assert_allclose(data.values[0], whole * 2.5e-3, rtol=1e-6, atol=1e-6)


def test_scp_says_what_is_odd(tmp_path: Path) -> None:
    write_scp(tmp_path / "a.scp", LEADS)
    _patched(tmp_path / "a.scp", 0, b"\1\2")
    data = load(tmp_path / "a.scp", needs_labels=False)
    assert "the checksum of the file is another than that of its content" in data.summary()
    # Born, and recorded 63 years later.
    born = b"\x05\x04\0" + struct.pack("<HBB", 1950, 6, 2)
    then = b"\x19\x04\0" + struct.pack("<HBB", 2013, 7, 1)
    write_scp(tmp_path / "a.scp", LEADS, patient=born + then)
    data = load(tmp_path / "a.scp", ReadOptions(beside=("age",)), needs_labels=False)
    assert dict(data.features.items())["age"].tolist() == [63]


def test_kaldi_lists_are_no_scp(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("u1 a.wav\n")
    with pytest.raises(InputError, match=r"lists recordings, the first 'a.wav', but none"):
        load(tmp_path)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("frames", [1, 3])
def test_mfer_as_it_may_be_stored(order: str, frames: int, tmp_path: Path) -> None:
    values = np.cumsum(np.random.default_rng(5).integers(-30, 30, (3, 300)), axis=1)
    values[1, 7] = 9999
    write_mfer(tmp_path / "a.mwf", dict(zip(("V1", "III", "aVR"), values, strict=True)),
               order=order, frames=frames)  # fmt: skip
    data = load(tmp_path / "a.mwf", needs_labels=False)
    assert data.channel_names == ("V1", "III", "aVR")
    expected = values * 5e-3
    expected[1, 7] = np.nan
    np.testing.assert_allclose(data.values[0], expected, rtol=1e-6, atol=1e-6)


def test_mfer_says_what_is_odd(tmp_path: Path) -> None:
    # Without value, what is defined of all channels holds no longer.
    write_mfer(tmp_path / "a.mwf", LEADS, more=mfer(0x0B, b"") + mfer(0x0C, b""))
    data = load(tmp_path / "a.mwf", needs_labels=False)
    assert (data.sampling_rate, data.units) == (1000.0, None)
    assert "no sampling rate in the file, taken as 1000 Hz" in data.summary()
    assert "no sensitivity in the file, taken as steps of the converter" in data.summary()
    np.testing.assert_array_equal(data.values[0], steps(0))
    # Averaged beats are none of the rhythm.
    whole = (tmp_path / "a.mwf").read_bytes()
    averaged = mfer(0x08, struct.pack("<h", 9)) + mfer(0x1E, bytes(400))
    (tmp_path / "a.mwf").write_bytes(whole[:-2] + averaged + b"\x80\0")
    data = load(tmp_path / "a.mwf", needs_labels=False)
    assert data.lengths.tolist() == [300]
    assert "the averaged beat is not read" in data.summary()


def test_kardia_says_what_is_odd(tmp_path: Path) -> None:
    write_atc(tmp_path / "a.atc", steps(0), spoil=True)
    data = load(tmp_path / "a.atc", needs_labels=False)
    assert "a checksum is another than that of what it is of" in data.summary()
    assert "the averaged beats beside the rhythm are not read" in data.summary()


@pytest.mark.parametrize("form", ["XLI", "Base64", "Plain"])
@pytest.mark.parametrize("version", ["1.03", "1.04"])
def test_philips_as_it_may_be_stored(form: str, version: str, tmp_path: Path) -> None:
    values = np.cumsum(np.random.default_rng(6).integers(-20, 20, (12, 700)), axis=1)
    leads = dict(zip(TWELVE, values, strict=True))
    write_philips(tmp_path / "a.xml", leads, form=form, version=version)
    data = load(tmp_path / "a.xml", needs_labels=False)
    assert (data.channel_names, data.sampling_rate) == (TWELVE, 500.0)
    np.testing.assert_allclose(data.values[0], values * 5e-3, rtol=1e-6, atol=1e-6)


# --- what headers say of patients --------------------------------------------------------------


def test_headers_are_told_and_used_only_when_asked(tmp_path: Path) -> None:
    source, _ = LAYOUTS[0].write(tmp_path)
    data = load(source)
    assert (data.features, data.groups) == (None, None)
    assert ("possible features", "age, sex") in data.account.taken
    with pytest.raises(OptionError, match=r"no column 'agee' \(--with\).*; is 'age' meant"):
        load(source, ReadOptions(beside=("agee",)))
    assert load(source, ReadOptions(group="sex")).groups.tolist() == ["M", "F", "M", "F"]
    with pytest.raises(InputError, match=r"no column 'patient' \(--group\)"):
        load(source, ReadOptions(group="patient"))
    # A table comes first, where it says the same.
    (tmp_path / "ages.csv").write_text(
        "record,age,sex\n" + "".join(f"A000{i},{i},x\n" for i in range(4))
    )
    both = load(source, ReadOptions(beside=("age",), group="sex"))
    assert dict(both.features.items())["age"].tolist() == [0, 1, 2, 3]
    assert both.groups.tolist() == ["x"] * 4


def test_patients_with_several_files_are_told(tmp_path: Path) -> None:
    for i, patient in enumerate((b"p1", b"p1", b"p2")):
        tag = b"\x02" + struct.pack("<H", 3) + patient + b"\0"
        write_scp(tmp_path / f"{i}.scp", LEADS, patient=tag)
    said = "1 of 2 patients have several recordings; --group patient keeps those together"
    assert said in load(tmp_path, needs_labels=False).summary()
    data = load(tmp_path, ReadOptions(group="patient"), needs_labels=False)
    assert (data.groups.tolist(), data.group_name) == (["p1", "p1", "p2"], "patient")
    assert said not in data.summary()
    # Where all have one name it is no name.
    (tmp_path / "2.scp").unlink()
    assert "several recordings" not in load(tmp_path, needs_labels=False).summary()


def test_what_headers_leave_open_is_missing(tmp_path: Path) -> None:
    source, _ = LAYOUTS[0].write(tmp_path)
    file = tmp_path / "A0001.hea"
    file.write_text(file.read_text().replace("Age: 61", "Age: NaN").replace("Female", "Unknown"))
    features = dict(load(source, ReadOptions(beside=("age", "sex"))).features.items())
    np.testing.assert_array_equal(features["age"], [60, np.nan, 62, 63])
    assert features["sex"].tolist() == ["M", "", "M", "F"]
    data = load(source, ReadOptions(group="sex"))
    assert data.groups.tolist() == ["M", "A0001.hea", "M", "F"]
    assert "1 without sex in the header, each taken for a group of its own" in data.summary()


def test_features_of_headers_stand_beside_pieces(tmp_path: Path) -> None:
    source, _ = next(s for s in LAYOUTS if s.title == "AFDB").write(tmp_path)
    header = tmp_path / "04015.hea"
    header.write_text(header.read_text() + "#Age: 63\n")
    data = load(source, ReadOptions(episodes=10.0, beside=("age",)))
    assert dict(data.features.items())["age"].tolist() == [63] * 8


def test_what_a_model_was_told_can_be_left_out_for_other_records(tmp_path: Path) -> None:
    """An option that has nothing to act on says which it is, so that a model's is dropped."""
    write_record(tmp_path / "a", leads=["I"])
    for options, field in (
        (ReadOptions(label="AF,RBBB"), "label"),
        (ReadOptions(group="owner"), "group"),
        (ReadOptions(fold="part"), "fold"),
    ):
        with pytest.raises(OptionError, match="there is no table that lists the records") as caught:
            load(tmp_path, options, needs_labels=False)
        assert caught.value.option == field
    (tmp_path / "t.csv").write_text("record,dose\na,1\n")
    with pytest.raises(OptionError, match=r"no column 'kind' \(--label\)") as caught:
        load(tmp_path, ReadOptions(label="kind"), needs_labels=False)
    assert caught.value.option == "label"


# --- diagnoses ---------------------------------------------------------------------------------


def test_diagnoses_have_names(tmp_path: Path) -> None:
    source, _ = LAYOUTS[0].write(tmp_path)
    said = load(source).summary()
    assert "AF is 164889003 atrial fibrillation, NSR is 426783006 sinus rhythm, RBBB is" in said
    header = tmp_path / "A0002.hea"
    header.write_text(header.read_text().replace("Dx: 164889003", "Dx: 713427006,999999999"))
    data = load(source)
    assert data.label_names == ("999999999", "AF", "CRBBB", "NSR", "RBBB")
    assert "no name is known of code 999999999" in data.summary()
    assert "CRBBB and RBBB are two labels here, one in the Challenges' score" in data.summary()


@pytest.mark.parametrize(
    ("chosen", "names", "labels"),
    [
        ("RBBB,AF", ("RBBB", "AF"), [[1, 1], [0, 0], [0, 1], [1, 0]]),
        ("59118001", None, [1, 0, 0, 1]),
        ("sinus rhythm", None, [0, 1, 0, 1]),
        # No record has it, as may be where a model is asked.
        ("AF,LBBB", ("AF", "LBBB"), [[1, 0], [0, 0], [1, 0], [0, 0]]),
    ],
)
def test_diagnoses_can_be_chosen(
    chosen: str, names: tuple[str, ...] | None, labels: list[Any], tmp_path: Path
) -> None:
    source, _ = LAYOUTS[0].write(tmp_path)
    data = load(source, ReadOptions(label=chosen))
    assert (data.label_names, data.labels.tolist()) == (names, labels)
    with pytest.raises(OptionError, match=r"no diagnosis 'xx' .* there are AF, NSR, RBBB"):
        load(source, ReadOptions(label=f"{chosen},xx"))


def test_ranked_labels_are_told_from_other_columns(tmp_path: Path) -> None:
    source, _ = next(s for s in LAYOUTS if s.title == "CPSC 2018").write(tmp_path)
    table = tmp_path / "REFERENCE.csv"
    # All filled: each column may be of another kind.
    table.write_text(
        "Recording,label_1,label_2\n" + "".join(f"A000{i},{i % 2},9\n" for i in range(4))
    )
    with pytest.raises(InputError, match=r"it has label_1, label_2\); --label names one"):
        load(source)
    # Flags, of which none may be empty.
    table.write_text("Recording,label_1,label_2\nA0000,1,\nA0001,0,1\nA0002,1,1\nA0003,1,0\n")
    with pytest.raises(InputError, match="neither 0 nor 1"):
        load(source, ReadOptions(label="label_1,label_2"))


def test_a_table_of_leads_is_told_from_series(tmp_path: Path) -> None:
    rows = "1,2,3\n4,5,7\n8,9,8\n"
    (tmp_path / "a.csv").write_text(f"I,II,V1 (mV)\n{rows}")
    data = load(tmp_path / "a.csv", needs_labels=False)
    assert (data.n_series, data.channel_names) == (1, ("I", "II", "V1"))
    assert data.units == ("", "", "mV")
    (tmp_path / "b.csv").write_text(f"V1,V2,V3\n{rows}")
    assert load(tmp_path / "b.csv", needs_labels=False).n_series == 3
