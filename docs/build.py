"""Write docs/api from docstrings, docs/cli.md from commands, docs/readers.md from readers.

docs/formats.md is what is read of a miniature of each format; docs/internals/mistakes.md is the
table that the tests of mistakes go through; of docs/cores.md only the table of experiments.

    python docs/build.py

A test fails when the pages and the code drift apart.
"""

from __future__ import annotations

import inspect
import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from cli_page import cli_page

FOLDER = Path(__file__).parent
_SECTION = re.compile(r"^(\w[\w ]+)\n-{3,}$", re.MULTILINE)
_ENTRY = re.compile(r"^\w[\w, ]* : .*$", re.MULTILINE)
_ROLE = re.compile(r":(?:class|func|meth|mod|data):`~?([^`]+)`")


def public_objects() -> Iterator[tuple[str, Any]]:
    """Yield what users call and meet, by its full name."""
    import msssm_ts.analysis.card.facts as card_facts
    import msssm_ts.analysis.card.page as card_page
    import msssm_ts.analysis.data.check as check
    import msssm_ts.analysis.importance.measure as importance
    import msssm_ts.analysis.network.bands as bands
    import msssm_ts.analysis.network.cost as cost
    import msssm_ts.analysis.network.memory as memory
    import msssm_ts.analysis.network.mixing as mixing
    import msssm_ts.analysis.network.saliency as saliency
    import msssm_ts.analysis.network.trace as trace
    import msssm_ts.analysis.network.view as view
    import msssm_ts.analysis.network.weights as weights
    import msssm_ts.analysis.results.ec57 as ec57
    import msssm_ts.analysis.results.evaluation as evaluation
    import msssm_ts.datasets
    import msssm_ts.datasets.write
    import msssm_ts.errors
    import msssm_ts.fitted.artifact
    import msssm_ts.fitted.early
    import msssm_ts.fitted.streaming
    import msssm_ts.fitting
    import msssm_ts.kernels
    import msssm_ts.model
    import msssm_ts.plots
    import msssm_ts.sktime
    import msssm_ts.tracking
    import msssm_ts.training.progress as progress

    yield "msssm_ts.MSSSMClassifier", msssm_ts.MSSSMClassifier
    yield "msssm_ts.MSSSMEncoder", msssm_ts.MSSSMEncoder
    yield "msssm_ts.sktime.MSSSMClassifier", msssm_ts.sktime.MSSSMClassifier
    yield "msssm_ts.fitted.streaming.Stream", msssm_ts.fitted.streaming.Stream
    yield "msssm_ts.fitted.early.EarlyPrediction", msssm_ts.fitted.early.EarlyPrediction
    yield "msssm_ts.training.Progress", progress.Progress
    yield "msssm_ts.tracking.Tracker", msssm_ts.tracking.Tracker
    yield "msssm_ts.fitting.Checkpoint", msssm_ts.fitting.Checkpoint
    yield f"{check.__name__}.check_data", check.check_data
    yield f"{evaluation.__name__}.evaluate_predictions", evaluation.evaluate_predictions
    yield f"{ec57.__name__}.beat_report", ec57.beat_report
    yield "msssm_ts.datasets.load", msssm_ts.datasets.load
    yield "msssm_ts.datasets.from_frame", msssm_ts.datasets.from_frame
    yield "msssm_ts.datasets.LabelledSeries", msssm_ts.datasets.LabelledSeries
    yield "msssm_ts.datasets.write.write", msssm_ts.datasets.write.write
    yield "msssm_ts.fitted.artifact.read_header", msssm_ts.fitted.artifact.read_header
    for name in msssm_ts.model.__all__:
        yield f"msssm_ts.model.{name}", getattr(msssm_ts.model, name)
    for name in msssm_ts.kernels.__all__:
        yield f"msssm_ts.kernels.{name}", getattr(msssm_ts.kernels, name)
    for module, names in {
        view: ("View", "view_series"),
        weights: ("StreamSummary", "summarize_streams"),
        memory: ("eigenvalues", "memory_lengths"),
        bands: ("BandResponse", "band_responses"),
        trace: ("CoreTrace", "trace"),
        saliency: ("integrated_gradients",),
        mixing: ("mixing_distances",),
        cost: ("multiply_adds", "exponentials"),
        importance: ("importance", "Importance", "Effects"),
        card_facts: ("Sources", "card_facts"),
        card_page: ("card_page",),
        msssm_ts.plots: msssm_ts.plots.__all__,
    }.items():
        for name in names:
            yield f"{module.__name__}.{name}", getattr(module, name)
    for name in ("InputError", "OptionError", "TrainingError", "ExportError", "Interrupted"):
        yield f"msssm_ts.errors.{name}", getattr(msssm_ts.errors, name)


