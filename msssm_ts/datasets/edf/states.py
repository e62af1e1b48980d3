"""States that annotations of EDF+ files say: stages of sleep, and others of some duration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from msssm_ts.datasets.edf.annotations import EdfAnnotation
from msssm_ts.datasets.signals.pieces import State

# Seconds of an epoch of sleep scoring, after Rechtschaffen and Kales as after AASM.
EPOCH = 30.0
# Standard texts of EDF+ (https://www.edfplus.info/specs/edftexts.html).
_STAGE = re.compile(r"(?:sleep[ _]stage|stage)[ _\-:]+(\S+)", re.IGNORECASE)
# Movement and unscored epochs are stages of nothing.
_NO_STAGE = {"?", "m", "mt", "u", "unknown", "unscored", "movement"}
_MOVEMENT = re.compile(r"movement time|mt", re.IGNORECASE)


def stage_of(text: str) -> str | None:
    """Return the stage of sleep that an annotation says; empty for movement and unscored epochs.

    Examples
    --------
    >>> stage_of("Sleep stage R"), stage_of("Movement time"), stage_of("Arousal")
    ('R', '', None)
    """
    found = _STAGE.fullmatch(text.strip())
    if found is None:
        return "" if _MOVEMENT.fullmatch(text.strip()) else None
    return "" if found[1].casefold() in _NO_STAGE else found[1]


def has_stages(annotations: Sequence[EdfAnnotation]) -> bool:
    """Whether stages of sleep are annotated."""
    return any(stage_of(a.text) for a in annotations)


def epoch_of(annotations: Iterable[EdfAnnotation]) -> float:
    """Return the seconds that a stage of sleep is scored for: 30, unless most are shorter.

    Examples
    --------
    >>> epoch_of([EdfAnnotation(0, 20, "Sleep stage W"), EdfAnnotation(20, 20, "Sleep stage W")])
    20.0
    """
    lasting = Counter(a.duration for a in annotations if a.duration and stage_of(a.text))
    usual = lasting.most_common(1)[0][0] if lasting else EPOCH
    return min(float(usual or EPOCH), EPOCH)


def states_of(
    annotations: Sequence[EdfAnnotation], end: float, skipped: Counter[str]
) -> list[State]:
    """Return the states that are annotated: stages of sleep where there are any, else all.

    Parameters
    ----------
    annotations : sequence of EdfAnnotation
        Of a recording.
    end : float
        Of the recording, in seconds.
    skipped : Counter
        Counts those that are left out, by text.
    """
    stages = has_stages(annotations)
    chosen: list[tuple[EdfAnnotation, str]] = []
    for annotation in annotations:
        label = stage_of(annotation.text) if stages else annotation.text
        if label is None or (not stages and not annotation.duration):
            skipped[annotation.text] += 1
            continue
        chosen.append((annotation, label))
    chosen.sort(key=lambda pair: pair[0].onset)
    found: list[State] = []
    for i, (annotation, label) in enumerate(chosen):
        if not label:
            skipped[annotation.text] += 1
            continue
        stop = annotation.onset + (annotation.duration or 0.0)
        if not annotation.duration:
            # Stages without one last until the next.
            stop = chosen[i + 1][0].onset if i + 1 < len(chosen) else annotation.onset + EPOCH
        found.append(State(annotation.onset, min(stop, end), label))
    return found


def pair_files(
    recordings: Sequence[Path], annotations: Sequence[Path]
) -> tuple[dict[Path, list[Path]], list[Path]]:
    """Find the recording that each file of annotations alone belongs to, by their names.

    Sleep-EDF has ``SC4001E0-PSG.edf`` and ``SC4001EC-Hypnogram.edf``; others ``n1.edf`` and
    ``n1_hypnogram.edf``.

    Returns
    -------
    paired : dict of Path to list of Path
        Annotations of a recording.
    left : list of Path
        Files that no recording is named like.

    Examples
    --------
    >>> pair_files([Path("SC4001E0-PSG.edf")], [Path("SC4001EC-Hypnogram.edf")])[1]
    []
    """
    paired: dict[Path, list[Path]] = {}
    left: list[Path] = []
    for file in annotations:
        scores = {r: _likeness(r, file) for r in recordings}
        best = max(scores.values(), default=0)
        found = [r for r, score in scores.items() if score == best]
        if best and len(found) == 1:
            paired.setdefault(found[0], []).append(file)
        else:
            left.append(file)
    return paired, left


def _likeness(recording: Path, annotations: Path) -> int:
    """How much of a name two files share; 0 where that is too little to belong together."""
    a, b = recording.stem.casefold(), annotations.stem.casefold()
    short, long = sorted((a, b), key=len)
    beside = recording.parent == annotations.parent
    if long.startswith(short) and (long == short or not long[len(short)].isalnum()):
        return 1000 + 2 * len(short) + beside
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(short))
    # Subject and night stand in front.
    return 2 * shared + beside if shared >= min(6, len(short) - 1) and shared > 2 else 0
