"""Variations of the training series, drawn anew for every step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msssm_ts.training.batches import Batch

# Stretches of time, and of bands, that are hidden of a series.
_MASKS = 2


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
    masks : float
        Two stretches of time and two of neighbouring bands become 0, the mean, each up to this
        part of a series' length, or of its bands; every series has its own. Park et al.,
        "SpecAugment", Interspeech 2019.
    warp : float
        Series are stretched or squeezed in time, about their middle, and spectra in frequency,
        from the lowest band on, both by up to this part and each on its own: other speakers talk
        faster, and their vocal tracts are longer. Jaitly and Hinton, "Vocal Tract Length
        Perturbation (VTLP) improves speech recognition", ICML 2013 workshop. Not in time where
        values are missing or there are time stamps, which would have to move along.
    narrow : float
        Of so many spectra, as a part of all, the bands above one in the upper half become 0, the
        mean: what a telephone, or a lower sampling rate, leaves of sound.
    bands, rows : int
        Of every ``rows`` channels the first ``bands`` are those of one spectrum, from low to high;
        0: none are.
    """

    shift: float = 0.0
    mixup: float = 0.0
    masks: float = 0.0
    warp: float = 0.0
    narrow: float = 0.0
    bands: int = 0
    rows: int = 1

    @property
    def varies(self) -> bool:
        """Whether it does anything."""
        return any((self.shift, self.mixup, self.masks, self.warp, self.narrow and self.bands))

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
        return Batch(moved, lengths, seen, None if times is None else times.gather(1, source))

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

    def vary(
        self,
        x: Tensor,
        lengths: Tensor | None,
        generator: torch.Generator,
        timed: bool = True,
        rows_of: tuple[Tensor, int] | None = None,
    ) -> Tensor:
        """Stretch every series, and hide parts of it.

        Parameters
        ----------
        x : Tensor of shape (b, l, c)
            Padded series; spectra in the channels that ``bands`` and ``rows`` say.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each.
        generator : torch.Generator
            On the CPU.
        timed : bool
            Whether steps may be stretched in time, too.
        rows_of : (integer Tensor of shape (b,), int), optional
            Where these series are only some of a batch: which, and of how many. What is drawn for
            a series is then what it would be among all of them.

        Returns
        -------
        Tensor like ``x``

        Examples
        --------
        >>> x = torch.ones(2, 50, 40)
        >>> varied = Augmentation(masks=0.2, bands=40, rows=40).vary(x, None, torch.Generator())
        >>> sorted(varied.unique().tolist())
        [0.0, 1.0]
        """
        b, l, c = x.shape
        steps = torch.full((b,), l) if lengths is None else lengths.cpu()
        bands = torch.full((b,), self.bands)
        own, of_all = (torch.arange(b), b) if rows_of is None else rows_of

        def drawn(*shape: int) -> Tensor:
            """Draw numbers from 0 to 1 for these series, of shape (…, b)."""
            return torch.rand(*shape, of_all, generator=generator)[..., own]

        if self.warp and timed:
            x = stretched(x, self._factors(drawn()), steps, about=0.5)
        if self.warp and self.bands:
            # Bands first, as steps are there; those of all channels move alike.
            spectra = x.reshape(b, l * c // self.rows, self.rows).transpose(1, 2)
            spectra = stretched(spectra, self._factors(drawn()), bands, about=0.0)
            x = spectra.transpose(1, 2).reshape(b, l, c)
        hidden_steps = torch.zeros(b, l, dtype=torch.bool)
        hidden_values = torch.zeros(b, c, dtype=torch.bool)
        if self.masks:
            for _ in range(_MASKS):
                hidden_steps |= self._hidden(steps, l, drawn(2))
            for _ in range(_MASKS if self.bands else 0):
                hidden = self._hidden(bands, self.rows, drawn(2))
                hidden_values |= hidden.repeat(1, c // self.rows)
        if self.narrow and self.bands:
            chance, top = drawn(2)[:, :, None]
            band = torch.arange(self.rows)
            above = (band >= (0.5 + 0.5 * top) * self.bands) & (band < self.bands)
            hidden_values |= ((chance < self.narrow) & above).repeat(1, c // self.rows)
        if self.masks or (self.narrow and self.bands):
            hidden = hidden_steps[:, :, None] | hidden_values[:, None]
            x = x.masked_fill(hidden.to(x.device), 0.0)
        return x

    def _factors(self, drawn: Tensor) -> Tensor:
        """Return factors from 1 / (1 + warp) to 1 + warp, as often below as above 1."""
        return torch.exp((2 * drawn - 1) * math.log1p(self.warp))

    def _hidden(self, sizes: Tensor, n: int, drawn: Tensor) -> Tensor:
        """Return a stretch for each of sizes (b,), up to the masks' part: where it lies, (b, n)."""
        width, begin = drawn
        width = width * self.masks * sizes
        begin = (begin * (sizes - width))[:, None]
        place = torch.arange(n)
        hidden: Tensor = (place >= begin) & (place < begin + width[:, None])
        return hidden


def stretched(x: Tensor, factors: Tensor, sizes: Tensor, about: float) -> Tensor:
    """Read the first ``sizes`` (b,) rows of x (b, n, k) ``factors`` (b,) as fast.

    ``about``, as a part of them, is what nothing moves: 0 the first, 0.5 the middle. Between
    rows it is interpolated; before the first and behind the last of them those go on.
    """
    place = torch.arange(x.shape[1])
    last = (sizes[:, None] - 1).clamp(min=0)
    source = ((place - about * last) * factors[:, None] + about * last).clamp(min=0)
    # Padding stays where it is.
    source = torch.where(place <= last, torch.minimum(source, last), place)
    below = source.floor().long()
    above = torch.minimum(below + 1, torch.maximum(last, place))
    part = (source - below).to(x)[:, :, None]
    b, n, k = x.shape
    # Whole rows are copied, which is several times as fast as to gather each value.
    first, rows = n * torch.arange(b)[:, None], x.reshape(b * n, k)
    low, high = (
        rows.index_select(0, (first + chosen).flatten().to(x.device)).view(b, n, k)
        for chosen in (below, above)
    )
    return torch.lerp(low, high, part)
