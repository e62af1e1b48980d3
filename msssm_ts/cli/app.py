"""The ``msssm-ts`` command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from msssm_ts.cli.annotate.command import annotate
from msssm_ts.cli.card import card
from msssm_ts.cli.compare import compare
from msssm_ts.cli.crossval.command import crossval
from msssm_ts.cli.data.command import data
from msssm_ts.cli.errors import whole_results
from msssm_ts.cli.evaluate.command import evaluate
from msssm_ts.cli.export.command import export
from msssm_ts.cli.fit.command import fit
from msssm_ts.cli.info import info
from msssm_ts.cli.inspect.command import inspect
from msssm_ts.cli.panels import in_panels
from msssm_ts.cli.predict.command import predict
from msssm_ts.cli.pretrain.command import pretrain
from msssm_ts.cli.serve import serve
from msssm_ts.cli.several import refuse_several
from msssm_ts.cli.shown.console import write_any_text
from msssm_ts.cli.signals import stop_like_ctrl_c
from msssm_ts.cli.stream import stream
from msssm_ts.cli.tune.command import tune
from msssm_ts.cli.update.command import update
from msssm_ts.cli.usage import Command, Suggesting
from msssm_ts.version import __version__

# Two of each command, shown below its help.
EXAMPLES: dict[Callable[..., Any], tuple[str, str]] = {
    fit: ("fit ecg.csv --label kind --group patient", "fit JapaneseVowels --preset fast -o run"),
    pretrain: (
        "pretrain recordings/ --group patient -o encoder",
        "pretrain ECG200 --unlabelled more.csv --objective contrast",
    ),
    crossval: (
        "crossval ecg.csv --group patient --preset fast",
        "crossval ECG200 --folds 5 --repeats 3 --json",
    ),
    tune: ("tune ecg.csv --space network --time-budget 600", "tune ECG200 --trials 20 -o search"),
    evaluate: ("evaluate run ECG200 --report report.html", "evaluate run new.csv --json"),
    predict: ("predict run new.csv -o answers.csv", "predict run recordings/ -o answers.parquet"),
    annotate: ("annotate heart 200 -o annotated", "annotate heart records/ --picture"),
    export: ("export run -o model.onnx", "export run --format c -o heart.c"),
    stream: ("stream run < samples.csv", "stream run --jsonl < samples.csv"),
    update: ("update run december.csv", "update run --withdraw patient7.csv -o other"),
    compare: ("compare run other --data ECG200", "compare run other --json"),
    inspect: ("inspect run ECG200 --series 3", "inspect run ECG200 --importance"),
    card: ("card run -o README.md", "card run --licence mit --json"),
    info: ("info run", "info run/model.safetensors --json"),
    serve: ("serve run", "serve run --port 0 --token secret"),
}

app = typer.Typer(
    name="msssm-ts",
    cls=Suggesting,
    help="Classify time series with multi-scale state-space models.",
    epilog="Begin with: msssm-ts fit JapaneseVowels --out run",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command, examples in EXAMPLES.items():
    shown = "\n\n".join(f"- `msssm-ts {example}`" for example in examples)
    app.command(cls=Command, epilog=f"Examples:\n\n{shown}")(in_panels(command))
app.add_typer(data)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"msssm-ts {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Classify time series with multi-scale state-space models."""
    refuse_several(ctx.invoked_subcommand, "fit")


def main() -> None:
    """Run the command line."""
    write_any_text()
    stop_like_ctrl_c()
    with whole_results():
        app()
