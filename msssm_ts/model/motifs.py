"""Attention to a codebook: every step reads the series by its motifs.

Symbols: batch b, length l, channels d, codes S. A step's key k_j is replaced by the code c_s
nearest to it, so that a sum over steps is one over codes, exactly:
``Σⱼ exp(qᵢ·k̂ⱼ) vⱼ = Σₛ exp(qᵢ·cₛ) Vₛ`` with ``Vₛ`` the sum of the values of the steps of code s,
and how many there are of them in the denominator.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.config import MSSSMConfig

# What keys pay for their distance from the codes, against what the codes pay.
COMMITMENT = 0.25
# Batches that a code may be without a step before it begins again.
PATIENCE = 20
# Steps of a block, of a causal network: each block's sums are held.
_BLOCK = 64
Shapes = dict[str, tuple[int, ...]]


class Seen(NamedTuple):
    """What a batch in training says of the codes.

    Parameters
    ----------
    loss : Tensor
        How far keys and codes are apart, mean over the series.
    keys : Tensor of shape (n, d)
        Of the steps that count, without gradient.
    used : Tensor of shape (S,)
        How many steps have each code.
    """

    loss: Tensor
    keys: Tensor
    used: Tensor

    def of(self, n: int) -> Seen:
        """Return it of a part of a batch with so many series: of none, there are no steps."""
        return self if n else self._replace(keys=self.keys[:0], used=torch.zeros_like(self.used))


class MotifAttention(nn.Module):
    """Norm → queries, keys, values → attention with quantised keys → projection → residual.

    Queries, keys and values are of d channels and one head, keys without scale by a norm. What the
    source, LongVQ, leaves open and is settled here: codes are learned by gradient and not as moving
    averages, which hang on how series are put into batches; the straight-through gradient of
    a code's score goes to the mean of its keys, so that it costs O(l·S) as the sum does; and codes
    that no step has had for some batches begin again
    (:func:`msssm_ts.training.codes.revive`).

    Parameters
    ----------
    config : MSSSMConfig
        Width, ``motifs`` = S, and whether a step reads those before it only.

    Examples
    --------
    >>> import torch
    >>> config = MSSSMConfig(n_channels=1, n_outputs=2, d_model=8, motifs=4)
    >>> MotifAttention(config)(torch.randn(2, 9, 8)).shape
    torch.Size([2, 9, 8])
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        d = config.d_model
        self.causal = not config.bidirectional
        self.norm = nn.LayerNorm(d)
        self.query = nn.Linear(d, d)
        self.key = nn.Linear(d, d)
        self.value = nn.Linear(d, d)
        self.codes = nn.Parameter(torch.randn(config.motifs, d))
        # Batches since a step last had a code. The first batch may place all of them.
        self.idle: Tensor
        self.register_buffer("idle", torch.full((config.motifs,), float(PATIENCE)))
        self.output = nn.Linear(d, d)
        self._seen: Seen | None = None

    def forward(self, x: Tensor, counted: Tensor | None = None) -> Tensor:
        """Add what the steps read.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            Residual stream.
        counted : boolean Tensor of shape (b, l), optional
            Steps that are read; all by default.

        Returns
        -------
        Tensor of shape (b, l, d)
        """
        normed = self.norm(x)
        keys = self.keys(normed)
        member = self.member(keys, counted)
        if self.training:
            steps = member.sum(-1) > 0
            self._seen = Seen(self._loss(keys, member), keys.detach()[steps], member.sum((0, 1)))
        read = self.attend(self.query(normed), keys, self.value(normed), member)
        out: Tensor = x + self.output(read)
        return out

    def take_seen(self) -> Seen:
        """Return what the last batch in training says of the codes, once.

        What is asked for is not kept: a network that holds a graph could not be copied.
        """
        assert self._seen is not None
        seen, self._seen = self._seen, None
        return seen

    def keys(self, normed: Tensor) -> Tensor:
        """Return keys (b, l, d) of the normed stream."""
        found: Tensor = self.key(normed)
        return functional.layer_norm(found, found.shape[-1:])

    def member(self, keys: Tensor, counted: Tensor | None) -> Tensor:
        """Return which code a step has, (b, l, S): 1 at the nearest; 0 where it does not count."""
        codes = self.codes.detach()
        # |k − c|² without |k|², which all codes share.
        apart = codes.square().sum(-1) - 2 * (keys.detach() @ codes.mT)
        nearest = apart.argmin(-1, keepdim=True)
        member = nearest == torch.arange(len(codes), device=keys.device)
        if counted is not None:
            member = member & counted.unsqueeze(-1)
        return member.to(keys.dtype)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor, member: Tensor) -> Tensor:
        """Return the attention's weighted means, (b, l, d)."""
        counts = member.sum(1)
        keys_sums, n = member.mT @ keys, counts.clamp(min=1).unsqueeze(-1)
        moved = keys_sums / n
        # The codes' values, and the keys' gradient.
        codes = self.codes.detach() + (moved - moved.detach())
        scores = queries @ codes.mT / math.sqrt(queries.shape[-1])
        if not self.causal:
            return self._weights(scores, counts.unsqueeze(1)) @ (member.mT @ values / n)
        return self._running(scores, values, member)

    def _weights(self, scores: Tensor, counts: Tensor) -> Tensor:
        """Return the codes' shares, (b, l, S), by scores and how many steps each has."""
        never = counts == 0
        shares = (scores + counts.clamp(min=1).log()).masked_fill(never, -torch.inf)
        # Where no step counts, nothing is read.
        return shares.masked_fill(never.all(-1, keepdim=True), 0.0).softmax(-1)

    def _running(self, scores: Tensor, values: Tensor, member: Tensor) -> Tensor:
        """Return the means over the steps up to each, in blocks of steps.

        Of the steps before a block by their sums, of those within it one by one.
        """
        counts = member.cumsum(1)
        weights = self._weights(scores, counts) / counts.clamp(min=1)
        # Not len(): torch would trace for that many series.
        before = values.new_zeros(values.shape[0], member.shape[-1], values.shape[-1])
        if torch.compiler.is_exporting():
            return _exported(before, weights, values, member)
        read = []
        steps = (torch.split(t, _BLOCK, 1) for t in (weights, values, member))
        for weight, value, of in zip(*steps, strict=True):
            within = (weight @ of.mT).tril()
            read.append(weight @ before + within @ value)
            before = before + of.mT @ value
        return torch.cat(read, 1)

    def _loss(self, keys: Tensor, member: Tensor) -> Tensor:
        """Return how far keys and codes are apart, the mean over the series of a batch."""
        steps = member.sum(-1)
        own = member @ self.codes
        apart = (own - keys.detach()).square().mean(-1)
        committed = (keys - own.detach()).square().mean(-1)
        per_step = (apart + COMMITMENT * committed) * steps
        return (per_step.sum(1) / steps.sum(1).clamp(min=1)).mean()

    @torch.no_grad()
    def assigned(self, x: Tensor) -> Tensor:
        """Return the code of every step, (b, l), of the residual stream."""
        return self.member(self.keys(self.norm(x)), None).argmax(-1)


def _exported(before: Tensor, *of_steps: Tensor) -> Tensor:
    """Run the steps in torch's ``scan``: how many blocks there are would be fixed in a file."""
    from torch._higher_order_ops.scan import scan

    def step(sums: Tensor, at: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        weight, value, of = at
        sums = sums + of.unsqueeze(-1) * value.unsqueeze(1)
        return sums, (weight.unsqueeze(-1) * sums).sum(1)

    read: Tensor = scan(step, before, tuple(t.transpose(0, 1) for t in of_steps))[1]
    return read.transpose(0, 1)


def motif_shapes(config: MSSSMConfig) -> Shapes:
    """Return the shapes of the weights of :class:`MotifAttention`.

    Examples
    --------
    >>> motif_shapes(MSSSMConfig(1, 2, d_model=8, motifs=4))["codes"]
    (4, 8)
    """
    d = config.d_model
    shapes: Shapes = {
        "codes": (config.motifs, d),
        "idle": (config.motifs,),
        "norm.weight": (d,),
        "norm.bias": (d,),
    }
    for name in ("query", "key", "value", "output"):
        shapes |= {f"{name}.weight": (d, d), f"{name}.bias": (d,)}
    return shapes
