"""``msssm-ts data list`` and ``msssm-ts data info``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.datasets.named import DataSet


@guarded
def list_sets(
    archives: Annotated[
        bool, typer.Option("--archives", help="List the sets of the UCR and UEA archives, too.")
    ] = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """List the data sets that are known by name, and whether they are here."""
    from msssm_ts.datasets.archives.archive import CARRIED
    from msssm_ts.datasets.named import own_data_sets
    from msssm_ts.datasets.named.archives import archive_names, archive_set

    names = archive_names()
    wanted = sorted(names, key=str.lower) if archives else sorted(CARRIED)
    sets = [*own_data_sets(), *(archive_set(n, names[n]) for n in wanted)]
    rows = [_row(data_set) for data_set in sets]
    if json:
        show_json(rows)
        return
    show_table(
        ("name", "what", "size", "tasks", "here"),
        [(r["name"], r["title"], r["size"], " ".join(r["tasks"]), r["here"]) for r in rows],
        wrap=("what", "size", "tasks"),
    )
    if not archives:
        more = len(names) - len(CARRIED)
        say(f"\n{more} more sets of the UCR and UEA archives: msssm-ts data list --archives")


def _row(data_set: DataSet) -> dict[str, Any]:
    return {
        "name": data_set.name,
        "tasks": list(data_set.tasks),
        "title": data_set.title,
        "size": data_set.size,
        "licence": data_set.licence,
        "here": _where(data_set),
    }


def _where(data_set: DataSet) -> str:
    """Say whether a set can be read now."""
    from msssm_ts.datasets.archives.archive import CARRIED

    if data_set.name in CARRIED:
        return "comes along"
    return "yes" if data_set.find_root(data_set.place) is not None else "no"


@guarded
@reads_data
def info(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|DATA",
            help="A data set by name, or what a command takes as DATA.",
            show_default=False,
        ),
    ],
    reading: Any = None,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show what a named data set is, or what was understood of DATA."""
    facts = {} if Path(name).exists() else _named(name)
    if not facts or facts["here"] != "no":
        facts |= _understood(name, reading)
    if json:
        show_json(facts)
        return
    account = facts.pop("account", None)
    shown = {k.replace("_", " "): v for k, v in facts.items() if v not in (None, [], "")}
    shown |= {} if account is None else account_lines(account)
    show_pairs({k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in shown.items()})


def account_lines(account: dict[str, Any]) -> dict[str, str]:
    """Return what a reader took for what, and what it left out, as names and values to show.

    Examples
    --------
    >>> account_lines({"taken": {"label": "column y"}, "left_out": [], "remarks": []})
    {'taken for label': 'column y'}
    """
    from msssm_ts.datasets.account import Account

    known = Account.from_dict(account)
    lines = {f"taken for {role}": what for role, what in known.taken}
    if known.left_out:
        lines["left out"] = "; ".join(entry.text() for entry in known.left_out)
    if known.remarks:
        lines["remarks"] = "; ".join(known.remarks)
    return lines


def _named(name: str) -> dict[str, Any]:
    """Facts about a set by name; none for what is no name."""
    from msssm_ts.datasets.named import find_data_set, parse_request

    try:
        data_set = find_data_set(parse_request(name).name)
    except InputError:
        return {}
    if data_set is None:
        return {}
    return {
        **_row(data_set),
        "citation": data_set.citation,
        "homepage": data_set.homepage,
        "files": [f.url for f in data_set.files],
        "sha256": [f.sha256 for f in data_set.files if f.sha256],
        "folder": str(data_set.place),
    }


def _understood(source: str, reading: Any) -> dict[str, Any]:
    from msssm_ts.cli.data.picture import members
    from msssm_ts.datasets import load

    data: LabelledSeries = load(source, reading, needs_labels=False)
    lengths = data.lengths
    return {
        "understood": data.summary(),
        "series": data.n_series,
        "channels": list(data.channel_names or []) or data.n_channels,
        "steps": [int(lengths.min()), int(lengths.max())],
        "sampling_rate": data.sampling_rate,
        "classes": [f"{c} ({len(i)})" for c, i in members(data).items()],
        "groups": None if data.groups is None else len(set(data.groups.tolist())),
        "validation": None if data.validation is None else int(data.validation.sum()),
        "units": None if data.units is None else list(dict.fromkeys(data.units)),
        "account": data.account.to_dict(),
    }
