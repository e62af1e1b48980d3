"""What the values of the training series are limited to, and what is refused among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.data import TrainingData
from msssm_ts.preparation import Preparation, Preparer
from msssm_ts.preparation.apply import IN_MEMORY
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.glance import looked_at, missing_values, never_varying
from msssm_ts.series.outliers import find_limits
from msssm_ts.text import plural

# Between these the largest value of sound of amplitude 1 lies, however quiet, or a little clipped.
_SOUND = 2.0**-10, 2.0


def with_limits(
    preparation: Preparation, data: TrainingData, source: Source, previous: FittedModel | None
) -> tuple[Preparation, TrainingData]:
    """Complete a preparation by its limits, and the data by what there is to say of them.

    Limits that the user has set stay, and those of a model that is gone on from. Of series that
    are not in memory a part is looked at that would find room there.

    Raises
    ------
    ValueError
        If a number among the series cannot be a value of theirs, with its place.
    """
    if preparation.limits is not None:
        return preparation, data
    if previous is not None:
        before = previous.preparation
        return replace(preparation, limits=before.limits, full_scale=before.full_scale), data
    index = _looked_at(data.series)
    if not len(index):
        return preparation, data
    chosen = Preparer(preparation, source.sampling_rate, source.channel_names).chosen_channels
    series = [chosen(data.series[i]) for i in index]
    numbers = index if data.numbers is None else data.numbers[index]
    limits, remarks = find_limits(series, preparation.channels, numbers)
    if isinstance(data.series, LazySeries):
        seen = _seen_when_decoded(series, preparation.channels, numbers, len(data))
        data = replace(data, remarks=(*data.remarks, *seen))
    if preparation.features != "raw":
        # A bang in a silent recording is a sound, and logarithms bound it.
        return _with_full_scale(preparation, data, series, numbers)
    return (
        replace(preparation, limits=limits or None),
        replace(data, remarks=(*data.remarks, *remarks)),
    )


def _seen_when_decoded(
    series: Sequence[Series],
    names: Sequence[str] | None,
    numbers: NDArray[np.int64],
    n_series: int,
) -> tuple[str, ...]:
    """Say what nobody sees before series are decoded: gaps, and what does not vary."""
    said = []
    part = looked_at(len(series), n_series)
    if gaps := missing_values(series, f" of {len(series)}"):
        said.append(f"{gaps}{part}: masked (--missing)")
    rests = [not (np.fmax.reduce(s, axis=1) > np.fmin.reduce(s, axis=1)).any() for s in series]
    resting = (numbers[rests] + 1).tolist()
    if resting:
        said.append(
            f"{len(resting)} of {len(series)} series{part} "
            f"{plural(len(resting), 'has', 'have')} one value throughout (series "
            f"{enumerate_names(resting)}): leave them out, unless rest is what they are about"
        )
    still = never_varying(series)
    if still.any():
        own = names or [str(c + 1) for c in range(len(still))]
        which = enumerate_names([n for n, is_still in zip(own, still, strict=True) if is_still])
        said.append(
            f"channels that never vary in {len(series)} series{part}: {which}; they tell nothing "
            "(--drop or --channels leaves them out)"
        )
    return tuple(said)


def _with_full_scale(
    preparation: Preparation,
    data: TrainingData,
    series: Sequence[Series],
    numbers: NDArray[np.int64],
) -> tuple[Preparation, TrainingData]:
    """Say what spectra take for amplitude 1, where that is of another order than the series.

    A few that are louder than sound can be are named: beside them nothing else would be heard.
    """
    sizes = np.array([np.nanmax(np.abs(s), initial=0.0) for s in series])
    largest = float(sizes.max())
    if preparation.full_scale is not None or largest == 0 or _SOUND[0] <= largest <= _SOUND[1]:
        return preparation, data
    if _SOUND[0] <= np.median(sizes[sizes > 0]) <= _SOUND[1]:
        loud = (numbers[sizes > _SOUND[1]] + 1).tolist()
        said = (
            f"{len(loud)} of {len(sizes)} series {plural(len(loud), 'reaches', 'reach')} "
            f"{largest:.3g} (series {enumerate_names(loud)}), where the others have amplitude 1, "
            "as sound has it: whole numbers written as floats? bring them to one scale"
        )
        return preparation, replace(data, remarks=(*data.remarks, said))
    full_scale = 2.0 ** np.ceil(np.log2(largest))
    remark = (
        f"the largest value is {largest:.3g}, where sound has amplitude 1: spectra take "
        f"{full_scale:.3g} for 1"
    )
    return replace(preparation, full_scale=float(full_scale)), replace(
        data, remarks=(*data.remarks, remark)
    )


def _looked_at(series: Sequence[Series]) -> NDArray[np.int64]:
    """Return which series are looked at: all, or as many from first to last as find room."""
    everything = np.arange(len(series))
    if not isinstance(series, LazySeries):
        return everything
    size = 4 * len(series[0]) * int(series.lengths.mean())
    n = min(len(series), IN_MEMORY // max(1, size))
    return everything if n == len(series) else np.linspace(0, len(series) - 1, n).astype(np.int64)
