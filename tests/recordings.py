"""Small recordings in their real formats, for the tests of readers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import wfdb


def write_record(
    stem: Path,
    *,
    length: int = 1000,
    rate: float = 360,
    leads: Sequence[str] = ("MLII",),
    beats: dict[int, str] | None = None,
    date: str | None = None,
    annotator: str = "atr",
) -> np.ndarray:
    """Write a record in format 16 (and beats); return its values, (n_channels, length)."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, stem.name))
    values = np.random.default_rng(seed).integers(-900, 900, (length, len(leads))) / 1000
    wfdb.wrsamp(
        stem.name,
        rate,
        ["mV"] * len(leads),
        list(leads),
        values,
        fmt=["16"] * len(leads),
        adc_gain=[1000.0] * len(leads),
        baseline=[0] * len(leads),
        write_dir=str(stem.parent),
    )
    if beats is not None:
        wfdb.wrann(
            stem.name,
            annotator,
            np.array(list(beats)),
            list(beats.values()),
            write_dir=str(stem.parent),
        )
    if date is not None:
        header = stem.with_name(f"{stem.name}.hea")
        first, *rest = header.read_text().splitlines()
        header.write_text("\n".join([f"{first} {date}", *rest]) + "\n")
    return values.T.astype(np.float32)


def write_sound(
    file: Path, *, length: int = 800, rate: int = 8000, channels: int = 1
) -> np.ndarray:
    """Write noise in the format of the suffix; return it, (n_channels, length)."""
    file.parent.mkdir(parents=True, exist_ok=True)
    seed = sum(map(ord, str(file.name)))
    values = np.random.default_rng(seed).integers(-9000, 9000, (length, channels)).astype(np.int16)
    soundfile.write(file, values, rate)
    return values.T.astype(np.float32) / 32768


def change_header(stem: Path, change: tuple[str, str], more: str = "") -> None:
    """Write other text into a record's header, and more behind it."""
    file = stem.with_name(f"{stem.name}.hea")
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change) + more)
