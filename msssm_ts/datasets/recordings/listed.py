"""A table of recordings, or several, named as the source: ``msssm-ts fit train.csv``."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msssm_ts.datasets.audio.formats import SUFFIXES as SOUND
from msssm_ts.datasets.compressed import open_bytes
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_in, part_of
from msssm_ts.datasets.recordings.folders import BESIDE
from msssm_ts.datasets.recordings.label_files import recording_of
from msssm_ts.datasets.recordings.lists import read_rows
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.tables import is_table
from msssm_ts.datasets.tables.strings import Strings
from msssm_ts.datasets.tree import files_below, with_suffix
from msssm_ts.errors import InputError

# As much of a table is looked at to see whether it lists files.
_HEAD = 1 << 16
# Paths are relative to the table, or to a folder above it.
_ABOVE = 3


@dataclass(frozen=True)
class Listed:
    """Recordings that tables list.

    Parameters
    ----------
    folder : Path
        They all lie below it.
    suffixes : tuple of str
        Theirs, that of most of them first.
    tables : tuple of Path
        The tables.
    recordings : tuple of Path
        Those that are there.
    """

    folder: Path
    suffixes: tuple[str, ...]
    tables: tuple[Path, ...]
    recordings: tuple[Path, ...]

    def options(self, options: ReadOptions) -> ReadOptions:
        """Return options that say which tables and recordings are meant."""
        return replace(options, tables=self.tables, recordings=self.recordings)


def listed_in(file: Path, suffixes: Collection[str]) -> Listed | None:
    """Return the recordings that a table lists; None where it does not list any.

    A label file stands for the sound that it is called after. Beside a table of the training
    part, that of the test part is looked for, and the other way round nothing is.

    Parameters
    ----------
    file : Path
        Perhaps a table.
    suffixes : collection of str
        Of recordings.

    Raises
    ------
    InputError
        If it lists recordings that are not there.
    """
    # Of other recordings no pieces are read.
    owner = recording_of(file, SOUND)
    if owner is not None:
        return _together({file: [owner]})
    if not is_table(file) or not _seems_to_list(file, suffixes):
        return None
    found = _resolved(file, suffixes)
    if found is None:
        return None
    tables = {file: found}
    for other in _test_beside(file):
        if _seems_to_list(other, suffixes):
            beside = _resolved(other, suffixes)
            if beside is not None:
                tables[other] = beside
    return _together(tables)


def listed_below(below: Sequence[Path], suffixes: Collection[str]) -> Listed | None:
    """Return the recordings that the tables in a folder list, which lie elsewhere.

    Parameters
    ----------
    below : sequence of Path
        What is in a folder without recordings.
    suffixes : collection of str
        Of recordings.
    """
    tables: dict[Path, list[Path]] = {}
    for file in [f for f in below if is_table(f)]:
        for table in [file, *(_test_beside(file) if file.name == "wav.scp" else [])]:
            if table not in tables and _seems_to_list(table, suffixes):
                found = _resolved(table, suffixes)
                if found is not None:
                    tables[table] = found
    return _together(tables) if tables else None


def _together(tables: dict[Path, list[Path]]) -> Listed:
    recordings = list(dict.fromkeys(r for found in tables.values() for r in found))
    folder = Path(os.path.commonpath([r.parent for r in recordings]))
    counts = Counter(r.suffix.lower() for r in recordings)
    suffixes = tuple(s for s, _ in counts.most_common())
    return Listed(folder, suffixes, tuple(tables), tuple(sorted(recordings)))


def _seems_to_list(file: Path, suffixes: Collection[str]) -> bool:
    """Whether names of recordings stand among a file's first lines."""
    if file.name == "wav.scp":
        return True
    try:
        with open_bytes(file) as stream:
            head = stream.read(_HEAD)
    except InputError:
        return False
    text = head.replace(b"\0", b"").decode("latin-1").casefold()
    endings = "|".join(re.escape(s) for s in sorted(suffixes))
    return re.search(rf"[^\s,;]({endings})[\"'\s,;|}}\]]", text + "\n") is not None


def _resolved(file: Path, suffixes: Collection[str]) -> list[Path] | None:
    """Return the recordings that a table lists, as they lie on the disk.

    Raises
    ------
    InputError
        If none of them is there.
    """
    table = read_rows(file)
    cells = _column(table, suffixes)
    if not cells:
        return None
    texts = list(dict.fromkeys(c.strip().replace("\\", "/") for c in cells if c.strip()))
    bases = [file.absolute().parent, *file.absolute().parents[1 : 1 + _ABOVE]]
    for base in bases:
        there = [Path(os.path.normpath(base / text)) for text in texts]
        found = [f for f in there if f.is_file()]
        if found:
            return found
    named = _by_name(file, texts, suffixes)
    if named:
        return named
    raise InputError(
        f"{file}: lists recordings, the first {texts[0]!r}, but none of the {len(texts)} is there; "
        "paths are relative to the table, or to a folder above it: mend them, or name the folder "
        "that holds the recordings"
    )


def _by_name(file: Path, texts: Sequence[str], suffixes: Collection[str]) -> list[Path]:
    """Return the recordings that are called so in the folders below a table's, in any case.

    Of a folder for tables, as ``metadata/``, those beside it count as well.
    """
    base = file.absolute().parent
    for folder in [base, *([base.parent] if base.name.casefold() in BESIDE else [])]:
        names = FileNames(folder, with_suffix(files_below(folder), suffixes))
        found = [names.find(text, base, loosely=True) for text in texts]
        there = [f for f in found if f is not None]
        if len(there) > len(texts) / 2:
            return list(dict.fromkeys(there))
    return []


def _column(table: Strings, suffixes: Collection[str]) -> list[str]:
    """Cells of the column that names recordings; none where no column mostly does."""
    ends = tuple(suffixes)
    for column in table.columns:
        cells = [c for c in table.cells[column] if c]
        named = [c for c in cells if c.casefold().endswith(ends)]
        if len(named) > len(cells) / 2:
            first = [column] if column.casefold().endswith(ends) else []
            return [*first, *named]
    return []


def _test_beside(file: Path) -> list[Path]:
    """Return the table of the test part beside one of the training part."""
    if file.name == "wav.scp":
        if part_of(file.parent.name) != "train":
            return []
        beside = [f / file.name for f in sorted(file.absolute().parent.parent.iterdir())]
        return [f for f in beside if part_of(f.parent.name) == "test" and f.is_file()]
    if part_in(file.stem) != "train":
        return []
    rest = _without_part(file)
    return [
        f
        for f in sorted(file.parent.iterdir())
        if f.suffix.lower() == file.suffix.lower()
        and part_in(f.stem) == "test"
        and _without_part(f) == rest
    ]


def _without_part(file: Path) -> list[str]:
    return [w for w in re.split(r"[^a-z0-9]+", file.stem.casefold()) if part_of(w) is None]
