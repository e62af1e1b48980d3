"""The parts of data that are looked at side by side: train, validation, test."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.data.digest import Digests, Sketcher, digested
from msssm_ts.datasets import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.signals.names import lead_positions
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.errors import InputError
from msssm_ts.series import LazySeries, Series
from msssm_ts.text import counted

# Series of a part, and values of them, that are looked at.
MOST_SERIES, MOST_VALUES = 20_000, 1 << 31
# Bytes of lazily read series that are held to look for values that lie far from all others.
HELD = 1 << 27
# The largest value of sound with few bits.
_FULL_SCALE = 127 / 128


@dataclass(frozen=True)
class Part:
    """A part of the data, and what a look at its series gave.

    Parameters
    ----------
    name : str
        Such as train; empty where there is one part alone.
    data : LabelledSeries
        All of it.
    index : integer array
        Which series were looked at.
    digests : Digests
        Of these.
    held : sequence of arrays of shape (n_channels, length)
        Series whose values can be looked at again: those, or some of them.
    held_index : integer array
        Which of the data's series these are.
    """

    name: str
    data: LabelledSeries
    index: NDArray[np.int64]
    digests: Digests
    held: Sequence[Series]
    held_index: NDArray[np.int64]

    def place(self, i: int) -> str:
        """Return the name of a series of the data."""
        own = f"series {i + 1}" if self.data.ids is None else str(self.data.ids[i])
        # Paths of files often say it themselves.
        return own if own.startswith(f"{self.name}/") else f"{self.name} {own}".strip()

    def channel(self, c: int) -> str:
        """Return the name of a channel."""
        names = self.data.channel_names
        return f"channel {c + 1}" if names is None else names[c]

    @cached_property
    def labels(self) -> list[str] | None:
        """The label of each series of the data as a word; None where there are none."""
        labels, classes = self.data.labels, self.data.classes
        if labels is None or classes is None:
            return None
        if labels.ndim == 1:
            return [str(v) for v in labels.tolist()]
        names = [str(c) for c in classes]
        rows = ([n for n, v in zip(names, row, strict=True) if v] for row in labels)
        return ["+".join(row) or "none" for row in rows]

    @property
    def within(self) -> str:
        """`` in train``; nothing where there is one part alone."""
        return f" in {self.name}" if self.name else ""


def look_at(
    named: Mapping[str, LabelledSeries],
    most: int | None = None,
    tell: Callable[[float, float], None] | None = None,
) -> list[Part]:
    """Look at the series of each part once.

    Parameters
    ----------
    named : mapping of str to LabelledSeries
        The parts, by name; the first one's channels are looked for in the others.
    most : int, optional
        Series of each part to look at, spread from first to last; otherwise ``MOST_SERIES``, or
        fewer where they are long: ``MOST_VALUES`` values in all.
    tell : callable, optional
        Is told how many of a part are done, and of how many.

    Raises
    ------
    InputError
        If a part has other channels than the first.
    """
    first = next(iter(named.values()))
    orders = {name: _channel_order(first, data) for name, data in named.items()}
    n_channels = len(orders[next(iter(named))])
    longest = max(int(data.lengths.max()) for data in named.values())
    sketcher = Sketcher.draw(n_channels, longest)
    return [
        _look(name, _ordered(data, first, orders[name]), most, sketcher, tell)
        for name, data in named.items()
    ]


def _look(
    name: str,
    data: LabelledSeries,
    most: int | None,
    sketcher: Sketcher,
    tell: Callable[[float, float], None] | None,
) -> Part:
    n_channels = len(sketcher.bucket)
    index = _chosen(data, most, n_channels)
    every = _held_every(data, len(index), n_channels)
    held: dict[int, Series] = {}

    def read() -> Iterator[Series]:
        for number, i in enumerate(index.tolist()):
            series = np.asarray(data.values[i])
            if number % every == 0:
                held[i] = series
            yield series

    full_scale = _FULL_SCALE if data.unit == SOUND_UNIT else np.inf
    digests = digested(read(), len(index), n_channels, sketcher, tell, full_scale)
    return Part(name, data, index, digests, [*held.values()], np.array([*held]))


def _chosen(data: LabelledSeries, most: int | None, n_channels: int) -> NDArray[np.int64]:
    if most is None:
        most = min(MOST_SERIES, int(MOST_VALUES / (n_channels * data.lengths.mean())))
    n = min(data.n_series, max(1, most))
    return np.unique(np.linspace(0, data.n_series - 1, n).astype(np.int64))


def _held_every(data: LabelledSeries, n: int, n_channels: int) -> int:
    """Return of how many series one is held: all where they are in memory anyway."""
    if not isinstance(data.values, LazySeries):
        return 1
    return max(1, math.ceil(4 * n * n_channels * float(data.lengths.mean()) / HELD))


def _ordered(data: LabelledSeries, first: LabelledSeries, order: list[int]) -> LabelledSeries:
    """Return a part with its channels in the order of the first, and called so."""
    in_order = order == list(range(_n_channels(data)))
    data = replace(data, channel_names=first.channel_names)
    if in_order:
        return data
    units = None if data.units is None else tuple(data.units[i] for i in order)
    values = LazySeries(range(data.n_series), lambda i: data.values[i][order], data.lengths)
    return replace(data, values=values, units=units)


def _channel_order(first: LabelledSeries, data: LabelledSeries) -> list[int]:
    """Return where the channels of the first part stand in another: by name, or by place."""
    if first.channel_names is not None and data.channel_names is not None:
        found = lead_positions(data.channel_names, first.channel_names)
        missing = [n for n, i in zip(first.channel_names, found, strict=True) if i is None]
        if not missing:
            return [i for i in found if i is not None]
        raise InputError(
            f"{data.source}: channels {enumerate_names(missing)} of {first.source} are missing; "
            f"there are {enumerate_names(data.channel_names)}: nothing can be compared"
        )
    wanted, given = _n_channels(first), _n_channels(data)
    if wanted != given:
        raise InputError(
            f"{data.source}: {counted(given, 'channel')}, but {first.source} has {wanted}: nothing "
            "can be compared"
        )
    return list(range(wanted))


def _n_channels(data: LabelledSeries) -> int:
    """Count channels by their names, where there are any: lazy series are decoded to be counted."""
    return data.n_channels if data.channel_names is None else len(data.channel_names)
