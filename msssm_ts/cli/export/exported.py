"""What is shown of an exported file: how it scores on DATA beside its model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.export import Predict, Source

# Series of DATA that a file is compared with its model on.
COMPARED = 64
Scores = dict[str, dict[str, float | None]]


def source_of(series: LabelledSeries, at_most: int | None = None) -> Source:
    """Return series of DATA, at most so many from first to last."""
    import numpy as np

    from msssm_ts.export import Source
    from msssm_ts.series import take

    count = series.n_series if at_most is None else min(at_most, series.n_series)
    chosen = np.linspace(0, series.n_series - 1, count).astype(np.int64)
    beside = None if series.features is None else series.features.take(chosen)
    values = take(series.values, chosen)
    return Source(values, series.sampling_rate, series.channel_names, beside)


def accuracies(classifier: MSSSMClassifier, predict: Predict, series: LabelledSeries) -> Scores:
    """Return scores of the model and of the file on all of the data."""
    from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions
    from msssm_ts.export import native_proba

    assert series.labels is not None
    source, scores = source_of(series), {}
    for name, proba in (
        ("model", native_proba(classifier.model_, source)),
        ("file", predict(source)),
    ):
        if not classifier.multilabel_:
            # float32 does not sum to one as precisely as scikit-learn wants it.
            proba = proba / proba.sum(1, keepdims=True)
        found = (
            evaluate_multilabel(
                series.labels, proba, classifier.label_names, classifier.thresholds_
            )
            if classifier.multilabel_
            else evaluate_predictions(
                series.labels,
                proba,
                classifier.classes_,
                classifier.model_.labels.chosen_columns(proba),
            )
        )
        scores[name] = {key: found[key] for key in ("accuracy", "macro_f1", "macro_auroc")}
    return scores


def show_accuracies(scores: Scores) -> None:
    """Write the table to stdout."""
    rows = [
        [name.replace("_", " "), *(_number(scores[w][name]) for w in ("model", "file"))]
        for name in scores["model"]
    ]
    show_table(["score", "model", "file"], rows, right=("model", "file"))


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"
