"""The network member's settings, from the estimator's parameters and the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msssm_ts.errors import InputError
from msssm_ts.members.network.initial import beginning, other_than_known, usual_shape
from msssm_ts.members.network.recipe import (
    PATIENCE,
    SOUND_PATIENCE,
    auto_batch_size,
    auto_epochs,
)
from msssm_ts.members.network.variates import said_of_variates, variates_of
from msssm_ts.members.problem import Problem
from msssm_ts.members.sound import own_stem
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.config import N_FILTERS, clamp_scales
from msssm_ts.model.cores import CORES
from msssm_ts.model.experts import CHOSEN
from msssm_ts.model.variates import variate_width
from msssm_ts.series.stamps import uneven_step
from msssm_ts.training import Augmentation, TrainingSettings

# The state-space parameters' largest learning rate.
SSM_LEARNING_RATE = 1e-3
# How sound is varied in training, unless something else is asked for.
_FOR_SOUND = {"shift": 0.1, "mixup": 0.3, "masks": 0.1, "warp": 0.12}
# The part of spectra that lose their upper bands.
_NARROW = 0.3


def time_unit(parameters: Mapping[str, Any], problem: Problem) -> float:
    """Return the gap that counts as one step, where time stamps are to act; else 0."""
    times = problem.values.times
    if times is None or parameters["stamps"] != "use":
        return 0.0
    return uneven_step(times) if CORES.get(parameters["core"]).counts_gaps else 0.0


def stem(parameters: Mapping[str, Any], problem: Problem, unit: float = 0.0) -> tuple[int, int]:
    """Return the stride of a network's filter bank, and the bands that convolutions take in."""
    values, chosen = problem.values, parameters["stem_stride"]
    if unit:
        if chosen not in ("auto", 1):
            raise InputError(
                f"stem_stride={chosen} counts steps, and time stamps say that they are uneven: "
                "leave it out, or the stamps with stamps='ignore'"
            )
        return 1, 0
    if chosen != "auto":
        return int(chosen), 0
    stride, bands = own_stem(values)
    # What keeps one frame in four looks ahead, and a causal model does not.
    looks_ahead = stride == 1 and not parameters["bidirectional"]
    return stride, 0 if looks_ahead else bands


def learns_sound(parameters: Mapping[str, Any], problem: Problem) -> bool:
    """Whether a network would take in the series as sound: as spectra, or by a filter bank."""
    return stem(parameters, problem)[1] > 0


