"""``msssm-ts annotate``: label long recordings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from msssm_ts.cli.data.fetching import shows_fetching
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.injected import two_numbers
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.errors import InputError


@guarded
@shows_fetching
def annotate(
    model: options.Model,
    records: Annotated[
        list[str],
        typer.Argument(
            metavar="RECORD...",
            help="WFDB records, EDF, BDF, ISHNE or sound files, or folders of them; with --out "
            "also of a store.",
            show_default=False,
        ),
    ],
    annotator: Annotated[
        str | None,
        typer.Option(
            metavar="SUFFIX",
            help="Label the beats that are annotated, rather than look for them: atr, qrs.",
        ),
    ] = None,
    detector: Annotated[
        str | None, typer.Option(help="What finds beats: xqrs or gqrs.  [xqrs]")
    ] = None,
    lead: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Channel to find beats in, and to draw.  [the first that the model uses]",
        ),
    ] = None,
    window: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Seconds before and after a beat, where the model does not say.",
        ),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Label pieces so long with a model that was not fitted on beats.  [as long as its "
            "series, or windows (--crop)]",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="wfdb, csv, or edf+ (annotations alone).")
    ] = "wfdb",
    suffix: Annotated[
        str, typer.Option(metavar="NAME", help="Annotator of the files: RECORD.NAME.")
    ] = "msts",
    picture: Annotated[
        bool,
        typer.Option(
            "--picture", help="Also draw RECORD.NAME.png: a minute with labels, and the whole."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FOLDER", help="For the files; else the record's."),
    ] = None,
    force: options.Force = False,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Label every beat of long recordings, or every piece, and say what was found.

    Beats are found in one lead, or taken from annotations (--annotator). Beside each RECORD an
    annotation file is written that WFDB's programs read (RECORD.msts), or a table, or EDF+. To
    stdout go counts, beats a minute, the longest pause, and episodes: runs of three or more V, of
    three or more S, and bigeminy. A MODEL that was not fitted on beats labels one piece after the
    other instead, as changes of rhythm. A record of a day is read a few minutes at a time.
    """
    from msssm_ts.cli.annotate.records import annotate_records
    from msssm_ts.cli.annotate.request import Request
    from msssm_ts.cli.annotate.show import show_report

    request = Request(
        annotator=None if annotator is None else annotator.lstrip("."),
        detector=detector,
        lead=lead,
        window=two_numbers(window, "--window", "0.28,0.43"),
        every=every,
        form=form,
        suffix=suffix.lstrip("."),
        picture=picture,
        out=out,
        force=force,
    )
    places = [_place(record, out) for record in records]
    report = annotate_records(model, places, request, device=device, quiet=quiet)
    left = report["left_out"]
    if left:
        n = len(left) + len(report["records"])
        say(f"{len(left)} of {n} records left out, for they cannot be annotated:", quiet=quiet)
    for one in left:
        say(one["why"], quiet=quiet)
    if json:
        show_json(report)
    else:
        show_report(report)


def _place(record: str, out: Path | None) -> Path:
    """Return where a record lies on this machine."""
    from msssm_ts.datasets.stores.address import is_address

    if not is_address(record):
        return Path(record)
    if out is None:
        raise InputError(f"{record}: nothing is written into a store; name a folder with --out")
    from msssm_ts.datasets.stores.mirror import local_copy

    return local_copy(record)[0]
