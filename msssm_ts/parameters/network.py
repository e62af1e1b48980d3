"""Rows of the table: the network, and what its layers are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from msssm_ts.model.config import MOST_EXPERTS, MOST_MOTIFS, MOST_TOKENS
from msssm_ts.model.cores import CORES
from msssm_ts.parameter_checks import (
    Anything,
    Number,
    OneOf,
    Whole,
    check_adjacency,
    check_init,
    one_of,
)
from msssm_ts.parameter_rows import NETWORKS, TRAINED, named, row


@dataclass(eq=False, repr=False)
class NetworkParameters:
    """The shape of networks, and what they begin with."""

    n_scales: int = row(
        3,
        Whole(least=0),
        """Levels of the wavelet decomposition; fewer where the series are too short for them. 0:
        a single-scale model.""",
        concerns=NETWORKS,
        option="--scales",
        brief="Levels of the decomposition; 0 for a single-scale model.",
    )
    core: str = row(
        "lti",
        OneOf(CORES.names, "str"),
        f"""State-space model of every stream, or what is in its place.
        {named(CORES.own_names(), CORES.summary)}. Others register themselves, see
        :data:`msssm_ts.model.cores.CORES`.""",
        concerns=NETWORKS,
        option="--core",
        brief="State-space model of every stream; or gru, lstm: a nonlinear recurrence, for states "
        "that events flip.",
    )
    stamps: Literal["ignore", "grid", "use"] = row(
        "ignore",
        one_of("ignore", "grid", "use"),
        """What becomes of the time stamps of series whose samples are unevenly spaced. "ignore":
        samples count as evenly spaced, whatever their times. "grid": all members see the series
        on an even grid of the typical gap between the training series' samples, with lines
        between samples. "use": the trained network counts the gaps: its states decay over them,
        and turn with ``core="s4d"``, at a single scale; the other members take the samples for
        evenly spaced. What was fitted with "grid" or "use" is asked with stamps. See
        docs/cores.md.""",
        option="--stamps",
        brief="Uneven time stamps: ignored; grid: all members see the series on an even grid; "
        "use: the network counts the gaps, best with --core s4d.",
    )
    d_model: int = row(
        64,
        Whole(most=4096),
        "Width.",
        concerns=NETWORKS,
        option="--width",
        brief="Width of the network.",
    )
    n_layers: int = row(
        3,
        Whole(most=256),
        "Blocks.",
        concerns=TRAINED,
        option="--layers",
        brief="Blocks of the network.",
    )
    d_state: int = row(
        20,
        Whole(most=4096),
        "State per channel, shared out over the scales.",
        concerns=NETWORKS,
        option="--state",
        brief="State per channel, shared out over the scales.",
    )
    kernel_size: int = row(
        8,
        Whole(most=65_536),
        "Taps of the decomposition's filters.",
        concerns=NETWORKS,
        option="--taps",
        brief="Taps of the decomposition's filters.",
    )
    bidirectional: bool = row(
        True,
        Anything("bool"),
        "Read the series in both directions; False gives a causal model.",
        concerns=TRAINED,
        option="--causal",
        brief="Read forward in time only, as a stream needs.",
    )
    directions: Literal["halves", "quasiseparable"] = row(
        "halves",
        one_of("halves", "quasiseparable"),
        """How a block has two directions. "halves": each has half of the channels.
        "quasiseparable": each has all of them, in one mixer with a free diagonal; filters and
        eigenvalues are shared. A causal model has one direction.""",
        concerns=TRAINED,
        option="--directions",
        brief="How a block reads both ways: half of the channels each (halves), or all of them "
        "in one mixer (quasiseparable).",
    )
    pyramid: bool = row(
        False,
        Anything("bool"),
        """Halve the steps behind each block but the last, and let the head see what comes of each:
        1.5 times as fast from a few thousand steps on.""",
        concerns=TRAINED,
        option="--pyramid",
        brief="Halve the steps behind each block: 1.5 times as fast on long series.",
    )
    dropout: float = row(
        0.1,
        Number(below=1),
        "Dropout of whole channels after each block.",
        concerns=TRAINED,
        option="--dropout",
        brief="Dropout of whole channels after each block.",
    )
    pooling: Literal["mean", "max", "mean_max", "last"] = row(
        "mean_max",
        one_of("mean", "max", "mean_max", "last"),
        "From steps to one vector per series.",
        concerns=TRAINED,
        option="--pooling",
        brief="From steps to one vector per series.",
    )
    stem_stride: int | Literal["auto"] = row(
        "auto",
        Whole(auto=True),
        """Steps of the series per step of the network. Above 1 the network begins with a learned
        filter bank. "auto": 1 up to 4096 steps, then 10 ms of sound, or a 500th of the series;
        and convolutions take in sound, as log-mel spectra or behind a filter bank, and keep one
        step in four of it, of spectra only where the model is not causal.""",
        concerns=TRAINED,
        option="--stride",
        brief="Steps of the series per step of the network; auto: more than one for long series.",
    )
    variates: Literal["mix", "scan", "coupled", "graph"] = row(
        "mix",
        one_of("mix", "scan", "coupled", "graph"),
        """What a network does with several channels. "mix": its first layer mixes them. Else they
        stay apart, a series each, all of them with the same weights; a channel is then
        ``d_model`` divided by the channels wide, at least 16, and memory grows with the channels.
        "scan": before each block a selective scan runs over the channels in both directions.
        "coupled": that scan and one over time drive each other. "graph": the scan runs in the
        order of a graph, and each channel sees the weighted mean of its neighbours, by
        ``adjacency`` or else by the correlation of the training series. Of spectra the sound's
        channels count, not the bands. See docs/cores.md.""",
        concerns=TRAINED,
        option="--variates",
        brief="Channels: mixed at first, or apart with a scan over them, one coupled with time, or "
        "one in the order of a graph.",
    )
    adjacency: Any = row(
        None,
        Anything("str, array of shape (n_channels, n_channels) or None", check_adjacency),
        """The graph of ``variates="graph"``: weights between channels, the same in both
        directions, or a CSV file with a column ``channel`` and either one for each channel or two
        or three of coordinates, as of electrodes.""",
        concerns=TRAINED,
        option="--adjacency",
        brief="CSV file with the graph of --variates graph: a row and a column for each "
        "channel, or coordinates; else by correlation.",
    )
    init: Any = row(
        "auto",
        Anything('"auto", "random", "pretrained", str or path', check_init),
        """What a trained network begins with: random weights; what comes with the package and was
        pretrained on made-up series (what is to tell classes of one channel has a ridge classifier
        for its head, too), or of sound on made-up words (:mod:`msssm_ts.pretraining`), which the
        network must have the shape of: that of the default, and series of eight steps or more;
        "auto": that, where the shape is the same, but not for series of several channels, and
        without labels for sound alone; or an encoder of one's own, of
        :class:`msssm_ts.MSSSMEncoder` or ``msssm-ts pretrain``, whose shape the network takes over
        where nothing else is asked for. A member "encoder_ridge" reads that one instead of the one
        that comes along.""",
        concerns=(*TRAINED, "encoder_ridge"),
        option="--init",
        brief="What the network begins with: random weights; pretrained: what comes with the "
        "package, for networks of the default's shape; auto: that for sound and for one channel, "
        "else random weights; or an encoder of msssm-ts pretrain.",
    )
    motifs: int = row(
        0,
        Whole(least=0, most=MOST_MOTIFS),
        """Codes of a codebook that the steps attend to behind the last block, each of them a motif
        that ``inspect`` shows along a series; 0: none. Of small data a few dozen at most.""",
        concerns=TRAINED,
        option="--motifs",
        brief="Motifs that the network finds and attends to, which inspect shows along a series; "
        "0: none.",
    )
    experts: int = row(
        0,
        Whole(least=0, most=MOST_EXPERTS),
        """Small layers behind the last block, of which every step goes through the two that a
        learned router chooses for it; ``inspect`` shows which, and where; 0: none. No gain in
        networks that are trained as long as by default, see docs/cores.md.""",
        concerns=TRAINED,
        option="--experts",
        brief="Small layers behind the last block, two of which each step goes through; 0: none.",
    )
    workspace: int = row(
        0,
        Whole(least=0, most=MOST_TOKENS),
        """Tokens of a workspace: each reads, of a whole series, the sixteen steps that it is drawn
        to most, for the head; ``inspect`` shows which they are; 0: none. No gain in networks that
        are trained as long as by default, see docs/cores.md.""",
        concerns=TRAINED,
        option="--workspace",
        brief="Tokens that each read the sixteen steps that suit them, which inspect shows along a "
        "series; 0: none.",
    )
