"""Intervals, calibration, mistakes, tests of difference: against plain computations."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from msssm_ts.analysis.results.calibration import calibration, calibration_of
from msssm_ts.analysis.results.confusion import confusion_matrix, largest_confusions, row_shares
from msssm_ts.analysis.results.evaluation import evaluate_multilabel, evaluate_predictions
from msssm_ts.analysis.results.intervals import bootstrap
from msssm_ts.analysis.results.mcnemar import holm, mcnemar
from msssm_ts.analysis.results.mistakes import surest_mistakes
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.scores import score, weighted_auroc
from msssm_ts.analysis.results.series_figure import outline

CLASSES = np.array(["a", "b", "c", "d"])


def one_label(n: int, seed: int = 0) -> tuple[NDArray[np.str_], NDArray[np.float64], Predictions]:
    rng = np.random.default_rng(seed)
    y = rng.choice(CLASSES, n, p=[0.5, 0.3, 0.1, 0.1])
    share = rng.dirichlet(np.ones(4), n) + 0.2 * (y[:, None] == CLASSES)
    # In tenths, so that there are ties.
    proba = rng.multinomial(10, share / share.sum(1, keepdims=True)) / 10
    return y, proba, Predictions.of_one_label(y, proba, CLASSES)


def several_labels(n: int) -> tuple[NDArray[np.bool_], NDArray[np.float64], Predictions]:
    rng = np.random.default_rng(0)
    truth = rng.random((n, 3)) < [0.5, 0.2, 0.05]
    proba = (0.5 * rng.random((n, 3)) + 0.4 * truth).round(1)
    thresholds = np.array([0.5, 0.4, 0.95])
    return truth, proba, Predictions(("x", "y", "z"), truth, proba >= thresholds, proba, True)


@pytest.mark.parametrize("n", [3, 40, 200])
def test_scores_are_those_of_evaluate(n: int) -> None:
    y, proba, predictions = one_label(n)
    wanted = evaluate_predictions(y, proba, CLASSES)
    found = score(predictions, np.ones((1, n)))
    for name, value in found.overall.items():
        assert value[0] == pytest.approx(wanted[name]), name
    assert confusion_matrix(predictions).tolist() == wanted["confusion_matrix"]

    truth, proba, predictions = several_labels(n)
    thresholds = np.array([0.5, 0.4, 0.95])
    wanted = evaluate_multilabel(truth, proba, np.array(["x", "y", "z"]), thresholds)
    for name, value in score(predictions, np.ones((1, n))).overall.items():
        assert value[0] == pytest.approx(wanted[name]), name


def test_weight_k_counts_like_k_copies() -> None:
    y, proba, predictions = one_label(30)
    weights = np.random.default_rng(1).integers(0, 4, (5, 30))
    found = score(predictions, weights.astype(float))
    for row, counts in enumerate(weights):
        copies = np.repeat(np.arange(30), counts)
        wanted = score(
            Predictions.of_one_label(y[copies], proba[copies], CLASSES), np.ones((1, len(copies)))
        )
        for name, values in found.overall.items():
            assert values[row] == pytest.approx(wanted.overall[name][0]), name
        for name, columns in found.per_class.items():
            np.testing.assert_allclose(columns[row], wanted.per_class[name][0], err_msg=name)


def test_auroc_agrees_with_sklearn_and_is_undefined_for_one_kind() -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.random(50) < 0.3, rng.random(50).round(1)
    weights = rng.integers(0, 3, (4, 50)).astype(float)
    wanted = [metrics.roc_auc_score(truth, scores, sample_weight=w) for w in weights]
    np.testing.assert_allclose(weighted_auroc(truth, scores, weights), wanted)
    assert np.isnan(weighted_auroc(np.ones(3, dtype=bool), np.arange(3.0), np.ones((1, 3))))
    assert np.isnan(weighted_auroc(np.zeros(3, dtype=bool), np.arange(3.0), np.ones((1, 3))))


@pytest.mark.parametrize("grouped", [False, True])
def test_intervals_agree_with_a_plain_bootstrap(
    grouped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain one redraws series (or whole groups) and scores them with scikit-learn."""
    y, proba, predictions = one_label(60)
    groups = np.arange(60) % 11 if grouped else np.arange(60)
    n_units = len(np.unique(groups))
    # In blocks, the last one not full.
    monkeypatch.setattr("msssm_ts.analysis.results.intervals._AT_ONCE", 60 * 70)
    found = bootstrap(predictions, groups if grouped else None, n_resamples=200, seed=3)
    assert (found.n_units, found.by_group) == (n_units, grouped)
    predicted, rng = CLASSES[proba.argmax(1)], np.random.default_rng(3)
    accuracy, f1, auroc = [], [], []
    for block in (70, 70, 60):
        for drawn in rng.integers(n_units, size=(block, n_units)):
            kept = np.concatenate([np.flatnonzero(groups == unit) for unit in drawn])
            t, p = y[kept], predicted[kept]
            accuracy.append(metrics.accuracy_score(t, p))
            f1.append(metrics.f1_score(t, p, average="macro", zero_division=0))
            auroc.append(
                np.mean(
                    [metrics.roc_auc_score(t == c, proba[kept, c == CLASSES]) for c in np.unique(t)]
                )
            )
    for name, values in (("accuracy", accuracy), ("macro_f1", f1), ("macro_auroc", auroc)):
        wanted = np.quantile(values, [0.025, 0.975])
        estimate = found.overall[name]
        assert [estimate.low, estimate.high] == pytest.approx(wanted.tolist()), name


