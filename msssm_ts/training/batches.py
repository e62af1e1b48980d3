"""Series as padded tensors, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Batch(NamedTuple):
    """What the network takes.

    Parameters
    ----------
    x : Tensor of shape (b, l, n_channels)
        Series, padded; missing values are 0.
    lengths : integer Tensor of shape (b,), optional
        Valid steps; None where all have as many.
    observed : boolean Tensor of shape (b, l), optional
        Steps with a value in one channel at least; None where no value is missing.
    """

    x: Tensor
    lengths: Tensor | None
    observed: Tensor | None

    def to(self, device: torch.device) -> Batch:
        """Move all of it."""
        x, *rest = self
        return Batch(x.to(device), *(t if t is None else t.to(device) for t in rest))


class SeriesTensor:
    """Series of equal or different lengths, ready to be cut into batches.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        The series, standardised; NaN is a missing value.
    dtype : torch.dtype
        Float type of the batches.
    """

    def __init__(self, series: Sequence[NDArray[Any]], dtype: torch.dtype = torch.float32):
        # Steps first, as the network wants them.
        self._series = [torch.as_tensor(np.ascontiguousarray(s.T)).to(dtype) for s in series]
        self.lengths = torch.tensor([len(s) for s in self._series])
        self._ragged = len(set(self.lengths.tolist())) > 1
        self._stacked = None if self._ragged or not series else torch.stack(self._series)
        self._has_missing = any(bool(s.isnan().any()) for s in self._series)

    def __len__(self) -> int:
        return len(self._series)

    def batch(self, index: Tensor) -> Batch:
        """Cut out some series."""
        lengths = None
        if self._stacked is not None:
            x = self._stacked[index]
        else:
            chosen = [self._series[i] for i in index.tolist()]
            x, lengths = (
                torch.nn.utils.rnn.pad_sequence(chosen, batch_first=True),
                self.lengths[index],
            )
        if not self._has_missing:
            return Batch(x, lengths, None)
        missing = x.isnan()
        return Batch(x.masked_fill(missing, 0.0), lengths, ~missing.all(-1))

    def in_order(self, batch_size: int) -> Iterator[Tensor]:
        """Index batches that cover every series once, similar lengths together."""
        order = torch.argsort(self.lengths, stable=True)
        yield from torch.split(order, batch_size)

    def shuffled(self, batch_size: int, generator: torch.Generator) -> list[Tensor]:
        """Index batches in random order, similar lengths together where lengths differ.

        The last batch may be smaller; no series is left out.
        """
        order = torch.randperm(len(self), generator=generator)
        if self._ragged:
            # Sorting within pools of several batches wastes little on padding, yet still mixes.
            pools = torch.split(order, 8 * batch_size)
            order = torch.cat([p[torch.argsort(self.lengths[p], stable=True)] for p in pools])
        batches = list(torch.split(order, batch_size))
        if self._ragged:
            shuffle = torch.randperm(len(batches), generator=generator).tolist()
            batches = [batches[i] for i in shuffle]
        return batches
