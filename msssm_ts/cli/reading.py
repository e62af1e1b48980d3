"""The options of every command that reads DATA."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from msssm_ts.cli.injected import injected, option, two_numbers
from msssm_ts.errors import InputError

_COLUMNS = {
    "label": "Label column, or several of 0 and 1 between commas; else found by its name.",
    "id": "Series identifier column.",
    "group": "Column with the record, patient or speaker.",
    "time": "Time column of a long table.",
    "channel": "Channel column of a long table.",
}


_PARAMETERS = [
    *(
        option(name, Annotated[str | None, typer.Option(f"--{name}", metavar="COL", help=text)])
        for name, text in _COLUMNS.items()
    ),
    option(
        "drop",
        Annotated[
            list[str] | None,
            typer.Option("--drop", metavar="COL", help="Column to ignore; may be repeated."),
        ],
    ),
    option(
        "window",
        Annotated[
            str | None,
            typer.Option(
                "--window",
                metavar="A,B",
                help="Cut annotated records: seconds before and after each annotation.",
            ),
        ],
    ),
    option(
        "beats",
        Annotated[
            str,
            typer.Option("--beats", help="Labels of beats: aami (N S V F Q) or symbols."),
        ],
        "aami",
    ),
    option(
        "fs",
        Annotated[
            float | None,
            typer.Option("--fs", metavar="HZ", help="Sampling rate, where DATA does not say."),
        ],
    ),
]


def _options(chosen: dict[str, Any]) -> Any:
    from msssm_ts.datasets import ReadOptions

    beats, window, rate = chosen.pop("beats"), chosen.pop("window"), chosen.pop("fs")
    if rate is not None and not 0 < rate < float("inf"):
        raise InputError(f"--fs {rate:g}: a sampling rate must be positive")
    if beats not in ("aami", "symbols"):
        raise InputError(f"--beats {beats}: must be aami or symbols")
    seconds = two_numbers(window, "--window", "0.3,0.4")
    if seconds is not None and not (min(seconds) >= 0 and sum(seconds) > 0):
        raise InputError(f"--window {window}: must be seconds before and after, not negative")
    return ReadOptions(
        **chosen | {"drop": tuple(chosen["drop"] or ())},
        beat_classes=beats,
        window=seconds,
        sampling_rate=rate,
    )


# The options of ReadOptions stand where the parameter ``reading`` is, which gets the object.
reads_data = injected("reading", _PARAMETERS, _options)
