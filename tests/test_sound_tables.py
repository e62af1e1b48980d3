"""Tables that say something of sound, as people and publishers write them."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from recordings import write_record, write_sound
from test_sound_cases import _groups, _labels, _read, _refused, _taken

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.recordings.folders import read_folders
from msssm_ts.datasets.recordings.manifest import find_manifest
from msssm_ts.datasets.recordings.names import FileNames


def _clips(folder: Path, n: int = 6) -> list[str]:
    names = [f"{'hum' if i % 2 else 'beep'}_{i}.wav" for i in range(n)]
    for name in names:
        write_sound(folder / name)
    return names


def _word(name: str) -> str:
    return Path(name).name.split("_")[0]


def test_esc50(tmp_path: Path) -> None:
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for k in range(1, 4):
        for target, word in enumerate(("hum", "beep")):
            name = f"{k}-{100 + k}-A-{target}.wav"
            write_sound(tmp_path / "audio" / name)
            rows.append(f"{name},{k},{target},{word},True,{100 + k},A")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text("\n".join(rows))
    (tmp_path / "README.md").write_text("x")
    for source in (tmp_path, tmp_path / "audio"):
        data = _read(source)
        assert set(_labels(data).values()) == {"hum", "beep"}
        assert data.group_name == "src_file"
        assert sorted(set(_groups(data).values())) == [101, 102, 103]
        assert data.folds is not None
        assert sorted(set(data.folds.tolist())) == [1, 2, 3]
        assert "left out: 3 columns (target, esc10, take: of " in data.account.line()
        assert (
            "took category for the label; target has the same in numbers (--label target)"
            in data.account.line()
        )
    numbers = _read(tmp_path, label="target", drop=("take", "esc10"))
    assert set(_labels(numbers).values()) == {0, 1}
    assert "2 columns (take, esc10: --drop), 1 column (category: of " in numbers.account.line()
    assert "no column 'sort' (--label); it has filename, fold" in _refused(tmp_path, label="sort")
    assert "no column 'sort' (--drop)" in _refused(tmp_path, drop=("sort",))
    assert "no column 'sort' (--group)" in _refused(tmp_path, group="sort")
    assert "no column 'sort' (--validation)" in _refused(tmp_path, fold="sort")


def test_urban_sound(tmp_path: Path) -> None:
    rows = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for fold in (1, 2):
        for target, word in enumerate(("hum", "beep")):
            for i in range(2):
                name = f"{fold}{target}-{target}-0-{i}.wav"
                rate = 48000 if i else 44100
                write_sound(tmp_path / "audio" / f"fold{fold}" / name, rate=rate, channels=1 + i)
                rows.append(f"{name},{fold}{target},0,0.1,1,{fold},{target},{word}")
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "UrbanSound8K.csv").write_text("\n".join(rows))
    data = _read(tmp_path)
    assert _labels(data)["audio/fold2/21-1-0-0.wav"] == "beep"
    assert (data.group_name, len(set(_groups(data).values()))) == ("fsID", 4)
    assert data.folds is not None
    assert data.folds.tolist() == [1] * 4 + [2] * 4
    assert data.account.line() == (
        "left out: 4 columns (start, end, salience, classID: of metadata/UrbanSound8K.csv); 4 of 8 "
        "files resampled from 44100 to 48000 Hz; 4 of 8 files mixed down from 2 channels to one"
    )


def test_common_voice(tmp_path: Path) -> None:
    head = "client_id\tpath\tsentence\tage\tgender\n"
    rows: dict[str, list[str]] = {}
    for i in range(12):
        part = ("train", "train", "train", "dev", "test", "invalidated")[i // 2]
        gender = "male" if i % 2 else "female"
        soundfile.write(tmp_path / f"cv_{i}.mp3", np.zeros(4000), 8000)
        row = f'c{i // 4}\tcv_{i}.mp3\t"Hello, ""world"""\ttwenties\t{gender}\n'
        for table in (part, "validated" if part != "invalidated" else "x"):
            rows.setdefault(table, []).append(row)
    for table in ("train", "dev", "test", "validated", "invalidated"):
        (tmp_path / f"{table}.tsv").write_text(head + "".join(rows[table]))
    assert (
        "no labels found; no label column in train.tsv (it has sentence, age, gender); --label "
        "names one"
    ) in _refused(tmp_path)
    train = _read(tmp_path, label="gender")
    test = _read(tmp_path, label="gender", split="test")
    assert (train.n_series, test.n_series) == (8, 2)
    assert train.validation is not None
    assert train.ids is not None
    assert train.ids[train.validation].tolist() == ["cv_6.mp3", "cv_7.mp3"]
    assert train.group_name == "client_id"
    assert (
        "2 files (cv_10.mp3, cv_11.mp3: not in train.tsv, dev.tsv, test.tsv), 2 tables "
        "(invalidated.tsv, validated.tsv: not used, though naming files too)"
    ) in train.account.line()
    # One without gender.
    text = (tmp_path / "train.tsv").read_text()
    (tmp_path / "train.tsv").write_text(text.replace("\tfemale", "\t", 1))
    short = _read(tmp_path, label="gender")
    assert short.n_series == 7
    assert "1 file (cv_0.mp3: no label in column gender)" in short.account.line()


