"""What the graphs of members are given in an exported file, and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import LARGEST_DEVIATION, Scaling


class GraphInput(NamedTuple):
    """A batch of standardised series.

    Parameters
    ----------
    x : float32 Tensor of shape (b, n_channels, l)
        Series, 0 where there is no value and behind their ends.
    filled : float32 Tensor of shape (b, n_channels, l)
        The same with missing values interpolated; 0 behind the ends.
    length : integer Tensor of shape (b,)
        Steps of each, one at least.
    seen : bool Tensor of shape (b, l)
        Steps with a value in any channel.
    """

    x: Tensor
    filled: Tensor
    length: Tensor
    seen: Tensor


class WeightedSum(nn.Module):
    """The weighted sum of what members' graphs answer.

    Parameters
    ----------
    members : sequence of nn.Module
        From a :class:`GraphInput` to probabilities (b, n_outputs), each.
    shares : sequence of float
        Their parts of the vote.
    """

    def __init__(self, members: Sequence[nn.Module], shares: Sequence[float]):
        super().__init__()
        self.members, self.shares = nn.ModuleList(members), list(shares)

    def forward(self, given: GraphInput) -> Tensor:
        """Return the weighted sum of probabilities, (b, n_outputs)."""
        votes = [m(given) * share for m, share in zip(self.members, self.shares, strict=True)]
        return torch.stack(votes).sum(0)


class ClosedForm(nn.Module):
    """From features to probabilities: standardisation and ridge classifier.

    Parameters
    ----------
    scaling : Scaling
        Of the features.
    ridge : Ridge
        Its temperature goes into the coefficients.
    """

    mean: Tensor
    scale: Tensor
    coefficients: Tensor
    intercept: Tensor

    def __init__(self, scaling: Scaling, ridge: Ridge):
        super().__init__()
        self.multilabel, self.bent = ridge.multilabel, scaling.bent
        for name, values in (
            ("mean", scaling.mean),
            ("scale", scaling.scale),
            ("coefficients", ridge.coefficients * ridge.temperature),
            ("intercept", ridge.intercept * ridge.temperature),
        ):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32))

    def forward(self, z: Tensor) -> Tensor:
        """Return probabilities (b, n_outputs) for features (b, n_features)."""
        z = (z - self.mean) * self.scale
        z = (
            nn.functional.softsign(z)
            if self.bent
            else z.clamp(-LARGEST_DEVIATION, LARGEST_DEVIATION)
        )
        scores = z @ self.coefficients + self.intercept
        return torch.sigmoid(scores) if self.multilabel else torch.softmax(scores, -1)
