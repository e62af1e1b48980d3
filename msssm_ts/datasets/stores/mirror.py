"""Copies of what lies in stores: fetched once, checked against the store at every run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO, Any

from msssm_ts.atomic import replacing
from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.named.dataset import FOLDER_VARIABLE, data_folder
from msssm_ts.datasets.stores.address import Address, parse_address
from msssm_ts.datasets.stores.listing import Listing, StoredFile, list_store
from msssm_ts.errors import FetchError, InputError, WritingError
from msssm_ts.teller import teller
from msssm_ts.text import counted, size_text

# So many files are fetched at a time, in pieces of so many bytes; the disk keeps so much free.
_AT_A_TIME, _BLOCK, _SPARE = 4, 1 << 23, 1 << 28
_ATTEMPTS = 3
_PAUSE = 0.2
_KNOWN = ".fetched.jsonl"
_AGAIN = "run it again to go on with what is missing"


def stores_folder() -> Path:
    """Return the folder of the copies: ``stores`` beside the named data sets.

    Examples
    --------
    >>> stores_folder().name
    'stores'
    """
    return data_folder() / "stores"


def local_copy(text: str) -> tuple[Path, Address]:
    """Return where on this machine the file or folder of an address can be read.

    What is not there yet, or is another version in the store, is fetched; what the store has no
    more is removed. Files of ``file://`` are read where they are.

    Parameters
    ----------
    text : str
        ``scheme://...``, perhaps with ``:train`` or ``:test`` behind it.

    Raises
    ------
    InputError
        If there is nothing, the store cannot be read, or the disk has too little room.
    FetchError
        If a file cannot be fetched.
    WritingError
        If it cannot be written; a later call goes on with what is there.
    """
    address = parse_address(text)
    if address.here is not None:
        if not address.here.exists():
            raise InputError(f"{address.url}: no such file or folder")
        return address.here, address
    listing = list_store(address)
    key = hashlib.sha256(address.url.rstrip("/").encode()).hexdigest()[:16]
    top = stores_folder() / f"{address.scheme}-{key}"
    root = top if listing.is_file else top / listing.name
    with _alone(top):
        _bring(listing, root, top, address)
    return root / listing.name if listing.is_file else root, address


@contextlib.contextmanager
def named_by_address(copy: str | Path, url: str) -> Iterator[None]:
    """Name what is wrong with a copy by the address, which the user knows.

    Examples
    --------
    >>> with named_by_address("/cache/7f/x.csv", "s3://b/x.csv"):
    ...     raise InputError("/cache/7f/x.csv: the file is empty")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: s3://b/x.csv: the file is empty
    """
    try:
        yield
    except InputError as error:
        error.args = (str(error).replace(str(copy), url), *error.args[1:])
        raise


@contextlib.contextmanager
def _alone(top: Path) -> Iterator[None]:
    """Let one process at a time fetch into a folder."""
    from filelock import FileLock, Timeout

    try:
        top.mkdir(parents=True, exist_ok=True)
        lock = FileLock(top / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            teller.get().say(f"another process fetches into {top}; waiting for it")
            lock.acquire()
    except OSError as error:
        raise WritingError(top, error, f"name another folder by ${FOLDER_VARIABLE}") from error
    try:
        yield
    finally:
        lock.release()


def _bring(listing: Listing, root: Path, top: Path, address: Address) -> None:
    """Fetch what is missing."""
    told = teller.get()
    known = _known(top)
    missing = [f for f in listing.files if not _is_there(f, root, known)]
    gone = _remove_others(listing, root)
    total = sum(f.size or 0 for f in listing.files)
    wanted = sum(f.size or 0 for f in missing)
    n = len(listing.files)
    line = f"{address.url}: {counted(n, 'file')}, {size_text(total)}"
    if listing.n_hidden:
        line += f"; left out: {listing.n_hidden} hidden"
    if gone:
        line += f"; {gone} that the store has no more removed from the copy"
    if not missing:
        told.say(f"{line}; all of it is in {root}")
        return
    _check_room(wanted, total, top, address)
    there = f", {size_text(total - wanted)} are there already" if len(missing) < n else ""
    told.say(f"{line}; fetching {size_text(wanted)} into {root}{there}")
    record = top / _KNOWN
    with (
        _appending(record) as stream,
        told.progress(address.url) as report,
        ThreadPoolExecutor(_AT_A_TIME) as pool,
    ):
        _Fetching(listing.store, root, top, wanted, report, stream, address).all(missing, pool)
    with replacing(record) as new:
        lines = (_entry(f) for f in listing.files)
        new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


class _Fetching:
    """One call's files on their way."""

    def __init__(
        self,
        store: Any,
        root: Path,
        top: Path,
        wanted: int,
        report: Callable[[int, int], None],
        record: IO[str],
        address: Address,
    ):
        self._store, self._root, self._top, self._address = store, root, top, address
        self._wanted, self._report, self._record = wanted, report, record
        self._done, self._stopped = 0, False
        self._counting = threading.Lock()

    def all(self, files: Sequence[StoredFile], pool: ThreadPoolExecutor) -> None:
        """Fetch files, a few at a time; after a failure no other is begun."""
        waiting = {pool.submit(self._fetch, f): f for f in files}
        try:
            for future in as_completed(waiting):
                future.result()
                self._record.write(f"{_entry(waiting[future])}\n")
                self._record.flush()
        except WritingError:
            raise
        except OSError as error:
            raise WritingError(self._top, error, _AGAIN) from error
        finally:
            self._stopped = True
            for future in waiting:
                future.cancel()

    def _fetch(self, file: StoredFile) -> None:
        """Fetch a file, again where the connection breaks off."""
        target = self._root / file.name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WritingError(target.parent, error, _AGAIN) from error
        with replacing(target) as new:
            for attempt in range(_ATTEMPTS):
                try:
                    return self._copy(file, new)
                except (WritingError, InputError, FetchError):
                    raise
                except Exception as error:
                    # Packages raise what they like of a connection.
                    if attempt + 1 == _ATTEMPTS or self._stopped:
                        raise FetchError(
                            f"{self._address.url}: {file.name} cannot be fetched "
                            f"({reason_of(error)}); run it again to go on with what is missing"
                        ) from error
                    time.sleep(_PAUSE * 2**attempt)

    def _copy(self, file: StoredFile, new: Path) -> None:
        n_bytes = 0
        with self._store.open(file.path, "rb", block_size=_BLOCK) as source, _opened(new) as stream:
            while block := source.read(_BLOCK):
                if self._stopped:
                    raise FetchError(f"{self._address.url}: stopped; run it again to go on")
                n_bytes += len(block)
                if file.size is None:
                    _check_room(len(block), n_bytes, self._top, self._address)
                elif n_bytes > file.size:
                    break
                try:
                    stream.write(block)
                except OSError as error:
                    raise WritingError(new, error, _AGAIN) from error
                self._count(len(block))
        if file.size is not None and n_bytes != file.size:
            raise FetchError(
                f"{self._address.url}: {file.name} has not the {file.size} bytes that the store "
                "says; run it again, it may just have been replaced"
            )

    def _count(self, n_bytes: int) -> None:
        with self._counting:
            self._done += n_bytes
            self._report(self._done, max(self._wanted, self._done))


