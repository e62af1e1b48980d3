"""The whole model in plain torch, to be read next to the paper; tested equal to the fast one.

Karami, Behrouz, Zhong, Pascanu, Mirrokni, "MS-SSM: A Multi-Scale State Space Model for Efficient
Sequence Modeling", COLM 2025, arXiv 2512.23824. Symbols, with the paper's numbers of equations:

    b, l, d   series of a batch, steps, channels
    S, K      scales of the decomposition, taps of its filters
    M         streams, fine to coarse: the raw signal a⁰ = x, details d¹ … dˢ, approximation aˢ
              (M = S + 2; with S = 0 the raw signal alone, M = 1)
    x̂         (b, l, M, d), the streams' inputs
    n         states of a stream and channel, h (b, M, d, n); M·n is the model's effective state
    Δ, A, B, C, D   step size, diagonal, input map, output map and skip of the state-space models
    r, E      rank of Δ's projection; the scale mixer, (b, l, M)

Where the paper is open or prints a slip: the eigenvalues at s = S + 1 start by the rule that its
Fig. 2 draws, not in (0, N], which is unstable; B̄ is ΔB, as in Mamba, where exp(ΔA − I) is printed;
the raw signal is the finest stream; E is shared by the channels. Left to the fast network: series
of different lengths, missing values, and a stem that keeps one step in several.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from msssm_ts.model.config import MSSSMConfig


class Decomposition(nn.Module):
    """Learned à-trous wavelets: causal, depthwise, dilated by 2ˢ⁻¹, never downsampled (eq. 2, 3).

    aˢ[t] = Σₖ φˢ[k] aˢ⁻¹[t − 2ˢ⁻¹k] and dˢ[t] = Σₖ ψˢ[k] aˢ⁻¹[t − 2ˢ⁻¹k], zero before the start.
    """

    def __init__(self, d: int, S: int, K: int):
        super().__init__()
        low = torch.full((S, d, K), 1 / K)  # a moving average, and the sample less its average
        high = torch.eye(1, K) - low
        self.phi = nn.Parameter(low + 0.5 * K**-0.5 * torch.randn(S, d, K))
        self.psi = nn.Parameter(high + K**-0.5 * torch.randn(S, d, K))

    def forward(self, x: Tensor) -> Tensor:
        """Return x̂ (b, l, M, d) for x (b, l, d)."""
        a, streams = x, [x]
        for s, (phi, psi) in enumerate(zip(self.phi, self.psi, strict=True)):
            low, high = torch.zeros_like(x), torch.zeros_like(x)
            for k in range(phi.shape[1]):
                past = functional.pad(a, (0, 0, 2**s * k, 0))[:, : x.shape[1]]
                low, high = low + phi[:, k] * past, high + psi[:, k] * past
            streams, a = [*streams, high], low
        return torch.stack([*streams, a] if len(self.phi) else streams, 2)


class SSM(nn.Module):
    """Diagonal state-space models: h_t = exp(ΔA) h_{t−1} + ΔB x̂_t, y_t = C h_t + D x̂_t.

    A starts as −1 … −M·n, the coarsest stream with −1 … −n: it remembers longest. In S6, the
    selective core, B_t, C_t = Linear(x_t) and Δ_t = softplus(Linear(x_t)) are functions of the
    original x, not of x̂; in LTI (S4) they are parameters.
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        d, M, n, r = config.d_model, config.n_streams, config.stream_state, config.dt_rank
        diagonal = torch.arange(1.0, M * n + 1).view(M, 1, n).flip(0)
        self.A_log = nn.Parameter(torch.log(diagonal).repeat(1, d, 1))
        self.D = nn.Parameter(torch.ones(M, d))
        delta = torch.exp(torch.empty(M, d).uniform_(math.log(1e-3), math.log(1e-1)))
        self.dt_bias = nn.Parameter(delta + torch.log(-torch.expm1(-delta)))  # softplus⁻¹
        self.sizes, self.selective = [M * n, M * n, M * r], config.core == "s6"
        if self.selective:
            self.dt_weight = nn.Parameter(torch.empty(M, d, r).uniform_(-(r**-0.5), r**-0.5))
            self.maps = nn.Linear(d, sum(self.sizes), bias=False)
        else:
            self.B = nn.Parameter(torch.ones(M, d, n))
            self.C = nn.Parameter(torch.randn(M, d, n) * n**-0.5)

    def read(self, x: Tensor) -> list[Tensor]:
        """Return Δ (b, l, M, d), B and C (b, l, M, d or 1, n) for x (b, l, d)."""
        if self.selective:
            parts = self.maps(x).split(self.sizes, -1)
            B, C, dt = (part.unflatten(-1, (len(self.D), -1)).unsqueeze(3) for part in parts)
            return [functional.softplus((self.dt_weight * dt).sum(-1) + self.dt_bias), B, C]
        fixed = functional.softplus(self.dt_bias), self.B, self.C
        return [p.expand(*x.shape[:2], *p.shape) for p in fixed]

    def forward(self, streams: Tensor, x: Tensor) -> Tensor:
        """Return y (b, l, M, d) for x̂ (b, l, M, d) and x (b, l, d)."""
        A, (delta, B, C) = -torch.exp(self.A_log), self.read(x)
        h, y = x.new_zeros(len(x), *A.shape), []
        for t in range(x.shape[1]):
            step, now = delta[:, t, ..., None], streams[:, t, ..., None]
            h = torch.exp(step * A) * h + step * B[:, t] * now
            y.append((C[:, t] * h).sum(-1) + self.D * streams[:, t])
        return torch.stack(y, 1)


