"""Columns of tables that say which piece of a recording a row is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.errors import InputError

# What is left of a name without words for time and unit, in pairs; strong ones need no partner.
_PAIRS = (
    *(("start", "end"), ("start", "stop"), ("begin", "end"), ("onset", "offset")),
    *(("beginn", "ende"), ("anfang", "ende"), ("t0", "t1"), ("tmin", "tmax"), ("xmin", "xmax")),
    *(("on", "off"), ("from", "to"), ("von", "bis")),
)
# These may be of anything, unless a word for a time, or a unit, stands beside them.
_LOOSE_PAIRS = (("min", "max"), ("first", "last"))
_LONE = ("start", "begin", "onset", "beginn", "anfang", "t0", "tmin", "xmin")
_LASTS = ("duration", "dur", "length", "len", "dauer")
# Raven counts begin and end through all files of a recording; this is where in its own one begins.
_IN_FILE = "fileoffset"
_UNITS = {
    **dict.fromkeys(("ms", "msec", "milliseconds"), "milliseconds"),
    **dict.fromkeys(("sample", "samples", "frame", "frames", "idx", "index"), "samples"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "seconds"),
}
_WORDS = {"time", "t", "segment", "seg", "event", "clip", "piece", "interval", "label", "pos"}
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Za-z]?[a-z]+\d*|\d+")
# No recording is so long, in seconds or samples.
_LONGEST = 1e15


class Piece(NamedTuple):
    """A stretch of a recording.

    Parameters
    ----------
    file : Path
        The recording.
    start, stop : float
        Its ends.
    in_samples : bool
        Whether these are samples, and not seconds.
    channel : int, optional
        The one that is meant, the first being 0.
    """

    file: Path
    start: float
    stop: float
    in_samples: bool = False
    channel: int | None = None

    def key(self, *, tell_channel: bool = False) -> Path:
        """Return the path that stands for it: that of its recording, with its ends behind it.

        Parameters
        ----------
        tell_channel : bool
            Whether the channel stands behind them.

        Examples
        --------
        >>> Piece(Path("rec/r0.wav"), 0.5, 1.25).key().name
        'r0.wav:0.5-1.25'
        """
        told = tell_channel and self.channel is not None
        channel = f" channel {(self.channel or 0) + 1}" if told else ""
        ends = "-".join(f"{end:.6f}".rstrip("0").rstrip(".") for end in (self.start, self.stop))
        return self.file.with_name(f"{self.file.name}:{ends}{channel}")


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
    units : pair of {"seconds", "milliseconds", "samples", ""}
        Of both, as far as their names say it.
    in_file : str, optional
        Column that says where in its own file a piece begins, if the others count through several.
    """

    start: str
    stop: str | None = None
    lasts: bool = False
    units: tuple[str, str] = ("", "")
    in_file: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(n for n in (self.start, self.stop, self.in_file) if n is not None)

    @property
    def in_samples(self) -> bool:
        """Whether they count samples, and not seconds."""
        return "samples" in self.units

    @property
    def in_words(self) -> str:
        """What they count."""
        return " and ".join(dict.fromkeys(unit or "seconds" for unit in self.units))

    def ends(self, cells: Sequence[str]) -> tuple[float, float]:
        """Return first and last moment of a row, in seconds or samples, from the columns' cells.

        Raises
        ------
        InputError
            If they are no stretch of time: what is wrong, and what to do.

        Examples
        --------
        >>> piece_columns(["onset_ms", "dur_ms"]).ends(["500", "250"])
        (0.5, 0.75)
        >>> piece_columns(["start", "end"]).ends(["00:01:30", "1:35,5"])
        (90.0, 95.5)
        """
        units = (*self.units, self.units[0])
        values = [
            _moment(cell, name) / (1000 if unit == "milliseconds" else 1)
            for cell, name, unit in zip(cells, self.names, units, strict=False)
        ]
        start, stop = values[:2]
        lasts = stop if self.lasts else stop - start
        start = start if self.in_file is None else values[2]
        if start < 0:
            column = self.start if self.in_file is None else self.in_file
            raise InputError(f"the piece begins before its recording (column {column!r}); mend it")
        if lasts == 0:
            raise InputError("the piece is empty, its end is its start; mend or remove the row")
        if lasts < 0:
            how = "lasts less than nothing" if self.lasts else "ends before it begins"
            raise InputError(f"the piece {how} (column {self.stop!r}); mend it")
        return start, start + lasts


def short_name(file: Path) -> str:
    """Return the name of a file without its suffix; that of a piece whole.

    Examples
    --------
    >>> short_name(Path("rec/r0.wav")), short_name(Path("rec/r0.wav:0.5-1.5"))
    ('r0', 'r0.wav:0.5-1.5')
    """
    return file.name if ":" in file.name else file.stem


def piece_columns(columns: Sequence[str]) -> PieceColumns | None:
    """Find the columns that say where in a file a piece begins, and ends.

    Examples
    --------
    >>> piece_columns(["file", "Begin Time (s)", "End Time (s)"])
    PieceColumns(start='Begin Time (s)', stop='End Time (s)', ... units=('seconds', 'seconds'), ...)
    >>> piece_columns(["offset", "duration_ms"])
    PieceColumns(start='offset', stop='duration_ms', lasts=True, units=('milliseconds', ...
    >>> piece_columns(["t_start"]).names
    ('t_start',)
    >>> piece_columns(["from", "label"]), piece_columns(["min", "max"])
    (None, None)
    """
    known, timed = {}, set[str]()
    for column in reversed(columns):
        core, unit, is_time = _core(column)
        known[core] = (column, unit)
        timed |= {core} if is_time else set()
    lasts = next((known[n] for n in _LASTS if n in known), None)
    for first, last in (*_PAIRS, *(p for p in _LOOSE_PAIRS if {*p} <= timed)):
        if first in known and last in known:
            return _found(known[first], known[last], known.get(_IN_FILE))
    for first in (*dict(_PAIRS), "offset"):
        if first in known and lasts is not None:
            return _found(known[first], lasts, known.get(_IN_FILE), lasts=True)
    lone = next((known[n] for n in _LONE if n in known), None)
    return None if lone is None else PieceColumns(lone[0], units=(lone[1], lone[1]))


def _found(
    start: tuple[str, str],
    stop: tuple[str, str],
    in_file: tuple[str, str] | None,
    *,
    lasts: bool = False,
) -> PieceColumns:
    units = (start[1] or stop[1], stop[1] or start[1])
    return PieceColumns(start[0], stop[0], lasts, units, None if in_file is None else in_file[0])


def _core(column: str) -> tuple[str, str, bool]:
    """Return what a name says besides that it is a time, in what unit, and whether it says that."""
    words = [w.lower() for w in _WORD.findall(column)]
    unit = next((_UNITS[w] for w in reversed(words) if w in _UNITS), "")
    core = [w for w in words if w not in _WORDS and w not in _UNITS]
    return "".join(core), unit, len(core) < len(words)


def _moment(cell: str, column: str) -> float:
    """Read a number, or a time of day such as 0:01:30.5."""
    if not cell:
        raise InputError(f"nothing stands in column {column!r}; fill it in, or remove the row")
    parts = [as_float(part) for part in cell.split(":")]
    values = [p for p in parts if p is not None and abs(p) < _LONGEST]
    if len(values) < len(parts):
        raise InputError(f"{cell!r} in column {column!r} is no time; write one such as 1.5")
    return sum(value * 60.0**i for i, value in enumerate(reversed(values)))
