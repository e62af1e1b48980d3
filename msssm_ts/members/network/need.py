"""What the training of a network takes, told before it begins."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch

from msssm_ts.members.network.settings import network_config, training_settings
from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Need
from msssm_ts.model import MSSSMNetwork
from msssm_ts.model.device import resolve_device
from msssm_ts.series import LazySeries
from msssm_ts.training import reading_workers
from msssm_ts.training.footprint import step_bytes, step_seconds

# Series that are read to tell how long reading takes.
_READ = 8


def need_of_network(problem: Problem, parameters: Mapping[str, Any]) -> Need:
    """Return what a network's training takes: all epochs, none of which stops it early.

    Parameters
    ----------
    problem : Problem
        What it is to learn.
    parameters : mapping
        The estimator's.
    """
    lengths = problem.values.lengths
    device, dtype = resolve_device(parameters["device"]), getattr(torch, parameters["dtype"])
    config = network_config(parameters, problem)
    settings = training_settings(parameters, problem, config, None)
    # The caller's random numbers stay as they are.
    with torch.random.fork_rng(devices=[]):
        network = MSSSMNetwork(config).train()
        network.to(device, dtype)
        n_series = min(settings.batch_size, len(problem))
        longest = int(lengths.max())
        batches = 4 * n_series * longest * config.n_channels
        # On a card the step takes the card's memory.
        held = batches + (step_bytes(network, n_series, longest) if device == "cpu" else 0)

    def seconds() -> float:
        with torch.random.fork_rng(devices=[]):
            one = step_seconds(network, n_series, int(lengths.mean()))
        n_steps = settings.max_epochs * -(-len(problem) // settings.batch_size)
        return n_steps * max(one, n_series * _seconds_of_reading(problem))

    return Need(False, held, seconds)


def _seconds_of_reading(problem: Problem) -> float:
    """Return how long the training waits for a series that is read again each time."""
    series = problem.values.series
    if not isinstance(series, LazySeries):
        return 0.0
    chosen = problem.sampled(_READ, 0)
    began = time.perf_counter()
    for i in chosen:
        _ = series[int(i)]
    return (time.perf_counter() - began) / len(chosen) / reading_workers()
