"""What ``msssm-ts predict --early`` reads, and what it says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.cli.shown.console import say
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.early import EarlyPrediction


def predict_early(
    classifier: MSSSMClassifier, series: LabelledSeries, confidence: float, quiet: bool
) -> EarlyPrediction:
    """Classify each series as soon as it is sure, and sum up on stderr.

    Raises
    ------
    InputError
        If the estimator complains.
    """
    if not 0 < confidence <= 1:
        raise InputError(
            f"--early {confidence:g}: a probability above 0 and at most 1, such as 0.95"
        )
    try:
        early = classifier.predict_early(
            series.as_estimator_input(),
            confidence,
            sampling_rate=series.sampling_rate,
            channel_names=series.channel_names,
            features=series.features,
        )
    except ValueError as error:
        raise InputError(f"{series.source}: {error}") from error
    if not quiet:
        _sum_up(classifier, series, early)
    return early


def _sum_up(classifier: MSSSMClassifier, series: LabelledSeries, early: EarlyPrediction) -> None:
    from msssm_ts.fitted.streaming import why_not_streamed

    if not early.step_by_step:
        reason = why_not_streamed(classifier.model_) or "the series are resampled"
        say(f"20 prefixes of each series instead of every step: {reason}")
    before_end = int((early.n_read < early.n_timepoints).sum())
    say(
        f"earliness {early.earliness:.3f} (mean part read), {before_end} of {series.n_series} "
        "series before their end"
    )
    scores = _accuracies(classifier, series, early)
    if scores is not None:
        name = "every label right" if classifier.multilabel_ else "accuracy"
        say(f"{name} {scores[0]:.4f}, with whole series {scores[1]:.4f}")


def _accuracies(
    classifier: MSSSMClassifier, series: LabelledSeries, early: EarlyPrediction
) -> tuple[float, float] | None:
    """Accuracy early and with whole series; None without labels of the model's kind."""
    from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions
    from msssm_ts.cli.given.inputs import predict_proba

    if series.labels is None or series.multilabel != classifier.multilabel_:
        return None
    labels, scores = series.labels, []
    for proba in (early.proba, predict_proba(classifier, series)):
        if classifier.multilabel_:
            names, thresholds = classifier.label_names, classifier.thresholds_
            scores.append(evaluate_multilabel(labels, proba, names, thresholds)["exact_match"])
        else:
            columns = classifier.model_.labels.chosen_columns(proba)
            found = evaluate_predictions(labels, proba, classifier.classes_, columns)
            scores.append(found["accuracy"])
    return scores[0], scores[1]
