"""Whether anybody else could have written what is in a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrusted(path: str | os.PathLike[str]) -> str | None:
    """Say which part of a path others could have written, as ssh does of its keys; None if none.

    The path and every folder above it must belong to the user or to root, and nobody else may
    write there. A folder in which all may write, but nobody can replace what is another's (the
    sticky bit, as /tmp has it), is no objection to what the user has in it. What does not exist
    yet is judged by the folder where it would be made. Windows has no such modes: there, the
    user's own folders are taken to be so.

    Parameters
    ----------
    path : path
        With links resolved, and to be used like that: a link could be turned after the check.

    Returns
    -------
    str or None
        A phrase with the offending path.

    Examples
    --------
    >>> folder = Path(getfixture("tmp_path")).resolve() / "shared"
    >>> folder.mkdir()
    >>> folder.chmod(0o777)
    >>> distrusted(folder / "kernel")
    '.../shared can be written by others'
    """
    if not hasattr(os, "getuid"):
        return None
    inner = Path(os.path.abspath(path))
    for place in (inner, *inner.parents):
        try:
            status = place.lstat()
        except OSError:
            # Not there yet, or where this process cannot look, let alone read.
            continue
        if status.st_uid not in (0, os.getuid()):
            return f"{place} belongs to another user"
        sticky_above = place != inner and status.st_mode & stat.S_ISVTX
        if status.st_mode & _OTHERS_WRITE and not sticky_above:
            return f"{place} can be written by others"
    return None
