"""What runs on the workers of a Dask cluster."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.series import Prepared
from msssm_ts.training.progress import Reporter
from msssm_ts.version import __version__

T = TypeVar("T")
Rows = NDArray[np.int64]

# Seconds between two messages of how far an item is.
_APART = 0.5


def version_here() -> str:
    """Return the version of the package on the worker."""
    return __version__


def other_version(worker: str, theirs: str, ours: str) -> str:
    """Say that a worker has another version."""
    return (
        f"worker {worker} of the cluster has msssm-ts {theirs}, this process {ours}; install one "
        "version everywhere"
    )


def unmoved() -> None:
    """Do not end by Ctrl-C, which a terminal sends to all processes: who began it ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def read_one(values: Prepared) -> None:
    """Read a series, to see whether that can be done."""
    values.series[0]


def joined(*parts: Prepared) -> Prepared:
    """Return the series of all parts."""
    return parts[0].joined(*parts[1:])


def taken(values: Prepared, index: Rows) -> Prepared:
    """Return some of the series."""
    return values.take(index)


def called(
    how: tuple[str, int, tuple[str, int] | None], function: Callable[..., T], *args: Any
) -> T:
    """Call a function on one thread, and tell how far it is."""
    from distributed import get_worker

    version, client, told = how
    if version != __version__:
        # One that has come later.
        raise InputError(other_version(get_worker().address, __version__, version))
    if os.getpid() != client:
        # As many items are worked on at once as there are threads.
        torch.set_num_threads(1)
    if told is None:
        return function(*args)
    reporter = Reporter((_Told(get_worker(), *told),))
    return function(*args, reporter)


@dataclass
class _Told:
    """Tells the client how far an item is, not too often."""

    worker: Any
    topic: str
    number: int
    last: float = 0.0

    def __call__(self, progress: object) -> None:
        """Nothing is trained by steps."""

    def stage(self, name: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done >= total or now - self.last > _APART:
            self.last = now
            self.worker.log_event(self.topic, (self.number, done, total))
