"""Where a model is, found before anything heavy is imported."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from msssm_ts.errors import InputError
from msssm_ts.text import meant

_NAME = "model.safetensors"
# What msssm-ts pretrain writes instead.
ENCODER_NAME = "encoder.safetensors"
# Files of runs that leave no model, what these are, and what makes one.
_OTHERS = (
    (ENCODER_NAME, "an encoder of msssm-ts pretrain", "fit DATA --init {run}' makes one with it"),
    ("best.toml", "a search of msssm-ts tune", "fit DATA --config {run}/best.toml' makes one"),
    ("scores.json", "a cross-validation", "fit DATA --config {run}/config.toml' makes one"),
    ("checkpoint", "a run that was cut short", "fit --resume {run}' goes on with a fit"),
)
# Names that are looked through for the one that is meant.
_MOST = 2000


def resolve_model_path(path: str | os.PathLike[str]) -> Path:
    """Return the model file that path names: itself, or ``model.safetensors`` in a run folder.

    Raises
    ------
    InputError
        If there is no such file.
    """
    file = Path(path)
    if file.is_dir():
        file /= _NAME
        for name, what, remedy in () if file.is_file() else _OTHERS:
            if (Path(path) / name).exists():
                raise InputError(
                    f"{path}: holds {what}, and no model: 'msssm-ts {remedy.format(run=path)}"
                )
    if not file.is_file():
        raise InputError(
            f"{file}: no such model file; give a run folder or a model.safetensors that "
            f"'msssm-ts fit' wrote{meant(str(path), _models_beside(Path(path)), 0.66)}"
        )
    return file


def names_beside(path: Path) -> list[str]:
    """Return what lies where a path leads that there is not, spelt as the path is.

    Parameters
    ----------
    path : Path
        As it was typed.
    """
    try:
        with os.scandir(path.parent) as entries:
            return [str(path.with_name(entry.name)) for entry in islice(entries, _MOST)]
    except (OSError, ValueError):
        return []


def _models_beside(path: Path) -> list[str]:
    return [name for name in names_beside(path) if _is_model(name)]


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
