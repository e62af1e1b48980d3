"""Series out of HDF5 files, with a table beside them that says what each is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.arrays.axes import find_axes
from msssm_ts.datasets.arrays.hdf5 import OnDisk, OneSeries, arrays_of
from msssm_ts.datasets.arrays.hdf5_groups import read_groups
from msssm_ts.datasets.arrays.named_arrays import of_part, series_of_arrays
from msssm_ts.datasets.arrays.names import CHANNEL_NAMES, IDS, LABELS, SERIES, rate_of, texts_of
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import tidy_labels, tidy_names
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import are_parts, part_of
from msssm_ts.datasets.tables.columns import Roles, find_roles
from msssm_ts.datasets.tables.joint_id import with_joint_id
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series

SUFFIXES = (".h5", ".hdf5")
_TABLES = (".csv", ".tsv")
_OTHER_PART = -2
# Of a series that is read when it is asked for.
_PLACE = 200


def read_hdf5(source: Path, options: ReadOptions) -> LabelledSeries:
    """Read an HDF5 file, or the files of a folder: data sets named as in a .npz file.

    The series are called X, tracings, signals or the like, (series, steps, channels) or (series,
    channels, steps). Labels are y, or stand in a table beside the file that lists the ids of the
    series (``exam_id``), or has a row a series. Large files are read series by series.

    Parameters
    ----------
    source : Path
        File, or folder with files and one table.
    options : ReadOptions
        ``label`` names columns of the table; several of 0 and 1 are labels at once.

    Raises
    ------
    InputError
        If a file is damaged or holds no series, or h5py is not installed.

    Examples
    --------
    >>> import h5py, tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.h5")
    >>> with h5py.File(file, 'w') as out:
    ...     out["tracings"], out["y"] = np.ones((2, 90, 3)), [1, 2]
    >>> read_hdf5(file, ReadOptions()).summary()
    '2 series, 3 channels × 90 steps, 2 classes: 1 2; took the axes for ...'
    """
    folder = source if source.is_dir() else source.parent
    files = [source] if source.is_file() else _files(folder)
    groups = read_groups(files[0], options) if len(files) == 1 else None
    if groups is not None:
        return groups
    arrays = [arrays_of(f) for f in files]
    tables = sorted(f for f in folder.iterdir() if f.suffix.lower() in _TABLES and f.is_file())
    own = [name for name in arrays[0] if name.casefold() in LABELS]
    if len(files) == 1 and (own or not tables):
        return _alone(files[0], arrays[0], options)
    if not tables:
        return _together(files, arrays, None, options, str(source))
    for file in tables:
        table = _Listing.read(file, files, arrays, options)
        if table is not None:
            return _together(files, arrays, table, options, str(source))
    if len(files) > 1:
        return _together(files, arrays, None, options, str(source))
    data = _alone(files[0], arrays[0], options)
    names = enumerate_names([t.name for t in tables], 3)
    return replace(
        data, account=data.account.without(len(tables), "tables", "they list no series", [names])
    )


def read_listing(file: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read the HDF5 files that a table names in a column; None where it names none."""
    files = _files(file.parent)
    if not files:
        return None
    arrays = [arrays_of(f) for f in files]
    listing = _Listing.read(file, files, arrays, options)
    return None if listing is None else _together(files, arrays, listing, options, str(file))


def _files(folder: Path) -> list[Path]:
    return sorted(f for f in folder.iterdir() if f.is_file() and f.suffix.lower() in SUFFIXES)


def _alone(
    file: Path, arrays: Mapping[str, NDArray[Any] | OnDisk], options: ReadOptions
) -> LabelledSeries:
    arrays, account = of_part(arrays, options)
    name = _series_name(arrays, file)
    if isinstance(arrays[name], OnDisk):
        data = _large(file, arrays, name, options)
    else:
        named = {k: v for k, v in arrays.items() if not isinstance(v, OnDisk) and k != name}
        data = series_of_arrays({"X": arrays[name], **named}, str(file), options)
    return replace(data, account=account + data.account)


def _large(
    file: Path, arrays: Mapping[str, NDArray[Any] | OnDisk], name: str, options: ReadOptions
) -> LabelledSeries:
    """Return series that stay on disk, with what the small arrays beside them say."""
    only = ReadOptions(axes=options.axes)
    data = _together(
        [file], [{name: arrays[name], **_about_channels(arrays)}], None, only, str(file)
    )
    beside = {
        k: v
        for k, v in arrays.items()
        if k != name and not isinstance(v, OnDisk) and k not in _about_channels(arrays)
    }
    # One number stands for each series.
    stub = {"X": np.zeros((data.n_series, 1, 1)), **beside}
    told = series_of_arrays(stub, str(file), replace(options, axes=None))
    taken = tuple(t for t in told.account.taken if t[0] not in dict(data.account.taken))
    account = Account(taken, told.account.left_out, told.account.remarks)
    return replace(
        told,
        values=data.values,
        channel_names=data.channel_names,
        account=data.account + account,
    )


