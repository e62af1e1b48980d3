"""Downloads that resume, and are checked before they count."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msssm_ts.errors import WritingError

_BLOCK = 2**20
_TIMEOUT = 30.0
# Further attempts after a connection that broke off half-way.
_ATTEMPTS = 3
_PARTIAL, _RANGE_NOT_SATISFIABLE = 206, 416

Report = Callable[[int, int | None], None]


class DownloadError(RuntimeError):
    """A file that could not be fetched: one sentence with the address and the reason."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    report: Report = lambda done, total: None,
) -> None:
    """Fetch a file; what an earlier, interrupted call has fetched is kept and completed.

    The file appears under its name when it is complete and its checksum is right, not before.

    Parameters
    ----------
    url : str
        Where it is, over HTTP.
    target : Path
        Where to put it; the part that is there lies beside it as ``.NAME.part``.
    sha256 : str, optional
        Its checksum.
    report : callable
        Called with the bytes that are there and the bytes in all (None if unknown).

    Raises
    ------
    DownloadError
        If it cannot be fetched, or its checksum is wrong.
    WritingError
        If it cannot be written; a later call goes on with what is there.

    Examples
    --------
    >>> download("http://localhost:1/set.zip", Path("/tmp/set.zip"))
    Traceback (most recent call last):
    msssm_ts.datasets.download.DownloadError: http://localhost:1/set.zip cannot be fetched (...)
    """
    with _writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    for attempt in range(_ATTEMPTS):
        before = part.stat().st_size if part.exists() else 0
        try:
            _fetch(url, part, report)
            break
        except WritingError:
            raise
        except (OSError, http.client.HTTPException) as error:
            gained = part.exists() and part.stat().st_size > before
            if not gained or attempt == _ATTEMPTS - 1:
                raise DownloadError(f"{url} cannot be fetched ({_reason(error)})") from error
            time.sleep(1.0)
    found = checksum(part) if sha256 is not None else None
    if found != sha256:
        part.unlink()
        _validator_file(part).unlink(missing_ok=True)
        raise DownloadError(f"{url} has the SHA-256 {found}, not {sha256}; it was thrown away")
    with _writing(target):
        os.replace(part, target)
    _validator_file(part).unlink(missing_ok=True)


def _fetch(url: str, part: Path, report: Report) -> None:
    """Append to the part what is missing of it; begin anew where the server's file has changed."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "msssm-ts"}
    validator = _validator_file(part)
    if start and validator.exists():
        headers |= {"Range": f"bytes={start}-", "If-Range": validator.read_text(encoding="utf-8")}
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        total = (error.headers.get("Content-Range") or "").rpartition("/")[2]
        if error.code == _RANGE_NOT_SATISFIABLE and total == str(start):
            return
        if error.code == _RANGE_NOT_SATISFIABLE:
            part.unlink()
        raise
    with response:
        resumed = response.status == _PARTIAL
        done = start if resumed else 0
        length = response.headers.get("Content-Length")
        total_bytes = done + int(length) if length is not None else None
        with _writing(part):
            _remember_validator(validator, response.headers)
        # Unbuffered: what cannot be written fails where it is written.
        with part.open("ab" if resumed else "wb", buffering=0) as stream:
            report(done, total_bytes)
            while block := response.read(_BLOCK):
                with _writing(part):
                    _write_all(stream, block)
                done += len(block)
                report(done, total_bytes)
    if total_bytes is not None and done < total_bytes:
        raise http.client.IncompleteRead(b"", total_bytes - done)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """Tell a full disk from a broken connection."""
    try:
        yield
    except OSError as error:
        raise WritingError(file, error) from error


def _write_all(stream: io.FileIO, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[stream.write(left) :]


def _validator_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _remember_validator(file: Path, headers: Mapping[str, str]) -> None:
    """Keep what tells one version of the server's file from another; without it, none resumes."""
    etag = headers.get("ETag")
    strong = etag if etag and not etag.startswith("W/") else None
    validator = strong or headers.get("Last-Modified")
    if validator:
        file.write_text(validator, encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "empty")
    >>> file.touch()
    >>> checksum(file)[:8]
    'e3b0c442'
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return f"the connection broke off, {error.expected} bytes are missing"
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split()) or type(error).__name__
