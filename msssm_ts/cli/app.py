"""The ``msssm-ts`` command."""

from __future__ import annotations

from typing import Annotated

import typer

from msssm_ts.cli.annotate import annotate
from msssm_ts.cli.card import card
from msssm_ts.cli.compare import compare
from msssm_ts.cli.console import write_any_text
from msssm_ts.cli.crossval import crossval
from msssm_ts.cli.data import data
from msssm_ts.cli.errors import whole_results
from msssm_ts.cli.evaluate import evaluate
from msssm_ts.cli.export import export
from msssm_ts.cli.fit import fit
from msssm_ts.cli.info import info
from msssm_ts.cli.inspect import inspect
from msssm_ts.cli.predict import predict
from msssm_ts.cli.serve import serve
from msssm_ts.cli.signals import stop_like_ctrl_c
from msssm_ts.cli.stream import stream
from msssm_ts.cli.tune import tune
from msssm_ts.version import __version__

app = typer.Typer(
    name="msssm-ts",
    help="Classify time series with multi-scale state-space models.",
    epilog="Begin with: msssm-ts fit JapaneseVowels --out run",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)
for command in (
    *(fit, crossval, tune, evaluate, predict, annotate, export, stream, compare, inspect, card),
    *(info, serve),
):
    app.command()(command)
app.add_typer(data)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"msssm-ts {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Classify time series with multi-scale state-space models."""


def main() -> None:
    """Run the command line."""
    write_any_text()
    stop_like_ctrl_c()
    with whole_results():
        app()
