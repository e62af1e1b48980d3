"""Variations of the training series, drawn anew for every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msssm_ts.training.batches import Batch


@dataclass(frozen=True)
class Augmentation:
    """How training series are varied.

    Parameters
    ----------
    shift : float
        Series are moved in time by up to this part of their length, either way; the first or last
        value is repeated.
    mixup : float
        Pairs of series are mixed, λ·one + (1 − λ)·other with λ from Beta(mixup, mixup), and so are
        their losses; 0 mixes none. Zhang et al., "mixup: Beyond Empirical Risk Minimization",
        ICLR 2018. Series of different lengths, with missing values or with time stamps of their
        own are not mixed.
    """

    shift: float = 0.0
    mixup: float = 0.0

    def move(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Shift every series in time."""
        if not self.shift:
            return batch
        x, lengths, observed, times = batch
        b, l, _ = x.shape
        length = torch.full((b,), l) if lengths is None else lengths
        part = (2 * torch.rand(b, generator=generator) - 1) * self.shift
        steps = (part * length).round().long()
        source = torch.arange(l) - steps[:, None]
        source = torch.minimum(source.clamp(min=0), (length - 1).clamp(min=0)[:, None])
        # Padding stays where it is.
        source = torch.where(torch.arange(l) < length[:, None], source, torch.arange(l))
        moved = x.gather(1, source[:, :, None].expand_as(x))
        seen = None if observed is None else observed.gather(1, source)
        return Batch(moved, lengths, seen, times)

    def mix(self, batch: Batch, generator: torch.Generator) -> tuple[Batch, Tensor, float]:
        """Mix every series with another one of the batch.

        Returns
        -------
        batch : Batch
            Mixed.
        other : integer Tensor of shape (b,)
            With which.
        share : float
            λ, the own series' part.
        """
        x, *rest = batch
        if not self.mixup or any(part is not None for part in rest):
            return batch, torch.arange(len(x)), 1.0
        seed = int(torch.randint(2**62, (1,), generator=generator))
        share = float(np.random.default_rng(seed).beta(self.mixup, self.mixup))
        other = torch.randperm(len(x), generator=generator)
        return Batch(share * x + (1 - share) * x[other]), other, share
