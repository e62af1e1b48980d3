"""A numpydoc docstring as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable

_SECTION = re.compile(r"^(\w[\w ]+)\n-{3,}$", re.MULTILINE)
_ROLE = re.compile(r":(?:class|func|meth|mod|data):`~?([^`]+)`")


def as_markdown(docstring: str) -> str:
    """Turn a numpydoc docstring into Markdown."""
    text = _ROLE.sub(r"`\1`", docstring).replace("``", "`")
    summary, *rest = _SECTION.split(text)
    parts = [_paragraphs(summary)]
    for title, body in zip(rest[::2], rest[1::2], strict=True):
        write: Callable[[str], str] = {
            "Examples": _code,
            "Notes": _paragraphs,
            "References": _paragraphs,
        }.get(title, _entries)
        parts.append(f"**{title}**\n\n{write(body.strip())}\n")
    return "\n".join(parts)


def _paragraphs(text: str) -> str:
    """Indented blocks are code in reStructuredText and in Markdown alike."""
    return text.replace("::\n", ":\n").strip() + "\n"


def _code(text: str) -> str:
    return f"```pycon\n{text}\n```"


def _entries(body: str) -> str:
    """``name : type`` lines, each followed by indented text, as a list."""
    lines: list[str] = []
    for line in body.splitlines():
        if not line.startswith(" ") and line:
            name, _, kind = line.partition(" : ")
            lines.append(f"- `{name}`" + (f" : {kind}" if kind else ""))
        else:
            # A backslash breaks the line behind a name.
            if lines and lines[-1].startswith("- ") and line:
                lines[-1] += "\\"
            lines.append(f"  {line.strip()}".rstrip())
    return "\n".join(lines)
