"""``msssm-ts inspect``: look inside a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data, refuse_unread
from msssm_ts.cli.inspect.viewed import say_first
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path


@guarded
@reads_data
def inspect(
    model: options.Model,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="Where to take a series from, as for predict.",
            show_default=False,
        ),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(metavar="ID|NUMBER", help="Which series of DATA; the first by default."),
    ] = None,
    layer: Annotated[
        int | None, typer.Option(min=1, help="Layer to draw; the first by default.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Another trained model, such as one of fit --scales 0, to compare mixing with.",
        ),
    ] = None,
    cost: Annotated[
        bool, typer.Option("--cost", help="Also count parameters and multiply-adds.")
    ] = False,
    importance: Annotated[
        bool,
        typer.Option(
            "--importance",
            help="Over all series of DATA: how much worse the answers are without a channel, or a "
            "time.",
        ),
    ] = False,
    segments: Annotated[
        int | None,
        typer.Option(min=2, max=1000, metavar="N", help="Parts of the time, of --importance. [20]"),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            metavar="N",
            help="How often --importance takes a channel from other series. [3]",
        ),
    ] = None,
    max_series: Annotated[
        int | None,
        typer.Option(
            "--max-series",
            min=2,
            metavar="N",
            help="Series that --importance looks at, drawn where there are more. [300]",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Of what --importance draws. [0]")
    ] = None,
    safe_csv: options.SafeCsv = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Folder for the pictures; else inspect/ beside MODEL.",
        ),
    ] = None,
    force: options.Force = False,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Show how long MODEL remembers and what its bands let through, or what it makes of a series.

    Without DATA, from the weights alone: a row for every stream, fine to coarse (the raw signal,
    details d, approximation a), with the range of its eigenvalues exp(ΔA), its memory (the states'
    time constants −1 / log λ), and its band's frequencies and receptive field.

    With DATA, of one series: which steps speak for the predicted class (integrated gradients), the
    scale mixer's weights, the step sizes Δ (S6 only), the bands, and how far the layers mix steps,
    beside a single-scale model with as much state. Of a model of fit --motifs: which motif is
    where; of fit --experts: which expert; of fit --workspace: which steps its tokens read. Of a
    model of fit --exemplars: the training series that it is most like.

    A vote without a network: which bands its ridge classifiers listen to; and with DATA, which
    steps the answer hangs on (occlusion).

    With DATA and --importance, of any model and over all series: by how much accuracy and the
    probability of the true class fall (without labels: how far probabilities move) when a channel
    comes from another series, and when a stretch of time is drawn straight; a table, a CSV, a
    picture.
    """
    from msssm_ts.cli.shown.files import make_folder, no_empty_folder
    from msssm_ts.cli.shown.pictures import PICTURES

    asked = {
        **{"--segments": segments, "--repeats": repeats, "--max-series": max_series},
        **{"--seed": seed, "--safe-csv": safe_csv or None},
    }
    _check_importance(importance, data, asked, {
        "--series": series, "--layer": layer, "--baseline": baseline, "--cost": cost or None,
    })  # fmt: skip

    for name, given in (("--series", series), ("--layer", layer), ("--baseline", baseline)):
        if data is None and given is not None:
            raise InputError(f"{name} {given}: give DATA too, to take a series from")
    refuse_unread(reading, data, "DATA", ("sampling_rate",))
    files = [resolve_model_path(file) for file in (model, baseline) if file is not None]

    from msssm_ts.fitted.artifact import read_header

    for file in files:
        read_header(file)
    folder = out or files[0].parent / "inspect"
    with no_empty_folder(folder):
        make_folder(folder)
        for name in PICTURES if out is not None and not force else ():
            if (folder / name).exists():
                given = f"{folder / name}: exists already"
                raise InputError(f"{given}; give another folder, or --force to replace it")
        if data is None:
            from msssm_ts.estimator import MSSSMClassifier

            classifier, loaded = MSSSMClassifier.load(model, device=device), None
        else:
            from msssm_ts.cli.given.inputs import load_model_and_series

            classifier, loaded = load_model_and_series(
                model, data, reading, device=device, needs_labels=False, quiet=quiet
            )
            if not importance:
                say_first(loaded, series, quiet)
        if importance:
            from msssm_ts.cli.inspect.importance import importance_facts
            from msssm_ts.cli.inspect.importance import show_importance as show

            assert loaded is not None
            how = (segments or 20, repeats or 3, max_series or 300, seed or 0)
            facts = importance_facts(classifier, loaded, *how, safe_csv, folder, quiet)
        elif classifier.networks_ or layer or baseline or cost:
            # Those options are a network's: without one they say so.
            if loaded is None:
                from msssm_ts.cli.inspect.weights import show_weights as show
                from msssm_ts.cli.inspect.weights import weight_facts

                facts = weight_facts(classifier, reading.sampling_rate, folder)
            else:
                from msssm_ts.cli.inspect.series import series_facts
                from msssm_ts.cli.inspect.series import show_series as show

                facts = series_facts(
                    classifier, loaded, series, layer or 1, baseline, folder, quiet
                )
        elif loaded is None:
            from msssm_ts.cli.inspect.vote import show_vote as show
            from msssm_ts.cli.inspect.vote import vote_facts

            facts = vote_facts(classifier, reading.sampling_rate, folder)
        else:
            from msssm_ts.cli.inspect.vote import show_vote_series as show
            from msssm_ts.cli.inspect.vote import vote_series_facts

            facts = vote_series_facts(classifier, loaded, series, folder)
        if loaded is not None and not importance and classifier.model_.exemplars is not None:
            from msssm_ts.cli.inspect.similar import similar_facts

            more = similar_facts(classifier, loaded, series, folder)
            facts |= {**more, "pictures": [*facts["pictures"], *more["pictures"]]}
        if cost:
            from msssm_ts.cli.inspect.cost import cost_facts

            facts["cost"] = cost_facts(classifier, facts.get("n_timepoints"))
    if json:
        show_json({"model": model, "data": data, **facts})
        return
    show(facts)
    if "similar" in facts:
        from msssm_ts.cli.inspect.similar import show_similar

        show_similar(facts["similar"])
    if cost:
        from msssm_ts.cli.inspect.cost import show_cost

        show_cost(facts["cost"])
    made = [*([facts["table"]] if "table" in facts else []), *facts["pictures"]]
    names = ", ".join(Path(file).name for file in made)
    what = "table and picture" if "table" in facts else "pictures"
    say(f"\n{what} in {folder}: {names}", quiet=quiet)


def _check_importance(
    wanted: bool, data: str | None, own: dict[str, Any], others: dict[str, Any]
) -> None:
    """Refuse options that have nothing to act on."""
    if wanted and data is None:
        raise InputError("--importance: give DATA too, series to measure it on")
    for name, given in (others if wanted else own).items():
        if given is not None:
            why = "is of one series, or of a network" if wanted else "is of --importance"
            remedy = "leave one of them out" if wanted else "ask for that, too"
            both = f"{name} with --importance" if wanted else name
            raise InputError(f"{both}: {why if not wanted else f'{name} {why}'}; {remedy}")
