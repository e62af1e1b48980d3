"""Measuring: time as a median with its spread, peak memory, and the machine's own limits."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.simd import exp2, lanes_of, load, store


@dataclass(frozen=True)
class Timing:
    """Median and quartiles, in seconds."""

    median: float
    low: float
    high: float


def measure(function: Callable[[], object], seconds: float = 2.0, least: int = 5) -> Timing:
    """Time a function after a warm-up, for about ``seconds`` and at least ``least`` calls."""
    function()
    times: list[float] = []
    while sum(times) < seconds or len(times) < least:
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
        if sum(times) > 20 * seconds:
            break
    low, median, high = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return Timing(median, low, high)


def peak_memory(function: Callable[[], object]) -> int | None:
    """Bytes by which resident memory rises at most during a call; None where Linux is missing."""
    reset, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not reset.exists():
        return None
    function()

    def kilobytes(field: str) -> int:
        line = next(s for s in status.read_text().splitlines() if s.startswith(field))
        return int(line.split()[1])

    # What earlier calls freed would be used again unseen.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    before = kilobytes("VmRSS")
    # "5" sets the high-water mark back to the present size.
    reset.write_text("5")
    result = function()
    peak = kilobytes("VmHWM")
    del result
    return max(0, peak - before) * 1024


@kernel
def _copy(x: Any, y: Any, first: Any, last: Any, block: Any) -> None:
    for i in range(first * block, last * block, lanes_of(x)):
        store(y, i, load(x, i))


@kernel
def _exponentials(x: Any, y: Any, first: Any, last: Any, block: Any, repeats: Any) -> None:
    for k in range(first, last):
        for _ in range(repeats):
            for i in range(k * block, (k + 1) * block, lanes_of(x)):
                store(y, i, exp2(load(x, i)))


@dataclass(frozen=True)
class Roofline:
    """What this machine does at most, on as many threads as the kernels use.

    Parameters
    ----------
    bytes_per_second : float
        Of a copy, bytes read plus bytes written.
    exponentials_per_second : float
        Of the kernels' own vector exp2, from and to the first-level cache.
    """

    bytes_per_second: float
    exponentials_per_second: float

    @classmethod
    def measure(cls) -> Roofline:
        """Measure both."""
        n, block = 2**25, 2**16
        x, y = np.zeros(n, np.float32), np.zeros(n, np.float32)
        costs = np.full(n // block, 10**6)
        copying = measure(lambda: parallel.run(lambda a, b: _copy(x, y, a, b, block), costs))
        block, repeats, items = 2048, 500, 64
        work = np.full(items, 10**6)
        exponent = measure(
            lambda: parallel.run(lambda a, b: _exponentials(x, y, a, b, block, repeats), work)
        )
        return cls(2 * x.nbytes / copying.median, items * block * repeats / exponent.median)

    def seconds(self, n_bytes: float, n_exponentials: float) -> float:
        """Least time for so many bytes and exponentials, whichever takes longer."""
        return max(n_bytes / self.bytes_per_second, n_exponentials / self.exponentials_per_second)