def _kaldi(root: Path) -> None:
    for part, numbers in (("train", range(8)), ("test", range(8, 12))):
        folder = root / "data" / part
        folder.mkdir(parents=True)
        lines: dict[str, list[str]] = {"wav.scp": [], "text": [], "utt2spk": [], "utt2dur": []}
        for i in numbers:
            word = "hum" if i % 2 else "beep"
            write_sound(root / "wavs" / f"{word}{i}.wav")
            lines["wav.scp"].append(f"u{i} wavs/{word}{i}.wav")
            lines["text"].append(f"u{i} {word}")
            lines["utt2spk"].append(f"u{i} s{i // 4}")
            lines["utt2dur"].append(f"u{i} 0.1")
        for name, content in lines.items():
            (folder / name).write_text("\n".join(content) + "\n")


@pytest.mark.parametrize("place", ["", "data", "data/train"])
def test_kaldi(tmp_path: Path, place: str) -> None:
    _kaldi(tmp_path)
    train, test = _read(tmp_path / place), _read(tmp_path / place, split="test")
    assert (train.n_series, test.n_series) == (8, 4)
    for data in (train, test):
        assert all(i.rsplit("/")[-1].startswith(label) for i, label in _labels(data).items())
        assert data.group_name == "speaker"
    assert sorted(set(_groups(train).values())) == ["s0", "s1"]
    assert "took text for the label; --label names another" in train.account.line()
    assert ("utt2dur" in train.account.line()) == (place == "")


def test_kaldi_that_is_not_read(tmp_path: Path) -> None:
    _kaldi(tmp_path)
    scp = tmp_path / "data" / "train" / "wav.scp"
    text = scp.read_text()
    scp.write_text(text.replace("u3 wavs/hum3.wav", "u3 sph2pipe -f wav hum3.sph |"))
    for place in ("", "data/train"):
        assert "u3 is the output of a command (sph2pipe" in _refused(tmp_path / place)
    scp.write_text(text)
    (scp.parent / "segments").write_text("u1 r1 0 1\n")
    assert "segments: cuts recordings into segments" in _refused(tmp_path)


# A table of paths named as DATA.


