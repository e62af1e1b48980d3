"""What a look at the values of new data tells, beside a model's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.text import counted

# Lazy series that are decoded to see whether values are missing, and their values.
_LOOKED_AT, _MOST_VALUES = 32, 1 << 24

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.fitted import FittedModel


def some_of(series: LabelledSeries) -> list[NDArray[Any]]:
    """Return series to look at: all, or a part of those that are decoded when they are needed."""
    from msssm_ts.series import LazySeries, take
    from msssm_ts.series.checks import without_padding

    values, n = series.values, series.n_series
    if isinstance(values, LazySeries):
        # They are decoded once more when they are needed: a few, and fewer of long ones.
        steps = int(values.lengths.mean()) * series.n_channels
        some = max(1, min(_LOOKED_AT, _MOST_VALUES // max(1, steps)))
        if some < n:
            values = take(values, np.linspace(0, n - 1, some).astype(np.int64))
    return [without_padding(np.asarray(v)) for v in values]


def on_gaps(series: LabelledSeries, some: Sequence[NDArray[Any]], model: FittedModel) -> list[str]:
    """Say that values are missing."""
    from msssm_ts.series.glance import looked_at, missing_values

    if model.missing == "error":
        # They are refused with their place.
        return []
    gaps = missing_values(some, f" of {len(some)}")
    if not gaps:
        return []
    done = "masked" if model.missing == "mask" else "interpolated"
    part = looked_at(len(some), series.n_series)
    return [f"{gaps}{part}: {done}, as fit was told (--missing)"]


def on_loudness(some: Sequence[NDArray[Any]], model: FittedModel) -> list[str]:
    """Say that sounds are silent, or of another scale than those that were trained on."""
    scale = model.preparation.full_scale or 1.0
    sizes = np.array([np.nanmax(np.abs(s), initial=0.0) for s in some])
    silent, loud = int((sizes == 0).sum()), int((sizes > 2 * scale).sum())
    of = "" if len(some) == 1 else f" of {len(some)} that were looked at"
    said = [f"{counted(silent, 'sound is', 'sounds are')} silent{of}"] if silent else []
    if loud:
        said.append(
            f"{counted(loud, 'sound reaches', 'sounds reach')} up to {sizes.max():.3g}{of}, where "
            f"the model's have amplitude {scale:g}: whole numbers written as floats?"
        )
    return said


def on_scale(
    series: LabelledSeries, some: Sequence[NDArray[Any]], model: FittedModel, *, sizes: bool
) -> list[str]:
    """Say that values may stand for none, or are of another size than in the training.

    The latter where it is asked for: no unit tells.
    """
    from msssm_ts.fitted.scale import fills_line, in_order, scale_line

    ordered, names = in_order(model, some, series.channel_names)
    lines = [fills_line(model, ordered, names), scale_line(model, ordered, names) if sizes else ""]
    return [line for line in lines if line]
