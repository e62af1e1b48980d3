"""Spectra inside an exported graph: the features of :mod:`msssm_ts.preparation` as products."""

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
    """Log-mel bands or cepstral coefficients, in float64 as the model computes them.

    Frames are gathered and multiplied with waves: ONNX runtimes have no convolutions in float64.

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
        self.cepstral = settings.features == "mfcc"
        n_fft = fft_size(self.size)
        angles = 2 * np.pi * np.outer(np.arange(self.size), np.arange(n_fft // 2 + 1)) / n_fft
        waves = np.concatenate([np.cos(angles), np.sin(angles)], 1)
        mix = dct(np.eye(settings.n_mels), axis=0, norm="ortho")[: settings.n_mfcc]
        for name, values in (
            ("waves", waves * hann_window(self.size)[:, None]),
            ("mel", mel_filters(settings.n_mels, n_fft, rate).T),
            ("mix", mix.T),
        ):
            self.register_buffer(name, torch.tensor(values))

    def forward(self, x: Tensor) -> Tensor:
        """Turn x (b, channels, l), zero behind the ends, into (b, channels · rows, frames)."""
        before = self.size // 2
        # Behind, as much as makes a frame of every begun step.
        signal = functional.pad(x, (before, self.size - before))
        begins = torch.arange(0, x.shape[2], self.step, device=x.device)
        frames = signal[:, :, begins.unsqueeze(1) + torch.arange(self.size, device=x.device)]
        real, imaginary = (frames.double() @ self.waves).chunk(2, -1)
        power = real.square() + imaginary.square()
        rows = (power @ self.mel).clamp(min=FLOOR).log().float()
        if self.cepstral:
            rows = (rows.double() @ self.mix).float()
        return rows.transpose(2, 3).flatten(1, 2)
