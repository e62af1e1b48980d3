"""Compiled kernels on disk, for the next process: a file each, checked before it is loaded.

numba's own cache believes its files. They are pickles, and what they hold is executed: here a file
is read only where nobody else can have written it, and only with the checksum that it begins with.
Whatever is wrong with the cache costs time, never a result: the kernel is compiled anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import logging
import os
import pickle
import re
import shutil
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import platformdirs
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from msssm_ts.atomic import replacing
from msssm_ts.errors import WritingError
from msssm_ts.kernels.trust import distrusted
from msssm_ts.text import visible

# Also what numba's own cache left, of earlier versions of the package.
_GENERATION = re.compile(r"(numba|kernels)-[0-9a-f]{16}")
_FORGOTTEN = 30 * 86_400.0
_CHECKSUM = hashlib.sha256().digest_size

_told = False


@cache
def cache_directory() -> Path:
    """Folder that holds the compiled kernels, in ``MSSSM_TS_CACHE_DIR`` or the user's cache folder.

    The last part of the name is a digest of the sources of all kernels and of the compiler's
    versions: a change in a function or a constant that a kernel takes from elsewhere shows in no
    other way.
    """
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    # Links are followed once: what is checked is what is read.
    return Path(os.path.realpath(_chosen()), f"kernels-{digest.hexdigest()[:16]}")


def has_compiled_kernels() -> bool:
    """Whether earlier processes have left compiled kernels, so that a start is quick."""
    return _objection() is None and next(cache_directory().glob("*.nbc"), None) is not None


def cache_report() -> str:
    """Say where compiled kernels are kept, or why they are not.

    Examples
    --------
    >>> cache_report() == str(cache_directory())
    True
    """
    folder = cache_directory()
    there = next(p for p in (folder, *folder.parents) if os.path.exists(p))
    writable = there.is_dir() and os.access(there, os.W_OK)
    objection = _objection() or (None if writable else f"{there} cannot be written")
    return f"none ({objection})" if objection else str(folder)


def _chosen() -> Path:
    chosen = os.environ.get("MSSSM_TS_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("msssm-ts", appauthor=False)


def _objection(file: Path | None = None) -> str | None:
    """Say why nothing is to be read or written in the cache, or of a file in it."""
    named = _chosen().absolute()
    for place in (named, *named.parents):
        # Its target may be on a disk that is not there: not the moment to make it anew.
        if os.path.islink(place) and not os.path.exists(place):
            return f"{place} is a link to nothing"
    return distrusted(file or cache_directory())


def _tell_once(sentence: str) -> None:
    """Write the process's one line about its cache: a cache that fails does so for every kernel."""
    global _told
    if not _told:
        _told = True
        logging.getLogger("msssm_ts").warning("msssm-ts: %s", visible(sentence))


def _tell_unusable(reason: str) -> None:
    _tell_once(
        f"cache of compiled kernels not used, each run compiles them anew: {reason}; mend that, or "
        "set MSSSM_TS_CACHE_DIR to a folder of your own"
    )


def _tell_damaged(file: Path) -> None:
    _tell_once(
        f"cache of compiled kernels: {file} is damaged, and compiled anew; if that comes again, "
        f"delete {file.parent}"
    )


class CompiledCache:
    """The files of one kernel, in the place of numba's own cache of a dispatcher.

    Parameters
    ----------
    function : callable
        What is compiled.
    """

    def __init__(self, function: Callable[..., Any]):
        self._function = function

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(cache_directory())

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return what was compiled for types of arguments; None where it cannot be had."""
        context.refresh()
        file = self._file(signature, context.codegen())
        try:
            data = _read(file)
            if data is None:
                return None
            return CompileResult._rebuild(context, *pickle.loads(data))
        except OSError as error:
            _tell_unusable(_reason(error))
        except Exception:
            # A file of another build of numba can fail in any way.
            _tell_damaged(file)
        return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep what was compiled for types of arguments, where it can be kept."""
        if compiled.library.has_dynamic_globals:
            # Addresses of this process.
            return
        try:
            _write(self._file(signature, compiled.codegen), dumps(compiled._reduce()))
            _tidy()
        except OSError as error:
            _tell_unusable(_reason(error))

    def flush(self) -> None:
        """Forget what is kept of the kernel, for numba's ``recompile``."""
        for file in cache_directory().glob(f"{self._name()}-*.nbc"):
            file.unlink(missing_ok=True)

    def _name(self) -> str:
        source = Path(inspect.getfile(self._function)).stem
        return f"{source}.{self._function.__qualname__}".replace("<", "").replace(">", "")

    def _file(self, signature: Any, codegen: Any) -> Path:
        """Name a file by everything that its contents follow from."""
        code, cells = self._function.__code__, self._function.__closure__ or ()
        digest = hashlib.sha256(
            repr((str(signature), codegen.magic_tuple(), sys.version, sys.byteorder)).encode()
        )
        digest.update(_source(inspect.getfile(self._function)))
        digest.update(code.co_code)
        digest.update(dumps(tuple(cell.cell_contents for cell in cells)))
        return cache_directory() / f"{self._name()}-{digest.hexdigest()[:32]}.nbc"


@cache
def _source(file: str) -> bytes:
    return Path(file).read_bytes()


def _read(file: Path) -> bytes | None:
    """Return what was kept in a file; None if there is none, or none that can be believed."""
    try:
        contents = b"" if (objection := _objection(file)) else file.read_bytes()
    except FileNotFoundError:
        return None
    if objection:
        _tell_unusable(objection)
        return None
    data = contents[_CHECKSUM:]
    if hashlib.sha256(data).digest() != contents[:_CHECKSUM]:
        _tell_damaged(file)
        return None
    _mark_used()
    return data


def _write(file: Path, data: bytes) -> None:
    if objection := _objection(file):
        _tell_unusable(objection)
        return
    for folder in reversed([file.parent, *file.parent.parents]):
        if not os.path.exists(folder):
            # For nobody else, whatever the umask: the next process would not read it.
            folder.mkdir(0o700, exist_ok=True)
    with replacing(file) as temporary:
        temporary.touch(0o600)
        temporary.write_bytes(hashlib.sha256(data).digest() + data)


@cache
def _mark_used() -> None:
    with contextlib.suppress(OSError):
        os.utime(cache_directory())


@cache
def _tidy() -> None:
    """Remove the kernels of other versions, where no process has used them for a month."""
    current = cache_directory()
    for folder in current.parent.iterdir():
        unused = time.time() - folder.lstat().st_mtime > _FORGOTTEN
        if unused and folder != current and _GENERATION.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def _reason(error: OSError) -> str:
    if isinstance(error, WritingError):
        return f"{error.file}: {error.reason}"
    return f"{error.filename}: {(error.strerror or str(error)).lower()}"
