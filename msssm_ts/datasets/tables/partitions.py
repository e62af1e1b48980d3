"""What the names of folders and files say of the rows in them: ``split=train/part-0.parquet``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from msssm_ts.datasets.parts import are_parts, part_in, part_of
from msssm_ts.errors import InputError

_NAMED = re.compile(r"([^=]+)=(.*)", re.DOTALL)
_NONE = "__HIVE_DEFAULT_PARTITION__"
# Of the columns that names of files and folders without "=" make.
SPLIT, FOLDER = "split", "folder"


def partitions_of(folder: Path, files: Sequence[Path]) -> dict[str, list[str | None]]:
    """Return the columns that the names of folders are, with the value of each file.

    ``label=a`` is a column ``label``. Folders and files that are called as the parts of a split
    (``train/``, ``test-00000-of-00002.parquet``) are a column ``split``. Others are a column
    ``folder``, where every file lies in one and there are several.

    Raises
    ------
    InputError
        If some files lie in such a folder and others do not.

    Examples
    --------
    >>> files = [Path("s/split=train/label=a%20b/0.csv"), Path("s/split=test/label=c/0.csv")]
    >>> partitions_of(Path("s"), files)
    {'split': ['train', 'test'], 'label': ['a b', 'c']}
    """
    found = [_named(f.relative_to(folder).parts[:-1]) for f in files]
    columns = dict.fromkeys(name for own in found for name in own)
    for own, file in zip(found, files, strict=True):
        lacking = [name for name in columns if name not in own]
        if lacking:
            raise InputError(
                f"{file}: lies in no folder {lacking[0]}=…, but others of {folder} do; move it "
                "into one"
            )
    said: dict[str, list[str | None]] = {name: [own[name] for own in found] for name in columns}
    if SPLIT not in said:
        parts = [_part(f, folder) for f in files]
        if are_parts(parts) and all(parts):
            said[SPLIT] = list(parts)
    folders = [f.relative_to(folder).parts[0] for f in files]
    if not said and len({*folders}) > 1 and all(f.parent != folder for f in files):
        said[FOLDER] = list(folders)
    return said


def is_partitioned(folder: Path, files: Sequence[Path]) -> bool:
    """Whether all of some files lie in folders that say something of their rows.

    Examples
    --------
    >>> is_partitioned(Path("s"), [Path("s/label=a/0.csv")])
    True
    """
    return bool(files) and all(_named(f.relative_to(folder).parts[:-1]) for f in files)


def _named(folders: Sequence[str]) -> dict[str, str | None]:
    pairs = [m for m in map(_NAMED.fullmatch, folders) if m is not None]
    return {unquote(m[1]): None if m[2] == _NONE else unquote(m[2]) for m in pairs}


def _part(file: Path, folder: Path) -> str | None:
    own = part_in(file.stem.rsplit("-of-", 1)[0])
    above = (part_of(name) for name in file.relative_to(folder).parts[-2::-1])
    return own or next(filter(None, above), None)