def _opened(file: Path) -> IO[bytes]:
    try:
        return file.open("wb")
    except OSError as error:
        raise WritingError(file, error, _AGAIN) from error


@contextlib.contextmanager
def _appending(record: Path) -> Iterator[IO[str]]:
    try:
        stream = record.open("a", encoding="utf-8")
    except OSError as error:
        raise WritingError(record, error) from error
    with stream:
        # Behind a line that was cut off.
        stream.write("\n")
        yield stream


def _entry(file: StoredFile) -> str:
    return json.dumps([file.name, file.size, file.stamp])


def _known(top: Path) -> dict[str, tuple[int | None, str]]:
    """Return size and stamp of the files that were fetched, by name."""
    found: dict[str, tuple[int | None, str]] = {}
    try:
        lines = (top / _KNOWN).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            name, size, stamp = json.loads(line)
        except (ValueError, TypeError):
            # Cut off in the midst.
            continue
        found[str(name)] = (size, stamp)
    return found


def _is_there(file: StoredFile, root: Path, known: dict[str, tuple[int | None, str]]) -> bool:
    if known.get(file.name) != (file.size, file.stamp) or (file.size is None and not file.stamp):
        return False
    try:
        size = (root / file.name).stat().st_size
    except OSError:
        return False
    return file.size is None or size == file.size


def _remove_others(listing: Listing, root: Path) -> int:
    """Remove what the store has no more, so that no reader finds it; return how many."""
    wanted = {f.name for f in listing.files}
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            if not name.startswith(".") and file.relative_to(root).as_posix() not in wanted:
                file.unlink(missing_ok=True)
                count += 1
    return count


def _check_room(wanted: int, total: int, top: Path, address: Address) -> None:
    free = shutil.disk_usage(top).free
    if wanted + _SPARE > free:
        raise InputError(
            f"{address.url}: {size_text(total)}, of which {size_text(wanted)} are to be fetched, "
            f"but the disk of {top} has {size_text(free)} free; name a part of it, or a folder on "
            f"a larger disk by ${FOLDER_VARIABLE}"
        )