class Layer(nn.Module):
    """Decomposition → SSMs → z_t = E_t y_t (eq. 4) → gate, in one direction of time."""

    def __init__(self, config: MSSSMConfig, reverse: bool):
        super().__init__()
        d, M, self.reverse = config.d_model, config.n_streams, reverse
        self.decomposition = Decomposition(d, config.n_scales, config.kernel_size)
        self.ssm = SSM(config)
        self.mixer = nn.ModuleDict()
        if config.n_scales:
            self.mixer["linear"] = linear = nn.Linear(d, M)  # E_t, without a softmax
            nn.init.constant_(linear.bias, M**-0.5)  # the plain sum over √M at first

    def forward(self, x: Tensor, gate: Tensor) -> Tensor:
        """Return z (b, l, d) for x and gate (b, l, d), in the order of the series."""
        x = x.flip(1) if self.reverse else x
        y = self.ssm(self.decomposition(x), x)
        E = self.mixer["linear"](x) if self.mixer else x.new_ones(*x.shape[:2], 1)
        z: Tensor = (E.unsqueeze(-1) * y).sum(2)
        return (z.flip(1) if self.reverse else z) * gate


class Block(nn.Module):
    """Norm → projections → both directions, half of the channels each → projection → residual."""

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        d, self.split, one = config.d_model, config.is_split, config.of_direction
        self.norm, self.input, self.gate = nn.LayerNorm(d), nn.Linear(d, d), nn.Linear(d, d)
        self.cores = nn.ModuleList(Layer(one, w) for w in (False, True)[: config.n_directions])
        self.output, self.dropout = nn.Linear(d, d), nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual stream (b, l, d) for x (b, l, d)."""
        both = self.input(self.norm(x)), functional.silu(self.gate(self.norm(x)))
        halves = zip(*(p.chunk(2, -1) if self.split else (p, p) for p in both), strict=True)
        parts = [core(*half) for core, half in zip(self.cores, halves, strict=False)]
        y = torch.cat(parts, -1) if self.split else torch.stack(parts).sum(0)
        out: Tensor = x + self.dropout(self.output(y))
        return out


class MinimalNetwork(nn.Module):
    """Stem → blocks → norm → pooling → head: the same weights as :class:`MSSSMNetwork`.

    Examples
    --------
    >>> from msssm_ts.model import MSSSMNetwork
    >>> config = MSSSMConfig(n_channels=2, n_outputs=3, d_model=16, n_layers=2)
    >>> fast, plain = MSSSMNetwork(config).eval(), MinimalNetwork(config).eval()
    >>> _ = plain.load_state_dict(fast.state_dict())
    >>> torch.allclose(plain(torch.ones(4, 9, 2)), fast(torch.ones(4, 9, 2)), atol=1e-5)
    True
    """

    def __init__(self, config: MSSSMConfig):
        super().__init__()
        if config.core not in ("s6", "lti") or config.goes_beyond:
            raise ValueError("the minimal network has core 's6' or 'lti', and what the paper has")
        d, self.pooling = config.d_model, config.pooling
        self.stem = nn.Linear(config.n_channels, d)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.n_layers)))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(2 * d if self.pooling == "mean_max" else d, config.n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (b, n_outputs) for series x (b, l, n_channels)."""
        x = self.norm(self.blocks(self.stem(x)))
        pooled = {"mean": x.mean(1), "max": x.amax(1), "last": x[:, -1]}
        pooled["mean_max"] = torch.cat([pooled["mean"], pooled["max"]], -1)
        logits: Tensor = self.head(pooled[self.pooling])
        return logits
