"""The report on a model: what it says, and that it needs nothing but itself."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.report import report_page
from msssm_ts.datasets import LabelledSeries
from msssm_ts.fitted.artifact import read_header
from msssm_ts.series import LazySeries

HOSTILE = [
    "</title><script>alert(1)</script>",
    "\"x\" 'y' & $a_1$ \\frac{",
    "_a\nb\x01",
    "心房颤动",
]
VOID = {"meta", "img"}


class Page(HTMLParser):
    """Tags with their attributes, the text, and the pictures of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    @property
    def pictures(self) -> list[ElementTree.Element]:
        start = "data:image/svg+xml;base64,"
        sources = [attributes["src"] or "" for attributes in self.of("img")]
        assert all(source.startswith(start) for source in sources)
        return [ElementTree.fromstring(base64.b64decode(s[len(start) :])) for s in sources]

    def written(self, number: int) -> str:
        """Return the texts in a picture."""
        found = [e for e in self.pictures[number].iter() if e.tag.endswith("}text")]
        return "|".join("".join(e.itertext()).strip() for e in found)


def check_stands_alone(html: str) -> Page:
    """Nothing is loaded, nothing is executed, and a screen reader finds its way."""
    assert html.lstrip().startswith("<!DOCTYPE html>")
    page = Page(html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form", "a"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert not attributes.keys() & {"href", "srcset", "action", "background"}
        assert "url(" not in (attributes.get("style") or "")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    for picture in page.pictures:
        for element in picture.iter():
            assert element.tag.rpartition("}")[2] not in ("script", "image", "foreignObject")
            for name, value in element.attrib.items():
                assert not name.endswith("href") or value.startswith("#")
                assert "url(" not in value or "url(#" in value
    assert page.of("html") == [{"lang": "en"}]
    assert all(attributes["alt"] for attributes in page.of("img"))
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.of("th"))
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert max(np.diff(levels)) == 1
    assert levels.count(1) == 1
    return page


def header(classes: list[Any], multilabel: bool = False, **changes: Any) -> dict[str, Any]:
    history = {
        "epoch": [1, 2, 3],
        "train_loss": [0.9, 0.5, 0.04],
        "train_accuracy": [0.5, 0.8, 0.9],
        "val_loss": [1.0, 0.7, 0.8],
        "val_accuracy": [0.4, 0.7, 0.6],
    }
    return {
        "schema_version": 2,
        "parameters": {"n_scales": 3, "core": "s6", "preparation": {"bandpass": [0.5, 40.0]}},
        "members": [{"kind": "network", "weight": 1.0, "facts": {"config": {"n_scales": 3}}}],
        "classes": {
            "values": list(range(len(classes))) if multilabel else classes,
            "multilabel": multilabel,
            "thresholds": [0.5] * len(classes),
            "names": classes if multilabel else None,
        },
        "preparation": {"features": "raw", "bandpass": [0.5, 40.0]},
        "channel_names": None,
        "n_channels": 1,
        "sampling_rate": None,
        "training": {
            "history": history,
            "n_iter": 3,
            "best_iter": 2,
            "n_parameters": 12345,
            "seconds": 150.2,
            "seed": 7,
            "device": "cpu",
            "threads": 2,
        },
        "versions": {"msssm-ts": "9.8.7"},
    } | changes


