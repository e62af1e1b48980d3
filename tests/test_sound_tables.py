"""Published layouts of sound: tables beside it, tables as DATA, Parquet."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import soundfile
from recordings import write_record, write_sound
from sound_cases import groups_of, labels_of, read_all, refusal, taken, word_of, write_clips

from msssm_ts.datasets import load


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
        data = read_all(source)
        assert set(labels_of(data).values()) == {"hum", "beep"}
        assert data.group_name == "src_file"
        assert sorted(set(groups_of(data).values())) == [101, 102, 103]
        assert data.folds is not None
        assert sorted(set(data.folds.tolist())) == [1, 2, 3]
        assert "left out: 3 columns (target, esc10, take: of " in data.account.line()
        assert (
            "took category for the label; target has the same in numbers (--label target)"
            in data.account.line()
        )
    numbers = read_all(tmp_path, label="target", drop=("take", "esc10"))
    assert set(labels_of(numbers).values()) == {0, 1}
    assert "2 columns (take, esc10: --drop), 1 column (category: of " in numbers.account.line()
    assert "no column 'sort' (--label); there are filename, fold" in refusal(tmp_path, label="sort")
    assert "no column 'sort' (--drop)" in refusal(tmp_path, drop=("sort",))
    assert "no column 'sort' (--group)" in refusal(tmp_path, group="sort")
    assert "no column 'sort' (--validation)" in refusal(tmp_path, fold="sort")


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
    data = read_all(tmp_path)
    assert labels_of(data)["audio/fold2/21-1-0-0.wav"] == "beep"
    assert (data.group_name, len(set(groups_of(data).values()))) == ("fsID", 4)
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
    ) in refusal(tmp_path)
    train = read_all(tmp_path, label="gender")
    test = read_all(tmp_path, label="gender", split="test")
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
    short = read_all(tmp_path, label="gender")
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
    train, test = read_all(tmp_path / place), read_all(tmp_path / place, split="test")
    assert (train.n_series, test.n_series) == (8, 4)
    for data in (train, test):
        assert all(i.rsplit("/")[-1].startswith(label) for i, label in labels_of(data).items())
        assert data.group_name == "speaker"
    assert sorted(set(groups_of(train).values())) == ["s0", "s1"]
    assert "took text for the label; --label names another" in train.account.line()
    assert ("utt2dur" in train.account.line()) == (place == "")


def test_kaldi_that_is_not_read(tmp_path: Path) -> None:
    _kaldi(tmp_path)
    scp = tmp_path / "data" / "train" / "wav.scp"
    text = scp.read_text()
    scp.write_text(text.replace("u3 wavs/hum3.wav", "u3 sph2pipe -f wav hum3.sph |"))
    for place in ("", "data/train"):
        assert "u3 is the output of a command (sph2pipe" in refusal(tmp_path / place)


# A table of paths named as DATA.


@pytest.mark.parametrize("form", ["{name}", "../clips/{name}", "{folder}/{name}", "clips\\{name}"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt", "jsonl", "json"])
def test_a_table_named_as_data(tmp_path: Path, form: str, suffix: str) -> None:
    place = tmp_path / ("clips" if form == "{name}" else "lists")
    place.mkdir()
    if form == "clips\\{name}":
        place = tmp_path
    names = write_clips(tmp_path / "clips", 8)
    write_sound(tmp_path / "clips" / "not_listed.wav")
    for part, chosen in (("train", names[:6]), ("test", names[6:])):
        paths = [form.format(name=n, folder=tmp_path / "clips") for n in chosen]
        rows = [{"path": p, "label": word_of(n)} for p, n in zip(paths, chosen, strict=True)]
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
    train, test = read_all(file), read_all(file, split="test")
    assert train.source == str(file)
    assert {Path(i).name: w for i, w in labels_of(train).items()} == {
        n: word_of(n) for n in names[:6]
    }
    assert [Path(i).name for i in labels_of(test)] == sorted(names[6:])
    assert train.account.line() == ""
    # The table of the test part itself is meant as it is.
    assert read_all(place / f"test.{suffix}").n_series == 2
    assert read_all(place / f"test.{suffix}", split="test").n_series == 2
    if place.name == "lists":
        assert read_all(place).n_series == 6


def test_a_table_of_rows_that_are_not_there(tmp_path: Path) -> None:
    names = write_clips(tmp_path / "clips")
    table = tmp_path / "list.csv"
    rows = [f"clips/{n},{word_of(n)}" for n in [*names, "hum_77.wav"]]
    table.write_text("\n".join(["file,label", *rows]))
    data = read_all(table)
    assert data.n_series == 6
    assert data.account.line() == (
        "left out: 1 row (clips/hum_77.wav: of list.csv, which name no file)"
    )
    table.write_text("file,label\naway/1.wav,a\naway/2.wav,b\n")
    assert "list.csv: lists recordings, the first 'away/1.wav', but none of the 2 is there" in (
        refusal(table)
    )
    assert "no effect on audio files" in refusal(_table_of(tmp_path, names), id="file")


def _table_of(folder: Path, names: list[str]) -> Path:
    file = folder / "all.csv"
    file.write_text("\n".join(["file,label", *(f"clips/{n},{word_of(n)}" for n in names)]))
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
    data = read_all(tmp_path / "lists" / "nights.csv")
    assert labels_of(data) == {"n0.edf": "a", "n1.edf": "b", "n2.edf": "a", "n3.edf": "b"}
    for i in range(2):
        write_record(tmp_path / "w" / f"r{i}")
    (tmp_path / "w.csv").write_text("record,label\nw/r0.hea,a\nw/r1.hea,b\n")
    assert labels_of(read_all(tmp_path / "w.csv")) == {"r0": "a", "r1": "b"}


# Hugging Face.


def test_audiofolder(tmp_path: Path) -> None:
    for part, n in (("train", 6), ("test", 2)):
        names = write_clips(tmp_path / part, n)
        rows = [f"{name},{word_of(name)},ann" for name in names]
        (tmp_path / part / "metadata.csv").write_text(
            "\n".join(["file_name,label,speaker_id", *rows])
        )
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert labels_of(train) == {f"train/{n}": word_of(n) for n in write_clips(tmp_path / "train")}
    assert sorted(labels_of(test)) == ["test/beep_0.wav", "test/hum_1.wav"]
    assert (train.group_name, train.account.line()) == ("speaker_id", "")
    (tmp_path / "train" / "metadata.csv").unlink()
    (tmp_path / "test" / "metadata.csv").unlink()
    lines = [
        {"file_name": f"train/{n}", "label": word_of(n)} for n in write_clips(tmp_path / "train")
    ]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert labels_of(read_all(tmp_path)) == labels_of(train)


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
            "label": [words.index(word_of(n)) for n in names],
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
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert labels_of(train) == {n: word_of(n) for n in names[:10]}
    assert labels_of(test) == {n: word_of(n) for n in names[10:]}
    assert train.validation is not None
    assert train.ids is not None
    assert train.ids[train.validation].tolist() == names[8:10]
    assert (train.group_name, len(set(groups_of(train).values()))) == ("speaker_id", 2)
    assert train.values[1].shape == (1, 410)
    np.testing.assert_allclose(train.values[5][0], np.sin(np.arange(410) / 9), atol=1e-3)
    one = folder / "test-00000-of-00001.parquet"
    assert labels_of(read_all(one)) == labels_of(test)
    assert taken(read_all(one))["label"] == "column label of test-00000-of-00001.parquet"
    assert "--id has no effect on Parquet files with sound" in refusal(tmp_path, id="label")
    # Without what Hugging Face's library adds, labels are numbers.
    _parquet(tmp_path / "plain.parquet", names[:4], features=False)
    assert set(labels_of(read_all(tmp_path / "plain.parquet")).values()) == {0, 1}
    # Pictures look alike.
    _parquet(tmp_path / "pictures.parquet", names[:4], kind="Image")
    assert "column audio: holds struct" in refusal(tmp_path / "pictures.parquet")


@pytest.mark.parametrize(
    "write",
    [
        quote,
        lambda name: f"https://example.org/a/{quote(name)}?download=1",
        lambda name: f"file:///home/me/{quote(name)}",
        lambda name: unicodedata.normalize("NFD", name),
        lambda name: name.upper(),
        lambda name: name.removesuffix(".wav"),
    ],
)
def test_names_of_files_as_others_write_them(tmp_path: Path, write: Callable[[str], str]) -> None:
    names = [f"Hund {i} \u00fc 100% a.wav" for i in range(4)]
    for name in names:
        write_sound(tmp_path / name)
    rows = "".join(f"{write(n)},{'ab'[i % 2]}\n" for i, n in enumerate(names))
    (tmp_path / "labels.csv").write_text(f"file,label\n{rows}", encoding="utf-8")
    data = load(tmp_path)
    assert labels_of(data) == dict(zip(names, "abab", strict=True))
    assert not data.account.left_out


def test_transcripts_of_all_folders_are_one_table(tmp_path: Path) -> None:
    for folder in ("84/1", "174/2"):
        stem = folder.replace("/", "-")
        for i in range(6):
            write_sound(tmp_path / folder / f"{stem}-{i}.wav")
        lines = "".join(f"{stem}-{i} {'WORD ' * i}{stem}\n" for i in range(6))
        (tmp_path / folder / f"{stem}.trans.txt").write_text(lines)
    assert read_all(tmp_path).n_series == 12
    assert "12 different labels for 12 series" in refusal(tmp_path)


def test_logs_above_a_folder_of_classes_do_not_matter(tmp_path: Path) -> None:
    names = [f"{c}/{c}{i}.wav" for c in "ab" for i in range(3)]
    for name in names:
        write_sound(tmp_path / "sounds" / name)
    rows = [f"{Path(name).name},{epoch}" for epoch in (1, 2) for name in names]
    (tmp_path / "log.csv").write_text("\n".join(["file,label", *rows]))
    assert load(tmp_path / "sounds").summary().endswith("2 classes: a b")
