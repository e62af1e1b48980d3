"""Layouts and faults of sound that people have, small: exactly what is understood, and said."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from recordings import write_sound

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError


def _read(source: Path | str, **options: Any) -> LabelledSeries:
    """Read, and decode every series: its length is the one that was said."""
    data = load(source, ReadOptions(**options), needs_labels=False)
    for i, length in enumerate(data.lengths):
        assert data.values[i].shape == (data.n_channels, length)
        assert data.values[i].dtype == np.float32
    return data


def _refused(source: Path | str, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(source, ReadOptions(**options))
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def _labels(data: LabelledSeries) -> dict[str, Any]:
    assert data.labels is not None
    assert data.ids is not None
    return dict(zip(data.ids.tolist(), data.labels.tolist(), strict=True))


def _groups(data: LabelledSeries) -> dict[str, Any]:
    assert data.groups is not None
    assert data.ids is not None
    return dict(zip(data.ids.tolist(), data.groups.tolist(), strict=True))


def _taken(data: LabelledSeries) -> dict[str, str]:
    return dict(data.account.taken)


def _classes(folder: Path, suffix: str = "wav", n: int = 3, **how: Any) -> None:
    """Write two folders of n sounds each, of different names."""
    for k, word in enumerate(("beep", "hum")):
        for i in range(n):
            write_sound(folder / word / f"{k}{i}.{suffix}", **how)


# Formats.


@pytest.mark.parametrize(
    "suffix",
    ["wav", "flac", "ogg", "opus", "mp3", "aiff", "aif", "au", "snd", "caf", "w64", "rf64", "MP3"],
)
def test_formats(tmp_path: Path, suffix: str) -> None:
    form = {"opus": ("OGG", "OPUS"), "snd": ("AU", None), "aif": ("AIFF", None)}
    sound = np.sin(np.arange(4000) / 9) / 2
    for word in ("beep", "hum"):
        (tmp_path / word).mkdir()
        how = form.get(suffix, (None, None))
        soundfile.write(tmp_path / word / f"1.{suffix}", sound, 8000, format=how[0], subtype=how[1])
    data = _read(tmp_path)
    assert data.lengths.tolist() == [4000, 4000]
    assert data.sampling_rate == 8000
    assert np.corrcoef(data.values[0][0], sound)[0, 1] > 0.98
    assert data.account.line() == ""
    assert _taken(data) == {
        "label": "folders beep hum",
        "rate": "8000 Hz, of all 2 files",
        "channels": "1",
    }


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "ULAW", "FLOAT", "DOUBLE"])
def test_subtypes(tmp_path: Path, subtype: str) -> None:
    sound = np.sin(np.arange(800) / 9) / 2
    soundfile.write(tmp_path / "1.wav", sound, 8000, subtype=subtype)
    np.testing.assert_allclose(_read(tmp_path / "1.wav").values[0][0], sound, atol=0.02)


def test_kinds_that_nothing_decodes(tmp_path: Path) -> None:
    _classes(tmp_path)
    for name in ("beep/x.m4a", "hum/y.M4A", "hum/z.wma"):
        (tmp_path / name).write_bytes(b"1234")
    data = _read(tmp_path)
    assert data.n_series == 6
    assert data.account.line() == (
        "left out: 3 files (2 .m4a, 1 .wma: not decoded here; convert them, as in ffmpeg -i a.m4a "
        "a.wav)"
    )
    only = tmp_path / "only"
    (only / "hum").mkdir(parents=True)
    (only / "hum" / "a.aac").write_bytes(b"1")
    assert _refused(only).endswith(
        "1 .aac cannot be decoded here; convert to WAV or FLAC, as in ffmpeg -i a.aac a.wav"
    )
    assert "1 .aac cannot be decoded here" in _refused(only / "hum" / "a.aac")


def test_other_files_are_named(tmp_path: Path) -> None:
    _classes(tmp_path)
    for name in ("README.md", "LICENSE", ".DS_Store", "hum/Thumbs.db", "hum/.hidden"):
        (tmp_path / name).write_text("x")
    assert _read(tmp_path).account.left_out == ()
    for i in range(4):
        (tmp_path / "hum" / f"{i}.jpg").write_text("x")
    (tmp_path / "make.py").write_text("x")
    assert _read(tmp_path).account.line() == (
        "left out: 5 files (4 .jpg, 1 .py: none of the files to read)"
    )


# Rates and channels.


def test_rates_and_channels_are_brought_together(tmp_path: Path) -> None:
    for part, rates in (("train", (8000, 8000, 16000)), ("test", (16000, 16000, 16000))):
        for word in ("beep", "hum"):
            for i, rate in enumerate(rates):
                file = tmp_path / part / word / f"{i}.wav"
                write_sound(file, rate=rate, length=rate // 10, channels=1 + (i == 1))
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    # Most of all twelve files, not of the six of the training part.
    assert (train.sampling_rate, test.sampling_rate) == (16000, 16000)
    assert train.lengths.tolist() == [1600] * 6
    assert train.n_channels == test.n_channels == 1
    assert train.account.line() == (
        "4 of 6 files resampled from 8000 to 16000 Hz; 2 of 6 files mixed down from 2 channels to "
        "one"
    )
    assert _taken(train)["rate"] == "16000 Hz, of 8 of 12 files"
    assert test.account.line() == "2 of 6 files mixed down from 2 channels to one"


def test_several_rates(tmp_path: Path) -> None:
    for i, rate in enumerate((8000, 8000, 8000, 16000, 4000, 4000)):
        write_sound(tmp_path / "ab"[i % 2] / f"{i}.wav", rate=rate)
    assert _read(tmp_path).account.line() == (
        "3 of 6 files resampled to 8000 Hz: 2 of 4000 Hz, 1 of 16000 Hz"
    )


def test_mono(tmp_path: Path) -> None:
    values = write_sound(tmp_path / "a" / "1.wav", channels=2)
    write_sound(tmp_path / "b" / "2.wav", channels=2)
    assert _read(tmp_path).n_channels == 2
    data = _read(tmp_path, mono=True)
    assert (data.n_channels, data.units) == (1, ("of full scale",))
    np.testing.assert_allclose(data.values[0][0], values.mean(axis=0), atol=1e-6)
    assert data.account.line() == "2 of 2 files mixed down from 2 channels to one"
    one = tmp_path / "one"
    _classes(one)
    assert "so that --mono changes nothing" in _read(one, mono=True).account.line()


# Files that hold nothing, or not what they say.


def _patched(file: Path, place: int, value: int) -> None:
    raw = bytearray(file.read_bytes())
    raw[place : place + 4] = struct.pack("<I", value)
    file.write_bytes(raw)


@pytest.mark.parametrize(
    ("place", "size"),
    [(40, 0), (40, 0xFFFFFFFF), (40, 0x80000000), (4, 0), (40, 0x7FFFFFF0)],
)
def test_a_recorder_that_crashed(tmp_path: Path, place: int, size: int) -> None:
    _classes(tmp_path)
    file = tmp_path / "hum" / "11.wav"
    values = soundfile.read(file, dtype="float32", always_2d=True)[0].T
    _patched(file, place, size)
    data = _read(tmp_path)
    assert data.account.line() == "unfinished header, what is there is read: hum/11.wav"
    np.testing.assert_array_equal(data.values[4], values)
    # One by itself, and with both sizes missing.
    _patched(file, 4, 0)
    one = _read(file)
    np.testing.assert_array_equal(one.values[0], values)
    assert "unfinished header" in one.account.line()


def test_an_empty_sound_before_other_chunks_is_empty(tmp_path: Path) -> None:
    _classes(tmp_path)
    file = tmp_path / "hum" / "11.wav"
    write_sound(file, length=0)
    file.write_bytes(file.read_bytes() + b"LIST\x04\x00\x00\x00INFO")
    assert _read(tmp_path).account.line() == (
        "left out: 1 file (11.wav: the file holds no sound (0 frames))"
    )


@pytest.mark.parametrize("name", [b"LIST", b"JUNK", b"bext", b"id3 ", b"PAD "])
def test_chunks_before_and_behind_the_sound(tmp_path: Path, name: bytes) -> None:
    values = write_sound(tmp_path / "1.wav")
    raw = (tmp_path / "1.wav").read_bytes()
    chunk = name + struct.pack("<I", 5) + b"INFOx\0"
    (tmp_path / "1.wav").write_bytes(raw[:36] + chunk + raw[36:] + chunk)
    _patched(tmp_path / "1.wav", 4, len(raw) + 2 * len(chunk) - 8)
    data = _read(tmp_path / "1.wav")
    np.testing.assert_array_equal(data.values[0], values)
    assert data.account.line() == ""


def test_dead_files_are_left_out_where_others_remain(tmp_path: Path) -> None:
    _classes(tmp_path, n=5)
    (tmp_path / "hum" / "10.wav").write_bytes(b"")
    (tmp_path / "hum" / "11.wav").write_text("no sound")
    (tmp_path / "beep" / "00.wav").unlink()
    (tmp_path / "beep" / "00.wav").symlink_to("away.wav")
    write_sound(tmp_path / "beep" / "01.wav", length=0)
    data = _read(tmp_path)
    assert sorted(_labels(data)) == sorted(
        [f"beep/0{i}.wav" for i in (2, 3, 4)] + [f"hum/1{i}.wav" for i in (2, 3, 4)]
    )
    assert data.account.line() == (
        "left out: 1 file (00.wav: a link that leads nowhere), 1 file (01.wav: the file holds no "
        "sound (0 frames)), 1 file (10.wav: an empty file), 1 file (11.wav: not a readable audio "
        "file)"
    )
    (tmp_path / "hum" / "12.wav").write_bytes(b"")
    (tmp_path / "hum" / "13.wav").write_bytes(b"")
    (tmp_path / "hum" / "14.wav").write_bytes(b"")
    assert "of 10 files 7 cannot be read" in _refused(tmp_path)


def test_a_class_does_not_vanish(tmp_path: Path) -> None:
    _classes(tmp_path)
    write_sound(tmp_path / "tone" / "1.wav", length=0)
    assert _refused(tmp_path).endswith(
        "tone/1.wav: the file holds no sound (0 frames); remove or replace it: no other file of "
        "class tone can be read"
    )


def test_files_that_break_off(tmp_path: Path) -> None:
    _classes(tmp_path, length=4000)
    wav = tmp_path / "hum" / "10.wav"
    wav.write_bytes(wav.read_bytes()[:3044])
    data = _read(tmp_path)
    assert data.account.line() == (
        "its header promises more than there is, what is there is read: hum/10.wav"
    )
    assert data.lengths[3] == 1500
    mp3 = tmp_path / "hum" / "13.mp3"
    soundfile.write(mp3, np.random.default_rng(0).normal(0, 0.1, 48000), 8000)
    mp3.write_bytes(mp3.read_bytes()[: mp3.stat().st_size // 2])
    data = _read(tmp_path)
    assert "the file breaks off, what is there is read: hum/13.mp3" in data.account.line()
    assert 15000 < data.lengths[-1] < 30000
    flac = tmp_path / "hum" / "14.flac"
    soundfile.write(flac, np.random.default_rng(0).normal(0, 0.1, 48000), 8000)
    raw = flac.read_bytes()
    flac.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InputError, match=r"14\.flac: (cannot be decoded|breaks off)"):
        _read(tmp_path)
    # A length that no file of that size can have, and none at all.
    for said in (0xFFFFFFFF, 0):
        flac.write_bytes(raw[:22] + struct.pack(">I", said) + raw[26:])
        patched = bytearray(flac.read_bytes())
        patched[21] = (patched[21] & 0xF0) | (0x0F if said else 0)
        flac.write_bytes(patched)
        data = _read(tmp_path)
        assert 47936 <= data.lengths[-1] <= 48000
        assert "unfinished header, what is there is read: hum/14.flac" in data.account.line()


def test_samples_that_are_no_numbers(tmp_path: Path) -> None:
    _classes(tmp_path)
    sound = np.sin(np.arange(800) / 9)
    sound[[100, 101]] = np.nan
    sound[300] = np.inf
    soundfile.write(tmp_path / "hum" / "11.wav", sound, 8000, subtype="FLOAT")
    data = _read(tmp_path)
    assert data.account.line() == (
        "3 samples of 1 file are NaN or infinite (hum/11.wav from 0.0125 s): they are missing "
        "values, which --missing interpolate fills; or remove the files"
    )
    assert np.flatnonzero(np.isnan(data.values[4][0])).tolist() == [100, 101, 300]


# Folders.


def test_links(tmp_path: Path) -> None:
    _classes(tmp_path / "store")
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
    found = _read(data)
    assert sorted(set(_labels(found).values())) == ["beep", "hum", "tone"]
    assert found.n_series == 8
    assert found.account.line() == (
        "left out: 1 link (gone: they lead nowhere), 1 link (whistle: copied as text, so that they "
        "lead nowhere; link or copy what they name)"
    )


@pytest.mark.parametrize("place", ["{part}/{word}", "{word}/{part}", "{part}/audio/{word}"])
def test_parts(tmp_path: Path, place: str) -> None:
    for part, n in (("Training", 3), ("dev", 1), ("evaluation", 2)):
        for word in ("beep", "hum"):
            for i in range(n):
                file = tmp_path / place.format(part=part, word=word) / f"{part}{word}{i}.wav"
                write_sound(file)
    write_sound(tmp_path / "extra" / "example.wav")
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert sorted(_labels(train).values()) == ["beep"] * 4 + ["hum"] * 4
    assert sorted(_labels(test).values()) == ["beep"] * 2 + ["hum"] * 2
    assert train.validation is not None
    aside = [i for i, v in zip(train.ids, train.validation, strict=True) if v]
    assert [Path(i).name for i in aside] == ["devbeep0.wav", "devhum0.wav"]
    assert train.account.line() == "left out: 1 file (extra: in no folder of a part)"
    assert _taken(train)["part"] == "folders Training dev evaluation"


def test_wrapper_folders_and_unlabelled_test(tmp_path: Path) -> None:
    for word in ("beep", "hum"):
        for i in range(2):
            write_sound(tmp_path / "train" / "audio" / word / f"{i}_nohash_0.wav")
    write_sound(tmp_path / "train" / "audio" / "_background_noise_" / "noise.wav")
    write_sound(tmp_path / "test" / "audio" / "clip.wav")
    train, test = _read(tmp_path), _read(tmp_path, split="test")
    assert sorted(_labels(train).values()) == ["beep", "beep", "hum", "hum"]
    assert train.account.line() == "left out: 1 file (_background_noise_ is no class)"
    assert (test.labels, test.n_series) == (None, 1)
    deep = tmp_path / "v1" / "data"
    _classes(deep)
    assert sorted(set(_labels(_read(tmp_path / "v1")).values())) == ["beep", "hum"]


@pytest.mark.parametrize("place", ["{word}/spk{k}", "spk{k}/{word}", "Actor_{k}/{word}"])
def test_speaker_folders(tmp_path: Path, place: str) -> None:
    for word in ("beep", "hum"):
        for k in range(3):
            for i in range(2):
                write_sound(tmp_path / place.format(word=word, k=k) / f"{i}.wav")
    data = _read(tmp_path)
    assert data.labels is not None
    assert data.labels.tolist() == [("beep" if "beep" in i else "hum") for i in data.ids]
    assert len(set(_groups(data).values())) == 3
    assert data.group_name == "folder"
    name = place.split("/")[place.startswith("{word}")].replace("{k}", "")
    assert _taken(data)["group"] == f"folders {name}0 {name}1 {name}2"


def test_folds(tmp_path: Path) -> None:
    for k in (1, 2):
        for word in ("beep", "hum"):
            write_sound(tmp_path / f"fold{k}" / word / f"{k}.wav")
    data = load(tmp_path, validation="fold=fold2")
    assert data.groups is None
    assert data.validation is not None
    assert data.validation.tolist() == [False, False, True, True]
    assert _taken(data)["fold"] == "folders fold1 fold2"


def test_folders_of_actors_are_no_classes(tmp_path: Path) -> None:
    for actor in (1, 2, 3):
        for emotion in ("01", "02"):
            write_sound(tmp_path / f"Actor_0{actor}" / f"03-{emotion}-0{actor}.wav")
    sentence = _refused(tmp_path)
    assert "no labels found; took folders Actor_01 Actor_02 Actor_03 for groups" in sentence
    assert "--label-from says where in the files' names the label stands" in sentence
    data = _read(tmp_path, label_from="*-{label}-*")
    assert sorted(_labels(data).values()) == [1, 1, 1, 2, 2, 2]
    assert sorted(set(_groups(data).values())) == ["Actor_01", "Actor_02", "Actor_03"]
    # Who speaks is the question: the remedy that is named works.
    data = _read(tmp_path, label_from="{label}/*")
    assert sorted(set(_labels(data).values())) == ["Actor_01", "Actor_02", "Actor_03"]
    # Below each speaker are folders of his own, which are no classes.
    for actor in (1, 2, 3):
        write_sound(tmp_path / "vox" / f"id1000{actor}" / f"video{actor}" / "1.wav")
    assert "took folders id10001 id10002 id10003 for groups" in _refused(tmp_path / "vox")


def test_levels_that_may_both_be_classes(tmp_path: Path) -> None:
    for year in ("2020", "2021"):
        for word in ("beep", "hum"):
            write_sound(tmp_path / year / word / f"{year}{word}.wav")
    data = _read(tmp_path)
    assert data.account.line() == (
        "took folders 2020 2021 for the classes, not beep hum below; --label-from '*/{label}/*' "
        "says otherwise"
    )
    other = _read(tmp_path, label_from="*/{label}/*")
    assert other.labels is not None
    assert other.labels.tolist() == ["beep", "hum", "beep", "hum"]


def test_loose_files_and_case(tmp_path: Path) -> None:
    _classes(tmp_path)
    write_sound(tmp_path / "loose.wav")
    write_sound(tmp_path / "Hum" / "9.wav")
    data = _read(tmp_path)
    assert data.n_series == 7
    assert data.account.line() == (
        "left out: 1 file (loose.wav: in no class folder); took Hum and hum for different classes, "
        "though only case differs"
    )


def test_a_train_is_also_a_sound(tmp_path: Path) -> None:
    for word in ("train", "car"):
        write_sound(tmp_path / word / f"{word}.wav")
    data = _read(tmp_path)
    assert sorted(_labels(data).values()) == ["car", "train"]
    assert "took folder train for a class" in data.account.line()


def test_other_recordings_beside(tmp_path: Path) -> None:
    _classes(tmp_path)
    (tmp_path / "hum" / "calibration.dat").write_bytes(b"1")
    (tmp_path / "hum" / "night.edf").write_bytes(b"1")
    data = _read(tmp_path)
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
    assert _read(tmp_path).account.line() == ""
    write_sound(tmp_path / "hum" / "my own.wav")
    data = _read(tmp_path)
    assert data.group_name == "speaker"
    assert sorted(set(_groups(data).values())) == ["ann", "bob", "my own.wav"]
    assert data.account.line() == "1 file names no speaker (my own.wav): it is a group of its own"
    write_sound(tmp_path / "beep" / "another.wav")
    assert "2 files name no speaker (another.wav, my own.wav): each is a group of its own" in (
        _read(tmp_path).account.line()
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
    _classes(tmp_path)
    assert message in _refused(tmp_path, **options)
    one = _refused(tmp_path / "hum" / "10.wav", **options)
    assert message.split(" (")[0] in one or "none of the 1 files" in one or "give one" in message


def test_groups_that_need_no_table(tmp_path: Path) -> None:
    _classes(tmp_path)
    assert len(set(_groups(_read(tmp_path, group="file")).values())) == 6
    assert set(_groups(_read(tmp_path, group="folder")).values()) == {"beep", "hum"}


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
    data = _read(tmp_path, label_from=pattern)
    labels = _labels(data)
    assert str(labels["clips/hum-ann-03.wav"]).zfill(2) == label
    assert len(set(labels.values())) == 2
    if "group" in pattern:
        assert sorted(set(_groups(data).values())) == ["ann", "bob"]
    assert data.account.line() == (
        "left out: 1 file (odd.wav: --label-from does not fit their names)"
    )
    assert _taken(data)["label"] == f"names of the files (--label-from {pattern})"


def test_parts_in_names(tmp_path: Path) -> None:
    for name in ("hum_train_1", "beep_train_1", "hum_val_1", "hum_test_1", "beep_test_1"):
        write_sound(tmp_path / f"{name}.wav")
    write_sound(tmp_path / "hum_other_1.wav")
    train = _read(tmp_path, label_from="{label}_{part}_*")
    test = _read(tmp_path, label_from="{label}_{part}_*", split="test")
    assert sorted(_labels(train)) == ["beep_train_1.wav", "hum_train_1.wav", "hum_val_1.wav"]
    assert train.validation is not None
    assert train.validation.sum() == 1
    assert sorted(_labels(test)) == ["beep_test_1.wav", "hum_test_1.wav"]
    assert "left out: 1 file (hum_other_1.wav: no known part in their names" in (
        train.account.line()
    )
