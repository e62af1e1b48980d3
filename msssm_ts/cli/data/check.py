"""``msssm-ts data check``: what is wrong with data, or odd, before anything is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import FAILED, guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.parts import find_test_part
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show, show_json
from msssm_ts.cli.shown.steps import Steps
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries, ReadOptions

_REMEDY = {"sampling rate": "say it with --fs", "units": "values are taken as they are"}


@guarded
@reads_data
def check(
    data: options.Data,
    test: Annotated[
        str | None,
        typer.Option(
            metavar="TESTDATA|none",
            help="What a model of DATA is to answer; else the test part of DATA, or the TEST file "
            "beside a TRAIN file, where there is one.",
        ),
    ] = None,
    most: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Series of each part whose values to look at, spread from first to last; else "
            "20 000, or fewer of long ones. Labels, groups and lengths of all are looked at.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit code 1 where there are leaks or contradictions."),
    ] = False,
    reading: Any = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Look at DATA before fitting: leaks, duplicates, classes, channels, odd values.

    Every finding is a line: what, how many, where, and what to do about it.
    """
    from msssm_ts.analysis.data.check import check_data
    from msssm_ts.datasets import load

    series = load(data, reading, needs_labels=False)
    say(f"{data}: {series.summary()}", quiet=quiet)
    other, name = _test(data, test, series, reading, quiet)
    with Steps(quiet) as steps:
        found = check_data(series, other, most=most, tell=steps.step("looking at series"))
    if json:
        show_json(
            {
                "data": data,
                "test": name,
                "findings": [finding.to_dict() for finding in found.findings],
                "unknown": list(found.unknown),
                "left_out": list(found.left_out),
                "breaks": found.breaks,
            }
        )
    else:
        for finding in found.findings:
            show(finding.line())
        if not found.findings:
            show("nothing found")
        for what in found.unknown:
            say(f"not known: {what} ({_REMEDY[what]})", quiet=quiet)
        for line in found.left_out:
            say(line, quiet=quiet)
    if strict and found.breaks:
        raise typer.Exit(FAILED)


def _test(
    data: str, test: str | None, training: LabelledSeries, reading: ReadOptions, quiet: bool
) -> tuple[LabelledSeries | None, str | None]:
    """Read what the model is to answer; say what that is taken for."""
    from msssm_ts.datasets import load

    if test == "none":
        return None, None
    name = test
    if test is None and ":" not in data:
        name = find_test_part(data, training, reading)
    options = replace(reading, split="test")
    try:
        series = None if name is None else load(name, options, needs_labels=False)
    except InputError:
        # A set by name may have none; what the user names must be there.
        if test is not None or name != data:
            raise
        series = None
    if series is None:
        say("no test part to compare with (--test TESTDATA)", quiet=quiet)
        return None, None
    taken = "" if test is not None else ", taken for what is to be answered (--test)"
    say(f"test: {name}{taken}: {series.summary()}", quiet=quiet)
    return series, name
