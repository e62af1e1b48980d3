"""What a fitted model knows beside its vote."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.coverage import Coverage
from msssm_ts.fitted.decision import Decision
from msssm_ts.fitted.schema import check_origin
from msssm_ts.fitted.strict_json import parse_json
from msssm_ts.series import Series
from msssm_ts.series.fingerprints import fingerprints
from msssm_ts.text import counted


@dataclass(frozen=True)
class Source:
    """Where the training series came from, and what others must be like.

    Parameters
    ----------
    n_channels : int
        Channels of a series.
    channel_names : tuple of str, optional
        Their names.
    sampling_rate : float, optional
        In hertz.
    n_features : int, optional
        Steps, where the series came as a table (n_samples, n_timepoints).
    feature_names : tuple of str, optional
        The table's columns, where all are strings.
    origin : mapping, optional
        What a reader understood of their source, as JSON holds it: units, options, account.
    fingerprints : integer array, optional
        Of the series (:func:`msssm_ts.series.fingerprints.fingerprints`).
    """

    n_channels: int
    channel_names: tuple[str, ...] | None = None
    sampling_rate: float | None = None
    n_features: int | None = None
    feature_names: tuple[str, ...] | None = None
    origin: Mapping[str, Any] | None = None
    fingerprints: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        # Before a fit, not when its file is read: what cannot be kept is refused.
        try:
            check_origin(parse_json(json.dumps(self.origin, allow_nan=False)), self.n_channels)
        except (ValueError, TypeError) as error:
            raise InputError(
                f"what is said of the data's origin cannot be kept: {error}"
            ) from error

    def n_seen(self, series: Sequence[Series]) -> tuple[int, int]:
        """Count the series that the model was trained on, of those that were looked at.

        Both are 0 where the model does not remember.
        """
        if self.fingerprints is None:
            return 0, 0
        found = fingerprints(series)
        return int(np.isin(found, self.fingerprints).sum()), len(found)

    def check_channels(self, n_channels: int, names: Sequence[str] | None) -> None:
        """Refuse series of another number of channels, unless names tell which are meant.

        Raises
        ------
        ValueError
            Naming both numbers.
        """
        check_channel_names(names, n_channels)
        if n_channels != self.n_channels and (names is None or self.channel_names is None):
            raise ValueError(
                f"X has {counted(n_channels, 'channel')}, but the model was trained on "
                f"{self.n_channels}"
            )


def check_channel_names(names: Sequence[str] | None, n_channels: int) -> None:
    """Refuse names that are more or fewer than the channels, twice there, or one text for several.

    Raises
    ------
    ValueError
        Naming both numbers, or the name.
    """
    if isinstance(names, str):
        raise ValueError(f"channel_names must be a list of names, not {names!r}")
    if names is None:
        return
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise ValueError(f"channel_names must be text, not {odd[0]!r}")
    if len(names) != n_channels:
        raise ValueError(f"{len(names)} channel_names for {counted(n_channels, 'channel')}")
    twice = next((name for name, n in Counter(names).items() if n > 1), None)
    if twice is not None:
        raise ValueError(f"channel_names has {twice!r} twice: give each channel its own")


def check_sampling_rate(rate: Any) -> None:
    """Refuse what is no rate in hertz.

    Raises
    ------
    ValueError
        With what was given.

    Examples
    --------
    >>> check_sampling_rate(None), check_sampling_rate(np.float32(250))
    (None, None)
    >>> check_sampling_rate("250")
    Traceback (most recent call last):
    ValueError: sampling_rate must be a positive number in hertz, or None, not '250'
    """
    is_number = isinstance(rate, Real) and not isinstance(rate, (bool, np.bool_))
    if rate is not None and not (is_number and 0 < float(rate) < float("inf")):
        raise ValueError(f"sampling_rate must be a positive number in hertz, or None, not {rate!r}")


@dataclass(frozen=True)
class Labels:
    """What the outputs stand for.

    Parameters
    ----------
    classes : array of shape (n_classes,)
        Labels, sorted; with several labels at once their column numbers.
    multilabel : bool
        Whether a series can have several labels at once.
    thresholds : array of shape (n_classes,)
        With several labels: probabilities from which on each is predicted.
    names : tuple of str, optional
        Of several labels.
    decision : OperatingPoint or LogPriors, optional
        How a class is chosen; None: the most probable one.
    coverage : Coverage, optional
        What prediction sets are made from; None where no series were left out.

    Examples
    --------
    >>> Labels(np.array(["a", "b"])).chosen(np.array([[0.2, 0.8]]))
    array(['b'], dtype='<U1')
    """

    classes: NDArray[Any]
    multilabel: bool = False
    thresholds: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    names: tuple[str, ...] | None = None
    decision: Decision | None = None
    coverage: Coverage | None = None

    def __post_init__(self) -> None:
        if not len(self.thresholds):
            object.__setattr__(self, "thresholds", np.full(len(self.classes), 0.5))

    @property
    def shown(self) -> NDArray[Any]:
        """What the columns of probabilities are called."""
        return self.classes if self.names is None else np.array(self.names)

    def chosen(self, proba: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Return the labels that probabilities (n_series, n_classes) stand for."""
        labels: NDArray[Any] = (
            (proba >= self.thresholds).astype(int)
            if self.multilabel
            else self.classes[self.chosen_columns(proba)]
        )
        return labels

    def chosen_columns(self, proba: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the class, by its column, of each series that has one class."""
        columns: NDArray[np.int64] = (
            proba.argmax(1) if self.decision is None else self.decision.chosen(proba)
        )
        return columns


@dataclass(frozen=True)
class FitRecord:
    """How a model came about.

    Parameters
    ----------
    parameters : dict
        The estimator's, as far as JSON can hold them.
    history : dict of str to list
        Of the first member that was trained by steps, one entry an epoch; empty lists without.
    n_iter, best_iter : int
        Its epochs, and the one whose weights were kept.
    n_parameters : int
        Numbers that were learned, by all members.
    seconds : float
        The fit took.
    seed : int
        Of all that was drawn.
    device : str
        Where networks were trained.
    threads : int
        How many torch was given.
    training_data : dict, optional
        Of the training series: how many, shortest and longest (steps), how many of each class or
        with each label, groups where there are any.
    notes : tuple of str
        What had nothing to act on, or was left out, and why.
    versions : dict of str to str
        Of this and the libraries that it rests on.
    estimate : dict, optional
        What to expect of the vote: its ``accuracy`` on training series (or groups) left out, as
        its members tell it, between ``low`` and ``high`` (95 %), counted on ``n_series``.
    members : tuple of dict
        Of each member ``seconds``, its own ``accuracy`` on series left out, and ``alike``: the
        correlations of its errors with each member's.
    plan : dict, optional
        What was said before the fit, where series are more than what is held of them; of a model
        that was just fitted: files do not keep it.
    processes : int
        How many trained the networks together.
    """

    parameters: dict[str, Any]
    history: dict[str, list[Any]]
    n_iter: int
    best_iter: int
    n_parameters: int
    seconds: float
    seed: int
    device: str
    threads: int
    training_data: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    estimate: dict[str, Any] | None = None
    members: tuple[dict[str, Any], ...] = ()
    plan: dict[str, Any] | None = None
    processes: int = 1
