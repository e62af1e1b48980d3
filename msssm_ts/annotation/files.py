"""Labelled beats as files that other programs read."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.datasets.wfdb.beats import AAMI
from msssm_ts.errors import InputError
from msssm_ts.optional import needed

# WFDB's symbol for a beat that was not classified.
_NOT_CLASSIFIED = "?"
# Bytes of an annotation's text are counted in one byte; a bracket comes before.
_LONGEST = 250


def check_symbols(classes: Sequence[str]) -> None:
    """Refuse classes that are no symbols of beats in WFDB; those of EC57 are.

    Raises
    ------
    InputError
        Naming the first that is none.

    Examples
    --------
    >>> check_symbols(["N", "S", "V", "F", "Q"])
    """
    other = next((c for c in classes if c not in AAMI), None)
    if other is not None:
        raise InputError(
            f"--format wfdb: the model's class {other!r} is no symbol of a beat in WFDB; "
            "--format csv and edf+ write any"
        )


def check_notes(classes: Sequence[str]) -> None:
    """Refuse classes that the text of a WFDB annotation cannot hold.

    Raises
    ------
    InputError
        Naming the first that it cannot.

    Examples
    --------
    >>> check_notes(["AFIB", "sinus rhythm"])
    """
    other = next((c for c in classes if not c.isascii() or not 0 < len(c) <= _LONGEST), None)
    if other is not None:
        raise InputError(
            f"--format wfdb: the model's class {other[:40]!r} cannot stand in an annotation, which "
            f"takes up to {_LONGEST} ASCII characters; --format csv and edf+ write any"
        )


def write_wfdb(
    file: Path, places: Sequence[int], symbols: Sequence[str], notes: Sequence[str], rate: float
) -> None:
    """Write a WFDB annotation file, which says its rate itself.

    Parameters
    ----------
    file : Path
        To be written.
    places : sequence of int
        When, in steps, rising.
    symbols, notes : sequence of str
        What kind each is, and what stands beside it.
    rate : float
        Steps a second.
    """
    import wfdb

    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as folder:
        # Under a name of its own: wfdb is strict about names of records and annotators.
        wfdb.wrann(
            "r",
            "ann",
            np.asarray(places, dtype=np.int64),
            symbol=list(symbols),
            aux_note=list(notes) if any(notes) else None,
            fs=rate,
            write_dir=folder,
        )
        file.write_bytes(Path(folder, "r.ann").read_bytes())


def wfdb_symbols(beats: AnnotatedBeats) -> list[str]:
    """Return the symbol of each beat."""
    return [label or _NOT_CLASSIFIED for label in beats.labels.tolist()]


def check_edf() -> None:
    """Refuse to write EDF+ where edfio is missing.

    Raises
    ------
    InputError
        Naming the extra that brings it.
    """
    needed("edf", "--format edf+")


def write_edf(
    file: Path, seconds: Sequence[float], durations: Sequence[float | None], texts: Sequence[str]
) -> None:
    """Write an EDF+ file of annotations alone.

    Parameters
    ----------
    file : Path
        To be written.
    seconds : sequence of float
        When, from the recording's start.
    durations : sequence of float or None
        How long each lasts; None for a moment.
    texts : sequence of str
        What is said.
    """
    import edfio

    rows = zip(seconds, durations, texts, strict=True)
    notes = [edfio.EdfAnnotation(s, d, text) for s, d, text in rows]
    # Given a path, edfio wants a suffix that a half-written file does not have.
    with file.open("wb") as stream:
        edfio.Edf([], annotations=notes).write(stream)


def beat_rows(beats: AnnotatedBeats) -> list[dict[str, Any]]:
    """Return time, sample, label and probabilities of each beat, for a table."""
    known = zip(
        beats.seconds.tolist(),
        beats.places.tolist(),
        beats.labels.tolist(),
        beats.proba.tolist(),
        strict=True,
    )
    return [
        {
            "time": round(second, 6),
            "sample": place,
            "label": label or None,
            **{
                f"p_{c}": None if p != p else round(p, 6)
                for c, p in zip(beats.classes, row, strict=True)
            },
        }
        for second, place, label, row in known
    ]
