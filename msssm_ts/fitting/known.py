"""An encoder that a fit begins with: read, compared with the series, its shape taken over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.errors import InputError
from msssm_ts.fitted.artifact import is_model
from msssm_ts.fitted.encoder import FittedEncoder
from msssm_ts.fitted.encoder_file import load_encoder
from msssm_ts.fitted.parts import Source
from msssm_ts.model_path import ENCODER_NAME
from msssm_ts.parameter_checks import BEGINNINGS
from msssm_ts.parameters import specs
from msssm_ts.preparation import Preparation
from msssm_ts.series import Standardizer

# What the shape of a network's blocks follows from.
_SHAPE = (
    *("n_scales", "core", "d_model", "n_layers", "d_state", "kernel_size", "bidirectional"),
    *("directions", "pyramid", "stem_stride", "variates", "adjacency"),
)
# Means that are further apart, in deviations, or deviations that are larger, are worth a word.
_APART, _LARGER = 1.0, 3.0


def encoder_file(path: str | os.PathLike[str]) -> Path:
    """Return an encoder's file: itself, or the one in a folder of ``msssm-ts pretrain``."""
    file = Path(path)
    return file / ENCODER_NAME if file.is_dir() else file


def with_encoder(
    parameters: Mapping[str, Any],
) -> tuple[Mapping[str, Any], FittedEncoder | None]:
    """Return the parameters with the encoder that ``init`` names, and its shape.

    What is as by default is taken over from the encoder; what was chosen otherwise stays, and is
    refused where the network is made.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    init = parameters["init"]
    if init in BEGINNINGS:
        return parameters, None
    file = encoder_file(init)
    if is_model(file):
        raise InputError(
            f"{file}: a model, not an encoder of msssm-ts pretrain; give the folder of one, or "
            "random or pretrained"
        )
    encoder = load_encoder(file)
    defaults = {name: default for name, default, _ in specs()}
    known = encoder.known(os.fspath(init))
    taken = {
        name: known.parameters[name]
        for name in _SHAPE
        if name in known.parameters and parameters[name] == defaults[name]
    }
    if "n_scales" in taken:
        # As many as there was room for.
        taken["n_scales"] = encoder.network.config.n_scales
    return {**parameters, **taken, "init": known}, encoder


def _rates(
    encoder: FittedEncoder, source: Source, preparation: Preparation
) -> tuple[float | None, float | None]:
    """Return the rates of the series that an encoder has learned from, and of others."""
    return (
        encoder.preparation.sampling_rate or encoder.source.sampling_rate,
        preparation.sampling_rate or source.sampling_rate,
    )


def said_of_rate(
    encoder: FittedEncoder, source: Source, preparation: Preparation
) -> tuple[str, ...]:
    """Say that series of no known rate are taken for such as an encoder has learned from."""
    theirs, own = _rates(encoder, source, preparation)
    if theirs is None or own is not None:
        return ()
    return (
        f"the encoder has learned from series at {theirs:g} Hz, and the rate of these is not known "
        "(--fs): taken for the same",
    )


def check_alike(encoder: FittedEncoder, source: Source, preparation: Preparation) -> None:
    """Refuse an encoder of series of another kind.

    Raises
    ------
    InputError
        If they had another rate, other channels, or became spectra where these do not.
    """
    theirs, name = encoder.preparation, "the encoder (--init)"
    rates = _rates(encoder, source, preparation)
    if None not in rates and rates[0] != rates[1]:
        raise InputError(
            f"{name} has learned from series at {rates[0]:g} Hz, and these have {rates[1]:g} Hz: "
            f"resample them (--rate {rates[0]:g})"
        )
    if theirs.features != preparation.features:
        raise InputError(
            f"{name} has learned from features={theirs.features!r}, and here they are "
            f"{preparation.features!r}: say --features {theirs.features}"
        )
    channels = theirs.channels, preparation.channels
    if None not in channels and channels[0] != channels[1]:
        raise InputError(
            f"{name} has learned from the channels {', '.join(channels[0] or ())}, and these are "
            f"{', '.join(channels[1] or ())}: choose them, in that order, with --channels"
        )


def said_of_scale(encoder: FittedEncoder, own: Standardizer) -> tuple[str, ...]:
    """Say where series are scaled by far otherwise than those that the encoder has learned from."""
    theirs = encoder.standardizer
    if theirs.mean.shape != own.mean.shape:
        return ()
    larger = own.std / theirs.std
    larger = np.maximum(larger, 1 / larger)
    apart = np.abs(own.mean - theirs.mean) / np.maximum(own.std, theirs.std)
    for channel in np.flatnonzero((larger > _LARGER) | (apart > _APART))[:1]:
        return (
            f"the encoder's series had mean {theirs.mean[channel]:.3g} and deviation "
            f"{theirs.std[channel]:.3g} in channel {channel + 1}, these have "
            f"{own.mean[channel]:.3g} and {own.std[channel]:.3g}: each are standardised by their "
            "own",
        )
    return ()
