"""Beats of annotated ECG records, and the classes they are sorted into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msssm_ts.datasets.options import BeatClasses
from msssm_ts.errors import InputError

# Annotation files that hold beats, the likeliest first: reference, then detected.
ANNOTATORS = ("atr", "ecg", "qrs", "ari")

# Seconds before and after an annotation: most of a heart beat at rest.
DEFAULT_WINDOW = (0.28, 0.43)

# The five classes of ANSI/AAMI EC57, from the annotation symbols of PhysioNet, as de Chazal,
# O'Dwyer and Reilly (IEEE Trans. Biomed. Eng. 51(7), 2004, table I) sort the symbols of MIT-BIH.
# B, n, r and ?, which MIT-BIH does not have, are sorted as PhysioNet's bxb does.
AAMI = {
    **dict.fromkeys("NLReBj", "N"),
    **dict.fromkeys("AaJSn", "S"),
    **dict.fromkeys("VEr", "V"),
    "F": "F",
    **dict.fromkeys("/fQ?", "Q"),
}


class Beat(NamedTuple):
    """A beat: the sample of its annotation, and its class."""

    sample: int
    label: str


def find_annotator(stems: Sequence[Path]) -> str | None:
    """Return the suffix of the beat annotations beside records; None where there are none.

    Raises
    ------
    InputError
        If only some records have them.
    """
    for suffix in ANNOTATORS:
        present = [_annotations(stem, suffix).exists() for stem in stems]
        if all(present):
            return suffix
        if any(present):
            without = stems[present.index(False)]
            raise InputError(
                f"{without}.hea: no annotations {without.name}.{suffix}, which "
                f"{sum(present)} other records have; add the file or remove the record"
            )
    return None


def read_beats(stem: Path, annotator: str, classes: BeatClasses) -> list[Beat]:
    """Return the beats of a record; annotations of rhythm, noise and waves are left out.

    Parameters
    ----------
    stem : Path
        The record's path without suffix.
    annotator : str
        Suffix of the annotation file.
    classes : {"aami", "symbols"}
        Whether a label is one of the classes of AAMI EC57 (N S V F Q) or the annotation's symbol.

    Raises
    ------
    InputError
        If the annotations cannot be read.
    """
    import wfdb

    file = _annotations(stem, annotator)
    try:
        annotation = wfdb.rdann(str(stem), annotator)
    # wfdb and numpy raise what they happen to run into in a damaged file.
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{file}: not readable as WFDB annotations ({reason}); replace the file"
        ) from error
    beats: dict[int, str] = {}
    for sample, symbol in zip(annotation.sample, annotation.symbol, strict=True):
        if symbol in AAMI:
            # Two beats at one sample are one beat, annotated twice.
            beats.setdefault(int(sample), AAMI[symbol] if classes == "aami" else symbol)
    return [Beat(sample, label) for sample, label in beats.items()]


def _annotations(stem: Path, suffix: str) -> Path:
    return stem.with_name(f"{stem.name}.{suffix}")
