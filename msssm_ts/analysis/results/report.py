"""The report on a model and a test set: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.results.calibration import Calibration, axis_names, calibration_of
from msssm_ts.analysis.results.calibration_figure import calibration_figure
from msssm_ts.analysis.results.class_curves import precision_recall_figure, roc_figure
from msssm_ts.analysis.results.confusion import confusion_matrix, largest_confusions, row_shares
from msssm_ts.analysis.results.intervals import bootstrap
from msssm_ts.analysis.results.mistakes import Mistake, surest_mistakes
from msssm_ts.analysis.results.model_card import model_card
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.series_figure import MOST_CHANNELS, series_figure
from msssm_ts.analysis.results.style import WIDTH, as_data_uri, figure_style, short
from msssm_ts.analysis.results.training_curve import training_figure
from msssm_ts.fitted.told import estimate_line, mean_alike, member_rows
from msssm_ts.text import counted, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from msssm_ts.datasets import LabelledSeries

HEADLINES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "exact_match": "every label right",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
}
# A larger matrix shows counts only; shares by colour.
_MOST_WITH_SHARES = 12


@dataclass(frozen=True)
class Picture:
    """A figure in the page."""

    image: str
    alt: str
    title: str = ""
    facts: tuple[tuple[str, str], ...] = ()


def report_page(
    predictions: Predictions,
    data: LabelledSeries,
    header: Mapping[str, Any],
    *,
    model: str,
    source: str,
    n_resamples: int = 1000,
    seed: int = 0,
    dates: Mapping[str, str | None] | None = None,
) -> str:
    """Write the report.

    Parameters
    ----------
    predictions : Predictions
        What the model said of the data.
    data : LabelledSeries
        The series; of lazy ones only those that are drawn are decoded.
    header : mapping
        Of the model file, from :func:`msssm_ts.fitted.artifact.read_header`.
    model, source : str
        What the two are called.
    n_resamples, seed : int
        Of the bootstrap.
    dates : mapping of str to str, optional
        When the model was ``fitted`` and the page ``written``, as far as that is known.

    Returns
    -------
    str
        HTML with its style and pictures in it; no scripts, and nothing is loaded from elsewhere.
    """
    import jinja2

    scored = bootstrap(predictions, data.groups, n_resamples=n_resamples, seed=seed)
    calibrated = calibration_of(predictions)
    mistakes = surest_mistakes(predictions)
    counts = None if predictions.multilabel else confusion_matrix(predictions)
    rate = data.sampling_rate or header["sampling_rate"]
    with figure_style():
        content = {
            "curves": _class_curves(predictions, header.get("decision")),
            "calibration": _calibration(predictions, calibrated),
            "mistakes": [_mistake(m, predictions, data, rate) for m in mistakes],
            "training": _training(header["training"]),
        }
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("msssm_ts.analysis.results"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
    )
    environment.filters["short"] = short
    return environment.get_template("report.html").render(
        model=model,
        source=source,
        summary=data.summary(),
        predictions=predictions,
        scored=scored,
        headlines={name: scored.overall[k] for k, name in HEADLINES.items() if k in scored.overall},
        group_name=data.group_name,
        one_group=data.groups is not None and not scored.by_group,
        n_resamples=n_resamples,
        seed=seed,
        flawless=bool(predictions.right.all()),
        n_wrong=int((~predictions.right).sum()),
        support=predictions.truth.sum(0).tolist(),
        confusion=counts,
        shares=None if counts is None else row_shares(counts),
        with_shares=len(predictions.names) <= _MOST_WITH_SHARES,
        confusions=[] if counts is None else largest_confusions(predictions),
        card=model_card(header),
        about=_about(header, dates or {}),
        members=_members(header),
        expected=estimate_line(header["training"].get("estimate")),
        thresholds=header["classes"]["thresholds"],
        n_channels=data.n_channels,
        most_channels=MOST_CHANNELS,
        **content,
    )


def _about(header: Mapping[str, Any], dates: Mapping[str, str | None]) -> list[tuple[str, str]]:
    """Return when and with what all this was made."""
    known = [(name, value) for name, value in dates.items() if value is not None]
    made = ("msssm-ts", "torch", "python")
    versions = header["versions"]
    return known + [(name, str(versions[name])) for name in made if name in versions]


def _members(header: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = member_rows(header["members"], header["training"].get("members") or ())
    return [row | {"alike_mean": mean_alike(rows, i)} for i, row in enumerate(rows)]


def _shown(value: Any) -> Any:
    """Write out what no page may hold; not in what templates have put together themselves."""
    return visible(value) if type(value) is str else value


def _class_curves(predictions: Predictions, said: Mapping[str, Any] | None) -> list[Picture]:
    count = len(predictions.names)
    point, marked = None, ""
    if said is not None and "threshold" in said:
        point = int(said["positive"]), float(said["threshold"])
        name = predictions.names[point[0]]
        marked = f"; marked is the threshold of {name}, {point[1]:.3g}"
    kind = "labels" if predictions.multilabel else "classes"
    return [
        Picture(
            as_data_uri(roc_figure(predictions, point)),
            f"ROC curves of {count} {kind}; their areas are in the table above{marked}",
            "ROC",
        ),
        Picture(
            as_data_uri(precision_recall_figure(predictions)),
            f"Precision-recall curves of {count} {kind}; precision and recall at the model's "
            "decision are in the table above",
            "Precision and recall",
        ),
    ]


def _calibration(predictions: Predictions, found: Calibration) -> Picture:
    names = axis_names(predictions.multilabel)
    filled = found.counts > 0
    means = [
        float(np.average(v[filled], weights=found.counts[filled]))
        for v in (found.stated, found.observed)
    ]
    facts = (
        ("expected calibration error (ECE)", f"{found.error:.3f}"),
        (f"mean {names[0]}", f"{means[0]:.3f}"),
        (names[1], f"{means[1]:.3f}"),
    )
    points = "; ".join(
        f"{s:.2f} stated, {o:.2f} observed"
        for s, o in zip(found.stated[filled], found.observed[filled], strict=True)
    )
    return Picture(
        as_data_uri(calibration_figure(found, *names)), f"Calibration curve: {points}", facts=facts
    )


def _mistake(
    mistake: Mistake, predictions: Predictions, data: LabelledSeries, rate: float | None
) -> Picture:
    index = mistake.index
    series: NDArray[Any] = np.asarray(data.values[index])
    name = str(index + 1) if data.ids is None else str(data.ids[index])
    facts = [("true", "; ".join(mistake.true) or "none")]
    facts.append(("predicted", "; ".join(mistake.predicted) or "none"))
    sure = f"{mistake.confidence:.3f}"
    if predictions.multilabel:
        missed = mistake.about in mistake.true
        sure += f" that {mistake.about!r} is {'absent' if missed else 'present'}"
    facts.append(("confidence", sure))
    if data.groups is not None:
        facts.append((data.group_name, str(data.groups[index])))
    length = f"{series.shape[1] / rate:.3g} s" if rate else counted(series.shape[1], "step")
    channels = counted(series.shape[0], "channel")
    return Picture(
        as_data_uri(series_figure(series, rate, data.channel_names, data.unit)),
        f"Series {name}: {channels}, {length}",
        f"Series {name}",
        tuple(facts),
    )


def _training(training: Mapping[str, Any]) -> Picture | None:
    history = training.get("history") or {}
    if not history.get("epoch"):
        return None
    figure: Figure = training_figure(history, training["best_iter"], (WIDTH, 5))
    last = f"training loss {history['train_loss'][-1]:.3g}"
    accuracy = f"training accuracy {history['train_accuracy'][-1]:.3f}"
    return Picture(
        as_data_uri(figure),
        f"Loss and accuracy over {counted(len(history['epoch']), 'epoch')}; at the end {last}, "
        f"{accuracy}",
    )
