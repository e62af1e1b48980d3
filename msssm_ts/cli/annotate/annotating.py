"""A model's labels for the beats of one recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.annotation.annotated import AnnotatedBeats
from msssm_ts.annotation.batches import beat_batches, features_of
from msssm_ts.annotation.detection import detect_beats
from msssm_ts.annotation.recording import Recording
from msssm_ts.cli.given.inputs import predict_proba
from msssm_ts.cli.given.matching import matched
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.signals.names import lead_positions
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.datasets.wfdb.annotations import annotation_file, read_annotations
from msssm_ts.datasets.wfdb.beats import BEATS_IN, DEFAULT_WINDOW, beats_of
from msssm_ts.errors import InputError
from msssm_ts.preparation.prepare import Preparer
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel

Tell = Callable[[str], None]


def beat_window(model: FittedModel) -> tuple[float, float] | None:
    """Return the seconds around a beat that a model was fitted on; None where on no beats."""
    origin = model.source.origin or {}
    window = origin.get("options", {}).get("window")
    if window is not None:
        before, after = window
        return before, after
    label = origin.get("account", {}).get("taken", {}).get("label", "")
    return DEFAULT_WINDOW if label.startswith(BEATS_IN) else None


def for_model(recording: Recording, model: FittedModel, tell: Tell) -> Recording:
    """Return the channels that a model needs, called as it does.

    Raises
    ------
    InputError
        If one is missing.
    """
    needed = model.preparation.channels
    if needed is None:
        n = len(recording.channels)
        if n == 1 or model.source.n_channels > 1 or recording.units[0] != SOUND_UNIT:
            return recording
        tell(f"mixed down from {n} channels to one")
        return replace(recording, mixed=True)
    named = any(not n.startswith("channel ") for n in recording.channels)
    if not named and len(recording.channels) == len(needed):
        tell(f"channels have no names: taken for {enumerate_names(needed)}, in this order")
        return replace(recording, joined=replace(recording.joined, channels=needed))
    places = lead_positions(recording.channels, needed)
    for name, place in zip(needed, places, strict=True):
        if place is None:
            raise InputError(
                f"{recording.file}: channel {name!r}, which the model needs, is missing; there "
                f"are {enumerate_names(recording.channels, 12)}"
            )
    others = [n for i, n in enumerate(recording.channels) if i not in places]
    if others:
        tell(f"channels that the model's series do not have: {enumerate_names(others)}")
    return recording.only(needed)


def find_beats(
    recording: Recording, lead: Recording, annotator: str | None, detector: str, steps: Steps
) -> NDArray[np.float64]:
    """Return when the beats are, in seconds: as annotated, or as a detector finds them.

    Raises
    ------
    InputError
        If there is none, or they cannot be read.
    """
    if annotator is None:
        found = detect_beats(lead, detector, steps.step(f"{recording.name}: finding beats"))
        if not len(found):
            raise InputError(
                f"{recording.file}: no beat found in {lead.channels[0]} ({lead.seconds:.3g} s); "
                "name another channel with --lead, or annotated beats with --annotator"
            )
        return found
    file = annotation_file(recording.stem, annotator)
    if not file.exists():
        raise InputError(f"{recording.file}: there is no {file.name} beside it (--annotator)")
    annotations = read_annotations(recording.stem, annotator, recording.frame_rate or lead.rate)
    # A rate of one million keeps what is between samples of annotations that count finer.
    seconds = [b.sample / 1e6 for b in beats_of(annotations, "symbols", 1e6)]
    if not seconds:
        raise InputError(f"{file}: there is no beat in it; name other annotations (--annotator)")
    return np.sort(seconds)


def label_beats(
    recording: Recording,
    seconds: NDArray[np.float64],
    window: tuple[float, float],
    classifier: MSSSMClassifier,
    steps: Steps,
    tell: Tell,
) -> AnnotatedBeats:
    """Ask a model about every beat of a recording, a few minutes at a time.

    Parameters
    ----------
    recording : Recording
        From :func:`for_model`.
    seconds : array of shape (n_beats,)
        When its beats are, rising.
    window : tuple of two floats
        Seconds before and after a beat.
    classifier : MSSSMClassifier
        The model.
    steps, tell
        Where progress goes, and what is to be said.

    Raises
    ------
    InputError
        If the recording is not as the model's.
    """
    model = classifier.model_
    places = np.unique(np.round(seconds * recording.rate).astype(np.int64))
    places = places[(places >= 0) & (places < recording.n_steps)]
    if len(places) < len(seconds):
        left_out = counted(len(seconds) - len(places), "beat is", "beats are")
        tell(f"{left_out} left out: twice, or outside the recording")
    features = None
    if model.beside is not None and model.beside.votes:
        steps.step(f"{recording.name}: comparing beats")
        dropped = (model.source.origin or {}).get("options", {}).get("drop", ())
        features = features_of(recording, places, model.beside.names, dropped)
    classes = tuple(str(c) for c in classifier.label_names)
    proba = np.full((len(places), len(classes)), np.nan)
    done, inside = steps.step(f"{recording.name}: labelling beats"), 0
    for some, series in beat_batches(recording, places, window, features):
        inside += len(some)
        proba[some] = answers(series, classifier, tell)
        done(float(places[some[-1]]), float(recording.n_steps))
    labels = labels_of(proba, classes, model)
    _say_unlabelled(len(places) - inside, "their window leaves the record", tell)
    _say_unlabelled(
        inside - int((~np.isnan(proba).any(1)).sum()), "values are missing in their window", tell
    )
    return AnnotatedBeats(
        recording.name,
        places,
        recording.rate,
        recording.n_steps,
        recording.stretches,
        labels,
        classes,
        proba,
    )


def _say_unlabelled(number: int, why: str, tell: Tell) -> None:
    if number:
        tell(f"beats without a label, for {why}: {number}")


def answers(series: LabelledSeries, classifier: MSSSMClassifier, tell: Tell) -> NDArray[np.float64]:
    """Return a model's probabilities (n_series, n_classes), NaN where it cannot be asked."""
    series, said = matched(series, classifier.model_)
    for line in said:
        tell(line)
    proba = np.full((series.n_series, len(classifier.label_names)), np.nan)
    good = usable(series, classifier.model_)
    if len(good):
        proba[good] = predict_proba(classifier, series.take(good))
    return proba


def labels_of(
    proba: NDArray[np.float64], classes: tuple[str, ...], model: FittedModel
) -> NDArray[np.str_]:
    """Return what a model answers by its decision; empty where no probability is known."""
    known = ~np.isnan(proba).any(1)
    labels = np.full(len(proba), "", dtype=f"<U{max(map(len, classes))}")
    labels[known] = np.array(classes)[model.labels.chosen_columns(proba[known])]
    return labels


def usable(series: LabelledSeries, model: FittedModel) -> NDArray[np.int64]:
    """Return which series a model can be asked about: some cannot do with missing values."""
    prepare = Preparer(model.preparation, series.sampling_rate, series.channel_names)
    if model.missing == "interpolate" or (model.missing == "mask" and not prepare.filters):
        return np.arange(series.n_series)
    return np.flatnonzero([not np.isnan(v).any() for v in series.values])
