"""How much memory reading may take: what files promise is compared with it before it is built."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from msssm_ts.errors import InputError
from msssm_ts.text import size_text

# Of the memory that is free; what is read is copied at least once on its way to a model.
_SHARE = 0.5
# Where a machine does not say what it has.
UNKNOWN_MACHINE = 2 * 10**9
_UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([KMGT])(I?)B?|B?)\s*", re.IGNORECASE)

_limit: ContextVar[int | None] = ContextVar("max_memory", default=None)


def parse_size(text: str, option: str = "--max-memory") -> int:
    """Read a size in bytes: GB are 10⁹ bytes, GiB 2³⁰; case does not matter.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> parse_size("8GB"), parse_size("1.5 gib"), parse_size("500m")
    (8000000000, 1610612736, 500000000)
    """
    found = _SIZE.fullmatch(text)
    size = 0
    if found is not None:
        letter = (found[2] or "").upper()
        factor = 1024 ** ("KMGT".index(letter) + 1) if found[3] else _UNITS[letter]
        size = int(float(found[1]) * factor)
    if size < 1:
        raise InputError(f"{option} {text}: must be a size, such as 8GB, 500MB or 2GiB")
    return size


@contextlib.contextmanager
def limited(n_bytes: int | None) -> Iterator[int]:
    """Let :func:`demand` allow so many bytes; None for a share of what is free now.

    Examples
    --------
    >>> with limited(1000):
    ...     demand(5000, "x.npz", "X")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: x.npz: X would take 5 kB unpacked, more than the 1 kB ...
    """
    allowed = _machine_limit() if n_bytes is None else n_bytes
    token = _limit.set(allowed)
    try:
        yield allowed
    finally:
        _limit.reset(token)


def allowed_bytes() -> int:
    """How much may be taken: what :func:`limited` said, else the machine's share."""
    allowed = _limit.get()
    return _once() if allowed is None else allowed


def demand(n_bytes: int, file: str | os.PathLike[str], what: str = "it") -> None:
    """Refuse what would take more memory than is allowed, before it is built.

    Parameters
    ----------
    n_bytes : int
        What it takes in memory.
    file : str or path
        Where it stands.
    what : str
        What it is, for the message.

    Raises
    ------
    InputError
        If that is more than ``--max-memory`` allows.
    """
    allowed = allowed_bytes()
    if n_bytes > allowed:
        raise InputError(
            f"{os.fspath(file)}: {what} would take {size_text(n_bytes)} unpacked, more than the "
            f"{size_text(allowed)} that --max-memory allows; raise it if you trust the file and "
            "the machine has the memory"
        )


class Bounded(io.RawIOBase):
    """A stream whose end is not known before it is unpacked: refused when more has come than may.

    Parameters
    ----------
    stream : binary stream
        That unpacks.
    file : Path
        For the message.
    """

    def __init__(self, stream: IO[bytes], file: Path):
        super().__init__()
        self._stream, self._file, self._allowed = stream, file, allowed_bytes()
        self._come = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack as much as the buffer holds."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._come += len(data)
        if self._come > self._allowed:
            raise InputError(
                f"{self._file}: takes more unpacked than the {size_text(self._allowed)} that "
                "--max-memory allows; raise it if you trust the file and the machine has the memory"
            )
        return len(data)


class Within:
    """Calls a function with a limit, wherever and whenever that is; pickles for workers.

    Parameters
    ----------
    read : callable
        Of one argument.
    n_bytes : int
        The limit.
    """

    def __init__(self, read: Callable[[Any], Any], n_bytes: int):
        self.read, self.n_bytes = read, n_bytes

    def __call__(self, item: Any) -> Any:
        """Call it."""
        with limited(self.n_bytes):
            return self.read(item)


@lru_cache(maxsize=1)
def _once() -> int:
    return _machine_limit()


def _machine_limit() -> int:
    """Return a share of the free memory of the machine, or of the container that this runs in."""
    known = [n for n in (_free_of_machine(), _free_of_group()) if n is not None]
    return int(_SHARE * min(known)) if known else UNKNOWN_MACHINE


def _free_of_machine() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    try:
        # macOS says what there is, not what is free.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _free_of_group() -> int | None:
    """Return what a control group, as containers are, has left; None where there is no limit.

    The group's own path is looked for above the mount's root, and then at the root, which is what
    a container sees of itself.
    """
    try:
        groups = [g.split(":", 2) for g in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return None
    left: list[int] = []
    for _, controllers, path in (g for g in groups if len(g) == 3):
        if controllers not in ("", "memory"):
            continue
        root = Path("/sys/fs/cgroup", controllers)
        names = (
            ("memory.max", "memory.current", "inactive_file")
            if not controllers
            else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        )
        own = root / path.strip("/")
        for place in (own, *own.parents):
            left += _left_in(place, *names)
            if place == root:
                break
    return min(left, default=None)


def _left_in(place: Path, limit: str, usage: str, reclaimable: str) -> list[int]:
    try:
        most = int((place / limit).read_text())
        used = int((place / usage).read_text())
        stat = (line.split() for line in (place / "memory.stat").read_text().splitlines())
        # Pages of files that can be dropped are counted as used.
        spare = next((int(n) for name, n in stat if name == reclaimable), 0)
    # "max" where there is no limit.
    except (OSError, ValueError):
        return []
    # Version 1 says "no limit" as a number larger than any memory.
    return [max(most - used + spare, 0)] if most < 1 << 60 else []
