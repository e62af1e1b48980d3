"""What a run, or a model file alone, records of a model; None where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from msssm_ts.analysis.card.limits import limits
from msssm_ts.analysis.card.methods import methods_of
from msssm_ts.analysis.card.recorded import run_text, test_scores
from msssm_ts.analysis.results.model_card import prepared
from msssm_ts.datasets.account import Account
from msssm_ts.fitted.told import decision_lines, member_rows, named_decision
from msssm_ts.parameters import specs

Facts = dict[str, Any]


@dataclass(frozen=True)
class Sources:
    """What a card is made from.

    Parameters
    ----------
    name : str
        What the model is called.
    header : mapping
        Of the model file, from :func:`msssm_ts.fitted.artifact.read_header`.
    run : mapping, optional
        What the run folder's ``metrics.json`` holds.
    asked : mapping, optional
        What the run folder's ``config.toml`` holds: the options of ``fit``.
    test : mapping, optional
        What ``msssm-ts evaluate --json`` has written of this model.
    """

    name: str
    header: Mapping[str, Any]
    run: Mapping[str, Any] | None = None
    asked: Mapping[str, Any] | None = None
    test: Mapping[str, Any] | None = None


def card_facts(sources: Sources) -> Facts:
    """Return the facts of a card, as JSON holds them.

    Parameters
    ----------
    sources : Sources
        What is known.

    Returns
    -------
    dict
        ``name``, ``data``, ``split``, ``preparation``, ``settings``, ``members``, ``scores``,
        ``decision``, ``coverage``, ``limits``, ``notes``, ``fit``, ``versions``, ``methods``. What
        is not recorded is None.

    Raises
    ------
    RecordError
        If what stands beside the model file is not what it should be.
    """
    header = sources.header
    training = header["training"]
    told = training.get("members") or ()
    data = _data(sources)
    return {
        "name": sources.name,
        "data": data,
        "split": _split(sources),
        "preparation": prepared(header),
        "missing": header["missing"],
        "settings": _settings(header),
        "members": member_rows(header["members"], told),
        "scores": {"left_out": _left_out(sources), "test": _test(sources)},
        "decision": decision_lines(
            named_decision(header.get("decision"), header["classes"]["values"])
        ),
        "thresholds": _thresholds(header),
        "coverage": _coverage(header),
        "limits": limits(header, data),
        "notes": list(training.get("notes") or ()),
        "fit": {
            "date": run_text(sources.run, "date"),
            "seed": training["seed"],
            "device": training["device"],
            "threads": training["threads"],
            "seconds": round(training["seconds"], 2),
            "parameters": training["n_parameters"],
            "epochs": training["n_iter"],
            "best_epoch": training["best_iter"],
        },
        "versions": dict(header["versions"]),
        "schema_version": header["schema_version"],
        "methods": methods_of(header),
    }


def _names(header: Mapping[str, Any]) -> list[str]:
    classes = header["classes"]
    return [str(name) for name in classes.get("names") or classes["values"]]


def _data(sources: Sources) -> Facts:
    header = sources.header
    known, origin = header.get("training_data"), header.get("origin") or {}
    account = Account.from_dict(origin["account"]) if origin.get("account") else Account()
    source = run_text(sources.run, "data", "source")
    counts = [None] * len(_names(header)) if known is None else known["counts"]
    group = run_text(sources.run, "left_out")
    beside = header.get("beside")
    return {
        "name": None if source is None else PurePath(source).name,
        "summary": origin.get("summary"),
        "n_series": None if known is None else known["n_series"],
        "lengths": None if known is None else [known["shortest"], known["longest"]],
        "multilabel": header["classes"]["multilabel"],
        "classes": dict(zip(_names(header), counts, strict=True)),
        "n_channels": header["n_channels"],
        "channels": header["channel_names"],
        "units": origin.get("units"),
        "sampling_rate": header["sampling_rate"],
        "n_groups": None if known is None else known.get("n_groups", 0),
        "groups": None if group in (None, "series") else group,
        "beside": None if beside is None else list(beside["names"]),
        "taken": dict(account.taken),
        "left_out": [left.text() for left in account.left_out],
        "remarks": list(account.remarks),
        "read_with": dict(origin.get("options") or {}),
    }


def _split(sources: Sources) -> Facts:
    """Return how series were left out, and set aside to stop by."""
    from msssm_ts.members import MEMBERS

    header = sources.header
    by_steps = [m for m in header["members"] if MEMBERS.get(m["kind"]).learns_by_steps]
    return {
        "left_out": run_text(sources.run, "left_out"),
        "stops_by": header["parameters"].get("validation_fraction") if by_steps else 0,
        "validation": (sources.asked or {}).get("validation"),
        "learns_by_steps": bool(by_steps),
    }


def _settings(header: Mapping[str, Any]) -> Facts:
    """Return the settings that acted: the value, and whether it is the default."""
    from msssm_ts.members import MEMBERS

    given, kinds = header["parameters"], {member["kind"] for member in header["members"]}
    idle = {"preparation", "verbose", "callbacks"}
    if not any(MEMBERS.get(kind).learns_by_steps for kind in kinds):
        idle |= {"early_stopping", "validation_fraction"}
    return {
        name: {"value": given[name], "default": given[name] == default}
        for name, default, spec in specs()
        if name in given
        and name not in idle
        and (not spec.concerns or kinds.intersection(spec.concerns))
    }


def _left_out(sources: Sources) -> Facts | None:
    estimate = sources.header["training"].get("estimate")
    return None if estimate is None else dict(estimate)


def _test(sources: Sources) -> Facts | None:
    if sources.test is None:
        return None
    names, classes = _names(sources.header), sources.header["classes"]
    found = test_scores(sources.test, names, classes["multilabel"])
    return found | {"data": None if found["data"] is None else PurePath(found["data"]).name}


def _thresholds(header: Mapping[str, Any]) -> dict[str, float] | None:
    if not header["classes"]["multilabel"]:
        return None
    return dict(zip(_names(header), header["classes"]["thresholds"], strict=True))


def _coverage(header: Mapping[str, Any]) -> Facts | None:
    """Return by how many series, or groups, sets of a stated coverage are told."""
    said = header.get("coverage")
    if said is None:
        return None
    counts = [of["count"] for of in said["classes"]]
    return {
        "count": said["every"]["count"],
        "by_class": dict(zip(_names(header), counts, strict=True)),
    }
