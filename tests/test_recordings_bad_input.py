"""Broken records, sounds and folders get one sentence with the file, the place and what to do."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import run
from recordings import write_record, write_sound

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

Break = Callable[[Path], None]
BEATS = {300: "N", 600: "V"}


def _records(folder: Path) -> None:
    write_record(folder / "r1", beats=BEATS)
    write_record(folder / "r2", beats=BEATS)


def _change(name: str, change: Callable[[bytes], bytes]) -> Break:
    def apply(folder: Path) -> None:
        _records(folder)
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return apply


def _no_signals(folder: Path) -> None:
    _records(folder)
    (folder / "r2.dat").unlink()


def _no_samples(folder: Path) -> None:
    _records(folder)
    header = folder / "r1.hea"
    header.write_text(header.read_text().replace(" 1000\n", " 0\n", 1))
    (folder / "r1.dat").write_bytes(b"")


def _no_header(folder: Path) -> None:
    _records(folder)
    (folder / "r1.hea").unlink()
    (folder / "r2.hea").unlink()


def _no_annotations(folder: Path) -> None:
    _records(folder)
    (folder / "r2.atr").unlink()


def _leads(folder: Path) -> None:
    write_record(folder / "r1", beats=BEATS)
    write_record(folder / "r2", beats=BEATS, leads=("V5", "V1"))


def _rhythm_only(folder: Path) -> None:
    write_record(folder / "r1", beats={300: "+"})


def _short(folder: Path) -> None:
    write_record(folder / "r1", beats={20: "N"}, length=90)


def _table(text: str, name: str = "records.csv") -> Break:
    def apply(folder: Path) -> None:
        _records(folder)
        (folder / name).write_bytes(text.encode("latin-1"))

    return apply


# Broken in this way, a record is left out where others can be read; alone it is refused.
LEFT_OUT: dict[str, tuple[Break, str, str]] = {
    "no .dat": (_no_signals, "r2", r"its signal file r2\.dat is missing"),
    "short .dat": (
        _change("r1.dat", lambda b: b[:99]),
        "r1",
        r"r1\.dat: breaks off after 99 of 2000",
    ),
    "junk .hea": (_change("r1.hea", lambda b: b"\x00\xff!?"), "r1", "not a readable WFDB"),
    "empty .hea": (_change("r1.hea", lambda b: b""), "r1", "not a readable WFDB"),
    "no signal line": (
        _change("r1.hea", lambda b: b.splitlines()[0]),
        "r1",
        "not a readable WFDB header .lines are missing",
    ),
    "no signals": (_change("r1.hea", lambda b: b"r1 0 360 1000\n"), "r1", "the record has no"),
    "no samples": (
        _no_samples,
        "r1",
        "the record is empty",
    ),
    "invalid samples": (
        _change("r1.dat", lambda b: b"\x00\x80" * (len(b) // 2)),
        "r1",
        "no sample is valid",
    ),
    "flat": (
        _change("r1.dat", lambda b: b"\x07\x00" * (len(b) // 2)),
        "r1",
        "every signal has one value",
    ),
}

RECORDS: dict[str, tuple[Break, str]] = {
    "no .hea": (_no_header, r"no WFDB header \(\.hea\); found are 2 \.atr, 2 \.dat"),
    "other leads": (
        _leads,
        r"r2\.hea: its channels V5, V1 and those of .*MLII, have none",
    ),
    "no beats": (_rhythm_only, "no labels found; 1 annotation file"),
    "short record": (_short, "no annotated beat whose window lies inside its record"),
    "record twice": (_table("record,label\nr1,a\nr1,b\nr2,a\n"), "line 3: 'r1' stands in line 2"),
    "only unknown records": (
        _table("record,label\nq1,a\nq3,b\n"),
        "its column 'record' lists recordings, the first 'q1', but none of them",
    ),
    "no label": (_table("record,label\nr1,a\nr2,\n"), "line 3: no label for 'r2', and for 1 of 2"),
    "ragged table": (
        _table("record,label\nr1,a\nr2,b,c\n"),
        "line 3: 3 cells, but the first line has 2",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_broken_record_is_left_out_and_named(tmp_path: Path, case: str) -> None:
    damage, name, why = LEFT_OUT[case]
    damage(tmp_path)
    other = "r2" if name == "r1" else "r1"
    data = load(tmp_path)
    assert data.ids.tolist() == [f"{other}:300", f"{other}:600"]
    (entry,) = data.account.left_out
    assert (entry.count, entry.what, entry.names) == (1, "records", (f"{name}.hea",))
    assert re.search(why, entry.why)
    for file in tmp_path.glob(f"{other}.*"):
        file.unlink()
    _refused(tmp_path, why)


def test_records_without_readable_annotations(tmp_path: Path) -> None:
    _no_annotations(tmp_path)
    data = load(tmp_path)
    assert data.ids.tolist() == ["r1:300", "r1:600"]
    assert "1 record (r2: without annotations .atr)" in data.summary()
    (tmp_path / "r2.atr").write_bytes(b"\x01")
    data = load(tmp_path)
    assert "1 record (r2: annotations .atr cannot be read)" in data.summary()
    (tmp_path / "r1.atr").write_bytes(b"\x01")
    _refused(tmp_path, r"r1\.atr: not readable as WFDB annot", window=(0.1, 0.1))


@pytest.mark.parametrize("case", RECORDS)
def test_broken_records(tmp_path: Path, case: str) -> None:
    damage, message = RECORDS[case]
    damage(tmp_path)
    _refused(tmp_path, message)


def _two(second: Callable[[Path], object]) -> Break:
    def apply(folder: Path) -> None:
        write_sound(folder / "a" / "1.wav")
        (folder / "b").mkdir()
        second(folder / "b" / "2.wav")

    return apply


def _truncated(file: Path) -> None:
    write_sound(file)
    file.write_bytes(file.read_bytes()[:30])


def _no_test_folder(folder: Path) -> None:
    write_sound(folder / "test" / "a" / "1.wav")


def _flat_parts(folder: Path) -> None:
    write_sound(folder / "train" / "1.wav")
    write_sound(folder / "test" / "2.wav")


def _manifest(text: str) -> Break:
    def apply(folder: Path) -> None:
        write_sound(folder / "1.wav")
        write_sound(folder / "x" / "2.wav")
        write_sound(folder / "y" / "2.wav")
        (folder / "manifest.csv").write_text(text)

    return apply


def _loose(folder: Path) -> None:
    write_sound(folder / "a" / "1.wav")
    write_sound(folder / "2.wav")


def _no_classes(folder: Path) -> None:
    write_sound(folder / "1.wav")
    write_sound(folder / "2.wav")


def _only_noise(folder: Path) -> None:
    write_sound(folder / "_background_noise_" / "1.wav")


SOUNDS: dict[str, tuple[Break, str]] = {
    "no frames": (_two(lambda f: write_sound(f, length=0)), r"2\.wav: the file holds no sound"),
    "empty": (_two(Path.touch), r"2\.wav: an empty file; remove or replace it"),
    "junk": (_two(lambda f: f.write_bytes(b"\x00" * 999)), r"2\.wav: not a readable audio file"),
    "text": (_two(lambda f: f.write_text("hello")), r"2\.wav: not a readable audio file"),
    "truncated header": (_two(_truncated), r"2\.wav: (not a readable audio|the file holds no)"),
    "rates too far apart": (
        _two(lambda f: write_sound(f, rate=16_000_000)),
        "files of 8000 Hz beside files of 16000000 Hz; take those of one kind",
    ),
    "impossible rate": (
        _two(lambda f: write_sound(f, rate=1)),
        r"2\.wav: a sampling rate of 1 Hz, which cannot be",
    ),
    "pointer of Git LFS": (
        _two(lambda f: f.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")),
        r"2\.wav: a pointer of Git LFS, not the sound; fetch it with git lfs pull",
    ),
    "link to nothing": (
        _two(lambda f: f.symlink_to("nowhere.wav")),
        r"2\.wav: a link that leads nowhere",
    ),
    "kinds not decoded": (
        lambda folder: (folder / "a.m4a").write_bytes(b"1"),
        r"1 \.m4a cannot be decoded here; convert to WAV or FLAC, as in ffmpeg -i a\.m4a a\.wav",
    ),
    "loose file": (_loose, r"2\.wav: lies in no class folder, though other files do"),
    "no classes": (_no_classes, "no labels found; put the files of each class into a folder"),
    "no train folder": (_no_test_folder, "no files of the train part; there are those of test"),
    "parts without classes": (_flat_parts, "no labels found; put the files of each"),
    "only noise": (_only_noise, r"no audio file \(\.wav, .* in a class folder; found are 1 \.wav"),
    "ambiguous name": (
        _manifest("file,label\n1.wav,a\n2.wav,b\n"),
        "line 3: '2.wav' names several files; give the path",
    ),
    "file twice": (
        _manifest("file,label\n1.wav,a\nx/2.wav,b\n1.wav,b\n"),
        "line 4: '1.wav' stands in line 2 already, with other values",
    ),
}


@pytest.mark.parametrize("case", SOUNDS)
def test_broken_sounds(tmp_path: Path, case: str) -> None:
    damage, message = SOUNDS[case]
    damage(tmp_path)
    _refused(tmp_path, message)


def test_a_sound_that_breaks_off(tmp_path: Path) -> None:
    file = tmp_path / "a" / "1.wav"
    write_sound(file)
    write_sound(tmp_path / "b" / "2.wav")
    data = load(tmp_path)
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(InputError, match=r"1\.wav: breaks off after \d+ frames, of which"):
        data.values[0]
    file.unlink()
    with pytest.raises(InputError, match=r"1\.wav: cannot be decoded"):
        data.values[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.edf", b"junk", r"a\.edf: not a readable EDF file"),
        ("a.edf", b"", r"a\.edf: not a readable EDF file"),
        ("a.dat", b"1234", r"its header a\.hea is missing"),
        ("a.wav", b"RIFF", r"a\.wav: not a readable audio file"),
    ],
)
def test_broken_single_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    _refused(tmp_path / name, message)


def test_annotations_only(tmp_path: Path) -> None:
    import edfio

    edfio.Edf([], annotations=[edfio.EdfAnnotation(1, 2, "wake")]).write(tmp_path / "a.edf")
    _refused(tmp_path, r"a\.edf: there are no signals in it, only annotations")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], r"nothing to read \(no files\); known are WFDB records"),
        (["a.jpg", "b.jpg", "c.pdf"], r"nothing to read \(2 \.jpg, 1 \.pdf\)"),
        ([".hidden.wav"], r"nothing to read \(no files\)"),
    ],
)
def test_folders_with_nothing_to_read(tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        (tmp_path / name).touch()
    _refused(tmp_path, message)


def test_names_and_options(tmp_path: Path) -> None:
    _refused(tmp_path / "nowhere", "no such file, and no data set of that name")
    _refused("PTB-XL:later", "has the parts train and test, not 'later'")
    write_record(tmp_path / "r1")
    _refused(tmp_path, "--window cuts around beat annotations, but there are none", window=(1, 1))
    (tmp_path / "table.csv").write_text("record,kind\nr1,a\n")
    _refused(tmp_path, "no column 'sort' .--label.; there are record, kind", label="sort")


@pytest.mark.parametrize("case", ["no .hea", "other leads", "short record"])
def test_exit_code_of_broken_records(tmp_path: Path, case: str) -> None:
    RECORDS[case][0](tmp_path / "data")
    _, err = run("fit", tmp_path / "data", "--out", tmp_path / "run", code=2)
    assert err.startswith("msssm-ts: ")
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("case", ["no frames", "impossible rate", "no classes"])
def test_exit_code_of_broken_sounds(tmp_path: Path, case: str) -> None:
    (tmp_path / "data").mkdir()
    SOUNDS[case][0](tmp_path / "data")
    _, err = run("fit", tmp_path / "data", "--out", tmp_path / "run", code=2)
    assert err.startswith("msssm-ts: ")
    assert len(err.splitlines()) == 1


def test_sound_with_a_header_that_promises_too_much(tmp_path: Path) -> None:
    """Streams write a length of 0 or of 2 GB; what is there counts."""
    file = tmp_path / "a" / "1.wav"
    values = write_sound(file)
    write_sound(tmp_path / "b" / "2.wav")
    raw = bytearray(file.read_bytes())
    raw[40:44] = struct.pack("<I", 0x7FFFFFF0)
    file.write_bytes(raw)
    np.testing.assert_array_equal(load(tmp_path).values[0], values)


def _refused(source: Path | str, message: str, **options: object) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load(source, ReadOptions(**options))  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert str(source) in sentence
    assert "\n" not in sentence
