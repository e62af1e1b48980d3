"""An experiment on a part of the network: arms that differ in one thing, on the same series."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load

Series = list[NDArray[np.float32]]
# Series and labels to train on, and to score.
Sides = tuple[Series, NDArray[Any], Series, NDArray[Any]]


class Outcome(NamedTuple):
    """What came of an arm on one set with one seed.

    Parameters
    ----------
    accuracy : float
        On the series to score.
    seconds : float
        Of the fit.
    n_parameters : int
        Numbers that were learned.
    """

    accuracy: float
    seconds: float
    n_parameters: int


@dataclass(frozen=True)
class Arm:
    """One way of several.

    Parameters
    ----------
    name : str
        As the table has it.
    parameters : mapping
        Of the estimator, beside those that all arms share.
    change : callable, optional
        From both sides and a seed to what this arm is given: for controls.
    score : callable, optional
        From both sides, all parameters and a seed to an :class:`Outcome`, where to fit the
        estimator and to count right answers is not it.
    against : str
        The arm that it is compared with, if not the baseline.
    control : str
        The arm that differs from it in nothing but what is tried.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[..., Sides] | None = None
    score: Callable[..., Outcome] | None = None
    against: str = ""
    control: str = ""


@dataclass(frozen=True)
class Experiment:
    """Arms on sets of series.

    Parameters
    ----------
    name : str
        The part.
    question : str
        What it is to answer.
    arms : tuple of Arm
        The ways.
    baseline : str
        The arm that the others are compared with.
    sets : tuple of str
        Folders of the data, with a training and a test part.
    generate : mapping of str to callable, optional
        Sets that are made from a seed.
    parameters : mapping
        Of the estimator, in every arm.
    in_turns : bool
        Whether what is kept was run arm by arm in turns, so that seconds can be compared.
    """

    name: str
    question: str
    arms: tuple[Arm, ...]
    baseline: str
    sets: tuple[str, ...] = ()
    generate: Mapping[str, Callable[[int], Sides]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    in_turns: bool = True

    def sides(self, data: Path, name: str, seed: int) -> Sides:
        """Return what a set has to train on and to score."""
        if name in self.generate:
            return self.generate[name](seed)
        train, test = (load(data / name, ReadOptions(split=part)) for part in ("train", "test"))
        return (*_plain(train), *_plain(test))

    def outcome(self, arm: Arm, sides: Sides, seed: int) -> Outcome:
        """Return what comes of an arm."""
        parameters = {"members": ["network"], **self.parameters, **arm.parameters}
        if arm.change is not None:
            sides = arm.change(*sides, seed)
        return (arm.score or fitted)(*sides, parameters, seed)


def fitted(
    X: Series,
    y: NDArray[Any],
    X_test: Series,
    y_test: NDArray[Any],
    parameters: Mapping[str, Any],
    seed: int,
) -> Outcome:
    """Fit the estimator, and count right answers."""
    began = time.perf_counter()
    model = MSSSMClassifier(**parameters, random_state=seed).fit(X, y)
    seconds = time.perf_counter() - began
    right = model.predict(X_test) == y_test
    return Outcome(float(right.mean()), seconds, model.model_.vote.n_parameters)


def changed(change: Callable[[], AbstractContextManager[Any]]) -> Callable[..., Outcome]:
    """Return how an arm is scored whose network is another one as long as something lasts."""

    def score(
        X: Series,
        y: NDArray[Any],
        X_test: Series,
        y_test: NDArray[Any],
        parameters: Mapping[str, Any],
        seed: int,
    ) -> Outcome:
        with change():
            return fitted(X, y, X_test, y_test, parameters, seed)

    return score


def _plain(data: Any) -> tuple[Series, NDArray[Any]]:
    return [np.asarray(s, np.float32) for s in data.values], np.asarray(data.labels)
