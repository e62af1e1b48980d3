"""Files that a command writes, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msssm_ts.atomic import is_being_written, replacing
from msssm_ts.errors import InputError, WritingError


def claim(
    file: Path,
    *,
    force: bool,
    inputs: Iterable[str | Path | None] = (),
    suffix: str | None = None,
    what: str = "",
) -> None:
    """Refuse a file that cannot be written, or must not be replaced, before anything long begins.

    Parameters
    ----------
    file : Path
        To be written when the work is done.
    force : bool
        Whether the user asked to replace what is there.
    inputs : iterable of str, path or None
        What the command reads: never replaced.
    suffix, what : str
        The suffix that the file must have, and why.

    Raises
    ------
    InputError
        If it has another suffix, is a folder or an input, exists already, or cannot be written.
    WritingError
        If the disk has no room.
    """
    if suffix is not None and file.suffix.lower() != suffix:
        raise InputError(f"{file}: {what}; give a name that ends in {suffix}")
    if not file.absolute().parent.is_dir():
        raise InputError(f"{file}: its folder does not exist; make it first")
    if file.is_dir():
        raise InputError(f"{file}: is a folder; give the name of a file")
    if file.exists():
        for source in inputs:
            if source is not None and Path(source).exists() and file.samefile(source):
                raise InputError(
                    f"{file}: is what the command reads; give another name for the result"
                )
        if not force:
            raise InputError(f"{file}: exists already; give another name, or --force to replace it")
    try:
        with replacing(file, keep=False) as temporary:
            temporary.touch()
    except WritingError as error:
        if error.out_of_room:
            raise
        raise InputError(
            f"{file}: cannot be written ({error.reason}); give another name"
        ) from error
    refuse_second_writer(file)


def refuse_second_writer(file: Path) -> None:
    """Refuse to write what another process is writing: what it has written would be lost.

    Raises
    ------
    InputError
        If one does.
    """
    if is_being_written(file):
        raise InputError(
            f"{file}: another process is writing it; wait for it, or give another name"
        )


def make_folder(folder: Path) -> None:
    """Make the folder for results, before anything long begins.

    Raises
    ------
    InputError
        If it cannot be made or written.
    WritingError
        If the disk has no room.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; give the name of a folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / "probe", keep=False) as probe:
            probe.touch()
    except OSError as error:
        failure = WritingError(folder, error)
        if failure.out_of_room:
            raise failure from error
        raise InputError(
            f"{folder}: cannot be written ({failure.reason}); give another folder with --out"
        ) from error


@contextmanager
def no_empty_folder(folder: Path) -> Iterator[None]:
    """While something is made for a folder; where nothing came of it, no new folder stays."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    finally:
        for path in new:
            # Not where something is in it, or another command has removed it.
            with suppress(OSError):
                path.rmdir()


def write_text(file: Path, text: str) -> None:
    """Write a text, all or nothing."""
    with replacing(file) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
