from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import wfdb
from commands import run
from recordings import change_header, write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.wfdb import signals as wfdb_signals
from msssm_ts.datasets.wfdb.annotations import read_annotations
from msssm_ts.datasets.wfdb.beats import AAMI, beats_of
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries


def test_beats_of_a_folder(tmp_path: Path) -> None:
    values = write_record(tmp_path / "r1", beats={90: "N", 300: "N", 500: "V", 700: "+", 900: "A"})
    write_record(tmp_path / "r2", beats={400: "/"})
    data = load(tmp_path)
    assert data.summary() == (
        "3 series, 1 channel × 256 steps at 360 Hz, beside them interval_before_over_10, "
        "interval_before_over_32, interval_before_over_80, interval_before_over_5min, "
        "interval_after_over_10, interval_after_over_32 … (16 in all), 3 classes: N Q V; "
        "grouped by record (2); left out: 2 beats (their window leaves the record), 1 annotation "
        "(of rhythm, noise or waves, not of beats); took the intervals between beats and how each "
        "differs from the record's usual one for features beside the beats; --with names some, "
        "--with none leaves them out"
    )
    # The beats at 90 and 900 leave the record; + is a change of rhythm.
    assert data.labels.tolist() == ["N", "V", "Q"]
    assert data.ids.tolist() == ["r1:300", "r1:500", "r2:400"]
    assert data.groups.tolist() == ["r1", "r1", "r2"]
    assert data.unit == "mV"
    assert isinstance(data.values, LazySeries)
    np.testing.assert_allclose(data.values[0], values[:, 199:455], atol=1e-6)


def test_window_and_symbols(tmp_path: Path) -> None:
    write_record(tmp_path / "r1", beats={300: "L", 500: "V"})
    data = load(tmp_path / "r1.hea", ReadOptions(window=(0.1, 0.2), beat_classes="symbols"))
    assert data.labels.tolist() == ["L", "V"]
    assert data.lengths.tolist() == [36 + 72] * 2


def test_aami_classes(tmp_path: Path) -> None:
    symbols = "NLRejAaJSVEF/fQ"
    write_record(
        tmp_path / "r", length=9000, beats={500 * (i + 1): s for i, s in enumerate(symbols)}
    )
    beats = beats_of(read_annotations(tmp_path / "r", "atr"), "aami", rate=360)
    assert "".join(b.label for b in beats) == "NNNNNSSSSVVFQQQ"
    assert set(AAMI.values()) == set("NSVFQ")


def test_channels_that_all_records_have(tmp_path: Path) -> None:
    a = write_record(tmp_path / "a", leads=("MLII", "V1"), beats={300: "N"})
    b = write_record(tmp_path / "b", leads=("V5", "MLII"), beats={300: "V"})
    data = load(tmp_path)
    assert data.channel_names == ("MLII",)
    said = "2 channels (V1, V5: only MLII is in all 2 records, a.hea lacks V5)"
    assert said in data.summary()
    _, err = run("fit", tmp_path, "--channels", "v5", "--out", tmp_path / "run", code=2)
    assert "no channel 'v5' (--channels); there are MLII (V5: only MLII is in all 2" in err
    assert "a.hea lacks V5); no channel is reconstructed from others" in err
    np.testing.assert_allclose(data.values[0], a[:1, 199:455], atol=1e-6)
    np.testing.assert_allclose(data.values[1], b[1:, 199:455], atol=1e-6)


def test_signals_beyond_what_the_header_counts_are_said(tmp_path: Path) -> None:
    for name, extra in (("a", 361), ("b", 360), ("c", 0)):
        write_record(tmp_path / name, leads=("MLII", "V1"))
        with (tmp_path / f"{name}.dat").open("ab") as signals:
            signals.write(bytes(2 * 2 * extra))
    data = load(tmp_path, needs_labels=False)
    assert data.lengths.tolist() == [1000] * 3
    # Up to a second is what fills a block.
    assert "1 record (a.hea): signals go on behind what the header counts, which is left out" in (
        data.summary()
    )


