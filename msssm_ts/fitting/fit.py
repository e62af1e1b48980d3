"""One function from data and parameters to a fitted model: what is fitted, and on which series."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from msssm_ts.display import reporting
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.begin import begun
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.chosen import at_most
from msssm_ts.fitting.contradictions import with_contradictions
from msssm_ts.fitting.course import Course
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.decision import asked_point
from msssm_ts.fitting.in_parts import noted_in_parts
from msssm_ts.fitting.kept import prepared_once
from msssm_ts.fitting.known import check_alike, with_encoder
from msssm_ts.fitting.limits import with_limits
from msssm_ts.fitting.problems import Problems
from msssm_ts.fitting.several import follow
from msssm_ts.fitting.split import Split, choose_split
from msssm_ts.fitting.stamps import with_grid
from msssm_ts.fitting.targets import loss_weights, said_of_labels
from msssm_ts.fitting.unlabelled import check_readers
from msssm_ts.fitting.updatable import updatable_seats
from msssm_ts.kernels.parallel import at_work
from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import Seat, seats
from msssm_ts.preparation import Preparation
from msssm_ts.training import Reporter
from msssm_ts.training.processes import current
from msssm_ts.workers import Workers, asked_workers


def fit_model(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    label_names: Sequence[str] | None = None,
    previous: FittedModel | None = None,
    in_parts: bool = False,
    checkpoint: Checkpoint | None = None,
) -> FittedModel:
    """Fit a vote to labelled series.

    Parameters
    ----------
    data : TrainingData
        What there is to learn from.
    parameters : mapping
        The estimator's, checked.
    source : Source
        Where the series come from.
    label_names : sequence of str, optional
        Of several labels.
    previous : FittedModel, optional
        To go on from: its classes, standardisation and, of members that learn by steps, weights.
    in_parts : bool
        Whether these are a part of the series, once through: only members that learn by steps
        can do that.
    checkpoint : Checkpoint, optional
        Where the work is kept while it goes on, or is gone on with.

    Returns
    -------
    FittedModel

    Raises
    ------
    ValueError
        If the data cannot be used.
    Interrupted, TrainingError
        Where it was cut short; their ``partial`` is the model so far, None if there is none.
    """
    at_work()
    with reporting(parameters["verbose"], parameters["callbacks"]) as reporter:
        seed = begun(data, parameters, source, label_names, previous, checkpoint)
        data = with_contradictions(data, source)
        data = at_most(data, parameters["at_most"], seed)
        if previous is None and (said := said_of_labels(data.targets, label_names)):
            data = replace(data, remarks=(*data.remarks, said))
        with asked_workers(parameters["cluster"], reporter.say) as workers:
            fit = _prepared_fit(
                *(data, parameters, source, previous, in_parts, seed, reporter, checkpoint),
                workers,
            )
            if not current().is_first:
                follow(fit.problem(), fit.parameters, seed)
            with prepared_once(fit.problems, parameters, reporter, checkpoint) as problems:
                fit.problems = problems
                return fit.run(label_names)


def _prepared_fit(
    data: TrainingData,
    parameters: Mapping[str, Any],
    source: Source,
    previous: FittedModel | None,
    in_parts: bool,
    seed: int,
    reporter: Reporter,
    checkpoint: Checkpoint | None,
    workers: Workers,
) -> Course:
    """Decide what is fitted, and on which series."""
    began = time.perf_counter()
    # Whatever cannot be decided so is said before hours have gone by.
    asked_point(parameters, data.targets)
    asked, (parameters, encoder) = parameters, with_encoder(parameters)
    preset, named = parameters["preset"], parameters["members"]
    wanted = seats(preset, named, causal=not parameters["bidirectional"])
    # Who names the members, or the preset that is a network's, wants them.
    undecided = named is None and preset != "network"
    if encoder is not None:
        check_readers(wanted, undecided)
    data, wanted = updatable_seats(parameters, data, wanted)
    if in_parts:
        wanted = (Seat("network", options={"max_epochs": 1}),)
        data = noted_in_parts(data, parameters, previous)
    closed = [seat for seat in wanted if not MEMBERS.get(seat.kind).learns_by_steps]
    by_steps = [seat for seat in wanted if MEMBERS.get(seat.kind).learns_by_steps]
    split = Split(np.arange(len(data)))
    # Members that learn by steps and their share of the vote need validation; so do thresholds.
    if not in_parts and (by_steps or data.targets.multilabel):
        split = choose_split(
            data,
            parameters["early_stopping"],
            parameters["validation_fraction"],
            seed,
            beside_others=bool(closed) and undecided,
        )
    left_out = None
    measured = parameters["early_stopping"] == "auto" and undecided
    if closed and by_steps and not len(split.held_out) and measured:
        # Beside the others a network trained on so few series has not been worth its time, unless
        # they are sound, and its share of the vote could not be measured (docs/tried/network.md).
        left_out = split.reason
    chosen = parameters["preparation"] or Preparation()
    weights, positive = loss_weights(data.targets, data.weights, parameters["class_weight"])
    preparation = replace(
        chosen,
        channels=chosen.channels or source.channel_names,
        sampling_rate=chosen.sampling_rate or source.sampling_rate,
    )
    if encoder is not None:
        check_alike(encoder, source, preparation)
    preparation, data = with_limits(preparation, data, source, previous)
    preparation, data = with_grid(preparation, data, parameters["stamps"], previous)
    problems = Problems(data, source, preparation, weights, positive, parameters["dtype"], workers)
    return Course(
        *(problems, parameters, wanted, closed, by_steps, split, seed, reporter, previous, began),
        *(left_out, checkpoint, 0 if in_parts else parameters["exemplars"], asked, encoder),
    )
