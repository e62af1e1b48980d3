"""What tells how unlike the training series others are: series that were left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.coverage import Scores
from msssm_ts.fitted.familiarity import Familiarity, Scale, entropy, logarithm, nearest
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.coverage import told
from msssm_ts.fitting.problems import Problems
from msssm_ts.members.strata import drawn_from, standing_for
from msssm_ts.preparation import vote
from msssm_ts.series import Prepared

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Training series that are kept to be near to, quantiles, and windows that are looked at.
_MOST_KNOWN, _MOST_QUANTILES, _MOST_WINDOWS = 256, 1000, 4000
# Below it nothing is told of what is usual.
_FEWEST = 5
LARGEST_HALF = 6e4


def with_familiarity(
    model: FittedModel, problems: Problems, left_out: Floats | None, aside: Rows
) -> FittedModel:
    """Return a fitted model with what tells how strange series are, where enough is known.

    Features come from the first member that learns in closed form, else from one that learns by
    steps: to that its own training series are more familiar than any others can be, and only those
    set aside tell.

    Parameters
    ----------
    model : FittedModel
        Just fitted.
    problems : Problems
        Of its training series.
    left_out : array of shape (n_series, n_outputs), optional
        What it answers of them when they, or their groups, are left out; NaN where that is not
        known.
    aside : integer array
        Series that members which learn by steps have not learned from.
    """
    own = _familiarity(model, problems, left_out, aside)
    return replace(model, familiarity=own)


def _familiarity(
    model: FittedModel, problems: Problems, left_out: Floats | None, aside: Rows
) -> Familiarity | None:
    place = place_of_features(model.vote)
    if left_out is None or place is None:
        return None
    held = np.flatnonzero(~np.isnan(left_out).any(1))
    if model.vote.members[place].learns_by_steps:
        held = np.intersect1d(held, aside)
    if len(held) < _FEWEST:
        return None
    encoded, groups, seed = problems.data.targets.encoded, problems.data.groups, model.record.seed
    held = held[drawn_from(encoded[held], _MOST_KNOWN, seed)]
    rows = np.union1d(held, drawn_from(encoded, _MOST_KNOWN, seed))
    at = projected_features(model, problems, rows, place)
    units = rows if groups is None else np.unique(groups, return_inverse=True)[1][rows]
    asked = np.searchsorted(rows, held)
    apart = units[asked, None] != units
    distances = nearest(at[asked], at, apart)
    if not np.isfinite(distances).all():
        # All are of one group.
        return None
    unit = float(np.median(distances)) or 1.0
    known = np.clip(at / unit, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
    distances = nearest(at[asked] / unit, known.astype(np.float64), apart)
    scales = Scale.of(logarithm(distances)), Scale.of(entropy(left_out[held]))
    found = Familiarity(place, known, unit, *scales, Scores(0, ()))
    strange = found.summed(distances, left_out[held])
    weights = standing_for(held, encoded)
    return replace(found, held=told(strange, weights, units[asked], _MOST_QUANTILES))


def place_of_features(vote: Vote) -> int | None:
    """Return the first member with features, those that learn in closed form before others."""
    places = [i for i, member in enumerate(vote.members) if member.n_features is not None]
    return min(places, key=lambda i: vote.members[i].learns_by_steps, default=None)


def projected_features(model: FittedModel, problems: Problems, rows: Rows, place: int) -> Floats:
    """Return projected features of training series, the mean over windows of each."""
    values = problems.prepared(rows).values
    if len(values) > _MOST_WINDOWS:
        values = _thinned(values, -(-len(values) // _MOST_WINDOWS))
    return vote(model.projected(model.standardized(values), place), values.owner, len(rows))


def _thinned(values: Prepared, step: int) -> Prepared:
    """Return the first of every so many windows of each series."""
    rank = np.arange(len(values)) - np.searchsorted(values.owner, values.owner)
    return values.take(np.flatnonzero(rank % step == 0))
