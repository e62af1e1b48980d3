"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from msssm_ts.cli.completing import data_that_begins

_DATA = typer.Argument(
    metavar="DATA",
    help="A file, a folder of recordings, or a data set by name (see: msssm-ts data list).",
    show_default=False,
    autocompletion=data_that_begins,
)
Data = Annotated[str, _DATA]
# For a command that can take it from an earlier call.
DataOrNone = Annotated[str | None, _DATA]
Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Run folder or model file.", show_default=False),
]
Unlabelled = Annotated[
    list[str] | None,
    typer.Option(
        "--unlabelled",
        metavar="MORE",
        help="Series of the same kind whose labels nobody knows, or looks at; may be repeated.",
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="PART",
        help="Series to choose the weights by: COLUMN=VALUE, or a file that lists ids; else "
        "a random part of all, no group on both sides.",
    ),
]
CheckpointEvery = Annotated[
    float,
    typer.Option(
        "--checkpoint-every",
        metavar="SECONDS",
        min=0,
        help="How often the work is kept in the folder, for --resume.",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No messages, no progress.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
SafeCsv = Annotated[
    bool,
    typer.Option(
        "--safe-csv",
        help="Put ' before names that begin with =, +, - or @, which a spreadsheet may run.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def check_device(device: str) -> None:
    """Refuse a device that is not here, before any data are read.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if device not in ("auto", "cpu"):
        from msssm_ts.model.device import resolve_device

        resolve_device(device)
