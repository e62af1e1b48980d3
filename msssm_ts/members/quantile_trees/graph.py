"""Trees on quantiles in operations that torch exports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.members.graph import GraphInput
from msssm_ts.members.quantile_trees.forest import Forest
from msssm_ts.members.quantile_trees.quantiles import (
    IntervalGroup,
    Layout,
    interval_groups,
    view_lengths,
)

# A forest, the length to which series are brought, and which quantiles there are.
Plan = tuple[Forest, int, Layout]


class ForestVotes(nn.Module):
    """The weighted sum of forests' votes.

    Parameters
    ----------
    plans : sequence of Plan
        Of one model's members.
    shares : sequence of float
        Their parts of the vote.
    n_channels : int
        Of the series.
    """

    def __init__(self, plans: Sequence[Plan], shares: Sequence[float], n_channels: int):
        super().__init__()
        self.forests = nn.ModuleList([_Forest(*plan, n_channels) for plan in plans])
        self.shares = list(shares)

    def forward(self, given: GraphInput) -> Tensor:
        """Return the weighted sum of votes, (b, n_outputs)."""
        votes = [
            share * forest(given.filled, given.length)
            for forest, share in zip(self.forests, self.shares, strict=True)
        ]
        return torch.stack(votes).sum(0)


class TreeWalk(nn.Module):
    """Every tree walked level by level at once.

    Parameters
    ----------
    trees : Forest
        Of one model.
    """

    roots: Tensor
    feature: Tensor
    left: Tensor
    right: Tensor
    threshold: Tensor
    vote: Tensor

    def __init__(self, trees: Forest):
        super().__init__()
        self.depth = _depth(trees)
        # Who has arrived at a leaf stays there.
        leaf, here = trees.feature < 0, np.arange(len(trees.feature), dtype=np.int32)
        for name, values in (
            ("roots", trees.roots),
            ("feature", np.where(leaf, 0, trees.feature)),
            ("left", np.where(leaf, here, trees.left)),
            ("right", np.where(leaf, here, trees.right)),
            ("threshold", trees.threshold),
            ("vote", trees.vote),
        ):
            self.register_buffer(name, torch.tensor(values))

    def forward(self, features: Tensor) -> Tensor:
        """Return what the leaves hold, (b, n_trees, n_columns), for features (b, n_features)."""
        node = self.roots.long().unsqueeze(0).expand(features.shape[0], -1)
        for _ in range(self.depth):
            asked = features.gather(1, self.feature[node].long())
            below = asked <= self.threshold[node]
            node = torch.where(below, self.left[node], self.right[node]).long()
        leaves: Tensor = self.vote[node]
        return leaves


class _Forest(nn.Module):
    """The trees' shares of the vote.

    Features are the same bits as the model's, as far as sums in float64 round to the same float32:
    a tree changes its mind where a feature passes a threshold.

    Parameters
    ----------
    trees : Forest
        Of one model.
    n_timepoints : int
        Length to which series are brought.
    layout : Layout
        Which quantiles there are.
    n_channels : int
        Of the series.
    """

    order: Tensor

    def __init__(self, trees: Forest, n_timepoints: int, layout: Layout, n_channels: int):
        super().__init__()
        self.n_timepoints, self.n_outputs = n_timepoints, trees.n_outputs
        # With several labels at once a leaf answers for every one.
        self.multilabel = trees.vote.shape[1] > 1
        self.walk = TreeWalk(trees)
        self.quantiles, order = _plan(self.n_timepoints, n_channels, layout)
        self.register_buffer("order", torch.from_numpy(order))

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Return shares (b, n_outputs) of series x (b, n_channels, l) of lengths (b,)."""
        views = torch.cat(_views(_resized(x, length, self.n_timepoints)), 2)
        features = torch.cat([quantiles(views) for quantiles in self.quantiles], 2)
        vote: Tensor = self.walk(features.flatten(1)[:, self.order])
        if not self.multilabel:
            vote = vote == torch.arange(self.n_outputs, device=x.device)
        return vote.float().mean(1)


