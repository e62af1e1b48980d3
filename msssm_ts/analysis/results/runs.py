"""What runs have in common and where they differ, by their model files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msssm_ts.analysis.results.model_card import settings
from msssm_ts.errors import InputError

Header = Mapping[str, Any]


def run_facts(header: Header) -> dict[str, Any]:
    """Return a run's size, cost and scores while it trained; None where there is none.

    Parameters
    ----------
    header : mapping
        Of a model file, from :func:`msssm_ts.fitted.artifact.read_header`.
    """
    training = header["training"]
    history, best = training.get("history") or {}, training["best_iter"]
    facts = {
        "n_parameters": training["n_parameters"],
        "estimate": training.get("estimate"),
        "seconds": round(training["seconds"], 2),
        "device": training["device"],
        "seed": training["seed"],
        "epochs": training["n_iter"],
        "best_epoch": best,
    }
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        values = history.get(name, [])
        facts[name] = values[best - 1] if 0 < best <= len(values) else None
    return facts


def differing_settings(headers: Sequence[Header]) -> dict[str, list[str]]:
    """Return the settings that are not the same in all runs, with a value for each run.

    Parameters
    ----------
    headers : sequence of mappings
        Of the runs' model files.
    """
    every = [settings(header) for header in headers]
    names = dict.fromkeys(name for one in every for name in one)
    values = {name: [one.get(name, "–") for one in every] for name in names}
    return {name: row for name, row in values.items() if len(set(row)) > 1}


def check_same_classes(runs: Sequence[str], headers: Sequence[Header]) -> None:
    """Refuse runs that do not tell the same classes apart.

    Parameters
    ----------
    runs : sequence of str
        What the runs are called.
    headers : sequence of mappings
        Of their model files.

    Raises
    ------
    InputError
        Naming the first run that differs from the first of all.
    """
    kinds = ("one label", "several labels")
    first = headers[0]["classes"]
    for run, header in zip(runs[1:], headers[1:], strict=True):
        classes = header["classes"]
        if classes["multilabel"] != first["multilabel"]:
            raise InputError(
                f"{run}: {kinds[classes['multilabel']]} a series, but {runs[0]} has "
                f"{kinds[first['multilabel']]}; compare runs of one kind"
            )
        here, there = _names(classes), _names(first)
        if here != there:
            raise InputError(
                f"{run}: other classes than {runs[0]} ({_difference(here, there)}); compare runs "
                "with the same classes"
            )


def _names(classes: Mapping[str, Any]) -> list[str]:
    return [str(name) for name in classes.get("names") or classes["values"]]


def _difference(here: list[str], there: list[str]) -> str:
    parts = [
        f"only {where}: {', '.join(found)}"
        for where, found in (
            ("here", [name for name in here if name not in there]),
            ("there", [name for name in there if name not in here]),
        )
        if found
    ]
    return "; ".join(parts) or "in another order"
