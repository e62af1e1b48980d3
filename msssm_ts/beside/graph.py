"""Features beside the series, and their part in the answers, in operations that torch exports."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.beside.columns import Column
from msssm_ts.beside.forest import UNIT
from msssm_ts.beside.joint import LEAST, Exponents
from msssm_ts.beside.member import SideMember
from msssm_ts.members.quantile_trees.graph import TreeWalk
from msssm_ts.series.side_features import SideFeatures


class FeaturesJoined(nn.Module):
    """A vote's probabilities, joined with what the features say.

    Parameters
    ----------
    member : SideMember
        What the features say.
    exponents : Exponents
        How much each counts.
    """

    prior: Tensor

    def __init__(self, member: SideMember, exponents: Exponents):
        super().__init__()
        self.columns = nn.ModuleList([_Encoded(column) for column in member.columns])
        self.walk = TreeWalk(member.forest)
        self.n_outputs, self.multilabel = member.forest.n_outputs, member.multilabel
        self.exponents = exponents
        self.register_buffer("prior", torch.from_numpy(np.clip(member.prior, LEAST, 1 - LEAST)))

    def forward(self, proba: Tensor, features: Tensor) -> Tensor:
        """Return joint probabilities (b, n_outputs).

        Parameters
        ----------
        proba : float32 Tensor of shape (b, n_outputs)
            The vote's.
        features : float64 Tensor of shape (b, n_features)
            See :func:`feature_rows`.
        """
        encoded = torch.cat([column(features[:, i]) for i, column in enumerate(self.columns)], 1)
        if not encoded.shape[1]:
            encoded = torch.zeros_like(features[:, :1], dtype=torch.float32)
        # Whole numbers: their sum is exact.
        votes = self.walk(encoded).double().sum(1)[:, : self.n_outputs]
        own = (votes / (UNIT * len(self.walk.roots))).clamp(LEAST, 1 - LEAST)
        clipped = proba.double().clamp(LEAST, 1 - LEAST)
        evidence = own.log() - self.prior.log()
        scores = self.exponents.series * clipped.log()
        if self.multilabel:
            evidence = evidence - (1 - own).log() + (1 - self.prior).log()
            scores = scores - self.exponents.series * (1 - clipped).log()
        scores = scores + self.exponents.features * evidence
        joint: Tensor = scores.sigmoid() if self.multilabel else scores.softmax(1)
        return joint.float()


class _Encoded(nn.Module):
    """A feature as the trees see it; see :meth:`Column.encoded`."""

    knots: Tensor

    def __init__(self, column: Column):
        super().__init__()
        self.is_number, self.missing = column.is_number, column.missing
        self.n_categories = len(column.categories)
        # Not fewer than one: pt2 files keep no empty arrays.
        knots = np.zeros(1) if column.knots is None or not len(column.knots) else column.knots
        self.register_buffer("knots", torch.from_numpy(knots.copy()))

    def forward(self, values: Tensor) -> Tensor:
        """Return (b, width) of values (b,)."""
        there = ~torch.isnan(values)
        if self.is_number:
            parts = torch.where(there, self._place(values), 0.5).unsqueeze(1)
        else:
            codes = torch.arange(self.n_categories, device=values.device)
            parts = values.unsqueeze(1) == codes
            there = parts.any(1) if self.n_categories else torch.zeros_like(there)
        parts = parts.float()
        return torch.cat([parts, (~there).float().unsqueeze(1)], 1) if self.missing else parts

    def _place(self, values: Tensor) -> Tensor:
        n = len(self.knots)
        if n < 2:
            return torch.full_like(values, 0.5)
        passed = (values.unsqueeze(1) >= self.knots).sum(1)
        left = (passed - 1).clamp(0, n - 2)
        low, high = self.knots[left], self.knots[left + 1]
        return (left + ((values - low) / (high - low)).clamp(0, 1)) / (n - 1)


def feature_rows(member: SideMember, features: SideFeatures) -> NDArray[np.float64]:
    """Return features (n_series, n_features) as an exported file takes them.

    Numbers as they are; a category as its place among those of training, which the file's
    metadata lists; NaN for what is missing, or was not among them.
    """
    given = features.only([column.name for column in member.columns]).columns
    rows = [
        column.numbers(values) if column.is_number else _codes(column, values)
        for column, values in zip(member.columns, given, strict=True)
    ]
    return np.stack(rows, axis=1)


def _codes(column: Column, values: NDArray[Any]) -> NDArray[np.float64]:
    code = {category: float(i) for i, category in enumerate(column.categories)}
    return np.array([code.get(text, np.nan) for text in column.texts(values).tolist()])


def feature_facts(member: SideMember) -> list[dict[str, Any]]:
    """Return what an exported file says of the features, in their order."""
    return [
        {"name": column.name, "kind": "number"}
        if column.is_number
        else {"name": column.name, "kind": "category", "categories": list(column.categories)}
        for column in member.columns
    ]
