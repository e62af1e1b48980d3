"""Archives, unpacked into one folder and nowhere else."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from msssm_ts.errors import InputError, WritingError


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .zip or .tar.gz file; its files appear when all of them are unpacked.

    Parameters
    ----------
    archive : Path
        The file.
    folder : Path
        Gets the files; those of the same names are replaced.

    Raises
    ------
    InputError
        If the archive is damaged, or a member lies outside the folder or is a link.
    WritingError
        If the folder cannot be written; it is as it was.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with zipfile.ZipFile(folder / "a.zip", "w") as file:
    ...     file.writestr("set/x.txt", "1")
    >>> unpack(folder / "a.zip", folder)
    >>> (folder / "set" / "x.txt").read_text()
    '1'
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder))
    except OSError as error:
        raise WritingError(folder, error) from error
    try:
        if archive.name.endswith(".zip"):
            _unzip(archive, temporary)
        else:
            _untar(archive, temporary)
        for entry in temporary.iterdir():
            _move(entry, folder / entry.name)
    except OSError as error:
        if error.errno is not None:
            raise WritingError(folder, error) from error
        raise _damaged(archive, error) from error
    except (EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
        raise _damaged(archive, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _damaged(archive: Path, error: Exception) -> InputError:
    return InputError(
        f"{archive}: cannot be unpacked ({' '.join(str(error).split())}); remove it and fetch it "
        "again"
    )


def _unzip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            _refuse_escape(archive, member.filename)
        file.extractall(folder)


def _untar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as file:
        for member in file:
            _refuse_escape(archive, member.name)
            if not (member.isfile() or member.isdir()):
                raise InputError(
                    f"{archive}: {member.name} is neither file nor folder; the archive is not used"
                )
            # Owners and rights are those of whoever made the archive.
            member.uid = member.gid = os.getuid() if hasattr(os, "getuid") else 0
            member.mode = 0o755 if member.isdir() else 0o644
            file.extract(member, folder, set_attrs=False)


def _refuse_escape(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[:1]:
        raise InputError(f"{archive}: {name} would lie outside its folder; the archive is not used")


def _move(entry: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    os.replace(entry, target)
