"""Label tracks of Audacity: start, end and label of stretches, a line each."""

from __future__ import annotations

from dataclasses import dataclass, field

from msssm_ts.datasets.recordings.text_grids import Interval
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.errors import InputError


@dataclass(frozen=True)
class Track:
    """A label track.

    Parameters
    ----------
    intervals : list of Interval
        As they stand there.
    n_ranges : int
        Lines with the frequencies of the label above.
    """

    intervals: list[Interval] = field(default_factory=list)
    n_ranges: int = 0


def read_label_track(text: str) -> Track:
    r"""Read a label track.

    Raises
    ------
    InputError
        Naming the first line that is none of one.

    Examples
    --------
    >>> read_label_track("0.5\t1.5\tdog\n\\\t100.0\t900.0\n2\t3\t\n")
    Track(intervals=[Interval(start=0.5, stop=1.5, label='dog', line=1), ...], n_ranges=1)
    >>> read_label_track("hello\n")
    Traceback (most recent call last):
    msssm_ts.errors.InputError: line 1: not start, end and label with tabs between; mend it
    """
    intervals: list[Interval] = []
    n_ranges = 0
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        if content.startswith("\\"):
            n_ranges += 1
            continue
        start, _, rest = content.partition("\t")
        stop, _, label = rest.partition("\t")
        low, high = as_float(start.strip()), as_float(stop.strip())
        if low is None or high is None:
            raise InputError(f"line {line}: not start, end and label with tabs between; mend it")
        intervals.append(Interval(low, high, label.strip(), line))
    return Track(intervals, n_ranges)
