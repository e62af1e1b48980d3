"""What ``evaluate --ec57`` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import show_pairs
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

_ECTOPIC = {"veb": "VEB", "sveb": "SVEB"}


def check_ec57(classifier: MSSSMClassifier) -> None:
    """Refuse a model that does not sort beats.

    Raises
    ------
    InputError
        If its classes are not EC57's.
    """
    from msssm_ts.analysis.results.ec57 import check_classes
    from msssm_ts.errors import InputError

    if classifier.multilabel_:
        raise InputError("--ec57 counts beats of one class each; the model gives several labels")
    check_classes(classifier.label_names)


def ec57_report(
    series: LabelledSeries,
    classifier: MSSSMClassifier,
    proba: NDArray[np.floating[Any]],
    without: str | None,
) -> dict[str, Any]:
    """Return what :func:`msssm_ts.analysis.results.ec57.beat_report` says of a model's answers."""
    from msssm_ts.analysis.results.ec57 import beat_report

    predicted = classifier.model_.labels.chosen(proba)
    left_out = tuple(name.strip() for name in (without or "").split(",") if name.strip())
    assert series.labels is not None
    return beat_report(series.labels, predicted, series.groups, left_out)


def show_ec57(report: Mapping[str, Any], group_name: str) -> None:
    """Write a report to stdout, once more without the records that are to be left out."""
    _show(report, group_name, "all beats")
    if "rest" in report:
        rest = report["rest"]
        _show(rest, group_name, f"without {', '.join(rest['without'])}")


def _show(report: Mapping[str, Any], group_name: str, title: str) -> None:
    from msssm_ts.analysis.results.ec57 import LEAST_BEATS

    gross, average = report["gross"], report.get("average")
    head = ["class", "beats", "Se", "+P", "F1"]
    if average is not None:
        head += [f"{group_name}s", "mean Se", "mean +P"]
    rows = []
    for name, of_class in gross["classes"].items():
        row = [name, str(of_class["n_beats"]), *_percents(of_class), _decimal(of_class["f1"])]
        rows.append(row + _averages(average, name))
    for name, shown in _ECTOPIC.items():
        found = gross[name]
        number = found["true_positives"] + found["false_negatives"]
        rows.append([shown, str(number), *_percents(found), "", *_averages(average, name)])
    show_table(head, rows, right=head[1:], title=f"EC57, {title} (Se and +P in %)")
    over = " ".join(gross["macro_over"])
    show_pairs(
        {
            f"macro F1 over {over} ({LEAST_BEATS} beats or more)": _decimal(gross["macro_f1"]),
            "macro F1 over N S V": _decimal(gross["macro_f1_nsv"]),
            "VEB false positive rate": _percent(gross["veb"]["false_positive_rate"]) + " %",
        }
    )
    if "records" in report:
        head = [group_name, "beats", "VEB Se", "VEB +P", "SVEB Se", "SVEB +P"]
        rows = [
            [name, str(of["n_beats"]), *_percents(of["veb"]), *_percents(of["sveb"])]
            for name, of in report["records"].items()
        ]
        show_table(head, rows, right=head[1:], title=f"EC57, each {group_name}, {title}")


def _percents(found: Mapping[str, Any]) -> list[str]:
    return [_percent(found["sensitivity"]), _percent(found["positive_predictivity"])]


def _averages(average: Mapping[str, Any] | None, name: str) -> list[str]:
    if average is None:
        return []
    sensitivity, predictivity = (
        average[name][key] for key in ("sensitivity", "positive_predictivity")
    )
    number = f"{sensitivity['n_records']}, {predictivity['n_records']}"
    return [number, _percent(sensitivity["mean"]), _percent(predictivity["mean"])]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
