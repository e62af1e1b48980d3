"""Made-up tasks: classes of series that differ in one thing, and vary in many."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.generation.process import Numbers, Process, draw_process


class Task(NamedTuple):
    """Series of some classes.

    Parameters
    ----------
    series : float32 array of shape (n_series, n_channels, length)
        Each channel of mean 0 and deviation 1, over all series.
    labels : integer array of shape (n_series,)
        Their classes.
    """

    series: NDArray[np.float32]
    labels: NDArray[np.int64]


def draw_task(
    rng: np.random.Generator, n_classes: int, n_each: int, length: int, n_channels: int = 1
) -> Task:
    """Return a task, of any difficulty.

    Classes are processes near to each other, the same one with other shapes, or any; what is
    the same in all of them is how much series vary: in height, in place, by noise, and in time.
    Several channels are mixtures of drawn ones, some of them later than others.

    Parameters
    ----------
    rng : numpy.random.Generator
        What all is drawn with.
    n_classes, n_each : int
        Classes, and series of each.
    length, n_channels : int
        Steps and channels.

    Examples
    --------
    >>> task = draw_task(np.random.default_rng(0), n_classes=3, n_each=4, length=60, n_channels=2)
    >>> task.series.shape, task.labels.tolist()
    ((12, 2, 60), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    """
    first = draw_process(rng)
    classes = _classes(rng, first, n_classes)
    n_sources = n_channels if n_channels < 3 else int(rng.integers(1, 4))
    drawn = np.stack(
        [[p.draw(rng, n_each, length) for _ in range(n_sources)] for p in classes]
    )  # (K, sources, n_each, length)
    x = drawn.transpose(0, 2, 1, 3).reshape(n_classes * n_each, n_sources, length)
    x = _mixed(x, rng, n_channels) if n_channels > 1 else x
    x = _varied(x, rng)
    centre, scale = x.mean((0, 2), keepdims=True), x.std((0, 2), keepdims=True)
    series = ((x - centre) / np.maximum(scale, 1e-9)).clip(-20, 20).astype(np.float32)
    return Task(series, np.repeat(np.arange(n_classes), n_each))


def _classes(rng: np.random.Generator, first: Process, n: int) -> list[Process]:
    kind = rng.uniform()
    if kind < 0.6:
        distance = float(np.exp(rng.uniform(np.log(0.05), np.log(0.6))))
        return [first, *(first.near(rng, distance) for _ in range(n - 1))]
    if kind < 0.8:
        # The same law, one shape each.
        return [replace(first, shape=int(rng.integers(1 << 31))) for _ in range(n)]
    return [first, *(draw_process(rng) for _ in range(n - 1))]


def _mixed(x: Numbers, rng: np.random.Generator, n_channels: int) -> Numbers:
    """Return channels (n, n_channels, length), each of some sources, or of channels before it."""
    n, n_sources, length = x.shape
    x = (x - x.mean()) / max(float(x.std()), 1e-9)
    channels: list[Numbers] = []
    for _ in range(n_channels):
        lag = int(rng.integers(0, max(1, length // 8)))
        known = [x[:, s] for s in range(n_sources)] + channels
        chosen = rng.choice(len(known), size=min(2, len(known)), replace=False)
        out = sum(rng.normal() * np.roll(known[k], lag, 1) for k in chosen)
        out = np.tanh(out) if rng.uniform() < 0.3 else out
        channels.append(out + 0.1 * rng.uniform() * rng.normal(size=(n, length)))
    return np.stack(channels, 1)


def _varied(x: Numbers, rng: np.random.Generator) -> Numbers:
    """Vary series (n, n_channels, length) in all that does not tell classes apart."""
    n, _, length = x.shape
    scale = x.std(2, keepdims=True).mean()
    height, place, noise, move = rng.uniform(size=4) ** 2
    x = x * np.exp(0.5 * height * rng.normal(size=(n, 1, 1)))
    x = x + 0.5 * place * scale * rng.normal(size=(n, 1, 1))
    moved = (move * 0.5 * length * rng.uniform(-1, 1, n)).astype(int)
    x = np.stack([np.roll(one, by, -1) for one, by in zip(x, moved, strict=True)])
    varied: Numbers = x + 0.8 * noise * scale * rng.normal(size=x.shape)
    return varied
