"""Which training series are set aside to choose the weights by."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.targets import Targets

Index = NDArray[np.int64]

# Splits by groups are drawn this often, and the best of all taken.
_N_SHUFFLES = 5


def split_targets(
    targets: Targets, fraction: float, seed: int, groups: NDArray[Any] | None = None
) -> tuple[Index, Index]:
    """Set about a fraction of the series aside, stratified, without losing a class or label.

    Parameters
    ----------
    targets : Targets
        Of n_series series. With several labels at once, series are stratified by the rarest that
        they have.
    fraction : float
        Part to set aside; a class too small to spare a series spares none.
    seed : int
        Which ones.
    groups : array of shape (n_series,), optional
        A patient, a speaker: each stays on one side.

    Returns
    -------
    kept, set_aside : arrays of indices, ascending
        None set aside where no split by groups keeps every class in training.
    """
    strata = _strata(targets)
    if groups is not None:
        return _grouped_split(strata, fraction, seed, groups)
    kept, aside = stratified_split(strata, fraction, seed)
    if targets.multilabel:
        present = targets.encoded > 0
        for label in range(present.shape[1]):
            holders = aside[present[aside, label]]
            if len(holders) and not present[kept, label].any():
                kept = np.sort(np.append(kept, holders[0]))
                aside = np.setdiff1d(aside, holders[:1])
    return kept, aside


def _strata(targets: Targets) -> Index:
    """Return the class of each series, or its rarest label; −1 for none."""
    if not targets.multilabel:
        return targets.encoded
    present = targets.encoded > 0
    rarity = np.where(present, present.sum(0), np.inf)
    return np.where(present.any(1), rarity.argmin(1), -1)


def _grouped_split(
    strata: Index, fraction: float, seed: int, groups: NDArray[Any]
) -> tuple[Index, Index]:
    from sklearn.model_selection import StratifiedGroupKFold

    # Codes: groups may be of any kind.
    _, codes = np.unique([str(g) for g in groups], return_inverse=True)
    n_splits = min(max(2, round(1 / max(fraction, 1e-3))), len(set(codes.tolist())))
    everything = np.arange(len(strata)), np.arange(0)
    if n_splits < 2:
        return everything
    classes = np.unique(strata)
    n_groups = [len(np.unique(codes[strata == c])) for c in classes]
    # Folds need no more than the members of the largest class.
    n_splits = min(n_splits, int(np.unique(strata, return_counts=True)[1].max()))
    splits: list[tuple[Index, Index]] = []
    with warnings.catch_warnings():
        # That a class has fewer members than there are folds is seen to below.
        warnings.simplefilter("ignore", UserWarning)
        for repeat in range(_N_SHUFFLES):
            splitter = StratifiedGroupKFold(
                max(2, n_splits), shuffle=True, random_state=(seed + repeat) % 2**32
            )
            splits += splitter.split(strata, strata, codes)
    best, chosen = (-1, -1, 0.0), everything
    for kept, aside in splits:
        left = [len(np.unique(codes[kept][strata[kept] == c])) for c in classes]
        if not len(aside) or min(left) < 1:
            continue
        # What one patient is like says little of a class: two stay in training if there are two.
        safe = int(all(n >= min(2, m) for n, m in zip(left, n_groups, strict=True)))
        size = -abs(len(aside) / len(strata) - fraction)
        score = safe, len(np.unique(strata[aside])), size
        if score > best:
            best, chosen = score, (kept, aside)
    return chosen


def stratified_split(
    targets: NDArray[np.int64], fraction: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Set about a fraction of each class aside, never all of one.

    Parameters
    ----------
    targets : array of shape (n_series,)
        Class indices.
    fraction : float
        Part to set aside; a class too small to spare a series spares none.
    seed : int
        Which ones.

    Returns
    -------
    kept, set_aside : arrays of indices, ascending

    Examples
    --------
    >>> kept, aside = stratified_split(np.array([0] * 10 + [1] * 10 + [2]), 0.2, seed=0)
    >>> len(kept), len(aside)
    (17, 4)
    """
    rng = np.random.default_rng(seed)
    aside = []
    for target in np.unique(targets):
        members = np.flatnonzero(targets == target)
        n_aside = min(round(fraction * len(members)), len(members) - 1)
        aside.append(rng.permutation(members)[:n_aside])
    held_out = np.sort(np.concatenate(aside))
    return np.setdiff1d(np.arange(len(targets)), held_out), held_out
