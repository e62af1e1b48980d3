"""The one table of the classifier's parameters.

Each is a field with its default, what it may be, what it means, whom it concerns, and, where it
has one, its option of ``msssm-ts fit``. Both estimators take their constructor from it; checks,
command line, docstrings and the reference pages are made from it. Three groups have files of their
own: ``vote.py``, ``network.py``, ``learning.py``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msssm_ts.members import MEMBERS
from msssm_ts.parameter_checks import (
    Anything,
    Number,
    SeveralOf,
    Whole,
    check_callbacks,
    check_cluster,
    check_device,
    check_seed,
    check_verbose,
    one_of,
)
from msssm_ts.parameter_rows import Spec, named, row, specs_of
from msssm_ts.parameters.learning import LearningParameters
from msssm_ts.parameters.network import NetworkParameters
from msssm_ts.parameters.vote import VoteParameters

if TYPE_CHECKING:
    import numpy as np

    from msssm_ts.training import Callback


# In the constructor's order: a dataclass has its last base's fields first, and its own at the end.
# Like its bases it has no ``eq`` and no ``repr``: an estimator compares and hashes by identity, and
# scikit-learn writes its own repr.
@dataclass(eq=False, repr=False)
class Parameters(LearningParameters, NetworkParameters, VoteParameters):
    """The constructor of both estimators: vote, network, learning; then how it runs and decides."""

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
        Anything("str", check_device),
        '"auto" is a CUDA card where there is one, else the CPU.',
        option="--device",
        brief="auto, cpu or cuda.",
    )
    random_state: int | np.random.RandomState | None = row(
        None,
        Anything("int, RandomState or None", check_seed),
        """Seed; the same seed, on the same machine with the same number of threads, gives the
        same model, bit for bit on a CPU.""",
        option="--seed",
        brief="The same seed gives the same model.",
    )
    verbose: int = row(
        0,
        Anything("int", check_verbose),
        "1 shows progress on stderr: a bar on a terminal, else a line per epoch.",
    )
    callbacks: Sequence[Callback] | None = row(
        None,
        Anything("sequence of callables", check_callbacks),
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
        :class:`msssm_ts.fitted.decision.LogPriors`. "auto": "accuracy", with ``unlabelled`` series
        for classes that are as frequent as these tell, where as many of each class have labels;
        the command line takes "macro_f1" for heart beats, of which the rare ones matter.""",
        option="--decide",
        brief="What predictions are best at: accuracy (the most probable class), or classes "
        "counted alike, however rare; auto is macro_f1 for heart beats, else accuracy, with "
        "--unlabelled for classes as frequent as there.",
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
    objective: Literal["auto", "spans", "next", "contrast", "diffusion"] = row(
        "auto",
        one_of("auto", "spans", "next", "contrast", "diffusion"),
        """What is learned from series without labels (``unlabelled`` of ``fit``). "spans": to fill
        in hidden tenths of a series. "next": to tell the next steps, for causal networks.
        "contrast": to know two views of a series again among those of others. "diffusion": to tell
        series from noise among them. "auto": "next" where the network is causal, "contrast" where
        it takes in many steps at a time, halves them or keeps channels apart, else "spans".""",
        option="--objective",
        brief="What is learned from unlabelled series: fill in hidden spans, tell the next steps "
        "(--causal), know views of a series again (contrast), or tell it from noise (diffusion); "
        "auto: what the network can do.",
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
