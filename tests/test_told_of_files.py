"""Names, numbers, units and rates of one source that are another's: taken so, and said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from commands import run
from edfio import Edf, EdfSignal

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

KINDS = ("fast", "slow")


def wave(seed: int, n: int = 200) -> Any:
    rng = np.random.default_rng(seed)
    turns = np.arange(n) * (0.9, 0.2)[seed % 2] + rng.uniform(0, 6)
    return 0.5 * np.sin(turns) + 0.02 * rng.normal(size=n)


def sounds(folder: Path, names: list[str]) -> None:
    for i, name in enumerate(names):
        soundfile.write(folder / name, wave(i), 100)


def test_numbers_with_fractions_name_recordings(tmp_path: Path) -> None:
    sounds(tmp_path, [f"{i:02}.wav" for i in range(1, 9)])
    rows = "".join(f"{i}.0,{KINDS[i % 2]}\n" for i in range(1, 9))
    (tmp_path / "labels.csv").write_text(f"id,label\n{rows}")
    data = load(tmp_path)
    assert data.n_series == 8
    said = "labels.csv says numbers as 1.0 for the files: found by their numbers alone"
    assert said in data.account.line()


def test_a_spreadsheet_beside_recordings_is_named_where_labels_are_missing(tmp_path: Path) -> None:
    sounds(tmp_path, ["a.wav", "b.wav"])
    (tmp_path / "labels.xlsx").write_bytes(b"PK")
    said = r"1 spreadsheet \(labels.xlsx: not read, save the sheet as CSV\)"
    with pytest.raises(InputError, match=f"no labels found; {said}"):
        load(tmp_path)


def test_electrodes_with_a_reference_are_the_model_s(tmp_path: Path) -> None:
    def edf(name: str, seed: int, labels: tuple[str, str]) -> None:
        signals = [EdfSignal(wave(seed + 2 * c), 100, label=n) for c, n in enumerate(labels)]
        Edf(signals).write(tmp_path / name)

    train, new = tmp_path / "train", tmp_path / "new"
    train.mkdir()
    new.mkdir()
    for i in range(8):
        edf(f"train/r{i}.edf", i, ("Fp1", "Cz"))
    rows = "".join(f"r{i}.edf,{KINDS[i % 2]}\n" for i in range(8))
    (train / "labels.csv").write_text(f"file,label\n{rows}")
    run("fit", train, "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    edf("new/n.edf", 1, ("EEG FP1-REF", "EEG CZ-REF"))
    _, err = run("predict", tmp_path / "run", new)
    assert "took channels EEG FP1-REF, EEG CZ-REF for the model's Fp1, Cz" in err
    # Another electrode in place of a common reference is another signal.
    edf("new/n.edf", 1, ("EEG FP1-A2", "EEG CZ-A2"))
    _, err = run("predict", tmp_path / "run", new, code=2)
    assert "channels Fp1, Cz, which the model needs, are missing" in err


def arrays(file: Path, **more: Any) -> Path:
    X = np.stack([wave(i, 60) for i in range(24)])
    np.savez(file, X=X, y=np.array(KINDS * 12), **more)
    return file


FIT = ("--members", "quantile_trees", "--force")


def test_unlabelled_series_without_a_rate_are_said(tmp_path: Path) -> None:
    known = arrays(tmp_path / "a.npz", fs=100.0)
    unknown = arrays(tmp_path / "b.npz")
    fit = ("fit", known, *FIT, "-o", tmp_path / "run", "--unlabelled")
    assert "b.npz: no sampling rate known: taken as 100 Hz on either side" in run(*fit, unknown)[1]
    assert "either side" not in run(*fit, known)[1]


def test_unlabelled_series_come_in_the_units_of_data(tmp_path: Path) -> None:
    def table(name: str, unit: str, scale: float) -> Path:
        lines = [f"id,time,x ({unit}),label\n"]
        for i in range(16):
            values = scale * wave(i, 30)
            lines += [f"{i},{t / 100},{v:.6f},{KINDS[i % 2]}\n" for t, v in enumerate(values)]
        (tmp_path / name).write_text("".join(lines))
        return tmp_path / name

    mine, same, other = table("a.csv", "mV", 1), table("b.csv", "mV", 1), table("c.csv", "uV", 1e3)
    said = {}
    for more in (same, other):
        out = tmp_path / more.stem
        err = run("fit", mine, *FIT, "--unlabelled", more, "-o", out)[1]
        proba = run("predict", out, mine, "-q")[0]
        said[more] = (err, proba)
    assert "uV converted to the model's mV" in said[other][0]
    assert said[same][1] == said[other][1]


def test_an_encoder_s_rate_beside_series_of_none_is_said(tmp_path: Path) -> None:
    known, unknown = arrays(tmp_path / "a.npz", fs=100.0), arrays(tmp_path / "b.npz")
    small = ("--width", 8, "--layers", 1)
    run("pretrain", known, *map(str, small), "--max-epochs", "1", "-q", "-o", tmp_path / "e")
    network = ("--members", "network", "--init", tmp_path / "e", "--max-epochs", "1", "-o")
    _, err = run("fit", unknown, *network, tmp_path / "r")
    assert "has learned from series at 100 Hz, and the rate of these is not known" in err
    assert "is not known" not in run("fit", known, *network, tmp_path / "s")[1]


def test_an_option_is_called_by_its_name_beside_arrays(tmp_path: Path) -> None:
    fit = ("fit", arrays(tmp_path / "a.npz"), "--validation", "fold=1", "-o", tmp_path / "run")
    assert "no array 'fold' (--validation); it holds" in run(*fit, code=2)[1]


def test_what_a_table_of_patients_says_of_recordings_that_another_lists(tmp_path: Path) -> None:
    sounds(tmp_path, [f"c{i:02}.wav" for i in range(12)])
    parts = ["train"] * 8 + ["test"] * 4
    rows = "".join(f"c{i:02}.wav,{i // 2 + 1:03},{parts[i]}\n" for i in range(12))
    (tmp_path / "clips.csv").write_text(f"file,patient,split\n{rows}")
    rows = "".join(f"{i + 1},{30 + i},{KINDS[i % 2]}\n" for i in range(6))
    (tmp_path / "patients.csv").write_text(f"patient,age,label\n{rows}")
    data = load(tmp_path)
    assert data.labels.tolist() == [KINDS[i // 2 % 2] for i in range(8)]
    assert data.groups.tolist() == [i // 2 + 1 for i in range(8)]
    said = data.account.line()
    assert "took column patient of patients.csv for those of column patient of clips.csv" in said
    assert "not used" not in said
    beside = load(tmp_path, ReadOptions(beside=("age",), split="test")).features
    assert beside.columns[0].tolist() == [34, 34, 35, 35]
    # Nothing is joined where the first says all that is asked for.
    rows = "".join(f"c{i:02}.wav,{i // 2 + 1:03},x{i % 2}\n" for i in range(12))
    (tmp_path / "clips.csv").write_text(f"file,patient,label\n{rows}")
    data = load(tmp_path)
    assert data.classes.tolist() == ["x0", "x1"]
    assert "1 table (patients.csv: without any of the files)" in data.account.line()
