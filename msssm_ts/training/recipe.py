"""What training chooses for itself: sizes by the amount of data, the split, the device."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError

# Optimiser steps of a default run.
N_STEPS = 1500


def auto_batch_size(n_series: int) -> int:
    """Series per step: an eighth of the data, between 8 and 64.

    Examples
    --------
    >>> [auto_batch_size(n) for n in (20, 100, 5000)]
    [8, 12, 64]
    """
    return max(8, min(64, n_series // 8))


def auto_epochs(n_series: int, batch_size: int) -> int:
    """Epochs that make about :data:`N_STEPS` steps, at least 10.

    Examples
    --------
    >>> auto_epochs(100, 12)
    167
    """
    steps_per_epoch = -(-n_series // batch_size)
    return max(10, -(-N_STEPS // steps_per_epoch))


def clamp_scales(n_scales: int, longest: int) -> int:
    """Scales that a series has room for: 2ˢ at most its length, at least one.

    Examples
    --------
    >>> clamp_scales(3, 500), clamp_scales(3, 5), clamp_scales(3, 1)
    (3, 2, 1)
    """
    return max(1, min(n_scales, int(longest).bit_length() - 1))


def resolve_device(device: str) -> str:
    """Return the device that a name stands for; "auto" is CUDA where there is a card.

    Raises
    ------
    InputError
        If the device does not exist here.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {device!r} cannot be used here: {error}".splitlines()[0]) from (
            error
        )
    return device


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
