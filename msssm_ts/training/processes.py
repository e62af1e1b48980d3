"""The processes that train one network together, and what they tell one another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from msssm_ts.errors import InputError, ProcessLostError

T = TypeVar("T")

# Between two looks at whether there is something to do, in seconds.
_PAUSE = 0.02
_TASK, _OVER = "task", "over"


class Part(NamedTuple):
    """What a process has of a batch.

    Parameters
    ----------
    rows : integer Tensor
        Of the batch, at least one.
    n : int
        How many of them count: 0 where there are more processes than series.
    """

    rows: Tensor
    n: int


class Processes:
    """One of the processes that train a network; on its own it has nobody to wait for.

    Parameters
    ----------
    rank : int
        Which; the first, 0, decides and writes.
    count : int
        Of all.
    store : torch.distributed.Store, optional
        Where the first says what is to be done.

    Examples
    --------
    >>> alone = Processes()
    >>> alone.is_first, alone.same("decided"), alone.totals([2.0, 3.0])
    (True, 'decided', [2.0, 3.0])
    """

    def __init__(self, rank: int = 0, count: int = 1, store: Any = None):
        self.rank, self.count, self._store = rank, count, store
        self._n_tasks = 0
        self.has_stopped = False

    @property
    def is_first(self) -> bool:
        """Whether it decides and writes."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1

    def begin_alike(self, network: nn.Module) -> None:
        """Give each the first one's weights.

        Raises
        ------
        InputError
            If several cannot train the network.
        """
        if not self.is_alone:
            check_shareable(network)
            weights = {name: value.cpu() for name, value in network.state_dict().items()}
            network.load_state_dict(self.same(weights))

    def part(self, lengths: Tensor) -> Part:
        """Return what it has of a batch of series of these lengths."""
        if self.is_alone:
            return Part(torch.arange(len(lengths)), len(lengths))
        rows = dealt(lengths, self.count)[self.rank]
        return Part(rows, len(rows)) if len(rows) else Part(torch.zeros(1, dtype=torch.long), 0)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Make each the sum of all processes', in place and with the same bits in all of them."""
        if self.is_alone:
            return
        whole = torch.cat([t.reshape(-1) for t in tensors])
        self._all_reduce(whole)
        sizes = [t.numel() for t in tensors]
        for tensor, total in zip(tensors, torch.split(whole, sizes), strict=True):
            tensor.copy_(total.view_as(tensor))

    def totals(self, values: Sequence[float]) -> list[float]:
        """Return the sums of all processes' numbers."""
        if self.is_alone:
            return list(values)
        whole = torch.tensor(values, dtype=torch.float64)
        self._all_reduce(whole)
        return [float(v) for v in whole]

    def same(self, value: T) -> T:
        """Return the first one's value."""
        if self.is_alone:
            return value
        from torch import distributed

        held = [value]
        with _telling_losses(self.count):
            distributed.broadcast_object_list(held, src=0)
        return held[0]

    def together(self, values: list[T]) -> list[T]:
        """Return what all have, the first one's first."""
        if self.is_alone:
            return values
        from torch import distributed

        held: list[Any] = [None] * self.count
        with _telling_losses(self.count):
            distributed.all_gather_object(held, values)
        return [value for own in held for value in own]

    def stop(self) -> None:
        """Stop where all do, whichever was told to."""
        if not self.is_alone:
            self.has_stopped = True
            raise KeyboardInterrupt

    def seed_dropout(self, seed: int, step: int) -> None:
        """Let each draw numbers of its own, and the same ones when a step is done again."""
        if not self.is_alone:
            drawn = np.random.SeedSequence((seed, step, self.rank)).generate_state(1, np.uint64)
            torch.manual_seed(int(drawn[0] >> 1))

    def give(self, task: dict[str, Any]) -> None:
        """Tell the others to do what the first is about to do, too; JSON holds it."""
        if not self.is_alone:
            self._store.set(f"{_TASK}{self._n_tasks}", json.dumps(task))
            self._n_tasks += 1

    def tasks(self) -> Iterator[dict[str, Any]]:
        """Yield what the first gives to do, until it is over; however long that takes."""
        while True:
            key = f"{_TASK}{self._n_tasks}"
            while not self._has(key):
                if self._has(_OVER):
                    return
                time.sleep(_PAUSE)
            self._n_tasks += 1
            yield json.loads(self._store.get(key))

    def say_over(self, seconds: float) -> None:
        """Let the others go, and wait as long for them: the first may hold what they ask."""
        if self.is_alone:
            return
        try:
            self._store.set(_OVER, "")
            end = time.monotonic() + seconds
            others = [f"gone{rank}" for rank in range(1, self.count)]
            while time.monotonic() < end and not self._store.check(others):
                time.sleep(_PAUSE)
        except RuntimeError:
            # Whoever held the store is gone, and so are they.
            return

    def is_over(self, seconds: float) -> bool:
        """Whether the first has come to its end, or does within some seconds."""
        end = time.monotonic() + seconds
        try:
            while not self._has(_OVER):
                if time.monotonic() > end:
                    return False
                time.sleep(_PAUSE)
        except ProcessLostError:
            return False
        return True

    def leave(self) -> None:
        """Say that it needs nobody any more."""
        try:
            self._store.set(f"gone{self.rank}", "")
        except RuntimeError:
            return

    def _has(self, key: str) -> bool:
        with _telling_losses(self.count):
            return bool(self._store.check([key]))

    def _all_reduce(self, tensor: Tensor) -> None:
        from torch import distributed

        with _telling_losses(self.count):
            distributed.all_reduce(tensor)


