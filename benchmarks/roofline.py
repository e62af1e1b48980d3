"""The machine's own limits, measured in the same run as the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from timing import compare, finished, measure

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel
from msssm_ts.kernels.simd import exp2, lanes_of, load, store


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


@kernel
def _multiply_adds(x: Any, y: Any, first: Any, last: Any, repeats: Any) -> None:
    # Eight chains: as many as hide one multiply-add's latency.
    m, c = load(x, 0), load(x, lanes_of(x))
    for k in range(first, last):
        a0, a1, a2, a3 = c, m, c + m, c - m
        a4, a5, a6, a7 = c * m, c * c, m * m, m - c
        for _ in range(repeats):
            a0, a1, a2, a3 = a0 * m + c, a1 * m + c, a2 * m + c, a3 * m + c
            a4, a5, a6, a7 = a4 * m + c, a5 * m + c, a6 * m + c, a7 * m + c
        store(y, k * lanes_of(x), ((a0 + a1) + (a2 + a3)) + ((a4 + a5) + (a6 + a7)))


@dataclass(frozen=True)
class Limit:
    """Something that a machine does at most so often a second.

    Parameters
    ----------
    name : str
        What is counted.
    probe : callable
        Does it and nothing else, as fast as the machine can.
    amount : float
        How often ``probe`` does it.
    """

    name: str
    probe: Callable[[], object]
    amount: float

    def rate(self) -> float:
        """How often a second."""
        return self.amount / measure(self.probe).median

    def fraction(self, function: Callable[[], object], amount: float) -> float:
        """Share of the rate that a function reaches which must do it ``amount`` times."""
        theirs, own = compare(function, self.probe)
        return amount / theirs.median / (self.amount / own.median)


def limits_of(device: torch.device) -> dict[str, Limit]:
    """Return the limits, on all threads: "bytes" (read plus written), "exponentials", "flops"."""
    limits = _of_gpu(device) if device.type == "cuda" else _of_cpu()
    return {limit.name: limit for limit in limits}


def _of_cpu() -> list[Limit]:
    """Measure copies, the kernels' own exp2 (from and to the first-level cache), multiply-adds."""
    n, block = 2**25, 2**16
    x, y = np.zeros(n, np.float32), np.zeros(n, np.float32)
    parts = np.full(n // block, 10**6)

    def copy() -> None:
        parallel.run(lambda first, last: _copy(x, y, first, last, block), parts)

    small, repeats, items = 2048, 500, 64
    work = np.full(items, 10**6)

    def exponentials() -> None:
        parallel.run(lambda a, b: _exponentials(x, y, a, b, small, repeats), work)

    many = 20_000

    def multiply_adds() -> None:
        parallel.run(lambda a, b: _multiply_adds(x, y, a, b, many), work)

    return [
        Limit("bytes", copy, 2 * x.nbytes),
        Limit("exponentials", exponentials, items * small * repeats),
        Limit("flops", multiply_adds, items * many * 8 * 2 * (64 // x.itemsize)),
    ]


def _of_gpu(device: torch.device) -> list[Limit]:
    """Measure copies, and exp2 from register to register."""
    from roofline_gpu import exponentials

    x = torch.zeros(2**29, device=device)
    y = torch.empty_like(x)
    small, repeats = x[: 2**24], 256
    return [
        Limit("bytes", finished(lambda: y.copy_(x), device), 2 * x.nbytes),
        Limit(
            "exponentials",
            finished(lambda: exponentials(small, y, repeats), device),
            small.numel() * repeats,
        ),
    ]
