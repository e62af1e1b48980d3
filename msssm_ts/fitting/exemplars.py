"""Training series that a model keeps, so that others can be compared with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.exemplars import Exemplars, answers_at
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.familiarity import LARGEST_HALF, place_of_features, projected_features
from msssm_ts.fitting.problems import Problems
from msssm_ts.members.strata import strata_of
from msssm_ts.series import take
from msssm_ts.series.excerpts import MOST_CHANNELS, POINTS, excerpts_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Series that are prepared at once.
_BLOCK = 256


def with_exemplars(
    model: FittedModel, problems: Problems, left_out: Floats | None, per_class: int
) -> FittedModel:
    """Return a fitted model that keeps some of its training series, and says so.

    Parameters
    ----------
    model : FittedModel
        Just fitted.
    problems : Problems
        Of its training series.
    left_out : array of shape (n_series, n_outputs), optional
        What it answers of them when they are left out; NaN where that is not known.
    per_class : int
        How many of a class (of several labels: of the rarest that a series has) at most; with 0
        nothing is kept.
    """
    data = problems.data
    if not per_class:
        return model
    rows = _chosen(strata_of(data.targets.encoded), per_class, model.record.seed)
    place = place_of_features(model.vote)
    parts = [answers_at(_answers(model, data, left_out, rows))]
    if place is not None:
        blocks = np.split(rows, np.arange(_BLOCK, len(rows), _BLOCK))
        parts.append(np.vstack([projected_features(model, problems, b, place) for b in blocks]))
    scales = [_spread(part) for part in parts]
    at = np.hstack([part / scale for part, scale in zip(parts, scales, strict=True)])
    usual = _usual_distance(at)
    known = np.clip(at / usual, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
    numbers = rows if data.numbers is None else data.numbers[rows]
    kept = Exemplars(
        place,
        (scales[0] * usual, scales[-1] * usual),
        per_class,
        len(data),
        known,
        numbers.astype(np.int64),
        data.targets.encoded[rows].astype(np.int64),
        excerpts_of(take(data.series, rows)),
        None if data.ids is None else tuple(data.ids[i] for i in rows),
    )
    record = replace(model.record, notes=(*model.record.notes, _said(kept, data)))
    return replace(model, exemplars=kept, record=record)


def _chosen(strata: Rows, per_class: int, seed: int) -> Rows:
    """Return at most so many series of each class, ascending."""
    order = np.random.default_rng(seed).permutation(len(strata))
    return np.sort(
        np.concatenate([order[strata[order] == one][:per_class] for one in np.unique(strata)])
    )


def _answers(model: FittedModel, data: TrainingData, left_out: Floats | None, rows: Rows) -> Floats:
    """Return what the vote answers of series, left out where that is known."""
    n_outputs = len(model.labels.classes)
    found = np.full((len(rows), n_outputs), np.nan) if left_out is None else left_out[rows].copy()
    unknown = np.flatnonzero(np.isnan(found).any(1))
    for block in np.split(unknown, np.arange(_BLOCK, len(unknown), _BLOCK)):
        if len(block):
            own = rows[block]
            found[block] = model.series_proba(
                take(data.series, own),
                times=None if data.times is None else [data.times[i] for i in own],
                features=None if data.features is None else data.features.take(own),
            )
    return found


def _spread(at: Floats) -> float:
    """Return the root mean square distance from the mean; 1 where all are in one place."""
    spread = float(np.sqrt(np.square(at - at.mean(0)).sum(1).mean()))
    return spread if spread > 1e-12 else 1.0


def _usual_distance(at: Floats) -> float:
    """Return how far a series is from the nearest other, the median; 1 where that is nothing."""
    nearest = np.full(len(at), np.inf)
    for i, row in enumerate(at):
        squares = np.square(at - row).sum(1)
        squares[i] = np.inf
        nearest[i] = squares.min()
    usual = float(np.sqrt(np.median(nearest)))
    return usual if np.isfinite(usual) and usual > 1e-12 else 1.0


def _said(kept: Exemplars, data: TrainingData) -> str:
    """Say what of the training series is in the model."""
    n_channels = data.series[0].shape[0]
    channels = "" if n_channels <= MOST_CHANNELS else f" of the first {MOST_CHANNELS} channels"
    return (
        f"{len(kept)} of {kept.count} training series are kept in the model (exemplars="
        f"{kept.per_class} of a class at most): fingerprints, and excerpts of up to {POINTS} "
        f"points{channels}"
    )
