"""Whether the rows of tables are about pieces of recordings, and may be cut out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.recordings.pieces import PieceColumns, piece_columns
from msssm_ts.datasets.recordings.tables import Listing
from msssm_ts.errors import InputError
from msssm_ts.text import plural

# Of so many files it is looked at how long they are.
_GLANCE = 100
# A file as long as its piece has been cut already: the columns speak of another recording.
_ALIKE = 0.1
# Of recordings that cannot be cut only pieces are refused that are a smaller part.
_PART = 0.5
# Pieces in a unit that nothing says are at least such a part of their files.
_LEAST = 0.02


@dataclass(frozen=True)
class Cutter:
    """How pieces are cut out of recordings of one kind.

    Parameters
    ----------
    extent : callable
        Steps and rate of a recording; 0 steps where it cannot be read, which is said later.
    whole : str
        What recordings are called that are read whole; empty where pieces can be read.
    """

    extent: Callable[[Path], tuple[int, float]]
    whole: str = ""


@dataclass(frozen=True)
class Meant:
    """Tables about pieces of recordings.

    Parameters
    ----------
    columns : PieceColumns
        That say where they lie.
    listings : list of Listing
        The tables that have them.
    sure : bool
        Whether nothing else can be meant.
    """

    columns: PieceColumns
    listings: list[Listing]
    sure: bool


def pieces_meant(
    listings: Sequence[Listing], cutter: Cutter | None, free: Callable[[str], bool]
) -> Meant | None:
    """Find the tables of which each row is about a piece of a recording; None where none is.

    A row is where a recording has several of them, or where most lie within their recordings and
    are shorter. What is as long as its recording, or lies elsewhere, says where a file that was
    cut already comes from.

    Parameters
    ----------
    listings : sequence of Listing
        Tables that list recordings.
    cutter : Cutter, optional
        How pieces are read; None where they are not, and nobody knows how long recordings are.
    free : callable
        Whether the user has said nothing else about a column.

    Raises
    ------
    InputError
        If pieces are meant, but not as they should be, or of what is read whole.
    """
    tables = [x for x in listings if not x.owners]
    columns = piece_columns(list(dict.fromkeys(c for x in tables for c in x.columns if free(c))))
    if columns is None:
        return None
    own = [x for x in tables if {*columns.names} <= {*x.columns}]
    whole = "such files" if cutter is None else cutter.whole
    for x in own:
        row = _second(x, columns)
        if row is not None and whole:
            _refuse_whole(x, row, columns, whole)
        if row is not None and columns.stop is None:
            raise InputError(
                f"{x.table.file}, {x.table.place(row)}: a second piece of "
                f"{x.table.cells[x.column][row]!r} (column {columns.start!r}), but no column says "
                "where pieces end; add one called end, or duration"
            )
    if cutter is None or columns.stop is None:
        return None
    sure = any(x.of_pieces or _second(x, columns) is not None for x in own)
    if not sure and not _are_shorter(own, columns, cutter):
        return None
    if whole:
        x = own[0]
        first = next(row for row, file in enumerate(x.files) if file is not None)
        _refuse_whole(x, first, columns, whole)
    if len({unit == "samples" for unit in columns.units}) > 1:
        raise InputError(
            f"{own[0].table.file}: column {columns.start!r} counts {columns.units[0]}, "
            f"{columns.stop!r} {columns.units[1]}; give both in one of them"
        )
    return Meant(columns, own, sure)


def cells_of(listing: Listing, columns: Sequence[str], row: int) -> tuple[str, ...]:
    """Return the cells of some columns in a row."""
    return tuple(listing.table.cells[c][row] for c in columns)


def in_unit(columns: PieceColumns, unit: str) -> str:
    """Say how to say that columns are in another unit than seconds."""
    ending = "ms" if unit == "milliseconds" else "samples"
    return f"if they are {unit}, say so in their names, as in {columns.start}_{ending}"


def _refuse_whole(listing: Listing, row: int, columns: PieceColumns, whole: str) -> NoReturn:
    table = listing.table
    names = f"{plural(len(columns.names), 'column')} {' and '.join(map(repr, columns.names))}"
    raise InputError(
        f"{table.file}, {table.place(row)}: is about a piece of "
        f"{table.cells[listing.column][row]!r} ({names}), but {whole} are read whole; cut every "
        "piece into a file of its own, or take these columns out of the table"
    )


def _second(listing: Listing, columns: PieceColumns) -> int | None:
    """Return the first row about a further piece of a recording."""
    seen: dict[Path, tuple[str, ...]] = {}
    for row, file in enumerate(listing.files):
        if file is not None:
            cells = cells_of(listing, columns.names, row)
            if seen.setdefault(file, cells) != cells:
                return row
    return None


def _are_shorter(listings: Sequence[Listing], columns: PieceColumns, cutter: Cutter) -> bool:
    """Whether most pieces, one a recording, lie within them and are shorter.

    Raises
    ------
    InputError
        If they do so only in a unit that nothing says.
    """
    rows = [(x, row, f) for x in listings for row, f in enumerate(x.files) if f is not None]
    known: list[tuple[float, float, int, float]] = []
    looked_at = rows[:: max(1, len(rows) // _GLANCE)]
    for x, row, file in looked_at:
        n_steps, rate = cutter.extent(file)
        try:
            start, stop = columns.ends(cells_of(x, columns.names, row))
        except InputError:
            # Where most have no times nothing is cut by them; else it is said of this one.
            continue
        known += [(start, stop, n_steps, rate)] if n_steps else []
    if len(known) <= len(looked_at) / 2:
        return False
    starts, stops, steps, rates = np.array(known, dtype=np.float64).T
    a_unit = {"samples": np.ones(len(known))} if columns.in_samples else {"seconds": rates}
    if not any(columns.units):
        a_unit |= {"milliseconds": rates / 1000, "samples": np.ones(len(known))}
    shares = {unit: (stops - starts) * each / steps for unit, each in a_unit.items()}
    if any(_mostly(np.abs(share - 1) < _ALIKE) for share in shares.values()):
        return False
    for unit, each in a_unit.items():
        inside = stops * each <= steps * (1 + _ALIKE)
        if not _mostly(inside & (shares[unit] < 1)):
            continue
        if unit == next(iter(a_unit)):
            return not cutter.whole or float(np.median(shares[unit])) < _PART
        if np.median(shares[unit]) >= _LEAST:
            x, row, file = looked_at[0]
            raise InputError(
                f"{x.table.file}, {x.table.place(row)}: columns {columns.start!r} and "
                f"{columns.stop!r} lie behind the end of {file.name} if they are seconds; "
                f"{in_unit(columns, unit)}, or --drop {columns.start} to read the files whole"
            )
    return False


def _mostly(flags: NDArray[np.bool_]) -> bool:
    return bool(flags.mean() > 0.5)
