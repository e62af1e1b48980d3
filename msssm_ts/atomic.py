"""Files that are written all or nothing: a reader finds the old one or the new one, whole."""

from __future__ import annotations

import os
import re
import secrets
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msssm_ts.errors import WritingError

# .NAME.HOST-PID-RANDOM.part, so that a later process can tell whether the writer is alive.
_PART = re.compile(r"^\..*\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{8}\.part$")
# The name of the file is kept for a person to read; file systems take 255 bytes.
_LONGEST_NAME = 60
# A part that another machine left is nobody's after so many seconds.
_FORGOTTEN = 86_400.0


@contextmanager
def replacing(file: Path, *, keep: bool = True) -> Iterator[Path]:
    """Give a file to write instead; an interrupted write leaves the old one as it was.

    The new file is on the disk before it takes the old one's name.

    Parameters
    ----------
    file : Path
        To be written. Of a symbolic link what it leads to is.
    keep : bool
        Without it the new file is thrown away again, which shows that it could be written.

    Raises
    ------
    WritingError
        If it cannot be written: no space, no permission. What was there is as it was.

    Examples
    --------
    >>> file = Path(getfixture("tmp_path")) / "a.txt"
    >>> with replacing(file) as temporary:
    ...     _ = temporary.write_text("all of it")
    >>> file.read_text()
    'all of it'
    """
    target = led_to(file)
    with passing(target) as temporary:
        try:
            yield temporary
            if keep:
                _to_disk(temporary)
                os.replace(temporary, target)
                _to_disk(target.parent)
        except WritingError:
            raise
        except OSError as error:
            raise WritingError(file, error) from error


def led_to(file: Path) -> Path:
    """Return what a symbolic link leads to, there or not; any other file as it is."""
    return Path(os.path.realpath(file)) if file.is_symlink() else file


@contextmanager
def passing(file: Path) -> Iterator[Path]:
    """Give a name beside a file's for one that lasts as long as the block, or as this process.

    What a process that was killed has left goes when a file of that name is next written.

    Examples
    --------
    >>> file = Path(getfixture("tmp_path")) / "a.txt"
    >>> with passing(file) as temporary:
    ...     _ = temporary.write_text("for now")
    >>> temporary.exists(), file.exists()
    (False, False)
    """
    remove_left_over(file.parent, file.name)
    temporary = file.with_name(
        f".{file.name[:_LONGEST_NAME]}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.part"
    )
    try:
        yield temporary
    finally:
        # Where nothing can be written nothing is there, and why is told already.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove_left_over(folder: Path, name: str | None = None) -> None:
    """Remove what dead processes have left half written in a folder: of one file, or of all."""
    for part, host, pid in _parts(folder, name):
        if _is_dead(part, host, pid):
            with suppress(OSError):
                part.unlink(missing_ok=True)


def is_being_written(file: Path) -> bool:
    """Whether another process of this machine is about to give a file another content.

    Examples
    --------
    >>> is_being_written(Path(getfixture("tmp_path")) / "a.txt")
    False
    """
    return any(
        host == _host() and pid != os.getpid() and not _is_dead(part, host, pid)
        for part, host, pid in _parts(led_to(file).parent, led_to(file).name)
    )


def _parts(folder: Path, name: str | None) -> Iterator[tuple[Path, str, int]]:
    """Yield what is half written in a folder, of one file or of all, with host and process."""
    try:
        entries = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return
    start = "." if name is None else f".{name[:_LONGEST_NAME]}."
    for entry in entries:
        found = _PART.match(entry) if entry.startswith(start) else None
        if found:
            yield folder / entry, found["host"], int(found["pid"])


def _is_dead(part: Path, host: str, pid: int) -> bool:
    if host == _host() and sys.platform != "win32":
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
    try:
        return time.time() - part.stat().st_mtime > _FORGOTTEN
    except OSError:
        return False


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _to_disk(path: Path) -> None:
    """Wait until a file or a folder's names are where a power cut leaves them."""
    if path.is_dir() and sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() or sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError:
        # Some network file systems cannot; a failed write has been told before.
        if not path.is_dir():
            raise
    finally:
        os.close(handle)
