"""What readers make of sound, for the tests: labels, groups, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from recordings import write_sound

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError


def read_all(source: Path | str, **options: Any) -> LabelledSeries:
    """Read, and decode every series: its length is the one that was said."""
    data = load(source, ReadOptions(**options), needs_labels=False)
    for i, length in enumerate(data.lengths):
        assert data.values[i].shape == (data.n_channels, length)
        assert data.values[i].dtype == np.float32
    return data


def refusal(source: Path | str, **options: Any) -> str:
    """Return the sentence of a refusal."""
    with pytest.raises(InputError) as caught:
        load(source, ReadOptions(**options))
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def labels_of(data: LabelledSeries) -> dict[str, Any]:
    """Return labels by id."""
    assert data.labels is not None
    assert data.ids is not None
    return dict(zip(data.ids.tolist(), data.labels.tolist(), strict=True))


def groups_of(data: LabelledSeries) -> dict[str, Any]:
    """Return groups by id."""
    assert data.groups is not None
    assert data.ids is not None
    return dict(zip(data.ids.tolist(), data.groups.tolist(), strict=True))


def taken(data: LabelledSeries) -> dict[str, str]:
    """Return what was taken for what."""
    return dict(data.account.taken)


def write_classes(folder: Path, suffix: str = "wav", n: int = 3, **how: Any) -> None:
    """Write two folders of n sounds each, of different names."""
    for k, word in enumerate(("beep", "hum")):
        for i in range(n):
            write_sound(folder / word / f"{k}{i}.{suffix}", **how)


def write_clips(folder: Path, n: int = 6) -> list[str]:
    """Write clips that are called after their class; return their names."""
    names = [f"{'hum' if i % 2 else 'beep'}_{i}.wav" for i in range(n)]
    for name in names:
        write_sound(folder / name)
    return names


def word_of(name: str) -> str:
    """Return the class that a clip is called after."""
    return Path(name).name.split("_")[0]


def write_ramps(folder: Path, n: int = 3, channels: int = 1) -> np.ndarray[Any, Any]:
    """Write recordings r0.wav, r1.wav and so on of 2 s, whose samples say where they stand."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = np.arange(2000) / 4096
    values = np.stack([steps, -steps][:channels], axis=1)
    for i in range(n):
        soundfile.write(folder / f"r{i}.wav", values, 1000, subtype="FLOAT")
    return values.T.astype(np.float32)


def write_table(folder: Path, head: str, *rows: str, name: str = "t.csv") -> Path:
    """Write a table."""
    (folder / name).write_text("\n".join([head, *rows]) + "\n")
    return folder / name
