"""``msssm-ts update``: series added to a model, or taken away again, without the others."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.completing import data_that_begins
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.fit.resuming import MODEL
from msssm_ts.cli.given import options
from msssm_ts.cli.given.inputs import given
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.files import make_folder, no_empty_folder
from msssm_ts.errors import InputError
from msssm_ts.model_path import find_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msssm_ts.datasets import LabelledSeries, ReadOptions
    from msssm_ts.estimator import MSSSMClassifier


@guarded
@reads_data
def update(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run folder or model file of fit --updatable.", show_default=False
        ),
    ],
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[NEW]",
            help="Labelled series to learn, too.",
            show_default=False,
            autocompletion=data_that_begins,
        ),
    ] = None,
    withdraw: Annotated[
        str | None,
        typer.Option(
            "--withdraw", metavar="OLD", help="Series to forget, which were learned; first."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="RUN2",
            help="Folder for the updated model; else it takes the place of the old one.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model in that folder.")] = False,
    reading: Any = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Add the series of NEW to the model in RUN, and take away those of OLD.

    The model is then the one that all its series at once would give, by sums that RUN keeps
    (sums.safetensors): none of the earlier series is needed. What the first fit measured stays:
    standardisation, thresholds, penalty, temperature, expected accuracy. The accuracy on NEW before
    it is learned says how the model does by now. Options that tell how DATA is read are those of
    fit, unless said otherwise. Only a whole update takes the place of the old model.
    """
    if new is None and withdraw is None:
        raise InputError("nothing to do: name NEW series to learn, or OLD ones with --withdraw")
    named = [given(name) for name in (new, withdraw) if name is not None]
    file = find_model(run, *named)
    target = file if out is None else out / MODEL
    if out is not None and target.exists() and not force:
        raise InputError(
            f"{out}: holds a model already; give another folder with --out, or --force to replace "
            "it"
        )

    from msssm_ts.cli.update.updating import Update
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.fitted.artifact import checksum_of, read_header
    from msssm_ts.updating import load_sums

    known_as, header = checksum_of(file), read_header(file)
    classifier = MSSSMClassifier.load(file)
    change = Update(classifier, load_sums(classifier.model_, file), known_as, quiet)
    with nullcontext() if out is None else no_empty_folder(out):
        if out is not None:
            make_folder(out)
        if withdraw is not None:
            change.withdraw(_series(withdraw, reading, header, classifier, False, quiet))
        if new is not None:
            change.add(_series(new, reading, header, classifier, True, quiet))
        change.write(file, target)
    for line in change.notes:
        say(line, quiet=quiet)
    if json:
        show_json({"model": str(target), **change.to_dict(), "notes": change.notes})
        return
    show_pairs({"model": target, **change.shown()})


def _series(
    data: str,
    reading: ReadOptions,
    header: Mapping[str, Any],
    classifier: MSSSMClassifier,
    needs_labels: bool,
    quiet: bool,
) -> LabelledSeries:
    """Read series as the model's were, and bring them to its terms."""
    from msssm_ts.cli.given.inputs import load_series
    from msssm_ts.cli.given.matching import matched

    series = load_series(data, reading, header, needs_labels=needs_labels, quiet=quiet)
    series, said = matched(series, classifier.model_)
    if needs_labels and series.groups is not None:
        said.append(f"groups ({series.group_name}) are not kept: sums are over series")
    for line in said:
        say(line, quiet=quiet)
    return series
