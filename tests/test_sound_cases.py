"""Formats of sound, and files that hold nothing or not what they say."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import write_sound
from sound_cases import labels_of, read_all, refusal, taken, write_classes

from msssm_ts.datasets import load
from msssm_ts.errors import InputError

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
    data = read_all(tmp_path)
    assert data.lengths.tolist() == [4000, 4000]
    assert data.sampling_rate == 8000
    assert np.corrcoef(data.values[0][0], sound)[0, 1] > 0.98
    assert data.account.line() == ""
    assert taken(data) == {
        "label": "folders beep hum",
        "rate": "8000 Hz, of all 2 files",
        "channels": "1",
    }


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "ULAW", "FLOAT", "DOUBLE"])
def test_subtypes(tmp_path: Path, subtype: str) -> None:
    sound = np.sin(np.arange(800) / 9) / 2
    soundfile.write(tmp_path / "1.wav", sound, 8000, subtype=subtype)
    np.testing.assert_allclose(read_all(tmp_path / "1.wav").values[0][0], sound, atol=0.02)


def test_kinds_that_nothing_decodes(tmp_path: Path) -> None:
    write_classes(tmp_path)
    for name in ("beep/x.m4a", "hum/y.M4A", "hum/z.wma"):
        (tmp_path / name).write_bytes(b"1234")
    data = read_all(tmp_path)
    assert data.n_series == 6
    assert data.account.line() == (
        "left out: 3 files (2 .m4a, 1 .wma: not decoded here; convert them, as in ffmpeg -i a.m4a "
        "a.wav)"
    )
    only = tmp_path / "only"
    (only / "hum").mkdir(parents=True)
    (only / "hum" / "a.aac").write_bytes(b"1")
    assert refusal(only).endswith(
        "1 .aac cannot be decoded here; convert to WAV or FLAC, as in ffmpeg -i a.aac a.wav"
    )
    assert "1 .aac cannot be decoded here" in refusal(only / "hum" / "a.aac")


def test_other_files_are_named(tmp_path: Path) -> None:
    write_classes(tmp_path)
    for name in ("README.md", "LICENSE", ".DS_Store", "hum/Thumbs.db", "hum/.hidden"):
        (tmp_path / name).write_text("x")
    assert read_all(tmp_path).account.left_out == ()
    for i in range(4):
        (tmp_path / "hum" / f"{i}.jpg").write_text("x")
    (tmp_path / "make.py").write_text("x")
    assert read_all(tmp_path).account.line() == (
        "left out: 5 files (4 .jpg, 1 .py: none of the files to read)"
    )


# Rates and channels.


def test_rates_and_channels_are_brought_together(tmp_path: Path) -> None:
    for part, rates in (("train", (8000, 8000, 16000)), ("test", (16000, 16000, 16000))):
        for word in ("beep", "hum"):
            for i, rate in enumerate(rates):
                file = tmp_path / part / word / f"{i}.wav"
                write_sound(file, rate=rate, length=rate // 10, channels=1 + (i == 1))
    train, test = read_all(tmp_path), read_all(tmp_path, split="test")
    # Most of all twelve files, not of the six of the training part.
    assert (train.sampling_rate, test.sampling_rate) == (16000, 16000)
    assert train.lengths.tolist() == [1600] * 6
    assert train.n_channels == test.n_channels == 1
    assert train.account.line() == (
        "4 of 6 files resampled from 8000 to 16000 Hz; 2 of 6 files mixed down from 2 channels to "
        "one"
    )
    assert taken(train)["rate"] == "16000 Hz, of 8 of 12 files"
    assert test.account.line() == "2 of 6 files mixed down from 2 channels to one"


def test_several_rates(tmp_path: Path) -> None:
    for i, rate in enumerate((8000, 8000, 8000, 16000, 4000, 4000)):
        write_sound(tmp_path / "ab"[i % 2] / f"{i}.wav", rate=rate)
    assert read_all(tmp_path).account.line() == (
        "3 of 6 files resampled to 8000 Hz: 2 of 4000 Hz, 1 of 16000 Hz"
    )


def test_mono(tmp_path: Path) -> None:
    values = write_sound(tmp_path / "a" / "1.wav", channels=2)
    write_sound(tmp_path / "b" / "2.wav", channels=2)
    assert read_all(tmp_path).n_channels == 2
    data = read_all(tmp_path, mono=True)
    assert (data.n_channels, data.units) == (1, ("of full scale",))
    np.testing.assert_allclose(data.values[0][0], values.mean(axis=0), atol=1e-6)
    assert data.account.line() == "2 of 2 files mixed down from 2 channels to one"
    one = tmp_path / "one"
    write_classes(one)
    assert "so that --mono changes nothing" in read_all(one, mono=True).account.line()


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
    write_classes(tmp_path)
    file = tmp_path / "hum" / "11.wav"
    values = soundfile.read(file, dtype="float32", always_2d=True)[0].T
    _patched(file, place, size)
    data = read_all(tmp_path)
    assert data.account.line() == "unfinished header, what is there is read: hum/11.wav"
    np.testing.assert_array_equal(data.values[4], values)
    # One by itself, and with both sizes missing.
    _patched(file, 4, 0)
    one = read_all(file)
    np.testing.assert_array_equal(one.values[0], values)
    assert "unfinished header" in one.account.line()


def test_an_empty_sound_before_other_chunks_is_empty(tmp_path: Path) -> None:
    write_classes(tmp_path)
    file = tmp_path / "hum" / "11.wav"
    write_sound(file, length=0)
    file.write_bytes(file.read_bytes() + b"LIST\x04\x00\x00\x00INFO")
    assert read_all(tmp_path).account.line() == (
        "left out: 1 file (11.wav: the file holds no sound (0 frames))"
    )


@pytest.mark.parametrize("name", [b"LIST", b"JUNK", b"bext", b"id3 ", b"PAD "])
def test_chunks_before_and_behind_the_sound(tmp_path: Path, name: bytes) -> None:
    values = write_sound(tmp_path / "1.wav")
    raw = (tmp_path / "1.wav").read_bytes()
    chunk = name + struct.pack("<I", 5) + b"INFOx\0"
    (tmp_path / "1.wav").write_bytes(raw[:36] + chunk + raw[36:] + chunk)
    _patched(tmp_path / "1.wav", 4, len(raw) + 2 * len(chunk) - 8)
    data = read_all(tmp_path / "1.wav")
    np.testing.assert_array_equal(data.values[0], values)
    assert data.account.line() == ""


def test_dead_files_are_left_out_where_others_remain(tmp_path: Path) -> None:
    write_classes(tmp_path, n=5)
    (tmp_path / "hum" / "10.wav").write_bytes(b"")
    (tmp_path / "hum" / "11.wav").write_text("no sound")
    (tmp_path / "beep" / "00.wav").unlink()
    (tmp_path / "beep" / "00.wav").symlink_to("away.wav")
    write_sound(tmp_path / "beep" / "01.wav", length=0)
    data = read_all(tmp_path)
    assert sorted(labels_of(data)) == sorted(
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
    assert "of 10 files 7 cannot be read" in refusal(tmp_path)


def test_a_class_does_not_vanish(tmp_path: Path) -> None:
    write_classes(tmp_path)
    write_sound(tmp_path / "tone" / "1.wav", length=0)
    assert refusal(tmp_path).endswith(
        "tone/1.wav: the file holds no sound (0 frames); remove or replace it: no other file of "
        "class tone can be read"
    )


def test_files_that_break_off(tmp_path: Path) -> None:
    write_classes(tmp_path, length=4000)
    wav = tmp_path / "hum" / "10.wav"
    wav.write_bytes(wav.read_bytes()[:3044])
    data = read_all(tmp_path)
    assert data.account.line() == (
        "its header promises more than there is, what is there is read: hum/10.wav"
    )
    assert data.lengths[3] == 1500
    mp3 = tmp_path / "hum" / "13.mp3"
    soundfile.write(mp3, np.random.default_rng(0).normal(0, 0.1, 48000), 8000)
    mp3.write_bytes(mp3.read_bytes()[: mp3.stat().st_size // 2])
    data = read_all(tmp_path)
    assert "the file breaks off, what is there is read: hum/13.mp3" in data.account.line()
    assert 15000 < data.lengths[-1] < 30000
    flac = tmp_path / "hum" / "14.flac"
    soundfile.write(flac, np.random.default_rng(0).normal(0, 0.1, 48000), 8000)
    raw = flac.read_bytes()
    flac.write_bytes(raw[: len(raw) // 2])
    data = read_all(tmp_path)
    assert "the file breaks off, what is there is read: hum/13.mp3, hum/14.flac" in (
        data.account.line()
    )
    assert 20000 < data.lengths[-1] < 24100
    # One that breaks off later than its header was read.
    flac.write_bytes(raw)
    data = load(tmp_path)
    flac.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(InputError, match=r"14\.flac: (cannot be decoded|breaks off)"):
        data.values[len(data.values) - 1]
    # A length that no file of that size can have, and none at all.
    for said in (0xFFFFFFFF, 0):
        flac.write_bytes(raw[:22] + struct.pack(">I", said) + raw[26:])
        patched = bytearray(flac.read_bytes())
        patched[21] = (patched[21] & 0xF0) | (0x0F if said else 0)
        flac.write_bytes(patched)
        data = read_all(tmp_path)
        assert 47936 <= data.lengths[-1] <= 48000
        assert "unfinished header, what is there is read: hum/14.flac" in data.account.line()


def test_samples_that_are_no_numbers(tmp_path: Path) -> None:
    write_classes(tmp_path)
    sound = np.sin(np.arange(800) / 9)
    sound[[100, 101]] = np.nan
    sound[300] = np.inf
    soundfile.write(tmp_path / "hum" / "11.wav", sound, 8000, subtype="FLOAT")
    data = read_all(tmp_path)
    assert data.account.line() == (
        "3 samples of 1 file are NaN or infinite (hum/11.wav from 0.0125 s): they are missing "
        "values, which --missing interpolate fills; or remove the files"
    )
    assert np.flatnonzero(np.isnan(data.values[4][0])).tolist() == [100, 101, 300]
