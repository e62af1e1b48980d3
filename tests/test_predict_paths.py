"""Predictions of folders and many files: rows, formats, going on."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import wfdb
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.given import inputs
from msssm_ts.cli.predict import predicting
from msssm_ts.errors import InputError

RATE = 100.0


def sound(kind: str, seed: int, n: int = 120) -> Any:
    rng = np.random.default_rng(seed)
    wave = np.sin(np.arange(n) * (0.9 if kind == "fast" else 0.2) + rng.uniform(0, 6))
    return 0.5 * wave + 0.05 * rng.normal(size=n)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    kinds = ["fast", "slow"] * 12
    X = np.stack([sound(kind, i) for i, kind in enumerate(kinds)])
    np.savez(folder / "d.npz", X=X, y=np.array(kinds), fs=RATE)
    run("fit", folder / "d.npz", "--preset", "fast", "-q", "-o", folder / "run")
    return folder / "run"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings of many kinds, one below the other, and what is none."""
    base = tmp_path / "new"
    (base / "deep" / "er").mkdir(parents=True)
    soundfile.write(base / "a.wav", sound("fast", 50), int(RATE), "DOUBLE")
    soundfile.write(base / "deep" / "b.flac", sound("slow", 51), int(RATE))
    soundfile.write(base / "twice.wav", sound("fast", 53, 240), 2 * int(RATE), "DOUBLE")
    seconds = np.arange(120) / RATE
    pd.DataFrame({"time": seconds, "x": sound("slow", 52)}).to_csv(base / "c.csv", index=False)
    np.savez(base / "deep" / "two.npz", X=[sound("fast", 54), sound("slow", 55)], fs=RATE)
    wfdb.wrsamp(
        "r1", RATE, ["mV"], ["x"], sound("slow", 56)[:, None], fmt=["16"], write_dir=base / "deep"
    )
    for name in (".DS_Store", "Thumbs.db", "README.md", "cover.jpg"):
        (base / name).write_text("no recording")
    (base / "labels.csv").write_text("file,label\na.wav,fast\nb.flac,slow\n")
    return base


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_every_kind_in_a_folder_has_its_rows(model: Path, folder: Path) -> None:
    out, err = run("predict", model, folder)
    rows = rows_of(out)
    assert list(rows[0]) == ["file", "id", "prediction", "p_fast", "p_slow", "model"]
    found = [(str(Path(r["file"]).relative_to(folder)), r["id"], r["prediction"]) for r in rows]
    assert found == [
        ("a.wav", "a.wav", "fast"),
        ("c.csv", "1", "slow"),
        (os.path.join("deep", "b.flac"), "b.flac", "slow"),
        (os.path.join("deep", "r1.hea"), "r1", "slow"),
        (os.path.join("deep", "two.npz"), "1", "fast"),
        (os.path.join("deep", "two.npz"), "2", "slow"),
        ("twice.wav", "twice.wav", found[-1][2]),
    ]
    assert "6 files; left out: 4 files (1 hidden, 2 about the data, 1 .jpg" in err
    assert "1 table (labels.csv" in err
    assert "resampling from 200 Hz to the model's 100 Hz" in err


def test_a_file_s_answer_does_not_hang_on_its_neighbours(model: Path, folder: Path) -> None:
    together = rows_of(run("predict", model, folder, "-q")[0])
    for row in together[::2]:
        alone = rows_of(run("predict", model, row["file"], "-q")[0])
        own = next(r for r in alone if len(alone) == 1 or r["id"] == row["id"])
        assert {k: row[k] for k in own if k != "id"} == {k: own[k] for k in own if k != "id"}


def test_files_and_folders_together_each_once(model: Path, folder: Path) -> None:
    asked = ("predict", model, folder / "a.wav", folder / "deep", folder / "deep" / "b.flac")
    out, err = run(*asked)
    rows = rows_of(out)
    assert "1 path named twice, or in a folder that is named, too: read once" in err
    assert "read once" not in run(*asked[:-1])[1]
    assert [Path(r["file"]).name for r in rows] == [
        *("a.wav", "b.flac", "r1.hea", "two.npz", "two.npz")
    ]
    _, err = run("predict", model, folder / "a.wav", folder / "none.wav", code=2)
    assert "none.wav: no such file or folder" in err
    (folder / "empty").mkdir()
    (folder / "empty" / "notes.pdf").touch()
    assert "nothing to read" in run("predict", model, folder / "empty", code=2)[1]


