"""``msssm-ts info``: this installation, or a model."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.shown.console import show_json, show_pairs
from msssm_ts.cli.shown.members_table import show_members
from msssm_ts.model_path import resolve_model_path
from msssm_ts.text import counted


@guarded
def info(
    model: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="Run folder or model file.", show_default=False),
    ] = None,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show versions, device and kernels; or, given a MODEL, what its file says."""
    facts = _installation() if model is None else model_facts(model)
    if json:
        show_json(facts)
        return
    members, origin = facts.pop("members", []), facts.pop("origin", None)
    if "estimate" in facts:
        from msssm_ts.fitted.told import decision_lines, estimate_line

        facts["expected_accuracy"] = estimate_line(facts.pop("estimate"))
        facts |= decision_lines(facts.pop("decision"))
    shown: dict[str, object] = {k.replace("_", " "): _plain(v) for k, v in facts.items()}
    show_pairs(
        shown
        | {f"member {i}": _facts_of(m) for i, m in enumerate(members, 1)}
        | ({} if origin is None else _origin(origin))
    )
    if members:
        show_members(members)


def _installation() -> dict[str, Any]:
    import platform
    from importlib.metadata import version

    import torch

    from msssm_ts.errors import InputError
    from msssm_ts.kernels import backend_report
    from msssm_ts.model.device import resolve_device

    device = resolve_device("auto")
    try:
        report = backend_report(device)
    except ValueError as error:
        # MSSSM_TS_BACKEND holds something that cannot be used.
        raise InputError(str(error)) from error
    return {
        **{name: version(name) for name in ("msssm-ts", "torch", "numba", "numpy", "sktime")},
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        **report,
    }


def model_facts(path: str) -> dict[str, Any]:
    """Return what a model's file says."""
    file = resolve_model_path(path)

    from msssm_ts.analysis.results.model_card import beside_facts, prepared
    from msssm_ts.fitted.artifact import read_header
    from msssm_ts.fitted.told import member_rows, named_decision

    header = read_header(path)
    training = header["training"]
    return {
        "file": str(file),
        "schema_version": header["schema_version"],
        "classes": header["classes"].get("names") or header["classes"]["values"],
        "training_data": header.get("training_data"),
        "channels": header["channel_names"] or header.get("n_channels") or 1,
        "sampling_rate": header["sampling_rate"],
        "preparation": prepared(header) or "none",
        "estimate": training.get("estimate"),
        "decision": named_decision(header.get("decision"), header["classes"]["values"]),
        "members": member_rows(header["members"], training.get("members") or ()),
        **beside_facts(header.get("beside")),
        **_exemplars(header.get("exemplars")),
        "notes": training.get("notes") or "none",
        "parameters": training["n_parameters"],
        "epochs": f"{training['n_iter']} (kept: {training['best_iter']})",
        "trained_on": f"{training['device']}, {_processes(training)}"
        f"{counted(training['threads'], 'thread')}, seed {training['seed']}, "
        f"{training['seconds']:.1f} s",
        "versions": header["versions"],
        "origin": header.get("origin"),
    }


def _exemplars(said: dict[str, Any] | None) -> dict[str, Any]:
    """Return of how many training series excerpts are kept at most."""
    if said is None:
        return {}
    return {"exemplars": {"per_class": said["per_class"], "of_series": said["count"]}}


def _processes(training: dict[str, Any]) -> str:
    n = training.get("processes", 1)
    return "" if n == 1 else f"{n} processes of "


def _origin(origin: dict[str, Any]) -> dict[str, object]:
    """Return what was understood of the training data, to show."""
    import shlex

    from msssm_ts.cli.data.listing import account_lines
    from msssm_ts.datasets import ReadOptions

    words = ReadOptions().or_else(origin.get("options", {})).as_command_line()
    lines: dict[str, object] = {"data": origin.get("summary", "unknown")}
    if words:
        lines["read with"] = shlex.join(words)
    if origin.get("units"):
        lines["units"] = " ".join(origin["units"])
    return lines | account_lines(origin.get("account", {}))


def _facts_of(member: dict[str, Any]) -> str:
    """Return what the table of members does not show."""
    shown = {"weight", "seconds", "accuracy", "alike"}
    return _plain({k: v for k, v in member.items() if k not in shown})


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return " ".join(str(v) for v in value)
    return "unknown" if value is None else str(value)