def network_config(parameters: Mapping[str, Any], problem: Problem) -> MSSSMConfig:
    """Return the shape of a network for a problem."""
    unit = time_unit(parameters, problem)
    stride, bands = stem(parameters, problem, unit)
    if not parameters["bidirectional"]:
        _check_causal(parameters)
    same = (
        *("d_model", "n_layers", "d_state", "kernel_size", "core", "bidirectional", "dropout"),
        *("directions", "pyramid", "motifs", "experts", "workspace"),
    )
    config = MSSSMConfig(
        n_channels=problem.values.series[0].shape[0],
        n_outputs=problem.n_outputs,
        pooling=parameters["pooling"],
        stem_stride=stride,
        stem_bands=bands,
        time_unit=unit,
        **{name: parameters[name] for name in same},
    )
    variates = variates_of(problem)
    if parameters["variates"] != "mix" and variates > 1:
        if config.motifs:
            raise InputError(
                f"motifs={config.motifs} (--motifs) are of steps, and variates="
                f"{parameters['variates']!r} (--variates) keeps {variates} channels apart at each: "
                "leave out one of them"
            )
        width = variate_width(config.d_model, variates)
        chosen = parameters["variates"]
        config = replace(config, variates=chosen, n_variates=variates, d_model=width)
    if unit:
        # Filters would count steps, not time.
        return replace(config, n_scales=0)
    steps = -(-int(problem.values.lengths.max()) // config.stride)
    return replace(config, n_scales=clamp_scales(parameters["n_scales"], steps))


def _check_causal(parameters: Mapping[str, Any]) -> None:
    """Raise InputError for what a causal network cannot have."""
    if parameters["directions"] != "halves":
        raise InputError(
            "directions='quasiseparable' (--directions) mixes both directions, and a causal model "
            "has one: leave out one of --directions and --causal (bidirectional=False)"
        )
    if parameters["pyramid"]:
        raise InputError(
            "a pyramid (--pyramid) smooths over two steps ahead, and a causal model does not look "
            "ahead: leave out one of --pyramid and --causal (bidirectional=False)"
        )


def said_of_settings(
    parameters: Mapping[str, Any], problem: Problem, begins: bool = True
) -> str | None:
    """Say which settings did nothing, and with what a network begins; None: as they say."""
    said = [said_of_variates(parameters, problem)]
    config = network_config(parameters, problem)
    at_random = begins and parameters["init"] == "auto"
    if at_random and (other := _asked_otherwise(parameters, problem, config)):
        said.append(f"begins with random weights: what comes along is of another shape, {other}")
    if parameters["pyramid"] and parameters["n_layers"] == 1:
        said.append("has one layer: pyramid=True halves nothing, it acts between layers")
    if 0 < parameters["experts"] <= CHOSEN:
        said.append(
            f"sends every step through all of experts={parameters['experts']}: of three and more, "
            f"{CHOSEN} are chosen"
        )
    return "; ".join(line for line in said if line) or None


def _asked_otherwise(parameters: Mapping[str, Any], problem: Problem, config: MSSSMConfig) -> str:
    """Say in what a network is asked to be another than the one that it would else begin with."""
    if beginning(config, "auto") == "pretrained":
        return ""
    usual = network_config({**parameters, **usual_shape(), "stamps": "ignore"}, problem)
    of_it = config.stem_bands or beginning(usual, "auto") == "pretrained"
    return other_than_known(config) if of_it else ""


def training_settings(
    parameters: Mapping[str, Any],
    problem: Problem,
    config: MSSSMConfig,
    seconds: float | None,
) -> TrainingSettings:
    """Return how to train on a problem, in at most so many seconds."""
    n, sound = len(problem), config.stem_bands > 0
    length = -(-int(problem.values.lengths.mean()) // config.stride)
    # Variates that stay apart are series of their own, narrower than one of all.
    length *= max(1, round(config.n_variates * config.d_model / parameters["d_model"]))
    batch_size = parameters["batch_size"] or auto_batch_size(n, sound)
    knows = beginning(config, parameters["init"]) == "pretrained"
    epochs = parameters["max_epochs"] or auto_epochs(n, batch_size, length, sound, knows)
    patience = parameters["n_iter_no_change"]
    if patience == "auto":
        patience = max(PATIENCE, round(SOUND_PATIENCE * epochs)) if sound else PATIENCE
    return TrainingSettings(
        max_epochs=epochs,
        batch_size=batch_size,
        learning_rate=parameters["learning_rate"],
        ssm_learning_rate=min(parameters["learning_rate"], SSM_LEARNING_RATE),
        weight_decay=parameters["weight_decay"],
        patience=None if problem.validation is None else patience,
        max_seconds=seconds,
    )


def augmentation(
    parameters: Mapping[str, Any], problem: Problem, config: MSSSMConfig
) -> Augmentation:
    """Return how series are varied: sound, spectra or behind a filter bank, by default."""
    sound = problem.values.spectral or config.stem_stride > 1
    chosen = {
        name: (own if sound else 0.0) if parameters[name] == "auto" else float(parameters[name])
        for name, own in _FOR_SOUND.items()
    }
    bands = rows = problem.values.bands
    if config.stem_stride > 1:
        # Without convolutions there is the level beside the energies.
        bands, rows = N_FILTERS, N_FILTERS if config.stem_bands else N_FILTERS + 1
    narrow = _NARROW if bands else 0.0
    return Augmentation(**chosen, narrow=narrow, bands=bands, rows=max(1, rows))
