"""Beats of annotated ECG records, and the classes they are sorted into."""

from __future__ import annotations

from typing import NamedTuple

from msssm_ts.datasets.options import BeatClasses
from msssm_ts.datasets.wfdb.annotations import Annotations

# Seconds before and after an annotation: most of a heart beat at rest.
DEFAULT_WINDOW = (0.28, 0.43)
# What an account says labels were taken from; a suffix follows.
BEATS_IN = "beats in ."

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
    """A beat: when it is, in samples, and its class."""

    sample: int
    label: str


def beats_of(annotations: Annotations, classes: BeatClasses, rate: float) -> list[Beat]:
    """Return the beats among annotations, at so many samples a second."""
    beats: dict[int, str] = {}
    for second, symbol in zip(annotations.seconds, annotations.symbols, strict=True):
        if symbol in AAMI:
            # Two beats at one sample are one beat, annotated twice.
            label = AAMI[symbol] if classes == "aami" else symbol
            beats.setdefault(round(second * rate), label)
    return [Beat(sample, label) for sample, label in beats.items()]


def count_beats(annotations: Annotations) -> int:
    """Count the beats among annotations."""
    return sum(symbol in AAMI for symbol in annotations.symbols)
