"""Addresses of stores, ``scheme://...``, and what opens them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.options import Split
from msssm_ts.errors import InputError
from msssm_ts.optional import needed
from msssm_ts.text import meant

_ADDRESS = re.compile(r"([a-z][a-z0-9+.\-]+)://.*", re.IGNORECASE | re.DOTALL)
_PART = re.compile(r"(.+):(train|test)", re.DOTALL)
_HERE = frozenset({"file", "local"})
# What opens a scheme, where it is not fsspec itself.
_OPENED_BY = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), "adlfs"),
    **dict.fromkeys(("http", "https"), "aiohttp"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    **{"hf": "huggingface_hub", "oss": "ossfs", "smb": "smbprotocol", "webdav": "webdav4"},
    **dict.fromkeys(("hdfs", "arrow_hdfs"), "pyarrow"),
}
_KNOWN = (*_OPENED_BY, "file", "ftp", "memory")
# Schemes of fsspec that wrap another address, or run code.
_WRAPPERS = frozenset(
    (
        *("async_wrapper", "asynclocal", "asyncwrapper", "blockcache", "cached", "data", "dir"),
        *("filecache", "generic", "libarchive", "pyscript", "reference", "simplecache", "tar"),
        *("zip", "dask", "jlab", "jupyter"),
    )
)


class Address(NamedTuple):
    """An address, without the part of a split that may stand behind it.

    Parameters
    ----------
    url : str
        ``scheme://...``.
    scheme : str
        In small letters.
    split : {"train", "test"}, optional
        What stood behind it, as in ``s3://bucket/set:test``.
    """

    url: str
    scheme: str
    split: Split | None = None

    @property
    def here(self) -> Path | None:
        """The path of an address on this machine (``file://``); None for others."""
        if self.scheme not in _HERE:
            return None
        from urllib.parse import unquote, urlsplit

        rest = self.url.partition("://")[2]
        # file:///a/b as standards have it, file://a/b as fsspec does.
        named = unquote(urlsplit(f"file:///{rest}").path)
        return Path(named[1:] or "/")


def is_address(source: object) -> TypeGuard[str]:
    """Whether a source is the address of a store, rather than a path or a name.

    Examples
    --------
    >>> is_address("s3://bucket/set"), is_address("set/x.csv"), is_address("JapaneseVowels:test")
    (True, False, False)
    """
    return isinstance(source, str) and _ADDRESS.fullmatch(source) is not None


def parse_address(text: str) -> Address:
    """Return an address, and the part of a split behind it.

    Raises
    ------
    InputError
        If it has a password in it, wraps another address, or no reader knows its scheme.

    Examples
    --------
    >>> parse_address("s3://bucket/set:test")
    Address(url='s3://bucket/set', scheme='s3', split='test')
    """
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    if "@" in rest.partition("/")[0] and ":" in rest.partition("@")[0]:
        shown = f"{scheme}://…@{rest.partition('@')[2]}"
        raise InputError(
            f"{shown}: a password in an address would be kept in the files of a run; give it as "
            "the package that opens the store takes it, in a file or in the environment"
        )
    if "::" in text or scheme in _WRAPPERS:
        raise InputError(
            f"{text}: addresses that wrap others are not read; name the file or folder itself"
        )
    if not rest.strip("/") and scheme not in _HERE:
        raise InputError(f"{text}: names no file or folder; put one behind {scheme}://")
    found = _PART.fullmatch(rest)
    if found is None:
        return Address(f"{scheme}://{rest}", scheme)
    split: Split = "test" if found[2] == "test" else "train"
    return Address(f"{scheme}://{found[1]}", scheme, split)


def check_opens(address: Address) -> None:
    """Refuse an address that nothing here opens; the store is not asked.

    Raises
    ------
    InputError
        If the scheme is unknown, or its package is not installed.
    """
    if address.here is None:
        open_store(address)


def open_store(address: Address) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the path in it.

    Raises
    ------
    InputError
        If the scheme is unknown, its package is not installed, or its settings are wrong.
    """
    needed("stores", f"{address.url}: a store")
    import fsspec.core

    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(address.url)
    except ImportError as error:
        package = _OPENED_BY.get(address.scheme)
        remedy = (
            reason_of(error)
            if package is None
            else f"run: {shlex.join(['python', '-m', 'pip', 'install', package])}"
        )
        what = package or "a package"
        raise InputError(
            f"{address.url}: {address.scheme}:// needs {what}, which is not installed; {remedy}"
        ) from error
    except Exception as error:
        # Packages raise what they like about their settings.
        if isinstance(error, ValueError) and "rotocol not known" in str(error):
            raise InputError(
                f"{address.url}: nothing here opens {address.scheme}://; known are "
                f"{', '.join(sorted(_KNOWN))}{meant(address.scheme, _KNOWN)}"
            ) from error
        raise InputError(
            f"{address.url}: cannot be opened ({reason_of(error)}); mend the address or the "
            "settings of the store"
        ) from error
    return found
