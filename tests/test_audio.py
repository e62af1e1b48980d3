from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from recordings import write_sound

from msssm_ts.datasets import ReadOptions, load


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "WAV"])
def test_class_folders(tmp_path: Path, suffix: str) -> None:
    values = write_sound(tmp_path / "no" / f"1.{suffix}", channels=2)
    write_sound(tmp_path / "yes" / "deep" / f"2.{suffix}", length=900, channels=2)
    (tmp_path / "yes" / ".hidden.wav").write_text("no sound")
    (tmp_path / "README.md").write_text("words")
    data = load(tmp_path)
    assert data.summary() == "2 series, 2 channels × 800–900 steps at 8000 Hz, 2 classes: no yes"
    assert data.ids.tolist() == [f"no/1.{suffix}", f"yes/deep/2.{suffix}"]
    if suffix != "ogg":
        np.testing.assert_array_equal(data.values[0], values)
    assert data.values[0].dtype == np.float32
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data.values))[1], data.values[1])


def test_parts_and_speakers(tmp_path: Path) -> None:
    for part, speakers in (("train", "ab"), ("Validation", "c"), ("test", "de")):
        for speaker in speakers:
            for word in ("no", "yes"):
                write_sound(tmp_path / part / word / f"{speaker}_nohash_0.wav")
    write_sound(tmp_path / "train" / "_background_noise_" / "rain.wav", length=9000)
    train, test = load(tmp_path), load(tmp_path, ReadOptions(split="test"))
    assert train.summary() == (
        "6 series, 1 channel × 800 steps at 8000 Hz, 2 classes: no yes; grouped by speaker (3); "
        "left out: 1 file (_background_noise_ is no class)"
    )
    assert train.groups[train.validation].tolist() == ["c", "c"]
    assert sorted(set(test.groups)) == ["d", "e"]
    assert test.validation is None
    assert load(tmp_path / "train").n_series == 4
    assert load(f"{tmp_path}:test").ids.tolist() == test.ids.tolist()


def test_manifest(tmp_path: Path) -> None:
    for i in range(4):
        write_sound(tmp_path / "clips" / f"{i}.wav")
    (tmp_path / "list.csv").write_text(
        "path,speaker,split,label\nclips/0.wav,ann,train,a\nclips/1.wav,ann,train,b\n"
        "clips/3.wav,bob,test,a\n2.wav,cid,validation,b\n"
    )
    train, test = load(tmp_path), load(tmp_path, ReadOptions(split="test"))
    assert train.ids.tolist() == ["clips/0.wav", "clips/1.wav", "clips/2.wav"]
    assert train.labels.tolist() == ["a", "b", "b"]
    assert train.groups.tolist() == ["ann", "ann", "cid"]
    assert train.validation.tolist() == [False, False, True]
    assert (test.ids.tolist(), test.labels.tolist()) == (["clips/3.wav"], ["a"])


def test_one_file_and_loose_files_have_no_labels(tmp_path: Path) -> None:
    values = write_sound(tmp_path / "a.wav")
    write_sound(tmp_path / "b.wav")
    one = load(tmp_path / "a.wav", needs_labels=False)
    assert one.labels is None
    np.testing.assert_array_equal(one.values[0], values)
    assert load(tmp_path, needs_labels=False).ids.tolist() == ["a.wav", "b.wav"]
