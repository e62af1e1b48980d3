"""``msssm-ts card``: a model card from what a run or a model file records."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.cli.shown.files import claim, write_text
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path

if TYPE_CHECKING:
    from msssm_ts.analysis.card.facts import Sources


@guarded
def card(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="Run folder or model file.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="File to write, such as README.md; else stdout."
        ),
    ] = None,
    test: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Scores on test data, which msssm-ts evaluate RUN DATA --json has written.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What the model is called; else as the folder is."),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the model, such as MIT or CC-BY-4.0; else not said."),
    ] = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Write a model card: Markdown with the metadata of a model hub before it.

    It holds what the run folder, or the model file alone, records: data, preparation, members,
    scores, decision, limits, how to use it, and a paragraph for a paper with its BibTeX. What is
    not recorded is called so; nothing is guessed. --json gives the facts.
    """
    file = resolve_model_path(run)
    if json and out is not None:
        raise InputError("--json writes facts to stdout, --out a card to a file; give one of them")
    if out is not None:
        claim(out, force=force, inputs=(file, test))

    from msssm_ts.analysis.card.facts import card_facts
    from msssm_ts.analysis.card.page import card_page
    from msssm_ts.analysis.card.recorded import RecordError

    sources = _sources(run, file, test, name)
    if sources.test is not None:
        _check_model(sources.test, file, test, quiet)
    try:
        if json:
            show_json(card_facts(sources) | {"licence": licence})
            return
        page = card_page(sources, shlex.quote(run), licence)
    except RecordError as error:
        where = test if error.what == "test" else Path(run) / "metrics.json"
        raise InputError(f"{where}: {error}") from error
    if out is None:
        typer.echo(page, nl=False)
        return
    write_text(out, page)
    say(f"card in {out}", quiet=quiet)
    if licence is None:
        say("no licence is said in it: --licence NAME", quiet=quiet)


def _sources(run: str, file: Path, test: Path | None, name: str | None) -> Sources:
    """Return all that is known of the run."""
    from msssm_ts.analysis.card.facts import Sources
    from msssm_ts.cli.fit.run_folder import json_object, recorded
    from msssm_ts.cli.given.config import CONFIG
    from msssm_ts.fitted.artifact import read_header

    # What stands beside a model file may be of another one: only a run folder is taken together.
    folder = Path(run) if Path(run).is_dir() else None
    metrics = recorded(run)
    config = None if folder is None else folder / CONFIG
    asked = None
    if config is not None and config.is_file():
        try:
            asked = tomllib.loads(config.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{config}: damaged ({error}); delete it, or mend it") from error
    found = None
    if test is not None:
        found = json_object(test)
        if found is None:
            raise InputError(f"{test}: there is no such file (--test)")
    called = name or (Path(run).resolve() if folder is not None else file.with_suffix("")).name
    return Sources(called, read_header(file), metrics, asked, found)


def _check_model(found: Mapping[str, Any], file: Path, test: Path | None, quiet: bool) -> None:
    """Say that scores are of a model of another name: the same one may have been moved."""
    named = found.get("model")
    if isinstance(named, str) and Path(named).resolve() not in (
        file.resolve(),
        file.resolve().parent,
    ):
        say(f"{test}: the scores are of {named}; taken for this model's", quiet=quiet)
