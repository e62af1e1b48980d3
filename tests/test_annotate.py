from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from unittest import mock

import edfio
import numpy as np
import pytest
import wfdb
from commands import run
from ecg_files import write_ishne
from heart import beats_of, write_heart

from msssm_ts.annotation import batches, detection, pieces
from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.annotation.detection import detect_beats
from msssm_ts.annotation.recording import Recording, open_recording
from msssm_ts.annotation.rhythm import by_minute, episodes_of, most_telling_minute, summary_of
from msssm_ts.annotation.timeline import timeline_figure
from msssm_ts.cli.annotate import records as annotate_records
from msssm_ts.datasets.wfdb import morphology

# A is early, but for that as N; what it is called shows in the intervals alone.
PATTERN = "NNNNVNNANNNNVVVNNNNVNVNVNNNNNNAN"
SYMBOLS = {"A": "S"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fitted")
    for seed in range(6):
        drawn = np.random.default_rng(seed).choice(list("NNNNNVAV"), 86)
        beats = [*"NNNN", *drawn.tolist()]
        write_heart(folder / "data" / f"r{seed}", beats, leads=("MLII",), seed=seed)
    run(
        "fit", folder / "data", "--members", "scan_ridge", "--decide", "accuracy",
        "--out", folder / "run", "-q",
    )  # fmt: skip
    return folder / "run"


def aami(symbols: np.ndarray) -> list[str]:
    return [SYMBOLS.get(s, s) for s in symbols.tolist()]


def lead_of(stem: Path) -> Recording:
    return open_recording(stem.with_suffix(".hea")).only(["MLII"])


@pytest.mark.parametrize("detector", ["xqrs", "gqrs"])
@pytest.mark.parametrize("rate", [125, 360])
def test_beats_are_found_at_their_peaks(tmp_path: Path, rate: int, detector: str) -> None:
    samples, _ = write_heart(tmp_path / "r", PATTERN * 2, rate=rate)
    found = detect_beats(lead_of(tmp_path / "r"), detector)
    assert len(found) == len(samples)
    np.testing.assert_allclose(found, samples / rate, atol=0.02)


def test_pieces_find_the_same_beats_once(tmp_path: Path) -> None:
    samples, _ = write_heart(tmp_path / "r", PATTERN * 6)
    lead = lead_of(tmp_path / "r")
    whole = detect_beats(lead)
    assert len(whole) == len(samples)
    done = []
    for chunk in (0.8 * 11, 20.0, 47.3):
        np.testing.assert_array_equal(
            detect_beats(lead, chunk=chunk, progress=lambda *far: done.append(far)), whole
        )
    assert all(0 < part <= of == lead.seconds for part, of in done)


def test_beats_at_a_border_are_neither_doubled_nor_lost() -> None:
    before, after = np.array([10, 52, 99, 150]), np.array([8, 51, 101, 149, 200])
    for border in (99, 100, 101):
        joined = detection._joined(before, after, border, 60).tolist()
        assert len(joined) == 5
        assert np.abs(np.array(joined) - [9, 51, 100, 150, 200]).max() <= 2


def test_nothing_is_found_where_nothing_is_recorded(tmp_path: Path) -> None:
    samples, _, signal = beats_of("N" * 60, 125)
    signal[20 * 125 : 30 * 125] = np.nan
    for name, unit in (("r", "mV"), ("s", "NU")):
        scaled = signal * (1 if unit == "mV" else 37.0)
        gain = [4000.0 / (1 if unit == "mV" else 37.0)]
        wfdb.wrsamp(
            name, 125, [unit], ["MLII"], scaled[:, None], fmt=["16"], adc_gain=gain,
            baseline=[0], write_dir=str(tmp_path),
        )  # fmt: skip
        found = detect_beats(lead_of(tmp_path / name))
        expected = samples[(samples < 20 * 125) | (samples >= 30 * 125)] / 125
        np.testing.assert_allclose(found, expected, atol=0.02)


def test_annotations_are_read_back_by_wfdb(model: Path, tmp_path: Path) -> None:
    samples, symbols = write_heart(tmp_path / "r", PATTERN * 2, annotated=False)
    out, err = run("annotate", model, tmp_path / "r", "--picture")
    found = wfdb.rdann(str(tmp_path / "r"), "msts")
    assert found.fs == 125
    np.testing.assert_allclose(found.sample, samples, atol=2)
    # The first window begins before the record.
    assert found.symbol == aami(symbols)
    assert "channels that the model's series do not have: V1" in err
    assert "features" not in err
    assert f"beats           {len(samples)}, found by xqrs in MLII" in out
    assert f"N {(symbols == 'N').sum()}" in out
    assert f"V {(symbols == 'V').sum()}" in out
    assert "ventricular run 2" in out
    assert (tmp_path / "r.msts.png").read_bytes()[:4] == b"\x89PNG"
    assert {f.name for f in tmp_path.iterdir()} == {"r.hea", "r.dat", "r.msts", "r.msts.png"}


def test_a_beat_whose_window_leaves_the_record_has_no_label(model: Path, tmp_path: Path) -> None:
    samples, _, signal = beats_of(PATTERN, 125, start=0.2)
    wfdb.wrsamp(
        "r", 125, ["mV"], ["MLII"], signal[:, None], fmt=["16"], write_dir=str(tmp_path)
    )  # fmt: skip
    wfdb.wrann("r", "atr", samples, ["N"] * len(samples), write_dir=str(tmp_path))
    out, err = run("annotate", model, tmp_path / "r", "--annotator", "atr", "--json")
    assert wfdb.rdann(str(tmp_path / "r"), "msts").symbol[:2] == ["?", "N"]
    assert "beats without a label, for their window leaves the record: 1" in err
    assert json.loads(out)["records"][0]["not_labelled"] == 1


@pytest.mark.parametrize("command", ["annotate", "predict", "evaluate"])
def test_a_model_in_the_place_of_the_data_is_recognised(
    command: str, model: Path, tmp_path: Path
) -> None:
    write_heart(tmp_path / "r", PATTERN)
    _, err = run(command, tmp_path / "r.hea", model, code=2)
    assert err.endswith(
        f"{model} is a model, and {tmp_path}/r.hea is none: the model comes first\n"
    )
    # A folder without a model is none, either.
    _, err = run(command, tmp_path, model, code=2)
    assert err.endswith(f"{model} is a model, and {tmp_path} is none: the model comes first\n")


def test_annotated_beats_get_what_predict_says(model: Path, tmp_path: Path) -> None:
    samples, _ = write_heart(tmp_path / "r", PATTERN * 2)
    with mock.patch.object(batches, "_TOGETHER", 7.0), mock.patch.object(morphology, "_BLOCK", 16):
        run("annotate", model, tmp_path / "r.hea", "--annotator", "atr", "--format", "csv")
    run("predict", model, tmp_path / "r.hea", "-o", tmp_path / "p.csv", "-q")
    own = list(csv.DictReader((tmp_path / "r.msts.csv").open()))
    predicted = list(csv.DictReader((tmp_path / "p.csv").open()))
    assert [int(row["sample"]) for row in own] == samples.tolist()
    assert [float(row["time"]) for row in own] == (samples / 125).round(6).tolist()
    assert [row["label"] for row in own] == [row["prediction"] for row in predicted]
    for name in ("p_N", "p_V"):
        expected = [float(row[name]) for row in predicted]
        np.testing.assert_allclose([float(row[name]) for row in own], expected, atol=2e-6)


def test_another_rate_unit_and_format_get_the_same_labels(model: Path, tmp_path: Path) -> None:
    _, symbols = write_heart(tmp_path / "r", PATTERN, rate=250, unit="uV", leads=("mlii",))
    _, err = run("annotate", model, tmp_path / "r.dat", "--out", tmp_path / "out")
    assert wfdb.rdann(str(tmp_path / "out" / "r"), "msts").symbol == aami(symbols)
    assert "resampling from 250 Hz to the model's 125 Hz" in err
    assert "uV converted to the model's mV" in err
    signal = beats_of(PATTERN, 125)[2]
    whole = signal[: len(signal) // 125 * 125]
    track = edfio.EdfSignal(whole, 125, label="MLII", physical_dimension="mV")
    edfio.Edf([track]).write(tmp_path / "e.edf")
    run("annotate", model, tmp_path / "e.edf", "--format", "edf+")
    notes = edfio.read_edf(tmp_path / "e.msts.edf").annotations
    assert [note.text for note in notes] == aami(symbols)
    assert notes[1].onset == pytest.approx(1.4, abs=0.02)


def test_a_holter_file_without_the_model_s_lead_is_refused(model: Path, tmp_path: Path) -> None:
    signal = beats_of(PATTERN, 200)[2]
    write_ishne(tmp_path / "h.ecg", (400 * signal)[None])
    _, err = run("annotate", model, tmp_path / "h.ecg", code=2)
    assert "channel 'MLII', which the model needs, is missing; there are I" in err


def test_a_folder_gets_a_row_a_record(model: Path, tmp_path: Path) -> None:
    counts = [len(write_heart(tmp_path / n, PATTERN * k)[0]) for k, n in ((1, "a"), (2, "b"))]
    write_heart(tmp_path / "c", PATTERN, leads=("V5",))
    out, err = run("annotate", model, tmp_path, "--out", tmp_path / "out")
    assert "1 of 3 records left out, for they cannot be annotated" in err
    assert "c.hea: channel 'MLII'" in err
    rows = [line.split() for line in out.splitlines()]
    assert [row[:1] + row[2:3] for row in rows[1:3]] == [
        ["a", str(counts[0])],
        ["b", str(counts[1])],
    ]
    assert {f.name for f in (tmp_path / "out").iterdir()} == {"a.msts", "b.msts"}
    assert "named twice" not in err
    _, err = run("annotate", model, tmp_path / "a", tmp_path, "--out", tmp_path / "again")
    assert "1 record named twice, or in a folder that is named, too: annotated once" in err


def test_what_is_there_stays_unless_told_otherwise(model: Path, tmp_path: Path) -> None:
    write_heart(tmp_path / "r", PATTERN)
    (tmp_path / "r.msts").write_text("mine")
    _, err = run("annotate", model, tmp_path / "r", code=2)
    assert "r.msts: exists already" in err
    run("annotate", model, tmp_path / "r", "--suffix", "own", "-q")
    assert (tmp_path / "r.msts").read_text() == "mine"
    run("annotate", model, tmp_path / "r", "--force", "-q")
    assert (tmp_path / "r.msts").read_bytes() == (tmp_path / "r.own").read_bytes()
    _, err = run(
        *("annotate", model, tmp_path / "r", "--annotator", "atr", "--suffix", "atr", "--force"),
        code=2,
    )
    assert "is what the command reads" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "xml"], "--format xml: must be wfdb, csv or edf+"),
        (["--detector", "best"], "--detector best: must be xqrs or gqrs"),
        (["--suffix", "dat"], "--suffix dat: must be letters and digits"),
        (["--annotator", "atr", "--detector", "gqrs"], "give one of them"),
        (["--annotator", "atr", "--lead", "MLII"], "nothing is drawn"),
        (["--annotator", "xyz"], "there is no r.xyz beside it"),
        (["--lead", "V9"], "no channel 'V9'; there are MLII, V1"),
        (["--every", "5"], "was fitted on beats; leave it out"),
        (["--window", "0.1,0.1"], "the model was fitted on 0.28,0.43 s around beats"),
    ],
)
def test_refused(model: Path, tmp_path: Path, options: list[str], said: str) -> None:
    write_heart(tmp_path / "r", "NNNNN")
    _, err = run("annotate", model, tmp_path / "r", *options, code=2)
    assert said in err
    assert err.count("\n") <= 2
    assert sorted(f.name for f in tmp_path.iterdir()) == ["r.atr", "r.dat", "r.hea"]


