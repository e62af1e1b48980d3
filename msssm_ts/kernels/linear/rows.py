"""Products of rows that do not depend on the rows beside them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.kernels.linear.cpu import wide_product_cpu


def product_by_rows(x: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return x (n, K) · weights (K, N), where a row's numbers are its own.

    A general library's product rounds by how many rows there are and where a row lies among them:
    what a model says of a series would depend on what the series came with.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, weights = rng.random((70, 600), np.float32), rng.random((600, 5), np.float32)
    >>> together = product_by_rows(x, weights)
    >>> bool((together[40:41] == product_by_rows(x[40:41], weights)).all())
    True
    """
    product = wide_product_cpu(torch.from_numpy(x), torch.tensor(weights))
    found: NDArray[np.float32] = product.numpy()
    return found
