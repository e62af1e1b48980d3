"""From joined recordings to series: whole, in stretches between gaps, or in pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from msssm_ts.datasets.adapted import Adaptation, adapted
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.signals.joined import Joined
from msssm_ts.datasets.signals.pieces import Rest, State, cut_states
from msssm_ts.errors import InputError

# Gaps that make up less of a recording are missing values in it; longer ones divide it.
_SHORT_GAPS = 0.1


class Piece(NamedTuple):
    """A stretch of a recording that becomes a series.

    Parameters
    ----------
    owner : int
        Place of the recording.
    start, stop : int
        Its steps, at the recording's own rate.
    id : str
        Its name.
    steps : int
        What it is cut to at the common rate; 0 for all.
    """

    owner: int
    start: int
    stop: int
    id: str
    steps: int = 0


def series_of(
    pieces: Sequence[Piece], joined: Joined, recordings: Recordings, source: str
) -> LabelledSeries:
    """Return pieces as lazy series.

    Parameters
    ----------
    pieces : sequence of Piece
        One a series.
    joined : Joined
        How they are read.
    recordings : Recordings
        What is known of each recording.
    source : str
        What to call it in messages.
    """
    files = recordings.files
    done: dict[tuple[Path, int], Adaptation] = {}
    items, adaptations = [], []
    for piece in pieces:
        file = files[piece.owner]
        items.append(joined.item(file, piece.start, piece.stop))
        key = (file, piece.steps)
        if key not in done:
            done[key] = joined.adaptation(file, piece.steps)
        adaptations.append(done[key])
    known = recordings.take([p.owner for p in pieces])
    named = any(not n.startswith("channel ") for n in joined.channels)
    return LabelledSeries(
        adapted(items, joined.form.read, [p.stop - p.start for p in pieces], adaptations),
        channel_names=joined.channels if named else None,
        sampling_rate=joined.rate,
        units=joined.units if any(joined.units) else None,
        ids=np.array([p.id for p in pieces]),
        source=source,
        **known.fields(),
    )


def whole(
    joined: Joined, recordings: Recordings, names: Sequence[str], source: str
) -> LabelledSeries:
    """Return recordings as series each; where long gaps divide one, a series a stretch."""
    pieces: list[Piece] = []
    divided = filled = 0
    for k, (file, name) in enumerate(zip(recordings.files, names, strict=True)):
        length = joined.length_of(file)
        stretches = joined.stretches_of(file)
        missing = length - sum(b - a for a, b in stretches)
        if missing <= _SHORT_GAPS * length:
            filled += missing > 0
            pieces.append(Piece(k, 0, length, name))
            continue
        divided += 1
        pieces += [Piece(k, a, b, f"{name}#{i}") for i, (a, b) in enumerate(stretches, 1)]
    account = recordings.account
    if divided:
        account = account.remarking(
            f"{joined.form.counted(divided)} with long gaps divided "
            f"into {len(pieces) - len(names) + divided} stretches"
        )
        if recordings.groups is None:
            # Stretches of a recording belong together.
            recordings = replace(recordings, groups=np.array(names), group_name="record")
    if filled:
        account = account.remarking(
            f"short gaps in {joined.form.counted(filled)} kept as missing values"
        )
    return series_of(pieces, joined, replace(recordings, account=account), source)


def labelled_pieces(
    joined: Joined,
    recordings: Recordings,
    names: Sequence[str],
    states: Mapping[Path, Sequence[State]],
    rest: Rest,
    seconds: float,
    options: ReadOptions,
    source: str,
) -> LabelledSeries:
    """Return the pieces of recordings that have a state each, as series.

    Parameters
    ----------
    joined, recordings, source
        As for :func:`series_of`.
    names : sequence of str
        Of the recordings.
    states : dict of Path to sequence of State
        What is annotated of each.
    rest : Rest
        What is left out already.
    seconds : float
        Length of a piece.
    options : ReadOptions
        With ``group`` "record", pieces are grouped by recording whatever a table says.

    Raises
    ------
    InputError
        If no state lasts as long as a piece.
    """
    pieces: list[Piece] = []
    labels: list[str] = []
    for k, (file, name) in enumerate(zip(recordings.files, names, strict=True)):
        rate = joined.rate_of(file)
        size = max(round(seconds * rate), 1)
        steps = round(seconds * (joined.rate or rate)) if rate != joined.rate else 0
        found = cut_states(states.get(file, ()), joined.stretches_of(file), rate, seconds, rest)
        for start, label in found:
            pieces.append(Piece(k, start, start + size, f"{name}:{start}", steps))
            labels.append(label)
    if not pieces:
        raise InputError(
            f"{source}: nothing annotated lasts {seconds:g} s; say fewer with --episodes SECONDS"
        )
    recordings = by_record(recordings, names, options)
    recordings = replace(recordings, account=recordings.account + rest.account(seconds))
    data = series_of(pieces, joined, replace(recordings, labels=None, label_names=None), source)
    return replace(data, labels=_labels(labels))


def _labels(labels: Sequence[str]) -> Any:
    from msssm_ts.datasets.labels import tidy_labels

    return tidy_labels(labels)


def by_record(recordings: Recordings, names: Sequence[str], options: ReadOptions) -> Recordings:
    """Group what is cut from one recording, unless a table or folders say patients."""
    if recordings.groups is None or options.group in ("record", "file"):
        return replace(recordings, groups=np.array(names), group_name="record")
    return recordings