def test_records_without_beats_are_refused(model: Path, tmp_path: Path) -> None:
    wfdb.wrsamp("f", 125, ["mV"], ["MLII"], np.zeros((999, 1)), fmt=["16"], write_dir=str(tmp_path))
    _, err = run("annotate", model, tmp_path / "f", code=2)
    assert "f.hea: no beat found in MLII (7.99 s)" in err
    write_heart(tmp_path / "s", "N")
    _, err = run("annotate", model, tmp_path / "s", code=2)
    assert "no beat found" in err
    _, err = run("annotate", model, tmp_path / "none", code=2)
    assert "there is no such recording" in err


def test_edf_without_its_library_names_the_extra(model: Path, tmp_path: Path) -> None:
    write_heart(tmp_path / "r", PATTERN)
    with mock.patch.dict(sys.modules, {"edfio": None}):
        _, err = run("annotate", model, tmp_path / "r", "--format", "edf+", code=2)
    assert "needs edfio, which is not installed; run: python -m pip install 'edfio" in err


def test_no_half_file_is_left(model: Path, tmp_path: Path) -> None:
    write_heart(tmp_path / "r", PATTERN)

    def cut_short(file: Path, *_: object) -> None:
        file.write_bytes(b"half")
        raise KeyboardInterrupt

    with mock.patch.object(annotate_records, "write_wfdb", cut_short):
        run("annotate", model, tmp_path / "r", code=130)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["r.atr", "r.dat", "r.hea"]


