"""An experiment on a part of the network: arms that differ in one thing, on the same series."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load

Series = list[NDArray[np.float32]]
# A network that says something soon.
SMALL = {"d_model": 32, "n_layers": 2}


class Sides(NamedTuple):
    """Series and labels to train on, and to score.

    Parameters
    ----------
    X, X_test : list of arrays of shape (n_channels, length)
        The series.
    y, y_test : arrays
        Their labels.
    """

    X: Series
    y: NDArray[Any]
    X_test: Series
    y_test: NDArray[Any]

    @classmethod
    def parted(cls, X: Series, y: NDArray[Any], n: int) -> Sides:
        """Return the first n to train on, and the others to score."""
        return cls(X[:n], y[:n], X[n:], y[n:])

    def seen(self, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Sides:
        """Return both with every series changed, in their order."""
        return Sides(
            [change(x) for x in self.X], self.y, [change(x) for x in self.X_test], self.y_test
        )


def both(
    make: Callable[[np.random.Generator, int], tuple[Series, NDArray[Any]]],
) -> Callable[[int], Sides]:
    """Return what makes 400 series for either side, from a seed."""

    def sides(seed: int) -> Sides:
        rng = np.random.default_rng(seed)
        return Sides(*make(rng, 400), *make(rng, 400))

    return sides


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


def fitted(sides: Sides, parameters: Mapping[str, Any], seed: int) -> Outcome:
    """Fit the estimator, and count right answers."""
    began = time.perf_counter()
    model = MSSSMClassifier(**parameters, random_state=seed).fit(sides.X, sides.y)
    seconds = time.perf_counter() - began
    return scored(model, sides, seconds)


def scored(model: MSSSMClassifier, sides: Sides, seconds: float, **given: Any) -> Outcome:
    """Count right answers of a model whose fit took so long."""
    right = model.predict(sides.X_test, **given) == sides.y_test
    return Outcome(float(right.mean()), seconds, model.model_.vote.n_parameters)


def built(kind: type, then: Callable[[Any, Any], object]) -> AbstractContextManager[Any]:
    """Have something done to every layer of a kind as soon as it is built of a configuration."""
    own = kind.__init__

    def init(layer: Any, config: Any) -> None:
        own(layer, config)
        then(layer, config)

    return patch.object(kind, "__init__", init)


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
    network : callable
        What makes the network another one as long as it lasts.
    score : callable
        From both sides, all parameters and a seed to an :class:`Outcome`.
    against : str
        The arm that it is compared with, if not the baseline.
    control : str
        The arm that differs from it in nothing but what is tried.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[Sides, int], Sides] | None = None
    network: Callable[[], AbstractContextManager[Any]] = nullcontext
    score: Callable[[Sides, Mapping[str, Any], int], Outcome] = fitted
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
        return Sides(*_plain(train), *_plain(test))

    def outcome(self, arm: Arm, sides: Sides, seed: int) -> Outcome:
        """Return what comes of an arm."""
        parameters = {"members": ["network"], **self.parameters, **arm.parameters}
        if arm.change is not None:
            sides = arm.change(sides, seed)
        with arm.network():
            return arm.score(sides, parameters, seed)


def _plain(data: Any) -> tuple[Series, NDArray[Any]]:
    return [np.asarray(s, np.float32) for s in data.values], np.asarray(data.labels)
