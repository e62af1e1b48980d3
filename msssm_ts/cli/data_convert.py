"""``msssm-ts data convert``: any data as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli import options
from msssm_ts.cli.console import say
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.files import claim
from msssm_ts.cli.reading import reads_data


@guarded
@reads_data
def convert(
    data: options.Data,
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="File to write: .npz, .parquet or .csv (long)."),
    ],
    reading: Any = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the series of DATA to one file, which every command reads."""
    from msssm_ts.datasets import load
    from msssm_ts.datasets.write import write

    claim(out, force=force, inputs=(data,))
    series = load(data, reading, needs_labels=False)
    say(f"{data}: {series.summary()}", quiet=quiet)
    write(series, out)
    say(f"written to {out}", quiet=quiet)
