"""Files that a command writes, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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


def make_folder(folder: Path) -> None:
    """Make the folder for results, before anything long begins.

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


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Give a file to write instead; an interrupted write leaves the old one as it was."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        yield temporary
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write a text, all or nothing."""
    with replacing(file) as temporary:
        temporary.write_text(text, encoding="utf-8")
