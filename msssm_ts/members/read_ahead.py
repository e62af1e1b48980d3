"""Series of files, read while a member is at those before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msssm_ts.kernels import parallel
from msssm_ts.series import LazySeries, Series

T = TypeVar("T")


def read_ahead(series: Sequence[Series], items: Iterator[T]) -> Iterator[T]:
    """Yield items that are made of series; of lazy ones while the item before is worked on.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    items : iterator
        Makes the items from them.

    Examples
    --------
    >>> import numpy as np
    >>> series = LazySeries([2, 3], lambda n: np.ones((1, n)), [2, 3])
    >>> [int(total) for total in read_ahead(series, (one.sum() for one in series))]
    [2, 3]
    """
    return parallel.ahead(items) if isinstance(series, LazySeries) else items
