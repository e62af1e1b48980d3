"""Linear layers."""

from __future__ import annotations

from torch import Tensor, nn

from msssm_ts.kernels.linear import linear


class Linear(nn.Linear):
    """torch's, with the product in a kernel of its own on the CPU (:mod:`msssm_ts.kernels.linear`).

    Examples
    --------
    >>> import torch
    >>> Linear(3, 2)(torch.zeros(4, 5, 3)).shape
    torch.Size([4, 5, 2])
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return input (…, K) · weightᵀ + bias, (…, N)."""
        return linear(input, self.weight, self.bias)
