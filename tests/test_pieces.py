"""Tables that speak of pieces of recordings, which are read whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from recordings import write_record
from sound_cases import refusal, write_clips

from msssm_ts.datasets import load
from msssm_ts.datasets.recordings.pieces import piece_columns

SPELT = (
    *("start,end", "onset,offset", "Begin Time (s),End Time (s)", "t0,t1", "from,to", "on,off"),
    *("start_ms,end_ms", "startSample,endSample", "xmin,xmax", "t_min,t_max", "offset,duration"),
    *("time_start,time_end", "Beginn,Ende", "segment_start,segment_len", "START,STOP"),
)


@pytest.mark.parametrize("columns", SPELT)
def test_several_pieces_of_a_file(tmp_path: Path, columns: str) -> None:
    names = write_clips(tmp_path)
    rows = [f"{n},{k / 50},{k / 50 + 0.02},{'ab'[k]}" for n in names for k in (0, 1)]
    (tmp_path / "labels.csv").write_text(f"file,{columns},label\n" + "\n".join(rows) + "\n")
    assert "line 3: a second piece of" in refusal(tmp_path)


@pytest.mark.parametrize(
    "columns", [("min", "mean"), ("start_date", "end_date"), ("length", "width"), ("from", "by")]
)
def test_columns_of_something_else(columns: tuple[str, str]) -> None:
    assert piece_columns(["file", *columns, "label"]) is None


# Clips of 0.1 s, 800 steps.
@pytest.mark.parametrize(
    ("columns", "span", "refused"),
    [
        ("start,end", "0.02,0.05", True),
        ("start,end", "0:00:0.02,0:00:0.05", True),
        ("start,duration", "0.02,0.03", True),
        ("start,end", "100,300", True),
        ("start_ms,end_ms", "20,50", True),
        ("start_sample,end_sample", "5,10", True),
        # The whole file, most of it, or what it was cut out of another one.
        ("start,end", "0,0.1", False),
        ("start,end", "0.01,0.09", False),
        ("start,end", "30,30.1", False),
        ("start,end", "300,303", False),
        ("start_ms,end_ms", "5000,5100", False),
        ("start,end", ",", False),
    ],
)
def test_one_piece_of_each_file(tmp_path: Path, columns: str, span: str, refused: bool) -> None:
    names = write_clips(tmp_path)
    rows = [f"{n},{span},{n.split('_')[0]}" for n in names]
    (tmp_path / "labels.csv").write_text(f"file,{columns},label\n" + "\n".join(rows) + "\n")
    if refused:
        sentence = refusal(tmp_path)
        assert "labels.csv, line 2: is about a piece of 'beep_0.wav'" in sentence
        assert "; cut every piece into a file of its own, or take" in sentence
    else:
        assert "2 columns (start" in load(tmp_path).summary()


def test_pieces_of_records(tmp_path: Path) -> None:
    for name in "abcd":
        write_record(tmp_path / name, length=3600)
    rows = "".join(f"{n},1,2,{'xy'[i % 2]}\n" for i, n in enumerate("abcd"))
    (tmp_path / "labels.csv").write_text(f"record,start,end,label\n{rows}")
    assert "is about a piece of 'a.hea' (columns 'start' and 'end': 1 to 2)" in refusal(tmp_path)


def test_what_was_cut_out_of_another_recording_is_whole(tmp_path: Path) -> None:
    # Of 30 s, which are as many as the table says; as samples they would be a tenth.
    for name in "abcd":
        write_record(tmp_path / name, length=300, rate=10)
    rows = "".join(f"{n},30,60,{'xy'[i % 2]}\n" for i, n in enumerate("abcd"))
    (tmp_path / "labels.csv").write_text(f"record,start,end,label\n{rows}")
    assert load(tmp_path).n_series == 4
