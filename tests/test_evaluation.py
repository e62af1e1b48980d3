from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from msssm_ts.analysis.results.evaluation import evaluate_predictions
from msssm_ts.errors import InputError


def test_agrees_with_sklearn() -> None:
    rng = np.random.default_rng(0)
    classes = np.array(["a", "b", "c"])
    y = rng.choice(classes, 60)
    proba = rng.dirichlet(np.ones(3), 60)
    scores = evaluate_predictions(y, proba, classes)
    predicted = classes[proba.argmax(1)]
    assert scores["accuracy"] == metrics.accuracy_score(y, predicted)
    assert scores["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(y, predicted)
    )
    assert scores["macro_f1"] == metrics.f1_score(y, predicted, average="macro")
    assert scores["macro_auroc"] == pytest.approx(
        metrics.roc_auc_score(y, proba, multi_class="ovr", average="macro")
    )
    assert np.sum(scores["confusion_matrix"]) == 60


def test_a_class_that_does_not_occur() -> None:
    proba = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    scores = evaluate_predictions([1, 2, 2], proba, np.array([1, 2, 3]))
    assert scores["balanced_accuracy"] == pytest.approx((1 + 0.5) / 2)
    assert scores["macro_auroc"] == 1.0
    alone = evaluate_predictions([1, 1], proba[:2], np.array([1, 2, 3]))
    assert alone["macro_auroc"] is None


def test_labels_written_as_text_are_the_same_labels() -> None:
    proba = np.array([[0.8, 0.2], [0.2, 0.8]])
    assert evaluate_predictions(["1", "2"], proba, np.array([1, 2]))["accuracy"] == 1.0
    assert evaluate_predictions([1, 2], proba, np.array(["1", "2"]))["accuracy"] == 1.0


def test_unknown_labels_are_named() -> None:
    with pytest.raises(InputError, match="never seen: x; it knows a, b"):
        evaluate_predictions(["a", "x"], np.full((2, 2), 0.5), np.array(["a", "b"]))
