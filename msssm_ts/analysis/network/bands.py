"""The frequencies that each band of a decomposition lets through."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from msssm_ts.kernels import decompose
from msssm_ts.model.decomposition import MultiScaleDecomposition

# Frequencies between 0 and a half cycle per step.
N_FREQUENCIES = 513


def stream_names(n_scales: int) -> tuple[str, ...]:
    """Name the streams, fine to coarse: the raw signal, the details, the approximation.

    Examples
    --------
    >>> stream_names(2), stream_names(0)
    (('raw', 'd1', 'd2', 'a2'), ('raw',))
    """
    if not n_scales:
        return ("raw",)
    return "raw", *(f"d{s}" for s in range(1, n_scales + 1)), f"a{n_scales}"


def receptive_fields(n_scales: int, kernel_size: int) -> tuple[int, ...]:
    """Count the steps that each stream sees at a time, in the order of :func:`stream_names`.

    Examples
    --------
    >>> receptive_fields(3, 8)
    (1, 8, 22, 50, 50)
    """
    if not n_scales:
        return (1,)
    details = [1 + (kernel_size - 1) * (2**s - 1) for s in range(1, n_scales + 1)]
    return 1, *details, details[-1]


@dataclass(frozen=True)
class BandResponse:
    """Frequency responses of the bands d¹ … dˢ, aˢ.

    Parameters
    ----------
    frequencies : Tensor of shape (F,)
        In cycles per step, 0 to ½.
    power : Tensor of shape (S + 1, F)
        |H|², from the signal to the band, its mean over the channels.
    """

    frequencies: Tensor
    power: Tensor

    @property
    def peak(self) -> Tensor:
        """Frequency of the greatest power, (S + 1,), in cycles per step."""
        return self.frequencies[self.power.argmax(1)]

    @property
    def centre(self) -> Tensor:
        """Mean frequency, weighted by power, (S + 1,), in cycles per step."""
        return (self.power * self.frequencies).sum(1) / self.power.sum(1)


@torch.no_grad()
def band_responses(bank: MultiScaleDecomposition) -> BandResponse | None:
    """Filter an impulse and look at its spectrum.

    Parameters
    ----------
    bank : MultiScaleDecomposition
        The filters of one core.

    Returns
    -------
    BandResponse or None
        None for a bank without scales.

    Examples
    --------
    >>> response = band_responses(MultiScaleDecomposition(4, n_scales=2, kernel_size=2))
    >>> response.power.shape, float(response.frequencies[-1])
    (torch.Size([3, 513]), 0.5)
    """
    n_scales, d, n_taps = bank.phi.shape
    if not n_scales:
        return None
    n = 2 * (N_FREQUENCIES - 1)
    reach = receptive_fields(n_scales, n_taps)[-1]
    while n < reach:
        n *= 2
    impulse = torch.zeros(1, n, d, dtype=torch.float64)
    impulse[:, 0] = 1.0
    bands = decompose(impulse, bank.phi.double().cpu(), bank.psi.double().cpu())
    power = torch.fft.rfft(bands[:, 0], dim=1).abs().square().mean(2)
    return BandResponse(torch.fft.rfftfreq(n, dtype=torch.float64), power)
