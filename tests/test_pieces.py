"""Tables that speak of pieces of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from recordings import write_record
from sound_cases import (
    groups_of,
    labels_of,
    read_all,
    refusal,
    taken,
    write_clips,
    write_ramps,
    write_table,
)

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.recordings.pieces import piece_columns
from msssm_ts.datasets.sources import why_one


def rows_of(spans: Sequence[str], n: int = 3) -> list[str]:
    """Return rows of n recordings, whose pieces are a and b by turns."""
    return [f"r{i}.wav,{span},{'ab'[k % 2]}" for i in range(n) for k, span in enumerate(spans)]


SPELT = (
    *("start,end", "onset,offset", "Begin Time (s),End Time (s)", "t0,t1", "from,to", "on,off"),
    *("start_seconds,end_seconds", "start_time,end_time", "xmin,xmax", "t_min,t_max"),
    *("time_start,time_end", "Beginn,Ende", "START,STOP", "t_first,t_last"),
)


@pytest.mark.parametrize(
    ("columns", "spans"),
    [
        *((columns, ("0.5,1", "1.25,1.5")) for columns in SPELT),
        *((c, ("0.5,0.5", "1.25,0.25")) for c in ("offset,duration", "segment_start,segment_len")),
        ("start_ms,end_ms", ("500,1000", "1250,1500")),
        ("onset,dur_ms", ("500,500", "1250,250")),
        ("startSample,endSample", ("500,1000", "1250,1500")),
        ("start,end", ("00:00:00.5,0:01", "0:1.25,1.5")),
        # Times are rounded, and start where the sample begins that is nearest.
        ("start,end", ("0.49996,1.0004", "1.25,1.5")),
    ],
)
def test_several_pieces_of_a_file(tmp_path: Path, columns: str, spans: tuple[str, str]) -> None:
    values = write_ramps(tmp_path)
    write_table(tmp_path, f"file,{columns},label", *rows_of(spans))
    data = read_all(tmp_path)
    assert data.lengths.tolist() == [500, 250] * 3
    for i in range(6):
        wanted = values[:, 500:1000] if i % 2 == 0 else values[:, 1250:1500]
        assert np.array_equal(data.values[i], wanted)
    assert data.labels is not None
    assert data.labels.tolist() == ["a", "b"] * 3
    assert taken(data)["pieces"].startswith(f"columns {', '.join(columns.split(','))} of t.csv, in")
    assert data.group_name == "file"
    assert [Path(g).name for g in groups_of(data).values()] == [f"r{i // 2}.wav" for i in range(6)]
    assert data.account.line() == ""


def test_ids_are_those_of_files_with_ends(tmp_path: Path) -> None:
    write_ramps(tmp_path / "rec")
    rows = [f"rec/{row}" for row in rows_of(("0.5,1", "1.25,1.500"))]
    table = write_table(tmp_path, "file,start,end,label", *rows)
    assert list(labels_of(read_all(tmp_path)))[:2] == ["rec/r0.wav:0.5-1", "rec/r0.wav:1.25-1.5"]
    # Named itself, a table names files as they lie below the nearest folder of all.
    assert list(labels_of(read_all(table)))[:2] == ["r0.wav:0.5-1", "r0.wav:1.25-1.5"]


@pytest.mark.parametrize(
    "columns", [("min", "mean"), ("min", "max"), ("start_date", "end_date"), ("length", "width")]
)
def test_columns_of_something_else(columns: tuple[str, str]) -> None:
    assert piece_columns(["file", *columns, "label"]) is None


MISTAKES = [
    ("0.5,0.25", "the piece ends before it begins (column 'end'); mend it"),
    ("0.5,0.5", "the piece is empty, its end is its start; mend or remove the row"),
    ("0.5,0.5001", "the piece is shorter than a sample; mend or remove the row"),
    ("-0.5,0.5", "the piece begins before its recording (column 'start'); mend it"),
    ("1,2.5", "the piece ends behind the end of r2.wav (column 'end': 2.5, of 2 s); mend it, or"),
    ("2.1,2.5", "the piece begins behind the end of r2.wav (column 'start': 2.1, of 2 s); mend"),
    ("x,1", "'x' in column 'start' is no time; write one such as 1.5"),
    ("1,inf", "'inf' in column 'end' is no time"),
    ("1,1e300", "'1e300' in column 'end' is no time"),
    ("2.0,2.001", "the piece begins behind the end of r2.wav (column 'start': 2, of 2 s)"),
    ("1,", "nothing stands in column 'end'; fill it in, or remove the row"),
    ("500,1000", "if they are milliseconds, say so in their names, as in start_ms"),
]


@pytest.mark.parametrize(("span", "sentence"), MISTAKES)
def test_mistakes_are_named_with_their_line(tmp_path: Path, span: str, sentence: str) -> None:
    write_ramps(tmp_path)
    rows = [*rows_of(("0.5,1", "1,1.5"), 2), f"r2.wav,{span},a"]
    write_table(tmp_path, "file,start,end,label", *rows)
    said = refusal(tmp_path)
    assert "t.csv, line 6: " in said
    assert sentence in said


def test_pieces_that_end_a_little_behind_are_cut_off_and_said(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1.5,2.04")))
    data = read_all(tmp_path)
    assert data.lengths.tolist() == [500, 500] * 3
    said = "3 pieces end up to 0.04 s behind the recording: cut off there"
    assert data.account.line() == said


def test_units_that_do_not_go_together(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_table(tmp_path, "file,start_s,end_samples,label", *rows_of(("0.5,1000", "1,1500")))
    said = "column 'start_s' counts seconds, 'end_samples' samples; give both in one of them"
    assert said in refusal(tmp_path)


def test_pieces_without_an_end(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_table(tmp_path, "file,onset,label", *rows_of(("0.5", "1")))
    said = "line 3: a second piece of 'r0.wav' (column 'onset'), but no column says where pieces"
    assert said in refusal(tmp_path)


def test_rows_of_one_stretch(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    rows = [*rows_of(("0.5,1", "1,1.5")), "r0.wav,0.50,1.0,a", "r1.wav,0.5,1,b", "r1.wav,0.5,1,b"]
    write_table(tmp_path, "file,start,end,label", *rows)
    data = read_all(tmp_path)
    assert list(labels_of(data).items())[2:5] == [
        ("r1.wav:0.5-1", "a"),
        ("r1.wav:0.5-1#2", "b"),
        ("r1.wav:1-1.5", "b"),
    ]
    line = data.account.line()
    assert (
        "left out: 2 rows (t.csv lists their pieces twice); 1 piece has several rows with" in line
    )
    assert "different labels (r1.wav:0.5-1): each is a series" in line


def test_what_else_a_table_says_is_of_each_piece(tmp_path: Path) -> None:
    write_ramps(tmp_path, 4)
    spans = ("0.5,1,p1,train,30", "1,1.5,p2,test,40", "1.5,2,p2,train,40")
    head = "file,start,end,speaker,split,age,label"
    write_table(tmp_path, head, *rows_of(spans, 4))
    data = read_all(tmp_path, beside=("age",))
    assert data.n_series == 8
    assert data.features is not None
    assert data.features.columns[0].tolist() == [30.0, 40.0] * 4
    assert list(groups_of(data).values()) == ["p1", "p2"] * 4
    assert set(labels_of(read_all(tmp_path, split="test")).values()) == {"b"}


def test_a_table_of_recordings_speaks_of_all_their_pieces(tmp_path: Path) -> None:
    write_ramps(tmp_path, 4)
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5"), 3))
    rows = [f"r{i}.wav,{'xy'[i % 2]}" for i in range(4)]
    write_table(tmp_path, "file,speaker", *rows, name="speakers.csv")
    data = read_all(tmp_path)
    assert list(groups_of(data).values()) == ["x", "x", "y", "y", "x", "x"]
    assert "1 file (r3.wav: not in t.csv, speakers.csv)" in data.account.line()


def test_a_table_of_recordings_says_how_they_are_split(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    rows = [f"r{i}.wav,{part}" for i, part in enumerate(("train", "dev", "test"))]
    write_table(tmp_path, "file,split", *rows, name="splits.csv")
    data = read_all(tmp_path)
    assert data.validation is not None
    assert data.validation.tolist() == [False, False, True, True]
    assert list(labels_of(read_all(tmp_path, split="test"))) == ["r2.wav:0.5-1", "r2.wav:1-1.5"]


def test_pieces_without_a_speaker_are_grouped_by_file(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    rows = rows_of(("0,0.5,p1", "0.5,1,", "1,1.5,"))
    write_table(tmp_path, "file,start,end,speaker,label", *rows)
    data = read_all(tmp_path)
    assert list(groups_of(data).values()) == [
        name for i in range(3) for name in ("p1", f"r{i}.wav", f"r{i}.wav")
    ]
    said = "6 pieces without speaker (r0.wav:0.5-1, r0.wav:1-1.5, r1.wav:0.5-1, r1.wav:1-1.5, "
    assert said in data.account.line()
    assert "): those of a file are a group of its own" in data.account.line()


def test_labels_in_the_names_of_recordings_are_of_their_pieces(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_table(
        tmp_path, "file,start,end", *(f"r{i}.wav,{k},{k}.5" for i in (0, 1) for k in (0, 1))
    )
    data = read_all(tmp_path, label_from="r{label}")
    assert list(labels_of(data).values()) == [0, 0, 1, 1]


def test_speakers_in_names_come_before_files(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    for i in range(3):
        (tmp_path / f"r{i}.wav").rename(tmp_path / f"s{i % 2}_nohash_{i}.wav")
    rows = [f"s{i % 2}_nohash_{i}.wav,{k},{k}.5,{'ab'[k]}" for i in range(3) for k in (0, 1)]
    write_table(tmp_path, "file,start,end,label", *rows)
    assert list(groups_of(read_all(tmp_path)).values()) == ["s0"] * 4 + ["s1"] * 2
    assert len(set(groups_of(read_all(tmp_path, group="file")).values())) == 3
    write_ramps(tmp_path, 1)
    rows += ["r0.wav,0,0.5,a", "r0.wav,0.5,1,b"]
    write_table(tmp_path, "file,start,end,label", *rows)
    assert "1 file names no speaker (r0.wav)" in read_all(tmp_path).account.line()


@pytest.mark.parametrize("column", ["Channel", "chan"])
def test_a_channel_is_taken(tmp_path: Path, column: str) -> None:
    values = write_ramps(tmp_path, channels=2)
    rows = [f"r{i}.wav,0.5,1,{k + 1},{'ab'[k]}" for i in range(3) for k in (0, 1)]
    write_table(tmp_path, f"file,start,end,{column},label", *rows)
    data = read_all(tmp_path)
    assert (data.n_series, data.n_channels) == (6, 1)
    assert np.array_equal(data.values[0], values[:1, 500:1000])
    assert np.array_equal(data.values[1], values[1:, 500:1000])
    assert list(labels_of(data))[:2] == ["r0.wav:0.5-1 channel 1", "r0.wav:0.5-1 channel 2"]
    assert taken(data)["channel"] == f"column {column} of t.csv"
    whole = read_all(tmp_path, drop=(column,))
    assert whole.n_channels == 2
    write_table(tmp_path, f"file,start,end,{column},label", *rows, "r0.wav,1,1.5,3,a")
    assert "line 8: channel 3 of r0.wav, which has 2; mend it, or read all with --drop" in (
        refusal(tmp_path)
    )
    rows = [f"r{i}.wav,0.5,1,{k},{'ab'[k]}" for i in range(3) for k in (0, 1)]
    write_table(tmp_path, f"file,start,end,{column},label", *rows)
    assert taken(read_all(tmp_path))["channel"].endswith("of t.csv (0 is the first)")


def test_recordings_without_events(tmp_path: Path) -> None:
    """DCASE lists clips in which nothing is heard with empty cells."""
    write_ramps(tmp_path, 4)
    rows = [row.replace(",", "\t") for row in rows_of(("0.5,1", "1,1.5"))]
    head = "filename\tonset\toffset\tevent_label"
    write_table(tmp_path, head, *rows, "r3.wav\t\t\t", name="strong.tsv")
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"a", "b"}
    line = data.account.line()
    assert "1 row (of strong.tsv, with neither start nor end)" in line
    assert "1 file (r3.wav: not in strong.tsv)" in line


def test_the_place_in_its_own_file_comes_before_that_in_all(tmp_path: Path) -> None:
    """Raven counts through all files that were open."""
    values = write_ramps(tmp_path)
    head = "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tFile Offset (s)\tSpecies"
    rows = [
        f"{k}\t{2 * i + 0.5 + k}\t{2 * i + 0.75 + k}\tr{i}.wav\t{0.5 + k}\t{'ab'[k]}"
        for i in range(3)
        for k in (0, 1)
    ]
    data = read_all(write_table(tmp_path, head, *rows, name="all.txt"))
    assert data.n_series == 6
    assert np.array_equal(data.values[5], values[:, 1500:1750])


# Clips of 0.1 s, 800 steps.
@pytest.mark.parametrize(
    ("columns", "span", "length"),
    [
        ("start,end", "0.02,0.05", 240),
        ("start,end", "0:00:0.02,0:00:0.05", 240),
        ("start,duration", "0.02,0.03", 240),
        ("start_ms,end_ms", "20,50", 240),
        ("start_sample,end_sample", "5,10", 5),
        ("start,end", "0.01,0.09", 640),
        # The whole file, or what it was cut out of another one.
        ("start,end", "0,0.1", 800),
        ("start,end", "0.001,0.099", 800),
        ("start,end", "30,30.1", 800),
        ("start,end", "300,303", 800),
        ("start_ms,end_ms", "5000,5100", 800),
        ("start,end", ",", 800),
    ],
)
def test_one_piece_of_each_file(tmp_path: Path, columns: str, span: str, length: int) -> None:
    names = write_clips(tmp_path)
    rows = [f"{n},{span},{n.split('_')[0]}" for n in names]
    write_table(tmp_path, f"file,{columns},label", *rows)
    data = read_all(tmp_path)
    assert set(data.lengths.tolist()) == {length}
    start = columns.partition(",")[0]
    if length == 800:
        assert "2 columns (start" in data.account.line()
        return
    said = f"took columns {columns.replace(',', ' and ')} for pieces of the files; --drop {start}"
    assert said in data.account.line()
    assert set(read_all(tmp_path, drop=(start,)).lengths.tolist()) == {800}


def test_one_piece_of_each_file_in_a_unit_that_nothing_says(tmp_path: Path) -> None:
    rows = [f"{n},100,300,{n.split('_')[0]}" for n in write_clips(tmp_path)]
    write_table(tmp_path, "file,start,end,label", *rows)
    said = refusal(tmp_path)
    assert "lie behind the end of beep_0.wav if they are seconds; if they are samples, say" in said


def test_pieces_of_records(tmp_path: Path) -> None:
    for name in "abcd":
        write_record(tmp_path / name, length=3600)
    rows = "".join(f"{n},1,2,{'xy'[i % 2]}\n" for i, n in enumerate("abcd"))
    (tmp_path / "labels.csv").write_text(f"record,start,end,label\n{rows}")
    said = "line 2: is about a piece of 'a' (columns 'start' and 'end'), but records are read whole"
    assert said in refusal(tmp_path)
    # What lies beside a record is no matter of its pieces.
    (tmp_path / "labels.csv").write_text("record,label\na,x\nb,y\nc,x\nd,y\n")
    for name in "abcd":
        (tmp_path / f"{name}.csv").write_text("start,end,label\n1,2,z\n2,3,y\n")
    assert labels_of(read_all(tmp_path)) == {"a": "x", "b": "y", "c": "x", "d": "y"}
    (tmp_path / "labels.csv").unlink()
    assert load(tmp_path, needs_labels=False).labels is None
    assert load(tmp_path / "a.csv").lengths.tolist() == [2, 2]


def test_what_was_cut_out_of_another_recording_is_whole(tmp_path: Path) -> None:
    # Of 30 s, which are as many as the table says; as samples they would be a tenth.
    for name in "abcd":
        write_record(tmp_path / name, length=300, rate=10)
    rows = "".join(f"{n},30,60,{'xy'[i % 2]}\n" for i, n in enumerate("abcd"))
    (tmp_path / "labels.csv").write_text(f"record,start,end,label\n{rows}")
    assert load(tmp_path).n_series == 4


def test_pieces_of_several_rates_are_brought_together(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    soundfile.write(tmp_path / "r2.wav", np.zeros(4000), 2000)
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    data = read_all(tmp_path)
    assert (data.sampling_rate, set(data.lengths.tolist())) == (1000.0, {500})
    assert "1 of 3 files resampled from 2000 to 1000 Hz" in data.account.line()


def test_files_that_cannot_be_read_are_counted_once(tmp_path: Path) -> None:
    write_ramps(tmp_path, 5)
    (tmp_path / "r4.wav").write_bytes(b"")
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5"), 5))
    data = read_all(tmp_path)
    assert data.n_series == 8
    assert data.account.line() == "left out: 1 file (r4.wav: an empty file)"


def test_a_file_is_opened_where_its_piece_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more of a recording is held than a piece; each is decoded when it is asked for."""
    write_ramps(tmp_path)
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    data = load(tmp_path)
    frames: list[int] = []
    read = soundfile.SoundFile.read

    def counted(self: Any, n: int = -1, *args: Any, **how: Any) -> Any:
        frames.append(n)
        return read(self, n, *args, **how)

    monkeypatch.setattr(soundfile.SoundFile, "read", counted)
    assert data.values[1].shape == (1, 500)
    assert frames == [500]