def answers(
    classes: list[str], n: int = 60, signal: float = 1.0
) -> tuple[Predictions, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    names = np.array(classes)
    kind = np.arange(n) % len(names)
    proba = rng.dirichlet(np.ones(len(names)), n) + signal * np.eye(len(names))[kind]
    labels = names[kind]
    return Predictions.of_one_label(labels, proba / proba.sum(1, keepdims=True), names), labels


def write(predictions: Predictions, data: LabelledSeries, about: dict[str, Any]) -> str:
    return report_page(predictions, data, about, model="m", source="d", n_resamples=50)


@pytest.fixture(scope="module")
def hostile() -> Page:
    """Names that are markup, formulas and more; groups, channels, a rate; read when needed."""
    predictions, labels = answers(sorted(HOSTILE), signal=0.1)
    read: list[int] = []

    def decode(index: int) -> np.ndarray[Any, Any]:
        read.append(index)
        values = np.random.default_rng(index).normal(size=(6, 3000))
        values[1, 500:900] = np.nan
        values[2] = np.nan
        return values

    data = LabelledSeries(
        LazySeries(range(60), decode, [3000] * 60),
        labels,
        channel_names=tuple(f"<b>lead {i}</b>" for i in range(6)),
        sampling_rate=500.0,
        groups=np.array([f"<i>{i % 12}</i>" for i in range(60)]),
        group_name="patient",
        ids=np.array([f"<u>{i}</u>.wav" for i in range(60)]),
        units=("m<V>",),
    )
    html = report_page(
        predictions, data, header(sorted(HOSTILE)), model="<m>", source="a&b", n_resamples=50
    )
    # One for the number of channels; none twice.
    assert len(read) <= 8
    return check_stands_alone(html)


def test_names_from_data_are_only_names(hostile: Page) -> None:
    assert "</title><script>alert(1)</script>" in [a.get("title") for a in hostile.of("th")]
    for text in ("<m> on a&b", "\"x\" 'y' & $a_1$ \\frac{", "_a b", "心房颤动", "<u>", "<i>"):
        assert text in hostile.text
    # ROC: the names stand in the picture as they are.
    assert "$a_1$" in hostile.written(0)
    assert "<b>lead 0</b> (m<V>)" in hostile.written(3)


def test_groups_seconds_channels_and_gaps(hostile: Page) -> None:
    assert "Drawn are the groups (12, by patient)" in hostile.text
    assert "the first 4 of 6 channels" in hostile.text
    picture = hostile.written(3)
    assert "time (s)" in picture
    assert "lead 3" in picture
    assert "lead 4" not in picture
    assert "<b>lead 2</b> (m<V>): no values" in picture


def test_the_model_card_says_what_the_header_says(hostile: Page) -> None:
    for fact in (
        "parameters 12\u202f345",
        "epochs 3, kept: 2",
        "training time 2 min 30 s",
        "device cpu threads 2",
        "seed 7",
        "msssm-ts 9.8.7",
        "model file schema version 2",
        "sampling rate unknown",
        "bandpass 0.5, 40",
        "core s6",
    ):
        assert " ".join(fact.split()) in hostile.text


def test_who_votes_when_and_in_the_dark(hostile: Page) -> None:
    assert "1 network 100.0 % – – –" in hostile.text
    assert "not known, nothing was left out" in hostile.text
    predictions, labels = answers(["a", "b"])
    data = LabelledSeries([np.zeros((1, 5))] * 60, labels)
    about = header(["a", "b"])
    estimate = {"accuracy": 0.9, "low": 0.7, "high": 0.97, "n_series": 20}
    told = [{"seconds": 1.25, "accuracy": 0.85, "alike": [1.0]}]
    about["training"] |= {"estimate": estimate, "members": told}
    dates = {"fitted": "2026-01-02", "written": None}
    html = report_page(
        predictions, data, about, model="m", source="d", n_resamples=9, dates=dates
    )  # fmt: skip
    page = check_stands_alone(html)
    assert "fitted 2026-01-02 · msssm-ts 9.8.7" in page.text
    assert "1 network 100.0 % 0.850 – 1.2" in page.text
    assert "0.900 (0.700 to 0.970), by 20 training series left out." in page.text
    assert "prefers-color-scheme: dark" in html
    # Nothing white lies under the lines, which a dark page turns over.
    for picture in page.pictures:
        filled = [e.get("style") or "" for e in picture.iter() if e.tag.endswith("}path")]
        assert not [s for s in filled if "fill: #ffffff" in s and "opacity: 0" not in s]


def test_steps_without_a_rate_and_no_history() -> None:
    predictions, labels = answers(["a", "b"], signal=0.2)
    data = LabelledSeries([np.zeros((1, 5 + i % 3)) for i in range(60)], labels)
    about = header(["a", "b"])
    about["training"]["history"] = {}
    page = check_stands_alone(write(predictions, data, about))
    mistakes = min(6, int((~predictions.right).sum()))
    assert len(page.pictures) == 3 + mistakes
    assert "step" in page.written(3)
    assert "time (s)" not in page.written(3)
    assert "Drawn are the 60 series" in page.text


def test_a_model_that_makes_no_mistake() -> None:
    predictions, labels = answers(["a", "b", "c"], signal=3.0)
    data = LabelledSeries([np.zeros((1, 5))] * 60, labels, groups=np.zeros(60), group_name="record")
    page = check_stands_alone(write(predictions, data, header(["a", "b", "c"])))
    assert "None: every answer is right." in page.text
    assert "No mistake was made" in page.text
    assert "All are of one record" in page.text
    assert "no spread" in page.text


def test_forty_classes_are_not_forty_names_in_a_legend() -> None:
    names = [f"class {i:02d}" for i in range(40)]
    predictions, labels = answers(names, n=200, signal=0.3)
    data = LabelledSeries([np.zeros((1, 5))] * 200, labels)
    page = check_stands_alone(write(predictions, data, header(names)))
    assert page.written(0).count("class ") == 3
    assert "the other 37" in page.written(0)
    assert len([a for a in page.of("th") if a.get("title") == "class 07"]) >= 3


def test_one_series_alone() -> None:
    predictions, labels = answers(["a", "b"], n=1)
    data = LabelledSeries([np.zeros((1, 1))], labels)
    page = check_stands_alone(write(predictions, data, header(["a", "b"])))
    assert "undefined" in page.text


def test_several_labels() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((50, 3)) < [0.5, 0.2, 0.0]
    proba = np.clip(0.5 * truth + 0.6 * rng.random((50, 3)), 0, 1)
    predictions = Predictions(("x", "<y>", "z"), truth, proba >= 0.5, proba, True)
    data = LabelledSeries([np.zeros((1, 5))] * 50, truth.astype(int), label_names=("x", "<y>", "z"))
    page = check_stands_alone(write(predictions, data, header(["x", "<y>", "z"], multilabel=True)))
    assert "Confusion matrix" not in page.text
    assert "every label right" in page.text
    assert "threshold" in page.text
    # A label that no series has, has no curve.
    assert "<y>" in page.written(0)
    assert not page.written(0).endswith(" z")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with test data and tiny models of two classes and of two labels."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 16)), np.arange(24) % 2
    with (folder / "test.csv").open("w") as one, (folder / "both.csv").open("w") as two:
        times = ",".join(f"t{i}" for i in range(16))
        one.write(f"label,patient,{times}\n")
        two.write(f"p,q,{times}\n")
        for k, (label, x) in enumerate(zip(y, X, strict=True)):
            values = ",".join(f"{v:.3f}" for v in x)
            one.write(f"{'ab'[label]},p{k % 5},{values}\n")
            two.write(f"{label},{k % 3 % 2},{values}\n")
    small = MSSSMClassifier(
        members=["network"], d_model=8, n_layers=1, n_scales=1, max_epochs=2, random_state=0
    )
    small.fit(X, np.array(["a", "b"])[y]).save(folder / "one.safetensors")
    matrix = np.stack([y, np.arange(24) % 3 % 2], axis=1)
    small.fit(X, matrix, label_names=["p", "q"]).save(folder / "both.safetensors")
    return folder


def test_the_command_writes_the_report(trained: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    arguments = ("evaluate", trained / "one.safetensors", trained / "test.csv", "--report", file)
    out, err = run(*arguments)
    assert "confusion matrix" in out
    assert f"report in {file}" in err
    html = file.read_text(encoding="utf-8")
    page = check_stands_alone(html)
    assert "one.safetensors on test.csv" in page.text
    assert "Drawn are the groups (5, by patient)" in page.text
    assert "exists already" in run(*arguments, code=2)[1]
    scores = json.loads(run(*arguments, "--force", "--json", "--quiet")[0])
    assert scores["report"] == str(file)
    assert f"{scores['accuracy']:.3f}" in page.text
    versions = read_header(trained / "one.safetensors")["versions"]
    assert f"torch {versions['torch']}" in page.text
    # The same input gives the same page, and nothing else is left.
    assert file.read_text(encoding="utf-8") == html
    assert [f.name for f in tmp_path.iterdir()] == ["report.html"]


def test_the_command_with_several_labels(trained: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    model, data = trained / "both.safetensors", trained / "both.csv"
    run("evaluate", model, data, "--label", "p,q", "--report", file, "-q")
    assert "every label right" in check_stands_alone(file.read_text(encoding="utf-8")).text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("report.pdf", "give a name that ends in .html"), ("no/report.html", "does not exist")],
)
def test_a_report_that_cannot_be_written(
    name: str, sentence: str, trained: Path, tmp_path: Path
) -> None:
    arguments = ("evaluate", trained / "one.safetensors", trained / "test.csv", "--report")
    out, err = run(*arguments, tmp_path / name, code=2)
    assert out == ""
    assert sentence in err
    assert len(err.splitlines()) == 1
