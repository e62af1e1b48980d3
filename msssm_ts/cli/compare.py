"""``msssm-ts compare``: runs side by side."""

from __future__ import annotations

import json as json_text
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data, refuse_unread
from msssm_ts.cli.shown.console import say, show, show_json
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.datasets import LabelledSeries, ReadOptions

_SCORES = {
    "accuracy": "accuracy",
    "exact_match": "every label right",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
}


@guarded
@reads_data
def compare(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Run folders or model files, two or more."),
    ],
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="Labelled series to score all of them on."),
    ] = None,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Set RUNs side by side: settings that differ, size, training time, scores.

    With --data all are scored on the same series, and McNemar's exact test says for each two
    whether they differ by more than chance; its p-values are corrected for their number (Holm).
    """
    from msssm_ts.analysis.results.runs import check_same_classes, differing_settings, run_facts
    from msssm_ts.fitted.artifact import read_header

    refuse_unread(reading, data, "--data DATA")
    if data is None and device != "auto":
        raise InputError(f"--device {device} is for scores, and there are none; give --data DATA")
    if len(runs) < 2:
        raise InputError("one run only: give two or more to compare")
    files = [resolve_model_path(run).resolve() for run in runs]
    for i, file in enumerate(files):
        if file in files[:i]:
            both = dict.fromkeys((runs[files.index(file)], runs[i]))
            raise InputError(f"{' and '.join(both)}: the same model twice; name each once")
    headers = [read_header(run) for run in runs]
    check_same_classes(runs, headers)
    settings = differing_settings(headers)
    facts = [
        {
            "run": run,
            "trained_on": _trained_on(run),
            **run_facts(header),
            "settings": {name: row[i] for name, row in settings.items()},
        }
        for i, (run, header) in enumerate(zip(runs, headers, strict=True))
    ]
    found: dict[str, Any] = {"runs": facts}
    if data is not None:
        found |= _score(runs, facts, data, reading, device, quiet)
    if json:
        show_json(found)
        return
    _show(found, settings)


def _trained_on(run: str) -> str | None:
    """Return the data that a run folder says it was trained on."""
    file = Path(run) / "metrics.json"
    if not file.is_file():
        return None
    try:
        return str(json_text.loads(file.read_text(encoding="utf-8"))["data"]["source"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: damaged; delete it, the model file is enough") from error


def _score(
    runs: list[str],
    facts: list[dict[str, Any]],
    data: str,
    reading: ReadOptions,
    device: str,
    quiet: bool,
) -> dict[str, Any]:
    """Add each run's scores to its facts; return what was found of the data and the pairs."""
    from msssm_ts.analysis.results.predictions import Predictions
    from msssm_ts.cli.given.inputs import load_classifier, load_series, score
    from msssm_ts.fitted.artifact import read_header

    header = read_header(runs[0])
    series = load_series(data, reading, header, needs_labels=True, quiet=quiet)
    right = []
    for run, about in zip(runs, facts, strict=True):
        classifier, own = load_classifier(run, series, device=device, quiet=quiet)
        own, proba, scores = score(classifier, own, quiet)
        about["scores"] = {name: scores[name] for name in _SCORES if name in scores}
        right.append(Predictions.of(classifier.model_, own.labels, proba).right)
    _warn_of_groups(series, quiet)
    return {
        "data": data,
        "n_series": series.n_series,
        "grouped_by": None if series.groups is None else series.group_name,
        "mcnemar": _pairs(runs, right),
    }


def _warn_of_groups(series: LabelledSeries, quiet: bool) -> None:
    if series.groups is not None:
        say(
            f"series of one {series.group_name} resemble each other, which McNemar's test does "
            "not know: its p-values are too small",
            quiet=quiet,
        )


def _pairs(runs: list[str], right: list[NDArray[np.bool_]]) -> list[dict[str, Any]]:
    from msssm_ts.analysis.results.mcnemar import holm, mcnemar

    pairs = list(combinations(range(len(runs)), 2))
    tests = [mcnemar(right[i], right[j]) for i, j in pairs]
    corrected = holm([test.p for test in tests])
    return [
        {
            "first": runs[i],
            "second": runs[j],
            "only_first_right": test.only_first,
            "only_second_right": test.only_second,
            "p": test.p,
            "p_holm": p,
        }
        for (i, j), test, p in zip(pairs, tests, corrected, strict=True)
    ]


def _show(found: dict[str, Any], settings: dict[str, list[str]]) -> None:
    facts = found["runs"]
    rows: list[list[Any]] = [
        ["trained on", *(f["trained_on"] or "unknown" for f in facts)],
        *([name, *row] for name, row in settings.items()),
        ["parameters", *(f["n_parameters"] for f in facts)],
        ["training seconds", *(f"{f['seconds']:.1f}" for f in facts)],
        ["device", *(f["device"] for f in facts)],
        ["epochs (kept)", *(f"{f['epochs']} ({f['best_epoch']})" for f in facts)],
    ]
    if any(f["estimate"] is not None for f in facts):
        expected = [f["estimate"] and f["estimate"]["accuracy"] for f in facts]
        rows.append(["expected accuracy", *map(_number, expected)])
    for key, name in (
        ("train_accuracy", "training accuracy"),
        ("val_accuracy", "validation accuracy"),
        ("val_loss", "validation loss"),
    ):
        if any(f[key] is not None for f in facts):
            rows.append([name, *(_number(f[key]) for f in facts)])
    if "data" in found:
        for key, name in _SCORES.items():
            if key in facts[0]["scores"]:
                rows.append([f"test {name}", *(_number(f["scores"][key]) for f in facts)])
    names = [f["run"] for f in facts]
    show_table(["", *names], rows, right=names, wrap=names)
    if "data" in found:
        _show_pairs(found)


def _show_pairs(found: dict[str, Any]) -> None:
    several = "exact_match" in found["runs"][0]["scores"]
    right = "every label right" if several else "right"
    show(f"\nMcNemar's exact test, {found['n_series']} series of {found['data']}")
    header = ["first", "second", f"only first {right}", f"only second {right}", "p", "p (Holm)"]
    rows = [
        [*list(pair.values())[:4], f"{pair['p']:.2g}", f"{pair['p_holm']:.2g}"]
        for pair in found["mcnemar"]
    ]
    show_table(header, rows, right=header[2:], wrap=header[:2])


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