def _kaldi(root: Path) -> Path:
    write_ramps(root / "wav", 2)
    folder = root / "data"
    folder.mkdir()
    (folder / "wav.scp").write_text("".join(f"r{i} ../wav/r{i}.wav\n" for i in (0, 1)))
    names = [f"r{i}-{k}" for i in (0, 1) for k in (0, 1)]
    spans = [f"{n} {n[:2]} {0.5 * int(n[-1])} {0.5 * int(n[-1]) + 0.25}\n" for n in names]
    (folder / "segments").write_text("".join(spans) + "\n")
    (folder / "text").write_text("".join(f"{n} {'ab'[int(n[-1])]}\n" for n in names))
    (folder / "utt2spk").write_text("".join(f"{n} s{n[1]}\n" for n in names))
    return folder


def test_segments_of_kaldi(tmp_path: Path) -> None:
    folder = _kaldi(tmp_path)
    data = read_all(folder)
    assert labels_of(data) == {
        **{"r0.wav:0-0.25": "a", "r0.wav:0.5-0.75": "b"},
        **{"r1.wav:0-0.25": "a", "r1.wav:0.5-0.75": "b"},
    }
    assert (data.group_name, list(groups_of(data).values())) == ("speaker", ["s0"] * 2 + ["s1"] * 2)
    (folder / "segments").write_text("r0-0 r0 0 0.5\nr0-1 r0 0.5\n")
    said = refusal(folder)
    assert "segments, line 2: not utterance, recording, start and end; mend it" in said
    (folder / "segments").write_text("r0-0 r0 0 0.5\nr0-1 r0 0.5 0.4\n")
    assert "wav.scp, line 2 of segments: the piece ends before it begins" in refusal(folder)


