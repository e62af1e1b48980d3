"""Parts of what trains in each fold of a cross-validation, each within the next larger one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.cli.crossval.folds import Fold, Rows, holders
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.fitting.targets import Targets

# One in so many of the series that train a fold.
PARTS = (8, 4, 2)


def parts_of(
    folds: Sequence[Fold], targets: Targets, groups: NDArray[Any] | None, seed: int
) -> tuple[list[Fold], str]:
    """Return folds that test the same series by models of a part of the others.

    Parameters
    ----------
    folds : sequence of Fold
        With all of the others.
    targets : Targets
        Of all series.
    groups : array of shape (n_series,), optional
        A patient, a speaker: whole in a part, or not at all.
    seed : int
        Which part.

    Returns
    -------
    parts : list of Fold
        Part by part, the smallest first.
    line : str
        Which are left out, for they would be no smaller than the next: each has series of every
        class. Empty where none is.

    Raises
    ------
    InputError
        If there is no such part.

    Examples
    --------
    >>> from msssm_ts.cli.crossval.folds import folds_of
    >>> from msssm_ts.fitting.targets import encode_targets
    >>> targets = encode_targets(["a", "b"] * 16)
    >>> parts, _ = parts_of(list(folds_of(targets, None, 2, 1, 0)), targets, None, 0)
    >>> [(part.stage, len(part.train)) for part in parts[::2]]
    [('repeat1-fold1-part8', 2), ('repeat1-fold1-part4', 4), ('repeat1-fold1-part2', 8)]
    """
    found: list[Fold] = []
    larger, without, least = list(folds), [], 0
    for part in reversed(PARTS):
        own = [_part(fold, part, targets, groups, seed) for fold in folds]
        if any(len(a.train) >= len(b.train) for a, b in zip(own, larger, strict=True)):
            without.append(f"1/{part}")
            least = max(len(fold.train) for fold in own)
        else:
            found, larger = [*own, *found], own
    if not found:
        raise InputError(
            f"--learning-curve: the {min(len(fold.train) for fold in folds)} series that train a "
            "fold cannot be made fewer without losing a class; give more, or leave it out"
        )
    unit = "a series" if groups is None else "a group"
    why = f"for {unit} of every class makes {least}"
    line = f"learning curve: no {' or '.join(without)} of the series, {why}" if without else ""
    return found, line


def _part(fold: Fold, part: int, targets: Targets, groups: NDArray[Any] | None, seed: int) -> Fold:
    own = None if groups is None else groups[fold.train]
    rng = np.random.default_rng((seed, fold.repeat, fold.number))
    rows = fold.train[_some(holders(targets)[fold.train], own, part, rng)]
    name = f"{fold.name}, {len(rows)} of {len(fold.train)} series"
    return replace(fold, name=name, train=np.sort(rows), part=part)


def _some(
    has: NDArray[np.bool_], groups: NDArray[Any] | None, part: int, rng: np.random.Generator
) -> Rows:
    """Return about one in so many of the series, whole groups, some of every class.

    Parameters
    ----------
    has : boolean array of shape (n_series, n_classes)
        Classes, or labels, of each.
    """
    everything = np.arange(len(has)) if groups is None else groups.astype(str)
    unit = np.unique(everything, return_inverse=True)[1]
    sizes = np.bincount(unit)
    counts = np.zeros((len(sizes), has.shape[1]), int)
    np.add.at(counts, unit, has)
    order = _even_order(counts, rng)
    wanted = len(has) / part
    taken = np.zeros(len(sizes), dtype=bool)
    missing = has.any(0)
    for each in order:
        # First what every class needs.
        if (counts[each] > 0)[missing].any():
            taken[each] = True
            missing = missing & (counts[each] == 0)
    total = sizes[taken].sum()
    for each in order[~taken[order]]:
        if abs(total + sizes[each] - wanted) > abs(total - wanted):
            break
        taken[each] = True
        total += sizes[each]
    return np.flatnonzero(taken[unit])


def _even_order(counts: NDArray[np.int64], rng: np.random.Generator) -> Rows:
    """Return units in a random order of which every beginning has classes as all units have.

    Parameters
    ----------
    counts : array of shape (n_units, n_classes)
        How many of each class, or label, a unit has.
    """
    # A unit stands for the class of which it has most, in proportion to how many there are.
    stratum = (counts / np.maximum(counts.sum(0), 1)).argmax(1)
    place = np.empty(len(counts))
    for each in np.unique(stratum):
        rows = rng.permutation(np.flatnonzero(stratum == each))
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
    return np.argsort(place, kind="stable")
