"""Lists of a publisher's records, ``RECORDS``, beside those that are there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.tree import relative_name

_LIST = "RECORDS"
# Such as RECORDS-acceptable.
_CHOICE = re.compile(rf"{_LIST}[-_]")


def unlike_lists(folder: Path, headers: Sequence[Path], below: Sequence[Path]) -> list[str]:
    """Say which records no list names, though there are lists, and which are named and not there.

    A list chooses nothing: what it does not name may have been added, and is read.

    Parameters
    ----------
    folder : Path
        That is read.
    headers : sequence of Path
        Of its records.
    below : sequence of Path
        All files below it.

    Examples
    --------
    >>> files = [Path("set/100.hea"), Path("set/101.hea")]
    >>> unlike_lists(Path("set"), files, files)
    []
    """
    there = {f.with_suffix("") for f in below if f.suffix.lower() == ".hea"}
    lists = [f for f in below if f.name == _LIST]
    named = {path for file in lists for path in _named(file)}
    places = {file.parent for file in lists}
    folders = {parent for file in below for parent in file.parents}
    # Whoever lists folders lists what is in them, unless that has a list of its own.
    whole = named & folders - places
    added = [
        relative_name(path, folder)
        for path in (h.with_suffix("") for h in headers)
        if path not in named and not places.isdisjoint(path.parents)
        if whole.isdisjoint(path.parents)
    ]
    gone = sorted(relative_name(path, folder) for path in named - there - folders)
    said = []
    if added:
        said.append(
            f"{_LIST} names {len(headers) - len(added)} of the {len(headers)} records; all are "
            f"read, also {enumerate_names(added)}"
        )
    if gone:
        said.append(
            f"{_LIST} names {len(gone)} more that {'is' if len(gone) == 1 else 'are'} not there: "
            f"{enumerate_names(gone)}"
        )
    chosen = [f for f in below if _CHOICE.match(f.name) and not f.suffix]
    some = [f for f in chosen if 0 < len({*_named(f)} & there) < len(there)]
    if some:
        said.append(
            f"{enumerate_names([f.name for f in some])} list some of the records each, which is no "
            "label (--label): a table with the columns record and label says so"
        )
    return said


def _named(file: Path) -> list[Path]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [file.parent / line.strip() for line in lines if line.strip()]
