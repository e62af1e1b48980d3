"""What a member of the vote is: fitted from one problem, it knows nothing of the others."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.errors import ExportError
from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Need
from msssm_ts.members.tensors import TensorSpec
from msssm_ts.method import Method
from msssm_ts.series import Prepared
from msssm_ts.training import Keeper, Reporter

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class State:
    """What a model file holds of a member.

    Parameters
    ----------
    arrays : dict of str to array
        Everything large.
    facts : dict
        What JSON can hold: settings and constants that the arrays are of no use without, and
        what else there is to say; ``info`` shows what is short of it.
    """

    arrays: Arrays
    facts: dict[str, Any] = field(default_factory=dict)


def shown_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``info``, ``inspect`` and the report show of a member's facts: what is short.

    Examples
    --------
    >>> shown_facts({"config": {"n_scales": 3}, "history": {"loss": [0.5]}, "best_epoch": 1})
    {'n_scales': 3, 'best_epoch': 1}
    """
    shown: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            shown |= {k: v for k, v in value.items() if not isinstance(v, (list, Mapping))}
        else:
            shown[name] = value
    return shown


class Member(ABC):
    """A fitted classifier of standardised series.

    A subclass says how it is fitted, asked and kept; the rest has a default. A folder of
    :mod:`msssm_ts.members`, or a file outside the package, registers it by name with
    ``MEMBERS.register``.

    Attributes
    ----------
    kind : str
        The name that it is registered by.
    title : str
        What progress calls it.
    prior : float
        Weight of all members of the kind together beside the others', where nothing measures it.
    most_measured : float
        The largest part of the vote that answers about series left out may give to its kind beside
        the others in closed form, or nothing; 0: it has its prior weight.
    supposed : float
        The part that such a kind has before series left out have told; the fewer have, the nearer
        it stays to that.
    learns_by_steps : bool
        Whether it wants series set aside to stop by, and whether its weight is measured on them.
        Such members are fitted last, and only they can go on from where they were.
    learns_from_sums : bool
        Whether it is a ridge classifier (a field ``ridge``) on standardised features (by a field
        ``scaling``, returned by :meth:`transform`) that hold no series: what it has learned then
        follows from sums over series, to which more can be added.
    weighs_classes, weighs_labels : bool
        Whether weights of classes, and of labels where a series can have several, change what it
        answers.
    left_out : array of shape (n_series, n_outputs) or None
        What it answers of the training series when they, or their groups, are left out; NaN in
        rows where that is not known. Only of a member that was just fitted to a problem that asks
        for it: files do not keep it.
    seconds : float or None
        Its fit took; likewise.
    said : str or None
        What it was that its fit could not do as it was asked to; likewise.
    history : mapping of str to list
        Of its training by steps, one entry an epoch; empty where there was none.
    best_epoch : int
        The epoch whose weights were kept; 0: none was finished.
    """

    kind: ClassVar[str]
    title: ClassVar[str] = "training"
    prior: ClassVar[float] = 0.5
    learns_by_steps: ClassVar[bool] = False
    learns_from_sums: ClassVar[bool] = False
    weighs_classes: ClassVar[bool] = True
    weighs_labels: ClassVar[bool] = False
    left_out: NDArray[np.float64] | None = None
    seconds: float | None = None
    said: str | None = None
    history: Mapping[str, list[Any]] = MappingProxyType({})
    best_epoch: int = 0

    @property
    def most_measured(self) -> float:
        """The largest part of the vote that is measured; 0: none is."""
        return 0.0

    @property
    def supposed(self) -> float:
        """The part of the vote before it is measured."""
        return 0.0

    @property
    def uses_times(self) -> bool:
        """Whether time stamps of the steps say something to it."""
        return False

    @property
    def time_unit(self) -> float:
        """The gap that counts as one step, in the unit of stamps that series must have; or 0."""
        return 0.0

    @property
    def stride(self) -> int:
        """Steps of a series that it takes at a time, in an exported file."""
        return 1

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned."""
        return 0

    @property
    def n_features(self) -> int | None:
        """Columns of :meth:`transform`; None where it has none."""
        return None

    @classmethod
    @abstractmethod
    def fit(
        cls,
        problem: Problem,
        seed: int,
        parameters: Mapping[str, Any] | None = None,
        reporter: Reporter | None = None,
        seconds: float | None = None,
        start: Self | None = None,
        keeper: Keeper | None = None,
    ) -> Self:
        """Learn.

        Parameters
        ----------
        problem : Problem
            What to learn.
        seed : int
            Of all that is drawn.
        parameters : mapping, optional
            The estimator's, checked; a member reads those that concern it.
        reporter : Reporter, optional
            Told how far it is.
        seconds : float, optional
            Time that it should take at most.
        start : Member, optional
            Of the same kind, to go on from; only where ``learns_by_steps``.
        keeper : Keeper, optional
            Keeps the work of a member that is long in the making; one that is not need not ask.

        Raises
        ------
        Interrupted, TrainingError
            Where it was cut short; their ``partial`` is the member so far, if there is one.
        """

    @abstractmethod
    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs) of standardised series."""

    @abstractmethod
    def state(self) -> State:
        """Return all that a model file must hold."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described.

        Raises
        ------
        ValueError
            For arrays with numbers that :meth:`state` cannot have written.
        """

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec] | None:
        """Return what arrays :meth:`from_state` takes beside these facts.

        A model file may come from anyone: its arrays are compared with this before they are read,
        so that :meth:`from_state` sees nothing else. What numbers they may hold is for it to check.

        Parameters
        ----------
        facts : mapping
            As JSON had them, of any type and size.
        n_channels : int
            Of the series that the member sees.
        n_outputs : int
            Classes or labels.
        multilabel : bool
            Whether a series can have several labels at once.

        Returns
        -------
        mapping of str to TensorSpec, or None
            None, the default, where a member does not say: then any finite arrays are taken, and
            :meth:`from_state` is on its own.

        Raises
        ------
        ValueError
            For facts that :meth:`state` cannot have written.
        """
        return None

    def check_channels(self, n_channels: int) -> None:  # noqa: B027
        """Raise ValueError where it cannot have learned from series of so many channels.

        Asked of what :meth:`from_state` made of a file.
        """

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return how many of the wanted members of this kind are worth their time; 0: none."""
        return wanted

    @classmethod  # noqa: B027
    def check(cls, problem: Problem, parameters: Mapping[str, Any]) -> None:
        """Raise InputError where :meth:`fit` would; asked before any member is fitted."""

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need | None:
        """Return what the fit of one takes; None where the kind does not say."""
        return None

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it, by its :meth:`state`'s facts; nothing by default."""
        return ()

    def to(self, device: str) -> Self:
        """Return it on a device, for members that use one."""
        return self

    def telling(
        self,
        left_out: NDArray[np.float64] | None = None,
        seconds: float | None = None,
        said: str | None = None,
    ) -> Self:
        """Return the same member with what only the fit knows; by default with nothing."""
        other = copy.copy(self)
        # Members are frozen values, as far as they are values.
        object.__setattr__(other, "left_out", left_out)
        object.__setattr__(other, "seconds", seconds)
        object.__setattr__(other, "said", said)
        return other

    def logits(self, values: Prepared) -> NDArray[np.float64] | None:
        """Return what the probabilities come from, (n_series, n_outputs); None: nothing."""
        return None

    def transform(self, values: Prepared) -> NDArray[np.float64]:
        """Return features (n_series, n_features), for members that have some."""
        raise NotImplementedError

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return what all members of the kind do, in operations that torch exports.

        Parameters
        ----------
        members : sequence of Member
            Of this kind, of one model.
        weights : sequence of float
            Their parts of the vote.
        n_channels : int
            Of the series.

        Returns
        -------
        Module
            From a :class:`msssm_ts.members.graph.GraphInput` to the weighted sum of
            probabilities, (b, n_outputs).

        Raises
        ------
        ExportError
            If there is no such thing, with the reason.
        """
        raise ExportError(
            f"a model with a member {cls.kind!r} cannot be exported to ONNX or pt2: that member "
            "has no graph; --format safetensors keeps all of it"
        )
