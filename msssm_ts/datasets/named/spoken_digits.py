"""Free Spoken Digit Dataset: digits of six speakers at 8 kHz."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from msssm_ts.datasets.audio.reader import audio_series
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import Part, are_tests_beside
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.errors import InputError

_NAME = re.compile(r"^(\d)_(.+)_(\d+)$")
_TEST_RECORDINGS = range(5)


def read_spoken_digits(folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    """Read the digits; recordings 0 to 4 of each speaker and digit are the test part.

    Parameters
    ----------
    folder : Path
        With ``recordings/<digit>_<speaker>_<number>.wav``.
    task : str
        There is one only.
    options : ReadOptions
        ``split`` chooses the part.

    Raises
    ------
    InputError
        If a file cannot be read, or none is of the part.
    """
    recordings = folder / "recordings"
    chosen, labels, speakers = [], [], []
    parts: set[Part] = set()
    for file in sorted(recordings.glob("*.wav")):
        named = _NAME.match(file.stem)
        if named is None:
            raise InputError(
                f"{file}: the name is not DIGIT_SPEAKER_NUMBER.wav as in the set; move it away"
            )
        digit, speaker, number = named.groups()
        parts.add("test" if int(number) in _TEST_RECORDINGS else "train")
        if (int(number) in _TEST_RECORDINGS) == (options.split == "test"):
            chosen.append(file)
            labels.append(int(digit))
            speakers.append(speaker)
    if not chosen:
        raise InputError(
            f"{recordings}: no recording of the {options.split} part; in this set takes 0 to 4 of "
            "each digit are for tests, the others for training"
        )
    found = Recordings(
        chosen,
        chosen,
        np.array(labels),
        groups=np.array(speakers),
        group_name="speaker",
        has_test_part=are_tests_beside(parts, options.split),
    )
    return audio_series(found, recordings, str(folder))


def _find_root(folder: Path) -> Path | None:
    root = folder_with(folder, "recordings")
    if root is None:
        return None
    first = next(root.glob("recordings/*.wav"), None)
    return root if first is not None and _NAME.match(first.stem) else None


DATA_SETS = (
    DataSet(
        name="FSDD",
        title="Free Spoken Digit Dataset 1.0.10, the digits of six speakers at 8 kHz",
        size="3 000 clips, 1 channel × 1 148 to 18 262 steps, 10 classes",
        licence="CC BY-SA 4.0",
        citation="Jackson et al., Free Spoken Digit Dataset, 2018, doi:10.5281/zenodo.1342401",
        homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
        files=(
            RemoteFile(
                "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/"
                "v1.0.10.zip",
                "free-spoken-digit-dataset-1.0.10.zip",
            ),
        ),
        read=read_spoken_digits,
        find_root=_find_root,
    ),
)
