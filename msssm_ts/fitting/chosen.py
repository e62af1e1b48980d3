"""The user's choice to learn from some of the series only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msssm_ts.fitting.data import TrainingData
from msssm_ts.members.strata import standing_for, strata_of, thinned


def at_most(data: TrainingData, n: int | None, seed: int) -> TrainingData:
    """Return the series that are learned from: all, or n of them, drawn class by class.

    Classes stay about as frequent; of rare ones more are kept, all where they are few, and the
    weights of the series make up for it. Series of groups are drawn one by one: some of many
    patients tell more than all of a few. Those that the user has set aside stay, and do not
    count.

    Parameters
    ----------
    data : TrainingData
        All there is.
    n : int, optional
        How many to learn from; None: all.
    seed : int
        Which ones.

    Raises
    ------
    ValueError
        If there are more classes than that.
    """
    if n is None:
        return data
    aside = np.zeros(len(data), bool) if data.validation is None else data.validation
    rest = np.flatnonzero(~aside)
    if len(rest) <= n:
        said = f"at_most={n} had nothing to act on: there are {len(rest)} series"
        return replace(data, remarks=(*data.remarks, said))
    targets = data.targets.encoded[rest]
    try:
        chosen = thinned(targets, n, seed)
    except ValueError as error:
        raise ValueError(f"at_most={n}: {error}; take more") from error
    weights = data.weights.copy()
    weights[rest[chosen]] = standing_for(chosen, targets, weights[rest]) * n / len(rest)
    index = np.sort(np.concatenate([rest[chosen], np.flatnonzero(aside)]))
    whole = _whole(strata_of(targets), chosen)
    said = f"at_most={n}: learned from {n} of {len(rest)} series, drawn class by class"
    if whole:
        said += f"; of the rarest ({whole}) all"
    fewer = replace(data, weights=weights).take(index)
    return replace(fewer, remarks=(*fewer.remarks, said))


def _whole(strata: np.ndarray, chosen: np.ndarray) -> int:
    """Return of how many strata every series is chosen."""
    names, counts = np.unique(strata, return_counts=True)
    kept = np.array([(strata[chosen] == name).sum() for name in names])
    return int(((kept == counts) & (names >= 0)).sum())
