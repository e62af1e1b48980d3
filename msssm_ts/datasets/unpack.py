"""Archives, unpacked into one folder and nowhere else."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from msssm_ts.datasets.damage import UNPACKING, reason_of
from msssm_ts.datasets.zipped import open_zip
from msssm_ts.errors import InputError, WritingError

# No recordings are packed better; small archives of zeros are.
_RATIO, _MORE, _ENTRIES = 200, 10**9, 5_000_000


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
        If the archive is damaged, a member lies outside the folder or is a link, or they take more
        than the disk has, or than such an archive can hold.
    WritingError
        If the folder cannot be written; it is as it was.

    Examples
    --------
    >>> import zipfile
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
        # A damaged archive can make the system complain, too.
        failed = WritingError(folder, error)
        if failed.out_of_room or error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise failed from error
        raise _damaged(archive, error) from error
    except (EOFError, tarfile.TarError, *UNPACKING) as error:
        raise _damaged(archive, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _damaged(archive: Path, error: Exception) -> InputError:
    return InputError(
        f"{archive}: cannot be unpacked ({reason_of(error)}); remove it and fetch it again"
    )


def _unzip(archive: Path, folder: Path) -> None:
    room = _Room(archive, folder)
    with open_zip(archive) as file:
        for member in file.infolist():
            _refuse_escape(archive, member.filename)
            room.take(member.file_size)
        file.extractall(folder)


def _untar(archive: Path, folder: Path) -> None:
    room = _Room(archive, folder)
    with tarfile.open(archive) as file:
        for member in file:
            _refuse_escape(archive, member.name)
            room.take(member.size)
            if not (member.isfile() or member.isdir()):
                raise InputError(
                    f"{archive}: {member.name} is neither file nor folder; the archive is not used"
                )
            # Owners and rights are those of whoever made the archive.
            member.uid = member.gid = os.getuid() if hasattr(os, "getuid") else 0
            member.mode = 0o755 if member.isdir() else 0o644
            file.extract(member, folder, set_attrs=False)


class _Room:
    """What an archive may still unpack to."""

    def __init__(self, archive: Path, folder: Path):
        self._archive = archive
        size = archive.stat().st_size
        self._left = min(shutil.disk_usage(folder).free, _RATIO * size + _MORE)
        self._entries = _ENTRIES

    def take(self, n_bytes: int) -> None:
        self._left -= n_bytes
        self._entries -= 1
        if self._left < 0 or self._entries < 0:
            what = "bytes than the disk has or" if self._left < 0 else "files than"
            raise InputError(
                f"{self._archive}: unpacks to more {what} an archive of its size can hold; it is "
                "not used"
            )


def _refuse_escape(archive: Path, name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[:1]:
        raise InputError(f"{archive}: {name} would lie outside its folder; the archive is not used")


def _move(entry: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    os.replace(entry, target)