@pytest.mark.parametrize("form", ["{name}", "../clips/{name}", "{folder}/{name}", "clips\\{name}"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "jsonl", "json"])
def test_a_table_named_as_data(tmp_path: Path, form: str, suffix: str) -> None:
    place = tmp_path / ("clips" if form == "{name}" else "lists")
    place.mkdir()
    if form == "clips\\{name}":
        place = tmp_path
    names = _clips(tmp_path / "clips", 8)
    write_sound(tmp_path / "clips" / "not_listed.wav")
    for part, chosen in (("train", names[:6]), ("test", names[6:])):
        paths = [form.format(name=n, folder=tmp_path / "clips") for n in chosen]
        rows = [{"path": p, "label": _word(n)} for p, n in zip(paths, chosen, strict=True)]
        sign = {"csv": ",", "tsv": "\t", "txt": " "}.get(suffix)
        if sign is not None:
            text = "\n".join(
                sign.join(r.values()) for r in [{"path": "path", "label": "label"}, *rows]
            )
            text = text if suffix != "txt" else "\n".join(text.split("\n")[1:])
        else:
            text = json.dumps(rows) if suffix == "json" else "\n".join(map(json.dumps, rows))
        (place / f"{part}.{suffix}").write_text(text)
    file = place / f"train.{suffix}"
    train, test = _read(file), _read(file, split="test")
    assert train.source == str(file)
    assert {Path(i).name: w for i, w in _labels(train).items()} == {n: _word(n) for n in names[:6]}
    assert [Path(i).name for i in _labels(test)] == sorted(names[6:])
    assert train.account.line() == ""
    # The table of the test part itself is meant as it is.
    assert _read(place / f"test.{suffix}").n_series == 2
    assert _read(place / f"test.{suffix}", split="test").n_series == 2
    if place.name == "lists":
        assert _read(place).n_series == 6


def test_a_table_of_rows_that_are_not_there(tmp_path: Path) -> None:
    names = _clips(tmp_path / "clips")
    table = tmp_path / "list.csv"
    rows = [f"clips/{n},{_word(n)}" for n in [*names, "hum_77.wav"]]
    table.write_text("\n".join(["file,label", *rows]))
    data = _read(table)
    assert data.n_series == 6
    assert data.account.line() == (
        "left out: 1 row (clips/hum_77.wav: list.csv lists them, but there is no such file)"
    )
    table.write_text("file,label\naway/1.wav,a\naway/2.wav,b\n")
    assert "list.csv: lists recordings, the first 'away/1.wav', but none of the 2 is there" in (
        _refused(table)
    )
    assert "no effect on audio files" in _refused(_table_of(tmp_path, names), id="file")


def _table_of(folder: Path, names: list[str]) -> Path:
    file = folder / "all.csv"
    file.write_text("\n".join(["file,label", *(f"clips/{n},{_word(n)}" for n in names)]))
    return file


def test_a_table_of_records(tmp_path: Path) -> None:
    import edfio

    (tmp_path / "lists").mkdir()
    rows = ["file,label,subject"]
    for i in range(4):
        signal = edfio.EdfSignal(np.sin(np.arange(300) / 9), sampling_frequency=100, label="Cz")
        edfio.Edf([signal]).write(tmp_path / f"n{i}.edf")
        rows.append(f"../n{i}.edf,{'ab'[i % 2]},{i // 2}")
    (tmp_path / "lists" / "nights.csv").write_text("\n".join(rows))
    data = _read(tmp_path / "lists" / "nights.csv")
    assert _labels(data) == {"n0.edf": "a", "n1.edf": "b", "n2.edf": "a", "n3.edf": "b"}
    for i in range(2):
        write_record(tmp_path / "w" / f"r{i}")
    (tmp_path / "w.csv").write_text("record,label\nw/r0.hea,a\nw/r1.hea,b\n")
    assert _labels(_read(tmp_path / "w.csv")) == {"r0": "a", "r1": "b"}


# Hugging Face.


def test_audiofolder(tmp_path: Path) -> None:
    for part, n in (("train", 6), ("test", 2)):
        names = _clips(tmp_path / part, n)
        rows = [f"{name},{_word(name)},ann" for name in names]
        (tmp_path / part / "metadata.csv").write_text(
            "\n".join(["file_name,label,speaker_id", *rows])
        )
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert _labels(train) == {f"train/{n}": _word(n) for n in _clips(tmp_path / "train")}
    assert sorted(_labels(test)) == ["test/beep_0.wav", "test/hum_1.wav"]
    assert (train.group_name, train.account.line()) == (
        "group",
        "left out: 1 column (speaker_id: of train/metadata.csv, test/metadata.csv)",
    )
    (tmp_path / "train" / "metadata.csv").unlink()
    (tmp_path / "test" / "metadata.csv").unlink()
    lines = [{"file_name": f"train/{n}", "label": _word(n)} for n in _clips(tmp_path / "train")]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert _labels(_read(tmp_path)) == _labels(train)


