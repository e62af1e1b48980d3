"""The one table of the classifier's parameters.

Each is a field with its default, what it may be, what it means, whom it concerns, and, where it
has one, its option of ``msssm-ts fit``. Both estimators take their constructor from it; checks,
command line, docstrings and the reference pages are made from it.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import PRESETS, PresetName
from msssm_ts.model.cores import CORES
from msssm_ts.parameter_checks import (
    Anything,
    Check,
    ClassWeight,
    Number,
    OneOf,
    SeveralOf,
    Whole,
    check_class_weight,
    check_preparation,
    one_of,
)

if TYPE_CHECKING:
    import numpy as np

    from msssm_ts.preparation import Preparation
    from msssm_ts.series.checks import Missing
    from msssm_ts.training import Callback

T = TypeVar("T")


@dataclass(frozen=True)
class Spec:
    """What there is to know about a parameter beside its name and default.

    Parameters
    ----------
    check : Check
        What it may be.
    meaning : str
        Some sentences for the documentation.
    concerns : tuple of str
        The kinds of members without any of which it has nothing to act on; empty: it always has.
    option : str, optional
        Its option of ``msssm-ts fit``.
    brief : str
        One sentence for that option's help.
    """

    check: Check
    meaning: str
    concerns: tuple[str, ...] = ()
    option: str | None = None
    brief: str = ""


# Members that a setting concerns: the network that is trained, and the layer that is drawn, too.
TRAINED = ("network",)
NETWORKS = (*TRAINED, "drawn_network")


def _row(
    default: Any,
    check: Check,
    meaning: str,
    concerns: tuple[str, ...] = (),
    option: str | None = None,
    brief: str = "",
) -> Any:
    spec = Spec(check, meaning, concerns, option, brief)
    return dataclasses.field(default=default, metadata={"spec": spec})


def _named(names: Sequence[str], summary: Callable[[str], str]) -> str:
    return "; ".join(f'"{name}": {summary(name)}' for name in names)


# An estimator compares and hashes by identity, and scikit-learn writes its own repr.
@dataclass(eq=False, repr=False)
class Parameters:
    """The constructor of both estimators."""

    preset: PresetName = _row(
        "default",
        one_of(*PRESETS),
        """What votes. "default": four ridge classifiers on random multi-scale state-space
        features, trees on quantiles, a ridge classifier on shapelets, an MS-SSM layer that is
        drawn and read out by another, and, where there is a validation split to measure its
        share by (see ``early_stopping``), an MS-SSM network. "fast": two of the ridge
        classifiers, the trees and the shapelets, seconds without gradient descent. "best":
        more of each, four networks. "network": MS-SSM only, two layers that are drawn and one
        network that is trained as in the paper; with ``bidirectional=False`` the trained one
        alone, which can be read forward in time and streamed.""",
        option="--preset",
        brief="fast: seconds, no network; best: what an hour buys; network: MS-SSM only, "
        "drawn and trained. With --causal network, else default.",
    )
    time_budget: float | None = _row(
        None,
        Number(positive=True, optional=True, unit="seconds"),
        """Seconds that training may take. Members for which there is no time are left out (one
        there always is), and networks train for what the others leave.""",
        option="--time-budget",
        brief="Time that training may take; what does not fit is left out.",
    )
    n_scales: int = _row(
        3,
        Whole(least=0),
        """Levels of the wavelet decomposition; fewer where the series are too short for them. 0:
        a single-scale model.""",
        concerns=NETWORKS,
        option="--scales",
        brief="Levels of the decomposition; 0 for a single-scale model.",
    )
    core: str = _row(
        "lti",
        OneOf(CORES.names, "str"),
        f"""State-space model of every stream. {_named(CORES.own_names(), CORES.summary)}. Others
        register themselves, see :data:`msssm_ts.model.cores.CORES`.""",
        concerns=NETWORKS,
        option="--core",
        brief="State-space model of every stream.",
    )
    d_model: int = _row(
        64,
        Whole(most=4096),
        "Width.",
        concerns=NETWORKS,
        option="--width",
        brief="Width of the network.",
    )
    n_layers: int = _row(
        3,
        Whole(most=256),
        "Blocks.",
        concerns=TRAINED,
        option="--layers",
        brief="Blocks of the network.",
    )
    d_state: int = _row(
        20,
        Whole(most=4096),
        "State per channel, shared out over the scales.",
        concerns=NETWORKS,
        option="--state",
        brief="State per channel, shared out over the scales.",
    )
    kernel_size: int = _row(
        8,
        Whole(most=65_536),
        "Taps of the decomposition's filters.",
        concerns=NETWORKS,
        option="--taps",
        brief="Taps of the decomposition's filters.",
    )
    bidirectional: bool = _row(
        True,
        Anything("bool"),
        "Read the series in both directions; False gives a causal model.",
        concerns=TRAINED,
        option="--causal",
        brief="Read forward in time only, as a stream needs.",
    )
    dropout: float = _row(
        0.1,
        Number(below=1),
        "Dropout of whole channels after each block.",
        concerns=TRAINED,
        option="--dropout",
        brief="Dropout of whole channels after each block.",
    )
    pooling: Literal["mean", "max", "mean_max", "last"] = _row(
        "mean_max",
        one_of("mean", "max", "mean_max", "last"),
        "From steps to one vector per series.",
        concerns=TRAINED,
        option="--pooling",
        brief="From steps to one vector per series.",
    )
    stem_stride: int | Literal["auto"] = _row(
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
    max_epochs: int | None = _row(
        None,
        Whole(optional=True, most=10_000),
        "Passes over the training data; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--max-epochs",
        brief="Passes over the data; else by the amount of data.",
    )
    batch_size: int | None = _row(
        None,
        Whole(optional=True),
        "Series per step; chosen by the amount of data by default.",
        concerns=TRAINED,
        option="--batch-size",
        brief="Series per step; else by the amount of data.",
    )
    learning_rate: float = _row(
        2e-3,
        Number(positive=True),
        "Peak learning rate of AdamW.",
        concerns=TRAINED,
        option="--learning-rate",
        brief="Peak learning rate.",
    )
    weight_decay: float = _row(
        0.05,
        Number(),
        "AdamW's, not applied to the state-space parameters, biases, norms and filters.",
        concerns=TRAINED,
        option="--weight-decay",
        brief="Weight decay of the matrices.",
    )
    label_smoothing: float = _row(
        0.1,
        Number(below=1),
        "Probability mass that training spreads over the other classes.",
        concerns=TRAINED,
        option="--label-smoothing",
        brief="Probability mass that training spreads over the other classes.",
    )
    mixup: float | Literal["auto"] = _row(
        "auto",
        Number(auto=True),
        """Mix pairs of training series, their shares drawn from Beta(mixup, mixup). "auto": 0.3
        for sound (spectra, or behind a filter bank), else 0.""",
        concerns=TRAINED,
        option="--mixup",
        brief="Mix pairs of training series, by Beta(mixup, mixup); auto: 0.3 for sound, else 0.",
    )
    shift: float | Literal["auto"] = _row(
        "auto",
        Number(auto=True, below=1),
        """Move training series in time at random, by up to this part of their length. "auto": 0.1
        for sound, else 0.""",
        concerns=TRAINED,
        option="--shift",
        brief="Move training series by up to this part of their length; auto: 0.1 for sound, "
        "else 0.",
    )
    masks: float | Literal["auto"] = _row(
        "auto",
        Number(auto=True, below=1),
        """Hide two stretches of every training series at random, each up to this part of its
        length, and of spectra two groups of neighbouring bands. "auto": 0.1 for sound, else 0.""",
        concerns=TRAINED,
        option="--masks",
        brief="Hide stretches of training series, and bands of spectra, each up to this part; "
        "auto: 0.1 for sound, else 0.",
    )
    warp: float | Literal["auto"] = _row(
        "auto",
        Number(auto=True, below=1),
        """Stretch or squeeze training series in time at random, by up to this part, and spectra in
        frequency. "auto": 0.12 for sound, else 0.""",
        concerns=TRAINED,
        option="--warp",
        brief="Stretch training series in time, and spectra in frequency, by up to this part; "
        "auto: 0.12 for sound, else 0.",
    )
    class_weight: ClassWeight = _row(
        None,
        Anything('dict, "balanced" or None', check_class_weight),
        """Weight of each class in the loss, or inversely to its frequency. With several labels at
        once, the weight of each label's presence, by column number.""",
        option="--class-weight",
        brief="Weight classes alike, however frequent (balanced).",
    )
    missing: Missing = _row(
        "error",
        one_of("error", "mask", "interpolate"),
        """NaN in X: refused; or masked, a missing step putting nothing into the scans and not
        counting in pooling; or interpolated along each channel.""",
        option="--missing",
        brief="Missing values: masked, interpolated, or refused (error).",
    )
    preparation: Preparation | None = _row(
        None,
        Anything("Preparation", check_preparation),
        """What is done to every series first, then and at prediction: channels, resampling,
        filters, spectra, windows. See :class:`msssm_ts.preparation.Preparation`.""",
    )
    early_stopping: bool | Literal["auto"] = _row(
        "auto",
        OneOf(lambda: (True, False, "auto"), 'bool or "auto"'),
        """Set a stratified part of the training data aside, keep the weights that do best on it
        and stop when they no longer improve. "auto": from 300 series on; where others vote, too,
        and there are groups, only if the part has five of them or more: fewer patients or
        speakers cannot tell what a network is worth.""",
    )
    validation_fraction: float = _row(0.15, Number(below=1), "That part.")
    n_iter_no_change: int | Literal["auto"] = _row(
        "auto",
        Whole(auto=True),
        """Epochs without improvement before stopping. "auto": 20, on sound half of all epochs, if
        these are more.""",
        concerns=TRAINED,
    )
    warm_start: bool = _row(
        False,
        one_of(True, False),
        "Let ``fit`` go on from the networks' weights of the last one.",
        concerns=TRAINED,
    )
    dtype: Literal["float32", "float64"] = _row(
        "float32",
        one_of("float32", "float64"),
        """Precision of the series and of the network. Series are of this type before anything is
        done to them, whatever they come as.""",
    )
    device: str = _row(
        "auto",
        Anything("str"),
        '"auto" is a CUDA card where there is one, else the CPU.',
        option="--device",
        brief="auto, cpu or cuda.",
    )
    random_state: int | np.random.RandomState | None = _row(
        None,
        Anything("int, RandomState or None"),
        """Seed; the same seed, on the same machine with the same number of threads, gives the
        same model, bit for bit on a CPU.""",
        option="--seed",
        brief="The same seed gives the same model.",
    )
    verbose: int = _row(
        0,
        Anything("int"),
        "1 shows progress on stderr: a bar on a terminal, else a line per epoch.",
    )
    callbacks: Sequence[Callback] | None = _row(
        None,
        Anything("sequence of callables"),
        """Each is called with a :class:`msssm_ts.training.Progress` after every step and
        epoch.""",
    )
    members: Sequence[str] | None = _row(
        None,
        SeveralOf(MEMBERS.names),
        f"""What votes instead of the preset's members, by name, each as often as it is wanted.
        {_named(MEMBERS.own_names(), MEMBERS.summary)}.""",
        option="--members",
        brief="What votes instead of the preset's, separated by commas, such as "
        "scan_ridge,network.",
    )


