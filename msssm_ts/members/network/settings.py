"""The network member's settings, from the estimator's parameters and the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.members.network.recipe import (
    auto_batch_size,
    auto_epochs,
    auto_stem_stride,
)
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.config import clamp_scales
from msssm_ts.model.stem import N_FILTERS
from msssm_ts.training import Augmentation, TrainingSettings

# The state-space parameters' largest learning rate.
SSM_LEARNING_RATE = 1e-3
# How sound is varied in training, unless something else is asked for.
_FOR_SOUND = {"shift": 0.1, "mixup": 0.3, "masks": 0.2, "warp": 0.1}


def stem_stride(parameters: Mapping[str, Any], problem: Problem) -> int:
    """Return how many steps of a series become one of the network."""
    values, chosen = problem.values, parameters["stem_stride"]
    if chosen == "auto":
        return auto_stem_stride(int(values.lengths.max()), values.sampling_rate)
    return int(chosen)


def network_config(parameters: Mapping[str, Any], problem: Problem) -> MSSSMConfig:
    """Return the shape of a network for a problem."""
    stride = stem_stride(parameters, problem)
    longest = int(problem.values.lengths.max())
    same = ("d_model", "n_layers", "d_state", "kernel_size", "core", "bidirectional", "dropout")
    return MSSSMConfig(
        n_channels=problem.values.series[0].shape[0],
        n_outputs=problem.n_outputs,
        n_scales=clamp_scales(parameters["n_scales"], -(-longest // stride)),
        pooling=parameters["pooling"],
        stem_stride=stride,
        **{name: parameters[name] for name in same},
    )


def training_settings(
    parameters: Mapping[str, Any], problem: Problem, stride: int, seconds: float | None
) -> TrainingSettings:
    """Return how to train on a problem, in at most so many seconds."""
    n = len(problem)
    length = -(-int(problem.values.lengths.mean()) // stride)
    batch_size = parameters["batch_size"] or auto_batch_size(n)
    return TrainingSettings(
        max_epochs=parameters["max_epochs"] or auto_epochs(n, batch_size, length),
        batch_size=batch_size,
        learning_rate=parameters["learning_rate"],
        ssm_learning_rate=min(parameters["learning_rate"], SSM_LEARNING_RATE),
        weight_decay=parameters["weight_decay"],
        patience=None if problem.validation is None else parameters["n_iter_no_change"],
        max_seconds=seconds,
    )


def augmentation(parameters: Mapping[str, Any], problem: Problem, stride: int) -> Augmentation:
    """Return how series are varied: sound, spectra or behind a filter bank, by default."""
    sound = problem.values.spectral or stride > 1
    chosen = {
        name: (own if sound else 0.0) if parameters[name] == "auto" else float(parameters[name])
        for name, own in _FOR_SOUND.items()
    }
    bands = problem.values.bands
    if stride > 1:
        return Augmentation(**chosen, bands=N_FILTERS, rows=N_FILTERS + 1)
    return Augmentation(**chosen, bands=bands, rows=max(1, bands))
