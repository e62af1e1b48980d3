"""From the input's channels to the width of the network, and to fewer steps where they are many."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# Decimated signals are smoothed over this many steps of the output.
_SPAN = 2.5
# Pairs of filters.
N_FILTERS = 40
# Below every energy that matters in standardised signals.
FLOOR = 1e-5


class FilterBankStem(nn.Module):
    """Learned filter bank: how much of each frequency there is, at a lower rate.

    Each channel goes through ``n_filters`` pairs of filters in quadrature; their energy is
    smoothed, decimated by ``stride`` and its logarithm taken. The smoothed signal itself stands
    beside it, and a projection mixes all of them. The filters begin as Gabor wavelets spaced like
    the mel scale, linear at low and logarithmic at high frequencies, and are learned, after
    Zeghidour et al., "LEAF: A Learnable Frontend for Audio Classification", ICLR 2021.

    Parameters
    ----------
    n_channels, d_model : int
        Width before and after.
    stride : int
        Steps of the input per step of the output; a multiple of 10 from 10 on.
    n_filters : int
        Pairs of filters, the same for every channel.

    Examples
    --------
    >>> stem = FilterBankStem(1, 16, stride=160)
    >>> stem(torch.randn(2, 16000, 1)).shape
    torch.Size([2, 100, 16])
    """

    window: Tensor

    def __init__(self, n_channels: int, d_model: int, stride: int, n_filters: int = N_FILTERS):
        super().__init__()
        self.stride = stride
        self.n_filters = n_filters
        # Filtering at every step would cost more and tell no more.
        self.hop = stride // 10 if stride % 10 == 0 else 1
        self.filters = nn.Parameter(gabor_filters(n_filters, _taps(stride)))
        smooth = 2 * round(_SPAN * stride / self.hop / 2) + 1
        window = torch.hann_window(smooth + 2, periodic=False)[1:-1]
        self.register_buffer("window", window / window.sum(), persistent=False)
        self.projection = nn.Linear(n_channels * (n_filters + 1), d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Filter x.

        Parameters
        ----------
        x : Tensor of shape (b, l, n_channels)
            Series, 0 behind their ends.

        Returns
        -------
        Tensor of shape (b, ⌈l / stride⌉, d)
        """
        b, l, channels = x.shape
        # Every channel on its own: (b · n_channels, 1, l), with as much silence behind as the
        # smoothing sees there, so that padding in a batch makes no difference.
        steps, silence = -(-l // self.stride), self.padded_steps(l) - l
        signal = functional.pad(x.transpose(1, 2).reshape(b * channels, 1, l), (0, silence))
        taps = self.filters.shape[-1]
        pairs = functional.conv1d(signal, self.filters, stride=self.hop, padding=taps // 2)
        energy = pairs.view(b * channels, self.n_filters, 2, -1).square().sum(2)
        energy = torch.log(self._decimate(energy) + FLOOR)
        level = self._decimate(functional.avg_pool1d(signal, self.hop))
        features = torch.cat([energy, level], 1).view(b, -1, energy.shape[-1])
        out: Tensor = self.projection(features[..., :steps].transpose(1, 2))
        return out

    def padded_steps(self, n_timepoints: int) -> int:
        """Count the steps of a series with the silence that is put behind it."""
        steps = -(-n_timepoints // self.stride)
        reach = -(-len(self.window) // 2 * self.hop // self.stride)
        return (steps + reach) * self.stride

    def _decimate(self, x: Tensor) -> Tensor:
        """Smooth x (n, k, l / hop) and keep every output step: (n, k, l / stride)."""
        n, k, _ = x.shape
        size, step = len(self.window), self.stride // self.hop
        smoothed = functional.conv1d(
            x.reshape(n * k, 1, -1), self.window.view(1, 1, -1), stride=step, padding=size // 2
        )
        return smoothed.view(n, k, -1)


def gabor_filters(n_filters: int, taps: int) -> Tensor:
    """Return pairs of Gabor wavelets, cosine and sine, (2 · n_filters, 1, taps).

    Examples
    --------
    >>> gabor_filters(40, 401).shape
    torch.Size([80, 1, 401])
    """
    # Frequencies in cycles per step, from one cycle in the filter to a half; like the mel scale
    # they are linear up to a corner, 6 cycles in the filter.
    corner = 6.0 / taps
    low, high = math.log1p(1.0 / taps / corner), math.log1p(0.5 / corner)
    edges = corner * torch.expm1(torch.linspace(low, high, n_filters + 2, dtype=torch.float64))
    frequency, bandwidth = edges[1:-1, None], (edges[2:] - edges[:-2])[:, None] / 2
    t = torch.arange(taps, dtype=torch.float64) - (taps - 1) / 2
    width = (1.2 / (2 * math.pi * bandwidth)).clamp(max=taps / 5)
    envelope = torch.exp(-0.5 * (t / width) ** 2)
    envelope = 2 * envelope / envelope.sum(1, keepdim=True)
    phase = 2 * math.pi * frequency * t
    pairs = torch.stack([envelope * torch.cos(phase), envelope * torch.sin(phase)], 1)
    return pairs.flatten(0, 1).unsqueeze(1).float()


def make_stem(n_channels: int, d_model: int, stride: int) -> nn.Module:
    """Return the stem for a stride: a projection where every step is kept."""
    if stride == 1:
        return nn.Linear(n_channels, d_model)
    return FilterBankStem(n_channels, d_model, stride)


def stem_shapes(n_channels: int, d_model: int, stride: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what :func:`make_stem` learns.

    Examples
    --------
    >>> stem_shapes(2, 16, 1)
    {'weight': (16, 2), 'bias': (16,)}
    """
    if stride == 1:
        return {"weight": (d_model, n_channels), "bias": (d_model,)}
    return {
        "filters": (2 * N_FILTERS, 1, _taps(stride)),
        "projection.weight": (d_model, n_channels * (N_FILTERS + 1)),
        "projection.bias": (d_model,),
    }


def _taps(stride: int) -> int:
    return 2 * round(_SPAN * stride / 2) + 1
