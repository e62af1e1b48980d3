"""Annotation files beside WFDB records: beats, rhythms, and other states.

The codes are those of ``annotations`` in the WFDB Applications Guide and of PhysioBank
(https://archive.physionet.org/physiobank/annotations.shtml).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.pieces import State
from msssm_ts.datasets.wfdb.annotation_file import parse_annotations
from msssm_ts.datasets.wfdb.headers import as_spelt, content
from msssm_ts.errors import InputError

# Annotation files that are looked for, the likeliest first: reference, then detected.
ANNOTATORS = ("atr", "ecg", "qrs", "ari")
# Suffixes of files beside a record that annotate nothing.
_NO_ANNOTATIONS = {"hea", "dat", "mat", "csv", "tsv", "txt", "md", "xws", "edf", "json", "xml"}
# A change of rhythm is annotated at its first beat; what is before the first is a beat at most.
_FIRST_BEAT = 2.0
# Symbols that stand for seconds, rather than for a beat, are at least so far apart.
NO_BEATS = 5.0
# What an annotation takes in memory, for a byte of the file.
_WORD = 100


@dataclass(frozen=True)
class Annotations:
    """What an annotation file says.

    Parameters
    ----------
    seconds : list of float
        When, from the record's start; in samples where no rate is known.
    symbols : list of str
        What kind each is: N for a normal beat, + for a change of rhythm, and so on.
    texts : list of str
        What is written beside, such as (AFIB.
    """

    seconds: list[float]
    symbols: list[str]
    texts: list[str]


def annotation_file(stem: Path, suffix: str) -> Path:
    """Return the annotation file of a record."""
    return as_spelt(stem.with_name(f"{stem.name}.{suffix}"))


def annotator_of(file: Path) -> str:
    """Return the annotator that a file is called after; known ones in small letters.

    Examples
    --------
    >>> annotator_of(Path("R1.ATR")), annotator_of(Path("r1.MyBeats"))
    ('atr', 'MyBeats')
    """
    suffix = file.suffix[1:]
    return suffix.lower() if suffix.lower() in ANNOTATORS else suffix


def may_annotate(file: Path) -> bool:
    """Whether a file that is called after a record may hold annotations, by its suffix."""
    return file.suffix[1:].lower() not in _NO_ANNOTATIONS


def annotators_of(stems: Sequence[Path], below: Sequence[Path]) -> dict[str, int]:
    """Count the records that each annotator has a file for; the known ones come first."""
    known = {(s.parent, s.name) for s in stems}
    counts: dict[str, int] = {}
    for file in below:
        suffix = annotator_of(file)
        if (file.parent, file.stem) not in known or not may_annotate(file):
            continue
        if suffix in ANNOTATORS or not _holds_signals(file):
            counts[suffix] = counts.get(suffix, 0) + 1
    order = {a: i for i, a in enumerate(ANNOTATORS)}
    return dict(sorted(counts.items(), key=lambda pair: (order.get(pair[0], 99), pair[0])))


def _holds_signals(file: Path) -> bool:
    """Whether the header of the record that a file is called after names it for signals."""
    lines = content(file.with_name(f"{file.stem}.hea"))[1:]
    named = (words[0].replace("\\", "/") for words in map(str.split, lines) if words)
    return file.name in {name.rpartition("/")[2] for name in named}


def read_annotations(stem: Path, annotator: str, rate: float | None = None) -> Annotations:
    """Read an annotation file; its times count in its own resolution, where it says one.

    Parameters
    ----------
    stem : Path
        The record's path without suffix.
    annotator : str
        Suffix of the file.
    rate : float, optional
        Frames a second of the record.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    file = annotation_file(stem, annotator)
    try:
        demand(_WORD * file.stat().st_size, file, "its annotations")
        found = parse_annotations(file.read_bytes())
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file}: not readable as WFDB annotations ({reason_of(error)}); replace the file"
        ) from error
    samples = np.asarray(found.samples, dtype=np.float64)
    if rate is not None:
        samples = samples / (found.resolution or rate)
    texts = [t.strip("\x00 ") for t in found.texts]
    return Annotations(samples.tolist(), found.symbols, texts)


def usual_gap(annotations: Annotations) -> float:
    """Return the median of the seconds between annotations; 0 where there is none."""
    gaps = np.diff(annotations.seconds)
    return float(np.median(gaps)) if len(gaps) else 0.0


def states_of(annotations: Annotations, end: float, *, asked: bool) -> list[State]:
    """Return the states that annotations say, each from its onset to the next one.

    Those are changes of rhythm (+), where there are any; else notes (as the stages of sleep in
    slpdb); else symbols that are too far apart for beats (as the apnoeas in apnea-ecg).

    Parameters
    ----------
    annotations : Annotations
        With times in seconds.
    end : float
        Of the record, in seconds.
    asked : bool
        Whether notes and symbols may be taken, since the user named the annotator.

    Examples
    --------
    >>> found = Annotations([0.3, 20.0], ["+", "+"], ["(N", "(AFIB"])
    >>> states_of(found, 60.0, asked=False)
    [State(start=0.0, stop=20.0, label='N'), State(start=20.0, stop=60.0, label='AFIB')]
    """
    every = zip(annotations.seconds, annotations.symbols, annotations.texts, strict=True)
    rows = [(s, kind, text.lstrip("(").strip()) for s, kind, text in every]
    changes = [(s, text) for s, kind, text in rows if kind == "+" and text]
    if not changes and asked:
        changes = [(s, text) for s, kind, text in rows if kind == '"' and text]
    if not changes and asked and len(rows) > 1 and usual_gap(annotations) >= NO_BEATS:
        changes = [(s, kind) for s, kind, _ in rows]
    if not changes:
        return []
    starts = [s for s, _ in changes]
    if starts[0] <= _FIRST_BEAT:
        starts[0] = 0.0
    stops = [*starts[1:], end]
    return [State(a, b, text) for a, b, (_, text) in zip(starts, stops, changes, strict=True)]
