"""A graph of channels that a user gives: weights between them, or where they are."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.parameter_checks import check_weights

Matrix = NDArray[np.float64]
# Larger files hold no graph of channels.
_MOST_BYTES = 1 << 26


def adjacency_of(value: Any, variates: int, names: Sequence[str] = ()) -> Matrix:
    """Return the weights between channels, (V, V), in the channels' order.

    Parameters
    ----------
    value : str, PathLike or array of shape (V, V)
        A matrix, or a CSV file with a column ``channel``, and either a column for each channel
        (weights) or two or three of coordinates: weights then fall with the square of the distance,
        exp(−(d / m)²) for the median m of the distances to the nearest channel.
    variates : int
        Channels V.
    names : sequence of str
        Their names; without any they are "channel 1", "channel 2", …

    Raises
    ------
    InputError
        If the file cannot be read, a channel is missing from it, or weights are of no use.
    """
    if not isinstance(value, (str, os.PathLike)):
        weights = np.asarray(value, np.float64)
        if weights.shape != (variates, variates):
            raise InputError(
                f"adjacency has shape {weights.shape}, but there are {variates} channels"
            )
        return weights
    names = tuple(names) if len(names) == variates else _numbered(variates)
    rows, columns = _read(Path(value))
    absent = [name for name in names if name not in rows]
    if absent:
        raise InputError(f"{value}: has no row for channel {absent[0]!r}")
    own = [columns.index(name) for name in names if name in columns]
    if 0 < len(own) < variates:
        absent = [name for name in names if name not in columns]
        raise InputError(f"{value}: has no column for channel {absent[0]!r}")
    if own:
        weights = np.array([[rows[name][i] for i in own] for name in names])
    elif len(columns) in (2, 3):
        weights = _by_distance(np.array([rows[name] for name in names]), f"{value}")
    else:
        raise InputError(
            f"{value}: after 'channel' there must be a column for each channel, or two or three of "
            f"coordinates, not {', '.join(columns[:4])}"
        )
    try:
        check_weights(f"{value}", weights, names)
    except ValueError as error:
        raise InputError(str(error)) from error
    return weights


def beside_channels(value: Any, variates: int, names: Sequence[str] = ()) -> list[str]:
    """Return which rows and columns of a file are of no channel that there is.

    Coordinates have names of their own, which are no channels'.

    Parameters
    ----------
    value, variates, names
        As for :func:`adjacency_of`, which has accepted them.
    """
    if not isinstance(value, (str, os.PathLike)):
        return []
    names = tuple(names) if len(names) == variates else _numbered(variates)
    rows, columns = _read(Path(value))
    of_channels = columns if set(columns) & set(names) else []
    return [name for name in dict.fromkeys([*rows, *of_channels]) if name not in names]


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"channel {i + 1}" for i in range(n))


def _read(file: Path) -> tuple[dict[str, list[float]], list[str]]:
    """Return rows by channel, and the names of their columns."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"{file}: is too large for a graph of channels")
        lines = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: is no CSV file in UTF-8: {error}") from error
    lines = [[cell.strip() for cell in line] for line in lines if any(line)]
    if not lines or lines[0][0] != "channel":
        raise InputError(f"{file}: its first line must begin with 'channel'")
    columns, rows = lines[0][1:], {}
    for number, line in enumerate(lines[1:], 2):
        try:
            if len(line) != len(lines[0]):
                raise ValueError
            values = [float(cell) for cell in line[1:]]
        except ValueError as error:
            raise InputError(
                f"{file}: row {number} must be a channel and {len(columns)} numbers"
            ) from error
        if line[0] in rows:
            raise InputError(f"{file}: row {number} is of {line[0]!r} again")
        rows[line[0]] = values
    return rows, columns


def _by_distance(places: Matrix, what: str) -> Matrix:
    distance = np.sqrt(((places[:, None] - places[None]) ** 2).sum(-1))
    nearest = float(np.median(np.sort(distance, axis=1)[:, 1]))
    if not 0 < nearest < np.inf:
        raise InputError(f"{what}: most channels lie at the same place, or at none")
    return np.asarray(np.exp(-((distance / nearest) ** 2)))
