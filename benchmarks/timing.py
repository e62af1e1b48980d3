"""Time as a median with its spread, and peak memory."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Timing:
    """Median and quartiles, in seconds."""

    median: float
    low: float
    high: float


_patience = 1.0


def be_patient(factor: float) -> None:
    """Let every figure be measured so many times as long as it says."""
    global _patience
    _patience = factor


def finished(function: Callable[[], Any], device: torch.device) -> Callable[[], Any]:
    """Make a function wait for what it started on the GPU."""
    if device.type != "cuda":
        return function

    def call() -> Any:
        result = function()
        torch.cuda.synchronize(device)
        return result

    return call


def _timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def _summary(times: list[float]) -> Timing:
    low, median, high = statistics.quantiles(times, n=4)
    return Timing(median, low, high)


def measure(function: Callable[[], object], seconds: float = 2.0, least: int = 5) -> Timing:
    """Time a function after a warm-up, for about ``seconds`` and at least ``least`` calls."""
    function()
    times: list[float] = []
    while sum(times) < seconds * _patience or len(times) < least:
        times.append(_timed(function))
    return _summary(times)


def compare(
    ours: Callable[[], object], theirs: Callable[[], object], seconds: float = 2.0, least: int = 3
) -> tuple[Timing, Timing]:
    """Time two functions in turns, so that both see the same moods of the machine."""
    theirs()
    mine, other = [], []
    while sum(mine) + sum(other) < seconds * _patience or len(other) < least:
        other.append(_timed(theirs))
        # The rival has emptied the caches; after many calls of its own it would not find that.
        ours()
        mine += [_timed(ours) for _ in range(5)]
    return _summary(mine), _summary(other)


def compare_in_pairs(
    first: Callable[[], object], second: Callable[[], object], seconds: float = 2.0, least: int = 9
) -> tuple[Timing, Timing, Timing]:
    """Time two functions one for one; also the first's times over the second's, pair by pair."""
    first()
    second()
    pairs: list[tuple[float, float]] = []
    while sum(map(sum, pairs)) < seconds * _patience or len(pairs) < least:
        pairs.append((_timed(first), _timed(second)))
    firsts, seconds_ = (list(times) for times in zip(*pairs, strict=True))
    return _summary(firsts), _summary(seconds_), _summary([a / b for a, b in pairs])


def peak_memory(function: Callable[[], object], device: torch.device) -> int | None:
    """Bytes by which used memory rises at most during a call; None where it cannot be told.

    On the CPU that is resident memory, which Linux reports.
    """
    function()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        function()
        return torch.cuda.max_memory_allocated(device) - before
    reset, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not reset.exists():
        return None

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