def redefined(name: str, default: Any) -> Any:
    """Return a row of the table with another default, for a class that derives from it."""
    row = next(row for row in dataclasses.fields(Parameters) if row.name == name)
    return dataclasses.field(default=default, metadata=row.metadata)


def specs() -> Iterator[tuple[str, Any, Spec]]:
    """Yield name, default and spec of every parameter, in the constructor's order."""
    for row in dataclasses.fields(Parameters):
        yield row.name, row.default, row.metadata["spec"]


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Raise ValueError or TypeError, naming it, for a parameter out of range.

    Examples
    --------
    >>> check_parameters(vars(Parameters()))
    """
    for name, _, spec in specs():
        spec.check(name, parameters[name])


def documented(cls: type[T]) -> type[T]:
    """Put the table into a class's docstring, where it says ``{parameters}``."""
    defaults = {row.name: row.default for row in dataclasses.fields(cls)}  # type: ignore[arg-type]
    lines = []
    for name, _, spec in specs():
        default = defaults[name]
        shown = f'"{default}"' if isinstance(default, str) else repr(default)
        what = (
            ", optional"
            if default is None and spec.check.described[-4:] != "None"
            else (f", default={shown}")
        )
        lines.append(f"{name} : {spec.check.described}{what}")
        text = " ".join(spec.meaning.split())
        lines += textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")
    assert cls.__doc__ is not None
    cls.__doc__ = cls.__doc__.replace("{parameters}", "\n    ".join(lines))
    return cls
