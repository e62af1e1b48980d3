"""The spaces that ``msssm-ts tune`` searches: options, the values that are tried, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries

Value = str | float | bool | None
Values = tuple[Value, ...]


@dataclass(frozen=True)
class Line:
    """An option, and what is tried beside the value that it has.

    Parameters
    ----------
    key : str
        The option, as a file for ``--config`` spells it.
    values : tuple, or callable
        As such a file holds them; or what returns them for series, none where it is not for
        those.
    why : str
        Why it is worth a trial.
    """

    key: str
    values: Values | Callable[[LabelledSeries], Values]
    why: str

    def values_for(self, series: LabelledSeries) -> Values:
        """Return what is tried on these series."""
        return self.values(series) if callable(self.values) else self.values


@dataclass(frozen=True)
class Space:
    """Some options that are searched together.

    Parameters
    ----------
    lines : tuple of Line
        Those.
    base : mapping
        Options that it takes where neither --preset nor --members is said.
    """

    lines: tuple[Line, ...]
    base: Mapping[str, Value] = field(default_factory=dict)


def _windows(series: LabelledSeries) -> Values:
    """Return a half and a quarter of the median series: seconds, or steps without a rate."""
    steps = float(median(series.lengths.tolist()))
    parts = [max(1.0, round(steps / part)) for part in (2, 4)]
    return tuple(float(f"{part / (series.sampling_rate or 1):.4g}") for part in parts)


def _half_rate(series: LabelledSeries) -> Values:
    return () if series.sampling_rate is None else (series.sampling_rate / 2,)


def _spectra(series: LabelledSeries) -> Values:
    sound = (series.sampling_rate or 0) >= 4000
    return ("raw", "logmel", "mfcc") if sound else ()


_VOTE = Line(
    "preset", ("fast", "default", "network", "best"), "who votes decides most, and costs most"
)
_NETWORK = (
    Line("learning-rate", (0.001, 0.004), "half and twice: too high diverges, too low is not done"),
    Line("dropout", (0.0, 0.2, 0.3), "more for few series, none for many"),
    Line("width", (32, 128), "half and twice: few series or many"),
    Line("layers", (2, 4), "one less and one more"),
    Line("core", ("s4d", "s6"), "modes that oscillate, or that look at the signal"),
    Line("scales", (2, 5), "how long a stretch the coarsest band sees: 2 to the scales times taps"),
    Line("mixup", (0.2,), "pairs of series mixed, where few series are learned by heart"),
    Line("shift", (0.1,), "series moved, where the moment that they begin at is chance"),
)
_PREPARATION = (
    Line(
        "standardize",
        ("global", "centred", "series"),
        "whether a series' own level and size tell its class, or hide it",
    ),
    Line("features", _spectra, "of sound: spectra, cepstra, or the waveform"),
    Line("crop", _windows, "windows that vote: more series to learn from, each shorter"),
    Line("rate", _half_rate, "half of the steps: less noise and less time"),
)

SPACES: dict[str, Space] = {
    "preset": Space((_VOTE,)),
    "network": Space(_NETWORK, base={"preset": "network"}),
    "preparation": Space(_PREPARATION),
    "all": Space(
        # Many trials of "best" would take days.
        (replace(_VOTE, values=("fast", "default", "network")), *_NETWORK, *_PREPARATION)
    ),
}
