"""Some of the series instead of all, without losing those of rare classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def strata_of(targets: NDArray[Any]) -> Rows:
    """Return the class of each series, or its rarest label; −1 for none.

    Parameters
    ----------
    targets : integer array of shape (n_series,), or array of shape (n_series, n_labels)
        Class indices, or above 0 where a series has a label.

    Examples
    --------
    >>> strata_of(np.array([[1, 0], [1, 1], [0, 0]]))
    array([ 0,  1, -1])
    """
    if targets.ndim == 1:
        return targets
    present = targets > 0
    rarity = np.where(present, present.sum(0), np.inf)
    return np.where(present.any(1), rarity.argmin(1), -1)


def drawn_from(targets: NDArray[Any], n: int, seed: int) -> Rows:
    """Return which n series are taken, ascending; all where there are no more.

    As many of each class, at random, or all of a class that has not so many: what is rare is
    rare enough.

    Parameters
    ----------
    targets : array
        See :func:`strata_of`.
    n : int
        How many.
    seed : int
        Which ones.

    Examples
    --------
    >>> targets = np.array([0] * 90 + [1] * 2 + [2] * 8)
    >>> np.bincount(targets[drawn_from(targets, 30, 0)])
    array([20,  2,  8])
    """
    if len(targets) <= n:
        return np.arange(len(targets))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(targets))
    # The how-manieth of its class each series is, in that order: first all that are first.
    stratum = np.unique(strata_of(targets), return_inverse=True)[1][order]
    by_class = np.argsort(stratum, kind="stable")
    counts = np.bincount(stratum)
    rank = np.empty(len(order), np.int64)
    rank[by_class] = np.concatenate([np.arange(count) for count in counts])
    return np.sort(order[np.argsort(rank, kind="stable")[:n]])


def thinned(targets: NDArray[Any], n: int, seed: int) -> Rows:
    """Return which n series are kept, ascending, of classes about as frequent as in all.

    A class has as many as all would have in half of them at least, or all that it has.

    Parameters
    ----------
    targets : array
        See :func:`strata_of`.
    n : int
        How many; no fewer than there are classes.
    seed : int
        Which ones.

    Raises
    ------
    ValueError
        If classes would be left without any.

    Examples
    --------
    >>> targets = np.array([0] * 900 + [1] * 98 + [2] * 2)
    >>> np.bincount(targets[thinned(targets, 50, 0)])
    array([37, 11,  2])
    """
    if len(targets) <= n:
        return np.arange(len(targets))
    _, stratum, counts = np.unique(strata_of(targets), return_inverse=True, return_counts=True)
    if n < len(counts):
        raise ValueError(f"{n} series cannot be of {len(counts)} classes")
    least = np.minimum(counts, max(1, n // (2 * len(counts))))
    share = (counts - least) / max(1, (counts - least).sum()) * (n - least.sum())
    kept = least + share.astype(np.int64)
    # What rounding has left goes to those that it took most from.
    kept[np.argsort(kept - least - share, kind="stable")[: n - kept.sum()]] += 1
    order = np.random.default_rng(seed).permutation(len(targets))
    order = order[np.argsort(stratum[order], kind="stable")]
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.sort(np.concatenate([order[i : i + k] for i, k in zip(first, kept, strict=True)]))


def dealt_evenly(targets: NDArray[Any], most: int, seed: int) -> list[Rows]:
    """Return parts of at most so many series, which together hold all.

    Classes are as frequent in each as in all, but for rare ones: of those every part has all.

    Parameters
    ----------
    targets : array
        See :func:`strata_of`.
    most : int
        Series of a part.
    seed : int
        Which ones.

    Examples
    --------
    >>> targets = np.array([0] * 9 + [1])
    >>> [targets[part].tolist() for part in dealt_evenly(targets, 4, 0)]
    [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1]]
    """
    if len(targets) <= most:
        return [np.arange(len(targets))]
    _, stratum, counts = np.unique(strata_of(targets), return_inverse=True, return_counts=True)
    rare = counts[stratum] <= most // (2 * len(counts))
    rest = np.flatnonzero(~rare)
    n_parts = -(-len(rest) // max(1, most - int(rare.sum())))
    order = np.random.default_rng(seed).permutation(rest)
    order = order[np.argsort(stratum[order], kind="stable")]
    always = np.flatnonzero(rare)
    return [np.sort(np.concatenate([order[i::n_parts], always])) for i in range(n_parts)]


def standing_for(
    index: Rows, targets: NDArray[Any], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return weights of some series, with which they stand for all of their classes.

    Each class weighs together what all its series do (Horvitz, Thompson, "A generalization of
    sampling without replacement from a finite universe", JASA 47, 1952).

    Parameters
    ----------
    index : integer array
        The series.
    targets : array of shape (n_series,) or (n_series, n_labels)
        Of all, see :func:`strata_of`.
    weights : array of shape (n_series,), optional
        Of all.

    Examples
    --------
    >>> standing_for(np.array([0, 1, 4]), np.array([0, 0, 0, 0, 1]))
    array([2., 2., 1.])
    """
    own = np.ones(len(targets)) if weights is None else np.asarray(weights, float)
    stratum = np.unique(strata_of(targets), return_inverse=True)[1]
    there = np.bincount(stratum, own)
    some = np.bincount(stratum[index], own[index], len(there))
    factor = np.divide(there, some, out=np.ones_like(there), where=some > 0)
    standing: NDArray[np.float64] = own[index] * factor[stratum[index]]
    return standing
