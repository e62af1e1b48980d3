"""How probabilities become a class, where that is not simply the most probable one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Asked = Literal["sensitivity", "specificity"]
Aim = Literal["balanced_accuracy", "macro_f1", "accuracy"]

# Beneath it probabilities are as good as 0, whose logarithm is none.
LEAST = 1e-12


@dataclass(frozen=True)
class OperatingPoint:
    """One class is answered from a probability on, else the most probable of the others.

    The probabilities stay what they are: only the decision is another.

    Parameters
    ----------
    positive : int
        The class, by its column.
    threshold : float
        The probability.
    asked : {"sensitivity", "specificity"}, optional
        What the threshold was chosen for: the part of the class's series that is found, or the
        part of all others that is not taken for it. None where the user named the threshold.
    target : float, optional
        How much of it was asked for.
    estimate : mapping, optional
        What to expect, by training series left out: of ``sensitivity`` and ``specificity`` the
        ``value``, ``low`` and ``high`` (95 %) and ``n_series``, or None where that is not known.

    Examples
    --------
    >>> OperatingPoint(1, 0.2).chosen(np.array([[0.7, 0.3, 0.0], [0.5, 0.1, 0.4]]))
    array([1, 0])
    """

    positive: int
    threshold: float
    asked: Asked | None = None
    target: float | None = None
    estimate: Mapping[str, Any] | None = None

    def chosen(self, proba: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the class, by its column, of each row of probabilities (n_series, n_classes)."""
        others = proba.copy()
        others[:, self.positive] = -np.inf
        found = proba[:, self.positive] >= self.threshold
        return np.where(found, self.positive, others.argmax(1))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"kind": "operating_point", **asdict(self)}


@dataclass(frozen=True)
class LogPriors:
    """The class whose log-probability and log-prior are the largest together.

    The probabilities stay what they are: only the decision is another.

    Parameters
    ----------
    aim : {"balanced_accuracy", "macro_f1", "accuracy"}
        What the log-priors were chosen for; "accuracy": where classes are as frequent as among
        series without labels.
    strength : float
        Of what the frequencies of the training series favour, how much is taken back: 0 is the
        most probable class, 1 the most probable were all classes alike frequent, or, for
        "accuracy", as frequent as they are taken to be.
    values : tuple of float
        Added to the logarithm of each class's probability.
    estimate : mapping, optional
        The ``before`` and ``after`` of what was aimed at, on training series left out.

    Examples
    --------
    >>> LogPriors("macro_f1", 1.0, (0.0, 1.5)).chosen(np.array([[0.7, 0.3], [0.9, 0.1]]))
    array([1, 0])
    """

    aim: Aim
    strength: float
    values: tuple[float, ...]
    estimate: Mapping[str, Any] | None = None

    def chosen(self, proba: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
        """Return the class, by its column, of each row of probabilities (n_series, n_classes)."""
        favoured: NDArray[np.float64] = np.log(np.maximum(proba, LEAST)) + self.values
        columns: NDArray[np.int64] = favoured.argmax(1)
        return columns

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"kind": "log_priors", **asdict(self), "values": list(self.values)}


Decision = OperatingPoint | LogPriors


def decision_from(said: Mapping[str, Any] | None) -> Decision | None:
    """Return what ``to_dict`` has written, None for the most probable class."""
    if said is None:
        return None
    facts = {name: value for name, value in said.items() if name != "kind"}
    if said["kind"] == "operating_point":
        return OperatingPoint(**facts)
    return LogPriors(**{**facts, "values": tuple(facts["values"])})


def class_named(classes: NDArray[Any], name: Any) -> int | None:
    """Return the place of a class, which may be written as text; None where there is none.

    Examples
    --------
    >>> class_named(np.array([-1, 1]), "1"), class_named(np.array(["a", "b"]), "c")
    (1, None)
    """
    found = [i for i, own in enumerate(classes.tolist()) if own == name or str(own) == str(name)]
    return found[0] if found else None
