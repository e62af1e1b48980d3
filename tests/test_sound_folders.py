"""Folders of sound as people have them, and the options that act on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recordings import write_record, write_sound
from sound_cases import groups_of, labels_of, read_all, refusal, taken, write_classes

from msssm_ts.datasets import ReadOptions, load

# Folders.


def test_links(tmp_path: Path) -> None:
    write_classes(tmp_path / "store")
    data = tmp_path / "data"
    write_sound(data / "tone" / "1.wav")
    write_sound(data / "tone" / "2.wav")
    for word in ("beep", "hum"):
        (data / word).symlink_to(tmp_path / "store" / word)
    (data / "gone").symlink_to(tmp_path / "store" / "gone")
    # A link to the folder itself has no end.
    (data / "tone" / "again").symlink_to(data)
    # A link as git writes it where there are none.
    (data / "whistle").write_text("../store/whistle")
    found = read_all(data)
    assert sorted(set(labels_of(found).values())) == ["beep", "hum", "tone"]
    assert found.n_series == 8
    assert found.account.line() == (
        "left out: 1 link (gone: to nothing), 1 link (whistle: copied as text; link or copy "
        "what is named there)"
    )


def test_class_folders_that_hold_nothing_are_named(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / "whistle").mkdir()
    (tmp_path / "song").mkdir()
    (tmp_path / "song" / "1.m4a").write_bytes(b"....")
    # These are no classes.
    for name in ("metadata", "_cache", ".git"):
        (tmp_path / name).mkdir()
    line = read_all(tmp_path).account.line()
    assert line.startswith("left out: 2 folders (song, whistle: no files to read), 1 file (1 .m4a")


def test_folders_below_classes_are_said_where_they_hold_several(tmp_path: Path) -> None:
    for i in range(3):
        for kind in ("pet/dog", "pet/cat", "tool/saw", "tool/fan"):
            write_sound(tmp_path / "kinds" / kind / f"{i}.wav")
            write_sound(tmp_path / "takes" / kind[:3] / f"{kind[4:]}{i}" / "1.wav")
    said = read_all(tmp_path / "kinds").account.line()
    assert said.startswith("took folders pet tool for the classes, not cat dog fan saw below;")
    # A folder of its own for each recording is no class.
    assert read_all(tmp_path / "takes").account.line() == ""


def test_a_table_that_says_otherwise_than_the_folders(tmp_path: Path) -> None:
    write_classes(tmp_path)
    files = sorted(f.relative_to(tmp_path).as_posix() for f in tmp_path.glob("*/*.wav"))
    table = tmp_path / "labels.csv"
    table.write_text("file,label\n" + "".join(f"{f},{'xy'[i % 2]}\n" for i, f in enumerate(files)))
    said = (
        "took the labels of {}, not the folders beep, hum; --label-from '{{label}}/*' takes these"
    )
    assert said.format("labels.csv") in read_all(tmp_path).account.line()
    # One above the folder is taken, too, if it names each recording once.
    inside = tmp_path / "sounds"
    inside.mkdir()
    for word in ("beep", "hum"):
        (tmp_path / word).rename(inside / word)
    assert said.format("../labels.csv") in read_all(inside).account.line()
    assert set(labels_of(read_all(inside, label_from="{label}/*")).values()) == {"beep", "hum"}
    for word in ("beep", "hum"):
        (inside / word).rename(tmp_path / word)
    inside.rmdir()
    # Another name for each folder is no contradiction.
    rows = "".join(f"{f},the {f.split('/')[0]}\n" for f in files)
    table.write_text("file,label\n" + rows)
    assert read_all(tmp_path).account.line() == ""


@pytest.mark.parametrize("place", ["{part}/{word}", "{word}/{part}", "{part}/audio/{word}"])
def test_parts(tmp_path: Path, place: str) -> None:
    for part, n in (("Training", 3), ("dev", 1), ("evaluation", 2)):
        for word in ("beep", "hum"):
            for i in range(n):
                file = tmp_path / place.format(part=part, word=word) / f"{part}{word}{i}.wav"
                write_sound(file)
    write_sound(tmp_path / "extra" / "example.wav")
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert sorted(labels_of(train).values()) == ["beep"] * 4 + ["hum"] * 4
    assert sorted(labels_of(test).values()) == ["beep"] * 2 + ["hum"] * 2
    assert train.validation is not None
    aside = [i for i, v in zip(train.ids, train.validation, strict=True) if v]
    assert [Path(i).name for i in aside] == ["devbeep0.wav", "devhum0.wav"]
    assert train.account.line() == "left out: 1 file (extra: in no folder of a part)"
    assert taken(train)["part"] == "folders Training dev evaluation"


def test_wrapper_folders_and_unlabelled_test(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(2):
            write_sound(tmp_path / "train" / "audio" / word / f"{i}_nohash_0.wav")
    write_sound(tmp_path / "train" / "audio" / "_background_noise_" / "noise.wav")
    write_sound(tmp_path / "test" / "audio" / "clip.wav")
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    assert sorted(labels_of(train).values()) == ["beep", "beep", "hum", "hum"]
    assert train.account.line() == "left out: 1 file (_background_noise_ is no class)"
    assert (test.labels, test.n_series) == (None, 1)
    deep = tmp_path / "v1" / "data"
    write_classes(deep)
    assert sorted(set(labels_of(read_all(tmp_path / "v1")).values())) == ["beep", "hum"]


@pytest.mark.parametrize("place", ["{word}/spk{k}", "spk{k}/{word}", "Actor_{k}/{word}"])
def test_speaker_folders(tmp_path: Path, place: str) -> None:
    for word in ("beep", "hum"):
        for k in range(3):
            for i in range(2):
                write_sound(tmp_path / place.format(word=word, k=k) / f"{i}.wav")
    data = read_all(tmp_path)
    assert data.labels is not None
    assert data.labels.tolist() == [("beep" if "beep" in i else "hum") for i in data.ids]
    assert len(set(groups_of(data).values())) == 3
    assert data.group_name == "folder"
    name = place.split("/")[place.startswith("{word}")].replace("{k}", "")
    assert taken(data)["group"] == f"folders {name}0 {name}1 {name}2"


def test_folds(tmp_path: Path) -> None:
    for k in (1, 2):
        for word in ("beep", "hum"):
            write_sound(tmp_path / f"fold{k}" / word / f"{k}.wav")
    data = load(tmp_path, validation="fold=fold2")
    assert data.groups is None
    assert data.validation is not None
    assert data.validation.tolist() == [False, False, True, True]
    assert taken(data)["fold"] == "folders fold1 fold2"


def test_folders_of_actors_are_no_classes(tmp_path: Path) -> None:
    for actor in (1, 2, 3):
        for emotion in ("01", "02"):
            write_sound(tmp_path / f"Actor_0{actor}" / f"03-{emotion}-0{actor}.wav")
    sentence = refusal(tmp_path)
    assert "no labels found; took folders Actor_01 Actor_02 Actor_03 for groups" in sentence
    assert "--label-from says where in the files' names the label stands" in sentence
    data = read_all(tmp_path, label_from="*-{label}-*")
    assert sorted(labels_of(data).values()) == ["01", "01", "01", "02", "02", "02"]
    assert sorted(set(groups_of(data).values())) == ["Actor_01", "Actor_02", "Actor_03"]
    # Who speaks is the question: the remedy that is named works.
    data = read_all(tmp_path, label_from="{label}/*")
    assert sorted(set(labels_of(data).values())) == ["Actor_01", "Actor_02", "Actor_03"]
    # Below each speaker are folders of his own, which are no classes.
    for actor in (1, 2, 3):
        write_sound(tmp_path / "vox" / f"id1000{actor}" / f"video{actor}" / "1.wav")
    assert "took folders id10001 id10002 id10003 for groups" in refusal(tmp_path / "vox")


def test_levels_that_may_both_be_classes(tmp_path: Path) -> None:
    for year in ("2020", "2021"):
        for word in ("beep", "hum"):
            write_sound(tmp_path / year / word / f"{year}{word}.wav")
    data = read_all(tmp_path)
    assert data.account.line() == (
        "took folders 2020 2021 for the classes, not beep hum below; --label-from '*/{label}/*' "
        "says otherwise"
    )
    other = read_all(tmp_path, label_from="*/{label}/*")
    assert other.labels is not None
    assert other.labels.tolist() == ["beep", "hum", "beep", "hum"]


def test_loose_files_and_case(tmp_path: Path) -> None:
    write_classes(tmp_path)
    write_sound(tmp_path / "loose.wav")
    write_sound(tmp_path / "Hum" / "9.wav")
    data = read_all(tmp_path)
    assert data.n_series == 7
    assert data.account.line() == (
        "left out: 1 file (loose.wav: in no class folder); took Hum and hum for different classes, "
        "though only case differs"
    )


def test_a_train_is_also_a_sound(tmp_path: Path) -> None:
    for word in ("train", "car"):
        write_sound(tmp_path / word / f"{word}.wav")
    data = read_all(tmp_path)
    assert sorted(labels_of(data).values()) == ["car", "train"]
    assert "took folder train for a class" in data.account.line()


def test_other_recordings_beside(tmp_path: Path) -> None:
    write_classes(tmp_path)
    (tmp_path / "hum" / "calibration.dat").write_bytes(b"1")
    (tmp_path / "hum" / "night.edf").write_bytes(b"1")
    data = read_all(tmp_path)
    assert data.n_series == 6
    assert data.account.line() == (
        "left out: 2 files (hum/calibration.dat, hum/night.edf: none of the files to read)"
    )


# Speakers.


def test_one_name_without_speaker(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for speaker in ("ann", "bob"):
            for i in range(2):
                write_sound(tmp_path / word / f"{speaker}_nohash_{i}.wav")
    assert read_all(tmp_path).account.line() == ""
    write_sound(tmp_path / "hum" / "my own.wav")
    data = read_all(tmp_path)
    assert data.group_name == "speaker"
    assert sorted(set(groups_of(data).values())) == ["ann", "bob", "my own.wav"]
    assert data.account.line() == "1 file names no speaker (my own.wav): it is a group of its own"
    write_sound(tmp_path / "beep" / "another.wav")
    assert "2 files name no speaker (another.wav, my own.wav): each is a group of its own" in (
        read_all(tmp_path).account.line()
    )


# Options.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group": "patient"}, "no patient is known of the files (--group)"),
        ({"group": "speaker"}, "no speaker is known of the files (--group)"),
        ({"label": "word"}, "no table lists the files, so that there is no column 'word' (--label"),
        ({"drop": ("age",)}, "no table lists the files, so that there is no column 'age' (--drop"),
        ({"fold": "fold"}, "no table lists the files, so that there is no column 'fold' (--valid"),
        ({"label": "a", "label_from": "{label}"}, "give one"),
        ({"id": "file"}, "--id has no effect on audio files; leave it out"),
        ({"time": "t"}, "--time has no effect on audio files"),
        ({"channel": "c"}, "--channel has no effect on audio files"),
        ({"window": (0.1, 0.1)}, "--window has no effect on audio files"),
        ({"axes": "series"}, "--axes has no effect on audio files"),
        ({"annotator": "atr"}, "--annotator has no effect on audio files"),
        ({"episodes": 3.0}, "--episodes has no effect on audio files"),
        ({"label_from": "*"}, "says nowhere which part of a file's name is the label"),
        ({"label_from": "{word}-{label}"}, "{word} must be one of label, group, part, fold"),
        ({"label_from": "{label}--*"}, "fits the name of none of the 6 files, such as beep/00.wav"),
        ({"label_from": "("}, "not a regular expression"),
    ],
)
def test_options_that_cannot_act(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    write_classes(tmp_path)
    assert message in refusal(tmp_path, **options)
    one = refusal(tmp_path / "hum" / "10.wav", **options)
    assert message.split(" (")[0] in one or "none of the 1 files" in one or "give one" in message


def test_groups_that_need_no_table(tmp_path: Path) -> None:
    write_classes(tmp_path)
    assert len(set(groups_of(read_all(tmp_path, group="file")).values())) == 6
    assert set(groups_of(read_all(tmp_path, group="folder")).values()) == {"beep", "hum"}


@pytest.mark.parametrize(
    ("pattern", "label"),
    [
        ("{label}-{group}-*", "hum"),
        ("{label}-*", "hum"),
        (r"^(\w+)-", "hum"),
        (r"(?P<label>[a-z]+)-(?P<group>\w+)-", "hum"),
        ("*-{group}-{label}", "03"),
        ("*-{group}-{label}.wav", "03"),
        ("*/{label}-*", "hum"),
    ],
)
def test_labels_in_names(tmp_path: Path, pattern: str, label: str) -> None:
    for name in ("hum-ann-03", "beep-ann-07", "hum-bob-03", "beep-bob-07"):
        write_sound(tmp_path / "clips" / f"{name}.wav")
    write_sound(tmp_path / "clips" / "odd.wav")
    data = read_all(tmp_path, label_from=pattern)
    labels = labels_of(data)
    assert str(labels["clips/hum-ann-03.wav"]).zfill(2) == label
    assert len(set(labels.values())) == 2
    if "group" in pattern:
        assert sorted(set(groups_of(data).values())) == ["ann", "bob"]
    assert data.account.line() == ("left out: 1 file (odd.wav: --label-from does not fit the name)")
    assert taken(data)["label"] == f"names of the files (--label-from {pattern})"


def test_parts_in_names(tmp_path: Path) -> None:
    for name in ("hum_train_1", "beep_train_1", "hum_val_1", "hum_test_1", "beep_test_1"):
        write_sound(tmp_path / f"{name}.wav")
    write_sound(tmp_path / "hum_other_1.wav")
    train = read_all(tmp_path, label_from="{label}_{part}_*")
    test = read_all(tmp_path, label_from="{label}_{part}_*", split="test")
    assert sorted(labels_of(train)) == ["beep_train_1.wav", "hum_train_1.wav", "hum_val_1.wav"]
    assert train.validation is not None
    assert train.validation.sum() == 1
    assert sorted(labels_of(test)) == ["beep_test_1.wav", "hum_test_1.wav"]
    assert "left out: 1 file (hum_other_1.wav: no known part in the name" in (train.account.line())


def test_sound_beside_other_recordings(tmp_path: Path) -> None:
    write_sound(tmp_path / "spoken note.wav")
    for name in ("r1", "r2"):
        write_record(tmp_path / name)
    data = load(tmp_path, needs_labels=False)
    assert data.n_series == 2
    assert "1 file (spoken note.wav: none of the records to read)" in data.account.line()


@pytest.mark.parametrize("name", ["background_noise", "Background Noise", "noise", "_noise_"])
def test_long_noise_beside_the_clips_is_no_class(tmp_path: Path, name: str) -> None:
    write_classes(tmp_path)
    write_sound(tmp_path / name / "pink.wav", length=4000)
    data = load(tmp_path)
    assert set(data.labels) == {"beep", "hum"}
    said = f"left out: 1 file (recordings of {name}, far longer than the others, are no class; "
    assert data.account.line().startswith(said)


def test_noise_as_long_as_the_others_is_a_class(tmp_path: Path) -> None:
    write_classes(tmp_path)
    write_sound(tmp_path / "noise" / "a.wav")
    write_sound(tmp_path / "silence" / "a.wav", length=4000)
    data = load(tmp_path)
    assert set(data.labels) == {"beep", "hum", "noise", "silence"}
    assert not data.account.left_out


def test_runs_among_the_data_are_no_data(tmp_path: Path) -> None:
    for word in ("no", "yes"):
        write_sound(tmp_path / word / "1.wav")
    going, done = tmp_path / "new" / "checkpoint", tmp_path / "old"
    for folder, names in ((going, ("call.json", "lock")), (done, ("config.toml", "scores.json"))):
        write_sound(folder / "1.wav")
        for name in names:
            (folder / name).write_text('[{"file": "1.wav", "label": "x"}]')
    assert load(tmp_path).summary().endswith("2 classes: no yes")


def test_one_folder_around_everything_is_said(tmp_path: Path) -> None:
    for i in range(3):
        write_sound(tmp_path / "clips of birds" / f"{i}.wav")
    said = "took the one folder clips of birds for the class; --label-from"
    assert said in load(tmp_path).account.line()
    assert said not in load(tmp_path, ReadOptions(split="test")).account.line()
