"""Which speaker, or other source, a sound file belongs to."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.errors import OptionError
from msssm_ts.text import counted, plural

_EACH, _PIECES = "files, each its own", "files, the pieces of one together"
_SPEAKER = re.compile(r"^(.+)_nohash_\d+$")


def grouped(recordings: Recordings, wanted: str | None, source: str) -> Recordings:
    """Return files with groups: those that are known, or the speakers in the files' names.

    Parameters
    ----------
    recordings : Recordings
        The files.
    wanted : str, optional
        What the user named with ``--group``: a column, which has been looked for, or ``speaker``,
        ``folder`` or ``file``.
    source : str
        For messages.

    Raises
    ------
    InputError
        If there is nothing of what was named.
    """
    files = [recordings.whole(f) for f in recordings.files]
    if wanted == "file":
        what = _EACH if recordings.pieces is None else _PIECES
        return _with(recordings, np.array([str(f) for f in files]), "file", what)
    if wanted == "folder" and recordings.group_name != "folder":
        folders = np.array([f.parent.name for f in files])
        return _with(recordings, folders, "folder", "folders that the files lie in")
    if recordings.groups is not None and wanted in (None, "speaker", recordings.group_name):
        return recordings
    speakers = [_SPEAKER.match(f.stem) for f in files]
    if not any(speakers):
        if wanted is not None:
            raise OptionError(
                f"{source}: no {wanted} is known of the files (--group); there is no such column "
                "in a table beside them, and their names have no <speaker>_nohash_<n>",
                "group",
            )
        if recordings.pieces is None:
            return recordings
        # However their folder was named, they are the same.
        return _with(recordings, np.array([str(f.absolute()) for f in files]), "file", _PIECES)
    names = [s[1] if s else f.name for f, s in zip(files, speakers, strict=True)]
    odd = [f.name for f in dict.fromkeys(files) if _SPEAKER.match(f.stem) is None]
    found = _with(recordings, np.array(names), "speaker", "what stands before _nohash_ in the name")
    if not odd:
        return found
    which = counted(len(odd), "file names", "files name")
    own = f"{plural(len(odd), 'it', 'each')} is a group of its own"
    account = found.account.remarking(f"{which} no speaker ({enumerate_names(odd)}): {own}")
    return replace(found, account=account)


def _with(recordings: Recordings, groups: NDArray[Any], name: str, what: str) -> Recordings:
    account = recordings.account.took("group", what)
    return replace(recordings, groups=groups, group_name=name, account=account)
