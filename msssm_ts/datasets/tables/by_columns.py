"""A table with a column a series, and a table beside it with a row for each of the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_in
from msssm_ts.datasets.tables.account import account_of, columns_in_words
from msssm_ts.datasets.tables.columns import Roles, find_roles
from msssm_ts.datasets.tables.dialect import detect_dialect
from msssm_ts.datasets.tables.parquet import is_too_large, open_parquet, read_columns
from msssm_ts.datasets.tables.part import rows_of_part
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tables.times import named_clock, sampling_rate, times_of
from msssm_ts.datasets.tables.units import named_channels
from msssm_ts.datasets.tree import is_about
from msssm_ts.datasets.values import without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series

_TEXT, _PARQUET = (".csv", ".tsv", ".txt"), ".parquet"
# More tables in one folder are something else; one about others has no more bytes.
_MOST, _LARGEST = 6, 1 << 26
_ANSWERS = re.compile(r".*submission.*", re.IGNORECASE)


class _Column(NamedTuple):
    """A series in a Parquet file that is too large for memory."""

    file: str
    name: str


@dataclass(frozen=True)
class _Pair:
    """A table whose columns are series, their names, and the column of another that has these."""

    values: Path
    names: tuple[str, ...]
    about: Path
    key: str


def read_by_columns(folder: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a table whose columns are series with what a table beside it says of each column.

    Parameters
    ----------
    folder : Path
        With ``train.parquet`` and ``metadata_train.csv``, or ``signals.csv`` and ``labels.csv``.
    options : ReadOptions
        Columns that the user named, of the second.

    Returns
    -------
    LabelledSeries or None
        None where the folder is none of the kind.

    Raises
    ------
    InputError
        If a value is no number, or no column of the first is one that the second names.
    """
    tables = _tables(folder)
    pair = _find(_of_part(tables, options.split))
    if pair is None:
        return None
    options.refuse_unused(
        ["time", "channel", "episodes"], str(folder), "a column is a series of its own"
    )
    table, roles = rows_of_part(*read_text(pair.about, options), options)
    roles = replace(_with_id(roles, pair.key), rest=())
    texts = table.texts(pair.key)
    row_of = dict(zip(texts.different[texts.codes].tolist(), range(len(table)), strict=True))
    names = [n for n in pair.names if n in row_of]
    if not names:
        raise InputError(
            f"{pair.about}: no row of this part names a column of {pair.values.name}; give a table "
            "with such rows"
        )
    values, rate, units, others = _read(pair, names, options)
    account = account_of(
        table,
        roles,
        f"a column of {pair.values.name} a series",
        "one channel",
        left_out=[c for c in table.columns if c not in roles.keys],
    )
    account = account.without(
        len(others), "columns", f"of {pair.values.name}, not in {pair.about.name}", others
    )
    idle = [n for n in row_of if n not in {*names}]
    account = account.without(
        len(idle), "rows", f"of {pair.about.name}, which name no column of {pair.values.name}", idle
    )
    own = [f for f in tables if part_in(f.stem) in (part_in(pair.values.stem), None)]
    unread = [f.name for f in own if f not in (pair.values, pair.about)]
    account = account.without(len(unread), "files", f"{pair.values.name} is read", unread)
    account = account.remarking(
        f"took {columns_in_words([pair.key])} of {pair.about.name} for the names of the columns of "
        f"{pair.values.name}, a series each"
    )
    known = per_series(table, roles, np.array([row_of[n] for n in names]))
    return LabelledSeries(
        values,
        sampling_rate=rate,
        units=units,
        source=str(folder),
        account=account,
        **known | {"has_test_part": _has_tests(tables, options, roles)},
    )


def is_by_columns(folder: Path) -> bool:
    """Whether a table in a folder names the columns of another, which are series each."""
    tables = _tables(folder)
    return any(_find(_of_part(tables, split)) is not None for split in ("train", "test"))


def _tables(folder: Path) -> list[Path]:
    files = [f for f in sorted(folder.iterdir()) if f.is_file() and not f.name.startswith(".")]
    kinds = [f for f in files if f.suffix.lower() == _PARQUET or bare_suffix(f) in _TEXT]
    tables = [f for f in kinds if not is_about(f) and not _ANSWERS.fullmatch(f.stem)]
    return tables if 2 <= len(tables) <= _MOST else []


def _of_part(tables: Sequence[Path], split: str) -> list[Path]:
    """Return the tables of a part; all where the part has none of its own."""
    own = [f for f in tables if part_in(f.stem) in (split, None)]
    return own if len(own) > 1 else list(tables)