def _parquet(file: Path, names: list[str], *, features: bool = True, kind: str = "Audio") -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sounds = []
    for i, name in enumerate(names):
        stream = io.BytesIO()
        soundfile.write(stream, np.sin(np.arange(400 + 10 * i) / 9), 8000, format="FLAC")
        sounds.append({"bytes": stream.getvalue(), "path": name})
    words = ["beep", "hum"]
    table = pa.table(
        {
            "audio": sounds,
            "label": [words.index(_word(n)) for n in names],
            "speaker_id": [f"s{i // 2}" for i in range(len(names))],
        }
    )
    said = {"audio": {"_type": kind}, "label": {"names": words, "_type": "ClassLabel"}}
    content = {"info": {"features": said}}
    if features:
        table = table.replace_schema_metadata({"huggingface": json.dumps(content)})
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file, row_group_size=3)


def test_sound_in_parquet(tmp_path: Path) -> None:
    names = [f"{'hum' if i % 2 else 'beep'}_{i}.flac" for i in range(12)]
    folder = tmp_path / "data"
    _parquet(folder / "train-00000-of-00002.parquet", names[:4])
    _parquet(folder / "train-00001-of-00002.parquet", names[4:8])
    _parquet(folder / "validation-00000-of-00001.parquet", names[8:10])
    _parquet(folder / "test-00000-of-00001.parquet", names[10:])
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert _labels(train) == {n: _word(n) for n in names[:10]}
    assert _labels(test) == {n: _word(n) for n in names[10:]}
    assert train.validation is not None
    assert train.ids is not None
    assert train.ids[train.validation].tolist() == names[8:10]
    assert (train.group_name, len(set(_groups(train).values()))) == ("speaker_id", 2)
    assert train.values[1].shape == (1, 410)
    np.testing.assert_allclose(train.values[5][0], np.sin(np.arange(410) / 9), atol=1e-3)
    one = folder / "test-00000-of-00001.parquet"
    assert _labels(_read(one)) == _labels(test)
    assert _taken(_read(one))["label"] == "column label of test-00000-of-00001.parquet"
    assert "--id has no effect on Parquet files with sound" in _refused(tmp_path, id="label")
    # Without what Hugging Face's library adds, labels are numbers.
    _parquet(tmp_path / "plain.parquet", names[:4], features=False)
    assert set(_labels(_read(tmp_path / "plain.parquet")).values()) == {0, 1}
    # Pictures look alike.
    _parquet(tmp_path / "pictures.parquet", names[:4], kind="Image")
    assert "column audio: holds struct" in _refused(tmp_path / "pictures.parquet")


# Columns.


def _with_table(folder: Path, head: str, *columns: Any, name: str = "labels.csv") -> None:
    names = _clips(folder, len(columns[0]))
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
    train = _read(tmp_path)
    assert train.n_series == 6 - tested
    assert (0 if train.validation is None else train.validation.sum()) == aside
    assert _taken(train)["part"] == f"column {head.split(',')[2]} of labels.csv"
    if tested:
        assert sorted(_labels(_read(tmp_path, split="test"))) == ["beep_4.wav", "hum_5.wav"]


def test_columns_of_parts_that_are_not_understood(tmp_path: Path) -> None:
    _with_table(tmp_path, "file,label,split", _WORDS, ["train"] * 4 + ["later"] * 2)
    assert "column 'split' names parts of a split (train), but later is none" in _refused(tmp_path)
    _with_table(tmp_path, "file,label,split", _WORDS, list("aabbcc"))
    assert "column 'split' says how the files are split, but a, b, c are not known" in (
        _refused(tmp_path)
    )
    assert _read(tmp_path, drop=("split",)).n_series == 6
    _with_table(tmp_path, "file,label,split", _WORDS, ["train"] * 4 + ["test", ""])
    assert "1 file (hum_5.wav: no part in column split)" in _read(tmp_path).account.line()


