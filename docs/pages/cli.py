"""docs/cli.md: the commands and their options as tables, from what ``--help`` shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_OPTION = re.compile(r"(?<![\w`-])--[a-z][\w-]*")


def cli_page() -> str:
    """Return the command-line reference."""
    import typer.main

    from msssm_ts.cli.app import app

    parts = ["# Command line\n\nWritten by `python docs/build.py` from what `--help` shows."]
    for name, command in _commands("msssm-ts", typer.main.get_command(app)):
        parts.append(f"## {name}\n\n{_prose(command.help)}")
        context = command.context_class(command, info_name=name)
        if subcommands := getattr(command, "commands", {}):
            rows = [(f"[`{n}`](#{_slug(f'{name} {n}')})", c.help) for n, c in subcommands.items()]
            parts.append(_table((n, _first_paragraph(text)) for n, text in rows))
        for title, rows in _panels(command, context).items():
            parts.append(f"**{title}**\n\n" + _table((f"`{a}`", b) for a, b in rows))
        if command.epilog:
            says, _, examples = command.epilog.partition(":")
            shown = (line.strip(" -`") for line in examples.split("\n\n") if line.strip())
            parts.append(f"{says}:\n\n" + "\n".join(f"    {line}" for line in shown))
    return "\n\n".join(parts) + "\n"


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield a command and those below it, by what is typed."""
    yield name, command
    for word, each in getattr(command, "commands", {}).items():
        yield from _commands(f"{name} {word}", each)


def _panels(command: Any, context: Any) -> dict[str, list[tuple[str, str]]]:
    """Return what is typed and what it does, by the panels of ``--help``."""
    panels: dict[str, list[tuple[str, str]]] = {}
    for each in command.get_params(context):
        record = each.get_help_record(context)
        if record is not None and each.name != "help":
            kind = "Arguments" if each.param_type_name == "argument" else "Options"
            panels.setdefault(getattr(each, "rich_help_panel", None) or kind, []).append(record)
    return panels


def _slug(heading: str) -> str:
    return heading.lower().replace(" ", "-")


def _first_paragraph(text: str) -> str:
    return text.partition("\n\n")[0].replace("\n", " ")


def _prose(text: str) -> str:
    """Return help as Markdown; no sign in it is one of Markdown's."""
    return _OPTION.sub(r"`\g<0>`", re.sub(r"[*<\\`]", r"\\\g<0>", text.strip()))


def _table(rows: Any) -> str:
    lines = ["| | |", "|---|---|"]
    for left, right in rows:
        cells = (left, _prose(" ".join(right.split())))
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)
