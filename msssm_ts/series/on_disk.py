"""Series in one file, from which any of them is read at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import WritingError
from msssm_ts.series.lazy import LazySeries, Series


@dataclass(frozen=True)
class _FileRead:
    """Read a series by its place; pickles for worker processes."""

    file: str
    n_channels: int
    dtype: np.dtype[np.floating]

    def __call__(self, place: tuple[int, int]) -> Series:
        """Read so many steps from a byte on."""
        begin, length = place
        count = self.n_channels * length
        values: NDArray[np.floating] = np.fromfile(self.file, self.dtype, count, offset=begin)
        if len(values) < count:
            raise OSError(f"{self.file}: a temporary file of this fit is shorter than it was")
        return values.reshape(self.n_channels, length)


def written(series: Iterable[Series], file: str | os.PathLike[str]) -> LazySeries:
    """Write series to a file, one after the other, and return them as read from it, bit for bit.

    Parameters
    ----------
    series : iterable of arrays of shape (n_channels, length)
        One at least; all of one float type and number of channels.
    file : path
        Has to stay as long as they are read.

    Raises
    ------
    ValueError
        If there is none, or one is of another kind than the first.
    WritingError
        If the disk does not take them.

    Examples
    --------
    >>> file = getfixture("tmp_path") / "series"
    >>> held = written([np.ones((2, 3)), np.zeros((2, 1))], file)
    >>> held.lengths, held[1]
    (array([3, 1]), array([[0.],
           [0.]]))
    """
    places: list[tuple[int, int]] = []
    kind: tuple[int, np.dtype[np.floating]] | None = None
    begin = 0
    with open(file, "wb") as stream:
        for one in series:
            own = (one.shape[0], one.dtype)
            kind = kind or own
            if own != kind:
                raise ValueError(f"series {len(places)} has channels and type {own}, not {kind}")
            try:
                stream.write(np.ascontiguousarray(one).data)
            except OSError as error:
                raise WritingError(file, error) from error
            places.append((begin, one.shape[1]))
            begin += one.nbytes
    if kind is None:
        raise ValueError("there are no series to write")
    read = _FileRead(os.path.abspath(file), *kind)
    return LazySeries(places, read, [length for _, length in places])