def _about_channels(
    arrays: Mapping[str, NDArray[Any] | OnDisk],
) -> dict[str, NDArray[Any] | OnDisk]:
    return {k: v for k, v in arrays.items() if k.casefold() in CHANNEL_NAMES}


def _series_name(arrays: Mapping[str, NDArray[Any] | OnDisk], file: Path) -> str:
    """Name the data set that holds the series."""
    by_name = {k.casefold(): k for k in arrays}
    numbers = [k for k, v in arrays.items() if v.dtype.kind in "iuf" and len(v.shape) in (2, 3)]
    named = [by_name[n.casefold()] for n in SERIES if by_name.get(n.casefold()) in numbers]
    deep = [k for k in numbers if len(arrays[k].shape) == 3]
    found = named[:1] or (deep if len(deep) == 1 else numbers)
    if len(found) != 1:
        raise InputError(
            f"{file}: no data set X; it holds {enumerate_names(list(arrays)) or 'nothing'}, call "
            "that of the series 'tracings' or 'X'"
        )
    return found[0]


@dataclass(frozen=True)
class _Listing:
    """A table that says what the series of files are.

    Parameters
    ----------
    table, roles : Table, Roles
        The table.
    rows : list of arrays of int
        The row of each series of each file; -1 where there is none.
    how : str
        What joins them, in words.
    """

    table: Table
    roles: Roles
    rows: list[NDArray[np.int64]]
    how: str

    @classmethod
    def read(
        cls,
        file: Path,
        files: Sequence[Path],
        arrays: Sequence[Mapping[str, NDArray[Any] | OnDisk]],
        options: ReadOptions,
    ) -> _Listing | None:
        table, _ = read_text(file, ReadOptions())
        options.check_columns(table.columns, str(file))
        roles = find_roles(table.columns, replace(options, drop=()))
        table, roles = with_joint_id(table, roles)
        ids = [i for i in map(_ids, arrays) if i is not None]
        if len(ids) == len(arrays):
            wanted = {str(i) for found in ids for i in tidy_names(found).tolist()}
            for column in table.columns:
                texts = table.texts(column)
                names = [str(n) for n in tidy_names(texts.different).tolist()]
                # Among ids every row has one of its own.
                if len(names) < 0.9 * len(table) or not wanted & set(names):
                    continue
                place = dict(
                    zip(np.array(names)[texts.codes].tolist(), range(len(table)), strict=True)
                )
                rows = [
                    np.array([place.get(str(i), -1) for i in tidy_names(f).tolist()]) for f in ids
                ]
                roles = replace(roles, id=column, loose_id=None)
                rows = [_of_part(table, roles, r, options) for r in rows]
                return cls(table, roles, rows, f"column {column} of {file.name}")
        counts = [a[_series_name(a, f)].shape[0] for a, f in zip(arrays, files, strict=True)]
        if len(files) == 1 and counts[0] == len(table):
            roles = replace(roles, id=None, loose_id=None)
            rows = [_of_part(table, roles, np.arange(len(table)), options)]
            return cls(table, roles, rows, f"the order of rows in {file.name}")
        return None


def _of_part(
    table: Table, roles: Roles, rows: NDArray[np.int64], options: ReadOptions
) -> NDArray[np.int64]:
    """Mark the rows of another part, where a column divides the table."""
    if roles.part is None:
        return rows
    texts = table.texts(roles.part)
    names = texts.different.tolist()
    if not are_parts(names):
        return rows
    wanted = {"test"} if options.split == "test" else {"train", "validation"}
    meant = np.array([*(part_of(n) in wanted for n in names), False])[texts.codes]
    return np.where((rows >= 0) & ~meant[rows], _OTHER_PART, rows)


def _ids(arrays: Mapping[str, NDArray[Any] | OnDisk]) -> NDArray[Any] | None:
    by_name = {k.casefold(): k for k in arrays}
    name = next((by_name[n] for n in IDS if n in by_name), None)
    found = None if name is None else arrays[name]
    return None if found is None or isinstance(found, OnDisk) else found.ravel()


