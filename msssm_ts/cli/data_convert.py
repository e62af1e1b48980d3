"""``msssm-ts data convert``: any data as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli import options
from msssm_ts.cli.console import say
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.reading import reads_data
from msssm_ts.errors import InputError


@guarded
@reads_data
def convert(
    data: options.Data,
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="File to write: .npz, .parquet or .csv (long)."),
    ],
    reading: Any = None,
    force: Annotated[bool, typer.Option("--force", help="Replace that file.")] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the series of DATA to one file, which every command reads."""
    from msssm_ts.datasets import load
    from msssm_ts.datasets.write import write

    if out.exists() and not force:
        raise InputError(f"{out}: exists already; give another name, or --force to replace it")
    series = load(data, reading, needs_labels=False)
    say(f"{data}: {series.summary()}", quiet=quiet)
    write(series, out)
    say(f"written to {out}", quiet=quiet)
