"""Where a model is, found before anything heavy is imported."""

from __future__ import annotations

import os
from pathlib import Path

from msssm_ts.errors import InputError

_NAME = "model.safetensors"


def resolve_model_path(path: str | os.PathLike[str]) -> Path:
    """Return the model file that path names: itself, or ``model.safetensors`` in a run folder.

    Raises
    ------
    InputError
        If there is no such file.
    """
    file = Path(path)
    if file.is_dir():
        file = file / _NAME
    if not file.is_file():
        raise InputError(
            f"{file}: no such model file; give a run folder or a model.safetensors that "
            "'msssm-ts fit' wrote"
        )
    return file


def find_model(model: str, *data: str) -> Path:
    """Return a command's model file; refuse a model in the place of the data.

    Raises
    ------
    InputError
        If there is no such file, or it is one of the data that is a model.
    """
    for one in data:
        if _is_model(one) and not _is_model(model):
            raise InputError(f"{one} is a model, and {model} is none: the model comes first")
    return resolve_model_path(model)


def _is_model(path: str) -> bool:
    return path.endswith(".safetensors") or Path(path, _NAME).is_file()