def dealt(lengths: Tensor, count: int) -> list[Tensor]:
    """Deal series to processes, so that none computes much more than another.

    Each gets neighbours by length, which need little padding. What a process computes is its
    number of series times the longest of them; the largest of these products is made as small as
    it can be.

    Parameters
    ----------
    lengths : integer Tensor of shape (b,)
        Steps of each series.
    count : int
        Processes.

    Returns
    -------
    list of integer Tensor
        Places of each process, ascending; empty where there are more processes than series.

    Examples
    --------
    >>> [rows.tolist() for rows in dealt(torch.tensor([9, 3, 3, 3]), 2)]
    [[1, 2, 3], [0]]
    """
    order = torch.argsort(lengths, stable=True)
    steps = lengths[order].clamp(min=1).tolist()

    def cuts(most: int) -> list[int]:
        """Fill one process after the other as far as that lets it; return where each ends."""
        ends, begin = [], 0
        for i, length in enumerate(steps):
            if (i + 1 - begin) * length > most:
                ends.append(i)
                begin = i
        return [*ends, len(steps)]

    low, high = steps[-1], len(steps) * steps[-1]
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(cuts(middle)) <= count else (middle + 1, high)
    ends = cuts(low)
    rows = [order[a:b].sort().values for a, b in zip([0, *ends], ends, strict=False)]
    return rows + [order[:0]] * (count - len(rows))


def check_shareable(network: nn.Module) -> None:
    """Refuse a network that keeps statistics of batches, of which each process sees a part.

    The package's own has no such state; a core from outside may.

    Raises
    ------
    InputError
        Naming the module.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.modules.batchnorm._NormBase) and module.track_running_stats:
            raise InputError(
                f"{name}: {type(module).__name__} keeps statistics of whole batches, and each of "
                "several processes has a part of them: train in one, or with another norm"
            )


@contextmanager
def _telling_losses(count: int) -> Iterator[None]:
    """Turn what a library says of a broken connection into a sentence."""
    try:
        yield
    except RuntimeError as error:
        raise ProcessLostError(
            f"another of the {count} processes has ended, or has not answered for long: "
            "see what it said"
        ) from error


ALONE = Processes()
_current = ALONE


def current() -> Processes:
    """Return this process among those that it has joined; alone by default."""
    return _current


@contextmanager
def being(processes: Processes) -> Iterator[Processes]:
    """Make :func:`current` return it."""
    global _current
    _current = processes
    try:
        yield processes
    finally:
        _current = ALONE