def test_split_column_and_channels_of_both_parts(tmp_path: Path) -> None:
    write_record(tmp_path / "a", leads=("MLII", "V1"), beats={300: "N", 600: "V"})
    write_record(tmp_path / "b", leads=("MLII", "V5"), beats={300: "V"})
    write_record(tmp_path / "c", leads=("MLII", "V1"), beats={300: "N"})
    (tmp_path / "records.csv").write_text(
        "record,de_chazal_set,patient\na,train,p1\nb,test,p2\nc,validation,p3\n"
    )
    train, test = load(tmp_path), load(tmp_path, ReadOptions(split="test"))
    assert train.ids.tolist() == ["a:300", "a:600", "c:300"]
    assert train.validation.tolist() == [False, False, True]
    assert (train.groups.tolist(), train.group_name) == (["p1", "p1", "p3"], "patient")
    assert load(tmp_path, ReadOptions(group="record")).group_name == "record"
    assert test.ids.tolist() == load(f"{tmp_path}:test").ids.tolist() == ["b:300"]
    # A model of the training part must find its channels in the test part.
    assert train.channel_names == test.channel_names == ("MLII",)


@pytest.mark.parametrize("header", ["", "record,label,fold,patient\n"])
def test_whole_records_with_a_label_table(tmp_path: Path, header: str) -> None:
    values = write_record(tmp_path / "deep" / "A1", length=300, beats={100: "N"})
    write_record(tmp_path / "deep" / "A2", length=500, beats={100: "N"})
    rows = ["A2,AF,1,p1", "A1,N,2,p2"] if header else ["A2,AF", "A1,N"]
    (tmp_path / "REFERENCE.csv").write_text(header + "\n".join(rows) + "\n")
    data = load(tmp_path)
    assert data.ids.tolist() == ["A1", "A2"]
    assert data.labels.tolist() == ["N", "AF"]
    assert data.lengths.tolist() == [300, 500]
    np.testing.assert_allclose(data.values[0], values, atol=1e-6)
    if header:
        assert data.folds.tolist() == [2, 1]
        assert data.groups.tolist() == ["p2", "p1"]
        assert data.group_name == "patient"
        assert load(tmp_path, validation="fold=2").validation.tolist() == [True, False]


def test_newest_reference_counts(tmp_path: Path) -> None:
    write_record(tmp_path / "A1")
    write_record(tmp_path / "A2")
    for name, label in (("-original", "x"), ("-v2", "y"), ("-v3", "z"), ("", "w")):
        (tmp_path / f"REFERENCE{name}.csv").write_text(f"A1,{label}\nA2,N\n")
    assert load(tmp_path).labels.tolist() == ["z", "N"]


@pytest.mark.parametrize(
    "date",
    [
        "2014-05-08 05:05:15",
        "05:05:15 2014-05-08",
        "05-May-2020 09:49:17",
        "2006",
        "10:30:00 1/2/2003",
    ],
)
def test_dates_that_wfdb_refuses(tmp_path: Path, date: str) -> None:
    values = write_record(tmp_path / "A00001", date=date)
    text = (tmp_path / "A00001.hea").read_bytes()
    listing = sorted(tmp_path.iterdir())
    data = load(tmp_path, needs_labels=False)
    assert data.sampling_rate == 360
    np.testing.assert_allclose(data.values[0], values, atol=1e-6)
    assert (tmp_path / "A00001.hea").read_bytes() == text
    assert sorted(tmp_path.iterdir()) == listing


def test_segments_are_read_as_the_record_they_make(tmp_path: Path) -> None:
    first = write_record(tmp_path / "s_1", length=200)
    second = write_record(tmp_path / "s_2", length=300)
    (tmp_path / "s.hea").write_text("s/2 1 360 500\ns_1 200\ns_2 300\n")
    data = load(tmp_path, needs_labels=False)
    assert data.ids.tolist() == ["s"]
    np.testing.assert_allclose(data.values[0], np.hstack([first, second]), atol=1e-6)


