"""Series brought to one unit, rate and number of channels while they are decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.signals.names import lead_positions
from msssm_ts.datasets.units import SOUND_UNIT, unit_factor
from msssm_ts.errors import InputError
from msssm_ts.preparation.filters import resample, resampled_length
from msssm_ts.series import LazySeries, Series


class Adaptation(NamedTuple):
    """What is done to a series behind its decoder, in this order; nothing by default.

    Parameters
    ----------
    factors : tuple of float, optional
        By what the values of each channel are multiplied.
    mono : bool
        Whether the mean of the channels is taken.
    rate, wanted : float
        Its sampling rate, and the one it is brought to; 0 where that is not known.
    steps : int
        What it is cut to at last; 0 for all.
    """

    factors: tuple[float, ...] | None = None
    mono: bool = False
    rate: float = 0.0
    wanted: float = 0.0
    steps: int = 0

    @property
    def resamples(self) -> bool:
        """Whether the rate changes."""
        return 0 < self.wanted != self.rate > 0

    def length(self, n_timepoints: int) -> int:
        """Count the steps of a series of so many."""
        n = n_timepoints
        if self.resamples:
            n = resampled_length(n, self.rate, self.wanted)
        return min(n, self.steps) if self.steps else n

    def apply(self, series: Series) -> Series:
        """Return a series adapted."""
        if self.factors is not None:
            factors = np.array(self.factors, dtype=np.float64)[:, None]
            series = (series * factors).astype(series.dtype)
        if self.mono and len(series) > 1:
            series = series.mean(axis=0, keepdims=True, dtype=np.float64).astype(series.dtype)
        if self.resamples:
            series = resampled(series, self.rate, self.wanted)
        return series[:, : self.steps] if self.steps else series


def adapted(
    items: Sequence[Any],
    read: Callable[[Any], Series],
    lengths: Sequence[int],
    adaptations: Sequence[Adaptation],
) -> LazySeries:
    """Return lazy series that are adapted when they are read; as they are where nothing is done.

    Parameters
    ----------
    items, read, lengths : as for :class:`msssm_ts.series.LazySeries`
        The series as they lie on disk.
    adaptations : sequence of Adaptation
        One a series.
    """
    if not any(a.factors or a.mono or a.resamples or a.steps for a in adaptations):
        return LazySeries(items, read, lengths)
    pairs = list(zip(items, adaptations, strict=True))
    after = [a.length(n) for n, a in zip(lengths, adaptations, strict=True)]
    return LazySeries(pairs, _ReadAdapted(read), after)


def in_units(
    data: LabelledSeries, wanted: Sequence[str] | None, names: Sequence[str] | None = None
) -> LabelledSeries:
    """Return series in the units that a model was trained on.

    Parameters
    ----------
    data : LabelledSeries
        In units of their own.
    wanted : sequence of str or None
        Of each channel; an empty one, or None, takes the values as they are.
    names : sequence of str, optional
        Names of those channels; by place otherwise.

    Returns
    -------
    LabelledSeries
        Its account says what was converted.

    Raises
    ------
    InputError
        If a unit measures something else.
    """
    if data.units is None or wanted is None:
        return data
    order = lead_positions(names, data.channel_names) if names and data.channel_names else None
    factors, new, said = [], [], dict[str, None]()
    for i, unit in enumerate(data.units):
        name = data.channel_names[i] if data.channel_names is not None else f"channel {i + 1}"
        place = i if order is None else order[i]
        other = wanted[place] if place is not None and place < len(wanted) else ""
        factor = unit_factor(unit, other) if unit and other else 1.0
        if factor is None:
            raise InputError(
                f"{data.source}: {name} is {_in_words(unit)}, but the model was trained on "
                f"{_in_words(other).removeprefix('in ')}; {_to_unit(data.source)}"
            )
        if factor != 1:
            said[f"{unit} converted to the model's {other}"] = None
        factors.append(factor)
        new.append(other or unit)
    if all(f == 1 for f in factors):
        return data
    done = Adaptation(factors=tuple(factors))
    values: Sequence[Series]
    if isinstance(data.values, LazySeries):
        values = adapted(
            range(len(data.values)),
            data.values.__getitem__,
            data.values.lengths.tolist(),
            [done] * len(data.values),
        )
    else:
        values = [done.apply(v) for v in data.values]
    return replace(data, values=values, units=tuple(new), account=data.account.remarking(*said))


def _in_words(unit: str) -> str:
    return "sound, of full scale" if unit == SOUND_UNIT else f"in {unit}"


def _to_unit(source: str) -> str:
    """Return how values get to another unit: by a header beside a file, where there is one."""
    header = Path(source).with_suffix(".hea")
    if header.is_file() and str(header) != source:
        return f"name {header.name} beside it, which says its gain and unit"
    return "bring the values to that unit first"


@dataclass(frozen=True)
class _ReadAdapted:
    """Read a series adapted; pickles for worker processes."""

    read: Callable[[Any], Series]

    def __call__(self, pair: tuple[Any, Adaptation]) -> Series:
        item, adaptation = pair
        return adaptation.apply(self.read(item))


def resampled(series: Series, rate: float, wanted: float) -> Series:
    """Resample; missing values are gaps before and after.

    Examples
    --------
    >>> resampled(np.array([[0.0, np.nan, np.nan, 3.0]]), 4.0, 2.0).round().tolist()
    [[0.0, nan]]
    """
    missing = np.isnan(series)
    if not missing.any():
        return resample(series, rate, wanted).astype(series.dtype, copy=False)
    steps = np.arange(series.shape[1])
    filled = series.copy()
    for values, gap in zip(filled, missing, strict=True):
        if not gap.all():
            values[gap] = np.interp(steps[gap], steps[~gap], values[~gap])
    filled[missing.all(axis=1)] = 0.0
    out = resample(filled, rate, wanted).astype(series.dtype, copy=False)
    nearest = np.minimum(np.round(np.arange(out.shape[1]) * rate / wanted), steps[-1]).astype(int)
    out[missing[:, nearest]] = np.nan
    return out
