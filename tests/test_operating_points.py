"""Thresholds for a sensitivity or a specificity: chosen by series left out, kept, answered by."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.class_curves import roc_figure
from msssm_ts.analysis.results.operating import at_rate, rates
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.errors import InputError
from msssm_ts.fitted import LogPriors, OperatingPoint, load_model
from msssm_ts.fitted.artifact import read_header
from msssm_ts.fitted.decision import decision_from
from msssm_ts.fitted.schema import check_header
from msssm_ts.fitting.decision import chosen_decision, threshold_for
from msssm_ts.fitting.targets import encode_targets
from msssm_ts.members.folds import dealt_out
from msssm_ts.parameters import specs

PARAMETERS = {name: default for name, default, _ in specs()}
Array = NDArray[Any]


def _series(n: int, seed: int) -> tuple[Array, Array]:
    """Two classes that overlap; one in three is ill."""
    rng = np.random.default_rng(seed)
    ill = np.arange(n) % 3 == 0
    X = rng.normal(size=(n, 24)) + (1.3 * rng.random(n) * ill)[:, None] + 0.05
    return X, np.where(ill, "ill", "well")


@pytest.fixture(scope="module")
def fitted() -> MSSSMClassifier:
    trees: dict[str, Any] = {"members": ["quantile_trees"], "random_state": 0}
    return MSSSMClassifier(sensitivity=0.9, pos_label="ill", **trees).fit(*_series(150, 0))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of series, and a run folder of a model of them."""
    folder = tmp_path_factory.mktemp("points")
    for part, n, seed in (("TRAIN", 150, 0), ("TEST", 90, 1)):
        X, y = _series(n, seed)
        head = ",".join(["label", "patient", *(f"t{i}" for i in range(X.shape[1]))])
        rows = [
            ",".join([label, f"p{i // 5}", *(f"{v:.5f}" for v in x)])
            for i, (x, label) in enumerate(zip(X, y, strict=True))
        ]
        (folder / f"d_{part}.csv").write_text("\n".join([head, *rows]) + "\n")
    run(
        *("fit", folder / "d_TRAIN.csv", "--members", "quantile_trees", "--label", "label"),
        *("--sensitivity", "0.9", "--positive", "ill", "--out", folder / "run", "-q"),
    )
    return folder


@pytest.mark.parametrize("asked", ["sensitivity", "specificity"])
@pytest.mark.parametrize("seed", range(6))
def test_no_threshold_is_better(asked: Any, seed: int) -> None:
    """Against every cut between two scores, with ties among them."""
    rng = np.random.default_rng(seed)
    truth = rng.random(80) < 0.4
    scores = np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 0.99).round(2)
    weights = rng.uniform(0.5, 2, 80) if seed % 2 else np.ones(80)
    target = 0.9 - 0.05 * seed
    found = threshold_for(scores, truth, weights, asked, target)

    def reached(threshold: float) -> tuple[float, float]:
        claimed = scores >= threshold
        both = [
            (weights * (claimed == truth))[rows].sum() / weights[rows].sum()
            for rows in (truth, ~truth)
        ]
        return (both[0], both[1]) if asked == "sensitivity" else (both[1], both[0])

    rows = truth if asked == "sensitivity" else ~truth
    n = rows.sum()
    # One more series, of mean weight, that is missed.
    wanted = target * (n + 1) / n
    kept, other = reached(found)
    assert kept >= min(1.0, wanted) - 1e-9
    assert found not in scores
    cuts = np.unique(np.concatenate([[0.0], scores, [1.0]]))
    best = max(o for k, o in map(reached, cuts) if k >= min(1.0, wanted) - 1e-9)
    assert other == pytest.approx(best)
    # Of thresholds as good for the others none keeps more.
    assert kept == pytest.approx(max(k for k, o in map(reached, cuts) if o >= other - 1e-9))


def test_a_threshold_lies_in_the_middle_of_a_gap() -> None:
    scores, truth = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1], bool)
    for asked in ("sensitivity", "specificity"):
        assert threshold_for(scores, truth, np.ones(4), asked, 0.5) == pytest.approx(0.5)  # type: ignore[arg-type]
    # Weighed heavily, a series low down is not given up.
    scores, truth = np.linspace(0, 0.9, 10), np.array([1, 0, 1, 1, 1, 0, 1, 1, 1, 1], bool)
    assert threshold_for(scores, truth, np.ones(10), "sensitivity", 0.6) > 0.1
    heavy = np.where(np.arange(10) == 0, 9.0, 1.0)
    assert threshold_for(scores, truth, heavy, "sensitivity", 0.6) < 0.1