def test_a_long_record_is_read_in_pieces(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_heart(tmp_path / "r", PATTERN * 10)
    monkeypatch.setattr(detection, "CHUNK", 20.0)
    monkeypatch.setattr(detect_beats, "__defaults__", ("xqrs", None, 20.0))
    monkeypatch.setattr(batches, "_TOGETHER", 20.0)
    monkeypatch.setattr(morphology, "_STRETCH", 20.0)
    sizes: list[int] = []
    form = open_recording(tmp_path / "r.hea").joined.form

    def counted(item: object) -> np.ndarray:
        values = form.read(item)
        sizes.append(values.shape[1])
        return values

    spied = type(form)(**{**vars(form), "read": counted})
    monkeypatch.setattr("msssm_ts.annotation.recording._FORMATS", (spied,))
    run("annotate", model, tmp_path / "r", "--format", "csv")
    assert len(list(csv.reader(io.StringIO((tmp_path / "r.msts.csv").read_text())))) > 200
    # The detector learns from half a minute before, and looks ten seconds ahead.
    assert max(sizes) <= (20 * 1.5 + 30 + 10) * 125 < open_recording(tmp_path / "r.hea").n_steps / 3


@pytest.fixture(scope="module")
def rhythms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of series of 8 s, slow or fast."""
    folder = tmp_path_factory.mktemp("rhythms")
    for i in range(16):
        kind, interval = (("slow", 0.9 + 0.01 * i), ("fast", 0.42 + 0.002 * i))[i % 2]
        signal = beats_of("N" * 25, 125, interval=interval)[2][:1000]
        write_signal(folder / "data" / kind / f"r{i}", signal)
    run(
        "fit", folder / "data", "--members", "scan_ridge", "--decide", "accuracy",
        "--out", folder / "run", "-q",
    )  # fmt: skip
    return folder / "run"


def write_signal(stem: Path, signal: np.ndarray) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    wfdb.wrsamp(
        stem.name, 125, ["mV"], ["II"], signal[:, None], fmt=["16"], adc_gain=[4000.0],
        baseline=[0], write_dir=str(stem.parent),
    )  # fmt: skip


def test_a_model_of_rhythms_labels_pieces(rhythms: Path, tmp_path: Path) -> None:
    slow, fast = (beats_of("N" * 90, 125, interval=v)[2] for v in (0.95, 0.45))
    signal = np.concatenate([slow[:3000], fast[:2000], slow[:2400]])
    signal[6000:6010] = np.nan
    write_signal(tmp_path / "r", signal)
    for together in (600.0, 20.0):
        with mock.patch.object(pieces, "_TOGETHER", together):
            out, err = run("annotate", rhythms, tmp_path / "r", "--picture", "--force")
        found = wfdb.rdann(str(tmp_path / "r"), "msts")
        changes = {0: "(slow", 3000: "(fast", 5000: "(slow", 7000: "(?"}
        assert dict(zip(found.sample.tolist(), found.aux_note, strict=True)) == changes
        assert set(found.symbol) == {"+"}
    assert "labelling pieces of 8 s, as the model was fitted on; --every says otherwise" in err
    assert "without a label, for it is shorter than a piece: 3.2 s" in err
    assert "labels       fast 0:00:16, slow 0:00:40, without a label 0:00:03" in out
    assert (tmp_path / "r.msts.png").read_bytes()[:4] == b"\x89PNG"
    run("annotate", rhythms, tmp_path / "r", "--format", "csv")
    rows = list(csv.DictReader((tmp_path / "r.msts.csv").open()))
    assert [row["label"] for row in rows] == ["slow"] * 3 + ["fast"] * 2 + ["slow"] * 2
    # The same as predict says of a piece that is a record.
    write_signal(tmp_path / "p", signal[3000:4000])
    run("predict", rhythms, tmp_path / "p.hea", "-o", tmp_path / "p.csv", "-q")
    (said,) = csv.DictReader((tmp_path / "p.csv").open())
    assert float(rows[3]["p_fast"]) == pytest.approx(float(said["p_fast"]), abs=2e-6)
    run("annotate", rhythms, tmp_path / "r", "--format", "edf+", "--every", "4", "-q")
    notes = edfio.read_edf(tmp_path / "r.msts.edf").annotations
    assert (notes[0].onset, notes[0].duration) == (0, 24)


def test_rhythms_break_off_at_a_gap() -> None:
    found = pieces.AnnotatedPieces(
        "r", np.array([0, 100, 250, 350]), 100, 50.0, 520, np.array(["a", "a", "a", ""]),
        ("a", "b"), np.zeros((4, 2)),
    )  # fmt: skip
    assert found.spans == [(0, 4, "a"), (5, 7, "a"), (7, 9, "")]
    changes = [(0, "(a"), (200, "(?"), (250, "(a"), (350, "(?"), (450, "(?")]
    assert list(zip(*pieces.rhythm_changes(found), strict=True)) == changes
    said = pieces.summary_of_pieces(found)
    assert (said["labels"], said["not_labelled"]) == ({"a": 6.0, "b": 0.0}, 4.4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--annotator", "atr"], "--annotator acts on beats, but"),
        (["--detector", "xqrs"], "--detector acts on beats, but"),
        (["--every", "100"], "nothing is recorded for 100 s without a break"),
        (["--every", "-1"], "--every -1: must be positive"),
        (["--every", "4", "--window", "0.2,0.4"], "leave one out"),
    ],
)
def test_pieces_refused(rhythms: Path, tmp_path: Path, options: list[str], said: str) -> None:
    write_signal(tmp_path / "r", beats_of("N" * 20, 125)[2])
    _, err = run("annotate", rhythms, tmp_path / "r", *options, code=2)
    assert said in err


def annotated(
    pattern: str, *, interval: float = 1.0, stretches: list[tuple[int, int]] | None = None
) -> AnnotatedBeats:
    places = np.round(100 * interval * np.arange(1, len(pattern) + 1)).astype(np.int64)
    labels = np.array([c.replace("?", "") for c in pattern])
    n_steps = int(places[-1]) + 100
    return AnnotatedBeats(
        "r", places, 100.0, n_steps, stretches or [(0, n_steps)], labels, ("N", "S", "V"),
        np.zeros((len(places), 3)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("NNVVNN", []),
        ("NNVVVNSSSSN", [("ventricular run", 3, 5), ("supraventricular run", 7, 10)]),
        ("VVV", [("ventricular run", 1, 3)]),
        ("NNVNVNVNN", [("ventricular bigeminy", 2, 7)]),
        ("NVNVNNVNVN", []),
        ("VNVNVNN", []),
        ("VNVNVNVNN", [("ventricular bigeminy", 2, 7)]),
        ("NVSVNV", [("ventricular bigeminy", 1, 6)]),
        ("NV?VNVNV", []),
        ("VV?VV", []),
        ("NVNVNVVV", [("ventricular bigeminy", 1, 6), ("ventricular run", 6, 8)]),
    ],
)
def test_episodes(pattern: str, expected: list[tuple[str, int, int]]) -> None:
    found = [(e.kind, round(e.start), round(e.stop)) for e in episodes_of(annotated(pattern))]
    assert found == expected
    assert all(e.rate == pytest.approx(60) for e in episodes_of(annotated(pattern)))


def test_no_episode_or_interval_spans_a_gap() -> None:
    beats = annotated("NVVVVNN", stretches=[(0, 350), (350, 800)])
    assert episodes_of(beats) == []
    assert np.isnan(beats.intervals).tolist() == [True, False, False, True, False, False, False]


def test_symbols_are_episodes_of_their_class() -> None:
    beats = annotated("NNVVVN")
    symbols = AnnotatedBeats(
        **{**vars(beats), "labels": np.array(list("LLVEVL")), "classes": ("E", "L", "V")}
    )
    assert [e.kind for e in episodes_of(symbols)] == ["ventricular run"]


def test_summary_and_minutes() -> None:
    beats = annotated("N" * 70 + "VS" + "N" * 80 + "V?" + "N" * 20, interval=0.75)
    places = beats.places.copy()
    places[100:] += 200
    beats = AnnotatedBeats(**{**vars(beats), "places": places, "n_steps": int(places[-1]) + 50})
    said = summary_of(beats)
    assert said["labels"] == {"N": 170, "S": 1, "V": 2}
    assert (said["beats"], said["not_labelled"]) == (174, 1)
    assert said["longest_pause"] == {"start": 75.0, "stop": 77.75, "seconds": 2.75}
    assert said["beats_per_minute"]["slowest_minute"] == 80
    assert said["beats_per_minute"]["mean"] == pytest.approx(60 * 173 / (173 * 0.75 + 2), abs=0.05)
    minutes = by_minute(beats)
    assert minutes.counts.sum(0).tolist() == [170, 1, 2]
    assert minutes.counts.sum(1)[0] == 79
    assert most_telling_minute(beats) == 0.0
    assert most_telling_minute(annotated("N" * 130 + "VVV" + "N" * 80)) == 120.0


def test_the_picture_shows_labels_and_counts(tmp_path: Path) -> None:
    samples, symbols = write_heart(tmp_path / "r", PATTERN * 4)
    lead = lead_of(tmp_path / "r")
    beats = AnnotatedBeats(
        "r", samples, 125.0, lead.n_steps, lead.stretches, symbols, ("N", "A", "V", "F"),
        np.zeros((len(samples), 4)),
    )  # fmt: skip
    figure = timeline_figure(lead, beats)
    shown = [text.get_text() for axis in figure.axes[:3] for text in axis.texts]
    start = most_telling_minute(beats)
    inside = (beats.seconds >= start) & (beats.seconds < start + 60)
    assert shown == symbols[inside].tolist()
    names = [axis.get_ylabel() for axis in figure.axes[4:]]
    assert names == [f"{c}\n{(symbols == c).sum()}" for c in "NAV"]
    assert "none is F" in figure.get_suptitle()