def test_records_that_a_list_does_not_name_are_read_and_said(tmp_path: Path) -> None:
    for name in ("r1", "r2", "more/s1", "more/s2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_record(tmp_path / name, beats={300: "N", 600: "V"})
    records = tmp_path / "RECORDS"

    def said(text: str) -> tuple[str, ...]:
        records.write_text(text)
        data = load(tmp_path, ReadOptions())
        assert len(data.values) == 8
        return data.account.remarks

    plain = said("r1\nr2\nmore/\n")
    assert said("r2\nr1\n./more/s1 \n\nmore/s2") == plain
    assert set(said("r1\nmore/\n")) - set(plain) == {
        "RECORDS names 3 of the 4 records; all are read, also r2"
    }
    assert set(said("r1\nr2\nr3\nless/\nmore/s2\n")) - set(plain) == {
        "RECORDS names 3 of the 4 records; all are read, also more/s1",
        "RECORDS names 2 more that are not there: less, r3",
    }
    (tmp_path / "more" / "RECORDS").write_text("s1\n")
    assert "also more/s2" in " ".join(said("r1\nr2\nmore/\n"))


def test_slower_signals_are_resampled_to_the_fastest(tmp_path: Path) -> None:
    fast, slow = np.arange(400.0) / 100, np.arange(100.0) / 100
    wfdb.wrsamp(
        "m",
        100,
        ["mV", "mV"],
        ["II", "RESP"],
        e_p_signal=[fast, slow],
        samps_per_frame=[4, 1],
        fmt=["16", "16"],
        write_dir=str(tmp_path),
    )
    data = load(tmp_path, needs_labels=False)
    assert "1 slower channel (RESP) resampled to the rate of the fastest" in data.summary()
    assert (data.sampling_rate, data.values[0].shape) == (400, (2, 400))
    np.testing.assert_allclose(data.values[0][0], fast, atol=1e-3)
    np.testing.assert_allclose(data.values[0][1, ::4], slow, atol=0.01)
    # Annotations count in frames.
    wfdb.wrann("m", "atr", np.array([50]), ["N"], write_dir=str(tmp_path))
    beats = load(tmp_path, ReadOptions(window=(0.05, 0.05)))
    assert beats.ids.tolist() == ["m:200"]
    np.testing.assert_allclose(beats.values[0][0], fast[180:220], atol=1e-3)
    slow_alone = load(tmp_path, ReadOptions(window=(0.05, 0.05), drop=("II",)))
    assert (slow_alone.sampling_rate, slow_alone.ids.tolist()) == (100, ["m:50"])
    np.testing.assert_allclose(slow_alone.values[0][0], slow[45:55], atol=1e-3)


def test_invalid_samples_are_missing_values(tmp_path: Path) -> None:
    wfdb.wrsamp(
        "g",
        100,
        ["mV"],
        ["II"],
        p_signal=np.array([0.0, np.nan, 1.0, 2.0])[:, None],
        fmt=["16"],
        write_dir=str(tmp_path),
    )
    assert np.isnan(load(tmp_path, needs_labels=False).values[0]).tolist() == [
        [False, True, False, False]
    ]


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        write_record(tmp_path / name, beats=dict.fromkeys(range(200, 800, 100), "N"))
    (tmp_path / "b.atr").unlink()
    wfdb.wrann("b", "atr", np.arange(200, 800, 100), ["V"] * 6, write_dir=str(tmp_path))
    data = load(tmp_path)
    expected = [v.copy() for v in data.values]
    monkeypatch.setattr(wfdb_signals, "CACHE_BYTES", 2 * 4 * 1000)
    monkeypatch.setattr(wfdb_signals, "_decoded", wfdb_signals._DecodedRecords())
    order = np.random.default_rng(0).permutation(len(expected))
    for i in [*order, *range(len(expected))]:
        np.testing.assert_array_equal(data.values[int(i)], expected[i])
        held = wfdb_signals._decoded._records.values()
        assert sum(r.nbytes for r in held) <= wfdb_signals.CACHE_BYTES
    monkeypatch.setattr(wfdb_signals, "CACHE_BYTES", 100)
    np.testing.assert_array_equal(data.values[0], expected[0])


def test_series_pickle_without_what_was_decoded(tmp_path: Path) -> None:
    write_record(tmp_path / "a", length=100_000, beats=dict.fromkeys(range(500, 99_000, 900), "N"))
    data = load(tmp_path)
    data.values[0]
    text = pickle.dumps(data.values)
    assert len(text) < 20_000
    np.testing.assert_array_equal(pickle.loads(text)[3], data.values[3])


def test_a_truncated_record_fails_with_its_name_when_read(tmp_path: Path) -> None:
    write_record(tmp_path / "a", beats={500: "N", 600: "V"})
    data = load(tmp_path, ReadOptions(beside=("none",)))
    (tmp_path / "a.dat").unlink()
    with pytest.raises(InputError, match=r"a\.hea: the signals cannot be decoded"):
        data.values[0]


@pytest.mark.parametrize("form", ["16", "212", "24", "80"])
def test_values_are_those_of_wfdb(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(0)
    steps = rng.integers(-100, 100, (700, 3))
    steps[5, 1] = {"16": -32768, "212": -2048, "24": -(2**23), "80": -128}[form]
    wfdb.wrsamp(
        "r",
        250,
        ["mV", "uV", "mmHg"],
        ["I", "II", "P"],
        d_signal=steps,
        fmt=[form] * 3,
        adc_gain=[200.0, 3.7, 12.5],
        baseline=[0, -17, 1000],
        write_dir=str(tmp_path),
    )
    expected = wfdb.rdrecord(str(tmp_path / "r"), return_res=32).p_signal.T
    data = load(tmp_path, needs_labels=False)
    np.testing.assert_array_equal(data.values[0], expected)
    assert np.isnan(data.values[0]).sum() == 1
    piece = wfdb_signals.RecordExcerpt(str(tmp_path / "r"), 3, 400, (2, 1))
    np.testing.assert_array_equal(wfdb_signals.read_record_excerpt(piece), expected[[2, 1], 3:400])


def test_a_baseline_that_is_not_said_is_the_converters_zero(tmp_path: Path) -> None:
    write_record(tmp_path / "r")
    header = tmp_path / "r.hea"
    text = header.read_text()
    assert "1000.0(0)/mV 16 0" in text
    header.write_text(text.replace("1000.0(0)/mV 16 0", "1000/mV 16 24"))
    expected = wfdb.rdrecord(str(tmp_path / "r"), return_res=32).p_signal.T
    np.testing.assert_array_equal(load(tmp_path, needs_labels=False).values[0], expected)


def test_signals_of_any_suffix_are_no_annotations(tmp_path: Path) -> None:
    write_record(tmp_path / "r1", beats={300: "N", 600: "V"})
    (tmp_path / "r1.dat").rename(tmp_path / "r1.xyz")
    header = tmp_path / "r1.hea"
    header.write_text(header.read_text().replace("r1.dat", "r1.xyz"))
    data = load(tmp_path, ReadOptions(window=(0.1, 0.1)))
    assert data.n_series == 2
    assert "annotation" not in data.account.line()
    (tmp_path / "r1.abc").write_bytes(b"\0\0")
    data = load(tmp_path, ReadOptions(window=(0.1, 0.1)))
    assert "1 annotation file (.abc: --annotator SUFFIX takes them" in data.account.line()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((" 360 ", " 180 "), r"segment s_2 has other rate \(180 Hz\) than the record \(360 Hz\)"),
        (("MLII", "V5"), r"segment s_2 has other leads \(V5\) than the record \(MLII\); mend"),
        (("/mV", "/uV"), r"segment s_2 has other units \(uV\) than the record \(mV\); mend"),
    ],
)
def test_segments_that_are_otherwise_than_their_record_are_refused(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    for name in ("s_1", "s_2"):
        write_record(tmp_path / name, length=200)
    (tmp_path / "s.hea").write_text("s/2 1 360 400\ns_1 200\ns_2 200\n")
    assert load(tmp_path, needs_labels=False).n_series == 1
    change_header(tmp_path / "s_2", change)
    with pytest.raises(InputError, match=said):
        load(tmp_path, needs_labels=False)
