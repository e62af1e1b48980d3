"""Decimation in plain torch: the truth for the fused version, and exported."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

# Binomial: a constant passes, the highest frequency does not.
LOW_PASS = (1.0, 4.0, 6.0, 4.0, 1.0)
N_TAPS = len(LOW_PASS)
REACH = N_TAPS // 2
# Steps of which one is kept.
FACTOR = 2


def decimation_taps(counted: Tensor) -> Tensor:
    """Spread the low-pass filter's weights over the steps that count.

    Parameters
    ----------
    counted : Tensor of shape (b, l)
        1 where a step counts, 0 where it does not.

    Returns
    -------
    Tensor of shape (b, ⌈l / 2⌉, 5)
        For :func:`msssm_ts.kernels.decimate`: the weights of every second step's neighbours, whose
        sum is 1, or 0 where none of them counts.

    Examples
    --------
    >>> import torch
    >>> decimation_taps(torch.tensor([[1.0, 1.0, 0.0]]))[0]
    tensor([[0.0000, 0.0000, 0.6000, 0.4000, 0.0000],
            [0.2000, 0.8000, 0.0000, 0.0000, 0.0000]])
    """
    weights = counted.new_tensor(LOW_PASS)
    taps = functional.pad(counted, (REACH, REACH)).unfold(1, N_TAPS, FACTOR) * weights
    # No weight, no value: the taps are zero, whatever they are divided by.
    return taps / taps.sum(-1, keepdim=True).clamp(min=1.0)


def decimate_reference(x: Tensor, taps: Tensor) -> Tensor:
    """Decimate series; parameters as in :func:`msssm_ts.kernels.decimate`."""
    windows = functional.pad(x, (0, 0, REACH, REACH)).unfold(1, N_TAPS, FACTOR)
    return (windows * taps.unsqueeze(2)).sum(-1)
