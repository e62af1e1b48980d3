"""Tables that say of files or records what they are: label, split, fold, group."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions, Split
from msssm_ts.datasets.tables.columns import GROUP, LABEL, find_column
from msssm_ts.errors import InputError

# Names that people give to the column of files or records, the likeliest first.
_FILE = ("file", "path", "filename", "file_name", "filepath", "record", "record_name", "id", "name")
_FOLD = ("fold", "strat_fold")
_PARTS = ("train", "test", "validation")
# A table that is meant for this comes before others that happen to lie there.
_LIKELY = ("reference", "manifest", "metadata", "labels", "records")


class Row(NamedTuple):
    """What a table says of one file."""

    file: Path
    label: str | None
    part: str | None
    fold: str | None
    group: str | None


@dataclass(frozen=True)
class Manifest:
    """A table of files or records.

    Parameters
    ----------
    table : Path
        Where it stands.
    rows : tuple of Row
        One for each file, in the table's order.
    label, split, fold, group : str, optional
        The table's columns, where it has them.
    """

    table: Path
    rows: tuple[Row, ...]
    label: str | None
    split: str | None
    fold: str | None
    group: str | None

    def part(self, split: Split) -> list[Row]:
        """Return the rows of a part; all of them where the table knows no parts.

        Raises
        ------
        InputError
            If there are none.
        """
        if self.split is None:
            return list(self.rows)
        wanted = {"test"} if split == "test" else {"train", "validation"}
        rows = [row for row in self.rows if row.part in wanted]
        if not rows:
            raise InputError(f"{self.table}: no row has {split!r} in column {self.split!r}")
        return rows


def find_manifest(
    folder: Path, files: Sequence[Path], options: ReadOptions, *, by_stem: bool = False
) -> Manifest | None:
    """Find the table in a folder that lists its files; None where there is none.

    Parameters
    ----------
    folder : Path
        Its .csv and .tsv files are looked at; the table has a column of files, or no header and
        two columns, file and label.
    files : sequence of Path
        What the table may list: by path relative to the folder or by name.
    options : ReadOptions
        Columns that the user named.
    by_stem : bool
        The table lists records: names without suffix.

    Raises
    ------
    InputError
        If the table lists a file twice or one that is not there, or has no value for one.
    """
    names = _names(folder, files, by_stem)
    tables = [p for p in folder.iterdir() if p.suffix.lower() in (".csv", ".tsv") and p.is_file()]
    for table in sorted(tables, key=_likelihood):
        header, rows = _read_rows(table)
        column = _file_column(header, rows, names)
        if column is not None:
            return _parse(table, header, rows, column, names, options)
    return None


def _names(folder: Path, files: Sequence[Path], by_stem: bool) -> dict[str, Path | None]:
    """Everything that a file may be called; None where that is ambiguous."""
    names: dict[str, Path | None] = {}
    for file in files:
        relative = file.relative_to(folder)
        plain = relative.with_suffix("") if by_stem else relative
        short = {plain.as_posix(), plain.name, relative.as_posix(), relative.name}
        for name in short:
            names[name] = None if name in names else file
    return names


def _likelihood(table: Path) -> tuple[int, int, str]:
    stem = table.stem.lower()
    place = next((i for i, name in enumerate(_LIKELY) if stem.startswith(name)), len(_LIKELY))
    # REFERENCE-v3.csv corrects REFERENCE.csv; REFERENCE-original.csv is older than both.
    version = re.search(r"-v(\d+)$", stem)
    return place, -int(version[1]) if version else 0, stem


def _read_rows(table: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """First row, and all rows with their lines; nothing where it is no table."""
    separator = "\t" if table.suffix.lower() == ".tsv" else ","
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=separator)
            rows = [(reader.line_num, [c.strip() for c in row]) for row in reader if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: cannot be read as a table in UTF-8 ({error})") from error
    return (rows[0][1], rows) if rows else ([], [])


def _file_column(
    header: list[str], rows: list[tuple[int, list[str]]], names: Mapping[str, Path | None]
) -> int | None:
    """Which column lists files: at least one of its values is one of theirs."""
    known = find_column(header, _FILE, None)
    candidates = [header.index(known)] if known is not None else []
    candidates += [i for i in range(min(len(header), 2)) if i not in candidates]
    for i in candidates:
        if any(len(row) > i and row[i] in names for _, row in rows):
            return i
    return None


def _parse(
    table: Path,
    header: list[str],
    rows: list[tuple[int, list[str]]],
    column: int,
    names: Mapping[str, Path | None],
    options: ReadOptions,
) -> Manifest:
    if header[column] in names:
        # No header: files and labels, as in the challenges of PhysioNet.
        header = ["file", "label", *(f"column {i + 1}" for i in range(2, len(header)))]
        column = 0
    else:
        rows = rows[1:]
        options = _column_options(options)
        options.check_columns(header, str(table))
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{table}, line {line}: {len(row)} cells, but the header has {len(header)}"
            )
    columns = {name: [row[i] for _, row in rows] for i, name in enumerate(header)}
    label = find_column(header, LABEL, options.label)
    group = find_column([h for h in header if h != header[column]], GROUP, options.group)
    fold = find_column(header, _FOLD, options.fold)
    split = next((h for h in header if h != label and _is_split(columns[h])), None)
    parsed: list[Row] = []
    seen: dict[Path, int] = {}
    for (line, row), position in zip(rows, range(len(rows)), strict=True):
        name = row[column]
        file = names.get(name)
        if file is None:
            reason = "names several files; give the path" if name in names else "is not there"
            raise InputError(f"{table}, line {line}: {name!r} {reason}")
        if file in seen:
            raise InputError(
                f"{table}, line {line}: {name!r} stands in line {seen[file]} already; keep one"
            )
        seen[file] = line
        values = {
            key: None if where is None else columns[where][position]
            for key, where in (("label", label), ("fold", fold), ("group", group))
        }
        for key, value in values.items():
            if value == "":
                raise InputError(f"{table}, line {line}: no {key} for {name!r}; fill it in")
        part = None if split is None else columns[split][position].lower()
        parsed.append(Row(file, values["label"], part, values["fold"], values["group"]))
    missing = sorted({f for f in names.values() if f is not None} - set(seen))
    if label is not None and missing:
        raise InputError(
            f"{table}: {len(missing)} files are not listed, the first {missing[0].name!r}; add "
            f"rows for {enumerate_names([m.name for m in missing], 3)}, or move them away"
        )
    return Manifest(table, tuple(parsed), label, split, fold, group)


def _column_options(options: ReadOptions) -> ReadOptions:
    """Leave out what means something other than a column of the table here.

    ``drop`` names channels, and records and speakers are groups without a column, too.
    """
    group = None if options.group in ("record", "speaker") else options.group
    return replace(options, drop=(), group=group, id=None, time=None, channel=None)


def _is_split(values: Sequence[Any]) -> bool:
    found = {str(v).lower() for v in values}
    return {"train", "test"} <= found <= set(_PARTS)