def test_lists_of_what_is_not_trained_on(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(4):
            write_sound(tmp_path / word / f"{i}.wav")
    (tmp_path / "heldout_list.txt").write_text("beep/0.wav\nhum/0.wav\n")
    (tmp_path / "my_val_list.txt").write_text("beep/1.wav\nhum/1.wav\n")
    (tmp_path / "my_test_list.txt").write_text("beep/0.wav\nhum/0.wav\n")
    (tmp_path / "heldout_list.txt").unlink()
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert sorted(_labels(test)) == ["beep/0.wav", "hum/0.wav"]
    assert train.n_series == 6
    assert train.validation is not None
    assert train.validation.sum() == 2
    assert "took the files that no list names for the training part" in train.account.line()


def test_parts_that_overlap(tmp_path: Path) -> None:
    names = _clips(tmp_path)
    for part, chosen in (("train", names), ("test", names[4:])):
        rows = [f"{n},{_word(n)}" for n in chosen]
        (tmp_path / f"{part}.csv").write_text("\n".join(["file,label", *rows]))
    train = _read(tmp_path)
    assert sorted(_labels(train)) == sorted(names[:4])
    assert "2 files are listed by tables of several parts (beep_4.wav, hum_5.wav): taken for " in (
        train.account.line()
    )


def test_several_labels(tmp_path: Path) -> None:
    rain, wind = [0, 1, 1, 0, 1, 0], [1, 0, 1, 1, 0, 0]
    _with_table(tmp_path, "file,rain,wind", rain, wind)
    data = _read(tmp_path, label="rain,wind")
    assert data.label_names == ("rain", "wind")
    assert _labels(data) == {n: [rain[i], wind[i]] for i, n in enumerate(_clips(tmp_path))}
    _with_table(tmp_path, "file,label", ["a;b", "a", "b", "b;a", "a", "b"])
    data = _read(tmp_path)
    assert data.label_names == ("a", "b")
    expected = [[1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1]]
    assert _labels(data) == dict(zip(_clips(tmp_path), expected, strict=True))
    assert "took ';' in column label for a sign between several labels, as in 'a;b'" in (
        data.account.line()
    )
    _with_table(tmp_path, "file,label", ["rain; heavy", "dog"] * 3)
    assert set(_labels(_read(tmp_path)).values()) == {"rain; heavy", "dog"}


def test_groups_of_which_some_are_unknown(tmp_path: Path) -> None:
    speakers = ["a", "a", "b", "b", "", "b"]
    _with_table(tmp_path, "file,label,speaker", _WORDS, speakers)
    data = _read(tmp_path)
    assert sorted(set(_groups(data).values())) == ["a", "b", "beep_4.wav"]
    assert "1 files have no speaker (beep_4.wav): each is a group of its own" in data.account.line()
    assert "line 6: no group for 'beep_4' (column 'speaker')" in _refused(tmp_path, group="speaker")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_how_tables_are_written(tmp_path: Path, encoding: str, sign: str) -> None:
    names = _clips(tmp_path / "ein" / "ordner")
    rows = [sign.join((f"ein\\ordner\\{n}", "Größe" if "hum" in n else "b", "1,5")) for n in names]
    if sign == ",":
        rows = [r.replace("1,5", "1.5") for r in rows]
    text = "\n".join([sign.join(("Datei", "Label", "wert")), *rows])
    (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
    data = _read(tmp_path)
    assert set(_labels(data).values()) == {"Größe", "b"}
    assert _taken(data)["files"] == "column Datei of labels.csv"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("info.labels", '{"version": 1, "files": [%s]}'),
        ("all.json", "[%s]"),
        ("manifest.json", "%s"),
    ],
)
def test_json(tmp_path: Path, name: str, text: str) -> None:
    names = _clips(tmp_path)
    rows = [
        json.dumps(
            {
                "path": n,
                "category": "testing" if i > 3 else "training",
                "label": {"type": "label", "label": _word(n)},
            }
        )
        for i, n in enumerate(names)
    ]
    (tmp_path / name).write_text(text % ("\n" if text == "%s" else ",").join(rows))
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert _labels(train) == {n: _word(n) for n in names[:4]}
    assert sorted(_labels(test)) == sorted(names[4:])
    assert _taken(train)["part"] == f"column category of {name}"


