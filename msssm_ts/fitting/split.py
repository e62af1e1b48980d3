"""Which training series are set aside to choose the weights by."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitting.data import TrainingData
from msssm_ts.fitting.targets import Targets
from msssm_ts.members.strata import strata_of
from msssm_ts.text import counted, plural
from msssm_ts.warned import warn_caller

Index = NDArray[np.int64]

# From so many series on a part is set aside, unless it is said otherwise.
_ENOUGH_SERIES = 300
# Patients or speakers: what one or two of them say of a network need not hold for the next.
_FEWEST_GROUPS = 5

# Splits by groups are drawn this often, and the best of all taken.
_N_SHUFFLES = 5


@dataclass(frozen=True)
class Split:
    """Series that train, and series set aside.

    Parameters
    ----------
    keep, held_out : arrays of indices, ascending
        Both sides.
    reason : str
        Why none are set aside.
    few : str
        What is too few to set some aside, where that is why.
    """

    keep: Index
    held_out: Index = field(default_factory=lambda: np.arange(0))
    reason: str = ""
    few: str = ""


def choose_split(
    data: TrainingData,
    early_stopping: bool | Literal["auto"],
    fraction: float,
    seed: int,
    beside_others: bool,
) -> Split:
    """Decide which series are set aside.

    Parameters
    ----------
    data : TrainingData
        All series.
    early_stopping : bool or "auto"
        Whether to set any aside; "auto": from 300 on.
    fraction : float
        Which part of them.
    seed : int
        Which ones.
    beside_others : bool
        Whether members that need no validation vote, too: with "auto" a few groups are then not
        taken for enough to measure a share by.

    Raises
    ------
    ValueError
        If the series that the user wants set aside are all, none, or all of a class.
    """
    everything = np.arange(len(data))
    if data.validation is not None:
        return _wanted_split(data, data.validation.astype(bool))
    if early_stopping == "auto" and len(data) < _ENOUGH_SERIES:
        return Split(
            everything,
            reason=f"its share is measured on series set aside, for which {len(data)} are too few "
            f"({_ENOUGH_SERIES} are not); with a validation part of your own (--validation), or "
            "named among the members (--members), it votes all the same",
            few=f"{len(data)} series",
        )
    if not early_stopping:
        return Split(everything, reason="no series are set aside")
    keep, held_out = split_targets(data.targets, fraction, seed, data.groups)
    if data.groups is not None and not len(held_out):
        warn_caller(
            "no split by groups keeps every class among the training series: trained without "
            "validation"
        )
        return Split(keep, reason="no split by groups leaves every class something to learn from")
    if early_stopping == "auto" and beside_others and not data.targets.multilabel:
        n_groups = _FEWEST_GROUPS if data.groups is None else len(np.unique(data.groups[held_out]))
        if n_groups < _FEWEST_GROUPS:
            groups = counted(n_groups, "group")
            return Split(
                everything,
                reason=f"{groups}, all that can be set aside, {plural(n_groups, 'is', 'are')} too "
                f"few to tell what it is worth ({_FEWEST_GROUPS} are not)",
                few=groups,
            )
    return Split(keep, held_out)


def _wanted_split(data: TrainingData, aside: NDArray[np.bool_]) -> Split:
    """Check the series that the user wants set aside."""
    multilabel = data.targets.multilabel
    missing = set() if multilabel else set(data.targets.encoded[aside].tolist())
    if not aside.any() or aside.all():
        raise ValueError("validation must set some of the series aside, and leave some")
    if missing - set(data.targets.encoded[~aside].tolist() if missing else ()):
        raise ValueError("validation sets all series of a class aside: none is left to learn")
    return Split(np.flatnonzero(~aside), np.flatnonzero(aside))


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
    strata = strata_of(targets.encoded)
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
