"""The settings that define a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from msssm_ts.file_checks import FLAG, Number, OneOf, Record, Text, Whole

Pooling = Literal["mean", "max", "mean_max", "last"]
Directions = Literal["halves", "quasiseparable"]
Variates = Literal["mix", "scan", "coupled", "graph"]
# Pairs of filters of a filter bank.
N_FILTERS = 40
# Steps of a spectrum to one behind its stem: two convolutions halve them.
SPECTRUM_STRIDE = 4
# Each level doubles how far the filters look back: with 16 a tap is 32 768 steps from the next.
MOST_SCALES = 16
# Codes of a codebook.
MOST_MOTIFS = 1024
# Small layers that steps are shared out to, and tokens that read a series.
MOST_EXPERTS, MOST_TOKENS = 64, 256
# Numbers that a stream keeps of the past: 1 GB in float32.
_MOST_HELD = 1 << 28
_FIELDS = Record(
    {
        "n_channels": Whole(1, 1 << 20),
        "n_outputs": Whole(1, 1 << 20),
        "n_scales": Whole(0, MOST_SCALES),
        "d_model": Whole(1, 4096),
        "n_layers": Whole(1, 256),
        "d_state": Whole(1, 4096),
        "kernel_size": Whole(1, 1 << 16),
        "core": Text(100),
        "bidirectional": FLAG,
        "dropout": Number(0, 1),
        "pooling": OneOf(*get_args(Pooling)),
        "stem_stride": Whole(1, 1 << 20),
        "split_directions": FLAG,
        "stem_bands": Whole(0, 1 << 20),
        "directions": OneOf(*get_args(Directions)),
        "pyramid": FLAG,
        "variates": OneOf(*get_args(Variates)),
        "n_variates": Whole(1, 1 << 14),
        "time_unit": Number(0),
        "motifs": Whole(0, MOST_MOTIFS),
        "experts": Whole(0, MOST_EXPERTS),
        "workspace": Whole(0, MOST_TOKENS),
    }
)


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
        :data:`msssm_ts.model.cores.CORES`: "s6" selective (Mamba), "lti" time-invariant (S4),
        "s4d" time-invariant with modes that oscillate, …
    bidirectional : bool
        Have a second core that runs backward in time. A causal model has one.
    dropout : float
        Of whole channels, after each block.
    pooling : {"mean", "max", "mean_max", "last"}
        From steps to one vector per series.
    stem_stride : int
        Steps of the input per step of the stem. Above 1 the stem is a filter bank.
    split_directions : bool
        Whether each of two directions has half of the channels, and not all of them, as before
        schema 7; an odd ``d_model`` is not split.
    stem_bands : int
        Bands of the spectra that the channels hold one behind the other, or of the filter bank's;
        convolutions take them in and keep one step in four. 0: a projection does, of every step.
    directions : {"halves", "quasiseparable"}
        How two directions share a block: a half of the channels each (see ``split_directions``),
        or all of them, in one mixer (:mod:`msssm_ts.model.quasiseparable`).
    pyramid : bool
        Halve the steps behind each block but the last, and let the head see what comes of each
        (:mod:`msssm_ts.model.pyramid`).
    variates : {"mix", "scan", "coupled", "graph"}
        What becomes of the input's channels: mixed by the stem; or series of their own, with a
        scan over them before each block, one coupled with time, or one in the order of a graph.
    n_variates : int
        Series that the channels are taken apart into, each ``d_model`` wide; 1: they are mixed.
    time_unit : float
        Of stamped series the gap that counts as one step, in the unit of the stamps: states decay
        over the gaps. Filters would count steps, so that there are no scales then, and no stem
        that keeps one step of several. 0: steps count, whatever their stamps.
    motifs : int
        Codes that the steps behind the last block attend to; 0: there is no such attention.
    experts : int
        Small layers behind the last block, two of which a step goes through; 0: there are none.
    workspace : int
        Tokens that read a few steps each behind the last block, for the head; 0: there are none.
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
    split_directions: bool = True
    stem_bands: int = 0
    directions: Directions = "halves"
    pyramid: bool = False
    variates: Variates = "mix"
    n_variates: int = 1
    time_unit: float = 0.0
    motifs: int = 0
    experts: int = 0
    workspace: int = 0

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MSSSMConfig:
        """Return the settings that a file says, which may be anything.

        Parameters
        ----------
        values : mapping
            All fields by name.

        Raises
        ------
        ValueError
            For a field that is missing, unknown or out of range, naming it, or filters that reach
            so far back that their memory would not fit.

        Examples
        --------
        >>> config = MSSSMConfig(n_channels=1, n_outputs=2)
        >>> MSSSMConfig.from_dict(vars(config)) == config
        True
        """
        _FIELDS("config", values)
        config = cls(**values)
        if (config.variates == "mix") != (config.n_variates == 1) or (
            config.n_channels % config.n_variates
        ):
            raise ValueError(
                f"variates {config.variates!r}: {config.n_variates} of {config.n_channels} channels"
            )
        if config.motifs and config.variates != "mix":
            raise ValueError(f"motifs of {config.n_variates} variates that stay apart")
        if config.stem_bands and (
            config.stem_bands != N_FILTERS
            if config.stem_stride > 1
            else config.n_channels // config.n_variates % config.stem_bands
        ):
            raise ValueError(
                f"spectra of {config.stem_bands} bands, which {config.n_channels} channels at "
                f"stride {config.stem_stride} do not hold"
            )
        if not config.bidirectional and (config.pyramid or config.directions != "halves"):
            raise ValueError("a causal network that looks ahead: by a pyramid, or both directions")
        if config.time_unit and (config.n_scales or config.stride > 1):
            raise ValueError("time_unit is for networks without scales and stride")
        held = config.n_layers * config.d_model * config.reach
        if held > _MOST_HELD:
            raise ValueError(f"filters that look back on {held:,} numbers, at most {_MOST_HELD:,}")
        return config

    @property
    def stride(self) -> int:
        """Steps of the input per step of the blocks."""
        return self.stem_stride * (SPECTRUM_STRIDE if self.stem_bands else 1)

    @property
    def stem_channels(self) -> int:
        """Channels that the stem takes in: all, or a variate's and beside them its neighbours'."""
        return self.n_channels // self.n_variates * (2 if self.variates == "graph" else 1)

    @property
    def n_pooled(self) -> int:
        """What the head sees, of all variates and levels where they are apart."""
        levels = self.n_layers if self.pyramid else 1
        kinds = (2 if self.pooling == "mean_max" else 1) * levels + self.workspace
        return self.d_model * kinds * self.n_variates

    @property
    def n_directions(self) -> int:
        """Cores of a block."""
        return 1 + self.bidirectional

    @property
    def is_split(self) -> bool:
        """Whether a direction has half of the channels."""
        halves = self.split_directions and self.directions == "halves"
        return self.bidirectional and halves and self.d_model % 2 == 0

    @property
    def is_quasiseparable(self) -> bool:
        """Whether one mixer has both directions."""
        return self.bidirectional and self.directions == "quasiseparable"

    @property
    def goes_beyond(self) -> bool:
        """Whether there is something about the blocks that the paper has not."""
        apart = self.variates != "mix"
        behind = self.motifs or self.experts or self.workspace
        options = (self.pyramid, self.is_quasiseparable, apart, behind)
        return self.stride > 1 or any(options)

    def halves_behind(self, layer: int) -> bool:
        """Whether every second step goes on behind a block.

        Parameters
        ----------
        layer : int
            The block, counted from 0.
        """
        return self.pyramid and layer < self.n_layers - 1

    def layer_stride(self, layer: int) -> int:
        """Return the steps of the input per step of a block.

        Parameters
        ----------
        layer : int
            The block, counted from 0.
        """
        return self.stride << layer if self.pyramid else self.stride

    def layer_steps(self, n_timepoints: int) -> list[int]:
        """Count the steps of each block.

        Parameters
        ----------
        n_timepoints : int
            Steps of the input.
        """
        return [-(-n_timepoints // self.layer_stride(k)) for k in range(self.n_layers)]

    @property
    def of_direction(self) -> MSSSMConfig:
        """The sizes of one direction's core."""
        return replace(self, d_model=self.d_model // 2) if self.is_split else self

    @property
    def reach(self) -> int:
        """Steps that the decomposition of a layer looks back on."""
        return ((1 << self.n_scales) - 1) * (self.kernel_size - 1) + self.n_scales

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


def clamp_scales(n_scales: int, longest: int) -> int:
    """Scales that a series has room for: 2ˢ at most its length, from 1 to 16; 0 stays 0.

    Examples
    --------
    >>> clamp_scales(3, 500), clamp_scales(3, 5), clamp_scales(3, 1)
    (3, 2, 1)
    """
    return max(min(n_scales, 1), min(n_scales, int(longest).bit_length() - 1, MOST_SCALES))
