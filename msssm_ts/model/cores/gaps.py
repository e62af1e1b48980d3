"""From time stamps to what the cores make of them."""

from __future__ import annotations

import torch
from torch import Tensor

# Steps at the same time: less would make Δ·(x/g) overflow.
_LEAST = 1e-6


def gaps_of(times: Tensor, dtype: torch.dtype) -> Tensor:
    """Return the time from each step's predecessor to it, (b, l); 1 before the first.

    Parameters
    ----------
    times : Tensor of shape (b, l)
        Stamps that never fall, in units of the network's step; anything in padding.
    dtype : torch.dtype
        Of the gaps; differences are taken in that of the stamps, which may be large.

    Examples
    --------
    >>> gaps_of(torch.tensor([[5.0, 6.0, 6.0, 9.0]]), torch.float32)
    tensor([[1.0000e+00, 1.0000e+00, 1.0000e-06, 3.0000e+00]])
    """
    gaps = torch.diff(times, prepend=times[:, :1] - 1).clamp(min=_LEAST)
    # A gap that a float type has no number for is as good as for ever.
    return gaps.clamp(max=1 / torch.finfo(dtype).tiny ** 0.5).to(dtype)
