"""Units of the channels of a table: of a line below the header, or of a column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.columns import plain_name
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.units import named_unit, unit_factor
from msssm_ts.errors import InputError

_COLUMN = ("unit", "units", "uom")


def units_of(table: Table, channels: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """Return the unit of each channel, of whose columns some are given; None where none is known.

    Raises
    ------
    InputError
        If columns of one channel have different units.
    """
    if not table.units:
        return None
    return _known([_one_of_columns(table, columns) for columns in channels])


def named_channels(
    table: Table, columns: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...] | None]:
    """Return the names of columns that are a channel each, and their units, if any are known.

    A unit in brackets is no part of a name, unless it is all that tells two columns apart.
    """
    told = [named_unit(c) for c in columns]
    if len({name for name, _ in told}) < len(told):
        told = [(c, "") for c in columns]
    units = [table.units.get(c, unit) for c, (_, unit) in zip(columns, told, strict=True)]
    return tuple(name for name, _ in told), _known(units)


def _one_of_columns(table: Table, columns: Sequence[str]) -> str:
    named = [(c, table.units[c]) for c in columns if c in table.units]
    odd = next((n for n in named if unit_factor(n[1], named[0][1]) != 1), None)
    if odd is not None:
        raise InputError(
            f"{table.source}: columns {named[0][0]!r} ({named[0][1]}) and {odd[0]!r} ({odd[1]}) "
            "are steps of one channel in different units; bring them to one"
        )
    return named[0][1] if named else ""


def check_same_units(first: Table, other: Table) -> None:
    """Refuse files of one table, of which a column has another unit than in the first.

    Raises
    ------
    InputError
        Naming file and column.
    """
    for name in {**first.units, **other.units}:
        wanted, unit = (t.units.get(name, "no unit") for t in (first, other))
        if unit_factor(unit, wanted) != 1:
            raise InputError(
                f"{other.source}, column {name}: in {unit}, but in {wanted} in "
                f"{Path(first.source).name}; write both alike"
            )


def unit_column(table: Table, columns: Sequence[str]) -> str | None:
    """Return the column that gives the unit of each row, if there is one."""
    called = (c for c in columns if plain_name(c) in _COLUMN)
    return next((c for c in called if table.is_words(c)), None)


def units_of_rows(
    table: Table, column: str, channel: NDArray[np.int64], n_channels: int
) -> tuple[str, ...] | None:
    """Return the unit of each channel, which a column gives row by row.

    Raises
    ------
    InputError
        If rows of one channel have different units.
    """
    texts = table.texts(column)
    found = [""] * n_channels
    for code, text in enumerate(texts.different.tolist()):
        for place in np.unique(channel[texts.codes == code]):
            before = found[place] or text
            if unit_factor(text, before) != 1:
                row = int(np.flatnonzero((texts.codes == code) & (channel == place))[0])
                raise table.error(
                    row,
                    f"{text!r} is another unit than that of the rows before ({before}); bring all "
                    f"values of a channel to one, or leave {column!r} out with --drop",
                    column,
                )
            found[place] = before
    return _known(found)


def _known(units: list[str]) -> tuple[str, ...] | None:
    return tuple(units) if any(units) else None
