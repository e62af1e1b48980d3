"""``msssm-ts stream``: classify a series while it comes in."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from msssm_ts.cli.answering.deciding import decided
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.cli.shown.csv_text import CsvText
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path
from msssm_ts.text import counted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@guarded
def stream(
    model: options.Model,
    every: Annotated[
        int, typer.Option(min=1, metavar="N", help="Write after every N steps, and at the end.")
    ] = 1,
    safe_csv: options.SafeCsv = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write JSON lines; else CSV.")] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Classify a series that comes in on stdin, a line per step, with a causal MODEL.

    A line has one value per channel, between commas or blanks; an empty cell or nan is a missing
    value. After each line the probabilities of the series so far go to stdout: step, prediction,
    and p_CLASS for each class. Time per line and memory stay the same however long it goes on.
    """
    resolve_model_path(model)

    from msssm_ts.cli.answering.predictions import prediction_rows
    from msssm_ts.estimator import MSSSMClassifier

    if jsonl and safe_csv:
        raise InputError("--safe-csv and --jsonl: JSON needs no such thing; give one of them")
    classifier = MSSSMClassifier.load(model, device="cpu")
    reader = classifier.stream()
    decided(classifier, None, None, quiet)
    named = "" if reader.channel_names is None else f" ({', '.join(reader.channel_names)})"
    rate = classifier.model_.preparation.sampling_rate
    often = "" if rate is None else f", {rate:g} lines a second as in the training"
    values = counted(reader.n_channels, "value")
    say(f"reading stdin: {values} a line{named}{often}", quiet=quiet)
    table = CsvText(safe=safe_csv, shown=sys.stdout.isatty())
    if not jsonl:
        names = ["step", "prediction", *(f"p_{c}" for c in reader.label_names)]
        sys.stdout.write(table.line(names))
        sys.stdout.flush()

    def write(number: int, proba: NDArray[np.float64]) -> None:
        row = {"step": number, **prediction_rows(classifier, proba[None])[0]}
        if jsonl:
            show_json(row, indent=None)
        else:
            sys.stdout.write(table.line(row.values()))
        sys.stdout.flush()

    number = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            proba = reader.step(read_values(line, reader.n_channels))
        except InputError as error:
            raise InputError(f"line {number}: {error}") from error
        if number % every == 0:
            write(number, proba)
    if number % every:
        write(number, proba)
    if not number:
        say("no line came in, and so there is nothing to answer", quiet=quiet)
    table.say_risky(quiet)


def read_values(line: bytes, n_channels: int) -> list[float]:
    """Read the values of a line, NaN where one is missing.

    Raises
    ------
    InputError
        If there are more or fewer than channels, or one is not a number.

    Examples
    --------
    >>> read_values(b"1.5, ,nan", 3), read_values(b" 2 -3e2 ", 2)
    ([1.5, nan, nan], [2.0, -300.0])
    """
    text = line.decode("utf-8-sig", "replace").strip()
    cells = text.split(",") if "," in text else text.split() or [""]
    if len(cells) != n_channels:
        values = counted(len(cells), "value") if text else "no values"
        raise InputError(f"{values}, but the model reads {counted(n_channels, 'channel')}")
    return [_number(cell.strip()) for cell in cells]


def _number(cell: str) -> float:
    # Python takes 1_0 for 10, and digits of other scripts.
    if cell.isascii() and "_" not in cell:
        with suppress(ValueError):
            return float(cell or "nan")
    raise InputError(f"{cell!r} is not a number; every line holds values only, without a header")
