"""Series without labels, from which a fit learns first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msssm_ts.errors import InputError, Interrupted
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.pretrain import learn, refuse_several, together
from msssm_ts.fitting.problems import Problems
from msssm_ts.fitting.stage import StageKeeper
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
from msssm_ts.preparation.apply import prepare_series
from msssm_ts.pretraining.known import Known
from msssm_ts.pretraining.objectives import OBJECTIVES
from msssm_ts.series import Prepared, Series, Standardizer
from msssm_ts.text import counted, duration_text
from msssm_ts.training import Reporter

# Of a time budget, what learning without labels may take.
SHARE = 0.4
# Kinds of members that an encoder is of use to.
READERS = ("network", "encoder_ridge")


def check_unlabelled(
    unlabelled: Sequence[Series] | None, parameters: Mapping[str, Any], n_channels: int
) -> None:
    """Refuse series without labels where nothing could be learned from them.

    Raises
    ------
    InputError
        If they have other channels, or a setting goes against it.
    """
    if unlabelled is None:
        return
    own = unlabelled[0].shape[0]
    if own != n_channels:
        raise InputError(
            f"the unlabelled series have {counted(own, 'channel')}, those with labels "
            f"{n_channels}: give the same ones"
        )
    for name, idle, why in (
        ("updatable", False, "an updatable model follows from sums alone"),
        ("warm_start", False, "warm_start goes on with a network"),
        (
            *("stamps", "ignore"),
            f"stamps={parameters['stamps']!r} (--stamps) needs the times of all series, and "
            "unlabelled ones are read without theirs",
        ),
    ):
        if parameters[name] != idle:
            raise InputError(f"{why}: leave it or the unlabelled series out")
    refuse_several()


def check_readers(wanted: Sequence[Seat], undecided: bool) -> None:
    """Refuse members that the user has named where none is for the encoder that was named, too.

    A preset's stay as they are: a ridge classifier on an encoder's features among them made few
    labels worse (docs/unlabelled.md).

    Raises
    ------
    InputError
        Naming them.
    """
    kinds = {seat.kind for seat in wanted}
    if not undecided and not kinds.intersection(READERS):
        raise InputError(
            f"no member of {', '.join(sorted(kinds))} begins with an encoder, or reads one: add "
            "encoder_ridge or network (--members), or leave --init out"
        )


def wants_encoder(parameters: Mapping[str, Any], fitted: Sequence[Seat]) -> bool:
    """Whether an encoder is to learn first: there is a use for it, and the user has asked for it.

    Who names what votes, the preset that is a network's, or what is learned, has; in the others'
    votes a network has gained nothing by it (docs/unlabelled.md).
    """
    named = parameters["members"] is not None or parameters["preset"] == "network"
    asked = named or parameters["objective"] != "auto"
    return asked and any(seat.kind in READERS for seat in fitted)


def unlabelled_of(problems: Problems, standardizer: Standardizer) -> Prepared | None:
    """Return a fit's series without labels, prepared and standardised; None: there are none."""
    unlabelled, source = problems.data.unlabelled, problems.source
    if unlabelled is None:
        return None
    return prepare_series(
        unlabelled, problems.preparation, source.sampling_rate, source.channel_names
    ).standardized(standardizer, problems.dtype)


def learned_first(
    training: Problem,
    others: Prepared,
    parameters: Mapping[str, Any],
    seed: int,
    reporter: Reporter,
    checkpoint: Checkpoint | None,
) -> tuple[Known, str]:
    """Learn from all training series without their labels, and from those that have none.

    Returns
    -------
    known : Known
        What members can read, or begin with.
    said : str
        What was done.

    Raises
    ------
    Interrupted
        Where it was cut short.
    """
    budget = parameters["time_budget"]
    seconds = None if budget is None else SHARE * budget
    keeper = None if checkpoint is None else StageKeeper(checkpoint, "unlabelled")
    joined = replace(together(training, others), weights=None, groups=None)
    telling = reporter.named("unlabelled series")
    try:
        learned = learn(joined, parameters, seed, seconds, telling, keeper)
    except KeyboardInterrupt as error:
        # There is nothing that could answer.
        raise Interrupted(None) from error
    known = Known(
        learned.network, "the unlabelled series", learned.objective, parameters, parameters["init"]
    )
    what = OBJECTIVES[learned.objective].summary
    said = (
        f"learned first to {what}, without labels, from {len(others)} unlabelled and "
        f"{len(training)} labelled series: {counted(learned.n_steps, 'step')}, "
        f"{duration_text(learned.seconds)}"
    )
    return known, said
