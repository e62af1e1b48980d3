"""Files that a command writes, all or nothing."""

from __future__ import annotations

import os
from pathlib import Path

from msssm_ts.errors import InputError


def check_output(file: Path, suffix: str, what: str) -> None:
    """Refuse a name that cannot be written, before anything long begins.

    Raises
    ------
    InputError
        If it has another suffix, or its folder does not exist.
    """
    if file.suffix.lower() != suffix:
        raise InputError(f"{file}: {what}; give a name that ends in {suffix}")
    if not file.absolute().parent.is_dir():
        raise InputError(f"{file}: its folder does not exist; make it first")


def write_text(file: Path, text: str) -> None:
    """Write a file; an interrupted write leaves the old one as it was."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
