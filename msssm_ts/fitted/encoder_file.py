"""What an encoder writes to its file, and how it comes back: nothing in it is executed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from msssm_ts.errors import InputError
from msssm_ts.file_checks import (
    ListOf,
    Mapped,
    Maybe,
    Number,
    OneOf,
    Record,
    Text,
    Whole,
    anything,
    checked_by,
    same_length,
)
from msssm_ts.fitted.encoder import EncoderRecord, FittedEncoder
from msssm_ts.fitted.parts import Source
from msssm_ts.fitted.tensor_file import opened_tensor_file, write_tensor_file
from msssm_ts.members.tensors import TensorSpec, check_range, check_shapes
from msssm_ts.model import MSSSMConfig
from msssm_ts.preparation import Preparation
from msssm_ts.pretraining.known import arrays_without_head, network_from, shapes_without_head
from msssm_ts.pretraining.objectives import OBJECTIVES
from msssm_ts.series import Standardizer

KEY = "msssm_ts_encoder"
SCHEMA = 1
_RECORD = (
    *("objective", "parameters", "history", "n_steps", "seconds", "seed", "device", "threads"),
    *("training_data", "versions"),
)
_HEADER = Record(
    {
        "schema_version": Whole(1),
        "config": Mapped(anything),
        "standardizer": Record(
            {
                "mean": ListOf(Number(), 1, 100_000),
                "std": ListOf(Number(least=5e-324), 1, 100_000),
            }
        ),
        "missing": OneOf("error", "mask", "interpolate"),
        "dtype": OneOf("float32", "float64"),
        "preparation": checked_by(Preparation.from_dict),
        "n_channels": Whole(1, 100_000),
        "channel_names": Maybe(ListOf(Text())),
        "sampling_rate": Maybe(Number(1e-9, 1e12)),
        "n_features": Maybe(Whole(1)),
        "feature_names": Maybe(ListOf(Text())),
        "origin": anything,
        "record": Record(
            {
                "objective": OneOf(*OBJECTIVES),
                "parameters": Mapped(anything),
                "history": Mapped(ListOf(Maybe(Number()))),
                "n_steps": Whole(),
                "seconds": Number(0),
                "seed": Whole(0, 10**100),
                "device": Text(100),
                "threads": Whole(),
                "training_data": Mapped(Whole()),
                "notes": ListOf(Text()),
                "versions": Mapped(Text(1000)),
            }
        ),
    }
)


def save_encoder(encoder: FittedEncoder, path: str | os.PathLike[str]) -> None:
    """Write an encoder's weights, with everything else as JSON, all or nothing.

    Raises
    ------
    WritingError
        If the file cannot be written.
    """
    source, record = encoder.source, encoder.record
    header = {
        "schema_version": SCHEMA,
        "config": asdict(encoder.network.config),
        "standardizer": {
            "mean": encoder.standardizer.mean.tolist(),
            "std": encoder.standardizer.std.tolist(),
        },
        "missing": encoder.missing,
        "dtype": encoder.dtype,
        "preparation": encoder.preparation.to_dict(),
        "n_channels": source.n_channels,
        "channel_names": source.channel_names,
        "sampling_rate": source.sampling_rate,
        "n_features": source.n_features,
        "feature_names": source.feature_names,
        "origin": source.origin,
        "record": {name: getattr(record, name) for name in _RECORD} | {"notes": record.notes},
    }
    write_tensor_file(path, arrays_without_head(encoder.network), header, KEY)


def load_encoder(path: str | os.PathLike[str]) -> FittedEncoder:
    """Read an encoder that :func:`save_encoder` wrote.

    Parameters
    ----------
    path : path
        Its file.

    Raises
    ------
    InputError
        If it is missing, damaged, foreign, or newer than this version can read.
    """
    with opened_tensor_file(path, KEY) as opened:
        header = _checked(path, opened.header)
        try:
            config = MSSSMConfig.from_dict(header["config"])
            shapes = shapes_without_head(config)
            specs = {name: TensorSpec(shape, "any") for name, shape in shapes.items()}
            check_shapes(specs, opened.entries)
            _check_agreement(header, config)
        except (ValueError, TypeError) as error:
            raise _unfit(path, error) from error
        arrays = opened.read()
    try:
        for name, array in arrays.items():
            check_range(name, array)
        network = network_from(config, arrays)
        scale, record = header["standardizer"], header["record"]
        return FittedEncoder(
            Source(
                header["n_channels"],
                _names(header["channel_names"]),
                header["sampling_rate"],
                header["n_features"],
                _names(header["feature_names"]),
                header["origin"],
            ),
            header["missing"],
            header["dtype"],
            Preparation.from_dict(header["preparation"]),
            Standardizer(np.array(scale["mean"]), np.array(scale["std"])),
            network,
            EncoderRecord(notes=tuple(record["notes"]), **{name: record[name] for name in _RECORD}),
        )
    except (ValueError, LookupError, TypeError, RuntimeError) as error:
        raise _unfit(path, error) from error


def _checked(path: str | os.PathLike[str], header: dict[str, Any]) -> dict[str, Any]:
    version = header.get("schema_version")
    if type(version) is int and version > SCHEMA:
        raise InputError(
            f"{path}: an encoder of schema {version}, and this version reads up to {SCHEMA}; "
            "update msssm-ts"
        )
    try:
        _HEADER("header", header)
    except ValueError as error:
        raise _unfit(path, error) from error
    return header


def _check_agreement(header: Mapping[str, Any], config: MSSSMConfig) -> None:
    scale = header["standardizer"]
    for what in ("mean", "std"):
        same_length(what, scale[what], config.n_channels, "channels")
    same_length("channel names", header["channel_names"], header["n_channels"], "channels")


def _unfit(path: str | os.PathLike[str], error: Exception) -> InputError:
    return InputError(f"{path}: its contents do not fit together ({error}); pretrain again")


def _names(values: Any) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
