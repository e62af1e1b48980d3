"""The settings that define a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pooling = Literal["mean", "max", "mean_max", "last"]


@dataclass(frozen=True)
class MSSSMConfig:
    """Shape of an MS-SSM classifier.

    Parameters
    ----------
    n_channels : int
        Input channels.
    n_outputs : int
        Logits: one per class.
    n_scales : int
        Levels S of the decomposition; there are M = S + 2 streams. With 0 there is no
        decomposition and no mixer: one stream, the single-scale model (S6 or S4).
    d_model : int
        Width of the residual stream.
    n_layers : int
        Blocks.
    d_state : int
        Effective state per channel, shared out over the streams: n = round(d_state / M) each.
    kernel_size : int
        Taps K of the decomposition's filters.
    core : str
        The state-space models of the streams, by their name in
        :data:`msssm_ts.model.cores.CORES`: "s6" selective (Mamba), "lti" time-invariant (S4), …
    bidirectional : bool
        Add a second core that runs backward in time. A causal model has one.
    dropout : float
        Dropout after each block.
    pooling : {"mean", "max", "mean_max", "last"}
        From steps to one vector per series.
    stem_stride : int
        Steps of the input per step of the blocks. Above 1 the stem is a filter bank.
    """

    n_channels: int
    n_outputs: int
    n_scales: int = 3
    d_model: int = 64
    n_layers: int = 3
    d_state: int = 20
    kernel_size: int = 8
    core: str = "s6"
    bidirectional: bool = True
    dropout: float = 0.1
    pooling: Pooling = "mean_max"
    stem_stride: int = 1

    @property
    def n_streams(self) -> int:
        """Streams M = S + 2: the raw signal, S details, one approximation; M = 1 for S = 0."""
        return self.n_scales + 2 if self.n_scales else 1

    @property
    def stream_state(self) -> int:
        """State n of each stream."""
        return max(1, round(self.d_state / self.n_streams))

    @property
    def dt_rank(self) -> int:
        """Rank r of Δ's projection, as in Mamba."""
        return -(-self.d_model // 16)