def values() -> Iterator[tuple[str, Any]]:
    """Yield the values that settings and fitted models are made of, and what adds to them.

    Their methods are short: what they take may stand in their sentence.
    """
    import msssm_ts.beside
    import msssm_ts.datasets
    import msssm_ts.datasets.account as account
    import msssm_ts.export
    import msssm_ts.fitted
    import msssm_ts.members.member as member
    import msssm_ts.members.problem as problem
    import msssm_ts.method
    import msssm_ts.preparation
    import msssm_ts.registry
    import msssm_ts.series
    import msssm_ts.series.side_features as side_features

    yield "msssm_ts.preparation.Preparation", msssm_ts.preparation.Preparation
    yield "msssm_ts.beside.Beside", msssm_ts.beside.Beside
    yield "msssm_ts.series.side_features.SideFeatures", side_features.SideFeatures
    yield "msssm_ts.datasets.account.Account", account.Account
    yield "msssm_ts.datasets.ReadOptions", msssm_ts.datasets.ReadOptions
    yield "msssm_ts.export.ExportReport", msssm_ts.export.ExportReport
    yield "msssm_ts.export.SourceReport", msssm_ts.export.SourceReport
    own = (
        "FittedModel",
        "Vote",
        "Source",
        "Labels",
        "OperatingPoint",
        "LogPriors",
        "Coverage",
        "FitRecord",
        "FittedEncoder",
        "EncoderRecord",
    )
    for name in own:
        yield f"msssm_ts.fitted.{name}", getattr(msssm_ts.fitted, name)
    yield "msssm_ts.members.member.Member", member.Member
    yield "msssm_ts.members.member.State", member.State
    yield "msssm_ts.members.problem.Problem", problem.Problem
    yield "msssm_ts.method.Method", msssm_ts.method.Method
    yield "msssm_ts.series.Prepared", msssm_ts.series.Prepared
    yield "msssm_ts.registry.Registry", msssm_ts.registry.Registry


def registries() -> Iterator[tuple[str, Any]]:
    """Yield the registries that folders, and files from outside, add to."""
    from msssm_ts.members import MEMBERS
    from msssm_ts.model.cores import CORES

    yield "msssm_ts.members.MEMBERS", MEMBERS
    yield "msssm_ts.model.cores.CORES", CORES


