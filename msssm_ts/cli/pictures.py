"""Pictures, written all or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def make_folder(folder: Path) -> None:
    """Make the folder for pictures, before anything long begins.

    Raises
    ------
    InputError
        If it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".write_test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); give another folder with --out"
        ) from error


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        figure.savefig(temporary, format="png")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
