"""Kernels on several threads, without numba's threading layers.

numba's own ``prange`` rests on a threading layer that aborts on concurrent use (workqueue) or
does not survive a fork (GNU OpenMP). The kernels release the GIL instead and take a range of
independent work items, so plain threads do, from any number of callers at once.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")
R = TypeVar("R")

_pool: ThreadPoolExecutor | None = None
_pool_size = 0
_at_work = _forked = False
# How many are within kernels_alone, and the threads there were before the first of them.
_lock = threading.Lock()
_n_alone, _n_before = 0, 1

# Whether a thread is at a part of a run: what it would give to others is its own to do, since all
# others may be waiting for theirs.
_within = threading.local()

# Below this many scalar state updates a second thread costs more than it brings.
_WORTH_A_THREAD = 800_000


def _forget_threads() -> None:
    # Threads do not survive a fork: the child makes its own.
    global _pool, _pool_size, _forked, _n_alone, _lock
    _pool, _pool_size, _forked = None, 0, True
    _n_alone, _lock = 0, threading.Lock()
    if _at_work:
        _on_one_thread()


def _on_one_thread() -> None:
    # torch cannot make new ones (GNU OpenMP would wait for the parent's for ever), so it goes on
    # with one, as in torch's own DataLoader workers.
    global _forked
    _forked = False
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


def at_work() -> None:
    """Say that this process works with the package: children of it then have one torch thread.

    Children of a process that has only imported it keep theirs, until they work with it.
    """
    global _at_work
    _at_work = True
    if _forked:
        _on_one_thread()


def n_threads() -> int:
    """Return how many threads kernels have: torch's, as they were before :func:`kernels_alone`."""
    return _n_before if _n_alone else torch.get_num_threads()


@contextmanager
def kernels_alone() -> Iterator[None]:
    """Let kernels have all threads, and torch's own operations one.

    Examples
    --------
    >>> before = torch.get_num_threads()
    >>> with kernels_alone():
    ...     n_threads() == before, torch.get_num_threads()
    (True, 1)
    >>> torch.get_num_threads() == before
    True
    """
    global _n_alone, _n_before
    with _lock:
        if not _n_alone:
            _n_before = torch.get_num_threads()
        _n_alone += 1
        n_before = _n_before
    try:
        torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(n_before)
        with _lock:
            _n_alone = max(0, _n_alone - 1)


def _executor(size: int) -> ThreadPoolExecutor:
    global _pool, _pool_size
    if _pool is None or _pool_size < size:
        # A smaller pool may still serve another caller; it ends when its work does.
        _pool, _pool_size = ThreadPoolExecutor(size, thread_name_prefix="msssm-ts"), size
    return _pool


def split(costs: np.ndarray, parts: int) -> list[tuple[int, int]]:
    """Cut range(len(costs)) into contiguous ranges of about equal total cost.

    Examples
    --------
    >>> split(np.array([1, 1, 1, 1, 4]), 2)
    [(0, 4), (4, 5)]
    """
    total = np.concatenate([[0], np.cumsum(costs, dtype=np.float64)])
    targets = total[-1] * np.arange(1, parts) / parts
    # The item boundary nearest to each target.
    after = np.searchsorted(total, targets)
    before = np.maximum(after - 1, 0)
    nearest = np.where(targets - total[before] < total[after] - targets, before, after)
    cuts = [0, *(int(c) for c in nearest), len(costs)]
    return [(a, b) for a, b in itertools.pairwise(cuts) if b > a]


def run(work: Callable[[int, int], object], costs: np.ndarray) -> None:
    """Call ``work(first, last)`` over all items, on up to :func:`n_threads` threads.

    Parameters
    ----------
    work : callable
        Does the items first..last-1; must release the GIL to gain anything.
    costs : array of shape (n_items,)
        Relative cost of each item in scalar state updates.
    """
    at_work()
    parts = min(n_threads(), len(costs), int(costs.sum()) // _WORTH_A_THREAD + 1)
    if parts <= 1 or getattr(_within, "run", False):
        work(0, len(costs))
        return

    def part(first: int, last: int) -> None:
        _within.run = True
        try:
            work(first, last)
        finally:
            _within.run = False

    ranges = split(costs, parts)
    futures = [_executor(len(ranges)).submit(part, *r) for r in ranges[1:]]
    try:
        part(*ranges[0])
    finally:
        # Also when the first range fails: nobody may write into a freed buffer.
        for future in futures:
            future.result()


def each(function: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Return a function of each item, on up to :func:`n_threads` threads.

    torch's operations have one thread each, so that results do not depend on how many there are.

    Parameters
    ----------
    function : callable
        Must release the GIL, as torch's and numpy's larger operations do, to gain anything.
    items : sequence
        Each worth a thread.

    Examples
    --------
    >>> each(lambda n: float(torch.ones(n).sum()), [1, 2, 3])
    [1.0, 2.0, 3.0]
    """
    found: dict[int, R] = {}

    def work(first: int, last: int) -> None:
        # A thread's own number, which it would else have from when it began.
        torch.set_num_threads(1)
        for i in range(first, last):
            found[i] = function(items[i])

    with kernels_alone():
        run(work, np.full(len(items), _WORTH_A_THREAD))
    return [found[i] for i in range(len(items))]


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items, each made on another thread while the one before is worked on.

    With one torch thread each is made when it is asked for.

    Parameters
    ----------
    items : iterator
        Makes the items; always on one thread at a time.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    if torch.get_num_threads() == 1:
        yield from items
        return
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="msssm-ts-ahead") as maker:
        coming = maker.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, items, end)
            yield item  # type: ignore[misc]
