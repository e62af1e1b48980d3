"""Series as padded tensors, and batches of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    times : float64 Tensor of shape (b, l), optional
        Time stamps; in padding the last one goes on. None where the series have none.
    """

    x: Tensor
    lengths: Tensor | None = None
    observed: Tensor | None = None
    times: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """Move all of it."""
        x, *rest = self
        return Batch(x.to(device), *(t if t is None else t.to(device) for t in rest))

    def rows(self, index: Tensor) -> Batch:
        """Return some of the series, without padding that none of them needs."""
        if len(index) == len(self.x):
            return self
        lengths = None if self.lengths is None else self.lengths[index]
        longest = self.x.shape[1] if lengths is None else int(lengths.max())
        observed, times = (t if t is None else t[index, :longest] for t in self[2:])
        return Batch(self.x[index, :longest], lengths, observed, times)


def collate(series: Sequence[Tensor], missing: bool = True) -> Batch:
    """Put series of shape (length, n_channels) together, padded where lengths differ.

    Parameters
    ----------
    series : sequence of tensors
        NaN is a missing value.
    missing : bool
        Whether to look for those at all.
    """
    sizes = [len(s) for s in series]
    if len(set(sizes)) > 1:
        x = torch.nn.utils.rnn.pad_sequence(list(series), batch_first=True)
        return mask_missing(x, torch.tensor(sizes), missing)
    return mask_missing(torch.stack(list(series)), None, missing)


def mask_missing(x: Tensor, lengths: Tensor | None, missing: bool) -> Batch:
    """Put 0 where x is NaN, and say which steps have a value."""
    absent = x.isnan() if missing else None
    if absent is None or not absent.any():
        return Batch(x, lengths, None)
    return Batch(x.masked_fill(absent, 0.0), lengths, ~absent.all(-1))


class SeriesTensor:
    """Series of equal or different lengths in memory, ready to be cut into batches.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        The series, standardised; NaN is a missing value.
    dtype : torch.dtype
        Float type of the batches.
    times : sequence of arrays of shape (length,), optional
        Time stamps.
    """

    def __init__(
        self,
        series: Sequence[NDArray[Any]],
        dtype: torch.dtype = torch.float32,
        times: Sequence[NDArray[np.float64]] | None = None,
    ):
        self._times = times
        # Steps first, as the network wants them.
        self._series = [torch.as_tensor(np.ascontiguousarray(s.T)).to(dtype) for s in series]
        self.lengths = torch.tensor([len(s) for s in self._series])
        self._stacked = None if self._ragged or not series else torch.stack(self._series)
        self._has_missing = any(bool(s.isnan().any()) for s in self._series)

    @property
    def _ragged(self) -> bool:
        return len(set(self.lengths.tolist())) > 1

    def __len__(self) -> int:
        return len(self.lengths)

    def batch(self, index: Tensor) -> Batch:
        """Cut out some series."""
        if self._stacked is not None:
            batch = mask_missing(self._stacked[index], None, self._has_missing)
        else:
            batch = collate([self._series[i] for i in index.tolist()], self._has_missing)
        return self._with_times(batch, index)

    def _with_times(self, batch: Batch, index: Tensor) -> Batch:
        if self._times is None:
            return batch
        stamps = [self._times[i] for i in index.tolist()]
        longest = batch.x.shape[1]
        rows = [np.pad(t, (0, longest - len(t)), mode="edge") for t in stamps]
        return batch._replace(times=torch.from_numpy(np.stack(rows)))

    def batches(self, indices: Iterable[Tensor]) -> Iterator[tuple[Tensor, Batch]]:
        """Cut out batch after batch; each comes with its index."""
        for index in indices:
            yield index, self.batch(index)

    def in_order(self, batch_size: int) -> list[Tensor]:
        """Index batches that cover every series once, similar lengths together."""
        order = torch.argsort(self.lengths, stable=True)
        return list(torch.split(order, batch_size))

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