class _Quantiles(nn.Module):
    """Quantiles over intervals of similar length, of all views at once."""

    steps: Tensor
    inside: Tensor
    count: Tensor
    low: Tensor
    high: Tensor
    share: Tensor
    interval: Tensor
    centred: Tensor

    def __init__(self, intervals: list[tuple[int, IntervalGroup, int]]):
        super().__init__()
        width = max(group.steps.shape[1] for _, group, _ in intervals)
        tables: dict[str, list[NDArray[Any]]] = defaultdict(list)
        for i, (start, group, row) in enumerate(intervals):
            n = group.steps.shape[1]
            tables["steps"].append(np.pad(start + group.steps[row], (0, width - n), mode="edge"))
            tables["inside"].append(np.arange(width) < n)
            tables["count"].append(np.array([n], np.float64))
            for name in ("low", "high"):
                tables[name].append(i * width + getattr(group, name))
            tables["share"].append(group.share)
            tables["interval"].append(np.full(len(group.low), i))
            tables["centred"].append(np.arange(len(group.low)) % 2 == 1)
        for name, parts in tables.items():
            join = np.stack if name in ("steps", "inside") else np.concatenate
            self.register_buffer(name, torch.from_numpy(join(parts)))

    def forward(self, x: Tensor) -> Tensor:
        """Return (b, c, n_features) of views (b, c, l), one after the other."""
        part = x[:, :, self.steps]
        total = torch.where(self.inside, part, 0.0).double().sum(-1)
        mean = (total / self.count).float()
        ordered = torch.where(self.inside, part, torch.inf).sort(-1).values.flatten(2)
        low, high = ordered[:, :, self.low], ordered[:, :, self.high]
        quantiles = low * (1 - self.share) + high * self.share
        return torch.where(self.centred, quantiles - mean[:, :, self.interval], quantiles)


def _plan(
    n_timepoints: int, n_channels: int, layout: Layout
) -> tuple[nn.ModuleList, NDArray[np.int64]]:
    """Return modules for intervals of similar length, and the model's order of their features."""
    n = n_timepoints
    similar: dict[int, list[tuple[int, IntervalGroup, int]]] = defaultdict(list)
    places: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    channels = np.arange(n_channels)[:, None]
    start = first = 0
    for length in view_lengths(n):
        groups = interval_groups(length, layout)
        size = sum(group.columns.size for group in groups)
        for group in groups:
            key = (group.steps.shape[1] - 1).bit_length()
            for row, columns in enumerate(group.columns):
                similar[key].append((start, group, row))
                # The model's features come by view, then by channel.
                places[key].append(first + size * channels + columns)
        start, first = start + length, first + n_channels * size
    order = np.concatenate([place for parts in places.values() for place in parts], 1)
    return nn.ModuleList([_Quantiles(m) for m in similar.values()]), np.argsort(order.ravel())


def _resized(x: Tensor, length: Tensor, n_timepoints: int) -> Tensor:
    """Bring series (b, c, l) to n_timepoints, linearly between their steps."""
    b, c, _ = x.shape
    last = length.unsqueeze(1) - 1
    new = torch.arange(n_timepoints, dtype=torch.float64, device=x.device)
    place = new * (last.double() / max(n_timepoints - 1, 1))
    low = torch.minimum(place.floor().long(), last)
    high = torch.minimum(low + 1, last)
    left, right = (x.gather(2, i.unsqueeze(1).expand(b, c, -1)).double() for i in (low, high))
    return (left + (right - left) * (place - low).unsqueeze(1)).float()


def _views(x: Tensor) -> list[Tensor]:
    """Return series, smoothed first and second difference, and spectrum, as the model does."""
    if x.shape[2] <= 2:
        return [x]
    slope = x[:, :, 1:] - x[:, :, :-1]
    second = slope[:, :, 1:] - slope[:, :, :-1]
    n = slope.shape[2]
    if n >= 5:
        first, last = slope[:, :, :1], slope[:, :, -1:]
        ends = torch.cat([first, first, slope, last, last], 2)
        a, b, c, d, e = (ends[:, :, k : k + n] for k in range(5))
        slope = (a + b + c + d + e) / 5
    waves = torch.view_as_real(torch.fft.rfft(x.double()))
    return [x, slope, second, waves.square().sum(-1).sqrt().float()]


def _depth(trees: Forest) -> int:
    """Return the most steps from a root to a leaf."""
    depth, nodes = 0, trees.roots.astype(np.int64)
    while True:
        nodes: NDArray[np.int64] = nodes[trees.feature[nodes] >= 0]  # type: ignore[no-redef]
        if not len(nodes):
            return depth
        nodes = np.concatenate([trees.left[nodes], trees.right[nodes]])
        depth += 1
