"""From series without labels to an encoder."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.encoder import EncoderRecord, FittedEncoder
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.begin import begun as begun_with
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.kept import prepared_once
from msssm_ts.fitting.limits import with_limits
from msssm_ts.fitting.problems import Problems
from msssm_ts.fitting.record import json_parameters, versions
from msssm_ts.fitting.split import Split
from msssm_ts.fitting.stage import StageKeeper
from msssm_ts.fitting.targets import Targets
from msssm_ts.kernels.parallel import at_work
from msssm_ts.members.network.initial import begun, check_shape
from msssm_ts.members.network.network import series_tensor
from msssm_ts.members.network.settings import (
    network_config,
    said_of_settings,
    training_settings,
)
from msssm_ts.members.network.variates import lay_out
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMNetwork
from msssm_ts.model.device import resolve_device
from msssm_ts.preparation import Preparation
from msssm_ts.pretraining.known import Known
from msssm_ts.pretraining.learning import Learner
from msssm_ts.pretraining.objectives import OBJECTIVES, objective_for
from msssm_ts.series import Prepared, Series, lengths_of
from msssm_ts.series.lazy import joined
from msssm_ts.series.prepared import Times
from msssm_ts.training import Keeper, Reporter
from msssm_ts.training.processes import current


def pretrained(
    series: Sequence[Series],
    parameters: Mapping[str, Any],
    source: Source,
    times: Sequence[Times] | None = None,
    reporter: Reporter | None = None,
    checkpoint: Checkpoint | None = None,
    asked: Mapping[str, Any] | None = None,
) -> FittedEncoder:
    """Train an encoder on series without labels.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Checked; a list, or lazy.
    parameters : mapping
        Of an estimator, with ``objective``.
    source : Source
        Where the series come from.
    times : sequence of arrays of shape (length,), optional
        Time stamps; no objective uses them yet, and the preparation does.
    reporter : Reporter, optional
        Told how far it is.
    checkpoint : Checkpoint, optional
        Where the work is kept, or gone on with.
    asked : mapping, optional
        The parameters to keep with the encoder, where they are others.

    Raises
    ------
    InputError
        If the objective is none for such a network, or the series are too few for it.
    TrainingError
        If the loss is not finite.
    """
    at_work()
    refuse_several()
    chosen = parameters["preparation"] or Preparation()
    preparation = replace(
        chosen,
        channels=chosen.channels or source.channel_names,
        sampling_rate=chosen.sampling_rate or source.sampling_rate,
    )
    # Of no labels: all are of one class.
    nothing = Targets(np.zeros(1), np.zeros(len(series), np.int64))
    data = TrainingData(series, nothing, np.ones(len(series)), times=times)
    seed = begun_with(data, parameters, source, None, None, checkpoint)
    keeper = None if checkpoint is None else StageKeeper(checkpoint, "unlabelled")
    preparation, data = with_limits(preparation, data, source, None)
    problems = Problems(data, source, preparation, None, None, parameters["dtype"])
    with prepared_once(problems, parameters, reporter or Reporter(), checkpoint) as ready:
        problem, _, standardizer = ready.divided(Split(np.arange(len(series))), None)
        learned = learn(problem, parameters, seed, parameters["time_budget"], reporter, keeper)
    lengths = lengths_of(series)
    idle = said_of_settings(parameters, problem)
    return FittedEncoder(
        source,
        parameters["missing"],
        parameters["dtype"],
        preparation,
        standardizer,
        learned.network,
        EncoderRecord(
            learned.objective,
            json_parameters(parameters if asked is None else asked),
            learned.history,
            learned.n_steps,
            learned.seconds,
            seed,
            resolve_device(parameters["device"]),
            torch.get_num_threads(),
            {
                "n_series": len(series),
                "shortest": int(lengths.min()),
                "longest": int(lengths.max()),
            },
            (*data.remarks, *([] if idle is None else [f"the network {idle}"])),
            versions(),
        ),
    )


@dataclass(frozen=True)
class Learned:
    """A network that has learned without labels, and what that took."""

    network: MSSSMNetwork
    objective: str
    history: dict[str, list[Any]]
    n_steps: int
    seconds: float


def learn(
    problem: Problem,
    parameters: Mapping[str, Any],
    seed: int,
    seconds: float | None,
    reporter: Reporter | None = None,
    keeper: Keeper | None = None,
) -> Learned:
    """Train a network on a problem's series, whatever their labels.

    Parameters
    ----------
    problem : Problem
        Prepared and standardised.
    parameters, reporter
        As of :func:`pretrained`.
    seed : int
        Of all that is drawn.
    seconds : float, optional
        Time that there is.
    keeper : Keeper, optional
        Where the work is kept, or gone on with.
    """
    began = time.perf_counter()
    config = replace(network_config(parameters, problem), n_outputs=1)
    name = objective_for(parameters["objective"], config)
    objective = OBJECTIVES[name]
    check_shape(config, parameters["init"])
    refused = objective.refusal(config)
    if refused:
        raise InputError(refused)
    if len(problem) < objective.least_series:
        raise InputError(
            f"objective={name!r} (--objective) compares series, and there is {len(problem)}: give "
            "more, or take another objective"
        )
    dtype = getattr(torch, parameters["dtype"])
    # The caller's random numbers stay as they are.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        init = parameters["init"]
        if init == "auto" and not config.stem_bands:
            # Without labels only sound begins unasked with what comes along.
            init = "random"
        network = begun(config, init)
        if not isinstance(init, Known):
            lay_out(network, parameters, problem)
        made = objective(config)
    device = resolve_device(parameters["device"])
    learner = Learner(
        network.to(device, dtype),
        made.to(device, dtype),
        training_settings(parameters, problem, config, seconds),
        seed,
        () if reporter is None else reporter.callbacks,
        keeper,
    )
    learner.run(series_tensor(problem.values, dtype))
    finished = network.to("cpu").eval().requires_grad_(False)
    took = time.perf_counter() - began
    return Learned(finished, name, vars(learner.history), learner.n_steps, took)


def refuse_several() -> None:
    """Refuse several processes, which would train an encoder each.

    Raises
    ------
    InputError
        If there are several.
    """
    if not current().is_alone:
        raise InputError(
            "one process trains an encoder: run msssm-ts pretrain alone, then fit with --init in "
            "as many as you like"
        )


def together(ours: Problem, others: Prepared) -> Problem:
    """Return a problem's series and others behind them, lazy where some are; the latter of class 0.

    Parameters
    ----------
    ours : Problem
        With labels.
    others : Prepared
        Standardised alike.
    """
    values, n = ours.values, len(others)
    shape = (n, *ours.targets.shape[1:])
    both = replace(
        values,
        series=joined([values.series, others.series]),
        owner=np.concatenate([values.owner, others.owner + values.owner.max() + 1]),
        times=None,
        starts=None,
        features=None,
    )
    targets: NDArray[Any] = np.concatenate([ours.targets, np.zeros(shape, ours.targets.dtype)])
    return Problem(both, targets, ours.n_outputs, channel_names=ours.channel_names)