def _together(
    files: Sequence[Path],
    arrays: Sequence[Mapping[str, NDArray[Any] | OnDisk]],
    listing: _Listing | None,
    options: ReadOptions,
    source: str,
) -> LabelledSeries:
    """Return the series of several files, with what a table says of them."""
    names = [_series_name(a, f) for a, f in zip(arrays, files, strict=True)]
    axes = find_axes(arrays[0][names[0]].shape, options.axes, source)
    series: list[Any] = []
    lengths: list[int] = []
    rows: list[int] = []
    lost = elsewhere = 0
    lazy = any(isinstance(a[n], OnDisk) for a, n in zip(arrays, names, strict=True))
    for k, (file, found, name) in enumerate(zip(files, arrays, names, strict=True)):
        array = found[name]
        if len(array.shape) != len(axes.names) or axes.names[0] != "series":
            raise InputError(
                f"{file}: {name} is of shape {array.shape}, but the series must come first; say "
                "what the axes are with --axes series,steps,channels"
            )
        steps = array.shape[axes.names.index("steps")]
        demand(_PLACE * array.shape[0], file, f"the places of its {array.shape[0]} series")
        demand(4 * math.prod(array.shape[1:]), file, "one series")
        place = np.zeros(array.shape[0], int) if listing is None else listing.rows[k]
        usable = np.flatnonzero(place >= 0)
        lost += int((place == -1).sum())
        elsewhere += int((place == _OTHER_PART).sum())
        rows += place[usable].tolist()
        lengths += [steps] * len(usable)
        if isinstance(array, OnDisk):
            series += [(file, array.name, int(i)) for i in usable]
        else:
            series += list(axes.cube(array.astype(np.float32, copy=False))[usable])
    if not rows:
        raise InputError(f"{source}: the table lists none of the series; mend its ids")
    account = Account().took("layout", f"{names[0]}: {', '.join(axes.names)}")
    if lazy:
        values: Any = LazySeries(series, _ReadItem(axes.names), lengths)
    else:
        values = series
    fields: dict[str, Any] = {}
    if listing is None and len(files) > 1:
        fields, account = _labels_of_all(files, arrays, options, account, source)
    if listing is not None:
        fields, account = _described(listing, np.array(rows), account)
        account = account.without(lost, "series", "the table does not list them")
        account = account.without(elsewhere, "series", "of another part")
        unread = len(listing.table) - len(set(rows)) - elsewhere
        account = account.without(unread, "rows", "their series are not in the files")
    channels = texts_of(arrays[0].get("channel_names"))
    rate = next(
        (r for r in (arrays[0].get(n) for n in ("fs", "sampling_rate")) if r is not None), None
    )
    return LabelledSeries(
        values,
        channel_names=channels,
        sampling_rate=rate_of(rate, source),
        source=source,
        account=account.remarking(axes.remark),
        **fields,
    )


def _labels_of_all(
    files: Sequence[Path],
    arrays: Sequence[Mapping[str, NDArray[Any] | OnDisk]],
    options: ReadOptions,
    account: Account,
    source: str,
) -> tuple[dict[str, Any], Account]:
    """Labels of several files that have them inside."""
    options.refuse_unused(["id", "group", "fold", "drop"], source, "no table lists the series")
    wanted = LABELS if options.label is None else (options.label.casefold(),)
    found = [next((v for k, v in a.items() if k.casefold() in wanted), None) for a in arrays]
    lacking = [f.name for f, v in zip(files, found, strict=True) if v is None]
    if lacking and (len(lacking) < len(files) or options.label is not None):
        raise InputError(
            f"{source}: no labels in {enumerate_names(lacking, 3)}; add them as y, or a table that "
            "lists the series"
        )
    if lacking:
        return {}, account
    texts = [t for v in found if isinstance(v, np.ndarray) for t in v.ravel().tolist()]
    labels = tidy_labels(texts)
    return {"labels": labels}, account.took("label", "arrays of the files")


def _described(
    listing: _Listing, rows: NDArray[np.int64], account: Account
) -> tuple[dict[str, Any], Account]:
    """Labels, groups and folds of a table, and the account of them."""
    table, roles = listing.table, listing.roles
    fields = per_series(table, roles, rows)
    account = account.took("table", listing.how)
    if roles.labels:
        account = account.took("label", f"column {', '.join(roles.labels)} of the table")
    for role, column in (("id", roles.id), ("group", roles.group), ("fold", roles.fold)):
        if column is not None:
            account = account.took(role, f"column {column} of the table")
    if roles.beside:
        account = account.took(
            "beside the series", f"column {', '.join(roles.beside)} of the table"
        )
    used = {*roles.keys}
    rest = [c for c in table.columns if c not in used]
    if not roles.labels:
        possible = [c for c in rest if _is_yes_or_no(table, c)]
        if possible:
            account = account.took("possible labels", enumerate_names(possible, 12))
    return fields, account.without(len(rest), "columns", "of the table", rest)


def _is_yes_or_no(table: Table, column: str) -> bool:
    different = {t.casefold() for t in table.texts(column).different.tolist()}
    return bool(different) and different <= {"0", "1", "0.0", "1.0", "true", "false"}


class _ReadItem:
    """Reads one series of one of several files; pickles for worker processes."""

    def __init__(self, axes: tuple[str, ...]) -> None:
        self.axes = axes

    def __call__(self, item: tuple[Path, str, int] | Series) -> Series:
        if isinstance(item, np.ndarray):
            # Of a file that is small enough to be in memory.
            return item
        file, name, index = item
        return OneSeries(str(file), name, self.axes)(index)
