"""Series that memory may not hold: decoded batch by batch, in worker processes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from msssm_ts.processors import usable_processors
from msssm_ts.training.batches import Batch, SeriesTensor, collate

# Owners whose windows are mixed.
_POOL = 16


class _Items(Dataset[Tensor]):
    def __init__(self, series: Sequence[NDArray[Any]], dtype: torch.dtype):
        self.series, self.dtype = series, dtype

    def __getitem__(self, index: int) -> Any:
        try:
            return torch.as_tensor(np.ascontiguousarray(self.series[index].T)).to(self.dtype)
        # Travels back as it is: DataLoader would bury it under the worker's traceback.
        except Exception as error:
            return error


def _together(items: list[Any]) -> Any:
    failed = [item for item in items if isinstance(item, Exception)]
    return failed[0] if failed else collate(items)


def reading_workers() -> int:
    """Return how many processes decode series unless told otherwise.

    A processor is left to training, and there are no more than torch has threads.

    Examples
    --------
    >>> 1 <= reading_workers() <= 4
    True
    """
    # Elsewhere each of them is slow to start: it imports everything anew.
    most = 4 if sys.platform == "linux" else 1
    return max(1, min(most, usable_processors() - 1, torch.get_num_threads()))


# Bytes of series that travel together from a worker process.
TOGETHER = 8 * 2**20


class _Runs(Dataset[Any]):
    """Runs of series, each as a list; pickles for worker processes."""

    def __init__(self, series: Sequence[NDArray[Any]], size: int):
        self._series, self._size = series, size

    def __len__(self) -> int:
        return -(-len(self._series) // self._size)

    def __getitem__(self, index: int) -> Any:
        first = index * self._size
        try:
            return [
                self._series[i] for i in range(first, min(first + self._size, len(self._series)))
            ]
        # Travels back as it is: DataLoader would bury it under the worker's traceback.
        except Exception as error:
            return error


def _as_it_is(run: Any) -> Any:
    return run


def in_order(
    series: Sequence[NDArray[Any]], n_bytes: int, n_workers: int
) -> Iterator[NDArray[Any]]:
    """Decode all series, some ahead of the one that is asked for.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Decoded by ``series[i]``; worker processes call it.
    n_bytes : int
        That one is, about.
    n_workers : int
        Worker processes; 0: this one decodes them.

    Examples
    --------
    >>> [s.shape for s in in_order([np.ones((1, 3)), np.ones((1, 2))], 16, 0)]
    [(1, 3), (1, 2)]
    """
    runs = _Runs(series, max(1, TOGETHER // max(1, n_bytes)))
    loader = DataLoader(
        runs,
        batch_size=None,
        num_workers=n_workers,
        collate_fn=_as_it_is,
        generator=torch.Generator(),
    )
    for run in loader:
        if isinstance(run, Exception):
            raise run
        yield from run


class StreamedSeries(SeriesTensor):
    """Like :class:`SeriesTensor`, but a batch is decoded when it is needed, and then forgotten.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        Decoded, prepared and standardised by ``series[i]``; worker processes call it.
    lengths : integer array of shape (n_series,)
        Steps of each series.
    dtype : torch.dtype
        Float type of the batches.
    n_workers : int, optional
        Worker processes; a core is left to the training by default.
    owner : integer array of shape (n_series,), optional
        What each is a window of: windows of one are asked for soon after one another, so that it
        need not be decoded for each of them.
    times : sequence of arrays of shape (length,), optional
        Time stamps.
    """

    def __init__(
        self,
        series: Sequence[NDArray[Any]],
        lengths: NDArray[np.int64],
        dtype: torch.dtype = torch.float32,
        n_workers: int | None = None,
        owner: NDArray[np.int64] | None = None,
        times: Sequence[NDArray[np.float64]] | None = None,
    ):
        self._times = times
        self._owner = None if owner is None else torch.as_tensor(owner)
        self._items = _Items(series, dtype)
        self.lengths = torch.as_tensor(lengths)
        self._n_workers = reading_workers() if n_workers is None else n_workers

    def batch(self, index: Tensor) -> Batch:
        """Decode some series."""
        batch = self._checked(_together([self._items[i] for i in index.tolist()]))
        return self._with_times(batch, index)

    def shuffled(self, batch_size: int, generator: torch.Generator) -> list[Tensor]:
        """Index batches in random order, from a few owners at a time."""
        if self._owner is None:
            return super().shuffled(batch_size, generator)
        owners = torch.unique(self._owner)
        place = torch.empty(int(owners.max()) + 1, dtype=torch.long)
        place[owners] = torch.randperm(len(owners), generator=generator) // _POOL
        mixed = torch.randperm(len(self), generator=generator)
        order = mixed[torch.argsort(place[self._owner[mixed]], stable=True)]
        return list(torch.split(order, batch_size))

    def batches(self, indices: Iterable[Tensor]) -> Iterator[tuple[Tensor, Batch]]:
        """Decode batch after batch, a few ahead of the one that is asked for."""
        indices = list(indices)
        loader = DataLoader(
            self._items,
            batch_sampler=[index.tolist() for index in indices],
            collate_fn=_together,
            num_workers=self._n_workers,
            # Its own, so that the network's dropout is drawn as without workers.
            generator=torch.Generator(),
        )
        for index, batch in zip(indices, loader, strict=True):
            yield index, self._with_times(self._checked(batch), index)

    @staticmethod
    def _checked(batch: Batch | Exception) -> Batch:
        if isinstance(batch, Exception):
            raise batch
        return batch
