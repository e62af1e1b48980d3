"""The options of every command that reads DATA."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Any

import typer

from msssm_ts.cli.data.fetching import shows_fetching
from msssm_ts.cli.given.injected import injected, option, two_numbers
from msssm_ts.cli.panels import DATA
from msssm_ts.errors import InputError

_COLUMNS = {
    "label": "Label column, several of 0 and 1 between commas, or diagnoses of headers (AF,RBBB); "
    "else found by its name.",
    "id": "Series identifier column; several between commas are one together.",
    "group": "Column with the record, patient or speaker; or what headers call so.",
    "time": "Time column of a long table.",
    "channel": "Channel column of a long table.",
}


def _text(name: str, metavar: str, text: str) -> Any:
    option_name = f"--{name.replace('_', '-')}"
    kind = Annotated[str | None, typer.Option(option_name, metavar=metavar, help=text)]
    return option(name, kind)


def _seconds(name: str, text: str, metavar: str = "SECONDS") -> Any:
    kind = Annotated[float | None, typer.Option(f"--{name}", metavar=metavar, help=text)]
    return option(name, kind)


_PARAMETERS = [
    *(_text(name, "COL", text) for name, text in _COLUMNS.items()),
    option(
        "drop",
        Annotated[
            list[str] | None,
            typer.Option("--drop", metavar="COL", help="Column to ignore; may be repeated."),
        ],
    ),
    option(
        "beside",
        Annotated[
            list[str] | None,
            typer.Option(
                "--with",
                metavar="A,B",
                help="Columns with a number or category a series, such as age,sex: the model is "
                "told them, too; none: not even those that DATA brings by itself.",
            ),
        ],
    ),
    _text("label_from", "PATTERN", "Labels in file names: '*-{label}-*', or a regular expression."),
    _text("axes", "A,B,C", "Axes of an array, such as series,steps,channels."),
    _text("window", "A,B", "Cut annotated records: seconds before and after each annotation."),
    option(
        "beats",
        Annotated[
            str,
            typer.Option("--beats", help="Labels of beats: aami (N S V F Q) or symbols."),
        ],
        "aami",
    ),
    _text("annotator", "SUFFIX", "Annotation files to read beside WFDB records, such as qrs."),
    _seconds("episodes", "Cut records into pieces labelled by annotated rhythm or sleep stage."),
    option(
        "mono", Annotated[bool, typer.Option("--mono", help="Mix the channels of sound.")], False
    ),
    _seconds("fs", "Sampling rate, where DATA does not say.", "HZ"),
    _text(
        "max_memory",
        "SIZE",
        "Memory that DATA may take [half of the free], and what is made of them: 8GB (10^9), 2GiB.",
    ),
]


def _options(chosen: dict[str, Any]) -> Any:
    from msssm_ts.datasets import ReadOptions
    from msssm_ts.datasets.memory import parse_size

    beats, window, rate = chosen.pop("beats"), chosen.pop("window"), chosen.pop("fs")
    size = chosen.pop("max_memory")
    for name, value in (("fs", rate), ("episodes", chosen["episodes"])):
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"--{name} {value:g}: must be positive")
    if beats not in ("aami", "symbols"):
        raise InputError(f"--beats {beats}: must be aami or symbols")
    if chosen["label"] is not None and chosen["label"] == chosen["group"]:
        raise InputError(
            f"--label {chosen['label']} --group {chosen['group']}: a group kept apart from the "
            "others would have a class that they have not; name another column with one of them"
        )
    seconds = two_numbers(window, "--window", "0.3,0.4")
    if seconds is not None and not (min(seconds) >= 0 and sum(seconds) > 0):
        raise InputError(f"--window {window}: must be seconds before and after, not negative")
    return ReadOptions(
        **chosen | {"drop": tuple(chosen["drop"] or ()), "beside": _names(chosen["beside"])},
        beat_classes=beats,
        window=seconds,
        sampling_rate=rate,
        max_memory=None if size is None else parse_size(size),
    )


def reading_options(**given: Any) -> Any:
    """Return ReadOptions of options by the names of their parameters; others are as by default.

    Raises
    ------
    InputError
        If one is none.
    """
    return _options({p.name: p.default for p in _PARAMETERS} | given)


def refuse_unread(reading: Any, data: object, missing: str, acting: Collection[str] = ()) -> None:
    """Refuse options that tell how to read DATA where there is none to read.

    Parameters
    ----------
    reading : ReadOptions
        What was given.
    data : object
        DATA, or None.
    missing : str
        How DATA is given.
    acting : collection of str
        Fields that act without it.

    Raises
    ------
    InputError
        For the first that was given.

    Examples
    --------
    >>> refuse_unread(reading_options(label="y"), None, "--data DATA")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: --label tells how DATA is read, and none is; give --data DATA, too
    """
    if data is not None:
        return
    memory = ["max_memory"] if reading.max_memory is not None else []
    for name in [*reading.given(), *memory]:
        if name not in acting:
            option = reading.command_line_name(name)
            raise InputError(f"{option} tells how DATA is read, and none is; give {missing}, too")


def _names(given: list[str] | None) -> tuple[str, ...]:
    """Return names from options with several between commas."""
    names = (name.strip() for text in given or () for name in text.split(","))
    return tuple(dict.fromkeys(filter(None, names)))


_with_options = injected("reading", _PARAMETERS, _options, DATA)


def reads_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of ReadOptions; its parameter ``reading`` gets the object."""
    return _with_options(shows_fetching(command))
