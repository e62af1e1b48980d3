"""Checksums in the headers of WFDB records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from recordings import change_header, write_record

from msssm_ts.datasets import load
from msssm_ts.datasets.wfdb import checksums
from msssm_ts.datasets.wfdb.checksums import sums_differ
from msssm_ts.datasets.wfdb.headers import read_record_header


def _write(stem: Path, form: str, length: int, leads: int, *, gaps: bool = False) -> None:
    steps = np.random.default_rng(length).integers(-100, 100, (length, leads))
    if gaps:
        steps[1] = {"80": -128, "212": -2048}.get(form, -32768)
    wfdb.wrsamp(
        stem.name,
        100,
        ["mV"] * leads,
        [f"V{i}" for i in range(leads)],
        d_signal=steps,
        fmt=[form] * leads,
        adc_gain=[200.0] * leads,
        baseline=[0] * leads,
        write_dir=str(stem.parent),
    )


def _change_sums(stem: Path, change: int) -> None:
    """Add something to the checksum of the last signal."""
    file = stem.with_name(f"{stem.name}.hea")
    lines = file.read_text().splitlines()
    words = lines[-1].split(" ")
    words[6] = str(int(words[6]) + change)
    file.write_text("\n".join([*lines[:-1], " ".join(words)]) + "\n")


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("leads", [1, 2, 3])
@pytest.mark.parametrize("form", ["16", "24", "32", "80", "212"])
def test_sums_as_wfdb_writes_them(tmp_path: Path, form: str, leads: int, gaps: bool) -> None:
    for length in (3, 4, 333):
        stem = tmp_path / f"r{length}"
        _write(stem, form, length, leads, gaps=gaps)
        assert not sums_differ(read_record_header(stem))
        # As numbers with a sign and without.
        _change_sums(stem, 65536)
        assert not sums_differ(read_record_header(stem))
        _change_sums(stem, 1)
        assert sums_differ(read_record_header(stem))


def test_missing_samples_count_or_not(tmp_path: Path) -> None:
    _write(tmp_path / "a", "212", 50, 1, gaps=True)
    for change in (2048, -32768):
        _change_sums(tmp_path / "a", change)
        assert not sums_differ(read_record_header(tmp_path / "a"))


def test_no_sum_and_long_signals_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_record(tmp_path / "a")
    total = (tmp_path / "a.hea").read_text().splitlines()[1].split()[6]
    change_header(tmp_path / "a", (f" {total} 0", " 0 0"))
    assert not sums_differ(read_record_header(tmp_path / "a"))
    write_record(tmp_path / "b")
    _change_sums(tmp_path / "b", 7)
    assert sums_differ(read_record_header(tmp_path / "b"))
    monkeypatch.setattr(checksums, "MOST_BYTES", 1999)
    assert not sums_differ(read_record_header(tmp_path / "b"))


def test_sums_that_differ_are_said_once(tmp_path: Path) -> None:
    for name in "abcd":
        write_record(tmp_path / name, leads=("I", "II"))
    assert "checksum" not in load(tmp_path, needs_labels=False).summary()
    for name in "bd":
        raw = bytearray((tmp_path / f"{name}.dat").read_bytes())
        raw[800:900] = bytes(100)
        (tmp_path / f"{name}.dat").write_bytes(raw)
    said = load(tmp_path, needs_labels=False).summary()
    assert "2 records (b.hea, d.hea): samples do not add up to the checksums in the header" in said
    assert said.count("checksum") == 1


def test_sums_of_segments(tmp_path: Path) -> None:
    for name in ("s1", "s2"):
        write_record(tmp_path / name, length=100)
    (tmp_path / "m.hea").write_text("m/2 1 360 200\ns1 100\ns2 100\n")
    assert not sums_differ(read_record_header(tmp_path / "m"))
    _change_sums(tmp_path / "s2", 3)
    assert sums_differ(read_record_header(tmp_path / "m"))
