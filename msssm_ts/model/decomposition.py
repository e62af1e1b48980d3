"""Learned causal wavelets: the multi-scale decomposition (Karami et al. 2025, eq. 2-3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.kernels import decompose


class MultiScaleDecomposition(nn.Module):
    """An à-trous filter bank with its own filters per scale and channel.

    Parameters
    ----------
    d : int
        Channels.
    n_scales : int
        Levels S; with 0 the bank is empty.
    kernel_size : int
        Taps K.

    Notes
    -----
    φ starts as a moving average and ψ as the sample minus that average (Haar's wavelet for
    K = 2), both with noise, so that the channels differ from the first step.

    Examples
    --------
    >>> import torch
    >>> MultiScaleDecomposition(4, n_scales=2, kernel_size=2)(torch.randn(1, 9, 4)).shape
    torch.Size([3, 1, 9, 4])
    """

    def __init__(self, d: int, n_scales: int, kernel_size: int):
        super().__init__()
        average = torch.full((n_scales, d, kernel_size), 1.0 / kernel_size)
        detail = -average
        detail[..., 0] += 1.0
        noise = kernel_size**-0.5
        self.phi = nn.Parameter(average + 0.5 * noise * torch.randn_like(average))
        self.psi = nn.Parameter(detail + noise * torch.randn_like(detail))

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Split x (b, l, d) into the bands d¹ … dˢ, aˢ: (S + 1, b, l, d)."""
        return decompose(x, self.phi, self.psi, lengths=lengths)

    def streams(
        self, x: Tensor, lengths: Tensor | None = None, history: Tensor | None = None
    ) -> Tensor:
        """Return the inputs x̂ˢ of a layer's M streams, fine to coarse.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            Signal.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each series.
        history : Tensor of shape (b, h, d), optional
            The steps just before the first one.

        Returns
        -------
        Tensor of shape (M, b, l, d)
            The raw signal, the details, the approximation; without scales the raw signal alone.
            Zero in padding.
        """
        raw = x
        if lengths is not None:
            valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
            raw = torch.where(valid.unsqueeze(-1), x, 0.0)
        raw = raw.unsqueeze(0)
        if not len(self.phi):
            return raw
        bands = decompose(x, self.phi, self.psi, lengths=lengths, history=history)
        return torch.cat([raw, bands])
