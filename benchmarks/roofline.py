"""The machine's own limits, measured in the same run as the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from timing import finished, measure

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


@dataclass(frozen=True)
class Roofline:
    """What this machine does at most, on as many threads as the kernels use.

    Parameters
    ----------
    bytes_per_second : float
        Of a copy, bytes read plus bytes written.
    exponentials_per_second : float
        Of the kernels' own vector exp2; on the CPU from and to the first-level cache, on the GPU
        from register to register.
    """

    bytes_per_second: float
    exponentials_per_second: float

    @classmethod
    def measure(cls, device: torch.device) -> Roofline:
        """Measure both."""
        return _of_gpu(device) if device.type == "cuda" else _of_cpu()

    def seconds(self, n_bytes: float, n_exponentials: float) -> float:
        """Least time for so many bytes and exponentials, whichever takes longer."""
        return max(n_bytes / self.bytes_per_second, n_exponentials / self.exponentials_per_second)


def _of_cpu() -> Roofline:
    n, block = 2**25, 2**16
    x, y = np.zeros(n, np.float32), np.zeros(n, np.float32)
    costs = np.full(n // block, 10**6)
    copying = measure(lambda: parallel.run(lambda a, b: _copy(x, y, a, b, block), costs))
    block, repeats, items = 2048, 500, 64
    work = np.full(items, 10**6)
    exponent = measure(
        lambda: parallel.run(lambda a, b: _exponentials(x, y, a, b, block, repeats), work)
    )
    return Roofline(2 * x.nbytes / copying.median, items * block * repeats / exponent.median)


def _of_gpu(device: torch.device) -> Roofline:
    from roofline_gpu import exponentials

    x = torch.zeros(2**29, device=device)
    y = torch.empty_like(x)
    copying = measure(finished(lambda: y.copy_(x), device))
    small, repeats = x[: 2**24], 256
    exponent = measure(finished(lambda: exponentials(small, y, repeats), device))
    return Roofline(2 * x.nbytes / copying.median, small.numel() * repeats / exponent.median)
