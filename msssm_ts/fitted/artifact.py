"""The model file: weights and a JSON header in one safetensors file.

Nothing in it is executed at load. The header has a schema version; a reader refuses what is
newer than itself and brings every older one up to the present, a step at a time.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msssm_ts.atomic import replacing
from msssm_ts.errors import InputError
from msssm_ts.fitted.upgrades import SCHEMA_VERSION, upgraded

_KEY = "msssm_ts"


def resolve_model_path(path: str | os.PathLike[str]) -> Path:
    """Return the model file that path names: itself, or ``model.safetensors`` in a run folder.

    Raises
    ------
    InputError
        If there is no such file.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "model.safetensors"
    if not file.is_file():
        raise InputError(
            f"{file}: no such model file; give a run folder or a model.safetensors that "
            "'msssm-ts fit' wrote"
        )
    return file


def write_artifact(
    path: str | os.PathLike[str], tensors: dict[str, Tensor], header: dict[str, Any]
) -> None:
    """Write a model file, all or nothing: an interrupted write leaves the old file as it was.

    Parameters
    ----------
    path : path
        File to write.
    tensors : dict of str to Tensor
        Weights.
    header : dict
        What JSON can hold; the schema version is added.

    Raises
    ------
    WritingError
        If the file cannot be written.
    """
    from safetensors.torch import save

    file = Path(path)
    text = json.dumps({"schema_version": SCHEMA_VERSION, **header}, allow_nan=False)
    data = save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, {_KEY: text})
    with replacing(file) as temporary:
        temporary.write_bytes(data)


def read_header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the header of a model file, brought up to the present schema.

    Parameters
    ----------
    path : path
        Model file, or the run folder that holds it.

    Returns
    -------
    dict
        Schema version that the file was written with, parameters, classes, channel names,
        sampling rate, members of the vote, history, versions.

    Raises
    ------
    InputError
        If the file is missing, damaged, foreign, or newer than this version can read.
    """
    return _read(resolve_model_path(path), with_tensors=False)[1]


def read_artifact(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and the header of a model file (or run folder), in the present schema.

    Raises
    ------
    InputError
        If the file is missing, damaged, foreign, or newer than this version can read.
    """
    return _read(resolve_model_path(path), with_tensors=True)


def _read(file: Path, with_tensors: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as stream:
            metadata = stream.metadata() or {}
            names = list(stream.keys()) if _KEY in metadata else []
            # Of the small ones even a header needs to know: older files kept facts in them.
            wanted = names if with_tensors else [n for n in names if _is_fact(n)]
            tensors = {name: stream.get_tensor(name) for name in wanted}
    except SafetensorError as error:
        raise InputError(
            f"{file}: damaged or not a model file ({error}); train again or fetch a fresh copy"
        ) from error
    if _KEY not in metadata:
        raise InputError(f"{file}: a safetensors file, but not one that msssm-ts wrote")
    try:
        header = json.loads(metadata[_KEY])
        version = int(header["schema_version"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: its header is damaged; train again") from error
    if version > SCHEMA_VERSION:
        raise InputError(
            f"{file}: written with schema version {version}, this msssm-ts reads up to "
            f"{SCHEMA_VERSION}; upgrade with 'pip install --upgrade msssm-ts'"
        )
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{file}: weight {name} holds NaN or infinity; train again")
    try:
        header, tensors = upgraded(header, tensors)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"{file}: its contents do not fit together ({error}); train again"
        ) from error
    return tensors, header


def _is_fact(name: str) -> bool:
    return name.endswith((".fit", ".sizes"))
