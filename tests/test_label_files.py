"""Label files beside recordings: Audacity's tracks, Praat's TextGrids, Raven's tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from commands import run
from sound_cases import (
    groups_of,
    labels_of,
    read_all,
    refusal,
    taken,
    write_ramps,
    write_table,
)

from msssm_ts.datasets import load
from msssm_ts.datasets.recordings.text_grids import read_text_grid
from msssm_ts.datasets.sources import why_one
from msssm_ts.errors import InputError

Spans = Sequence[tuple[float, float, str]]
# Two labelled stretches, and what lies around them.
SPANS: Spans = [(0.5, 1.0, "a"), (1.25, 1.5, "b")]
GAPS: Spans = [(0, 0.5, ""), SPANS[0], (1.0, 1.25, " "), SPANS[1], (1.5, 2, "")]


def track(spans: Spans) -> str:
    """Write a label track of Audacity."""
    return "".join(f"{a:.6f}\t{b:.6f}\t{label}\n" for a, b, label in spans)


def selections(spans: Spans, label: str = "Species") -> str:
    """Write a selection table of Raven, with two views of each selection."""
    head = f"Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\t{label}\n"
    return head + "".join(
        f"{i}\t{view} 1\t1\t{a}\t{b}\t100.0\t{name}\n"
        for i, (a, b, name) in enumerate(spans, 1)
        for view in ("Waveform", "Spectrogram")
    )


def grid(spans: Spans, *, short: bool = False, name: str = "words", more: str = "") -> str:
    """Write a TextGrid of one tier of intervals, and what follows it."""
    size = 1 + more.count("Tier")
    if short:
        head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n2\n<exists>\n{size}\n'
        own = "".join(f'{a}\n{b}\n"{label}"\n' for a, b, label in spans)
        return f'{head}"IntervalTier"\n"{name}"\n0\n2\n{len(spans)}\n{own}{more}'
    text = (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 2 \n'
        f"tiers? <exists> \nsize = {size} \nitem []: \n    item [1]:\n"
        f'        class = "IntervalTier" \n        name = "{name}" \n'
        "        xmin = 0 \n        xmax = 2 \n"
        f"        intervals: size = {len(spans)} \n"
    )
    for i, (a, b, label) in enumerate(spans, 1):
        text += f"        intervals [{i}]:\n            xmin = {a} \n            xmax = {b} \n"
        text += f'            text = "{label}" \n'
    return text + more


PHONES = '"IntervalTier" "phones" 0 2 2 0 0.5 "a" 0.5 2 "b"\n'
CLICKS = '"TextTier" "clicks" 0 2 1 0.5 "x"\n'
NOTHING = '"TextTier" "notes" 0 2 0\n'

KINDS: dict[str, tuple[str, Callable[[Spans], str | bytes]]] = {
    "track": ("{}.txt", track),
    "track of Windows": ("{}.TXT", lambda s: track(s).replace("\n", "\r\n").encode("utf-8-sig")),
    "raven": ("{}.Table.1.selections.txt", selections),
    "selections": ("{}.selections.txt", selections),
    "grid": ("{}.TextGrid", grid),
    "short grid": ("{}.textgrid", lambda s: grid(s, short=True)),
    "wide grid": ("{}.TextGrid", lambda s: grid(s).encode("utf-16")),
    "csv": ("{}.csv", lambda s: "start,stop,label\n" + "".join(f"{a},{b},{x}\n" for a, b, x in s)),
}


def write_labels(folder: Path, name: str, text: str | bytes, n: int = 3) -> None:
    """Write the same label file beside recordings."""
    for i in range(n):
        data = text.encode() if isinstance(text, str) else text
        (folder / name.format(f"r{i}")).write_bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_label_files(tmp_path: Path, kind: str) -> None:
    values = write_ramps(tmp_path)
    name, write = KINDS[kind]
    write_labels(tmp_path, name, write(SPANS))
    data = read_all(tmp_path)
    assert data.labels is not None
    assert data.labels.tolist() == ["a", "b"] * 3
    assert np.array_equal(data.values[0], values[:, 500:1000])
    assert np.array_equal(data.values[5], values[:, 1250:1500])
    assert list(labels_of(data))[:2] == ["r0.wav:0.5-1", "r0.wav:1.25-1.5"]
    assert [Path(g).name for g in groups_of(data).values()] == [f"r{i // 2}.wav" for i in range(6)]
    assert "of *." in taken(data)["pieces"]
    assert why_one(tmp_path) == "labels in it are of pieces of its recordings"
    alone = load(tmp_path / name.format("r1"), needs_labels=False)
    assert alone.ids is not None
    assert alone.ids.tolist() == ["r1.wav:0.5-1", "r1.wav:1.25-1.5"]


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("{}.TextGrid", grid(GAPS), "9 intervals (without a label)"),
        ("{}.txt", track(GAPS), "9 labels (without a label)"),
        ("{}.txt", track([*SPANS, (1, 1, "x")]), "3 labels (of no length: start is end)"),
        ("{}.txt", track(SPANS) + "\\\t9\t99\n", "3 frequency ranges (a series holds every"),
        ("{}.Table.1.selections.txt", selections(SPANS), "6 rows (*.txt lists their pieces twice)"),
        ("{}.Table.1.selections.txt", selections([*SPANS, (1, 1, "x")]), "6 rows (of no length:"),
        ("{}.TextGrid", grid(SPANS, more=CLICKS), "3 tiers (clicks: of points"),
        ("{}.TextGrid", grid(SPANS, more=NOTHING), "3 tiers (notes: of points"),
    ],
)
def test_what_is_no_series_is_counted(tmp_path: Path, name: str, text: str, what: str) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, name, text)
    data = read_all(tmp_path)
    assert data.labels is not None
    assert data.labels.tolist() == ["a", "b"] * 3
    assert what in data.account.line()


def test_recordings_without_labels_are_named(tmp_path: Path) -> None:
    write_ramps(tmp_path, 5)
    write_labels(tmp_path, "{}.txt", track(SPANS))
    (tmp_path / "r3.txt").write_text("")
    line = read_all(tmp_path).account.line()
    assert "1 file (r4.wav: no label track beside it), 1 file (r3.wav: no stretch has a" in line


def test_the_kind_that_most_have_is_taken(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.txt", track(SPANS))
    write_labels(tmp_path, "{}.TextGrid", grid([(0, 2, "x")]), 2)
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"a", "b"}
    assert "2 texts (r0.TextGrid, r1.TextGrid: called after files, not taken for labels" in (
        data.account.line()
    )


@pytest.mark.parametrize("kind", ["track", "raven", "grid", "csv"])
def test_label_files_in_a_folder_of_their_own(tmp_path: Path, kind: str) -> None:
    write_ramps(tmp_path / "audio" / "site1")
    (tmp_path / "annotations").mkdir()
    name, write = KINDS[kind]
    write_labels(tmp_path / "annotations", name, write(SPANS))
    data = read_all(tmp_path)
    assert list(labels_of(data))[:2] == ["audio/site1/r0.wav:0.5-1", "audio/site1/r0.wav:1.25-1.5"]
    assert "tables" not in data.account.line()
    # One beside a recording is its own.
    (tmp_path / "audio" / "site1" / name.format("r1")).write_text(str(write([(0, 1, "c")])))
    assert list(labels_of(read_all(tmp_path)).values()) == ["a", "b", "c", "a", "b"]
    # Where others are called so it is not known whose they are.
    write_ramps(tmp_path / "audio" / "site2")
    assert "c" not in set(labels_of(read_all(tmp_path)).values())


def test_tiers(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.TextGrid", grid(GAPS, name="own", more=PHONES + CLICKS))
    said = "r0.TextGrid: has several tiers (own, phones); say with --label which has the labels"
    assert said in refusal(tmp_path)
    data = read_all(tmp_path, label="phones")
    assert data.lengths.tolist() == [500, 1500] * 3
    assert taken(data)["tier"] == "phones"
    assert "1 tier (own)" in data.account.line()
    assert "no tier 'phone' (--label); there are own, phones; is 'phones' meant?" in (
        refusal(tmp_path, label="phone")
    )
    # One that is called after labels is taken.
    write_labels(tmp_path, "{}.TextGrid", grid(GAPS, name="Word", more=PHONES))
    data = read_all(tmp_path)
    assert "took tier Word for the labels; --label names another" in data.account.line()
    (tmp_path / "r2.TextGrid").write_text(grid(GAPS, name="other"))
    assert "1 TextGrid (r2.TextGrid: no tier Word)" in read_all(tmp_path).account.line()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("r1.txt", track(SPANS) + "hello\n", "r1.txt, line 3: not start, end and label with tabs"),
        ("r1.txt", track([(1, 0.5, "a")]), "line 1 of r1.txt: the piece ends before it begins"),
        ("r1.txt", track([(1, 5, "a")]), "line 1 of r1.txt: the piece ends behind the end of r1"),
        ("r1.TextGrid", grid(GAPS)[:-40], "r1.TextGrid, line 32: breaks off behind it; save it"),
        ("r1.TextGrid", "ooBinaryFile\x08TextGrid", "r1.TextGrid, line 1: no TextGrid as text;"),
        (
            "r1.TextGrid",
            grid(GAPS).replace("xmax = 1.5", "xmax = 1,5"),
            "r1.TextGrid, line 29: '1,5' is no number",
        ),
        (
            "r1.TextGrid",
            grid(GAPS).replace("xmax = 1.5", 'xmax = "x"'),
            "r1.TextGrid, line 29: '\"x\"' stands where a number should",
        ),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    write_ramps(tmp_path)
    whole = track(SPANS) if name.endswith("txt") else grid(GAPS)
    write_labels(tmp_path, f"{{}}{Path(name).suffix}", whole)
    (tmp_path / name).write_text(text)
    assert sentence in refusal(tmp_path)


def test_nothing_that_has_a_label(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.txt", track([(1, 1, "a")]))
    said = "no stretch of any of the files has a label (left out: 3 labels (of no length: start is"
    assert said in refusal(tmp_path)
    # Stretches to be predicted.
    write_labels(tmp_path, "{}.txt", track([(0.5, 1, ""), (1, 1.5, "")]))
    data = load(tmp_path, needs_labels=False)
    assert (data.n_series, data.labels) == (6, None)
    assert "none of the labels has a text: they are no labels" in data.account.line()


def test_tables_with_labels_come_before_label_files(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.txt", track(SPANS))
    rows = [f"r{i}.wav,{'xy'[i % 2]}" for i in range(3)]
    write_table(tmp_path, "file,label", *rows, name="labels.csv")
    data = read_all(tmp_path)
    assert labels_of(data) == {"r0.wav": "x", "r1.wav": "y", "r2.wav": "x"}
    assert "3 texts (r0.txt, r1.txt, r2.txt: called after files, not taken for labels" in (
        data.account.line()
    )
    # Those are not looked at any further.
    (tmp_path / "r0.txt").write_text("0.5\t1\ta\nhello\n")
    assert read_all(tmp_path).n_series == 3
    (tmp_path / "r0.txt").write_text(track(SPANS))
    # A table of something else goes with them.
    write_table(tmp_path, "file,speaker", *rows, name="labels.csv")
    assert list(groups_of(read_all(tmp_path)).values()) == ["x", "x", "y", "y", "x", "x"]


@pytest.mark.parametrize("form", ["column", "tables", "folders"])
def test_parts_are_kept_apart(tmp_path: Path, form: str) -> None:
    parts = ("train", "train", "test")
    if form == "folders":
        for name, n in (("train", 2), ("test", 1)):
            write_ramps(tmp_path / name, n)
            write_labels(tmp_path / name, "{}.txt", track(SPANS), n)
    else:
        write_ramps(tmp_path)
        write_labels(tmp_path, "{}.txt", track(SPANS))
    if form == "column":
        rows = [f"r{i}.wav,{part}" for i, part in enumerate(parts)]
        write_table(tmp_path, "file,split", *rows, name="meta.csv")
    elif form == "tables":
        for name in ("train", "test"):
            rows = [f"r{i}.wav" for i, part in enumerate(parts) if part == name]
            write_table(tmp_path, "file", *rows, name=f"{name}.csv")
    data = read_all(tmp_path)
    assert list(labels_of(data).values()) == ["a", "b"] * 2
    assert data.has_test_part
    assert list(labels_of(read_all(tmp_path, split="test")).values()) == ["a", "b"]


def test_folders_of_classes_come_before_a_few_label_files(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_ramps(tmp_path / word)
        write_labels(tmp_path / word, "{}.txt", track(SPANS), 1)
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"beep", "hum"}
    assert data.n_series == 6
    for word in ("beep", "hum"):
        write_labels(tmp_path / word, "{}.txt", track(SPANS))
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"a", "b"}
    assert "took the labels of *.txt, not the folders beep, hum; --label-from" in (
        data.account.line()
    )
    # With several tiers they may be of anything.
    for word in ("beep", "hum"):
        write_labels(tmp_path / word, "{}.TextGrid", grid(SPANS, more=PHONES))
        for i in range(3):
            (tmp_path / word / f"r{i}.txt").unlink()
    assert set(labels_of(read_all(tmp_path)).values()) == {"beep", "hum"}
    assert set(labels_of(read_all(tmp_path, label="words")).values()) == {"a", "b"}
    for word in ("beep", "hum"):
        write_labels(tmp_path / word, "{}.TextGrid", "ooBinaryFile")
    assert set(labels_of(read_all(tmp_path)).values()) == {"beep", "hum"}
    whole = read_all(tmp_path, label_from="{label}/*")
    assert (whole.n_series, set(labels_of(whole).values())) == (6, {"beep", "hum"})


def test_what_annotate_has_written_is_taken_where_it_is_named(tmp_path: Path) -> None:
    """Its answers are no labels until someone has looked at them."""
    write_ramps(tmp_path)
    text = "start,stop,label,p_a,p_b\n0.0,0.5,a,0.9,0.1\n0.5,1.0,b,0.2,0.8\n1.0,1.5,,,\n"
    write_labels(tmp_path, "{}.msts.csv", text)
    said = refusal(tmp_path)
    assert "3 texts (r0.msts.csv, r1.msts.csv, r2.msts.csv: called after files, not taken" in said
    data = read_all(tmp_path / "r0.msts.csv")
    assert labels_of(data) == {"r0.wav:0-0.5": "a", "r0.wav:0.5-1": "b"}
    for i in range(3):
        (tmp_path / f"r{i}.msts.csv").rename(tmp_path / f"r{i}.csv")
    data = read_all(tmp_path)
    assert data.n_series == 6
    assert "3 pieces (r0.wav:1-1.5, r1.wav:1-1.5, r2.wav:1-1.5: no label in column label)" in (
        data.account.line()
    )
    assert "2 columns (p_a, p_b: of *.csv)" in data.account.line()


def test_a_text_grid_without_its_recording(tmp_path: Path) -> None:
    (tmp_path / "x.TextGrid").write_text(grid(GAPS))
    said = "it labels stretches of a recording: put it beside that, under the same name"
    assert said in refusal(tmp_path / "x.TextGrid")


def test_encodings_are_seen_and_said(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.txt", track([(0.5, 1, "Käuzchen"), (1, 1.5, "b")]).encode("cp1252"))
    data = read_all(tmp_path)
    assert "Käuzchen" in labels_of(data).values()
    assert "took the text for Windows-1252; save it in UTF-8" in data.account.line()


@pytest.mark.parametrize("short", [False, True])
def test_text_grids_as_praat_reads_them(short: bool) -> None:
    """Words beside numbers and texts are comments, and marks in texts are doubled."""
    spans: Spans = [(0, 1e-1, 'say ""ja"" 5'), (0.1, 2, "zwei\nzeilen ! kein Kommentar")]
    text = grid(spans, short=short).replace("<exists>", "<exists> ! 3 tiers")
    (tier,) = read_text_grid(text)
    found = [tuple(interval[:3]) for interval in tier.intervals]
    assert found == [(0.0, 0.1, 'say "ja" 5'), (0.1, 2.0, "zwei\nzeilen ! kein Kommentar")]


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_text_grids_that_break_off(cut: int) -> None:
    text = grid(GAPS, more=PHONES)
    with pytest.raises(InputError):
        read_text_grid(text[: len(text) - 8 - cut])


def test_one_of_many_texts_makes_no_label_files(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    write_labels(tmp_path, "{}.txt", "seven\n")
    (tmp_path / "r1.txt").write_text("1\t2\n")
    data = read_all(tmp_path)
    assert (data.n_series, data.labels) == (3, None)
    assert "3 texts (r0.txt, r1.txt, r2.txt: called after files, not taken" in data.account.line()


def test_other_texts_are_no_label_files(tmp_path: Path) -> None:
    write_ramps(tmp_path)
    rest: dict[str, Any] = {"r0.txt": "hello there\n", "r1.txt": "1\n", "r2.csv": "onset,x\n1,2\n"}
    for name, text in rest.items():
        (tmp_path / name).write_text(text)
    line = read_all(tmp_path).account.line()
    assert "2 texts (r0.txt, r1.txt: called after files, not taken for labels; stretches of" in line


def test_labels_without_their_recording_are_told(tmp_path: Path) -> None:
    """They are tables of numbers, too."""
    texts = {
        "a.txt": track(SPANS),
        "b.txt": selections(SPANS),
        "c.csv": "start,end,p\n0,1,2\n1,2,3\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        line = load(tmp_path / name, needs_labels=False).account.line()
        assert f"if {name} labels stretches of a recording, put it beside that, under" in line
    (tmp_path / "d.txt").write_text("1\t0.5\t0.7\t0.8\n2\t0.1\t0.2\t0.4\n")
    assert "stretches" not in load(tmp_path / "d.txt", needs_labels=False).account.line()


def test_from_labels_to_a_model_to_mended_labels(tmp_path: Path) -> None:
    """What a person does, with commands alone."""
    rng = np.random.default_rng(0)
    spans: Spans = [(k / 4, (k + 1) / 4, "ab"[k % 2]) for k in range(12)]
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        for i in range(2):
            loud = np.repeat([0.05 if label == "a" else 0.5 for *_, label in spans], 250)
            soundfile.write(tmp_path / name / f"r{i}.wav", loud * rng.normal(size=3000), 1000)
    write_labels(tmp_path / "old", "{}.txt", track(spans), 2)
    how = ("--members", "quantile_trees")
    run("fit", tmp_path / "old", "--out", tmp_path / "model", *how)
    out, _ = run("evaluate", tmp_path / "model", tmp_path / "old", "--json")
    assert json.loads(out)["accuracy"] == 1.0
    out, err = run("predict", tmp_path / "model", tmp_path / "old")
    assert "read as one data set, for labels in it are of pieces of its recordings" in err
    assert "r1.wav:2.75-3,b," in out
    run("annotate", tmp_path / "model", tmp_path / "new", "--format", "csv")
    for i in range(2):
        written = tmp_path / "new" / f"r{i}.msts.csv"
        assert written.read_text().splitlines()[2].startswith("0.25,0.5,b,")
        written.rename(tmp_path / "new" / f"r{i}.csv")
    run("fit", tmp_path / "new", "--out", tmp_path / "again", *how)
    out, _ = run("evaluate", tmp_path / "again", tmp_path / "old", "--json")
    assert json.loads(out)["accuracy"] == 1.0
    (tmp_path / "old" / "r0.txt").write_text(track([(1, 0.5, "a")]))
    _, err = run("evaluate", tmp_path / "again", tmp_path / "old", code=2)
    assert "old/*.txt, line 1 of r0.txt: the piece ends before it begins (column 'end')" in err
