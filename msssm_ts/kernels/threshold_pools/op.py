"""Pools of thresholded streams: choice of the implementation."""

from __future__ import annotations

from torch import Tensor

from msssm_ts.kernels.backend import choose_backend
from msssm_ts.kernels.threshold_pools.reference import threshold_pools_reference


def threshold_pools(y: Tensor, thresholds: Tensor, scale: Tensor, lengths: Tensor) -> Tensor:
    """Pool streams over time at every threshold: how often they lie above it, and by how much.

    With e_t = (y_t − θ) / scale: the mean of clamp(e_t / 0.1 + 0.5, 0, 1), a proportion of values
    above θ (Dempster et al., "ROCKET", 2020) that goes from 0 to 1 gradually, and the mean of
    max(e_t, 0). There is no gradient.

    Parameters
    ----------
    y : Tensor of shape (M, b, l, d)
        Streams, float32 or float64; anything finite in padding.
    thresholds : Tensor of shape (M, d, q)
        θ.
    scale : Tensor of shape (M, d)
        Deviation of each stream's channels, above 0.
    lengths : integer Tensor of shape (b,)
        Valid steps of each series, one at least.

    Returns
    -------
    Tensor of shape (b, M, q, 2, d)

    Examples
    --------
    >>> import torch
    >>> y = torch.tensor([0.0, 1.0, 5.0, 9.0]).view(1, 1, 4, 1)
    >>> pools = threshold_pools(y, torch.full((1, 1, 1), 2.0), torch.ones(1, 1), torch.tensor([4]))
    >>> pools.flatten().tolist()
    [0.5, 2.5]
    """
    if y.device.type != "cpu" or choose_backend(y.device)[0] == "reference":
        return threshold_pools_reference(y, thresholds, scale, lengths)
    from msssm_ts.kernels.threshold_pools.cpu import threshold_pools_cpu

    return threshold_pools_cpu(y, thresholds, scale, lengths)
