"""What a model file says of its model, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.fitted.told import (
    decision_lines,
    estimate_line,
    mean_alike,
    member_rows,
    named_decision,
)

Facts = dict[str, str]
_MOST_NAMED = 12
_SAID = {"kind", "weight", "accuracy", "alike", "seconds"}


def model_card(header: Mapping[str, Any]) -> dict[str, Facts]:
    """Return the facts of a model file, by topic.

    Parameters
    ----------
    header : mapping
        From :func:`msssm_ts.fitted.artifact.read_header`.

    Returns
    -------
    dict of str to dict of str to str
        Topics ``Data``, ``Members``, ``Training``, ``Versions`` and ``Settings``.
    """
    training, versions = header["training"], header["versions"]
    topics = {
        "Data": _data(header) | beside_facts(header.get("beside")),
        "Members": _members(member_rows(header["members"], training.get("members") or ())),
        "Training": {
            "parameters": f"{training['n_parameters']:,}".replace(",", "\u202f"),
            "epochs": f"{training['n_iter']}, kept: {training['best_iter']}",
            "training time": duration(training["seconds"]),
            "device": training["device"],
            "threads": str(training["threads"]),
            "seed": str(training["seed"]),
            **_expected(training.get("estimate")),
            **decision_lines(named_decision(header.get("decision"), header["classes"]["values"])),
            **({"notes": "; ".join(training["notes"])} if training.get("notes") else {}),
        },
        "Versions": {
            **{name: str(v) for name, v in versions.items()},
            "model file": f"schema version {header['schema_version']}",
        },
        "Settings": settings(header),
    }
    return topics


def _expected(estimate: Mapping[str, Any] | None) -> Facts:
    line = estimate_line(estimate)
    return {} if line is None else {"expected accuracy": line}


def settings(header: Mapping[str, Any]) -> Facts:
    """Return the arguments that the model was made with.

    Parameters
    ----------
    header : mapping
        From :func:`msssm_ts.fitted.artifact.read_header`.
    """
    given = dict(header["parameters"])
    preparation = given.pop("preparation", None) or {}
    return {name: plain(value) for name, value in (given | preparation).items()}


def prepared(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is done to series that is not done to all."""
    from msssm_ts.preparation import Preparation

    usual = Preparation().to_dict() | {"sampling_rate": header["sampling_rate"]}
    done: dict[str, Any] = header.get("preparation") or {}
    elsewhere = ("channels", "limits")
    return {k: v for k, v in done.items() if k not in elsewhere and v != usual.get(k)}


def _members(rows: list[dict[str, Any]]) -> Facts:
    """Return each member's part of the vote, and what there is to say of it."""
    told: Facts = {}
    for i, row in enumerate(rows):
        said = [f"{row['weight']:.1%} of the vote"]
        if row["accuracy"] is not None:
            said.append(f"{row['accuracy']:.1%} right of training series left out")
        alike = mean_alike(rows, i)
        if alike is not None:
            said.append(f"errors alike with others' {alike:.2f}")
        if row["seconds"] is not None:
            said.append(duration(row["seconds"]))
        said.append(plain({k: v for k, v in row.items() if k not in _SAID}))
        told[f"{i + 1}: {row['kind']}"] = "; ".join(said)
    return told


def beside_facts(said: Mapping[str, Any] | None) -> Facts:
    """Return what there is to say of features beside the series, of a model file's header.

    Examples
    --------
    >>> exponents = {"series": 1.0, "features": 0.0}
    >>> beside_facts({"names": ["age", "sex"], "exponents": exponents, "facts": None})
    {'features beside the series': 'age, sex: they do not vote'}
    """
    if said is None:
        return {}
    if said["facts"] is None:
        return counted_beside(said)
    importance = {c["name"]: c["importance"] for c in said["facts"]["columns"]}
    return counted_beside({**said, "importance": importance})


def counted_beside(summary: Mapping[str, Any]) -> Facts:
    """Return what :meth:`msssm_ts.beside.Beside.summary` says, in words.

    Examples
    --------
    >>> summary = {"names": ["age"], "exponents": {"series": 1.0, "features": 0.5}}
    >>> list(counted_beside({**summary, "importance": {"age": 1.0}}).values())
    ['age 100% of what they tell; they count to the power of 0.5, the vote to that of 1']
    """
    title = "features beside the series"
    if "importance" not in summary:
        return {title: f"{plain(summary['names'])}: they do not vote"}
    powers = summary["exponents"]
    ordered = sorted(summary["importance"].items(), key=lambda item: -item[1])
    shown = [f"{name} {part:.0%}" for name, part in ordered[:_MOST_NAMED]]
    more = f", and {len(ordered) - len(shown)} more" if len(ordered) > len(shown) else ""
    return {
        title: f"{', '.join(shown)}{more} of what they tell; they count to the power of "
        f"{powers['features']:g}, the vote to that of {powers['series']:g}"
    }


def _data(header: Mapping[str, Any]) -> Facts:
    classes, rate = header["classes"], header["sampling_rate"]
    names = classes.get("names") or classes["values"]
    channels = header["channel_names"]
    count = header.get("n_channels") or len(channels or ()) or header["network"]["n_channels"]
    facts = _series(header.get("training_data"), names) | {
        "labels" if classes["multilabel"] else "classes": _counted(names),
        "channels": _counted(channels) if channels else str(count),
        "sampling rate": f"{rate:g} Hz" if rate else "unknown",
    }
    done = header.get("preparation", {})
    features = done.get("features", "raw")
    if features != "raw":
        facts["features"] = features
    for key, name in (
        ("powerline", "notch (Hz)"),
        ("bandpass", "band-pass (Hz)"),
        ("window", "windows (s)"),
        ("grid", "even grid by time stamps, a step each"),
    ):
        if done.get(key):
            facts[name] = plain(done[key])
    return facts


def _series(data: Mapping[str, Any] | None, names: list[Any]) -> Facts:
    if data is None:
        return {}
    lengths = f"{data['shortest']} to {data['longest']}"
    if data["shortest"] == data["longest"]:
        lengths = str(data["longest"])
    facts = {"training series": f"{data['n_series']}, of {lengths} steps"}
    if len(names) <= _MOST_NAMED:
        facts["of each"] = plain(dict(zip(map(str, names), data["counts"], strict=True)))
    if "n_groups" in data:
        facts["groups"] = str(data["n_groups"])
    return facts


def _counted(names: list[Any]) -> str:
    return f"{len(names)}: {plain(names)}" if len(names) <= _MOST_NAMED else str(len(names))


def duration(seconds: float) -> str:
    """Return a time in the units that one would say.

    Examples
    --------
    >>> duration(12.34), duration(150), duration(7300)
    ('12.3 s', '2 min 30 s', '2 h 1 min')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def plain(value: Any) -> str:
    """Return a value of the header as one would write it.

    Examples
    --------
    >>> plain(None), plain(True), plain([1, 40.0]), plain("s6")
    ('none', 'yes', '1, 40', 's6')
    """
    if isinstance(value, dict):
        return ", ".join(f"{k} {plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(plain(v) for v in value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
