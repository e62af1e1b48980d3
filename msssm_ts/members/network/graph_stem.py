"""The filter-bank stem in operations that torch exports with batch and length left open."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.stem import FLOOR, FLOOR_OF_SPECTRA, FilterBankStem, centred


class GroupedFilterBank(nn.Module):
    """A :class:`~msssm_ts.model.stem.FilterBankStem` whose channels are groups of convolutions.

    Parameters
    ----------
    stem : FilterBankStem
        The weights.

    Examples
    --------
    >>> stem, x = FilterBankStem(2, 8, stride=10), torch.randn(3, 40, 2)
    >>> bool(torch.allclose(GroupedFilterBank(stem)(x), stem(x), atol=1e-5))
    True
    """

    def __init__(self, stem: FilterBankStem):
        super().__init__()
        self.stem = stem

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Filter x (b, l, n_channels), l whole strides, ``lengths`` (b,) of them to a series.

        Returns
        -------
        Tensor of shape (b, l / stride, d), a fourth of the steps for spectra
        """
        stem = self.stem
        b, _, channels = x.shape
        # Silence behind, as far as the smoothing sees.
        reach = -(-len(stem.window) // 2 * stem.hop // stem.stride)
        signal = functional.pad(x.transpose(1, 2), (0, reach * stem.stride))
        filters, taps = stem.filters.repeat(channels, 1, 1), stem.filters.shape[-1]
        pairs = functional.conv1d(
            signal, filters, stride=stem.hop, padding=taps // 2, groups=channels
        )
        energy = pairs.view(b, channels * stem.n_filters, 2, -1).square().sum(2)
        energy = torch.log(self._decimate(energy) + (FLOOR_OF_SPECTRA if stem.spectra else FLOOR))
        if stem.spectra:
            within = None if lengths is None else -(-lengths // stem.stride)
            spectra: Tensor = stem.projection(centred(energy[..., :-reach].transpose(1, 2), within))
            return spectra
        level = self._decimate(functional.avg_pool1d(signal, stem.hop))
        parts = (energy.view(b, channels, stem.n_filters, -1), level.unsqueeze(2))
        features = torch.cat(parts, 2).flatten(1, 2)[..., :-reach]
        out: Tensor = stem.projection(features.transpose(1, 2))
        return out

    def _decimate(self, x: Tensor) -> Tensor:
        """Smooth x (b, k, l / hop) and keep every step of the output: (b, k, l / stride)."""
        window, rows = self.stem.window, x.shape[1]
        return functional.conv1d(
            x,
            window.expand(rows, 1, -1),
            stride=self.stem.stride // self.stem.hop,
            padding=len(window) // 2,
            groups=rows,
        )
