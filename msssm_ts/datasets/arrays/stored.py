"""Arrays that stay on disk: their series are read when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.arrays.axes import Axes, find_axes
from msssm_ts.datasets.arrays.named_arrays import series_of_arrays
from msssm_ts.datasets.arrays.names import CHANNEL_NAMES, LABELS, SERIES, texts_of
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.memory import allowed_bytes, demand
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.values import check_values, without_padding
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series

# Larger arrays stay on disk, and fewer bytes of them are looked at together.
_IN_MEMORY, _BLOCK = 1 << 29, 1 << 25


def stays_on_disk(n_bytes: int) -> bool:
    """Whether an array of so many bytes is read series by series."""
    # It is copied once at least on its way.
    return n_bytes > min(_IN_MEMORY, allowed_bytes() // 2)


class Stored(NamedTuple):
    """An array on disk.

    Parameters
    ----------
    file, name : str
        What ``read`` needs to find it.
    shape : tuple of int
        Its axes.
    dtype : numpy.dtype
        Of its values.
    read : callable
        From file, name, and the places of the first series and behind the last, to their values.
        A function of a module, for worker processes.
    """

    file: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[str, str, int, int], NDArray[Any]]


@dataclass(frozen=True)
class _ReadOne:
    """Reads one series by its place and length; pickles for worker processes."""

    stored: Stored
    axes: Axes
    channels: tuple[int, ...] | None = None

    def __call__(self, item: tuple[int, int]) -> Series:
        place, length = item
        series: Series = self.cube(place, place + 1)[0, :, :length]
        return series if self.channels is None else series[list(self.channels)]

    def cube(self, first: int, last: int) -> NDArray[Any]:
        """Return some series as (series, channels, steps), in the type they have in memory."""
        found = self.stored.read(self.stored.file, self.stored.name, first, last)
        kept = found if found.dtype in (np.float32, np.float64) else found.astype(np.float64)
        # A copy: what is mapped may go away.
        return np.array(self.axes.cube(kept), order="C")


def series_of_stored(
    stored: Stored, beside: Mapping[str, Any], source: str, options: ReadOptions
) -> LabelledSeries:
    """Return the series of an array on disk, with what small arrays beside it say.

    Every value is looked at once, some series at a time, for missing ends and infinite values, so
    that they are those of the same array in memory.

    Parameters
    ----------
    stored : Stored
        The series.
    beside : mapping from str to array
        Arrays by the names that they have in a .npz file.
    source : str
        For messages.
    options : ReadOptions
        As for :func:`msssm_ts.datasets.arrays.named_arrays.series_of_arrays`.

    Raises
    ------
    InputError
        If the arrays do not fit together.
    """
    by_name = {k.casefold(): k for k in beside}
    channels = texts_of(next((beside[by_name[n]] for n in CHANNEL_NAMES if n in by_name), None))
    said = texts_of(beside.get("axes"))
    axes = find_axes(
        stored.shape,
        options.axes or (None if said is None else ",".join(said)),
        source,
        n_channels=None if channels is None else len(channels),
        labelled=any(n in by_name for n in LABELS) or options.label is not None,
    )
    if axes.names[0] != "series":
        raise InputError(
            f"{source}: {stored.name} is of shape {stored.shape}, too large to be turned in "
            f"memory, and its axes are {', '.join(axes.names)}; save it with the series first"
        )
    n = stored.shape[0]
    demand(stored.dtype.itemsize * math.prod(stored.shape[1:]), source, "one series")
    times = by_name.get("times") if options.time is None else options.time
    if times in beside:
        raise InputError(
            f"{source}: times of the steps ({times}) are not read of arrays that stay on disk; "
            "leave them out (--drop), or raise --max-memory"
        )
    rest = {k: v for k, v in beside.items() if k.casefold() not in ("lengths", "axes")}
    # A number stands for each channel of each series.
    n_channels = 1 if "channels" not in axes.names else stored.shape[axes.names.index("channels")]
    stub = np.zeros((n, n_channels, 1), dtype=np.float32)
    told = series_of_arrays(
        {"X": stub, **rest}, source, replace(options, axes="series,channels,steps")
    )
    kept = None
    if channels is not None and told.channel_names != channels:
        kept = tuple(channels.index(c) for c in told.channel_names or ())
    read = _ReadOne(stored, axes, kept)
    own = beside.get(by_name.get("lengths", ""))
    lengths = _lengths(read, None if own is None else np.asarray(own), source)
    taken = (("layout", f"array {stored.name}: {', '.join(axes.names)}, on disk"),)
    rest_taken = tuple(t for t in told.account.taken if t[0] != "layout")
    account = Account((*taken, *rest_taken), told.account.left_out, told.account.remarks)
    return replace(
        told,
        values=LazySeries(list(enumerate(lengths.tolist())), read, lengths),
        account=account.remarking(axes.remark),
    )


def is_series(name: str) -> bool:
    """Whether an array's name says that it holds the series."""
    return name.casefold() in {n.casefold() for n in SERIES}


def _lengths(read: _ReadOne, own: NDArray[Any] | None, source: str) -> NDArray[np.int64]:
    """Return the steps of each series; refuse those without values, and infinite ones."""
    n, steps = read.stored.shape[0], read.stored.shape[read.axes.names.index("steps")]
    if own is not None:
        fits = own.shape == (n,) and own.dtype.kind in "iu"
        if not fits or not ((own >= 1) & (own <= steps)).all():
            raise InputError(
                f"{source}: lengths must be {n} whole numbers between 1 and {steps}; mend them"
            )
    if read.stored.dtype.kind not in "f":
        return np.full(n, steps, dtype=np.int64) if own is None else own.astype(np.int64)
    found = np.empty(n, dtype=np.int64)
    for first, cube in _blocks(read):

        def error(i: int, text: str, first: int = first) -> InputError:
            return InputError(f"{source}, series {first + i + 1}: {text}")

        if own is None:
            series = without_padding(cube, error)
        else:
            cut = own[first : first + len(cube)]
            series = [s[:, :length] for s, length in zip(cube, cut, strict=True)]
            check_values(series, error)
        found[first : first + len(cube)] = [s.shape[1] for s in series]
    return found


def _blocks(read: _ReadOne) -> Iterator[tuple[int, NDArray[Any]]]:
    n = read.stored.shape[0]
    size = read.stored.dtype.itemsize * math.prod(read.stored.shape[1:])
    together = max(1, min(_BLOCK, allowed_bytes() // 8) // max(size, 1))
    for first in range(0, n, together):
        yield first, read.cube(first, min(n, first + together))
