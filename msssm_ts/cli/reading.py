"""The options of every command that reads DATA."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from msssm_ts.errors import InputError

_COLUMNS = {
    "label": "Label column; else found by its name.",
    "id": "Series identifier column.",
    "group": "Column with the record, patient or speaker.",
    "time": "Time column of a long table.",
    "channel": "Channel column of a long table.",
}


def _parameter(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


_PARAMETERS = [
    *(
        _parameter(name, Annotated[str | None, typer.Option(f"--{name}", metavar="COL", help=text)])
        for name, text in _COLUMNS.items()
    ),
    _parameter(
        "drop",
        Annotated[
            list[str] | None,
            typer.Option("--drop", metavar="COL", help="Column to ignore; may be repeated."),
        ],
    ),
    _parameter(
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
    _parameter(
        "beats",
        Annotated[
            str,
            typer.Option("--beats", help="Labels of beats: aami (N S V F Q) or symbols."),
        ],
        "aami",
    ),
]


def reads_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of :class:`msssm_ts.datasets.ReadOptions`.

    They stand where its parameter ``reading`` is, which gets them as one object.
    """
    signature = inspect.signature(command, eval_str=True)
    parameters = []
    for parameter in signature.parameters.values():
        added = _PARAMETERS if parameter.name == "reading" else [parameter]
        parameters += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in added]

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        chosen = {p.name: given.pop(p.name) for p in _PARAMETERS}
        return command(reading=_options(chosen), **given)

    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _options(chosen: dict[str, Any]) -> Any:
    from msssm_ts.datasets import ReadOptions

    beats, window = chosen.pop("beats"), chosen.pop("window")
    if beats not in ("aami", "symbols"):
        raise InputError(f"--beats {beats}: must be aami or symbols")
    return ReadOptions(
        **chosen | {"drop": tuple(chosen["drop"] or ())},
        beat_classes=beats,
        window=None if window is None else _two_seconds(window),
    )


def _two_seconds(text: str) -> tuple[float, float]:
    try:
        before, after = (float(part) for part in text.split(","))
        if before < 0 or after < 0 or not 0 < before + after < float("inf"):
            raise ValueError
    except ValueError as error:
        raise InputError(
            f"--window {text}: must be seconds before and after, such as 0.3,0.4"
        ) from error
    return before, after
