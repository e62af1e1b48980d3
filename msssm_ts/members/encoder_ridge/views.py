"""What of a series an encoder of one channel is shown: channels, or mixtures, and their changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Channels, or mixtures where there are more.
MOST_MIXTURES = 8


@dataclass(frozen=True)
class Views:
    """Mixtures of the channels, and how much each changes from step to step.

    Parameters
    ----------
    mix : array of shape (n_mixtures, n_channels)
        One channel each where they are few.
    gain : array of shape (2, n_mixtures)
        Factors of the mixtures and of their changes, to deviation 1.
    """

    mix: NDArray[np.float32]
    gain: NDArray[np.float32]

    @classmethod
    def draw(cls, series: list[NDArray[np.float32]], seed: int) -> Self:
        """Draw mixtures where there are many channels, and measure them.

        Parameters
        ----------
        series : list of arrays of shape (n_channels, length)
            Standardised, without missing values.
        seed : int
            Of the mixtures.

        Examples
        --------
        >>> Views.draw([np.eye(12, 30, dtype=np.float32)], 0).mix.shape
        (8, 12)
        """
        n_channels = series[0].shape[0]
        if n_channels <= MOST_MIXTURES:
            mix = np.eye(n_channels, dtype=np.float32)
        else:
            rng = np.random.default_rng(seed)
            signs = rng.choice([-1.0, 0.0, 1.0], size=(MOST_MIXTURES, n_channels))
            # None of nothing.
            signs[np.arange(MOST_MIXTURES), rng.integers(n_channels, size=MOST_MIXTURES)] = 1.0
            mix = signs.astype(np.float32)
        shown = np.concatenate([_shown(mix, one) for one in series], axis=2)
        deviation = shown.std(axis=2, dtype=np.float64)
        gain = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0)
        return cls(mix, gain.astype(np.float32))

    @property
    def count(self) -> int:
        """How many a series has."""
        return 2 * len(self.mix)

    def of(self, series: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the views (count, length) of a series (n_channels, length)."""
        shown = _shown(self.mix, series) * self.gain[:, :, None]
        return shown.reshape(self.count, -1)


def _shown(mix: NDArray[np.float32], series: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mixtures and their changes, (2, n_mixtures, length)."""
    # Not a matrix product: it would round by how long the series is.
    mixed = (mix[:, :, None] * series[None]).sum(1)
    return np.stack([mixed, np.diff(mixed, axis=1, prepend=mixed[:, :1])])


def views_in_graph(x: Tensor, mix: Tensor, gain: Tensor, steps: Tensor) -> Tensor:
    """Return the views (b, count, l) of series x (b, n_channels, l), in operations of torch."""
    mixed = (mix[:, :, None] * x.unsqueeze(1)).sum(2)
    changes = mixed - mixed[..., (steps - 1).clamp(min=0)]
    return torch.cat([mixed * gain[0, :, None], changes * gain[1, :, None]], 1)
