"""What the columns of tables beside sound are taken for."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from recordings import write_sound
from sound_cases import groups_of, labels_of, read_all, refusal, taken, word_of, write_clips

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.recordings.folders import read_folders
from msssm_ts.datasets.recordings.manifest import find_manifest
from msssm_ts.datasets.recordings.names import FileNames

# Columns.


def _with_table(folder: Path, head: str, *columns: Any, name: str = "labels.csv") -> None:
    names = write_clips(folder, len(columns[0]))
    rows = [",".join(map(str, (n, *(c[i] for c in columns)))) for i, n in enumerate(names)]
    (folder / name).write_text("\n".join([head, *rows]))


_WORDS = ["beep", "hum"] * 3


@pytest.mark.parametrize(
    ("head", "cells", "aside", "tested"),
    [
        ("file,label,split", ["train", "train", "val", "val", "test", "test"], 2, 2),
        ("file,label,split", ["TRAIN", "training", "Dev", "valid", "Test", "eval"], 2, 2),
        ("file,label,set", ["train"] * 4 + ["test"] * 2, 0, 2),
        ("file,label,whatever", ["train"] * 2 + ["validation"] * 4, 4, 0),
        ("file,label,is_valid", ["False"] * 4 + ["True"] * 2, 2, 0),
        ("file,label,is_test", [0, 0, 0, 0, 1, 1], 0, 2),
        ("file,label,is_train", [1, 1, 1, 1, 0, 0], 0, 2),
    ],
)
def test_columns_of_parts(
    tmp_path: Path, head: str, cells: list[Any], aside: int, tested: int
) -> None:
    _with_table(tmp_path, head, _WORDS, cells)
    train = read_all(tmp_path)
    assert train.n_series == 6 - tested
    assert (0 if train.validation is None else train.validation.sum()) == aside
    assert taken(train)["part"] == f"column {head.split(',')[2]} of labels.csv"
    if tested:
        assert sorted(labels_of(read_all(tmp_path, split="test"))) == ["beep_4.wav", "hum_5.wav"]


def test_columns_of_parts_that_are_not_understood(tmp_path: Path) -> None:
    _with_table(tmp_path, "file,label,split", _WORDS, ["train"] * 4 + ["later"] * 2)
    assert "column 'split' names parts of a split (train), but later is none" in refusal(tmp_path)
    _with_table(tmp_path, "file,label,split", _WORDS, list("aabbcc"))
    assert "column 'split' says how the files are split, but a, b, c are not known" in (
        refusal(tmp_path)
    )
    assert read_all(tmp_path, drop=("split",)).n_series == 6
    _with_table(tmp_path, "file,label,split", _WORDS, ["train"] * 4 + ["test", ""])
    assert "1 file (hum_5.wav: no part in column split)" in read_all(tmp_path).account.line()


def test_lists_of_what_is_not_trained_on(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(4):
            write_sound(tmp_path / word / f"{i}.wav")
    (tmp_path / "heldout_list.txt").write_text("beep/0.wav\nhum/0.wav\n")
    (tmp_path / "my_val_list.txt").write_text("beep/1.wav\nhum/1.wav\n")
    (tmp_path / "my_test_list.txt").write_text("beep/0.wav\nhum/0.wav\n")
    (tmp_path / "heldout_list.txt").unlink()
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert sorted(labels_of(test)) == ["beep/0.wav", "hum/0.wav"]
    assert train.n_series == 6
    assert train.validation is not None
    assert train.validation.sum() == 2
    assert "took the files that no list names for the training part" in train.account.line()


def test_parts_that_overlap(tmp_path: Path) -> None:
    names = write_clips(tmp_path)
    for part, chosen in (("train", names), ("test", names[4:])):
        rows = [f"{n},{word_of(n)}" for n in chosen]
        (tmp_path / f"{part}.csv").write_text("\n".join(["file,label", *rows]))
    train = read_all(tmp_path)
    assert sorted(labels_of(train)) == sorted(names[:4])
    assert "2 files listed by tables of several parts (beep_4.wav, hum_5.wav): taken for " in (
        train.account.line()
    )


def test_several_labels(tmp_path: Path) -> None:
    rain, wind = [0, 1, 1, 0, 1, 0], [1, 0, 1, 1, 0, 0]
    _with_table(tmp_path, "file,rain,wind", rain, wind)
    data = read_all(tmp_path, label="rain,wind")
    assert data.label_names == ("rain", "wind")
    assert labels_of(data) == {n: [rain[i], wind[i]] for i, n in enumerate(write_clips(tmp_path))}
    _with_table(tmp_path, "file,label", ["a;b", "a", "b", "b;a", "a", "b"])
    data = read_all(tmp_path)
    assert data.label_names == ("a", "b")
    expected = [[1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1]]
    assert labels_of(data) == dict(zip(write_clips(tmp_path), expected, strict=True))
    assert "took ';' in column label for a sign between several labels, as in 'a;b'" in (
        data.account.line()
    )
    _with_table(tmp_path, "file,label", ["rain; heavy", "dog"] * 3)
    assert set(labels_of(read_all(tmp_path)).values()) == {"rain; heavy", "dog"}


def test_groups_of_which_some_are_unknown(tmp_path: Path) -> None:
    speakers = ["a", "a", "b", "b", "", "b"]
    _with_table(tmp_path, "file,label,speaker", _WORDS, speakers)
    data = read_all(tmp_path)
    assert sorted(set(groups_of(data).values())) == ["a", "b", "beep_4.wav"]
    assert "1 file without speaker (beep_4.wav): each is a group of its own" in data.account.line()
    assert "line 6: no group for 'beep_4' (column 'speaker')" in refusal(tmp_path, group="speaker")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_how_tables_are_written(tmp_path: Path, encoding: str, sign: str) -> None:
    names = write_clips(tmp_path / "ein" / "ordner")
    rows = [sign.join((f"ein\\ordner\\{n}", "Größe" if "hum" in n else "b", "1,5")) for n in names]
    if sign == ",":
        rows = [r.replace("1,5", "1.5") for r in rows]
    text = "\n".join([sign.join(("Datei", "Label", "wert")), *rows])
    (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"Größe", "b"}
    assert taken(data)["files"] == "column Datei of labels.csv"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("info.labels", '{"version": 1, "files": [%s]}'),
        ("all.json", "[%s]"),
        ("manifest.json", "%s"),
    ],
)
def test_json(tmp_path: Path, name: str, text: str) -> None:
    names = write_clips(tmp_path)
    rows = [
        json.dumps(
            {
                "path": n,
                "category": "testing" if i > 3 else "training",
                "label": {"type": "label", "label": word_of(n)},
            }
        )
        for i, n in enumerate(names)
    ]
    (tmp_path / name).write_text(text % ("\n" if text == "%s" else ",").join(rows))
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert labels_of(train) == {n: word_of(n) for n in names[:4]}
    assert sorted(labels_of(test)) == sorted(names[4:])
    assert taken(train)["part"] == f"column category of {name}"


def test_json_by_file(tmp_path: Path) -> None:
    names = write_clips(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps({n: word_of(n) for n in names}))
    assert labels_of(read_all(tmp_path)) == {n: word_of(n) for n in names}
    (tmp_path / "labels.json").write_text(
        json.dumps({Path(n).stem: {"genre": word_of(n), "pitch": 3} for n in names})
    )
    data = read_all(tmp_path)
    assert labels_of(data) == {n: word_of(n) for n in names}
    assert "took genre for the label; --label names another" in data.account.line()


# Tables that list something else, or only some.


def test_partial_and_unmatched_tables(tmp_path: Path) -> None:
    names = write_clips(tmp_path)
    rows = [f"{n},{word_of(n)}" for n in [*names[:4], "away.wav"]]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
    data = read_all(tmp_path)
    assert data.n_series == 4
    assert data.account.line() == (
        "left out: 1 row (away.wav: of labels.csv, which name no file), 2 files "
        "(beep_4.wav, hum_5.wav: not in labels.csv)"
    )
    (tmp_path / "labels.csv").write_text("file,label\nx.wav,a\ny.wav,b\n")
    assert "its column 'file' lists recordings, the first 'x.wav', but none of them is below" in (
        refusal(tmp_path)
    )


def test_tables_of_classes_do_not_matter(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(3):
            write_sound(tmp_path / word / f"{i}.wav")
    (tmp_path / "classes.csv").write_text("id,label\n0,beep\n1,hum\n")
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"beep", "hum"}
    assert data.account.line() == "left out: 1 table (classes.csv: without any of the files)"
    # Lengths say nothing of labels: the folders do.
    (tmp_path / "lengths.csv").write_text("file,seconds\nbeep/0.wav,0.1\nhum/0.wav,0.1\n")
    (tmp_path / "classes.csv").unlink()
    data = read_all(tmp_path)
    assert data.n_series == 6
    assert data.account.line() == "left out: 1 table (lengths.csv: without label or part)"


def test_names_in_other_folders(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / word / "1.wav")
    (tmp_path / "labels.csv").write_text("file,label\nbeep/1.wav,a\nhum/1.wav,b\nwhistle/1.wav,c\n")
    data = read_all(tmp_path)
    assert labels_of(data) == {"beep/1.wav": "a", "hum/1.wav": "b"}
    assert "1 row (whistle/1.wav: of labels.csv" in data.account.line()
    names = write_clips(tmp_path / "other")
    rows = [f"D:\\recorder\\{n},{word_of(n)}" for n in names]
    (tmp_path / "other" / "labels.csv").write_text("\n".join(["file,label", *rows]))
    assert labels_of(read_all(tmp_path / "other")) == {n: word_of(n) for n in names}
    write_clips(tmp_path / "third" / "sounds")
    rows = [f"clips/{n},{word_of(n)}" for n in names]
    (tmp_path / "third" / "labels.csv").write_text("\n".join(["file,label", *rows]))
    data = read_all(tmp_path / "third")
    assert data.n_series == 6
    assert "labels.csv says other folders for the files: found by their names alone" in (
        data.account.line()
    )


def test_a_table_above_that_is_about_others(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / "mine" / word / "1.wav")
        write_sound(tmp_path / "flat" / f"{word}.wav")
    (tmp_path / "theirs.csv").write_text("file,label\nold/beep.wav,a\nold/hum.wav,b\n")
    assert set(labels_of(read_all(tmp_path / "mine")).values()) == {"beep", "hum"}
    assert read_all(tmp_path / "flat").labels is None
    (tmp_path / "theirs.csv").write_text("file,label\nflat/beep.wav,a\nflat/hum.wav,b\n")
    assert set(labels_of(read_all(tmp_path / "flat")).values()) == {"a", "b"}
    assert taken(read_all(tmp_path / "flat"))["label"] == "column label of theirs.csv"


def test_tables_of_what_nothing_decodes(tmp_path: Path) -> None:
    names = write_clips(tmp_path / "clips")
    (tmp_path / "clips" / "x.m4a").write_bytes(b"1")
    (tmp_path / "clips" / "y.m4a").write_bytes(b"1")
    table = tmp_path / "list.csv"
    table.write_text("file,label\nclips/x.m4a,hum\nclips/y.m4a,beep\n")
    assert "2 .m4a cannot be decoded here" in refusal(table)
    rows = [f"clips/{n},{word_of(n)}" for n in [*names, "x.m4a"]]
    table.write_text("\n".join(["file,label", *rows]))
    data = read_all(table)
    assert data.n_series == 6
    assert "1 file (1 .m4a: not decoded here" in data.account.line()


def test_empty_tables(tmp_path: Path) -> None:
    write_clips(tmp_path)
    (tmp_path / "labels.csv").write_text("file,label\n")
    assert "no labels found" in refusal(tmp_path)
    assert read_all(tmp_path).account.line() == (
        "left out: 1 table (labels.csv: without any of the files)"
    )


def test_two_tables(tmp_path: Path) -> None:
    _with_table(tmp_path, "file,label", _WORDS)
    _with_table(tmp_path, "file,speaker", list("aabbcc"), name="speakers.csv")
    data = read_all(tmp_path)
    assert len(set(groups_of(data).values())) == 3
    assert taken(data)["group"] == "column speaker of speakers.csv"
    assert load(tmp_path, validation=None).account.line() == ""


def test_tables_about_one_sound(tmp_path: Path) -> None:
    for k, word in enumerate(("beep", "hum")):
        for i in (1, 2, 3):
            write_sound(tmp_path / word / f"{3 * k + i}.wav")
            (tmp_path / word / f"{3 * k + i}.txt").write_text(f"{i}\n")
            (tmp_path / word / f"{3 * k + i}.csv").write_text(f"onset,event\n0.1,{i}\n")
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"beep", "hum"}
    assert data.n_series == 6
    assert "6 tables" in data.account.line()
    assert "hum/6.txt: called after files, not taken for labels;" in data.account.line()


def test_rates_that_tell_classes_apart(tmp_path: Path) -> None:
    for word, rate in (("beep", 8000), ("hum", 16000)):
        for i in range(2):
            write_sound(tmp_path / word / f"{i}.wav", rate=rate)
    assert (
        "the classes were recorded at different rates (beep 8000 Hz, hum 16000 Hz), by which alone"
    ) in read_all(tmp_path).account.line()


def test_cost_is_linear(tmp_path: Path) -> None:
    folder = tmp_path
    files = [folder / f"class{i % 30}" / f"speaker{i % 700}" / f"{i}.wav" for i in range(20_000)]
    began = time.perf_counter()
    names = FileNames(folder, files)
    assert all(names.find(f"{i}.wav", folder) == f for i, f in enumerate(files))
    found = read_folders(folder, files)
    assert found.labels is not None
    assert found.groups is not None
    assert (len(set(found.labels)), len(set(found.groups))) == (30, 700)
    table = folder / "labels.csv"
    rows = [f"{f.relative_to(folder).as_posix()},{i % 3}" for i, f in enumerate(files)]
    table.write_text("\n".join(["file,label", *rows]))
    manifest = find_manifest(folder, files, [table], ReadOptions())
    assert manifest is not None
    assert manifest.label is not None
    assert manifest.label[files[7]] == "1"
    assert manifest.where(files[7]) == f"{table}, line 9"
    # A tenth of it on a machine at rest; what is quadratic takes minutes.
    assert time.perf_counter() - began < 30


def test_kaggle(tmp_path: Path) -> None:
    names = write_clips(tmp_path / "audio_train")
    write_sound(tmp_path / "audio_test" / "x1.wav")
    write_sound(tmp_path / "audio_test" / "x2.wav")
    rows = [f"{n},{word_of(n)}" for n in names]
    (tmp_path / "train.csv").write_text("\n".join(["fname,label", *rows]))
    (tmp_path / "sample_submission.csv").write_text("fname,label\nx1.wav,a b c\nx2.wav,a b c\n")
    data = read_all(tmp_path)
    assert labels_of(data) == {f"audio_train/{n}": word_of(n) for n in names}
    assert "1 table (sample_submission.csv: not used" in data.account.line()
    assert "2 files (x1.wav, x2.wav: not in train.csv)" in data.account.line()
    assert read_all(tmp_path / "audio_test").labels is None


def test_folders_called_after_parts(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / "train_audio" / word / "1.wav")
        write_sound(tmp_path / "test_audio" / word / "2.wav")
    assert sorted(labels_of(read_all(tmp_path))) == [
        "train_audio/beep/1.wav",
        "train_audio/hum/1.wav",
    ]
    assert read_all(tmp_path, split="test").n_series == 2
    # Classes, of which some are called so.
    for word in ("train_horn", "test_tone", "car"):
        write_sound(tmp_path / "other" / word / "1.wav")
    assert set(labels_of(read_all(tmp_path / "other")).values()) == {
        "train_horn",
        "test_tone",
        "car",
    }


def test_sounds_in_two_formats(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for suffix in ("wav", "flac"):
            write_sound(tmp_path / word / f"1.{suffix}")
    data = read_all(tmp_path)
    assert data.n_series == 4
    assert data.account.line() == (
        "2 names stand for several files, such as beep/1.flac and beep/1.wav: each is a series of "
        "its own; take one format if they are copies"
    )