def test_predict_reads_a_folder_of_pieces_as_one(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    assert why_one(tmp_path) is None
    write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    assert why_one(tmp_path) == "labels in it are of pieces of its recordings"


def test_a_table_without_labels_has_a_series_a_row(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    rows = [row.rpartition(",")[0] for row in rows_of(("0.5,1", "1,1.5"))]
    data: LabelledSeries = load(
        write_table(tmp_path, "file,start,end", *rows), ReadOptions(), needs_labels=False
    )
    assert (data.n_series, data.labels) == (6, None)


def test_groups_are_the_same_however_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_ramps(tmp_path)
    table = write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    monkeypatch.chdir(tmp_path.parent)
    here = groups_of(read_all(Path(tmp_path.name)))
    assert here == groups_of(read_all(tmp_path)) == groups_of(read_all(table))


def test_recordings_of_one_name_are_several(tmp_path: Path) -> None:
    for place in "xy":
        write_ramps(tmp_path / place, 1)
    rows = [f"{place}/r0.wav,{k},{k}.5,{'ab'[k]}" for place in "xy" for k in (0, 1)]
    write_table(tmp_path, "file,start,end,label", *rows)
    assert len(set(groups_of(read_all(tmp_path)).values())) == 2


def test_a_list_of_recordings_sets_their_pieces_aside(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    table = write_table(tmp_path, "file,start,end,label", *rows_of(("0.5,1", "1,1.5")))
    (tmp_path / "list.val").write_text("r1.wav\nr2.wav:1-1.5\n")
    data = load(table, validation=str(tmp_path / "list.val"))
    assert data.validation is not None
    assert data.validation.tolist() == [False, False, True, True, False, True]
