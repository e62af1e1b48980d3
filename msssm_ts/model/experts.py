"""A mixture of experts: every step goes through the two of several small layers that suit it.

Symbols: batch b, length l, channels d, experts E. With p = softmax(W x̄_t) of the normed step x̄_t
and p₍₃₎ the third largest of its E probabilities:
``x_t + Σₑ max(0, pₑ − p₍₃₎) fₑ(x̄_t)``, ``fₑ(x̄) = Uₑ relu(Vₑ x̄ + vₑ)``.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.kernels.linear import linear
from msssm_ts.model.block import ChannelDropout
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.linear import Linear

# Experts that a step goes through.
CHOSEN = 2
Shapes = dict[str, tuple[int, ...]]


class Routed(NamedTuple):
    """How a batch in training was shared out, series by series.

    Parameters
    ----------
    probabilities : Tensor of shape (b, E)
        Means over the steps of each series that count.
    used : Tensor of shape (b, E)
        Which part of those steps' places each expert had; without gradient.
    """

    probabilities: Tensor
    used: Tensor


class Experts(nn.Module):
    """Norm → router → two experts a step → residual.

    Of the source, Hydra 1.6B, routing is by chunks of a text; here it is by step: a series hangs
    on no other, a causal network runs on step by step, and even a few hundred series have steps
    enough to tell whether the experts are used alike. An expert's weight is by how much its
    probability is above that of the best one that was not taken, and not the probability: where two
    are nearly alike, rounding decides which of them is taken, and then it makes no difference. No
    expert has a capacity, and no step is left out.

    Parameters
    ----------
    config : MSSSMConfig
        Width d, of the experts' hidden layers, too; ``experts`` = E; dropout.

    Examples
    --------
    >>> config = MSSSMConfig(n_channels=1, n_outputs=2, d_model=8, experts=4)
    >>> Experts(config)(torch.randn(2, 9, 8)).shape
    torch.Size([2, 9, 8])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        d, E = config.d_model, config.experts
        self.norm = nn.LayerNorm(d)
        self.router = Linear(d, E, bias=False)
        like = d**-0.5
        self.inner = nn.Parameter(torch.empty(E, d, d).uniform_(-like, like))
        self.bias = nn.Parameter(torch.empty(E * d).uniform_(-like, like))
        self.outer = nn.Parameter(torch.empty(E, d, d).uniform_(-like, like))
        self.dropout = ChannelDropout(config.dropout)
        self._routed: Routed | None = None

    def forward(self, x: Tensor, counted: Tensor | None = None) -> Tensor:
        """Add what the steps' experts say.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            Residual stream.
        counted : boolean Tensor of shape (b, l), optional
            Steps that go through experts, all by default; the others stay as they are.

        Returns
        -------
        Tensor of shape (b, l, d)
        """
        normed = self.norm(x)
        probabilities, gates = self.route(normed)
        if self.training:
            self._routed = _summed(probabilities, gates, counted)
        if counted is not None:
            gates = gates * counted.unsqueeze(-1)
        out: Tensor = x + self.dropout(self.through(normed, gates))
        return out

    def take_routed(self) -> Routed:
        """Return how the last batch in training was shared out, once.

        What is asked for is not kept: a network that holds a graph could not be copied.
        """
        assert self._routed is not None
        routed, self._routed = self._routed, None
        return routed

    def route(self, normed: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities and weights of the experts, (b, l, E) both; two are above 0."""
        probabilities = self.router(normed).softmax(-1)
        if probabilities.shape[-1] <= CHOSEN:
            return probabilities, probabilities
        third = probabilities.topk(CHOSEN + 1, -1).values[..., -1:]
        return probabilities, functional.relu(probabilities - third)

    def through(self, normed: Tensor, gates: Tensor) -> Tensor:
        """Return the weighted sums of what the experts say, (b, l, d)."""
        if torch.compiler.is_exporting():
            return self.through_all(normed, gates)
        steps, weights = normed.flatten(0, 1), gates.flatten(0, 1)
        out = torch.zeros_like(steps)
        parts = self.bias.chunk(len(self.inner))
        for e, (inner, bias, outer) in enumerate(zip(self.inner, parts, self.outer, strict=True)):
            rows = weights[:, e].nonzero().squeeze(-1)
            if len(rows):
                said = linear(functional.relu(linear(steps[rows], inner, bias)), outer)
                out = out.index_add(0, rows, said * weights[rows, e : e + 1])
        return out.view_as(normed)

    def through_all(self, normed: Tensor, gates: Tensor) -> Tensor:
        """Return the same by asking every expert about every step, as an exported file does."""
        hidden = functional.relu(linear(normed, self.inner.flatten(0, 1), self.bias))
        said = gates.repeat_interleave(normed.shape[-1], -1) * hidden
        return linear(said, self.outer.transpose(0, 1).flatten(1))


def _summed(probabilities: Tensor, gates: Tensor, counted: Tensor | None) -> Routed:
    """Return what training is to know of a batch."""
    steps = gates.new_ones(gates.shape[:2]) if counted is None else counted.to(gates.dtype)
    n = steps.sum(1, keepdim=True).clamp(min=1)
    taken = (gates.detach() > 0).to(gates.dtype) * steps.unsqueeze(-1)
    places = taken.sum((1, 2)).clamp(min=1).unsqueeze(-1)
    return Routed((probabilities * steps.unsqueeze(-1)).sum(1) / n, taken.sum(1) / places)


def expert_shapes(config: MSSSMConfig) -> Shapes:
    """Return the shapes of the weights of :class:`Experts`.

    Examples
    --------
    >>> expert_shapes(MSSSMConfig(1, 2, d_model=8, experts=4))["inner"]
    (4, 8, 8)
    """
    d, E = config.d_model, config.experts
    return {
        "norm.weight": (d,),
        "norm.bias": (d,),
        "router.weight": (E, d),
        "inner": (E, d, d),
        "bias": (E * d,),
        "outer": (E, d, d),
    }