def test_new_series_keep_the_sensitivity_on_average() -> None:
    """Of 400 draws of 30 known series; the plain quantile of the known ones keeps less."""
    rng, kept = np.random.default_rng(0), []
    for _ in range(400):
        scores = rng.random(60)
        threshold = threshold_for(scores, np.arange(60) < 30, np.ones(60), "sensitivity", 0.9)
        kept.append(1 - threshold)
    assert 0.9 <= np.mean(kept) < 0.945


def _asked(left_out: Array, y: Array, groups: Array | None = None, **parameters: Any) -> Any:
    targets = encode_targets(y)
    return chosen_decision(PARAMETERS | parameters, targets, left_out, np.ones(len(y)), groups)


def _told(n: int = 200, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    p = np.clip(0.5 + 0.15 * (2 * y - 1) + 0.2 * rng.normal(size=n), 0.01, 0.99)
    return np.stack([1 - p, p], 1), y


def test_what_to_expect_is_told_by_folds_and_groups() -> None:
    proba, y = _told()
    point, said = _asked(proba, y, sensitivity=0.9, pos_label=1)
    assert said == ()
    expected = point.estimate["sensitivity"]
    assert expected["n_series"] == 100
    assert expected["low"] < 0.9 < expected["high"]
    claimed = proba[:, 1] >= point.threshold
    assert claimed[y == 1].mean() >= 0.9
    right = np.empty(200)
    for rows in dealt_out(y):
        rest = np.setdiff1d(np.arange(200), rows)
        own = proba[rest, 1], y[rest] == 1, np.ones(len(rest))
        threshold = threshold_for(*own, "sensitivity", 0.9)
        right[rows] = (proba[rows, 1] >= threshold) == y[rows]
    assert expected["value"] == pytest.approx(right[y == 1].mean())
    assert expected["value"] != claimed[y == 1].mean()
    grouped, _ = _asked(proba, y, np.arange(200) // 20, sensitivity=0.9, pos_label=1)
    # The threshold is that of all series; how sure its rates are is a matter of the groups.
    assert grouped.threshold == point.threshold
    own = grouped.estimate["specificity"]
    assert own["n_series"] == 100
    assert (own["low"], own["high"]) != (
        point.estimate["specificity"]["low"],
        point.estimate["specificity"]["high"],
    )


def test_of_series_that_are_not_told_of_nothing_is_taken() -> None:
    proba, y = _told()
    some = np.where((np.arange(200) % 5 < 3)[:, None], proba, np.nan)
    known = ~np.isnan(some[:, 0])
    whole, _ = _asked(some, y, sensitivity=0.9, pos_label=1)
    only, _ = _asked(proba[known], y[known], sensitivity=0.9, pos_label=1)
    assert whole.threshold == only.threshold
    nothing, said = _asked(np.full((200, 2), np.nan), y, sensitivity=0.9, pos_label=1)
    assert nothing is None
    assert "no operating point was chosen: too little is known" in said[0]


def test_what_cannot_be_met_is_said() -> None:
    proba, y = _told(20)
    _, said = _asked(proba, y, sensitivity=0.95)
    assert said[0].startswith("'1' is taken for the positive class, being the second of two")
    assert "10 series of class '1' were left out, fewer than the 19 by which" in said[1]
    few, said = _asked(proba, y, np.arange(20) // 10, sensitivity=0.5, pos_label=0)
    assert few.positive == 0
    assert "the 10 series of class '0' are of 2 groups" in said[0]
    # A probability of 1 is beyond every threshold.
    sure = np.where(np.arange(20)[:, None] < 10, [[0.0, 1.0]], [[0.6, 0.4]])
    point, said = _asked(sure, y, specificity=0.8, pos_label=1)
    assert point.threshold <= 1
    assert any("a specificity of 0.8 is not reached on series left out: 0.500" in s for s in said)
    alike = np.full((200, 2), 0.5)
    _, said = _asked(alike, np.arange(200) % 2, sensitivity=0.9, pos_label=1)
    assert "every series left out is taken for '1'" in said[-1]


@pytest.mark.parametrize(
    ("parameters", "labels", "message"),
    [
        ({"sensitivity": 0.9, "specificity": 0.9}, 2, "can be chosen for one of them"),
        ({"pos_label": 1}, 2, "ask for a sensitivity or a specificity as well"),
        ({"sensitivity": 0.9, "decide": "macro_f1"}, 2, "leave one of them out"),
        ({"sensitivity": 0.9, "pos_label": "x"}, 2, "'x' is not among the classes: 0, 1"),
        ({"specificity": 0.9}, 3, r"say which \(pos_label, --positive\); there are 0, 1, 2"),
        ({"decide": "macro_f1"}, 0, "of several labels each has a threshold of its own"),
        ({"sensitivity": 1.0}, 2, r"sensitivity must lie in \[0, 1\)"),
        ({"sensitivity": 0.0}, 2, "sensitivity must be positive"),
        ({"decide": "f1"}, 2, "decide must be one of"),
    ],
)
def test_what_does_not_go_together_is_refused(
    parameters: dict[str, Any], labels: int, message: str
) -> None:
    X = np.random.default_rng(0).normal(size=(12, 8))
    y = np.arange(12) % labels if labels else np.eye(2, dtype=int)[np.arange(12) % 2]
    with pytest.raises(ValueError, match=message):
        MSSSMClassifier("fast", **parameters).fit(X, y)


def test_the_decision_is_another_and_the_probabilities_are_the_same(
    fitted: MSSSMClassifier, tmp_path: Path
) -> None:
    plain = MSSSMClassifier(members=["quantile_trees"], random_state=0).fit(*_series(150, 0))
    X, y = _series(300, 1)
    proba = fitted.predict_proba(X)
    np.testing.assert_array_equal(proba, plain.predict_proba(X))
    assert plain.decision_ is None
    point = fitted.decision_
    assert isinstance(point, OperatingPoint)
    assert (point.positive, point.asked, point.target) == (0, "sensitivity", 0.9)
    answers = fitted.predict(X)
    np.testing.assert_array_equal(answers == "ill", proba[:, 0] >= point.threshold)
    assert (answers == "ill").sum() > (plain.predict(X) == "ill").sum() + 10
    # Sixteen of a hundred and fifty, two standard errors.
    assert np.mean(answers[y == "ill"] == "ill") > 0.82
    fitted.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert again.decision_ == point
    assert again.sensitivity == 0.9
    np.testing.assert_array_equal(again.predict(X), answers)
    early = fitted.predict_early(X[:20], 1.0)
    np.testing.assert_array_equal(early.labels, answers[:20])
    assert fitted.score(X, y) == np.mean(answers == y)


def test_another_point_can_be_chosen_afterwards(fitted: MSSSMClassifier) -> None:
    model, (X, _) = fitted.model_, _series(60, 2)
    proba = model.predict_proba(X)
    other = model.deciding(OperatingPoint(1, 0.8))
    assert (other.labels.chosen(proba) == "well").sum() == (proba[:, 1] >= 0.8).sum()
    most = model.deciding(None).labels.chosen(proba)
    np.testing.assert_array_equal(most, model.labels.classes[proba.argmax(1)])
    with pytest.raises(InputError, match="class 2 of 2"):
        model.deciding(OperatingPoint(2, 0.5))


def test_scikit_learns_threshold_goes_around_a_fitted_model(fitted: MSSSMClassifier) -> None:
    (X, y), settings = _series(60, 2), {"threshold": 0.4, "pos_label": "ill"}
    around = FixedThresholdClassifier(
        FrozenEstimator(fitted), response_method="predict_proba", **settings
    ).fit(X, y)
    ours = fitted.model_.deciding(OperatingPoint(0, 0.4)).labels
    np.testing.assert_array_equal(around.predict(X), ours.chosen(fitted.predict_proba(X)))


def test_one_class_against_several() -> None:
    proba = np.array([[0.2, 0.5, 0.3], [0.05, 0.4, 0.55], [0.3, 0.3, 0.4], [0.6, 0.3, 0.1]])
    assert OperatingPoint(0, 0.25).chosen(proba).tolist() == [1, 2, 0, 0]
    assert OperatingPoint(0, 0.7).chosen(proba).tolist() == [1, 2, 2, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positive": 2}, "positive class 2 of 2"),
        ({"threshold": 1.5}, "decision.threshold must be a number from 0 to 1"),
        ({"kind": "dice"}, "decision.kind must be one of"),
        ({"asked": "accuracy"}, "decision.asked must be one of"),
        ({"more": 1}, "decision has 'more'"),
        ({"kind": "log_priors"}, "decision has no 'aim'"),
    ],
)
def test_a_file_cannot_say_what_is_no_decision(
    files: Path, changes: dict[str, Any], message: str
) -> None:
    header = read_header(files / "run")
    check_header(header)
    with pytest.raises(ValueError, match=message):
        check_header({**header, "decision": {**header["decision"], **changes}})


def test_log_priors_in_a_file_are_one_a_class(files: Path) -> None:
    header = read_header(files / "run")
    priors = LogPriors("macro_f1", 0.5, (0.0, 0.3), {"before": 0.5, "after": 0.6})
    assert decision_from(json.loads(json.dumps(priors.to_dict()))) == priors
    check_header({**header, "decision": priors.to_dict()})
    with pytest.raises(ValueError, match="1 log-priors for 2 classes"):
        check_header({**header, "decision": {**priors.to_dict(), "values": [0.0]}})
    several = {**header["classes"], "values": [0, 1], "dtype": "<i8", "multilabel": True}
    with pytest.raises(ValueError, match="a series can have several labels"):
        check_header({**header, "classes": several})


def test_fit_info_and_metrics_say_it(files: Path) -> None:
    kept = json.loads((files / "run" / "metrics.json").read_text())["decision"]
    assert kept["positive"] == "ill"
    assert kept["asked"] == "sensitivity"
    out, _ = run("info", files / "run")
    assert f"ill from a probability of {kept['threshold']:.4g} on, for a sensitivity of 0.9" in out
    assert re.search(r"expected sensitivity +\d\.\d+ \(0\.\d+ to ", out)
    assert re.search(r"expected specificity +\d\.\d+ \(0\.\d+ to .*by 100 training series", out)
    said = json.loads(run("info", files / "run", "--json")[0])["decision"]
    assert said == kept
    _, err = run("fit", files / "d_TRAIN.csv", "--sensitivity", "2", code=2)
    assert "--sensitivity must lie in [0, 1), not 2" in err


def test_predict_answers_by_it(files: Path) -> None:
    threshold = load_model(files / "run").labels.decision.threshold  # type: ignore[union-attr]
    out, err = run("predict", files / "run", files / "d_TEST.csv", "--json")
    rows = json.loads(out)
    assert [r["prediction"] == "ill" for r in rows] == [r["p_ill"] >= threshold for r in rows]
    assert f"labels: ill from a probability of {threshold:.4g} on" in err
    out, err = run(
        *("predict", files / "run", files / "d_TEST.csv", "--json"),
        *("--threshold", "0.8", "--positive", "well"),
    )
    assert [r["prediction"] == "well" for r in json.loads(out)] == [
        r["p_well"] >= 0.8 for r in rows
    ]
    assert "labels: well from a probability of 0.8 on" in err
    for words, message in (
        (("--positive", "ill"), "--positive names the class of --threshold"),
        (("--threshold", "0.5", "--positive", "x"), "there is no such class; there are ill, well"),
    ):
        _, err = run("predict", files / "run", files / "d_TEST.csv", *words, code=2)
        assert message in err


def test_evaluate_shows_the_point_and_others(files: Path) -> None:
    asked = ("evaluate", files / "run", files / "d_TEST.csv", "--specificity", "0.9")
    found = json.loads(run(*asked, "--json")[0])
    rows = json.loads(run("predict", files / "run", files / "d_TEST.csv", "--json")[0])
    p = np.array([r["p_ill"] for r in rows])
    claimed = np.array([r["prediction"] == "ill" for r in rows])
    truth = _series(90, 1)[1] == "ill"
    point = found["operating_point"]
    assert (point["positive"], point["asked"], point["target"]) == ("ill", "sensitivity", 0.9)
    assert point["sensitivity"]["value"] == pytest.approx(claimed[truth].mean())
    assert point["specificity"]["value"] == pytest.approx((~claimed)[~truth].mean())
    (at,) = point["at"]
    assert (at["rate"], at["least"]) == ("specificity", 0.9)
    assert (p[~truth] < at["threshold"]).mean() >= 0.9
    assert at["other"] == pytest.approx((p[truth] >= at["threshold"]).mean(), abs=1e-9)
    false, true, _ = metrics.roc_curve(truth, p)
    assert at["other"] == pytest.approx(true[false <= 0.1].max())
    wanted = metrics.precision_recall_fscore_support(truth, claimed, average=None)
    for i, name in ((1, "ill"), (0, "well")):
        own = found["per_class"][name]
        values = [own[key] for key in ("precision", "recall", "f1", "n_series")]
        np.testing.assert_allclose(values, [column[i] for column in wanted])
    assert found["per_class"]["ill"]["auroc"] == pytest.approx(metrics.roc_auc_score(truth, p))
    out, _ = run(*asked)
    assert "sensitivity at specificity 0.9" in out
    assert re.search(r"class +series +precision +recall +F1 +AUROC", out)
    other = json.loads(run(*asked[:3], "--threshold", "0", "--json")[0])
    assert other["operating_point"]["sensitivity"]["value"] == 1
    assert other["confusion_matrix"] == [[30, 0], [60, 0]]


def test_intervals_are_of_groups_where_there_are_groups(files: Path) -> None:
    words = ("--bootstrap", "200", "--json")
    asked = ("evaluate", files / "run", files / "d_TEST.csv", *words)
    plain = json.loads(run(*asked, "--drop", "patient")[0])["bootstrap"]
    assert (plain["units"], plain["n_units"], plain["n_resamples"]) == ("series", 90, 200)
    grouped = json.loads(run(*asked)[0])
    found = grouped["bootstrap"]
    assert (found["units"], found["n_units"]) == ("patient", 18)
    low, high = found["overall"]["accuracy"]
    assert low < grouped["accuracy"] < high
    low, high = found["per_class"]["ill"]["recall"]
    assert low < grouped["per_class"]["ill"]["recall"] <= high
    assert found["overall"]["accuracy"] != plain["overall"]["accuracy"]
    out, _ = run(*asked[:3], "--bootstrap", "50")
    assert "95 %, 50 resamples of 18 groups (patient)" in out
    assert re.search(r"accuracy +0\.\d{4} \(0\.\d{4} to 0\.\d{4}\)", out)


def test_the_report_marks_the_point(files: Path) -> None:
    report = files / "report.html"
    run("evaluate", files / "run", files / "d_TEST.csv", "--report", report, "-q")
    threshold = load_model(files / "run").labels.decision.threshold  # type: ignore[union-attr]
    text = report.read_text()
    assert f"marked is the threshold of ill, {threshold:.3g}" in text
    assert "for a sensitivity of 0.9" in text
    proba, y = _told(60)
    predictions = Predictions.of_one_label(y, proba, np.arange(2), (proba[:, 1] >= 0.3).astype(int))
    axis = roc_figure(predictions, (1, 0.3)).axes[0]
    (mark,) = [line for line in axis.lines if line.get_marker() == "o"]
    claimed = proba[:, 1] >= 0.3
    assert mark.get_xydata()[0].tolist() == pytest.approx(  # type: ignore[index,union-attr]
        [claimed[y == 0].mean(), claimed[y == 1].mean()]
    )
    assert not [line for line in roc_figure(predictions).axes[0].lines if line.get_marker() == "o"]


def test_rates_of_a_test_set() -> None:
    proba, y = _told(60)
    predictions = Predictions.of_one_label(y, proba, np.arange(2))
    found, claimed = rates(predictions, 1, np.arange(60) // 6), proba.argmax(1) == 1
    assert found["sensitivity"] is not None
    assert found["sensitivity"]["value"] == pytest.approx(claimed[y == 1].mean())
    assert rates(replace(predictions, truth=np.zeros((60, 2), bool)), 1)["sensitivity"] is None
    assert at_rate(np.zeros(3, bool), np.arange(3.0), "sensitivity", 0.9) is None


def test_a_stream_answers_by_it() -> None:
    from msssm_ts.cli.answering.predictions import prediction_rows

    X, y = _series(30, 0)
    small: dict[str, Any] = {"d_model": 8, "n_layers": 1, "max_epochs": 1, "random_state": 0}
    network = MSSSMClassifier("network", bidirectional=False, early_stopping=False, **small)
    network.fit(X, y)
    network.model_ = network.model_.deciding(OperatingPoint(0, 0.0))
    proba = network.stream().step(X[0][None])
    assert prediction_rows(network, proba[-1:])[0]["prediction"] == "ill"
    # Nothing was set aside: nobody knows what is answered of series left out.
    blind = MSSSMClassifier(
        "network", bidirectional=False, early_stopping=False, sensitivity=0.9, pos_label="ill",
        **small,
    ).fit(X, y)  # fmt: skip
    assert blind.decision_ is None
    assert any("no operating point was chosen" in note for note in blind.model_.record.notes)