def test_intervals_are_seeded_and_say_what_is_undefined() -> None:
    _, _, predictions = one_label(60)
    assert bootstrap(predictions) == bootstrap(predictions)
    assert bootstrap(predictions) != bootstrap(predictions, seed=1)
    alone = Predictions.of_one_label(["a"], np.array([[0.9, 0.1]]), np.array(["a", "b"]))
    found = bootstrap(alone)
    assert found.overall["accuracy"].value == 1.0
    assert found.overall["macro_auroc"].value is None
    assert found.per_class["recall"][1].value is None


def test_one_group_alone_cannot_be_resampled() -> None:
    _, _, predictions = one_label(20)
    found = bootstrap(predictions, np.zeros(20))
    assert (found.by_group, found.n_units) == (False, 20)
    assert found == bootstrap(predictions)


def test_calibration_by_hand() -> None:
    """Five bins: (0.4, 0.6] holds 0.5 and 0.6, one of two right; (0.8, 1] holds 0.9, right."""
    found = calibration(np.array([0.5, 0.6, 0.9]), np.array([True, False, True]), n_bins=5)
    assert found.counts.tolist() == [0, 0, 2, 0, 1]
    assert found.stated[[2, 4]] == pytest.approx([0.55, 0.9])
    assert found.observed[[2, 4]] == pytest.approx([0.5, 1.0])
    assert np.isnan(found.stated[[0, 1, 3]]).all()
    assert found.error == pytest.approx(2 / 3 * 0.05 + 1 / 3 * 0.1)
    certain = calibration(np.array([1.0, 0.0]), np.array([True, False]))
    assert (certain.error, certain.counts[0], certain.counts[-1]) == (0.0, 1, 1)


def test_calibration_is_of_the_predicted_class_or_of_every_label() -> None:
    _, proba, predictions = one_label(30)
    assert calibration_of(predictions).counts.sum() == 30
    assert calibration_of(predictions).error == calibration(proba.max(1), predictions.right).error
    assert calibration_of(several_labels(30)[2]).counts.sum() == 90


def test_surest_mistakes() -> None:
    y, proba, predictions = one_label(80)
    predicted = CLASSES[proba.argmax(1)]
    found = surest_mistakes(predictions, most=5)
    confidence = np.where(predicted != y, proba.max(1), -1)
    assert [m.confidence for m in found] == sorted(confidence, reverse=True)[:5]
    for m in found:
        assert (m.true, m.predicted, m.about) == (
            (y[m.index],),
            (predicted[m.index],),
            predicted[m.index],
        )
    assert surest_mistakes(Predictions.of_one_label(["a"], np.eye(4)[:1], CLASSES)) == []


def test_surest_mistakes_of_several_labels() -> None:
    truth = np.array([[True, False], [True, True], [False, False]])
    proba = np.array([[0.3, 0.9], [0.8, 0.9], [0.1, 0.6]])
    found = surest_mistakes(Predictions(("x", "y"), truth, proba >= 0.5, proba, True))
    assert [(m.index, m.about, m.true, m.predicted) for m in found] == [
        (0, "y", ("x",), ("y",)),
        (2, "y", (), ("y",)),
    ]
    # A label that is missed: the model gives its absence a probability of 0.95.
    proba = np.array([[0.05, 0.1]])
    (missed,) = surest_mistakes(Predictions(("x", "y"), truth[:1], proba >= 0.5, proba, True))
    assert (missed.about, missed.confidence) == ("x", pytest.approx(0.95))


def test_confusions() -> None:
    y, proba, predictions = one_label(200)
    counts = metrics.confusion_matrix(y, CLASSES[proba.argmax(1)], labels=CLASSES)
    wanted = sorted(
        (int(counts[i, j]) for i, j in product(range(4), repeat=2) if i != j), reverse=True
    )
    assert [c.count for c in largest_confusions(predictions, most=3)] == wanted[:3]
    assert row_shares(np.array([[1, 3], [0, 0]])).tolist() == [[0.25, 0.75], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (0, 5, 2 * 0.5**5),
        (1, 9, 2 * 11 * 0.5**10),
        (12, 24, 2 * sum(comb(36, k) for k in range(13)) / 2**36),
    ],
)
def test_mcnemar_against_known_values(only_first: int, only_second: int, p: float) -> None:
    first = np.repeat([True, False, True, False], [only_first, only_second, 7, 2])
    second = np.repeat([False, True, True, False], [only_first, only_second, 7, 2])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p == pytest.approx(p)
    assert mcnemar(second, first).p == found.p


def test_holm_against_a_known_case() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("n", [1, 3, 10, 11, 5000])
def test_outline_keeps_the_extremes(n: int) -> None:
    values = np.random.default_rng(0).normal(size=n)
    places, line = outline(values, 10)
    assert len(line) <= 10
    assert (line.min(), line.max()) == (values.min(), values.max())
    assert np.array_equal(line, values[places.astype(int)])
    assert (np.diff(places) >= 0).all()


def test_outline_keeps_gaps() -> None:
    values = np.arange(5000.0)
    values[2000:3000] = np.nan
    places, line = outline(values, 10)
    gap = places[np.isnan(line)]
    assert len(gap)
    assert ((gap >= 2000) & (gap < 3000)).all()
    assert np.nanmax(line) == 4999
