"""Files are tried out in another process first where a library can hang or crash on them.

libhdf5 does not end on some damaged files, and pyarrow ends the process on some footers of Parquet
files.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from functools import lru_cache
from pathlib import Path

from msssm_ts.datasets.memory import allowed_bytes
from msssm_ts.errors import InputError

_NAMES = {"hdf5": "HDF5", "parquet": "Parquet"}
# Seconds that a file may take, and bytes a second beyond.
_SECONDS, _RATE = 5.0, 20_000_000
_SCRIPT = Path(__file__).with_name("probe_child.py")
# What Python and the library take before a file is opened.
_BASE = 1 << 30


class Child:
    """The process, started when it is first asked, and again after a file that it did not survive.

    Children of a fork start their own: two readers of one pipe would get each other's answers.

    Parameters
    ----------
    library : str
        Which it tries: ``"hdf5"`` or ``"parquet"``.
    script : Path
        What it runs.
    """

    def __init__(self, library: str, script: Path = _SCRIPT):
        self._command = [sys.executable, str(script), library]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        atexit.register(self.stop)

    def ask(self, path: str, seconds: float) -> bool:
        """Whether the process has read a file to its end, well or not, in time.

        Where there is no such process to be had, nothing speaks against the file.
        """
        with self._lock:
            process = self._running()
            if process is None:
                return True
            assert process.stdin is not None
            assert process.stdout is not None
            clock = threading.Timer(seconds, process.kill)
            clock.start()
            try:
                process.stdin.write(json.dumps(path) + "\n")
                process.stdin.flush()
                answered = bool(process.stdout.readline())
            except OSError:
                answered = False
            finally:
                clock.cancel()
            if not answered:
                self._end()
            return answered

    def stop(self) -> None:
        """End the process."""
        if self._owner == os.getpid():
            self._end()

    def _running(self) -> subprocess.Popen[str] | None:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._owner = os.getpid()
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            except OSError:
                self._process = None
                return None
            _limit_memory(self._process.pid, allowed_bytes() + _BASE)
            assert self._process.stdout is not None
            # Its start is not the file's time; a library that only this process finds ends it.
            if not self._process.stdout.readline():
                self._end()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


_children = {library: Child(library) for library in ("hdf5", "parquet")}


def check_ends(file: Path, library: str) -> None:
    """Refuse a file that a library does not come back from.

    Parameters
    ----------
    file : Path
        The file.
    library : {"hdf5", "parquet"}
        What is to read it.

    Raises
    ------
    InputError
        If another process crashed on it, or did not come to its end within five seconds, and more
        for large files, and within the memory that reading may take.
    """
    try:
        known = file.stat()
    except OSError:
        # Whoever opens it says why it cannot be.
        return
    if not _ends(library, os.path.abspath(file), known.st_size, known.st_mtime_ns):
        raise InputError(
            f"{file}: damaged: the library for {_NAMES[library]} crashes on it, or does not come "
            "to its end; replace the file"
        )


@lru_cache(maxsize=4096)
def _ends(library: str, path: str, size: int, changed: int) -> bool:
    return _children[library].ask(path, _SECONDS + size / _RATE)


def _limit_memory(pid: int, n_bytes: int) -> None:
    """Bound a process's memory, where the system can."""
    if sys.platform == "linux":
        import resource

        resource.prlimit(pid, resource.RLIMIT_AS, (n_bytes, n_bytes))
