"""Tables in several files that are one data set: Parquet folders, and CSV files side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.archives.archive_folder import holds_parts
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.dialect import detect_dialect
from msssm_ts.datasets.tables.layout import series_of_table
from msssm_ts.datasets.tables.lazy_parquet import read_lazily
from msssm_ts.datasets.tables.lazy_text import read_text_lazily
from msssm_ts.datasets.tables.many_files import (
    PARQUET,
    Parts,
    ids_apart,
    joined,
    options_of_file,
    parquet_table,
    roles_by_name,
)
from msssm_ts.datasets.tables.parquet import is_too_large, open_parquet, read_columns
from msssm_ts.datasets.tables.partitions import is_partitioned, partitions_of
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tree import count_by_suffix, files_below, is_about
from msssm_ts.errors import InputError

_TEXT = (".csv", ".tsv", ".txt")
# Beside the files of a table whose present state is not all that lies in its folder.
_LOGS = {"_delta_log": "Delta", ".hoodie": "Hudi"}
_NUMBER = re.compile(r"[0-9a-f]{8,}(-[0-9a-f]+)*|\d+", re.IGNORECASE)


def read_part_files(folder: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a folder of files that are one table; None where it is none of the kind.

    The files have the same columns. Columns that folders' names are (``split=train/``) are like
    columns in the files. The series are those of one file with the rows of all.

    Parameters
    ----------
    folder : Path
        With Parquet files, or text tables, in it and in folders below it.
    options : ReadOptions
        Columns that the user named.

    Raises
    ------
    InputError
        If files differ in their columns, or the series cannot be understood.
    """
    parts = find_parts(folder)
    if parts is None:
        return None
    if parts.is_parquet and is_too_large(parts.files):
        return read_lazily(parts, options)
    if not parts.is_parquet:
        lazy = read_text_lazily(parts, options)
        if lazy is not None:
            return lazy
    tables = [_read(file, parts, options) for file in parts.files]
    demand(sum(t.data.nbytes for t in tables), folder, "its columns")
    return series_of_parts(parts, joined(tables, parts), options)


def find_parts(folder: Path) -> Parts | None:
    """Find the files of a table that is divided over several.

    Parquet files are always taken to be one table; text tables where their names differ in numbers
    alone, or names of folders or files are columns.

    Raises
    ------
    InputError
        If the folder is of a kind that keeps rows which were deleted.
    """
    every = files_below(folder)
    below = [f for f in every if not _is_unneeded(f, folder)]
    files = [f for f in below if f.suffix.lower() in PARQUET]
    if not files:
        files = [f for f in below if bare_suffix(f) in _TEXT]
    partitioned = is_partitioned(folder, files)
    if not files or (not partitioned and (len(files) < 2 or holds_parts(folder))):
        return None
    for name, kind in _LOGS.items():
        if (folder / name).is_dir():
            raise InputError(
                f"{folder}: a {kind} table, which keeps rows that were deleted from it, too; write "
                "its present rows as plain Parquet files"
            )
    is_parquet = files[0].suffix.lower() in PARQUET
    columns = partitions_of(folder, files)
    if not is_parquet and not columns and not _are_numbered(files):
        return None
    rest = sorted(set(every) - set(files))
    account = Account().took("files", f"{len(files)} parts of one table")
    if len(files) > 1 and not (columns or _are_numbered(files)):
        account = account.remarking(
            f"took {len(files)} files ({enumerate_names([f.name for f in files], 3)}) for parts of "
            "one table; name one to read it alone"
        )
    account = account.without(len(rest), "files", "no part of the table", count_by_suffix(rest))
    return Parts(folder, tuple(files), columns, account)


def _is_unneeded(file: Path, folder: Path) -> bool:
    """Whether a file is about the data, or one that writers leave, such as ``_SUCCESS``."""
    return is_about(file) or any(p.startswith("_") for p in file.relative_to(folder).parts)


def _are_numbered(files: Sequence[Path]) -> bool:
    """Whether names differ in numbers alone, such as ``part-0.csv`` and ``part-1.csv``."""
    return len({_NUMBER.sub("#", f.name) for f in files}) == 1


def _read(file: Path, parts: Parts, options: ReadOptions) -> Table:
    if not parts.is_parquet:
        columns = detect_dialect(file).columns
        return read_text(file, options_of_file(options, columns, parts.columns))[0]
    with open_parquet(file) as parquet:
        return parquet_table(read_columns(parquet, file), file)


def series_of_parts(parts: Parts, table: Table, options: ReadOptions) -> LabelledSeries:
    """Return the series of the rows of all files.

    Raises
    ------
    InputError
        If they cannot be understood.
    """
    table, roles = roles_by_name(parts, table, options)
    table, roles = ids_apart(parts, table, roles)
    data = series_of_table(table, roles, options)
    return replace(data, source=parts.source, account=parts.account + data.account)
