"""EDF, EDF+ and BDF: whole files, gaps, rates, annotations; written by edfio or byte by byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import edfio
import numpy as np
import pytest

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.edf.header import read_edf_header
from msssm_ts.errors import InputError


def _write_edf(file: Path, rates: dict[str, int], seconds: int = 4) -> dict[str, np.ndarray]:
    values = {n: np.sin(np.arange(seconds * r) / 7) for n, r in rates.items()}
    signals = [
        edfio.EdfSignal(
            v, sampling_frequency=rates[n], label=n, physical_dimension="uV", physical_range=(-1, 1)
        )
        for n, v in values.items()
    ]
    edfio.Edf(signals).write(file)
    return values


def test_edf_with_a_table_of_labels(tmp_path: Path) -> None:
    values = _write_edf(tmp_path / "a.edf", {"EEG Fz": 100, "EEG Cz": 100, "Temp": 1})
    _write_edf(tmp_path / "b.edf", {"EEG Cz": 100, "EEG Fz": 100, "Temp": 1}, seconds=3)
    (tmp_path / "labels.csv").write_text("file,label,subject\na.edf,wake,1\nb.edf,sleep,2\n")
    data = load(tmp_path, ReadOptions(drop=("Temp",)))
    assert data.summary() == (
        "2 series, 2 channels × 300–400 steps at 100 Hz, 2 classes: sleep wake; grouped by "
        "subject (2); left out: 1 channel (Temp: --drop)"
    )
    assert data.channel_names == ("EEG Fz", "EEG Cz")
    assert data.unit == "uV"
    np.testing.assert_allclose(data.values[0][1], values["EEG Cz"], atol=1e-4)
    every = load(tmp_path)
    assert every.channel_names == ("EEG Fz", "EEG Cz", "Temp")
    assert "1 slower channel (Temp) resampled to the rate of the fastest" in every.summary()
    # A slow channel goes on between its samples.
    np.testing.assert_allclose(every.values[0][2, ::100], values["Temp"], atol=0.02)


def _field(value: object, width: int) -> bytes:
    return str(value).encode("latin-1").ljust(width)[:width]


def write_edf_plus(
    file: Path,
    values: np.ndarray,
    onsets: Sequence[float],
    texts: Sequence[tuple[float, float | None, str]] = (),
    *,
    kind: str = "EDF+D",
    unit: str = "mV",
    label: str = "ECG",
    n_records: int | None = None,
) -> None:
    """Write one signal of 100 Hz in data records of a second with onsets, annotations in the first.

    Steps are thousandths of the unit.
    """
    n, tal = len(onsets), 60 if texts else 10
    rows = np.round(values * 1000).astype("<i2").reshape(n, 100)
    head = b"".join(
        [
            _field("0", 8),
            _field("X X X X", 80),
            _field("Startdate X X X X", 80),
            _field("01.02.23", 8),
            _field("22.00.00", 8),
            _field(256 * 3, 8),
            _field(kind, 44),
            _field(n if n_records is None else n_records, 8),
            _field(1, 8),
            _field(2, 4),
        ]
    )
    columns = [
        ((label, "EDF Annotations"), 16),
        (("", ""), 80),
        ((unit, ""), 8),
        (("-32.768", "-1"), 8),
        (("32.767", "1"), 8),
        (("-32768", "-32768"), 8),
        (("32767", "32767"), 8),
        (("", ""), 80),
        ((100, tal), 8),
        (("", ""), 32),
    ]
    head += b"".join(_field(v, width) for pair, width in columns for v in pair)
    body = b""
    for i, (row, onset) in enumerate(zip(rows, onsets, strict=True)):
        lists = f"+{onset:g}\x14\x14\x00"
        for start, duration, text in texts if i == 0 else ():
            lasts = "" if duration is None else f"\x15{duration:g}"
            lists += f"+{start:g}{lasts}\x14{text}\x14\x00"
        assert len(lists) <= 2 * tal
        body += row.tobytes() + lists.encode().ljust(2 * tal, b"\x00")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(head + body)


def _wave(seconds: int) -> np.ndarray:
    return np.round(np.sin(np.arange(100 * seconds) / 9), 3)


def test_long_gaps_divide_a_file(tmp_path: Path) -> None:
    onsets = [*range(10), *range(610, 620)]
    for name in ("a", "b"):
        write_edf_plus(tmp_path / f"{name}.edf", _wave(20), onsets, [(0, 10, "sinus")])
    (tmp_path / "labels.csv").write_text("file,label\na.edf,x\nb.edf,y\n")
    data = load(tmp_path)
    assert data.ids.tolist() == ["a.edf#1", "a.edf#2", "b.edf#1", "b.edf#2"]
    assert data.labels.tolist() == ["x", "x", "y", "y"]
    assert data.groups.tolist() == ["a.edf", "a.edf", "b.edf", "b.edf"]
    assert data.lengths.tolist() == [1000] * 4
    np.testing.assert_allclose(data.values[1][0], _wave(20)[1000:], atol=1e-4)
    assert "2 files with long gaps divided into 4 stretches" in data.summary()
    assert "2 annotations (sinus: --episodes SECONDS" in data.summary()


def test_short_gaps_are_missing_values(tmp_path: Path) -> None:
    onsets = [*range(30), *range(32, 62)]
    write_edf_plus(tmp_path / "a.edf", _wave(60), onsets)
    data = load(tmp_path, needs_labels=False)
    assert data.lengths.tolist() == [6200]
    values = data.values[0][0]
    assert np.flatnonzero(np.isnan(values)).tolist() == list(range(3000, 3200))
    np.testing.assert_allclose(values[3200:], _wave(60)[3000:], atol=1e-4)
    assert "short gaps in 1 file kept as missing values" in data.summary()


def test_annotations_behind_the_time_of_a_data_record(tmp_path: Path) -> None:
    from msssm_ts.datasets.edf.annotations import _lists

    raw = b"+0.5\x14\x14Lights off\x14Close door\x14\x00+1\x1530\x14AF\x14\x00\x00\x00"
    assert list(_lists(raw)) == [
        (0.5, None, ""),
        (0.5, None, "Lights off"),
        (0.5, None, "Close door"),
        (1.0, 30.0, "AF"),
    ]


def test_a_continuous_file_has_no_gaps_whatever_its_onsets(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(4), [0.25, 1.25, 2.25, 3.25], kind="EDF+C")
    assert load(tmp_path, needs_labels=False).lengths.tolist() == [400]


def test_episodes_lie_in_what_was_recorded(tmp_path: Path) -> None:
    onsets = [*range(10), *range(610, 620)]
    # The first holds on through the gap.
    texts = [(0, 614, "sinus"), (614, 6, "AF"), (3, None, "cough")]
    write_edf_plus(tmp_path / "a.edf", _wave(20), onsets, texts)
    data = load(tmp_path, ReadOptions(episodes=4.0))
    assert data.labels.tolist() == ["sinus", "sinus", "sinus", "AF"]
    assert data.ids.tolist() == ["a.edf:0", "a.edf:400", "a.edf:61000", "a.edf:61400"]
    assert (data.groups.tolist(), data.group_name) == (["a.edf"] * 4, "record")
    np.testing.assert_allclose(data.values[3][0], _wave(20)[1400:1800], atol=1e-4)
    # 2 s of sinus before the gap, and 2 s of AF at the end.
    assert "2 ends (what a state lasts beyond pieces of 4 s)" in data.summary()
    assert "1 annotation (cough: no state to learn)" in data.summary()


@pytest.mark.parametrize("apart", [True, False])
def test_stages_of_sleep(tmp_path: Path, apart: bool) -> None:
    stages = [
        edfio.EdfAnnotation(30 * i, 30, t)
        for i, t in enumerate(
            ["Sleep stage W", "Sleep stage N1", "Movement time", "Sleep stage ?", "Sleep stage R"]
        )
    ]
    values = np.random.default_rng(0).uniform(-1, 1, 180 * 10)
    for subject in ("SC4001", "SC4002"):
        signal = edfio.EdfSignal(
            values, 10, label="EEG Fpz-Cz", physical_dimension="uV", physical_range=(-1, 1)
        )
        recording = edfio.Edf([signal], annotations=[] if apart else stages)
        recording.write(tmp_path / f"{subject}E0-PSG.edf")
        if apart:
            edfio.Edf([], annotations=stages).write(tmp_path / f"{subject}EC-Hypnogram.edf")
    data = load(tmp_path)
    assert data.labels.tolist() == ["W", "N1", "R"] * 2
    assert data.lengths.tolist() == [300] * 6
    assert len(set(data.groups.tolist())) == 2
    np.testing.assert_allclose(data.values[2][0], values[1200:1500], atol=1e-4)
    assert "4 annotations (Movement time, Sleep stage ?: no state to learn)" in data.summary()
    # Nothing is annotated from 60 to 120 s, nor from 150 to 180 s.
    assert "6 pieces (nothing is annotated there)" in data.summary()
    assert "--episodes says otherwise" in data.summary()
    assert load(tmp_path, ReadOptions(episodes=10.0)).labels.tolist()[:4] == ["W"] * 3 + ["N1"]
    one = load(tmp_path / "SC4002E0-PSG.edf")
    assert one.labels.tolist() == ["W", "N1", "R"]


def test_annotations_of_no_recording(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "n1.edf", _wave(2), [0, 1], kind="EDF+C")
    stage = [edfio.EdfAnnotation(0, 2, "Sleep stage W")]
    edfio.Edf([], annotations=stage).write(tmp_path / "other.edf")
    data = load(tmp_path, needs_labels=False)
    assert data.ids.tolist() == ["n1.edf"]
    assert "1 file (other.edf: annotations alone, of no recording here)" in data.summary()
    (tmp_path / "other.edf").rename(tmp_path / "n1_hypnogram.edf")
    assert load(tmp_path, ReadOptions(episodes=2.0)).labels.tolist() == ["W"]


def test_the_clock_of_a_file_of_annotations(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "n1.edf", _wave(20), range(20), kind="EDF+C")
    stage = [edfio.EdfAnnotation(0, 5, "Sleep stage W")]
    edfio.Edf([], annotations=stage).write(tmp_path / "n1_hypnogram.edf")
    raw = (tmp_path / "n1_hypnogram.edf").read_bytes()
    # Ten seconds after the recording.
    changed = raw[:168] + b"01.02.2322.00.10" + raw[184:]
    (tmp_path / "n1_hypnogram.edf").write_bytes(changed)
    data = load(tmp_path, ReadOptions(episodes=5.0))
    assert data.ids.tolist() == ["n1.edf:1000"]


def test_names_units_and_calibration(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(2), [0, 1], kind="EDF+C", unit="\xb5V")
    write_edf_plus(tmp_path / "b.edf", _wave(2), [0, 1], kind="EDF+C", unit="mv", label="ecg")
    data = load(tmp_path, needs_labels=False)
    assert (data.channel_names, data.units) == (("ECG",), ("µV",))
    np.testing.assert_allclose(data.values[1], 1000 * data.values[0], rtol=1e-5)
    assert "mv brought to µV in 1 file" in data.summary()


def test_two_signals_of_one_name(tmp_path: Path) -> None:
    first, second = np.sin(np.arange(400.0)), np.cos(np.arange(400.0))
    signals = [
        edfio.EdfSignal(v, 100, label="ECG", physical_range=(-1, 1)) for v in (first, second)
    ]
    edfio.Edf(signals).write(tmp_path / "a.edf")
    data = load(tmp_path, needs_labels=False)
    assert data.channel_names == ("ECG", "ECG 2")
    np.testing.assert_allclose(data.values[0], [first, second], atol=1e-4)
    assert load(tmp_path, ReadOptions(drop=("ecg 2",)), needs_labels=False).n_channels == 1


@pytest.mark.parametrize("annotated", [False, True])
def test_bdf(tmp_path: Path, annotated: bool) -> None:
    values = np.linspace(-3000, 3000, 1000)
    signal = edfio.BdfSignal(
        values, 500, label="ECG", physical_dimension="uV", physical_range=(-4000, 4000)
    )
    notes = [edfio.EdfAnnotation(0.5, 1, "AF")] if annotated else []
    edfio.Bdf([signal], annotations=notes).write(tmp_path / "a.bdf")
    data = load(tmp_path, needs_labels=False)
    # Of 24 bits: finer than 16 could be.
    np.testing.assert_allclose(data.values[0][0], values, atol=1e-3)
    assert (data.sampling_rate, data.unit) == (500, "uV")
    assert ("1 annotation (AF" in data.summary()) == annotated


def test_pieces_of_a_file_are_what_the_whole_is(tmp_path: Path) -> None:
    from msssm_ts.datasets.edf.form import EDF

    write_edf_plus(tmp_path / "a.edf", _wave(5), range(5), kind="EDF+C")
    record = EDF.header(tmp_path / "a.edf")
    whole = EDF.read(EDF.item(record, 0, 500, (0,)))
    for start, stop in ((0, 1), (99, 101), (150, 450), (499, 500)):
        piece = EDF.read(EDF.item(record, start, stop, (0,)))
        np.testing.assert_array_equal(piece, whole[:, start:stop])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:900], "breaks off after 0 of 2 data records"),
        (lambda b: b[:184] + _field("junk", 8) + b[192:252] + b"9999" + b[256:], "do not fit into"),
        (lambda b: b[:244] + _field(0, 8) + b[252:], "a data record lasts 0 s"),
        (lambda b: b[:236] + _field("many", 8) + b[244:], "'many' is no number"),
        (lambda b: b[:300], "do not fit into 300 bytes"),
    ],
)
def test_headers_are_compared_with_what_is_there(tmp_path: Path, change, message: str) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(2), [0, 1])
    write_edf_plus(tmp_path / "b.edf", _wave(2), [0, 1])
    (tmp_path / "a.edf").write_bytes(change((tmp_path / "a.edf").read_bytes()))
    with pytest.raises(InputError, match=message):
        load(tmp_path / "a.edf", needs_labels=False)
    data = load(tmp_path, needs_labels=False)
    assert data.ids.tolist() == ["b.edf"]
    assert "1 file (a.edf: cannot be read, " in data.summary()
    assert message.split(" of ")[0] in data.summary()


def test_a_recorder_that_was_stopped(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(3), range(3), kind="EDF+C", n_records=-1)
    assert read_edf_header(tmp_path / "a.edf").n_records == 3
    data = load(tmp_path, needs_labels=False)
    assert data.lengths.tolist() == [300]
    assert "did not write how long" in data.summary()


def test_options_that_nothing_is_annotated_for(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(2), [0, 1], [(0, None, "cough")])
    with pytest.raises(
        InputError, match=r"--episodes takes what is annotated.*no annotation lasts"
    ):
        load(tmp_path, ReadOptions(episodes=1.0))
    with pytest.raises(InputError, match=r"no channel 'II' .--drop.; there are ECG"):
        load(tmp_path, ReadOptions(drop=("II",)))
    with pytest.raises(InputError, match="--window has no effect on EDF and BDF files"):
        load(tmp_path, ReadOptions(window=(1, 1)))


def test_subject_folders_of_scored_nights_are_no_classes(tmp_path: Path) -> None:
    texts = [(0, 4, "Sleep stage W"), (4, 4, "Sleep stage 2")]
    for subject in ("amy", "bob"):
        write_edf_plus(tmp_path / subject / "night.edf", _wave(8), range(8), texts, kind="EDF+C")
    data = load(tmp_path)
    # Scored in epochs of 4 s.
    assert data.labels.tolist() == ["W", "2"] * 2
    assert data.lengths.tolist() == [400] * 4
    assert len(set(data.groups.tolist())) == 2
    assert "pieces of 4 s" in data.summary()


def test_damaged_times(tmp_path: Path) -> None:
    write_edf_plus(tmp_path / "a.edf", _wave(4), [0, 1, 700, 3])
    data = load(tmp_path, needs_labels=False)
    assert data.lengths.tolist() == [400]
    assert "1 file: the times of the data records are damaged" in data.summary()


def test_data_records_behind_those_that_are_counted_are_said(tmp_path: Path) -> None:
    file = tmp_path / "a.edf"
    values = np.sin(np.arange(500.0))
    edfio.Edf([edfio.EdfSignal(values, sampling_frequency=100, label="I")]).write(file)
    assert "behind" not in load(file, needs_labels=False).summary()
    raw = file.read_bytes()
    file.write_bytes(raw[:236] + b"3".ljust(8) + raw[244:])
    data = load(file, needs_labels=False)
    assert data.lengths.tolist() == [300]
    assert "data records go on behind those that the header counts" in data.summary()