def test_json_by_file(tmp_path: Path) -> None:
    names = _clips(tmp_path)
    (tmp_path / "labels.json").write_text(json.dumps({n: _word(n) for n in names}))
    assert _labels(_read(tmp_path)) == {n: _word(n) for n in names}
    (tmp_path / "labels.json").write_text(
        json.dumps({Path(n).stem: {"genre": _word(n), "pitch": 3} for n in names})
    )
    data = _read(tmp_path)
    assert _labels(data) == {n: _word(n) for n in names}
    assert "took genre for the label; --label names another" in data.account.line()


# Tables that list something else, or only some.


def test_partial_and_unmatched_tables(tmp_path: Path) -> None:
    names = _clips(tmp_path)
    rows = [f"{n},{_word(n)}" for n in [*names[:4], "away.wav"]]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
    data = _read(tmp_path)
    assert data.n_series == 4
    assert data.account.line() == (
        "left out: 1 row (away.wav: labels.csv lists them, but there is no such file), 2 files "
        "(beep_4.wav, hum_5.wav: not in labels.csv)"
    )
    (tmp_path / "labels.csv").write_text("file,label\nx.wav,a\ny.wav,b\n")
    assert "its column 'file' lists recordings, the first 'x.wav', but none of them is below" in (
        _refused(tmp_path)
    )


