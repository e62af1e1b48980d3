"""Time-invariant state-space models with modes that oscillate (Gu et al., "S4D", 2022)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from msssm_ts.kernels import ms_scan, timed_scan
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores.core import Core, CoreCost, FusedStep, StepInC
from msssm_ts.model.cores.gaps import gaps_of
from msssm_ts.model.cores.method import COMPLEX_DIAGONAL
from msssm_ts.model.cores.s4d.initialisation import INITIALISATIONS, by_scale
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.model.mixer import ScaleMixer, mixing_weights

# No mode starts with more than this of half a turn a step: at π frequencies fold over.
_MOST_TURN = 0.9 * math.pi


class S4D(Core):
    """h_t = Ā h_{t−1} + B̄ x̂_t, y_t = 2 Re(C h_t) + D x̂_t, a complex diagonal for every stream.

    Each stream and channel has n // 2 conjugate pairs, at least one: as many real numbers as the n
    states of :class:`~msssm_ts.model.cores.lti.core.LTI`. A real mode can only forget; a pair
    also turns, and resonates with its frequency.

    The step is held at its input (zero-order hold): Ā = exp(ΔA) and B̄ = (Ā − 1) / A, save that
    what a step turns by is bent, 2 atan(Δ Im A / 2) in place of Δ Im A, as by the bilinear rule:
    it stays below half a turn whatever is learnt (a faster mode would be heard as a slower one),
    without a bound at which a gradient ends. At the start the turns are those of the
    initialisation to the letter, where they are at most .9 π.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes.
    dt_min, dt_max : float
        Range of Δ at the start, in steps; log-uniform over channels. Where a stream's fastest mode
        would turn by more than .9 π a step, the range ends sooner.
    initialisation : str
        "lin", "inv", "legs", "fout" or "dfout", see
        :mod:`msssm_ts.model.cores.s4d.initialisation`. Networks are built with the default.

    Examples
    --------
    >>> core = S4D(MSSSMConfig(1, 2, n_scales=2, d_model=8))
    >>> core(torch.randn(4, 3, 9, 8), torch.randn(3, 9, 8)).shape
    torch.Size([4, 3, 9, 8])
    """

    methods = (COMPLEX_DIAGONAL,)
    shared = ("log_damping", "frequency")
    skip = "D"
    counts_gaps = True

    def __init__(
        self,
        config: MSSSMConfig,
        dt_min: float = 1e-3,
        dt_max: float = 1e-1,
        initialisation: str = "lin",
    ):
        super().__init__(config)
        d, n_streams, n = config.d_model, config.n_streams, _pairs(config)
        modes = INITIALISATIONS[initialisation](n_streams * n)
        frequency = by_scale(modes.frequency, n_streams).unsqueeze(1)
        drive = by_scale(modes.drive, n_streams).view(n_streams, 1, n, 1)
        high = torch.full((n_streams, 1), dt_max, dtype=torch.float64)
        if initialisation != "dfout":
            high = high.minimum(_MOST_TURN / frequency.amax(-1).clamp(min=1e-9))
        low = high.clamp(max=dt_min).log()
        self.log_step = nn.Parameter((low + torch.rand(n_streams, d) * (high.log() - low)).float())
        step = self.log_step.detach().double().exp().unsqueeze(-1)
        if initialisation == "dfout":
            # Between one mode and the next, a channel further.
            offset = torch.arange(d).view(-1, 1) / d * math.pi / (n_streams * n)
            turn = (frequency + offset).clamp(max=_MOST_TURN)
        else:
            turn = step * frequency
        self.log_damping = nn.Parameter(torch.full((n_streams, d, n), math.log(0.5)))
        self.frequency = nn.Parameter((2 * torch.tan(turn / 2) / step).float())
        C = torch.randn(n_streams, d, n, 2) * (2 * n) ** -0.5
        self.C = nn.Parameter((C * drive).float())
        self.D = nn.Parameter(torch.ones(n_streams, d))

    @classmethod
    def weight_shapes(cls, config: MSSSMConfig) -> dict[str, tuple[int, ...]]:
        """Return the shapes of what :meth:`__init__` makes."""
        rows, n = (config.n_streams, config.d_model), _pairs(config)
        modes = (*rows, n)
        return {
            "log_step": rows,
            "log_damping": modes,
            "frequency": modes,
            "C": (*modes, 2),
            "D": rows,
        }

    def log_factors(self, dtype: torch.dtype | None = None) -> Tensor:
        """Return log Ā, (M, d, n / 2), complex; computed in a float type, its own by default."""
        step, damping = (torch.exp(p.to(dtype)) for p in (self.log_step, self.log_damping))
        step = step.unsqueeze(-1)
        turn = 2 * torch.atan(step * self.frequency.to(dtype) / 2)
        return torch.complex(-step * damping, turn)

    def discrete(self) -> tuple[Tensor, Tensor]:
        """Return log Ā and 2 C B̄, (M, d, n / 2): all that a step needs."""
        log, step = self.log_factors(), torch.exp(self.log_step).unsqueeze(-1)
        # Of the turn as it is bent: A is log Ā / Δ.
        drive = step * torch.expm1(log) / log
        return log, 2 * drive * torch.view_as_complex(self.C)

    def layer(
        self,
        x: Tensor,
        gate: Tensor,
        decomposition: MultiScaleDecomposition,
        mixer: ScaleMixer | None,
        lengths: Tensor | None = None,
        times: Tensor | None = None,
        reverse: bool = False,
    ) -> Tensor:
        """Run the whole layer in one kernel; parameters as in the base class."""
        if times is not None:
            return super().layer(x, gate, decomposition, mixer, lengths, times, reverse)
        log, C = self.discrete()
        E, filters = mixing_weights(mixer, x), (decomposition.phi, decomposition.psi)
        y, _ = ms_scan(
            *(x, *filters, log, None, C, self.D, E, None),
            gate=gate,
            lengths=lengths,
            reverse=reverse,
        )
        return y

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Scan stream by stream, each a layer without scales; parameters as in the base class."""
        log, C = self.discrete()
        if times is not None:
            gaps, skip = gaps_of(times, x.dtype), self.D[:, None, None] * streams
            scanned = (
                timed_scan(*(inputs, gaps, log[s], C[s]), lengths=lengths)
                for s, inputs in enumerate(streams)
            )
            return torch.stack(list(scanned)) + skip
        none, one = streams.new_empty(0, len(C[0]), 1), streams.new_ones(*x.shape[:2], 1)
        scans = (
            ms_scan(
                inputs, none, none, A[None], None, C_s[None], D[None], one, None, lengths=lengths
            )
            for inputs, A, C_s, D in zip(streams, log, C, self.D, strict=True)
        )
        return torch.stack([y for y, _ in scans])

    def initial_state(self, batch: int) -> Tensor:
        """Return zeros (b, M, d, n / 2), complex."""
        log = self.log_factors()
        return log.new_zeros(batch, *log.shape)

    def step(self, streams: Tensor, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run one step; parameters as in the base class, the state (b, M, d, n / 2), complex."""
        log, C = self.discrete()
        inputs = streams.transpose(0, 1)
        state = torch.exp(log) * state + inputs.unsqueeze(-1)
        y = (C * state).sum(-1).real + self.D * inputs
        return y.transpose(0, 1), state

    def fused_step(self) -> FusedStep:
        """Return Ā, D and 2 C B̄."""
        log, C = self.discrete()
        return FusedStep(torch.exp(log), self.D, C=C)

    def step_in_c(self) -> StepInC:
        """Return the step of ``step.c``; real and imaginary parts lie next to each other."""
        log, C = self.discrete()
        pairs = {"A": torch.exp(log), "C": C}
        arrays = {name: torch.view_as_real(values) for name, values in pairs.items()}
        code = Path(__file__).with_name("step.c").read_text(encoding="utf-8")
        return StepInC(code, {**arrays, "D": self.D}, 2 * log.numel(), {"PAIRS": log.shape[-1]})

    def decay(self) -> Tensor:
        """Return log Ā, (M, d, n / 2) in complex128."""
        return self.log_factors(torch.float64)

    def cost(self) -> CoreCost:
        """Count a step as the fused kernel does it; Ā and B̄, once a batch, are not counted."""
        n_streams, d, n = self.frequency.shape
        # Four products of a turn and two of Re(C h) a pair, the skip a stream.
        return CoreCost(0, d * n_streams * (6 * n + 1), 0)

    @classmethod
    def export_form(cls, cores: Sequence[Self]) -> nn.Module:
        """Return the recurrences in blocks of steps."""
        from msssm_ts.model.cores.blocks import Blocks

        parts = [core.discrete() for core in cores]
        log, C = (torch.cat([part[i] for part in parts]) for i in (0, 1))
        return Blocks(log, C, torch.cat([core.D for core in cores]))


def _pairs(config: MSSSMConfig) -> int:
    return max(1, config.stream_state // 2)
