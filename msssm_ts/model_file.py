"""What a fitted estimator writes to a model file, and how it comes back."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, TypeVar

import numpy as np
import torch

from msssm_ts.artifact import read_artifact, write_artifact
from msssm_ts.errors import InputError
from msssm_ts.fitted import FittedClassifier
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.preparation import Preparation
from msssm_ts.series import Standardizer
from msssm_ts.training.recipe import resolve_device
from msssm_ts.voters import Committee

E = TypeVar("E", bound=FittedClassifier)


def save_model(estimator: FittedClassifier, path: str | os.PathLike[str]) -> None:
    """Write a fitted estimator's weights, with everything else as JSON."""
    names = getattr(estimator, "feature_names_in_", None)
    kinds = [voter.kind for voter in estimator.committee_.voters]
    header = {
        "estimator": type(estimator).__name__,
        "parameters": json_parameters(estimator),
        "network": asdict(estimator.network_.config) if estimator.networks_ else None,
        "n_networks": len(estimator.networks_),
        "voters": kinds,
        "network_share": estimator.network_share_,
        "classes": {
            "dtype": estimator.classes_.dtype.str,
            "values": estimator.classes_.tolist(),
            "multilabel": estimator.multilabel_,
            "thresholds": estimator.thresholds_.tolist(),
            "names": estimator.label_names_,
        },
        "standardizer": {
            "mean": estimator.standardizer_.mean.tolist(),
            "std": estimator.standardizer_.std.tolist(),
        },
        "preparation": estimator.preparation_.to_dict(),
        "channel_names": estimator.channel_names_,
        "training_data": estimator.training_data_,
        "n_channels": estimator.n_channels_in_,
        "sampling_rate": estimator.sampling_rate_,
        "n_features": getattr(estimator, "n_features_in_", None),
        "feature_names": None if names is None else names.tolist(),
        "training": {
            "history": estimator.history_,
            "n_iter": estimator.n_iter_,
            "best_iter": estimator.best_iter_,
            "n_parameters": estimator.n_parameters_,
            "seconds": estimator.fit_seconds_,
            "seed": estimator.seed_,
            "device": estimator.device_,
            "threads": torch.get_num_threads(),
        },
        "versions": {
            **{name: version(name) for name in ("msssm-ts", "torch", "numpy", "numba")},
            "python": platform.python_version(),
        },
    }
    write_artifact(path, model_tensors(estimator), header)


def model_tensors(estimator: FittedClassifier) -> dict[str, torch.Tensor]:
    """Return all weights of a fitted estimator, on the CPU, by their names in the file."""
    arrays = estimator.committee_.to_arrays()
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    for i, network in enumerate(estimator.networks_):
        state = network.state_dict()
        tensors |= {f"networks.{i}.{name}": t.detach().cpu() for name, t in state.items()}
    return tensors


def json_parameters(estimator: FittedClassifier) -> dict[str, Any]:
    """Return the arguments that JSON can hold; callbacks and generators stay behind."""
    parameters = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in estimator.get_params().items()
        if name != "callbacks" and not isinstance(value, np.random.RandomState)
    }
    weights = parameters["class_weight"]
    if isinstance(weights, Mapping):
        # Pairs: JSON would turn labels that are numbers into strings.
        pairs = np.array(list(weights), dtype=object).tolist(), map(float, weights.values())
        parameters["class_weight"] = [
            [k.item() if isinstance(k, np.generic) else k, v] for k, v in zip(*pairs, strict=True)
        ]
    if parameters["preparation"] is not None:
        parameters["preparation"] = parameters["preparation"].to_dict()
    return parameters


def load_model(kind: type[E], path: str | os.PathLike[str], device: str) -> E:
    """Read what :func:`save_model` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged, or newer than this version can read.
    """
    tensors, header = read_artifact(path)
    try:
        parameters = dict(header["parameters"])
        if isinstance(parameters["class_weight"], list):
            parameters["class_weight"] = dict(map(tuple, parameters["class_weight"]))
        if header["schema_version"] < 3:
            parameters["preset"] = "network"
        if parameters.get("preparation") is not None:
            parameters["preparation"] = Preparation.from_dict(parameters["preparation"])
        estimator = kind(**parameters)
        _restore(estimator, header)
        estimator.networks_ = [
            _network(header, part, estimator.dtype) for part in _weights(tensors, header)
        ]
        arrays = {k: t.numpy() for k, t in tensors.items() if k.startswith("voters.")}
        estimator.committee_ = Committee.from_arrays(
            arrays, header.get("voters", []), estimator.multilabel_
        )
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{path}: its contents do not fit together ({error}); train again"
        ) from error
    estimator.device_ = resolve_device(device)
    estimator.networks_ = [n.to(estimator.device_).eval() for n in estimator.networks_]
    return estimator


def _weights(tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each network's weights."""
    if header["schema_version"] < 3:
        return [tensors]
    prefixes = [f"networks.{i}." for i in range(header["n_networks"])]
    return [
        {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}
        for prefix in prefixes
    ]


def _network(header: dict[str, Any], weights: dict[str, torch.Tensor], dtype: str) -> MSSSMNetwork:
    network = MSSSMNetwork(MSSSMConfig(**header["network"])).to(getattr(torch, dtype))
    network.load_state_dict(weights)
    return network


def _restore(estimator: FittedClassifier, header: dict[str, Any]) -> None:
    training, classes, scale = header["training"], header["classes"], header["standardizer"]
    estimator.classes_ = np.array(classes["values"], dtype=np.dtype(classes["dtype"]))
    estimator.multilabel_ = classes["multilabel"]
    estimator.network_share_ = header.get("network_share", 1.0)
    estimator.thresholds_ = np.array(classes["thresholds"])
    estimator.standardizer_ = Standardizer(np.array(scale["mean"]), np.array(scale["std"]))
    estimator.n_channels_in_ = header.get("n_channels") or header["network"]["n_channels"]
    label_names = classes.get("names")
    estimator.label_names_ = None if label_names is None else tuple(label_names)
    names = header["channel_names"]
    estimator.channel_names_ = None if names is None else tuple(names)
    estimator.sampling_rate_ = header["sampling_rate"]
    # Older files do not say.
    estimator.training_data_ = header.get("training_data")
    # Files of schema version 1 have none.
    prepared = header.get("preparation", {"channels": names})
    estimator.preparation_ = Preparation.from_dict(prepared)
    if header["n_features"] is not None:
        estimator.n_features_in_ = header["n_features"]
    if header["feature_names"] is not None:
        estimator.feature_names_in_ = np.array(header["feature_names"], dtype=object)
    estimator.history_ = training["history"]
    estimator.n_iter_, estimator.best_iter_ = training["n_iter"], training["best_iter"]
    estimator.n_parameters_ = training["n_parameters"]
    estimator.fit_seconds_, estimator.seed_ = training["seconds"], training["seed"]