def readers_page() -> str:
    """Return what every reader reads, and which options act on it."""
    from dataclasses import fields

    from msssm_ts.datasets import ReadOptions
    from msssm_ts.datasets.not_read import refuse_format
    from msssm_ts.datasets.readers import FRAMES, READERS

    elsewhere = (
        *("split", "sampling_rate", "max_memory", "fold"),
        *("tables", "recordings", "headers"),
    )
    names = [f.name for f in fields(ReadOptions) if f.name not in elsewhere]
    lines = [
        "# Readers, and the options that act on them",
        "",
        "Written by `docs/build.py` from `msssm_ts/datasets/readers.py`; "
        "`tests/test_reader_options.py` tries every cell. An option that has nothing to act on is "
        "refused in one sentence. `--fs` acts on every kind that does not say its rate itself, "
        "`--validation` on every kind with folds, parts or ids, `--max-memory` on every kind.",
        "",
        "| | " + " | ".join(f"`{ReadOptions.command_line_name(n)}`" for n in names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for reader in (r for r in (*READERS, FRAMES) if r.read is not refuse_format):
        suffixes = f" ({', '.join(reader.suffixes)})" if reader.suffixes else ""
        cells = ["acts" if name in reader.acts_on else "–" for name in names]
        lines.append(f"| {reader.title}{suffixes} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def formats_page() -> str:
    """Return what is read of each format and layout: of the miniatures that the tests read."""
    sys.path.insert(0, str(FOLDER.parent / "tests"))
    from format_samples import FILES
    from layout_samples import LAYOUTS

    from msssm_ts.datasets.not_read import FORMATS
    from msssm_ts.datasets.wfdb.diagnoses import DIAGNOSES

    head = "files | channels | unit | rate | labels | groups | features | read with | |"
    parts = [
        "# ECG formats, and what is read of them",
        "",
        "Written by `docs/build.py`: each row is what it reads of a miniature that "
        "`tests/test_formats.py` compares value by value. Labels of files come from a table beside "
        "them, from their folders, or from their names ([docs/data.md](data.md)); in the rows "
        "below it is `labels.csv` with the columns file and label. Patients and features that "
        "headers name are used when they are asked for, with `--group patient` and "
        "`--with age,sex`, and no table says the same; sexes are M and F then, however they are "
        "spelt.",
        "",
    ]
    for title, samples in (("Files", FILES), ("Published layouts", LAYOUTS)):
        parts += [f"## {title}", "", f"| | {head}", "|---|" + "---|" * 9]
        parts += [_format_row(sample) for sample in samples]
        parts.append("")
    parts += [
        "Any other table with a label a record goes with the same files "
        "([docs/readers.md](readers.md) says which options act on which). A model wants the "
        "channels that it was trained on: where some are missing, all of them are named, and none "
        "is reconstructed from others (`fit --channels` trains on fewer; of MUSE's eight measured "
        "leads the other four are calculated, for they are sums of these).",
        "",
        "## Known by name, and not read",
        "",
        *(f"- `{suffix}`: {name}; {remedy}" for suffix, (name, remedy) in FORMATS.items()),
        "",
        "## Diagnoses in headers",
        "",
        "Codes of SNOMED CT in `#Dx:` are called as the PhysioNet/CinC Challenges of 2020 and 2021 "
        "call them; `--label 'AF,59118001,sinus rhythm'` takes short names, codes and names. A "
        "code that is none of these stays one, and is said.",
        "",
        "| short | code | |",
        "|---|---|---|",
        *(f"| {d.short} | {d.code} | {d.name} |" for d in DIAGNOSES.values()),
    ]
    return "\n".join(parts) + "\n"


def mistakes_page() -> str:
    """Return what is said to mistakes: of those that the tests make."""
    sys.path.insert(0, str(FOLDER.parent / "tests"))
    from mistakes import FILES, MISTAKES

    there = "; ".join(f"`{name}`: {what}" for name, what in FILES.items())
    parts = [
        "# Mistakes, and what is said to them",
        "",
        "Written by `docs/build.py` from `tests/mistakes.py`: `tests/test_mistakes.py` makes each "
        "of these, and sees to it that what is said, and the exit code, are these, that nothing "
        "goes to stdout, and that every file and folder is as it was. `…` stands for more text. "
        f"There are {there}. There is no `big.csv`: what is wrong with options is said before any "
        "data are read.",
        "",
        "Exit codes: 2 for what cannot be used, 1 for a failure at run time, 130 for Ctrl-C (and "
        "SIGTERM), at any moment; what is finished of a fit by then is kept, and `--resume` goes "
        "on with it.",
    ]
    for title, rows in MISTAKES.items():
        parts += ["", f"## {title}", "", "| `msssm-ts` … | | said |", "|---|---|---|"]
        for row in rows:
            said = re.sub(r"[*<|_]", r"\\\g<0>", row.said)
            parts.append(f"| `{row.typed}` | {row.code} | {said} |")
    return "\n".join(parts) + "\n"


def _format_row(sample: Any) -> str:
    """Return what is read of a miniature."""
    import tempfile

    from msssm_ts.datasets import load
    from msssm_ts.optional import install

    with tempfile.TemporaryDirectory() as folder:
        source, _ = sample.write(Path(folder))
        data = load(source, sample.options, needs_labels=False)
    taken = dict(data.account.taken)
    names = data.channel_names or ()
    channels = ", ".join(names[:3]) + (f" … ({len(names)})" if len(names) > 3 else "")
    groups = taken.get("group", data.group_name if data.groups is not None else "–")
    if "possible groups" in taken:
        groups = f"`--group {taken['possible groups']}`"
    labels = taken.get("label", "–" if data.labels is None else "its own tables")
    beside = [] if data.features is None else list(data.features.names)
    features = ", ".join(filter(None, [*beside, taken.get("possible features", "")]))
    units = ", ".join(dict.fromkeys(data.units or ()))
    cells = [
        sample.title,
        sample.files,
        channels or "by number",
        units or "unknown",
        f"{data.sampling_rate:g} Hz" if data.sampling_rate else "unknown: `--fs`",
        ("several: " if data.label_names else "") + labels,
        groups,
        features or "–",
        f"`{shlex.join(sample.options.as_command_line())}`" if sample.options.given() else "",
        "; ".join(
            filter(
                None,
                [f"`{install(sample.extra)}`" if sample.extra else "", sample.note],
            )
        ),
    ]
    return "| " + " | ".join(cells) + " |"


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
    for method, function in _methods(thing):
        parts.append(f"### {short}.{method}\n\n{_described(method, function)}")
    return "\n".join(filter(None, parts))


def _registry_section(name: str, registry: Any) -> str:
    names = registry.own_names()
    entries = "\n".join(f"- `{each}`: {registry.summary(each)}" for each in names)
    return f"## {name}\n\nA `msssm_ts.registry.Registry`. The package registers:\n\n{entries}\n"


def _own(thing: Any) -> dict[str, Any]:
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
        for name, value in _own(thing).items()
        if isinstance(value, property) and value.__doc__ and name not in named
    ]
    return "**Properties**\n\n" + "\n".join(lines) + "\n" if lines else ""


def _methods(thing: Any) -> Iterator[tuple[str, Any]]:
    """Yield a class's own public methods."""
    for name, value in _own(thing).items():
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


def cores_page() -> str:
    """Return the page on cores with the table over what is kept of their experiments."""
    sys.path.insert(0, str(FOLDER.parent / "benchmarks"))
    from core_tables import summary

    begin, end = "<!-- from benchmarks/results/cores -->", "<!-- to here -->"
    page = (FOLDER / "cores.md").read_text(encoding="utf-8")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    return before + "\n".join([begin, "", *summary(), "", end]) + after


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_contents,
    **{f"api/{page}.md": partial(api_page, page) for page in API},
    "cli.md": cli_page,
    "cores.md": cores_page,
    "formats.md": formats_page,
    "internals/mistakes.md": mistakes_page,
    "readers.md": readers_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
