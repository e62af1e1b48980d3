"""Short numbers by which a series is known again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series.lazy import LazySeries, Series, take

# Of lazy series, which cost their decoding, and of those in memory.
MOST_LAZY, MOST = 256, 20_000


def fingerprints(series: Sequence[Series]) -> NDArray[np.int64]:
    """Return a number for each series, or for some of very many, spread from first to last.

    Equal series have equal numbers; of a million pairs of others none will.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.

    Returns
    -------
    array of shape (n,)
        At most ``MOST``, of lazy ones ``MOST_LAZY``.

    Examples
    --------
    >>> a, b = np.zeros((1, 3)), np.ones((1, 3))
    >>> first, again, other = fingerprints([a, a.copy(), b])
    >>> bool(first == again), bool(first == other)
    (True, False)
    """
    most = MOST_LAZY if isinstance(series, LazySeries) else MOST
    if len(series) > most:
        series = take(series, np.linspace(0, len(series) - 1, most).astype(np.int64))
    return np.array([fingerprint(s) for s in series], dtype=np.int64)


def fingerprint(series: Series) -> int:
    """Return the number of one series (n_channels, length), as float32 holds it."""
    values = np.ascontiguousarray(series, dtype=np.float32)
    # One NaN, whichever bits it has, and one zero.
    values = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0))
    digest = blake2b(values.tobytes(), digest_size=8, salt=str(len(values)).encode())
    return int.from_bytes(digest.digest(), "little", signed=True)
