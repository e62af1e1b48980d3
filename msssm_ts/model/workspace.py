"""Tokens that read a whole series, each a few of its steps, for the head.

Symbols: batch b, length l, channels d, tokens W. With s_wt = u_w · x_t / √d for the normed steps
x_t behind the last block, and K_w the steps of the ``KEPT`` largest scores of token w:
``z_w = Σ_{t ∈ K_w} exp(s_wt) x_t / Σ_{t ∈ K_w} exp(s_wt)``. The head sees z_1 … z_W beside what is
pooled. Keys and values are the steps themselves: with learned queries and a linear head, maps of
theirs would be the queries' and the head's.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.linear import linear
from msssm_ts.model.config import MSSSMConfig

# Steps that a token reads.
KEPT = 16
Shapes = dict[str, tuple[int, ...]]
# Of a stream so far: the largest scores (b, W, KEPT), and the steps that have them.
Held = tuple[Tensor, Tensor]


class Workspace(nn.Module):
    """W learned queries that attend to the steps with the largest scores.

    Where several steps have the last score that is kept, they share the places that are left: how
    equal scores are ordered then decides nothing, nor which series share a batch. Hydra 1.6B
    gives its tokens back to the steps as well; here the head alone gets them, so that a causal
    network needs a few steps of the past and not all of them.

    Parameters
    ----------
    config : MSSSMConfig
        Width, and ``workspace`` = W.

    Examples
    --------
    >>> config = MSSSMConfig(n_channels=1, n_outputs=2, d_model=8, workspace=3)
    >>> Workspace(config)(torch.randn(2, 50, 8)).shape
    torch.Size([2, 24])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(config.workspace, config.d_model))

    def forward(self, x: Tensor, counted: Tensor | None = None) -> Tensor:
        """Read series.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            Normed steps.
        counted : boolean Tensor of shape (b, l), optional
            Steps that may be read, one at least of each series; all by default.

        Returns
        -------
        Tensor of shape (b, W · d)
        """
        return (self.shares(x, counted) @ x).flatten(1)

    def shares(self, x: Tensor, counted: Tensor | None = None) -> Tensor:
        """Return which part of a token is of which step, (b, W, l): of ``KEPT`` steps at most."""
        scores = self.scores(x).mT
        if counted is not None:
            scores = scores.masked_fill(~counted.unsqueeze(1), -torch.inf)
        # Behind short series there is nothing that counts.
        longer = functional.pad(scores.detach(), (0, KEPT), value=-torch.inf)
        best = longer.topk(KEPT, -1).values
        least = best[..., -1:]
        above, last = ((scores > least).to(x.dtype), (scores == least).to(x.dtype))
        left = KEPT - above.sum(-1, keepdim=True)
        places = above + last * (left / last.sum(-1, keepdim=True).clamp(min=1))
        weights = places * (scores - best[..., :1]).exp()
        return weights / weights.sum(-1, keepdim=True)

    def scores(self, x: Tensor) -> Tensor:
        """Return how much each token is drawn to each step, (b, l, W)."""
        return linear(x, self.tokens) / math.sqrt(x.shape[-1])

    def begun(self, rows: int) -> Held:
        """Return what is held of series that have not begun."""
        n, d = self.tokens.shape
        like = self.tokens.detach()
        return like.new_full((rows, n, KEPT), -torch.inf), like.new_zeros(rows, n, KEPT, d)

    def step(self, x: Tensor, held: Held) -> tuple[Tensor, Held]:
        """Read a step x (b, 1, d) more; return (b, W · d), and what is held from then on."""
        scores, steps = held
        least = scores.argmin(-1, keepdim=True)
        own = self.scores(x).mT
        taken = own > scores.gather(-1, least)
        scores = torch.where(taken, scores.scatter(-1, least, own), scores)
        at = least.unsqueeze(-1).expand(-1, -1, -1, x.shape[-1])
        new = steps.scatter(2, at, x.unsqueeze(1).expand(-1, len(self.tokens), -1, -1))
        steps = torch.where(taken.unsqueeze(-1), new, steps)
        read = (scores.softmax(-1).unsqueeze(-2) @ steps).flatten(1)
        return read, (scores, steps)


def workspace_shapes(config: MSSSMConfig) -> Shapes:
    """Return the shapes of the weights of :class:`Workspace`.

    Examples
    --------
    >>> workspace_shapes(MSSSMConfig(1, 2, d_model=8, workspace=3))
    {'tokens': (3, 8)}
    """
    return {"tokens": (config.workspace, config.d_model)}
