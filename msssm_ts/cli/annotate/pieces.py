"""A model's labels for the pieces of one recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.annotation.pieces import AnnotatedPieces, piece_batches, piece_starts
from msssm_ts.annotation.recording import Recording
from msssm_ts.cli.annotate.annotating import answers, labels_of
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted import FittedModel


def seconds_of_pieces(model: str, fitted: FittedModel, every: float | None, quiet: bool) -> float:
    """Return how long pieces are: as the user says, else as those that the model was fitted on.

    Raises
    ------
    InputError
        If neither says it.
    """
    if every is not None:
        return every
    facts = fitted.record.training_data or {}
    shortest, longest, rate = (
        facts.get("shortest"),
        facts.get("longest"),
        fitted.source.sampling_rate,
    )
    seconds = fitted.preparation.window
    if seconds is None and rate and shortest is not None and shortest == longest:
        seconds = longest / rate
    if seconds is None or not rate:
        raise InputError(
            f"{model}: was fitted neither on beats nor on series of one length; say with --every "
            "SECONDS how long a piece is, or with --window A,B where a beat lies in its series"
        )
    say(
        f"labelling pieces of {seconds:g} s, as the model was fitted on; --every says otherwise, "
        "--window A,B labels beats",
        quiet=quiet,
    )
    return seconds


def label_pieces(
    recording: Recording,
    seconds: float,
    classifier: MSSSMClassifier,
    steps: Steps,
    tell: Callable[[str], None],
) -> AnnotatedPieces:
    """Ask a model about every piece of a recording, a few minutes at a time.

    Parameters
    ----------
    recording : Recording
        Of the model's channels.
    seconds : float
        Of a piece.
    classifier : MSSSMClassifier
        The model.
    steps, tell
        Where progress goes, and what is to be said.

    Raises
    ------
    InputError
        If the recording is not as the model's, or shorter than a piece.
    """
    size = max(round(seconds * recording.rate), 1)
    starts = piece_starts(recording, size)
    if not len(starts):
        raise InputError(
            f"{recording.file}: nothing is recorded for {seconds:g} s without a break; say fewer "
            "with --every"
        )
    classes = tuple(str(c) for c in classifier.label_names)
    proba = np.full((len(starts), len(classes)), np.nan)
    done = steps.step(f"{recording.name}: labelling pieces")
    for some, series in piece_batches(recording, starts, size):
        proba[some] = answers(series, classifier, tell)
        done(float(some[-1] + 1), float(len(starts)))
    labels = labels_of(proba, classes, classifier.model_)
    unlabelled = int(np.isnan(proba).any(1).sum())
    if unlabelled:
        tell(f"pieces without a label, for values are missing: {unlabelled}")
    rest = sum(b - a for a, b in recording.stretches) - size * len(starts)
    if rest:
        tell(f"without a label, for it is shorter than a piece: {rest / recording.rate:.3g} s")
    return AnnotatedPieces(
        recording.name,
        starts,
        size,
        recording.rate,
        recording.n_steps,
        labels,
        classes,
        proba,
    )