def _find(tables: Sequence[Path]) -> _Pair | None:
    """Return the tables that belong together; None where none do, or in several ways."""
    found = []
    for values in tables:
        names = _columns(values)
        # What has labels, or ids, of its own has a series a row.
        roles = find_roles(names, ReadOptions())
        if len(names) < 2 or roles.labels or roles.id or roles.value:
            continue
        for about in tables:
            if about != values and about.suffix.lower() != _PARQUET:
                found += [_Pair(values, names, about, key) for key in _keys(about, names)]
    return found[0] if len(found) == 1 else None


def _columns(file: Path) -> tuple[str, ...]:
    try:
        if file.suffix.lower() == _PARQUET:
            with open_parquet(file, whole=False) as parquet:
                return tuple(parquet.schema_arrow.names)
        dialect = detect_dialect(file)
    except InputError:
        return ()
    return dialect.columns if dialect.headed else ()


def _keys(about: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield the columns of a table that name most of some columns, each once."""
    if about.stat().st_size > _LARGEST:
        return
    try:
        dialect = detect_dialect(about)
        first = {cell for row in dialect.first for cell in row}
        if not dialect.headed or first.isdisjoint(names):
            # Seen without reading all of it.
            return
        table, roles = read_text(about, ReadOptions(), dialect=dialect)
    except InputError:
        return
    plain = all(map(str.isdecimal, names))
    if not roles.labels and find_steps(names, str(about)).numbered and not plain:
        # A table that says what steps, or features, are.
        return
    for column in table.columns:
        if column in roles.labels:
            continue
        texts = table.texts(column)
        each = (texts.codes >= 0).all() and len(texts.different) == len(table)
        if each and 2 * len({*texts.different.tolist()} & {*names}) > len(names):
            yield column


def _with_id(roles: Roles, key: str) -> Roles:
    """Return roles with the key for the id, whatever its name says."""
    fields = ("group", "fold", "time", "channel", "value", "loose_id")
    none: dict[str, Any] = {f: None for f in fields if getattr(roles, f) == key}
    left_out = tuple(c for c in roles.left_out if c != key)
    beside = tuple(c for c in roles.beside if c != key)
    return replace(roles, id=key, joint=(), left_out=left_out, beside=beside, **none)


def _read(
    pair: _Pair, names: Sequence[str], options: ReadOptions
) -> tuple[Sequence[Series], float | None, tuple[str, ...] | None, list[str]]:
    """Return the series of columns, their rate and unit, and other columns that are left out."""
    file = pair.values
    others = [c for c in pair.names if c not in {*names}]
    if file.suffix.lower() == _PARQUET and is_too_large([file]):
        with open_parquet(file, whole=False) as parquet:
            n_rows = parquet.metadata.num_rows
        items = [_Column(str(file), n) for n in names]
        return LazySeries(items, _read_column, [n_rows] * len(items)), None, None, others
    table = _whole(file)
    roles = find_roles(table.columns, ReadOptions())
    rate = None
    if roles.time in others:
        times = times_of(table, roles.time)
        name, unit = named_clock(table, roles.time)
        rate = sampling_rate(name, times, np.zeros(len(times), np.int64), unit)
        others.remove(roles.time)
    cube = table.numbers(list(names)).T[:, None, :]
    units = {u for u in named_channels(table, names)[1] or () if u}
    series = without_padding(cube, lambda i, text: InputError(f"{file}, column {names[i]}: {text}"))
    return series, rate, tuple(units) if len(units) == 1 else None, others


def _whole(file: Path) -> Table:
    if file.suffix.lower() != _PARQUET:
        return read_text(file, ReadOptions())[0]
    with open_parquet(file) as parquet:
        data = read_columns(parquet, file)
    return Table(data, str(file), lambda row: f"row {row + 1}")


def _read_column(item: _Column) -> NDArray[np.float64]:
    """Read one series from its place."""
    file = Path(item.file)
    with open_parquet(file, whole=False) as parquet:
        data = read_columns(parquet, file, [item.name])
    return Table(data, item.file, lambda row: f"row {row + 1}").numbers([item.name]).T


def _has_tests(tables: Sequence[Path], options: ReadOptions, roles: Roles) -> bool:
    """Whether there is a test part with labels beside the one that is read."""
    if options.split == "test" or roles.has_test_part:
        return bool(roles.has_test_part)
    tests = [f for f in tables if part_in(f.stem) == "test"]
    return any({*roles.labels} & {*_columns(f)} for f in tests if f.suffix.lower() != _PARQUET)
