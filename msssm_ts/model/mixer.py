"""The scale mixer (Karami et al. 2025, eq. 4)."""

from __future__ import annotations

from torch import Tensor, nn


class ScaleMixer(nn.Module):
    """Weights of the streams at each step: E_t = Linear(x_t) ∈ ℝᴹ, shared by all channels.

    Linear and input-dependent: in the paper's ablation a softmax over the scales or fixed
    weights do worse. It starts as the plain sum over √M, so that no scale is favoured.

    Parameters
    ----------
    d : int
        Channels of x.
    n_streams : int
        Streams M.

    Examples
    --------
    >>> import torch
    >>> ScaleMixer(8, n_streams=5)(torch.zeros(2, 7, 8)).shape
    torch.Size([2, 7, 5])
    """

    def __init__(self, d: int, n_streams: int):
        super().__init__()
        self.linear = nn.Linear(d, n_streams)
        nn.init.constant_(self.linear.bias, n_streams**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return E (b, l, M) for x (b, l, d)."""
        weights: Tensor = self.linear(x)
        return weights


def mixing_weights(mixer: ScaleMixer | None, x: Tensor) -> Tensor:
    """Return E (b, l, M) for x (b, l, d): without a mixer the single stream is taken as it is.

    Examples
    --------
    >>> import torch
    >>> mixing_weights(None, torch.zeros(1, 2, 8)).flatten()
    tensor([1., 1.])
    """
    return x.new_ones(*x.shape[:2], 1) if mixer is None else mixer(x)
