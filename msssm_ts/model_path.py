"""Where a model is, found before anything heavy is imported."""

from __future__ import annotations

import os
from pathlib import Path

from msssm_ts.errors import InputError


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
