"""Tables that lie beside recordings and list them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msssm_ts.datasets.options import named_columns
from msssm_ts.datasets.parts import Part, part_in, part_of
from msssm_ts.datasets.recordings.folders import BESIDE
from msssm_ts.datasets.recordings.lists import JSON, read_rows
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.owners import by_column, by_owner
from msssm_ts.datasets.tables.columns import LABEL, find_column
from msssm_ts.datasets.tables.strings import Strings
from msssm_ts.datasets.tree import relative_name
from msssm_ts.errors import InputError

# Names that people give to the column of files, the likeliest first, and to that of records.
_FILE = (
    *("file", "path", "filename", "file_name", "filepath", "file_path", "audio_filepath", "fname"),
    *("wav", "audio", "audio_path", "audio_file", "wav_path", "wav_file", "clip", "sound"),
    *("record", "record_name", "recording", "slice_file_name", "ecg"),
)
FILE = (*_FILE, "id", "name", "ecg_id", "utterance", "clip_id", "itemid")
# Further names of labels, where values recur; those that number classes come last.
MORE_LABELS = (
    *("labels", "class_name", "classname", "class_label", "label_name", "category_name"),
    *("event_label", "scene_label", "emotion", "keyword", "command", "word", "digit", "genre"),
    *("genre_top", "species", "primary_label", "ebird_code", "diagnosis", "rhythm", "tag", "tags"),
    *("annotation", "call_type"),
    *("text", "transcript"),
    *("classid", "class_id", "label_id", "category_id", "target_id", "class_index", "label_index"),
)
SUFFIXES = (".csv", ".tsv", ".txt", *JSON)
# A table that is meant for this comes before others that happen to lie there.
_LIKELY = ("reference", "manifest", "metadata", "labels", "records")
# Tables beside recordings are few; a folder with more of them holds series.
_MOST = 200
# Parts in a list that is called a split.
_NUMBERED: dict[str, str] = {"1": "train", "2": "validation", "3": "test"}


# Compared as what they are, not cell by cell.
@dataclass(frozen=True, eq=False)
class Listing:
    """A table that lists recordings.

    Parameters
    ----------
    table : Strings
        The table; its columns have names.
    files : list of (Path or None)
        The recording of each row; None where it is not there.
    column : str
        Where the table names them.
    part : str, optional
        Of a split, where the table's name, or its folder's, says one.
    loosely : bool
        Whether the recordings lie in other folders than it says.
    owners : str
        Where the names stand that it has instead of recordings', of patients and the like.
    of_pieces : bool
        Whether its rows are pieces of recordings in any case.
    """

    table: Strings
    files: list[Path | None]
    column: str
    part: Part | None
    loosely: bool = False
    owners: str = ""
    of_pieces: bool = False

    @property
    def columns(self) -> list[str]:
        """All others; that of owners may say something itself."""
        return [c for c in self.table.columns if self.owners or c != self.column]

    @property
    def repeats(self) -> bool:
        """Whether a recording stands in several rows, as in a log."""
        known = [f for f in self.files if f is not None]
        return len({*known}) < len(known)

    def goes_on(self, other: Listing) -> bool:
        """Whether it is the same table for the recordings of another folder."""
        # Such as REFERENCE.csv in every folder, or 84-1.trans.txt.
        name, its = (re.sub(r"\d+", "#", x.table.file.name) for x in (self, other))
        alike = name == its and self.columns == other.columns
        return alike and {*self.files} & {*other.files} <= {None}


def is_table(file: Path) -> bool:
    """Whether a file may list recordings, by its name.

    Examples
    --------
    >>> is_table(Path("labels.CSV")), is_table(Path("wav.scp")), is_table(Path("a.wav"))
    (True, True, False)
    """
    return file.suffix.lower() in SUFFIXES or file.name == "wav.scp"


def candidates(folder: Path, below: Sequence[Path]) -> list[Path]:
    """Return the tables in a folder, and below it, that may list its recordings.

    The likeliest come first.
    """
    inside = [f for f in below if is_table(f)]
    if len(inside) > _MOST:
        inside = [f for f in inside if len(f.relative_to(folder).parts) < 3][:_MOST]
    return sorted(inside, key=lambda f: (len(f.relative_to(folder).parts), *_likelihood(f)))


def candidates_above(folder: Path) -> list[Path]:
    """Return the tables beside a folder, and in ``meta/`` and the like beside it."""
    parent = folder.absolute().parent
    try:
        beside = [p for p in parent.iterdir() if not p.name.startswith(".")]
        for place in [p for p in beside if p.name.lower() in BESIDE and p.is_dir()]:
            beside += place.iterdir()
        found = [p for p in beside if is_table(p) and p.is_file()]
        # Examples of how to hand answers in.
        found = [p for p in found if "submission" not in p.stem.lower()]
    except OSError:
        # What lies above may be none of the user's.
        return []
    return sorted(found, key=_likelihood) if len(found) <= _MOST else []


def _likelihood(table: Path) -> tuple[int, int, str]:
    stem = table.stem.lower()
    place = next((i for i, name in enumerate(_LIKELY) if stem.startswith(name)), len(_LIKELY))
    # REFERENCE-v3.csv corrects REFERENCE.csv; REFERENCE-original.csv is older than both.
    version = re.search(r"-v(\d+)$", stem)
    return place, -int(version[1]) if version else 0, stem


def read_listing(file: Path, names: FileNames) -> Listing | None:
    """Return what a table lists; None where it names no recording.

    Raises
    ------
    InputError
        If a .csv or .tsv file cannot be read as a table.
    """
    try:
        table = read_rows(file)
    except InputError:
        if file.suffix.lower() in (".txt", *JSON):
            # Text of any kind.
            return None
        raise
    if not len(table):
        return None
    base = file.parent
    table = _without_header(table, names, base)
    best = _best(table, names, base, loosely=False)
    loosely = best is None
    best = best or _best(table, names, base, loosely=True)
    part = part_in(file.stem) if file.name != "wav.scp" else None
    part = part or (part_of(base.name) if base != names.folder else None)
    if best is None:
        owned = by_owner(table, names.folder, names.files)
        if owned is None:
            return None
        return Listing(owned.table, owned.files, owned.column, part, owners=owned.how)
    column, files = best
    table, column = _named(table, column)
    return Listing(table, files, column, part, loosely)


def read_owned(file: Path, listing: Listing, folder: Path) -> Listing | None:
    """Read a table about those whom another table names beside recordings; None where it is not."""
    table = read_rows(file)
    where = relative_name(listing.table.file, folder)
    rest = [c for c in listing.table.columns if c != listing.column]
    other = replace(listing.table, columns=tuple(rest))
    owned = by_column(table, other, listing.files, where)
    if owned is None:
        return None
    return Listing(owned.table, owned.files, owned.column, None, owners=owned.how)


def _best(
    table: Strings, names: FileNames, base: Path, *, loosely: bool
) -> tuple[str, list[Path | None]] | None:
    """Return the column that names most recordings, and those."""
    best: tuple[int, str, list[Path | None]] | None = None
    for column in _likely_columns(table):
        cells = table.cells[column]
        known = {c: names.find(c, base, loosely=loosely) for c in set(cells)}
        found = len(set(known.values()) - {None})
        if found and (best is None or found > best[0]):
            best = found, column, [known[c] for c in cells]
        if best is not None and best[0] > len(cells) / 2:
            break
    return None if best is None else best[1:]


def lists_files(table: Strings, suffixes: Sequence[str]) -> str | None:
    """Return the column of a table that is meant to name recordings, whether they exist or not.

    Its cells end as the files do; or it is called so, and stands beside labels.
    """
    for column in table.columns:
        cells = [c for c in table.cells[column] if c]
        if cells and sum(c.lower().endswith(tuple(suffixes)) for c in cells) > len(cells) / 2:
            return column
    labelled = find_column(table.columns, (*LABEL, *MORE_LABELS), None) is not None
    by_name = {c.lower(): c for c in reversed(table.columns)}
    named = next((by_name[n] for n in _FILE if n in by_name), None)
    return named if labelled and table.headed and len(table) else None


def _without_header(table: Strings, names: FileNames, base: Path) -> Strings:
    """Take a first row for a row where it names a file itself, rather than a column."""
    if not table.headed or table.file.suffix.lower() in JSON or table.file.name == "wav.scp":
        return table
    if not any(names.find(c, base) for c in table.columns):
        return table
    columns = tuple(str(i) for i in range(1, len(table.columns) + 1))
    cells = {n: [c, *table.cells[c]] for n, c in zip(columns, table.columns, strict=True)}
    # The first row of the file is the header's.
    return Strings(
        table.file, columns, cells, False, lambda row: table.place(row - 1) if row else "line 1"
    )


def _likely_columns(table: Strings) -> list[str]:
    if not table.headed:
        return list(table.columns)
    by_name = {c.lower(): c for c in reversed(table.columns)}
    likely = [by_name[n] for n in FILE if n in by_name]
    return [*likely, *(c for c in table.columns if c not in likely)]


def _named(table: Strings, column: str) -> tuple[Strings, str]:
    """Name the columns of a table without header: files and labels, as PhysioNet's challenges."""
    if table.headed:
        return table, column
    rest = [c for c in table.columns if c != column]
    spoken = [" ".join(words).strip() for words in zip(*map(table.cells.get, rest), strict=True)]
    if table.file.suffix.lower() == ".txt" and _are_sentences(spoken):
        cells = {"file": table.cells[column], "text": spoken}
        return replace(table, columns=tuple(cells), cells=cells), "file"
    if len(rest) == 1 and "split" in _words(table.file) and {*table.cells[rest[0]]} <= {*_NUMBERED}:
        # VoxCeleb's iden_split.txt.
        cells = {"file": table.cells[column], "split": [_NUMBERED[c] for c in table.cells[rest[0]]]}
        said = f"took 1, 2 and 3 in {table.file.name} for train, validation and test"
        remarks = (*table.remarks, said)
        return replace(table, columns=tuple(cells), cells=cells, remarks=remarks), "file"
    names = {column: "file", **{c: f"column {c}" for c in rest}}
    if rest:
        names[rest[0]] = "label"
    columns = tuple(names[c] for c in table.columns)
    cells = {names[c]: table.cells[c] for c in table.columns}
    return replace(table, columns=columns, cells=cells), "file"


def _words(file: Path) -> list[str]:
    return re.split(r"[^a-z0-9]+", file.stem.casefold())


def _are_sentences(texts: Sequence[str]) -> bool:
    """Whether each text is of several words, and few recur: they are no classes."""
    words = [t.replace("'", "").split() for t in texts]
    plain = all(w.isalpha() for own in words for w in own)
    return plain and max(map(len, words), default=0) > 2 and len({*texts}) > len(texts) / 2


def has_label(listing: Listing, chosen: str | None) -> bool:
    """Whether a table says labels: in the chosen columns, or in one of a known name."""
    columns = listing.columns
    if chosen is not None:
        return all(c in columns for c in named_columns(chosen, columns))
    return find_column(columns, (*LABEL, *MORE_LABELS), None) is not None
