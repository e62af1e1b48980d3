"""docs/api.md and docs/api: the Python reference, from docstrings."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from pages.docstrings import as_markdown
from pages.public import public_objects, registries, values

_ENTRY = re.compile(r"^\w[\w, ]* : .*$", re.MULTILINE)

# Pages of the reference: title, and beginnings of the names on it, of which the longest counts.
API = {
    "estimators": (
        "Estimators",
        (
            *("msssm_ts.MSSSM", "msssm_ts.sktime", "msssm_ts.training", "msssm_ts.fitting"),
            "msssm_ts.tracking",
        ),
    ),
    "fitted": ("Fitted models", ("msssm_ts.fitted", "msssm_ts.beside", "msssm_ts.export")),
    "data": (
        "Data and its preparation",
        ("msssm_ts.datasets", "msssm_ts.preparation", "msssm_ts.series", "msssm_ts.analysis.data"),
    ),
    "analysis": ("Results, and a look inside", ("msssm_ts.analysis", "msssm_ts.plots")),
    "network": ("The network and its kernels", ("msssm_ts.model", "msssm_ts.kernels")),
    "extending": (
        "Members, cores and errors",
        (
            *("msssm_ts.members", "msssm_ts.registry", "msssm_ts.model.cores", "msssm_ts.method"),
            "msssm_ts.errors",
        ),
    ),
}


def _api_page_of(name: str) -> str:
    begins = {start: page for page, (_, starts) in API.items() for start in starts}
    return begins[max((start for start in begins if name.startswith(start)), key=len)]


def api_contents() -> str:
    """Return the list of all that has a section in the API reference."""
    parts = ["# Python API\n\nWritten by `python docs/build.py` from the docstrings.\n"]
    for page, (title, _) in API.items():
        parts.append(f"## [{title}](api/{page}.md)\n\n| | |\n|---|---|")
        for name, thing in (*public_objects(), *values(), *registries()):
            if _api_page_of(name) == page:
                text = inspect.getdoc(thing) or ""
                says = as_markdown(text).partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")
                anchor = name.replace(".", "").lower()
                short = name.removeprefix("msssm_ts.")
                parts.append(f"| [`{short}`](api/{page}.md#{anchor}) | {says} |")
        parts.append("")
    return "\n".join(parts)


def api_page(page: str) -> str:
    """Return a page of the API reference."""
    sections = (*public_objects(), *values())
    parts = [
        f"# {API[page][0]}\n\nShapes: b series (batch), l steps (length), d channels of the "
        "network, n states. [All names](../api.md).\n",
        *(_section(*each) for each in sections if _api_page_of(each[0]) == page),
        *(_registry_section(*each) for each in registries() if _api_page_of(each[0]) == page),
    ]
    return "\n".join(parts)


def _section(name: str, thing: Any) -> str:
    """Return what there is to say of a function, or of a class and its methods."""
    short = name.rpartition(".")[2]
    parts = [f"## {name}\n\n{_described(short, thing)}", _properties(thing)]
    for method, function in methods(thing):
        parts.append(f"### {short}.{method}\n\n{_described(method, function)}")
    return "\n".join(filter(None, parts))


def _registry_section(name: str, registry: Any) -> str:
    names = registry.own_names()
    entries = "\n".join(f"- `{each}`: {registry.summary(each)}" for each in names)
    return f"## {name}\n\nA `msssm_ts.registry.Registry`. The package registers:\n\n{entries}\n"


def own(thing: Any) -> dict[str, Any]:
    """Return a class's public attributes, those of the package's classes that it derives from."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException):
        return {}
    own = [c for c in thing.__mro__ if c.__module__.startswith("msssm_ts.")]
    names = dict.fromkeys(name for each in own for name in vars(each) if name[0] != "_")
    return {name: inspect.getattr_static(thing, name) for name in names}


def _properties(thing: Any) -> str:
    """Return a list of the properties that the docstring's own lists do not name."""
    text = inspect.getdoc(thing) or ""
    named = {
        name.strip()
        for line in _ENTRY.findall(text)
        for name in line.partition(" : ")[0].split(",")
    }
    lines = [
        f"- `{name}`\\\n  {as_markdown(inspect.cleandoc(value.__doc__)).partition(chr(10))[0]}"
        for name, value in own(thing).items()
        if isinstance(value, property) and value.__doc__ and name not in named
    ]
    return "**Properties**\n\n" + "\n".join(lines) + "\n" if lines else ""


def methods(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield a class's own public methods."""
    for name, value in own(thing).items():
        function = value.__func__ if isinstance(value, classmethod) else value
        if inspect.isfunction(function) and function.__doc__:
            yield name, function


def _described(name: str, thing: Any) -> str:
    return (
        f"```python\n{_signature(name, thing)}\n```\n\n{as_markdown(inspect.getdoc(thing) or '')}"
    )


def _signature(name: str, thing: Any) -> str:
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return name
    found = inspect.signature(thing).parameters.values()
    parameters = [p for p in found if p.name not in ("self", "cls")]
    # A dataclass makes a field's default anew for every object.
    shown = [
        str(p.replace(annotation=inspect.Parameter.empty)).replace("<factory>", "...")
        for p in parameters
    ]
    keyword_only = next((i for i, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
    if keyword_only is not None:
        shown.insert(keyword_only, "*")
    return "\n".join(textwrap.wrap(f"{name}({', '.join(shown)})", 96, subsequent_indent="    "))