def test_tables_of_classes_do_not_matter(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(3):
            write_sound(tmp_path / word / f"{i}.wav")
    (tmp_path / "classes.csv").write_text("id,label\n0,beep\n1,hum\n")
    data = _read(tmp_path)
    assert set(_labels(data).values()) == {"beep", "hum"}
    assert data.account.line() == "left out: 1 table (classes.csv: list none of the files)"
    # Lengths say nothing of labels: the folders do.
    (tmp_path / "lengths.csv").write_text("file,seconds\nbeep/0.wav,0.1\nhum/0.wav,0.1\n")
    (tmp_path / "classes.csv").unlink()
    data = _read(tmp_path)
    assert data.n_series == 6
    assert data.account.line() == "left out: 1 table (lengths.csv: they say no label or part)"


def test_names_in_other_folders(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / word / "1.wav")
    (tmp_path / "labels.csv").write_text("file,label\nbeep/1.wav,a\nhum/1.wav,b\nwhistle/1.wav,c\n")
    data = _read(tmp_path)
    assert _labels(data) == {"beep/1.wav": "a", "hum/1.wav": "b"}
    assert "1 row (whistle/1.wav: labels.csv lists them" in data.account.line()
    names = _clips(tmp_path / "other")
    rows = [f"D:\\recorder\\{n},{_word(n)}" for n in names]
    (tmp_path / "other" / "labels.csv").write_text("\n".join(["file,label", *rows]))
    assert _labels(_read(tmp_path / "other")) == {n: _word(n) for n in names}
    _clips(tmp_path / "third" / "sounds")
    rows = [f"clips/{n},{_word(n)}" for n in names]
    (tmp_path / "third" / "labels.csv").write_text("\n".join(["file,label", *rows]))
    data = _read(tmp_path / "third")
    assert data.n_series == 6
    assert "labels.csv says other folders for the files: found by their names alone" in (
        data.account.line()
    )


def test_a_table_above_that_is_about_others(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / "mine" / word / "1.wav")
        write_sound(tmp_path / "flat" / f"{word}.wav")
    (tmp_path / "theirs.csv").write_text("file,label\nold/beep.wav,a\nold/hum.wav,b\n")
    assert set(_labels(_read(tmp_path / "mine")).values()) == {"beep", "hum"}
    assert _read(tmp_path / "flat").labels is None
    (tmp_path / "theirs.csv").write_text("file,label\nflat/beep.wav,a\nflat/hum.wav,b\n")
    assert set(_labels(_read(tmp_path / "flat")).values()) == {"a", "b"}
    assert _taken(_read(tmp_path / "flat"))["label"] == "column label of theirs.csv"


def test_tables_of_what_nothing_decodes(tmp_path: Path) -> None:
    names = _clips(tmp_path / "clips")
    (tmp_path / "clips" / "x.m4a").write_bytes(b"1")
    (tmp_path / "clips" / "y.m4a").write_bytes(b"1")
    table = tmp_path / "list.csv"
    table.write_text("file,label\nclips/x.m4a,hum\nclips/y.m4a,beep\n")
    assert "2 .m4a cannot be decoded here" in _refused(table)
    rows = [f"clips/{n},{_word(n)}" for n in [*names, "x.m4a"]]
    table.write_text("\n".join(["file,label", *rows]))
    data = _read(table)
    assert data.n_series == 6
    assert "1 file (1 .m4a: not decoded here" in data.account.line()


def test_empty_tables(tmp_path: Path) -> None:
    _clips(tmp_path)
    (tmp_path / "labels.csv").write_text("file,label\n")
    assert "no labels found" in _refused(tmp_path)
    assert _read(tmp_path).account.line() == (
        "left out: 1 table (labels.csv: list none of the files)"
    )


def test_two_tables(tmp_path: Path) -> None:
    _with_table(tmp_path, "file,label", _WORDS)
    _with_table(tmp_path, "file,speaker", list("aabbcc"), name="speakers.csv")
    data = _read(tmp_path)
    assert len(set(_groups(data).values())) == 3
    assert _taken(data)["group"] == "column speaker of speakers.csv"
    assert load(tmp_path, validation=None).account.line() == ""


def test_tables_about_one_sound(tmp_path: Path) -> None:
    for k, word in enumerate(("beep", "hum")):
        for i in (1, 2, 3):
            write_sound(tmp_path / word / f"{3 * k + i}.wav")
            (tmp_path / word / f"{3 * k + i}.txt").write_text(f"{i}\n")
            (tmp_path / word / f"{3 * k + i}.csv").write_text(f"onset,event\n0.1,{i}\n")
    data = _read(tmp_path)
    assert set(_labels(data).values()) == {"beep", "hum"}
    assert data.n_series == 6
    assert "6 tables" in data.account.line()
    assert "6 files (6 .txt: none of the files to read)" in data.account.line()


def test_rates_that_tell_classes_apart(tmp_path: Path) -> None:
    for word, rate in (("beep", 8000), ("hum", 16000)):
        for i in range(2):
            write_sound(tmp_path / word / f"{i}.wav", rate=rate)
    assert (
        "the classes were recorded at different rates (beep 8000 Hz, hum 16000 Hz), by which alone"
    ) in _read(tmp_path).account.line()


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
    names = _clips(tmp_path / "audio_train")
    write_sound(tmp_path / "audio_test" / "x1.wav")
    write_sound(tmp_path / "audio_test" / "x2.wav")
    rows = [f"{n},{_word(n)}" for n in names]
    (tmp_path / "train.csv").write_text("\n".join(["fname,label", *rows]))
    (tmp_path / "sample_submission.csv").write_text("fname,label\nx1.wav,a b c\nx2.wav,a b c\n")
    data = _read(tmp_path)
    assert _labels(data) == {f"audio_train/{n}": _word(n) for n in names}
    assert "1 table (sample_submission.csv: not used" in data.account.line()
    assert "2 files (x1.wav, x2.wav: not in train.csv)" in data.account.line()
    assert _read(tmp_path / "audio_test").labels is None


def test_folders_called_after_parts(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        write_sound(tmp_path / "train_audio" / word / "1.wav")
        write_sound(tmp_path / "test_audio" / word / "2.wav")
    assert sorted(_labels(_read(tmp_path))) == ["train_audio/beep/1.wav", "train_audio/hum/1.wav"]
    assert _read(tmp_path, split="test").n_series == 2
    # Classes, of which some are called so.
    for word in ("train_horn", "test_tone", "car"):
        write_sound(tmp_path / "other" / word / "1.wav")
    assert set(_labels(_read(tmp_path / "other")).values()) == {"train_horn", "test_tone", "car"}


def test_sounds_in_two_formats(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for suffix in ("wav", "flac"):
            write_sound(tmp_path / word / f"1.{suffix}")
    data = _read(tmp_path)
    assert data.n_series == 4
    assert data.account.line() == (
        "2 names stand for several files, such as beep/1.flac and beep/1.wav: each is a series of "
        "its own; take one format if they are copies"
    )
