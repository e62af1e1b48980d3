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
        frames = (x.shape[2] + self.step - 1) // self.step
        signal = functional.pad(x.flatten(0, 1).unsqueeze(1), (before, self.size))
        real, imaginary = functional.conv1d(signal, self.waves, stride=self.step).chunk(2, 1)
        power = (real.square() + imaginary.square())[..., :frames]
        rows = self.mix @ torch.log((self.mel @ power).clamp(min=FLOOR))
        return rows.reshape(x.shape[0], channels * len(self.mix), -1)
