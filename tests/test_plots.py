"""Pictures as functions, and what notebooks show."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import sklearn
from matplotlib.figure import Figure

from msssm_ts import MSSSMClassifier, plots
from msssm_ts.analysis.importance.measure import importance
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.datasets import LabelledSeries
from msssm_ts.fitted import load_model
from msssm_ts.series import LazySeries

HOSTILE = "<script>alert('&')</script> $x_"


@pytest.fixture(scope="module")
def fitted() -> tuple[MSSSMClassifier, np.ndarray, np.ndarray]:
    """A model of two classes with hostile names, and series that it has not seen."""
    X, y = np.random.default_rng(0).normal(size=(60, 2, 30)), np.arange(60) % 2
    X[y == 1, 1] *= 2
    labels = np.array([HOSTILE, "loud"])[y]
    clf = MSSSMClassifier(members=["quantile_trees", "shapelet_ridge"], random_state=0)
    clf.fit(X[:40], labels[:40], channel_names=(HOSTILE, "b"), sampling_rate=10.0)
    return clf, X[40:], labels[40:]


@pytest.fixture(scope="module")
def predictions(fitted: tuple[MSSSMClassifier, np.ndarray, np.ndarray]) -> Predictions:
    return plots.answers(fitted[0].model_, *fitted[1:])


def words(figure: Figure) -> str:
    found = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return "|".join(found)


def test_confusion_matrix_has_the_counts(predictions: Predictions) -> None:
    figure = plots.confusion_matrix(predictions)
    counts = predictions.truth.T.astype(int) @ predictions.predicted.astype(int)
    drawn = {t.get_position()[::-1]: int(t.get_text()) for t in figure.axes[0].texts}
    assert drawn == {(i, j): counts[i, j] for i, j in np.ndindex(2, 2) if counts[i, j]}
    several = Predictions(("a",), *[np.ones((3, 1), bool)] * 2, np.ones((3, 1)), True)
    with pytest.raises(ValueError, match="several labels"):
        plots.confusion_matrix(several)


def test_operating_points_are_those_of_the_series(predictions: Predictions) -> None:
    axis = plots.operating_points(predictions, 1, 0.5).axes[0]
    sensitivity, specificity, _ = axis.lines
    truth, proba = predictions.truth[:, 1], predictions.proba[:, 1]
    for line, rows, right in (
        (sensitivity, truth, proba >= 0.5),
        (specificity, ~truth, proba < 0.5),
    ):
        x, y = line.get_data()
        at = np.searchsorted(x, 0.5)
        assert y[at] == pytest.approx(right[rows].mean())
    with pytest.raises(ValueError, match="class 2 of 2"):
        plots.operating_points(predictions, 2)


def test_coverage_reached(
    fitted: tuple[MSSSMClassifier, np.ndarray, np.ndarray], predictions: Predictions
) -> None:
    told = fitted[0].model_.labels.coverage
    assert told is not None
    x, y = plots.coverage(fitted[0].model_, predictions).axes[0].lines[1].get_data()
    sets = told.sets(predictions.proba, float(x[40]))
    assert y[40] == pytest.approx((sets & predictions.truth).any(1).mean())


def test_every_picture_is_drawn_with_names_as_they_are(
    fitted: tuple[MSSSMClassifier, np.ndarray, np.ndarray], predictions: Predictions
) -> None:
    clf, X, _ = fitted
    found = importance(clf.model_, X, n_segments=2, n_repeats=1, channel_names=(HOSTILE, "b"))
    figures = {
        "class_scores": plots.class_scores(predictions, n_resamples=20),
        "calibration": plots.calibration(predictions),
        "roc": plots.roc(predictions),
        "precision_recall": plots.precision_recall(predictions),
        "members": plots.members(clf.model_),
        "series": plots.series(X[0], 10.0, (HOSTILE, "b"), "mV"),
        "series_importance": plots.series_importance(clf.model_, X[0]),
        "importance": plots.importance(found, ("mV", "g"), 3.0),
    }
    for name, figure in figures.items():
        assert isinstance(figure, Figure), name
        figure.draw_without_rendering()
    assert "b (g)" in words(figures["importance"])
    assert "time (s)" in words(figures["importance"])
    assert "1 quantile_trees" in words(figures["members"])
    assert "$x_" in words(figures["series"])
    with pytest.raises(ValueError, match="no curve"):
        plots.training(clf.model_)
    public = set(plots.__all__) - {"answers"}
    assert public == {*figures, "confusion_matrix", "operating_points", "coverage", "training"}


def test_a_training_has_a_curve() -> None:
    model = load_model(Path(__file__).parent / "golden" / "schema8" / "fast.safetensors")
    assert "share of the vote" in words(plots.members(model))
    network = Path(__file__).parent / "golden" / "schema7" / "network_s6.safetensors"
    assert "epoch" in words(plots.training(load_model(network)))


class Tags(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.seen: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def check_html(text: str) -> Tags:
    # Well-formed, alone, and of no colour that only one kind of page can show.
    ElementTree.fromstring(text.replace("&nbsp;", " "))
    page = Tags(text)
    assert not {"script", "style", "link", "img", "iframe"} & set(page.seen)
    assert not re.search(r"background:(?!none)|[;\"]color:(?!inherit)", text)
    assert len(text) < 20_000
    return page


def test_a_model_in_a_notebook(fitted: tuple[MSSSMClassifier, np.ndarray, np.ndarray]) -> None:
    page = check_html(fitted[0].model_._repr_html_())
    assert HOSTILE in "|".join(page.words)
    assert {"1 quantile_trees", "2 shapelet_ridge", "10 Hz"} <= set(page.words)


def test_an_estimator_in_a_notebook(
    fitted: tuple[MSSSMClassifier, np.ndarray, np.ndarray],
) -> None:
    clf = fitted[0]
    shown = clf._repr_html_()
    assert "sk-top-container" in shown
    assert shown.endswith(clf.model_._repr_html_())
    assert clf._repr_mimebundle_()["text/html"].endswith(clf.model_._repr_html_())
    assert "msssm-ts model" not in MSSSMClassifier()._repr_html_()
    with sklearn.config_context(display="text"):
        assert not hasattr(clf, "_repr_html_")
        assert set(clf._repr_mimebundle_()) == {"text/plain"}


def test_data_in_a_notebook_decode_a_series_a_class() -> None:
    read = []

    def decode(index: int) -> np.ndarray:
        read.append(index)
        values = np.sin(np.arange(500) / 9)[None] * index
        values[0, 100:200] = np.nan
        return values

    labels = np.array([HOSTILE, "b", "c"])[np.arange(30) % 3]
    data = LabelledSeries(
        LazySeries(range(30), decode, [500] * 30), labels, channel_names=(HOSTILE,),
        sampling_rate=50.0, groups=np.arange(30) // 3, group_name="patient", units=("mV",),
    )  # fmt: skip
    page = check_html(data._repr_html_())
    assert page.seen.count("svg") == 3
    assert len(set(read)) <= 3
    assert {"50 Hz", "mV", "groups (patient)", "10", HOSTILE} <= set(page.words)
    unlabelled = check_html(LabelledSeries([np.zeros((1, 1))])._repr_html_())
    assert "no labels" in unlabelled.words
    several = LabelledSeries([np.zeros((2, 4))] * 3, np.eye(3, dtype=int)[:, :2])
    assert check_html(several._repr_html_()).seen.count("svg") == 2
    assert "0" in check_html(LabelledSeries([])._repr_html_()).words
