"""Short numbers by which a series is known again."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    # What only reads data need not wait for it.
    import torch

    n_threads = torch.get_num_threads()
    if n_threads == 1 or not isinstance(series, LazySeries):
        return np.array([fingerprint(s) for s in series], dtype=np.int64)
    found: list[int] = []
    waiting: deque[Future[int]] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        for one in series:
            # The next is decoded meanwhile, and no more are held than are worked on.
            if len(waiting) == n_threads:
                found.append(waiting.popleft().result())
            waiting.append(pool.submit(fingerprint, one))
        found.extend(number.result() for number in waiting)
    return np.array(found, dtype=np.int64)


def fingerprint(series: Series) -> int:
    """Return the number of one series (n_channels, length), as float32 holds it."""
    # One zero, and one NaN, whichever bits it has.
    values = np.add(series, np.float32(0), dtype=np.float32, order="C", casting="unsafe")
    missing = np.isnan(values)
    if missing.any():
        values[missing] = np.nan
    digest = blake2b(values.data, digest_size=8, salt=str(len(values)).encode())
    return int.from_bytes(digest.digest(), "little", signed=True)