def test_parts_of_a_data_set_stay_one(model: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        for kind in ("fast", "slow"):
            (tmp_path / "set" / part / kind).mkdir(parents=True)
            soundfile.write(tmp_path / "set" / part / kind / "1.wav", sound(kind, 9), int(RATE))
    out, err = run("predict", model, tmp_path / "set")
    assert [Path(r["file"]).parts[-3:] for r in rows_of(out)] == [
        ("test", "fast", "1.wav"),
        ("test", "slow", "1.wav"),
    ]
    assert "read as one data set, for its folders are parts" in err
    rows = rows_of(run("predict", model, *(tmp_path / "set" / p for p in ("train", "test")))[0])
    assert len(rows) == 4


def test_what_cannot_be_read(model: Path, folder: Path, tmp_path: Path) -> None:
    bad = folder / "b.wav"
    bad.write_bytes(b"no sound")
    (folder / "deep" / "gone.csv").write_text("time,x\n0,1\n0.01,zzz\n")
    out = tmp_path / "p.csv"
    _, err = run("predict", model, folder, "-o", out, code=2)
    assert f"msssm-ts: {bad}: not a readable audio file" in err
    assert "1 prediction in" in err
    _, err = run("predict", model, folder, "-o", out, "--append", "--on-error", "skip", code=1)
    assert f"skipped {bad}: not a readable" in err
    assert err.count("skipped") == 3
    assert "2 files skipped that" in err
    rows = rows_of(out.read_text())
    assert len(rows) == 7
    assert len({r["file"] for r in rows}) == 6
    _, err = run("predict", model, bad, folder / "deep" / "gone.csv", "--on-error", "skip", code=2)
    assert "none of 2 files" in err


def test_one_of_a_batch_that_spoils_it(
    model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused when files are predicted, not when they are read, is found among them."""
    soundfile.write(folder / "aa.wav", np.ones(120), int(RATE), "DOUBLE")
    predict_proba = inputs.predict_proba

    def fussy(classifier: Any, series: Any) -> Any:
        if any((v == 1).all() for v in series.values):
            raise InputError(f"{series.source}: does not vary")
        return predict_proba(classifier, series)

    monkeypatch.setattr(inputs, "predict_proba", fussy)
    out, err = run("predict", model, folder, "--on-error", "skip", code=1)
    assert len(rows_of(out)) == 7
    assert f"skipped {folder / 'aa.wav'}: does not vary" in err


def read(file: Path) -> list[dict[str, Any]]:
    if file.suffix == ".parquet":
        return pd.read_parquet(file).to_dict("records")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    rows = rows_of(file.read_text())
    return [{k: float(v) if k[:2] == "p_" else v for k, v in row.items()} for row in rows]


def test_formats_hold_the_same_with_every_digit(model: Path, folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"p{ending}" for ending in (".csv", ".jsonl", ".parquet")]
    for file in files:
        run("predict", model, folder, "-o", file, "-q")
    first, *others = map(read, files)
    assert all(other == first for other in others)
    assert [list(row) for row in first] == [list(row) for row in others[0]]
    proba = MSSSMClassifier.load(model).predict_proba(sound("slow", 52)[None], sampling_rate=RATE)
    row = next(r for r in first if r["file"].endswith("c.csv"))
    np.testing.assert_array_equal([row["p_fast"], row["p_slow"]], proba[0])


def test_formats_of_one_table_with_numbers_for_classes(tmp_path: Path) -> None:
    X = np.stack([sound(("fast", "slow")[i % 2], i) for i in range(24)])
    np.savez(tmp_path / "d.npz", X=X, y=np.arange(24) % 2)
    run("fit", tmp_path / "d.npz", "--preset", "fast", "-q", "-o", tmp_path / "run")
    for ending in ("jsonl", "parquet"):
        run("predict", tmp_path / "run", tmp_path / "d.npz", "-o", tmp_path / f"p.{ending}", "-q")
        rows = read(tmp_path / f"p.{ending}")
        assert [r["prediction"] for r in rows] == [0, 1] * 12
        assert list(rows[0]) == ["id", "prediction", "p_0", "p_1"]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_going_on(model: Path, folder: Path, tmp_path: Path, ending: str) -> None:
    whole, out = tmp_path / f"whole.{ending}", tmp_path / f"p.{ending}"
    run("predict", model, folder, "-o", whole, "-q")
    run("predict", model, folder / "deep", "-o", out, "-q")
    before = read(out)
    _, err = run("predict", model, folder, "-o", out, "--append")
    assert "3 of 6 files are in" in err
    assert "3 predictions added" in err
    assert read(out)[: len(before)] == before
    assert sorted(map(str, read(out))) == sorted(map(str, read(whole)))
    # Other words for the same path; nothing is left to do.
    there = out.read_bytes() if ending != "parquet" else read(out)
    _, err = run("predict", model, os.path.relpath(folder), "-o", out, "--append")
    assert "6 of 6 files" in err
    assert there == (out.read_bytes() if ending != "parquet" else read(out))


def test_what_is_not_gone_on_with(model: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    run("predict", model, folder, "-o", out, "-q")
    text = out.read_text()

    def refused(*words: str | Path) -> str:
        err = run("predict", model, folder, "-o", out, *words, code=2)[1]
        assert out.read_text() == text
        return err

    assert "exists already" in refused()
    assert "give one" in refused("--append", "--force")
    assert "rows of another model, or of other options" in refused(
        "--append", "--threshold", "0.9", "--positive", "fast"
    )
    assert "lacks set" in refused("--append", "--coverage", "0.5")
    out.write_text(text := text.replace("p_fast", "p_swift", 1))
    assert "lacks p_fast and has p_swift" in refused("--append")
    out.write_text(text := text.replace("p_swift", "p_fast", 1) + "cut,off\n")
    assert "row 9 has 2 cells" in refused("--append")
    for words in (("--append",), ("-o", "x.xlsx"), ("-o", "x.parquet", "--safe-csv")):
        run("predict", model, folder, *words, code=2)
    one = tmp_path / "one.csv"
    run("predict", model, folder / "a.wav", "-o", one, "-q")
    assert "lacks file, model" in run("predict", model, folder, "-o", one, "--append", code=2)[1]


def test_results_in_the_folder_are_not_read(model: Path, folder: Path) -> None:
    out = folder / "deep" / "p.csv"
    run("predict", model, folder / "a.wav", "-o", out, "--append", "-q")
    run("predict", model, folder, "-o", out, "--append", "-q")
    assert len(rows_of(out.read_text())) == 7


def test_ctrl_c_keeps_whole_rows(
    model: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "_FILES", 1)
    opened = predicting.Predicting._open

    def stopping(self: Any, one: Any) -> Any:
        if one.name.endswith("r1.hea"):
            raise KeyboardInterrupt
        return opened(self, one)

    out = tmp_path / "p.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(predicting.Predicting, "_open", stopping)
        _, err = run("predict", model, folder, "-o", out, code=130)
    assert "--append" in err
    assert [Path(r["file"]).name for r in read(out)] == ["a.wav", "c.csv"]
    run("predict", model, folder, "-o", out, "--append", "-q")
    assert len(read(out)) == 7
    assert not [*tmp_path.glob(".*.part")]


def test_many_files_are_never_held_together(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "many"
    base.mkdir()
    for i in range(20):
        soundfile.write(base / f"{i:02}.wav", sound("fast", i), int(RATE))
    monkeypatch.setattr(predicting, "_VALUES", 500)
    sizes = []
    asked = predicting.Predicting._rows_of
    monkeypatch.setattr(
        predicting.Predicting,
        "_rows_of",
        lambda self, held: sizes.append(len(held)) or asked(self, held),
    )
    out, _ = run("predict", model, base, "-q")
    assert [Path(r["file"]).name for r in rows_of(out)] == [f"{i:02}.wav" for i in range(20)]
    assert sizes == [4] * 5
