"""What the axes of an array are: series, channels, steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.text import counted

_WORDS = {
    **dict.fromkeys(("series", "samples", "n", "cases", "instances", "records"), "series"),
    **dict.fromkeys(("channels", "channel", "c", "leads", "dimensions"), "channels"),
    **dict.fromkeys(("steps", "step", "time", "t", "timepoints", "length"), "steps"),
}
_ORDER = ("series", "channels", "steps")
# As many channels have nearly all recordings; as many more steps than channels nearly all series.
_CHANNELS, _MANY_CHANNELS, _TIMES_MORE, _RECORD = 32, 128, 4, 10


@dataclass(frozen=True)
class Axes:
    """What the axes of an array are.

    Parameters
    ----------
    names : tuple of str
        ``series``, ``channels`` or ``steps``, one an axis.
    remark : str
        What was guessed, with the option that says otherwise; empty where nothing was.
    """

    names: tuple[str, ...]
    remark: str = ""

    def cube(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array as (series, channels, steps).

        Examples
        --------
        >>> Axes(("series", "steps", "channels")).cube(np.zeros((5, 100, 3))).shape
        (5, 3, 100)
        """
        present = [a for a in _ORDER if a in self.names]
        array = array.transpose([self.names.index(a) for a in present])
        for place, name in enumerate(_ORDER):
            if name not in self.names:
                array = np.expand_dims(array, place)
        return array


def parse_axes(text: str, n_axes: int, source: str) -> tuple[str, ...]:
    """Return the names of axes as a user wrote them.

    Raises
    ------
    InputError
        If a word is none of the three, or there are more or fewer than the array has axes.

    Examples
    --------
    >>> parse_axes("series,steps,channels", 3, "x.npz")
    ('series', 'steps', 'channels')
    """
    words = [w.strip().casefold() for w in text.replace("×", ",").split(",")]
    names = tuple(_WORDS.get(w, "") for w in words)
    if "" in names or len(set(names)) < len(names) or "steps" not in names:
        raise InputError(
            f"{source}: --axes {text} must name each axis once, as series, channels or steps, with "
            "commas between; for example series,steps,channels"
        )
    if len(names) != n_axes:
        raise InputError(
            f"{source}: --axes {text} names {counted(len(names), 'axis', 'axes')}, but the array "
            f"has {n_axes}; give a word for each"
        )
    return names


def find_axes(
    shape: tuple[int, ...],
    chosen: str | None,
    source: str,
    *,
    n_channels: int | None = None,
    n_steps: int | None = None,
    labelled: bool = True,
    record: bool = False,
) -> Axes:
    """Tell the axes of an array: as the user says, else by what is plausible.

    Parameters
    ----------
    shape : tuple of int
        Of the array, one to three axes.
    chosen : str, optional
        What the user says.
    source : str
        For messages.
    n_channels, n_steps : int, optional
        As many as the source has names of channels, or times.
    labelled : bool
        Whether there are labels, one a series.
    record : bool
        Whether the array bears a name that single recordings have.

    Raises
    ------
    InputError
        If what the user says does not fit the array.

    Examples
    --------
    >>> find_axes((40, 1024, 12), None, "x.npz").names
    ('series', 'steps', 'channels')
    >>> find_axes((40, 3, 50), None, "x.npz")
    Axes(names=('series', 'channels', 'steps'), remark='')
    """
    if chosen is not None:
        return Axes(parse_axes(chosen, len(shape), source))
    if len(shape) == 1:
        return Axes(("steps",))
    if len(shape) == 2:
        return _two_axes(shape, record and not labelled)
    _, middle, last = shape
    known = n_channels in (middle, last) or n_steps in (middle, last)
    if known and middle != last:
        turned = n_channels == last if n_channels in (middle, last) else n_steps == middle
        return _said(turned) if turned else Axes(_ORDER)
    if middle <= last:
        return Axes(_ORDER)
    if last <= _CHANNELS < middle or (last <= _MANY_CHANNELS and middle >= _TIMES_MORE * last):
        return _said(True)
    return _said(False)


def _said(turned: bool) -> Axes:
    names = ("series", "steps", "channels") if turned else _ORDER
    return Axes(names, f"took the axes for {', '.join(names)}; --axes says otherwise")


def _two_axes(shape: tuple[int, ...], record: bool) -> Axes:
    first, last = shape
    if record and first <= _CHANNELS and last >= _RECORD * first:
        names = ("channels", "steps")
    elif record and last <= _CHANNELS and first >= _RECORD * last:
        names = ("steps", "channels")
    else:
        return Axes(("series", "steps"))
    if 1 in shape:
        return Axes(names)
    return Axes(names, f"took the axes for {', '.join(names)} of one series; --axes says otherwise")
