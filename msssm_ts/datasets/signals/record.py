"""One recording as its header describes it, and the format that reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msssm_ts.series import Series
from msssm_ts.text import counted

# Names in small letters, and what is said.
Facts = tuple[tuple[str, str], ...]


class Stretch(NamedTuple):
    """A stretch that was recorded without a break, in seconds from the record's start."""

    start: float
    stop: float


@dataclass(frozen=True)
class Record:
    """What the header of a recording says.

    Parameters
    ----------
    file : Path
        What stands for it in messages and tables.
    names : tuple of str
        Of its signals; no two are the same lead.
    units : tuple of str
        Of their values; empty where unknown.
    counts : tuple of int
        Samples of each signal, gaps counted.
    rates : tuple of float
        Samples a second of each; 0 where unknown.
    stretches : tuple of Stretch
        What was recorded, where there are gaps; empty otherwise.
    detail : object
        What its format wants to know again, such as where its data begin.
    odd : tuple of str
        What is to be said of it, as kinds: the same words for every record that it happens to.
    about : tuple of pairs of str
        What it says of the patient, as :func:`msssm_ts.datasets.signals.about.facts` writes it.
    """

    file: Path
    names: tuple[str, ...]
    units: tuple[str, ...]
    counts: tuple[int, ...]
    rates: tuple[float, ...]
    stretches: tuple[Stretch, ...] = ()
    detail: Any = None
    odd: tuple[str, ...] = ()
    about: Facts = ()

    def rate(self, signals: Sequence[int] | None = None) -> float:
        """Return the rate that some signals are read at: the highest of them."""
        return max(self.rates[i] for i in self._chosen(signals))

    def length(self, signals: Sequence[int] | None = None) -> int:
        """Count their steps at that rate."""
        return max((self.rates[i], self.counts[i]) for i in self._chosen(signals))[1]

    def _chosen(self, signals: Sequence[int] | None) -> Sequence[int]:
        return range(len(self.names)) if signals is None else signals

    def stretches_at(self, rate: float, length: int) -> list[tuple[int, int]]:
        """Return what was recorded as steps at a rate: everything where there are no gaps."""
        if not self.stretches:
            return [(0, length)]
        found = [(round(a * rate), min(round(b * rate), length)) for a, b in self.stretches]
        return [(a, b) for a, b in found if a < b]


@dataclass(frozen=True)
class Format:
    """How recordings of one kind are read.

    Parameters
    ----------
    title : str
        What they are called in messages, in the plural: "records", "files".
    suffixes : tuple of str
        Of the files that stand for them.
    header : callable
        From such a file to its :class:`Record`; raises InputError.
    item : callable
        From a record, the first step and the one behind the last, at the rate of the signals, and
        the places of these, to what ``read`` needs.
    read : callable
        Decodes an item to an array (n_signals, steps); NaN in gaps.
    named_by_stem : bool
        Whether ids are names without suffix.
    alive : callable, optional
        Whether a record is seen to vary without being decoded; False where that is not seen.
    """

    title: str
    suffixes: tuple[str, ...]
    header: Callable[[Path], Record]
    item: Callable[[Record, int, int, tuple[int, ...]], Any]
    read: Callable[[Any], Series]
    named_by_stem: bool = False
    alive: Callable[[Record], bool] | None = None

    def counted(self, n: int) -> str:
        """Return how many they are."""
        return counted(n, self.title.removesuffix("s"), self.title)
