"""What lies at an address: names, sizes, and what tells one version from another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.stores.address import Address, open_store
from msssm_ts.errors import InputError

# As stores call the checksum, or the version, of a file; else its time and size tell.
_STAMPS = (
    *("ETag", "etag", "md5Hash", "md5", "content_md5", "checksum", "sha256", "blob_id", "version"),
    *("mtime", "LastModified", "last_modified", "last_commit", "updated", "modified", "created"),
)
# Hidden files without which others cannot be read: those of Zarr's version 2.
_METADATA = frozenset({".zarray", ".zattrs", ".zgroup", ".zmetadata"})
_MOST_FILES = 5_000_000


class StoredFile(NamedTuple):
    """A file of a store.

    Parameters
    ----------
    path : str
        In the store.
    name : str
        Below the folder that was asked for, with slashes.
    size : int, optional
        Bytes; None where the store does not say.
    stamp : str
        Another one is another version; empty where the store says nothing.
    """

    path: str
    name: str
    size: int | None
    stamp: str


class Listing(NamedTuple):
    """What was found at an address.

    Parameters
    ----------
    store : fsspec.AbstractFileSystem
        Opens the files.
    name : str
        Of the file, or the folder, that the address names.
    is_file : bool
        Whether it is a file.
    files : tuple of StoredFile
        By name: those below the folder, or the file and what belongs to it beside it.
    n_hidden : int
        Files that are left out, for a part of their name begins with a dot.
    """

    store: Any
    name: str
    is_file: bool
    files: tuple[StoredFile, ...]
    n_hidden: int


def list_store(address: Address) -> Listing:
    """List what lies at an address.

    Raises
    ------
    InputError
        If nothing does, the store cannot be read, or a name would lie outside of the folder.
    """
    store, path = open_store(address)
    path = path.rstrip("/")
    try:
        # File systems keep what they have seen.
        store.invalidate_cache()
        is_file = bool(store.isfile(path))
        if is_file:
            found = _with_companions(store, path)
            root = store._parent(path)
        else:
            found = store.find(path, detail=True)
            root = path
    except FileNotFoundError:
        found, is_file, root = {}, False, path
    except Exception as error:
        raise InputError(
            f"{address.url}: the store cannot be read ({reason_of(error)}); see to it that you "
            "are connected, and may read it"
        ) from error
    if len(found) > _MOST_FILES:
        raise InputError(f"{address.url}: more than {_MOST_FILES} files; name a folder below it")
    name = PurePosixPath(path).name
    files, n_hidden = _checked(found, root, address)
    if not files:
        raise InputError(
            f"{address.url}: there is no such file or folder in the store, or the folder has no "
            "files; mend the address, or see to it that it can be reached"
        )
    return Listing(store, _checked_name(name, address) or "store", is_file, files, n_hidden)


def _with_companions(store: Any, path: str) -> dict[str, Mapping[str, Any]]:
    """Return a file and what belongs to it by its name: signals of a header, labels of an array."""
    own = store.info(path)
    found = {path: own}
    if str(getattr(store, "protocol", "")).find("http") >= 0:
        # A server's page of links is no listing.
        return found
    stem = PurePosixPath(path).name.partition(".")[0]
    kin = {stem, f"{stem}_y", f"{stem}_labels", f"y_{stem}"}
    if stem[:1] in ("X", "x"):
        kin.add(f"y{stem[1:]}")
    for info in store.ls(store._parent(path), detail=True):
        name = str(info["name"])
        base = PurePosixPath(name).name.partition(".")[0]
        if info.get("type") == "file" and base in kin and not _is_same(name, path):
            found[name] = info
    return found


def _is_same(one: str, other: str) -> bool:
    return one.strip("/") == other.strip("/")


def _checked(
    found: Mapping[str, Mapping[str, Any]], root: str, address: Address
) -> tuple[tuple[StoredFile, ...], int]:
    """Return the files by name, and how many are hidden."""
    files: dict[str, StoredFile] = {}
    n_hidden = 0
    for path, info in found.items():
        name = str(path).strip("/").removeprefix(root.strip("/")).removeprefix("/")
        size = info.get("size")
        # Stores have no folders: some tools put an empty file in place of each.
        if info.get("type") == "directory" or str(path).endswith("/") or not name:
            continue
        _checked_name(name, address)
        if any(step.startswith(".") and step not in _METADATA for step in name.split("/")):
            n_hidden += 1
            continue
        stamp = next((str(info[k]) for k in _STAMPS if info.get(k) is not None), "")
        files[name] = StoredFile(str(path), name, None if size is None else int(size), stamp)
    folders = {str(p) for name in files for p in PurePosixPath(name).parents}
    for name in [n for n in files if n in folders]:
        if files[name].size:
            raise InputError(
                f"{address.url}: {name} is a file and a folder, which no disk can hold; rename one"
            )
        del files[name]
    folded: dict[str, str] = {}
    for name in files:
        other = folded.setdefault(name.casefold(), name)
        if other != name:
            raise InputError(
                f"{address.url}: {name} and {other} differ in capitals alone, which not every disk "
                "can hold; rename one"
            )
    return tuple(files[n] for n in sorted(files)), n_hidden


def _checked_name(name: str, address: Address) -> str:
    """Refuse a name that would lie outside of the folder, or that a disk takes for another."""
    steps = name.split("/")
    odd = any(c in name for c in "\\\0") or any(ord(c) < 32 for c in name)
    outside = name.startswith("/") or any(s in ("..", ".") for s in steps)
    if odd or outside or ":" in steps[0] or (len(steps) > 1 and "" in steps):
        raise InputError(
            f"{address.url}: {name!r} would lie outside its folder, or under another name; rename "
            "it in the store"
        )
    return name
