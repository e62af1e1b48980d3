"""Columns of tables that say which piece of a recording a row is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from msssm_ts.errors import InputError

# What is left of a name without words for time and unit, in pairs; strong ones need no partner.
_PAIRS = (
    *(("start", "end"), ("start", "stop"), ("begin", "end"), ("onset", "offset")),
    *(("beginn", "ende"), ("anfang", "ende"), ("t0", "t1"), ("tmin", "tmax"), ("xmin", "xmax")),
    *(("on", "off"), ("from", "to"), ("von", "bis"), ("min", "max"), ("first", "last")),
)
_LONE = {"start", "begin", "onset", "beginn", "anfang", "t0", "tmin", "xmin"}
_LASTS = ("duration", "dur", "length", "len", "dauer")
_UNITS = {
    **dict.fromkeys(("ms", "msec", "milliseconds"), "ms"),
    **dict.fromkeys(("sample", "samples", "frame", "frames", "idx", "index"), "samples"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
}
_WORDS = {"time", "t", "segment", "seg", "event", "clip", "piece", "interval", "label", "pos"}
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Za-z]?[a-z]+\d*|\d+")
# Pieces that are a smaller part of their files are what is meant, and not the files.
_PART = 0.5
# A file as long as its piece has been cut already: the columns speak of another recording.
_ALIKE = 0.1
# In samples or ms, where no unit is said, pieces are at least such a part of their files.
_LEAST = 0.02


@dataclass(frozen=True)
class PieceColumns:
    """Where pieces begin and end.

    Parameters
    ----------
    start : str
        Column.
    stop : str, optional
        Column.
    lasts : bool
        Whether that says how long they are instead.
    unit : {"s", "ms", "samples", ""}
        As far as names say it.
    """

    start: str
    stop: str | None = None
    lasts: bool = False
    unit: str = ""

    def span(self, start: str, stop: str) -> tuple[float, float] | None:
        """Return the numbers of a row; None where they are none."""
        try:
            low, high = _seconds(start), _seconds(stop)
        except ValueError:
            return None
        high = low + high if self.lasts else high
        return (low, high) if 0 <= low < high < float("inf") else None


@dataclass(frozen=True)
class Pieces:
    """Of which pieces of recordings a table speaks.

    Parameters
    ----------
    columns : PieceColumns
        That say so.
    spans : dict of Path to (float, float)
        First and last moment of each.
    """

    columns: PieceColumns
    spans: dict[Path, tuple[float, float]] = field(default_factory=dict)

    def refuse_parts(
        self, extent: Mapping[Path, tuple[int, float]], where: Callable[[Path], str]
    ) -> None:
        """Refuse pieces that are a small part of recordings, which are read whole.

        Parameters
        ----------
        extent : dict of Path to (int, float)
            Steps and rate of recordings.
        where : callable
            Says where the table speaks of one.

        Raises
        ------
        InputError
            Naming the first.
        """
        known = [f for f in self.spans if f in extent]
        if not known:
            return
        spans = np.array([self.spans[f] for f in known])
        steps = np.array([extent[f][0] for f in known], dtype=np.float64)
        rates = np.array([extent[f][1] for f in known], dtype=np.float64)
        a_unit = {"s": np.maximum(rates, 1e-9), "ms": rates / 1000, "samples": np.ones(len(rates))}
        units = [self.columns.unit] if self.columns.unit else list(a_unit)
        shares = {u: (spans[:, 1] - spans[:, 0]) * a_unit[u] / steps for u in units}
        if any((np.abs(s - 1) < _ALIKE).mean() > _PART for s in shares.values()):
            return
        for unit in units:
            inside = spans[:, 1] * a_unit[unit] <= steps * (1 + _ALIKE)
            usual = float(np.median(shares[unit]))
            # Without a unit these are seconds, unless none of them would lie in their files.
            fits = inside.mean() > _PART and (unit == units[0] or usual >= _LEAST)
            if fits and usual < _PART:
                first = known[int(np.argmax(inside & (shares[unit] < _PART)))]
                raise InputError(f"{where(first)}: {self._sentence(first)}")
            if fits:
                return

    def _sentence(self, file: Path) -> str:
        start, stop = self.columns.start, self.columns.stop
        low, high = self.spans[file]
        return (
            f"is about a piece of {file.name!r} (columns {start!r} and {stop!r}: {low:g} to "
            f"{high:g}), but a file is read whole; cut every piece into a file of its own, or take "
            "these columns out of the table"
        )


def piece_columns(columns: Sequence[str]) -> PieceColumns | None:
    """Find the columns that say where in a file a piece begins, and ends.

    Examples
    --------
    >>> piece_columns(["file", "Begin Time (s)", "End Time (s)"])
    PieceColumns(start='Begin Time (s)', stop='End Time (s)', lasts=False, unit='s')
    >>> piece_columns(["offset", "duration_ms"])
    PieceColumns(start='offset', stop='duration_ms', lasts=True, unit='ms')
    >>> piece_columns(["t_start"]), piece_columns(["from", "label"])
    (PieceColumns(start='t_start', stop=None, lasts=False, unit=''), None)
    """
    known = {}
    for column in reversed(columns):
        core, unit = _core(column)
        known[core] = (column, unit)
    lasts = next((known[n] for n in _LASTS if n in known), None)
    for first, last in _PAIRS:
        if first in known and last in known:
            return _found(known[first], known[last])
    for first in (*dict(_PAIRS), "offset"):
        if first in known and lasts is not None:
            return _found(known[first], lasts, lasts=True)
    lone = next((known[n] for n in _LONE if n in known), None)
    return None if lone is None else PieceColumns(lone[0], unit=lone[1])


def _found(start: tuple[str, str], stop: tuple[str, str], *, lasts: bool = False) -> PieceColumns:
    return PieceColumns(start[0], stop[0], lasts, start[1] or stop[1])


def _core(column: str) -> tuple[str, str]:
    """Return what a name says besides that it is a time, and in what unit."""
    words = [w.lower() for w in _WORD.findall(column)]
    unit = next((_UNITS[w] for w in reversed(words) if w in _UNITS), "")
    core = [w for w in words if w not in _WORDS and w not in _UNITS]
    return "".join(core), unit


def _seconds(text: str) -> float:
    """Read a number, or a time of day such as 0:01:30.5."""
    parts = [float(part) for part in text.split(":")]
    return sum(part * 60.0**i for i, part in enumerate(reversed(parts)))
