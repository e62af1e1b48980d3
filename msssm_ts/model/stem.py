"""From the input's channels to the width of the network, and to fewer steps where they are many."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.config import N_FILTERS, SPECTRUM_STRIDE

# Decimated signals are smoothed over this many steps of the output.
_SPAN = 2.5
# Below every energy that matters in standardised signals.
FLOOR = 1e-5
# The same of spectra: what lies below it is not heard, as in log-mel spectra of usual sound.
FLOOR_OF_SPECTRA = 1e-6
# Of centred logarithms of energies, about: what convolutions see has deviation 1.
DEVIATION = 3.0
# What the convolutions look for.
_PATTERNS = 16, 32


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
        Steps of the input per step of the bank; a multiple of 10 from 10 on.
    n_filters : int
        Pairs of filters, the same for every channel.
    spectra : bool
        Whether a :class:`SpectrumStem` takes the energies, each less its mean over the series:
        the smoothed signal is left out, and one step in four is kept. Else a projection does.

    Examples
    --------
    >>> stem = FilterBankStem(1, 16, stride=160)
    >>> stem(torch.randn(2, 16000, 1)).shape
    torch.Size([2, 100, 16])
    """

    window: Tensor

    def __init__(
        self,
        n_channels: int,
        d_model: int,
        stride: int,
        n_filters: int = N_FILTERS,
        spectra: bool = False,
    ):
        super().__init__()
        self.stride, self.spectra = stride, spectra
        self.n_filters = n_filters
        # Filtering at every step would cost more and tell no more.
        self.hop = stride // 10 if stride % 10 == 0 else 1
        self.filters = nn.Parameter(gabor_filters(n_filters, _taps(stride)))
        smooth = 2 * round(_SPAN * stride / self.hop / 2) + 1
        window = torch.hann_window(smooth + 2, periodic=False)[1:-1]
        self.register_buffer("window", window / window.sum(), persistent=False)
        self.projection: nn.Module = (
            SpectrumStem(n_channels, n_filters, d_model)
            if spectra
            else nn.Linear(n_channels * (n_filters + 1), d_model)
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Filter x.

        Parameters
        ----------
        x : Tensor of shape (b, l, n_channels)
            Series, 0 behind their ends.
        lengths : integer Tensor of shape (b,), optional
            Steps of each.

        Returns
        -------
        Tensor of shape (b, ⌈l / stride⌉, d), a fourth of the steps with ``spectra``
        """
        b, l, channels = x.shape
        # Every channel on its own: (b · n_channels, 1, l), with as much silence behind as the
        # smoothing sees there, so that padding in a batch makes no difference.
        steps, silence = -(-l // self.stride), self.padded_steps(l) - l
        signal = functional.pad(x.transpose(1, 2).reshape(b * channels, 1, l), (0, silence))
        taps = self.filters.shape[-1]
        pairs = functional.conv1d(signal, self.filters, stride=self.hop, padding=taps // 2)
        energy = pairs.view(b * channels, self.n_filters, 2, -1).square().sum(2)
        energy = torch.log(self._decimate(energy) + (FLOOR_OF_SPECTRA if self.spectra else FLOOR))
        if self.spectra:
            energy = energy.view(b, -1, energy.shape[-1])[..., :steps].transpose(1, 2)
            within = None if lengths is None else -(-lengths // self.stride)
            spectra: Tensor = self.projection(centred(energy, within))
            return spectra
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


class SpectrumStem(nn.Module):
    """Two convolutions over time and frequency and a projection; one step in four is kept.

    A pattern is looked for wherever it lies: voices have the same sounds at other pitches. Each
    convolution halves the steps and the bands, as in Gulati et al., "Conformer", Interspeech 2020.

    Parameters
    ----------
    n_spectra : int
        Spectra of a step, a channel each.
    n_bands : int
        Bands of a spectrum, from low to high.
    d_model : int
        Width behind.

    Examples
    --------
    >>> SpectrumStem(1, 40, 64)(torch.zeros(2, 101, 40)).shape
    torch.Size([2, 26, 64])
    """

    def __init__(self, n_spectra: int, n_bands: int, d_model: int):
        super().__init__()
        first, second = _PATTERNS
        self.n_spectra = n_spectra
        self.first = nn.Conv2d(n_spectra, first, 3, stride=2, padding=1)
        self.second = nn.Conv2d(first, second, 3, stride=2, padding=1)
        self.projection = nn.Linear(second * -(-n_bands // SPECTRUM_STRIDE), d_model)

    def forward(self, x: Tensor) -> Tensor:
        """Take in x (b, l, n_spectra · n_bands), 0 behind the series' ends: (b, ⌈l / 4⌉, d)."""
        b, l, c = x.shape
        steps = (l + SPECTRUM_STRIDE - 1) // SPECTRUM_STRIDE
        # What lies behind is the same zeros whether a series is alone or padded.
        x = functional.pad(x, (0, 0, 0, SPECTRUM_STRIDE - 1))
        x = x.reshape(b, -1, self.n_spectra, c // self.n_spectra).transpose(1, 2).contiguous()
        x = functional.gelu(self.second(functional.gelu(self.first(x))))
        out: Tensor = self.projection(x[:, :, :steps].transpose(1, 2).flatten(2))
        return out


def centred(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Take its mean over the steps from each series x (b, l, c), 0 behind ``lengths`` (b,).

    Examples
    --------
    >>> centred(torch.tensor([[[3.0], [9.0], [50.0]]]), torch.tensor([2])).flatten()
    tensor([-1.,  1.,  0.])
    """
    if lengths is None:
        return (x - x.mean(1, keepdim=True)) / DEVIATION
    within = (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).unsqueeze(2)
    total = torch.where(within, x, 0.0).sum(1, keepdim=True)
    return torch.where(within, x - total / lengths[:, None, None], 0.0) / DEVIATION


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


def make_stem(n_channels: int, d_model: int, stride: int, bands: int = 0) -> nn.Module:
    """Return the stem for a stride, and for spectra: a projection where neither is wanted."""
    if stride > 1:
        return FilterBankStem(n_channels, d_model, stride, spectra=bands > 0)
    if bands:
        return SpectrumStem(n_channels // bands, bands, d_model)
    return nn.Linear(n_channels, d_model)


def stem_shapes(
    n_channels: int, d_model: int, stride: int, bands: int = 0
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what :func:`make_stem` learns.

    Examples
    --------
    >>> stem_shapes(2, 16, 1)
    {'weight': (16, 2), 'bias': (16,)}
    """
    if bands:
        first, second = _PATTERNS
        spectra = n_channels if stride > 1 else n_channels // bands
        shapes: dict[str, tuple[int, ...]] = {
            "first.weight": (first, spectra, 3, 3),
            "first.bias": (first,),
            "second.weight": (second, first, 3, 3),
            "second.bias": (second,),
            **_linear("projection", d_model, second * -(-bands // SPECTRUM_STRIDE)),
        }
        if stride == 1:
            return shapes
        shapes = {f"projection.{name}": shape for name, shape in shapes.items()}
        return {"filters": (2 * N_FILTERS, 1, _taps(stride)), **shapes}
    if stride == 1:
        return {"weight": (d_model, n_channels), "bias": (d_model,)}
    projection = _linear("projection", d_model, n_channels * (N_FILTERS + 1))
    return {"filters": (2 * N_FILTERS, 1, _taps(stride)), **projection}


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _taps(stride: int) -> int:
    return 2 * round(_SPAN * stride / 2) + 1
