"""A long series by few points."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def outline(
    values: NDArray[np.floating[Any]], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places and values that draw the same line with at most so many points.

    Examples
    --------
    >>> places, line = outline(np.array([0.0, 9.0, 1.0, 2.0, -5.0, 3.0]), most=4)
    >>> line
    array([ 0.,  9., -5.,  3.])
    """
    places, line = np.arange(len(values), dtype=np.float64), values.astype(np.float64)
    if len(values) <= most:
        return places, line
    edges = np.linspace(0, len(values), most // 2 + 1).astype(int)
    kept: list[int] = []
    for start, stop in pairwise(edges.tolist()):
        part = line[start:stop]
        if np.isnan(part).all():
            kept += [start, stop - 1]
        else:
            kept += sorted((start + int(np.nanargmin(part)), start + int(np.nanargmax(part))))
    return places[kept], line[kept]
