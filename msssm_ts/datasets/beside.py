"""Features beside the series, out of what tables say of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import DROPPED
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import no_column
from msssm_ts.datasets.options import NOTHING_BESIDE, ReadOptions, meant_column
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.datasets.tables.written import as_written
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series.side_features import SideFeatures
from msssm_ts.text import counted

# Of fewer series each may have a category of its own.
_FEW = 10
_MISSING = frozenset(("", "nan", "-nan", "na", "n/a", "#n/a", "<na>", "null", "none", "?"))


def features_of_texts(
    names: Sequence[str], columns: Iterable[Sequence[str]], source: str
) -> SideFeatures | None:
    """Return columns of cells as features: of numbers where all that are there are numbers.

    Parameters
    ----------
    names : sequence of str
        Of the columns; none: None is returned.
    columns : iterable of sequences of str
        A cell a series; empty, or "NA" and the like, where it is missing.
    source : str
        For messages.

    Raises
    ------
    InputError
        If a number is infinite.

    Examples
    --------
    >>> features_of_texts(["age", "sex"], [["61", ""], ["f", "m"]], "x.csv").columns
    (array([61., nan]), array(['f', 'm'], dtype='<U1'))
    """
    if not names:
        return None
    found = tuple(_column(n, cells, source) for n, cells in zip(names, columns, strict=True))
    return SideFeatures(tuple(names), found)


def _column(name: str, cells: Sequence[str], source: str) -> NDArray[Any]:
    texts = ["" if c.strip().lower() in _MISSING else c.strip() for c in map(str, cells)]
    numbers = {text: as_float(text) for text in set(texts) if text}
    if not numbers or None in numbers.values():
        return np.array(texts, np.str_)
    column = np.array([numbers.get(text, np.nan) for text in texts], np.float64)
    if np.isinf(column).any():
        raise InputError(f"{source}, column {name}: a value is infinite; leave the cell empty")
    return column


def chosen_features(data: LabelledSeries, options: ReadOptions) -> LabelledSeries:
    """Return series with the features that the user named; with those that there are otherwise.

    Raises
    ------
    OptionError
        If one is not there.
    """
    if options.beside == NOTHING_BESIDE:
        gone = () if data.features is None else data.features.names
        account = data.account.without(len(gone), "features", DROPPED, gone)
        return replace(data, features=None, account=account)
    if not options.beside:
        return data if data.features is None else _with_numbers(data, data.features)
    there = () if data.features is None else data.features.names
    possible = dict(data.account.taken).get("possible features")
    if not there and possible:
        raise OptionError(
            f"{data.source}: {no_column(meant_column(options.beside[0]), possible.split(', '))}",
            "beside",
        )
    if not there:
        raise OptionError(
            f"{data.source}: --with {','.join(options.beside)} has no effect, for it has no "
            "columns that say something of a whole series; leave it out",
            "beside",
        )
    wanted = options.beside_columns(there)
    for name in options.beside_missing(there):
        raise OptionError(f"{data.source}: {no_column(meant_column(name), there)}", "beside")
    assert data.features is not None
    gone = tuple(name for name in there if name not in wanted)
    account = data.account.without(len(gone), "features", "not among --with", gone)
    return _with_numbers(replace(data, account=account), data.features.only(wanted))


def _with_numbers(data: LabelledSeries, features: SideFeatures) -> LabelledSeries:
    """Return series with features of which texts that are numbers, such as 60y, are numbers."""
    columns, said = [], []
    for name, column in features.items():
        read = column
        if column.dtype.kind == "U":
            read, remark = _read(column)
            said.append(remark and f"{name}: {remark}")
        columns.append(read)
    account = data.account.remarking(*said)
    return replace(data, features=SideFeatures(features.names, tuple(columns)), account=account)


def _read(column: NDArray[Any]) -> tuple[NDArray[Any], str]:
    """Return a column of texts as numbers where it can be, and what there is to say of it."""
    texts, places, counts = np.unique(column, return_inverse=True, return_counts=True)
    given = texts != ""
    numbers = [as_float(t) for t in texts[given].tolist()]
    written = as_written(texts[given].tolist(), counts[given].tolist(), any_unit=True)
    if written is not None and written.measured:
        values = np.full(len(texts), np.nan)
        values[given] = written.values
        return values[places], written.remark
    odd = [t for t, n in zip(texts[given].tolist(), numbers, strict=True) if n is None]
    if not odd or not (2 * len(odd) < len(numbers) or 2 * len(numbers) > len(column) > _FEW):
        return column, ""
    kind = counted(len(numbers), "category", "categories")
    return column, f"its texts are taken for {kind}, for {odd[0][:40]!r} is no number"
