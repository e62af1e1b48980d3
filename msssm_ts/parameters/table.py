"""The one table of the classifier's parameters.

Each is a field with its default, what it may be, what it means, whom it concerns, and, where it
has one, its option of ``msssm-ts fit``. Both estimators take their constructor from it; checks,
command line, docstrings and the reference pages are made from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import PRESETS, PresetName
from msssm_ts.model.config import MOST_EXPERTS, MOST_MOTIFS, MOST_TOKENS
from msssm_ts.model.cores import CORES
from msssm_ts.parameter_checks import (
    Anything,
    ClassWeight,
    Number,
    OneOf,
    SeveralOf,
    Whole,
    check_adjacency,
    check_class_weight,
    check_cluster,
    check_init,
    check_preparation,
    one_of,
)
from msssm_ts.parameter_rows import Spec, named, row, specs_of

if TYPE_CHECKING:
    import numpy as np

    from msssm_ts.preparation import Preparation
    from msssm_ts.series.checks import Missing
    from msssm_ts.training import Callback


# Members that a setting concerns: the network that is trained, and the layer that is drawn, too.
TRAINED = ("network",)
NETWORKS = (*TRAINED, "drawn_network")


# An estimator compares and hashes by identity, and scikit-learn writes its own repr.
@dataclass(eq=False, repr=False)
class Parameters:
    """The constructor of both estimators."""

    preset: PresetName = row(
        "default",
        one_of(*PRESETS),
        """What votes. "default": four ridge classifiers on random multi-scale state-space
        features, trees on quantiles, a ridge classifier on shapelets, an MS-SSM layer that is
        drawn and an MS-SSM encoder that was pretrained on made-up series, both read out by
        others, and, where there is a validation split to measure its share by (see
        ``early_stopping``), an MS-SSM network. "fast": two of the ridge classifiers, the trees
        and the shapelets, seconds without gradient descent. "best": more of each, four
        networks. "network": MS-SSM only, two layers that are drawn, the encoder, and one network
        that is trained as in the paper; with ``bidirectional=False`` the trained one alone,
        which can be read forward in time and streamed.""",
        option="--preset",
        brief="fast: seconds, no network; best: what an hour buys; network: MS-SSM only, "
        "drawn, pretrained and trained. With --causal network, else default.",
    )
    time_budget: float | None = row(
        None,
        Number(positive=True, optional=True, unit="seconds"),
        """Seconds that training may take. Members for which there is no time are left out (one
        there always is), and networks train for what the others leave.""",
        option="--time-budget",
        brief="Time that training may take; what does not fit is left out.",
    )
    at_most: int | None = row(
        None,
        Whole(optional=True),
        """Series to learn from, where that is to be fewer than there are. They are drawn class by
        class: of rare classes more are kept, all where they are few, and weights make up for
        it. By default every series counts.""",
        option="--at-most",
        brief="Learn from so many series only, drawn class by class; by default from every one.",
    )
    max_memory: int | None = row(
        None,
        Whole(optional=True),
        """Bytes that features, sums over them and what is worked out in may take, about, beside
        the series, Python and its libraries. With less than the 2.4 GB that there are by default
        blocks are smaller, and fewer features are summed. A network's training is not bounded by
        it.""",
    )
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
        "random",
        Anything('"random", "pretrained", str or path', check_init),
        """What a trained network begins with: random weights; an encoder that comes with the
        package and was pretrained on made-up series (:mod:`msssm_ts.pretraining`), which the
        network must have the shape of: that of the default, and series of eight steps or more; or
        an encoder of one's own, of :class:`msssm_ts.MSSSMEncoder` or ``msssm-ts pretrain``, whose
        shape the network takes over where nothing else is asked for. A member "encoder_ridge"
        reads that one instead of the one that comes along.""",
        concerns=(*TRAINED, "encoder_ridge"),
        option="--init",
        brief="What the network begins with: random weights; pretrained: the encoder that comes "
        "with the package, for networks of the default's shape; or one of msssm-ts pretrain.",
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
    max_epochs: int | None = row(
        None,
        Whole(optional=True, most=10_000),
        "Passes over the training data; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--max-epochs",
        brief="Passes over the data; else by the amount of data.",
    )
    batch_size: int | None = row(
        None,
        Whole(optional=True),
        "Series per step; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--batch-size",
        brief="Series per step; else by the amount of data.",
    )
    learning_rate: float = row(
        2e-3,
        Number(positive=True),
        "Peak learning rate of AdamW.",
        concerns=TRAINED,
        option="--learning-rate",
        brief="Peak learning rate.",
    )
    weight_decay: float = row(
        0.05,
        Number(),
        "AdamW's, not applied to the state-space parameters, biases, norms and filters.",
        concerns=TRAINED,
        option="--weight-decay",
        brief="Weight decay of the matrices.",
    )
    label_smoothing: float = row(
        0.1,
        Number(below=1),
        "Probability mass that training spreads over the other classes.",
        concerns=TRAINED,
        option="--label-smoothing",
        brief="Probability mass that training spreads over the other classes.",
    )
    mixup: float | Literal["auto"] = row(
        "auto",
        Number(auto=True),
        """Mix pairs of training series, their shares drawn from Beta(mixup, mixup). "auto": 0.3
        for sound (spectra, or behind a filter bank), else 0.""",
        concerns=TRAINED,
        option="--mixup",
        brief="Mix pairs of training series, by Beta(mixup, mixup); auto: 0.3 for sound, else 0.",
    )
    shift: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Move training series in time at random, by up to this part of their length. "auto": 0.1
        for sound, else 0.""",
        concerns=TRAINED,
        option="--shift",
        brief="Move training series by up to this part of their length; auto: 0.1 for sound, "
        "else 0.",
    )
    masks: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Hide two stretches of every training series at random, each up to this part of its
        length, and of spectra two groups of neighbouring bands. "auto": 0.1 for sound, else 0.""",
        concerns=TRAINED,
        option="--masks",
        brief="Hide stretches of training series, and bands of spectra, each up to this part; "
        "auto: 0.1 for sound, else 0.",
    )
    warp: float | Literal["auto"] = row(
        "auto",
        Number(auto=True, below=1),
        """Stretch or squeeze training series in time at random, by up to this part, and spectra in
        frequency. "auto": 0.12 for sound, else 0.""",
        concerns=TRAINED,
        option="--warp",
        brief="Stretch training series in time, and spectra in frequency, by up to this part; "
        "auto: 0.12 for sound, else 0.",
    )
    class_weight: ClassWeight = row(
        None,
        Anything('dict, "balanced" or None', check_class_weight),
        """Weight of each class in the loss, or inversely to its frequency. With several labels at
        once, the weight of each label's presence, by column number.""",
        option="--class-weight",
        brief="Weight classes alike, however frequent (balanced).",
    )
    missing: Missing = row(
        "error",
        one_of("error", "mask", "interpolate"),
        """NaN in X: refused; or masked, a missing step putting nothing into the scans and not
        counting in pooling; or interpolated along each channel.""",
        option="--missing",
        brief="Missing values: masked, interpolated, or refused (error).",
    )
    preparation: Preparation | None = row(
        None,
        Anything("Preparation", check_preparation),
        """What is done to every series first, then and at prediction: channels, resampling,
        filters, spectra, windows. See :class:`msssm_ts.preparation.Preparation`.""",
    )
    early_stopping: bool | Literal["auto"] = row(
        "auto",
        OneOf(lambda: (True, False, "auto"), 'bool or "auto"'),
        """Set a stratified part of the training data aside, keep the weights that do best on it
        and stop when they no longer improve. "auto": from 300 series on; where others vote, too,
        and there are groups, only if the part has five of them or more: fewer patients or
        speakers cannot tell what a network is worth.""",
        option="--early-stopping",
        brief="Set a part of the series aside, keep the weights that do best on it, and stop when "
        "they no longer improve; auto: from 300 series on.",
    )
    validation_fraction: float = row(
        0.15,
        Number(below=1),
        "That part.",
        option="--validation-fraction",
        brief="Part of the series that is set aside for that.",
    )
    n_iter_no_change: int | Literal["auto"] = row(
        "auto",
        Whole(auto=True),
        """Epochs without improvement before stopping. "auto": 20, on sound half of all epochs, if
        these are more.""",
        concerns=TRAINED,
        option="--patience",
        brief="Epochs without improvement before stopping; auto: 20, on sound half of all epochs, "
        "if these are more.",
    )
    warm_start: bool = row(
        False,
        one_of(True, False),
        "Let ``fit`` go on from the networks' weights of the last one.",
        concerns=TRAINED,
    )
    dtype: Literal["float32", "float64"] = row(
        "float32",
        one_of("float32", "float64"),
        """Precision of the series and of the network. Series are of this type before anything is
        done to them, whatever they come as.""",
        option="--dtype",
        brief="Precision of the series and of the network.",
    )
    device: str = row(
        "auto",
        Anything("str"),
        '"auto" is a CUDA card where there is one, else the CPU.',
        option="--device",
        brief="auto, cpu or cuda.",
    )
    random_state: int | np.random.RandomState | None = row(
        None,
        Anything("int, RandomState or None"),
        """Seed; the same seed, on the same machine with the same number of threads, gives the
        same model, bit for bit on a CPU.""",
        option="--seed",
        brief="The same seed gives the same model.",
    )
    verbose: int = row(
        0,
        Anything("int"),
        "1 shows progress on stderr: a bar on a terminal, else a line per epoch.",
    )
    callbacks: Sequence[Callback] | None = row(
        None,
        Anything("sequence of callables"),
        """Each is called with a :class:`msssm_ts.training.Progress` after every step and
        epoch.""",
    )
    members: Sequence[str] | None = row(
        None,
        SeveralOf(MEMBERS.names),
        f"""What votes instead of the preset's members, by name, each as often as it is wanted.
        {named(MEMBERS.own_names(), MEMBERS.summary)}.""",
        option="--members",
        brief="What votes instead of the preset's, separated by commas, such as "
        "scan_ridge,network.",
    )
    sensitivity: float | None = row(
        None,
        Number(positive=True, below=1, optional=True),
        """Part of the positive class's series that ``predict`` is to find (recall): answers are of
        that class from a probability on that is chosen by training series left out, whole groups
        where there are any, so that the part is kept and as few others as possible are taken for
        it. Probabilities stay as they are. See
        :class:`msssm_ts.fitted.decision.OperatingPoint`.""",
        option="--sensitivity",
        brief="Part of the positive class to be found, such as 0.95: chooses the threshold by "
        "series left out.",
    )
    specificity: float | None = row(
        None,
        Number(positive=True, below=1, optional=True),
        """Likewise, the part of all other series that is not to be taken for the positive
        class.""",
        option="--specificity",
        brief="Part of the others not to be taken for the positive class; instead of "
        "--sensitivity.",
    )
    pos_label: Any = row(
        None,
        Anything("label or None"),
        "The positive class; of two the second by default.",
        option="--positive",
        brief="The positive class of --sensitivity or --specificity; of two the second by default.",
    )
    decide: Literal["auto", "accuracy", "balanced_accuracy", "macro_f1"] = row(
        "auto",
        one_of("auto", "accuracy", "balanced_accuracy", "macro_f1"),
        """What ``predict`` is best at. "accuracy": the most probable class. Else what the training
        series' frequencies favour is taken back, by one strength for all classes that is chosen by
        series left out; probabilities stay as they are. See
        :class:`msssm_ts.fitted.decision.LogPriors`. "auto": "accuracy"; the command line takes
        "macro_f1" for heart beats, of which the rare ones matter.""",
        option="--decide",
        brief="What predictions are best at: accuracy (the most probable class), or classes "
        "counted alike, however rare; auto is macro_f1 for heart beats, else accuracy.",
    )
    cluster: Any = row(
        None,
        Anything("str, distributed.Client or None", check_cluster),
        """Who computes, beside this process: a Dask cluster, by its scheduler's address, "local:N"
        for N processes of this machine, or by a client of it. Its workers make features and sums,
        grow trees, and answer for ``predict_proba``; networks are trained here. The model is the
        same; it does not keep where it was made. See docs/scale.md.""",
        option="--cluster",
        brief="A Dask cluster that computes, too: its scheduler's address, or local:N for N "
        "processes of this machine.",
    )
    updatable: bool = row(
        False,
        one_of(True, False),
        """Keep sums over the training series, so that ``partial_fit`` adds more to the whole vote,
        and ``withdraw`` takes some away again, without the others at hand. Only members that
        follow from such sums vote, of 4096 features each at most. See docs/scale.md.""",
        option="--updatable",
        brief="Keep sums over the series (sums.safetensors), so that msssm-ts update adds and "
        "withdraws series; only ridge classifiers that follow from them vote.",
    )
    exemplars: int = row(
        0,
        Whole(least=0, most=10_000),
        """Training series of each class (of several labels: of the rarest that a series has) that
        the model keeps at most, so that ``kneighbors`` names those that others are most like: a
        fingerprint of each, and an excerpt of its values, some 2 kB. 0: none is kept.""",
        option="--exemplars",
        brief="Training series of each class to keep in the model, for predict --similar; their "
        "excerpts are then in the file. 0: none.",
    )
    objective: Literal["auto", "spans", "next", "contrast"] = row(
        "auto",
        one_of("auto", "spans", "next", "contrast"),
        """What is learned from series without labels (``unlabelled`` of ``fit``). "spans": to fill
        in hidden tenths of a series. "next": to tell the next steps, for causal networks.
        "contrast": to know two views of a series again among those of others. "auto": "next"
        where the network is causal, "contrast" where it takes in many steps at a time, halves
        them or keeps channels apart, else "spans".""",
        option="--objective",
        brief="What is learned from unlabelled series: fill in hidden spans, tell the next steps "
        "(--causal), or know views of a series again (contrast); auto: what the network can do.",
    )


def redefined(name: str, default: Any) -> Any:
    """Return a row of the table with another default, for a class that derives from it."""
    own = next(field for field in dataclasses.fields(Parameters) if field.name == name)
    return dataclasses.field(default=default, metadata=own.metadata)


def specs() -> Iterator[tuple[str, Any, Spec]]:
    """Yield name, default and spec of every parameter, in the constructor's order."""
    return specs_of(Parameters)


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise ValueError or TypeError, naming it, for a parameter out of range.

    Examples
    --------
    >>> check_parameters(vars(Parameters()))
    """
    for name, _, spec in specs():
        spec.check(name, parameters[name])
