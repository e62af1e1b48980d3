"""Spectra inside an exported graph: the features of :mod:`msssm_ts.preparation` as convolutions."""

from __future__ import annotations

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.preparation import Preparation
from msssm_ts.preparation.spectral import (
    FLOOR,
    fft_size,
    frame_sizes,
    hann_window,
    mel_filters,
)


class Spectra(nn.Module):
    """Log-mel bands or cepstral coefficients, the frames a strided convolution.

    Parameters
    ----------
    settings : Preparation
        Its features, "logmel" or "mfcc", and what belongs to them.
    rate : float
        Of the series, in hertz.

    Examples
    --------
    >>> Spectra(Preparation(features="mfcc"), 16000.0)(torch.zeros(2, 1, 800)).shape
    torch.Size([2, 13, 5])
    """

    waves: Tensor
    mel: Tensor
    mix: Tensor

    def __init__(self, settings: Preparation, rate: float):
        super().__init__()
        self.size, self.step = frame_sizes(rate, settings.frame_length, settings.frame_step)
        n_fft = fft_size(self.size)
        angles = 2 * np.pi * np.outer(np.arange(n_fft // 2 + 1), np.arange(self.size)) / n_fft
        waves = np.concatenate([np.cos(angles), np.sin(angles)]) * hann_window(self.size)
        mix = np.eye(settings.n_mels)
        if settings.features == "mfcc":
            mix = dct(mix, axis=0, norm="ortho")[: settings.n_mfcc]
        for name, values in (
            ("waves", waves[:, None]),
            ("mel", mel_filters(settings.n_mels, n_fft, rate)),
            ("mix", mix),
        ):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Turn x (b, channels, l), zero behind the ends, into (b, channels · rows, frames)."""
        channels, before = x.shape[1], self.size // 2
        # Behind, as much as makes a frame of every begun step.
        signal = functional.pad(x, (before, self.size - 1 - before))
        waves = self.waves.repeat(channels, 1, 1)
        parts = functional.conv1d(signal, waves, stride=self.step, groups=channels)
        real, imaginary = parts.view(x.shape[0], channels, 2, -1, parts.shape[2]).unbind(2)
        power = (real.square() + imaginary.square()).transpose(2, 3)
        # Channel by channel: one product for all has strides that torch cannot trace.
        bands = [functional.linear(p, self.mel).clamp(min=FLOOR).log() for p in power.unbind(1)]
        rows = torch.cat([functional.linear(b, self.mix) for b in bands], -1)
        return rows.transpose(1, 2)
