"""The MS-SSM block.

Symbols, as in the paper: batch b, length l, channels d, scales S, streams M = S + 2, state n per
stream, taps K. A stream's input is x̂ˢ: the raw signal (s = 0), a detail dˢ (1 … S) or the
approximation aˢ (S + 1), ordered fine to coarse.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msssm_ts.kernels.decimate import decimate
from msssm_ts.model.config import MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.model.linear import Linear
from msssm_ts.model.mixer import ScaleMixer
from msssm_ts.model.pyramid import pairs
from msssm_ts.model.quasiseparable import FreeDiagonal, mix, share


class MSSSM(nn.Module):
    """Decomposition → SSM array → scale mixer → gate, in one direction of time.

    With x̂ˢ the bands of x: ``hˢ_t = exp(Δˢ_t Aˢ) hˢ_{t−1} + Δˢ_t Bˢ_t x̂ˢ_t``,
    ``yˢ_t = Cˢ_t hˢ_t + Dˢ x̂ˢ_t``, ``out_t = (Σₛ E_t[s] yˢ_t) · silu(gate_t)``. The second and
    the third are those of the cores "s6" and "lti"; others have recurrences of their own.

    What the paper leaves open and is settled here: the raw signal is the finest stream; E_t is
    shared by all channels; ``d_state`` is the total over the streams.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes and core.
    reverse : bool
        Run from the last valid step to the first.
    """

    def __init__(self, config: MSSSMConfig, reverse: bool = False):
        super().__init__()
        d, streams = config.d_model, config.n_streams
        self.reverse = reverse
        self.decomposition = MultiScaleDecomposition(d, config.n_scales, config.kernel_size)
        self.ssm = CORES.get(config.core)(config)
        self.mixer = ScaleMixer(d, streams) if config.n_scales else None

    def forward(
        self, x: Tensor, gate: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        """Run the layer in its direction.

        Parameters
        ----------
        x, gate : Tensor of shape (b, l, d)
            Signal, and what gates the output.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each series.
        times : Tensor of shape (b, l), optional
            Time stamps, for a core that uses them.

        Returns
        -------
        Tensor of shape (b, l, d)
        """
        wanted = times if self.ssm.uses_times else None
        return self.ssm.layer(
            x, gate, self.decomposition, self.mixer, lengths, wanted, self.reverse
        )


class ChannelDropout(nn.Dropout):
    """Dropout of a series' whole channels, at every step the same ones, as in S4.

    Drawing for every step costs as much as a norm.

    Examples
    --------
    >>> import torch
    >>> dropped = ChannelDropout(0.5)(torch.ones(2, 9, 4))
    >>> bool((dropped == dropped[:, :1]).all())
    True
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels of (b, l, d), where the module is in training."""
        if not self.training or not self.p:
            return input
        b, _, d = input.shape
        return input * super().forward(input.new_ones(b, 1, d))


class MSSSMBlock(nn.Module):
    """Norm → projections → MS-SSM (one or both directions) → projection → residual.

    Parameters
    ----------
    config : MSSSMConfig
        Sizes, directions and dropout.
    halving : bool
        Let the last projection see two steps at a time, and keep one.
    """

    def __init__(self, config: MSSSMConfig, halving: bool = False):
        super().__init__()
        d = config.d_model
        self.norm = nn.LayerNorm(d)
        self.input = Linear(d, d)
        self.gate = Linear(d, d)
        # With two directions, each has its own half of the channels.
        self.split = config.is_split
        self.cores = nn.ModuleList(
            MSSSM(config.of_direction, reverse) for reverse in (False, True)[: config.n_directions]
        )
        self.diagonal = None
        if config.is_quasiseparable:
            share(*self.cores)
            self.diagonal = FreeDiagonal(d)
        self.output = Linear(2 * d if halving else d, d)
        self.dropout = ChannelDropout(config.dropout)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        observed: Tensor | None = None,
        times: Tensor | None = None,
        taps: Tensor | None = None,
    ) -> Tensor:
        """Run the block.

        Parameters
        ----------
        x : Tensor of shape (b, l, d)
            Residual stream.
        lengths : integer Tensor of shape (b,), optional
            Valid steps of each series.
        observed : Tensor of shape (b, l, 1), optional
            0 at steps that put nothing into the scans, else 1.
        times : Tensor of shape (b, l), optional
            Time stamps, for cores that use them.
        taps : Tensor of shape (b or 1, ⌈l / 2⌉, 5), optional
            Of a halving block: how the residual stream is smoothed where every second step is
            kept (:func:`msssm_ts.kernels.decimate`).

        Returns
        -------
        Tensor of shape (b, l, d), with taps (b, ⌈l / 2⌉, d)
        """
        normed = self.norm(x)
        signal, gate = self.input(normed), self.gate(normed)
        if observed is not None:
            signal = signal * observed
        if self.diagonal is not None:
            y = mix(self.cores, self.diagonal, signal, gate, lengths, times)
        elif self.split:
            parts = zip(self.cores, signal.chunk(2, -1), gate.chunk(2, -1), strict=True)
            y = torch.cat([core(s, g, lengths, times) for core, s, g in parts], -1)
        else:
            y = sum(core(signal, gate, lengths, times) for core in self.cores)
        if taps is not None:
            x, y = decimate(x, taps), pairs(y if observed is None else y * observed)
        out: Tensor = x + self.dropout(self.output(y))
        return out
