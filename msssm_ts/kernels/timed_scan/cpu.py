"""Scans over uneven steps on the CPU (numba), in chunks of time.

Decays are tabulated: gaps that a chunk has several times, as of series with a few sampling rates
or steps lost from a regular grid, cost one exponential a state. The forward pass keeps the state
before each chunk; the backward pass goes from the last chunk to the first, recomputes the states
in it and holds those of one chunk. Work is shared out by channels, so that sums over series have
one order whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from msssm_ts.kernels import parallel
from msssm_ts.kernels.jit import kernel

# Steps of all series together between two states that are kept.
_ROWS = 2048
# Channels that a thread takes at least.
_CHANNELS = 16


def chunk_steps(batch: int) -> int:
    """Return the steps of a chunk."""
    return max(1, _ROWS // max(1, batch))


class _Chunk(NamedTuple):
    """Steps first … last − 1, what gaps they have, and the decays over those, (2, u, n, d)."""

    first: int
    last: int
    unique: Tensor
    rows: NDArray[np.int64]
    decays: NDArray[Any]


def _chunks(gaps: Tensor, log: Tensor, backward: bool = False) -> Iterator[_Chunk]:
    steps = chunk_steps(len(gaps))
    starts = range(0, gaps.shape[1], steps)
    for first in reversed(starts) if backward else starts:
        part = gaps[:, first : first + steps]
        unique, index = torch.unique(part, return_inverse=True)
        exponent = unique[:, None, None] * log.transpose(0, 1)
        if log.is_complex():
            size, turn = torch.exp(exponent.real), exponent.imag
            decays = torch.stack([size * torch.cos(turn), size * torch.sin(turn)])
        else:
            decays = torch.exp(exponent).unsqueeze(0)
        yield _Chunk(first, first + part.shape[1], unique, index.numpy(), decays.numpy())


def _parts(values: Tensor) -> NDArray[Any]:
    """Return (d, n) as (1, n, d), or the real and the imaginary part of it as (2, n, d)."""
    both = torch.view_as_real(values).movedim(-1, 0) if values.is_complex() else values[None]
    return both.transpose(-1, -2).contiguous().numpy()


@kernel
def _forward(
    x: Any, index: Any, decays: Any, C: Any, h: Any, y: Any, first: Any, length: Any, low: Any,
    high: Any, states: Any,
) -> None:  # fmt: skip
    """Advance h (k, b, n, d) over a chunk, and fill y or, where y is None, states."""
    n, pairs = h.shape[2], h.shape[0] == 2
    for b in range(index.shape[0]):
        for i in range(min(index.shape[1], length[b] - first)):
            u, t = index[b, i], first + i
            for j in range(n):
                if pairs:
                    for c in range(low, high):
                        re, im = h[0, b, j, c], h[1, b, j, c]
                        p, q = decays[0, u, j, c], decays[1, u, j, c]
                        h[0, b, j, c] = p * re - q * im + x[b, t, c]
                        h[1, b, j, c] = q * re + p * im
                else:
                    for c in range(low, high):
                        h[0, b, j, c] = decays[0, u, j, c] * h[0, b, j, c] + x[b, t, c]
                if y is not None:
                    for c in range(low, high):
                        y[b, t, c] += C[0, j, c] * h[0, b, j, c]
                    if pairs:
                        for c in range(low, high):
                            y[b, t, c] -= C[1, j, c] * h[1, b, j, c]
                if states is not None:
                    for k in range(h.shape[0]):
                        for c in range(low, high):
                            states[k, b, i + 1, j, c] = h[k, b, j, c]


@kernel
def _backward(
    grad_y: Any, index: Any, decays: Any, C: Any, states: Any, carry: Any, grad_x: Any,
    grad_C: Any, grad_decays: Any, first: Any, length: Any, low: Any, high: Any,
) -> None:  # fmt: skip
    """Go back over a chunk; carry (k, b, n, d) is the gradient of the state after it."""
    n, pairs = carry.shape[2], carry.shape[0] == 2
    for b in range(index.shape[0]):
        for i in range(min(index.shape[1], length[b] - first) - 1, -1, -1):
            u, t = index[b, i], first + i
            for j in range(n):
                for c in range(low, high):
                    g = grad_y[b, t, c]
                    grad_C[0, j, c] += g * states[0, b, i + 1, j, c]
                    re = carry[0, b, j, c] + C[0, j, c] * g
                    grad_x[b, t, c] += re
                    before = states[0, b, i, j, c]
                    p = decays[0, u, j, c]
                    if pairs:
                        grad_C[1, j, c] -= g * states[1, b, i + 1, j, c]
                        im = carry[1, b, j, c] - C[1, j, c] * g
                        across, q = states[1, b, i, j, c], decays[1, u, j, c]
                        grad_decays[0, u, j, c] += re * before + im * across
                        grad_decays[1, u, j, c] += im * before - re * across
                        carry[0, b, j, c] = p * re + q * im
                        carry[1, b, j, c] = p * im - q * re
                    else:
                        grad_decays[0, u, j, c] += re * before
                        carry[0, b, j, c] = p * re


def _by_channels(work: Any, batch: int, rows: int, d: int, n: int) -> None:
    blocks = -(-d // _CHANNELS)
    costs = np.full(blocks, batch * rows * n * _CHANNELS)
    parallel.run(lambda a, b: work(a * _CHANNELS, min(b * _CHANNELS, d)), costs)


def _lengths(lengths: Tensor | None, batch: int, rows: int) -> NDArray[np.int64]:
    return np.full(batch, rows) if lengths is None else lengths.long().numpy()


def timed_scan_cpu(
    x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None, keep: bool
) -> tuple[Tensor, Tensor]:
    """Return y, and (if keep) the states before each chunk, (chunks, k, b, n, d)."""
    (batch, rows, d), n = x.shape, log.shape[1]
    length, values, maps = _lengths(lengths, batch, rows), x.contiguous().numpy(), _parts(C)
    h = np.zeros((len(maps), batch, n, d), values.dtype)
    y = np.zeros_like(values)
    kept = []
    for chunk in _chunks(gaps, log):
        if keep:
            kept.append(h.copy())
        args = (values, chunk.rows, chunk.decays, maps, h, y, chunk.first, length)

        def work(low: int, high: int, args: Any = args) -> None:
            _forward(*args, low, high, None)

        _by_channels(work, batch, chunk.last - chunk.first, d, n)
    states = np.stack(kept) if kept else np.zeros((0, *h.shape), h.dtype)
    return torch.from_numpy(y), torch.from_numpy(states)


def timed_scan_backward_cpu(
    grad_y: Tensor, x: Tensor, gaps: Tensor, log: Tensor, C: Tensor, lengths: Tensor | None,
    kept: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Return the gradients of x, log and C."""
    (batch, rows, d), n = x.shape, log.shape[1]
    length, values, maps = _lengths(lengths, batch, rows), x.contiguous().numpy(), _parts(C)
    upstream = grad_y.contiguous().numpy()
    carry = np.zeros((len(maps), batch, n, d), values.dtype)
    grad_x, grad_C = np.zeros_like(values), np.zeros_like(maps)
    grad_log = torch.zeros_like(log)
    steps = chunk_steps(batch)
    for chunk in _chunks(gaps, log, backward=True):
        before = kept[chunk.first // steps].numpy()
        states = np.empty((len(maps), batch, chunk.last - chunk.first + 1, n, d), values.dtype)
        states[:, :, 0] = before
        grad_decays = np.zeros_like(chunk.decays)
        forward = (values, chunk.rows, chunk.decays, maps, before.copy(), None)
        back = (upstream, chunk.rows, chunk.decays, maps, states, carry, grad_x, grad_C)

        def work(
            low: int, high: int, forward: Any = forward, back: Any = back, chunk: Any = chunk,
            states: Any = states, grad_decays: Any = grad_decays,
        ) -> None:  # fmt: skip
            _forward(*forward, chunk.first, length, low, high, states)
            _backward(*back, grad_decays, chunk.first, length, low, high)

        _by_channels(work, batch, chunk.last - chunk.first, d, 3 * n)
        decays, towards = (torch.from_numpy(a) for a in (chunk.decays, grad_decays))
        times = chunk.unique[:, None, None]
        if log.is_complex():
            # Of exp(g·log) it is g·conj(exp(g·log)) times what comes back.
            both = torch.complex(*towards) * torch.complex(*decays).conj()
        else:
            both = towards[0] * decays[0]
        grad_log += (times * both).sum(0).transpose(0, 1)
    grad = torch.from_numpy(grad_C).transpose(-1, -2)
    return torch.from_numpy(grad_x), grad_log, torch.complex(*grad) if C.is_complex() else grad[0]
