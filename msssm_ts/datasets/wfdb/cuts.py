"""What WFDB records are cut into by their annotations: beats, or pieces of rhythms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import NOTHING_BESIDE, ReadOptions
from msssm_ts.datasets.signals.build import Piece, by_record, labelled_pieces, series_of
from msssm_ts.datasets.signals.pieces import Rest
from msssm_ts.datasets.signals.reader import Found
from msssm_ts.datasets.wfdb.annotations import (
    ANNOTATORS,
    NO_BEATS,
    Annotations,
    annotation_file,
    annotators_of,
    read_annotations,
    states_of,
    usual_gap,
)
from msssm_ts.datasets.wfdb.beat_features import USUAL, beat_features
from msssm_ts.datasets.wfdb.beats import BEATS_IN, DEFAULT_WINDOW, beats_of, count_beats
from msssm_ts.datasets.wfdb.context import Values
from msssm_ts.datasets.wfdb.form import beat_item
from msssm_ts.datasets.wfdb.headers import parse_header
from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures

_FEATURES = "the intervals between beats and how each differs from the record's usual one"
# Seconds of a piece of a rhythm, where the user does not say: as long as a resting ECG.
_EPISODE = 10.0
_BEYOND = "go on behind the end of the record"
# Seconds that annotations may stand behind the end of their record.
_BEHIND = 1.0
# Beats of another rate end at the same part of all records, some intervals before their ends.
_SEVERAL, _FAR, _ALIKE = 3, 5, 0.05


@dataclass(frozen=True)
class Cut:
    """What records are cut by.

    Parameters
    ----------
    annotator : str
        Suffix of the annotation files.
    kind : {"beats", "states"}
        What is cut out.
    asked : bool
        Whether the user asked for it.
    """

    annotator: str
    kind: Literal["beats", "states"]
    asked: bool

    @property
    def detected(self) -> bool:
        """Whether these are beats that a program found, without telling their kinds apart."""
        return self.kind == "beats" and self.annotator == "qrs" and not self.asked


def choose_cut(
    source: Path, files: Sequence[Path], below: Sequence[Path], options: ReadOptions
) -> Cut | None:
    """Choose what records can be cut by; None where they can only be read whole.

    Parameters
    ----------
    source : Path
        What was asked for.
    files : sequence of Path
        The headers.
    below : sequence of Path
        Everything beside them.
    options : ReadOptions
        ``annotator``, ``window``, ``episodes``.

    Raises
    ------
    InputError
        If the user asks for what is not annotated.
    """
    stems = [f.with_suffix("") for f in files]
    counts = annotators_of(stems, below)
    there = enumerate_names([f".{a}" for a in counts]) if counts else "none"
    annotator, window, episodes = options.annotator, options.window, options.episodes
    if window is not None and episodes is not None:
        raise InputError(
            f"{source}: --window cuts out beats, --episodes longer pieces; leave one out"
        )
    if annotator is not None:
        annotator = annotator.lstrip(".")
        if annotator not in counts:
            raise InputError(
                f"{source}: no record has annotations .{annotator} (--annotator); there are {there}"
            )
        usable = [annotator]
    else:
        # The likeliest, unless others have many more records.
        most = max(counts.values(), default=0)
        known = [a for a in counts if a in ANNOTATORS]
        usable = sorted(known, key=lambda a: counts[a] < most / 2)
    asked = annotator is not None or window is not None or episodes is not None
    has_beats, has_states = _first(
        stems, usable, asked=annotator is not None, wanted="beats" if episodes is None else "states"
    )
    if window is not None or (episodes is None and has_beats is not None):
        if has_beats is None:
            raise InputError(
                f"{source}: --window cuts around beat annotations, but there are none "
                f"({there}); leave it out to read whole records"
            )
        # The likeliest annotator may hold rhythms, and detected beats be of one kind.
        if window is None and has_states is not None and not asked:
            before = usable.index(has_states) < usable.index(has_beats)
            return Cut(has_states if before else has_beats, "states" if before else "beats", asked)
        return Cut(has_beats, "beats", asked)
    if episodes is not None and has_states is None:
        raise InputError(
            f"{source}: --episodes takes rhythms or other states for labels, but none are "
            f"annotated ({there}); leave it out, or name the file with --annotator"
        )
    if has_states is not None:
        return Cut(has_states, "states", asked)
    if annotator is not None:
        raise InputError(
            f"{source}: there is neither a beat nor a rhythm in the .{annotator} files "
            f"(--annotator); there are {there}"
        )
    return None


def _first(
    stems: Sequence[Path],
    usable: Sequence[str],
    *,
    asked: bool,
    wanted: Literal["beats", "states"],
) -> tuple[str | None, str | None]:
    """Return the first annotators with beats, and with states, in any of the records.

    What is wanted ends the search; the other is told as far as it is seen until then.
    """
    beats: str | None = None
    states: str | None = None
    broken: InputError | None = None
    readable = False
    for annotator in usable:
        for stem in stems:
            if not annotation_file(stem, annotator).exists():
                continue
            try:
                found = read_annotations(stem, annotator, parse_header(stem).frame_rate)
            except InputError as error:
                # It is left out, and said, when it is read for good.
                broken = broken or error
                continue
            readable = True
            # Symbols may mean other things than beats: minutes with apnoea.
            plausible = annotator in ANNOTATORS or usual_gap(found) < NO_BEATS
            if beats is None and plausible and count_beats(found):
                beats = annotator
            if states is None and states_of(found, np.inf, asked=asked):
                states = annotator
            if (beats if wanted == "beats" else states) is not None:
                return beats, states
    if broken is not None and not readable:
        raise broken
    return beats, states


def cut_records(found: Found, cut: Cut, options: ReadOptions) -> LabelledSeries:
    """Cut records into what is annotated.

    Raises
    ------
    InputError
        If nothing is left of them.
    """
    read, found = _annotated(found, cut)
    return (_beats if cut.kind == "beats" else _states)(found, read, cut, options)


def _annotated(found: Found, cut: Cut) -> tuple[list[Annotations], Found]:
    """Read the annotations; records without them are left out."""
    read, kept, absent, ends = [], [], [], []
    broken: dict[str, list[str]] = {}
    first: InputError | None = None
    for i, file in enumerate(found.recordings.files):
        stem = file.with_suffix("")
        if not annotation_file(stem, cut.annotator).exists():
            absent.append(stem.name)
            continue
        try:
            frame_rate = found.joined.records[file].detail.frame_rate
            own = read_annotations(stem, cut.annotator, frame_rate)
        except InputError as error:
            first = first or error
            broken.setdefault("cannot be read", []).append(stem.name)
            continue
        end = found.joined.length_of(file) / found.joined.rate_of(file)
        beyond = _beyond(annotation_file(stem, cut.annotator), own, end)
        if beyond is not None:
            first = first or beyond
            broken.setdefault(_BEYOND, []).append(stem.name)
            continue
        read.append(own)
        ends.append(end)
        kept.append(i)
    if first is not None and not kept:
        raise first
    if not kept:
        raise InputError(f"{found.source}: none of the records of this part has .{cut.annotator}")
    recordings = found.recordings.take(kept)
    account = recordings.account.without(
        len(absent), "records", f"without annotations .{cut.annotator}", absent
    )
    for why, names in broken.items():
        account = account.without(
            len(names), "records", f"annotations .{cut.annotator} {why}", names
        )
    account = account.remarking(_covered(read, ends) if cut.kind == "beats" else "")
    recordings = replace(recordings, account=account)
    return read, replace(found, recordings=recordings, names=[found.names[i] for i in kept])


def _beyond(file: Path, found: Annotations, end: float) -> InputError | None:
    """Return what is wrong with annotations that go on behind the end of their record."""
    last = max(found.seconds, default=0.0)
    if last <= end + _BEHIND:
        return None
    return InputError(
        f"{file}: its annotations {_BEYOND} (up to {last:.5g} s of {end:.5g} s), so that they "
        "are of another record or sampling rate; replace it, or cut it as the record is"
    )


def _covered(read: Sequence[Annotations], ends: Sequence[float]) -> str:
    """Say that beats of all records end at the same part of it, as those of another rate do."""
    lasts = [max(a.seconds, default=0.0) for a in read]
    parts = [last / end for last, end in zip(lasts, ends, strict=True)]
    rests = (end - last for last, end in zip(lasts, ends, strict=True))
    early = all(r > _FAR * usual_gap(a) for r, a in zip(rests, read, strict=True))
    if len(parts) < _SEVERAL or not early or max(parts) - min(parts) > _ALIKE:
        return ""
    return (
        f"beats are annotated in the first {max(parts):.0%} of each record alone: if they were "
        "annotated at another sampling rate, they stand in wrong places"
    )


def _states(
    found: Found, read: Sequence[Annotations], cut: Cut, options: ReadOptions
) -> LabelledSeries:
    seconds = options.episodes or _EPISODE
    recordings, joined = found.recordings, found.joined
    states = {
        f: states_of(
            a, joined.length_of(f) / joined.rate_of(f), asked=options.annotator is not None
        )
        for f, a in zip(recordings.files, read, strict=True)
    }
    account = recordings.account.took("label", f"rhythms in .{cut.annotator}")
    if options.episodes is None or options.annotator is None:
        account = account.remarking(
            f"took the rhythms in .{cut.annotator} for labels of pieces of {seconds:g} s; "
            "--annotator and --episodes say otherwise"
        )
    beats = sum(count_beats(a) for a in read)
    account = account.without(beats, "beats", "--window A,B cuts around them")
    return labelled_pieces(
        joined,
        replace(recordings, account=account),
        found.names,
        states,
        Rest(),
        seconds,
        options,
        found.source,
    )


def _beats(
    found: Found, read: Sequence[Annotations], cut: Cut, options: ReadOptions
) -> LabelledSeries:
    joined, recordings = found.joined, found.recordings
    window = options.window or DEFAULT_WINDOW
    common = joined.rate
    assert common is not None
    cached = replace(joined, form=replace(joined.form, item=beat_item))
    pieces: list[Piece] = []
    labels: list[str] = []
    beside: list[dict[str, Values]] = []
    outside = others = 0
    for k, (file, name) in enumerate(zip(recordings.files, found.names, strict=True)):
        rate, stretches = joined.rate_of(file), joined.stretches_of(file)
        before, after = (round(s * rate) for s in window)
        steps = 0
        if rate != common:
            # At the common rate all have as many steps.
            steps = sum(round(s * common) for s in window)
            after += max(math.ceil(steps * rate / common) - before - after, 0)
        beats = beats_of(read[k], options.beat_classes, rate)
        others += len(read[k].symbols) - count_beats(read[k])
        inside: list[int] = []
        for i, (sample, label) in enumerate(beats):
            start, stop = sample - before, sample + after
            if not any(a <= start and stop <= b for a, b in stretches):
                outside += 1
                continue
            inside.append(i)
            pieces.append(Piece(k, start, stop, f"{name}:{sample}", steps))
            labels.append(label)
        if inside and options.beside != NOTHING_BESIDE:
            # Beats that are no series are neighbours of those that are.
            found_beside = beat_features(cached, file, [b.sample for b in beats], options.drop)
            # Others are there for who asks for them.
            names_beside = tuple(found_beside) if options.beside else USUAL
            beside.append({key: found_beside[key][inside] for key in names_beside})
    if not pieces:
        raise InputError(
            f"{found.source}: no annotated beat whose window lies inside its record; are "
            f"there beats in the .{cut.annotator} files, and is --window short enough?"
        )
    account = (
        recordings.account.took("label", f"{BEATS_IN}{cut.annotator}")
        .without(outside, "beats", "their window leaves the record")
        .without(others, "annotations", "of rhythm, noise or waves, not of beats")
    )
    recordings = by_record(replace(recordings, account=account), found.names, options)
    data = series_of(
        pieces, cached, replace(recordings, labels=None, label_names=None), found.source
    )
    data = replace(data, labels=np.array(labels))
    if not beside:
        return data
    names = tuple(beside[0])
    columns = tuple(np.concatenate([b[n] for b in beside]) for n in names)
    of_table = data.features or SideFeatures((), ())
    features = SideFeatures((*of_table.names, *names), (*of_table.columns, *columns))
    account = data.account.took("features", enumerate_names(names))
    if not options.beside:
        account = account.remarking(
            f"took {_FEATURES} for features beside the beats; --with names some, --with none "
            "leaves them out"
        )
    return replace(data, features=features, account=account)
