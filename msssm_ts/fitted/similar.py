"""Which training series others are most like, of those that a model keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.exemplars import Exemplars, Floats, Rows, answers_at
from msssm_ts.fitted.model import FittedModel
from msssm_ts.series import Series


def similar_to(
    model: FittedModel,
    series: Sequence[Series],
    k: int,
    known: tuple[Any, ...] = (),
    proba: NDArray[np.floating[Any]] | None = None,
) -> tuple[Floats, Rows]:
    """Return distances to the k training series that others are most like, and their places.

    Parameters
    ----------
    model : FittedModel
        That keeps exemplars.
    series : sequence of arrays of shape (n_channels, length)
        Checked.
    k : int
        How many.
    known : tuple
        Sampling rate, channel names, times and features, as for :meth:`FittedModel.prepared`.
    proba : array of shape (n_series, n_classes), optional
        What the model has answered of them.

    Returns
    -------
    distances, places : arrays of shape (n_series, k)
        1 is as far as training series are from the nearest other; places count among the
        exemplars.

    Raises
    ------
    InputError
        If the model keeps none, or not so many.
    """
    own = kept_by(model)
    if proba is None:
        proba = model.series_proba(series, *known)
    parts = [answers_at(proba) / own.units[0]]
    if own.member is not None:
        place = own.member
        at = model.by_series(lambda values: model.projected(values, place), series, *known)
        parts.append(at / own.units[1])
    return own.nearest(np.concatenate(parts, 1), k)


def kept_by(model: FittedModel) -> Exemplars:
    """Return a model's exemplars.

    Raises
    ------
    InputError
        If it keeps none.
    """
    if model.exemplars is None:
        raise InputError(
            "the model keeps no training series that others could be compared with; fit it again "
            "with exemplars (--exemplars 50 keeps up to 50 of each class in the model file)"
        )
    return model.exemplars
