"""ECGs in other formats than WFDB: what is read, and what is refused."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from ecg_device_files import SCP_LEADS, write_scp
from ecg_files import write_dicom, write_ishne, write_muse

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

EIGHT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")


def _steps(names: Sequence[str], length: int = 500) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {n: rng.integers(-500, 500, length) for n in names}


def test_muse(tmp_path: Path) -> None:
    steps = _steps(EIGHT)
    # MUSE names a document type, which is not fetched.
    doctype = '<!DOCTYPE RestingECG SYSTEM "restecg.dtd">'
    for name, label in (("a", "AF"), ("b", "SR")):
        write_muse(tmp_path / label / f"{name}.xml", steps, head=doctype)
    data = load(tmp_path)
    assert data.labels.tolist() == ["AF", "SR"]
    assert data.channel_names == (*EIGHT, "III", "aVR", "aVL", "aVF")
    assert (data.sampling_rate, data.unit) == (500, "uV")
    one, two = steps["I"] * 4.88, steps["II"] * 4.88
    np.testing.assert_allclose(data.values[0][0], one, atol=1e-2)
    limbs = [two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    np.testing.assert_allclose(data.values[0][8:], limbs, atol=1e-2)
    assert "2 files: III, aVR, aVL and aVF calculated from I and II" in data.summary()
    assert "2 files: the median beats beside the rhythm are not read" in data.summary()
    write_muse(tmp_path / "two.xml", _steps(("I", "II")))
    assert load(tmp_path / "two.xml", needs_labels=False).channel_names == ("I", "II")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda f: write_muse(f, _steps("I"), cut=10),
            "lead I breaks off after 495 of 500 samples",
        ),
        (
            lambda f: write_muse(f, _steps("I"), head='<!DOCTYPE x [<!ENTITY a "aaaa">]>'),
            "defines entities of its own",
        ),
        (lambda f: f.write_text("<RestingECG><Waveform>"), "not readable as XML"),
        (lambda f: f.write_text("<RestingECG/>"), "there is no waveform in it"),
        (lambda f: f.write_text("<restingecgdata/>"), "there is no waveform in it; export it"),
        (lambda f: f.write_text("<CardiologyXML/>"), "GE CardioSoft; export it as MUSE XML"),
        (lambda f: f.write_text("<html/>"), "an XML file of kind 'html', none that is known"),
    ],
)
def test_xml_that_is_not_read(tmp_path: Path, write, message: str) -> None:
    write(tmp_path / "a.xml")
    with pytest.raises(InputError, match=message):
        load(tmp_path / "a.xml")


def test_xml_beside_a_data_set_is_no_ecg(tmp_path: Path) -> None:
    (tmp_path / "pom.xml").write_text("<project/>")
    with pytest.raises(InputError, match=r"nothing to read \(1 \.xml\)"):
        load(tmp_path)


def test_annotated_ecg_of_hl7(tmp_path: Path) -> None:
    sequences = (
        '<component><sequence><code code="TIME_ABSOLUTE"/><value><head value="20020101"/>'
        '<increment value="0.002" unit="s"/></value></sequence></component>'
    )
    steps = _steps(("I", "AVR"), 100)
    for name, values in steps.items():
        digits = " ".join(str(v) for v in values)
        sequences += (
            f'<component><sequence><code code="MDC_ECG_LEAD_{name}"/><value>'
            '<origin value="10" unit="uV"/><scale value="2.5" unit="uV"/>'
            f"<digits>{digits}</digits></value></sequence></component>"
        )
    (tmp_path / "a.xml").write_text(
        '<AnnotatedECG xmlns="urn:hl7-org:v3"><component><series><component><sequenceSet>'
        f"{sequences}</sequenceSet></component></series></component></AnnotatedECG>"
    )
    data = load(tmp_path, needs_labels=False)
    assert (data.channel_names, data.units, data.sampling_rate) == (("I", "AVR"), ("uV", "uV"), 500)
    np.testing.assert_allclose(data.values[0][1], steps["AVR"] * 2.5 + 10, rtol=1e-6)


def _annotated(file: Path, increment: str, origin: str = 'value="0" unit="uV"') -> None:
    file.write_text(
        '<AnnotatedECG xmlns="urn:hl7-org:v3"><component><series><component><sequenceSet>'
        '<component><sequence><code code="TIME_RELATIVE"/><value><head value="0" unit="s"/>'
        f'<increment value="2" {increment}/></value></sequence></component><component><sequence>'
        f'<code code="MDC_ECG_LEAD_I"/><value><origin {origin}/><scale value="5" unit="uV"/>'
        "<digits>1 2 4</digits></value></sequence></component></sequenceSet></component></series>"
        "</component></AnnotatedECG>"
    )


@pytest.mark.parametrize(
    ("increment", "rate"), [('unit="ms"', 500), ('unit="MS"', 500), ('unit="us"', 500_000)]
)
def test_time_units_of_annotated_ecg(tmp_path: Path, increment: str, rate: float) -> None:
    _annotated(tmp_path / "a.xml", increment)
    data = load(tmp_path / "a.xml", needs_labels=False)
    assert data.sampling_rate == rate
    assert not data.account.remarks


@pytest.mark.parametrize("increment", ['unit="ticks"', ""])
def test_annotated_ecg_without_a_time_unit_has_no_rate(tmp_path: Path, increment: str) -> None:
    _annotated(tmp_path / "a.xml", increment)
    data = load(tmp_path / "a.xml", needs_labels=False)
    assert data.sampling_rate is None
    assert "the time between samples has no unit that is known" in data.summary()


def test_origin_of_annotated_ecg_has_a_unit_of_its_own(tmp_path: Path) -> None:
    _annotated(tmp_path / "a.xml", 'unit="ms"', 'value="1" unit="mV"')
    data = load(tmp_path / "a.xml", needs_labels=False)
    np.testing.assert_allclose(data.values[0], [[1005, 1010, 1020]])
    _annotated(tmp_path / "a.xml", 'unit="ms"', 'value="1" unit="mmHg"')
    with pytest.raises(InputError, match="LEAD_I has its origin in mmHg, but its scale in uV; "):
        load(tmp_path / "a.xml", needs_labels=False)
    _annotated(tmp_path / "a.xml", 'unit="ms"', 'value="0" unit="1"')
    np.testing.assert_allclose(
        load(tmp_path / "a.xml", needs_labels=False).values[0][0], [5, 10, 20]
    )


@pytest.mark.parametrize("counted", [1, 3])
def test_ishne(tmp_path: Path, counted: int) -> None:
    steps = np.stack(list(_steps("abc", 400).values()))
    write_ishne(tmp_path / "h.ecg", steps, samples=400 * counted)
    data = load(tmp_path, needs_labels=False)
    assert (data.channel_names, data.unit, data.sampling_rate) == (("I", "II", "III"), "mV", 200)
    np.testing.assert_allclose(data.values[0], steps * 2500e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("samples", "leads", "message"),
    [
        (2_000_000_000, 3, "breaks off after 400 of 2000000000 samples"),
        (400, 0, "its header says 0 leads"),
        (400, 2000, "its header says 2000 leads"),
    ],
)
def test_ishne_headers_are_compared_with_what_is_there(
    tmp_path: Path, samples: int, leads: int, message: str
) -> None:
    file = tmp_path / "h.ecg"
    write_ishne(file, np.stack(list(_steps("abc", 400).values())), samples=samples)
    raw = bytearray(file.read_bytes())
    struct.pack_into("<h", raw, 156, leads)
    file.write_bytes(raw)
    with pytest.raises(InputError, match=message):
        load(file, needs_labels=False)


def test_dicom(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="the dicom extra is not installed")
    steps = np.stack(list(_steps("ab", 300).values()))
    write_dicom(tmp_path / "a.dcm", steps)
    data = load(tmp_path, needs_labels=False)
    assert (data.channel_names, data.unit, data.sampling_rate) == (("I", "II"), "uV", 500)
    np.testing.assert_allclose(data.values[0], steps * 2.5, rtol=1e-6)
    write_dicom(tmp_path / "a.dcm", steps, said=2_000_000_000)
    with pytest.raises(InputError, match="breaks off after 1200 of 8000000000 bytes"):
        load(tmp_path, needs_labels=False)


def test_dicom_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pydicom", None)
    (tmp_path / "a.dcm").write_bytes(b"\0" * 200)
    with pytest.raises(InputError, match=r"needs pydicom, .*; run: python -m pip install 'pydicom"):
        load(tmp_path)


def test_matlab_records(tmp_path: Path) -> None:
    values = {}
    for i, name in enumerate(("A0001", "A0002", "A0003")):
        values[name] = np.random.default_rng(i).normal(size=(12, 300 + i))
        content = {"sex": "Male", "age": 40, "data": values[name]}
        scipy.io.savemat(tmp_path / f"{name}.mat", {"ECG": content})
    (tmp_path / "REFERENCE.csv").write_text(
        "Recording,First_label,Second_label\nA0001,1,\nA0002,2,5\nA0003,1,\n"
    )
    data = load(tmp_path)
    assert data.label_names == ("1", "2", "5")
    assert data.labels.tolist() == [[1, 0, 0], [0, 1, 1], [1, 0, 0]]
    assert "took First_label, Second_label for the labels of a recording" in data.summary()
    data = load(tmp_path, ReadOptions(label="First_label", sampling_rate=500.0))
    assert data.labels.tolist() == [1, 2, 1]
    assert data.lengths.tolist() == [300, 301, 302]
    assert (data.sampling_rate, data.units, data.channel_names) == (500.0, None, None)
    np.testing.assert_allclose(data.values[1], values["A0002"], rtol=1e-6)


def test_matlab_records_by_folder(tmp_path: Path) -> None:
    for label, name in (("AF", "a"), ("SR", "b")):
        (tmp_path / label).mkdir()
        scipy.io.savemat(
            tmp_path / label / f"{name}.mat",
            {"val": np.random.default_rng(0).normal(size=(1, 900)), "fs": 300},
        )
    data = load(tmp_path)
    assert (data.labels.tolist(), data.sampling_rate) == (["AF", "SR"], 300)
    assert data.values[0].shape == (1, 900)


def test_a_folder_with_a_matlab_data_set_stays_one(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(6, 50))
    scipy.io.savemat(tmp_path / "set.mat", {"X": x, "y": [1, 2, 1, 2, 1, 2]})
    assert load(tmp_path / "set.mat").n_series == 6
    from msssm_ts.datasets.mat_records.reader import are_records

    assert not are_records([tmp_path / "set.mat"])
    scipy.io.savemat(tmp_path / "other.mat", {"X": x, "y": [1, 2, 1, 2, 1, 2]})
    assert not are_records(sorted(tmp_path.glob("*.mat")))


@pytest.mark.parametrize("suffix", [".vhdr", ".gdf"])
def test_formats_that_are_known_by_name(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(b"1234")
    for source in (tmp_path, tmp_path / f"a{suffix}"):
        with pytest.raises(InputError, match=rf"a\{suffix}: .* is not read; convert it to EDF"):
            load(source)


@pytest.mark.parametrize(
    ("change", "unit", "said"),
    [
        ("<LeadAmplitudeUnitsPerBit>4.88</LeadAmplitudeUnitsPerBit>", "", "are steps of the conv"),
        ("<LeadAmplitudeUnits>MICROVOLTS</LeadAmplitudeUnits>", "uV", "taken for microvolts"),
    ],
)
def test_muse_leads_without_scale_or_unit(
    tmp_path: Path, change: str, unit: str, said: str
) -> None:
    file = tmp_path / "a.xml"
    write_muse(file, {"I": np.arange(50), "II": np.arange(50) % 7})
    file.write_text(file.read_text().replace(change, ""))
    data = load(file, needs_labels=False)
    assert (data.unit, said in data.summary()) == (unit, True)
    assert data.values[0][0, 2] == pytest.approx(2.0 if not unit else 9.76)


def test_samples_behind_those_that_are_counted_are_said(tmp_path: Path) -> None:
    pytest.importorskip("pydicom", reason="the dicom extra is not installed")
    write_muse(tmp_path / "a.xml", {"I": np.arange(50)})
    text = (tmp_path / "a.xml").read_text()
    (tmp_path / "a.xml").write_text(text.replace("Total>50<", "Total>40<"))
    write_dicom(tmp_path / "a.dcm", np.arange(60).reshape(1, 60), said=50)
    for name in ("a.xml", "a.dcm"):
        assert "behind the samples" in load(tmp_path / name, needs_labels=False).summary()


def test_padding_of_a_dicom_waveform_is_missing(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="the dicom extra is not installed")
    file = tmp_path / "a.dcm"
    write_dicom(file, np.array([[1, 2, -32768, 4]]))
    data = pydicom.dcmread(file)
    data.WaveformSequence[0].add_new(0x5400100A, "OW", np.array(-32768, "<i2").tobytes())
    data.save_as(file, enforce_file_format=True)
    values = load(file, needs_labels=False).values[0]
    np.testing.assert_allclose(values, [[2.5, 5, np.nan, 10]])


def test_dicom_waveforms_that_are_otherwise(tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="the dicom extra is not installed")
    file, steps = tmp_path / "a.dcm", np.arange(12).reshape(2, 6)

    def summary(group: Mapping[str, object], channel: Mapping[str, object]) -> str:
        write_dicom(file, steps)
        data = pydicom.dcmread(file)
        for name, value in group.items():
            setattr(data.WaveformSequence[0], name, value)
        for name, value in channel.items():
            setattr(data.WaveformSequence[0].ChannelDefinitionSequence[1], name, value)
        data.save_as(file)
        return load(file, needs_labels=False).summary()

    plain = summary({}, {})
    assert ";" not in plain
    said = summary({}, {"ChannelTimeSkew": "0.5"})
    assert "channels that were sampled later than others (skew) are taken as they stand" in said
    assert "a sensitivity of 0 leaves nothing of II" in summary({}, {"ChannelSensitivity": "0"})
    with pytest.raises(InputError, match="of kind SS in 8 bits each, which contradict"):
        summary({"WaveformBitsAllocated": 8}, {})
    write_dicom(file, steps)
    data = pydicom.dcmread(file)
    data.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
    data.WaveformSequence[0].WaveformData = steps.T.astype(">i2").tobytes()
    how = {"force_encoding": True, "little_endian": False, "implicit_vr": False}
    pydicom.dcmwrite(file, data, **how)
    np.testing.assert_allclose(load(file, needs_labels=False).values[0], 2.5 * steps)


def test_leads_of_xml_that_are_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"

    def summary(before: str, after: str) -> str:
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after, 1))
        return load(file, needs_labels=False).summary()

    _annotated(file, 'unit="ms"')
    sequence = "</sequence></component></sequenceSet>"
    more = '<component><sequence><code code="{}"/>{}</sequence></component></sequenceSet>'
    lacking = sequence.replace("</sequenceSet>", more.format("MDC_ECG_LEAD_V1", ""))
    assert "a sequence without values (MDC_ECG_LEAD_V1)" in summary(sequence, lacking)
    _annotated(file, 'unit="ms"')
    slower = '<value><increment value="4" unit="ms"/></value>'
    twice = sequence.replace("</sequenceSet>", more.format("TIME_RELATIVE", slower))
    assert "are taken for sampled at 250 Hz, not at 500 Hz" in summary(sequence, twice)
    _annotated(file, 'unit="ms"')
    none = '<value><scale value="0" unit="uV"/><digits>1 2 4</digits></value>'
    flat = sequence.replace("</sequenceSet>", more.format("MDC_ECG_LEAD_II", none))
    assert "a scale of 0 leaves nothing of lead MDC_ECG_LEAD_II" in summary(sequence, flat)

    leads = _steps(("I", "II"))
    write_muse(file, leads)
    offset = "<LeadOffsetFirstSample>{}</LeadOffsetFirstSample><LeadID>"
    assert "leads that begin later than others" not in summary("<LeadID>", offset.format(0))
    rhythm = "<WaveformType>Rhythm</WaveformType><SampleBase>500</SampleBase><LeadData>"
    assert "leads that begin later than others" in summary(
        rhythm, f"{rhythm}<LeadOffsetFirstSample>9</LeadOffsetFirstSample>"
    )
    write_muse(file, leads)
    assert "rhythms after the first are not read" in summary("Median", "Rhythm")


def test_scp_leads_that_are_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, leads = tmp_path / "a.scp", _steps(("I", "II"))
    monkeypatch.setitem(SCP_LEADS, "II", 200)
    write_scp(file, leads, coded="plain")
    said = load(file, needs_labels=False).summary()
    assert "leads without a name that is known (code 200)" in said
    assert "go on behind" not in said
    write_scp(file, leads, coded="plain", samples=400)
    said = load(file, needs_labels=False).summary()
    assert "its leads go on behind the samples that are counted" in said
