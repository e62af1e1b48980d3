"""Training series that a model keeps, and which of them others are most like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.familiarity import N_DIRECTIONS, projected
from msssm_ts.members.tensors import TensorSpec
from msssm_ts.series.excerpts import POINTS, Excerpts

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
# Before the names of the arrays in a file.
PREFIX = "exemplars."


@dataclass(frozen=True)
class Exemplars:
    """Training series by their fingerprints, with an excerpt of each.

    A fingerprint is what a vote answers of a series (square roots of its probabilities, of which
    the distance is Hellinger's; of a training series when it was left out, where that is known),
    and beside it features of one member on random directions, both in units of their own spread.

    Parameters
    ----------
    member : int or None
        Place in the vote of the member with the features; None where none has any.
    units : tuple of float
        What answers, and features, are divided by.
    per_class, count : int
        How many of a class are kept at most, and of how many training series.
    at : float16 array of shape (n_kept, n_numbers)
        Fingerprints.
    numbers : int64 array of shape (n_kept,)
        Places of the series among those that were passed to ``fit``, ascending.
    labels : int64 array of shape (n_kept,), or (n_kept, n_labels) of 0 and 1
        Their classes, or labels.
    excerpts : Excerpts
        What they look like.
    names : tuple of str, optional
        What they are called.
    """

    member: int | None
    units: tuple[float, float]
    per_class: int
    count: int
    at: NDArray[np.float16]
    numbers: Rows
    labels: Rows
    excerpts: Excerpts
    names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.at)

    def name(self, place: int) -> str:
        """Return what one is called: its name, or its number from 1."""
        return str(self.numbers[place] + 1) if self.names is None else self.names[place]

    def nearest(self, at: Floats, k: int) -> tuple[Floats, Rows]:
        """Return distances to the k nearest and their places, (n_series, k) each, nearest first.

        Every one is looked at; of two that are as near, that with the smaller number comes first.

        Raises
        ------
        InputError
            If there are not so many.
        """
        if k > len(self):
            raise InputError(
                f"the {k} most similar training series are asked for, and the model keeps "
                f"{len(self)}; ask for fewer, or fit it with more exemplars"
            )
        known = self.at.astype(np.float64)
        distances, places = np.empty((len(at), k)), np.empty((len(at), k), np.int64)
        for i, row in enumerate(at):
            squares = np.square(known - row).sum(1)
            places[i] = np.argsort(squares, kind="stable")[:k]
            distances[i] = np.sqrt(squares[places[i]])
        return distances, places

    def to_dict(self) -> dict[str, Any]:
        """Return as JSON holds it all but the arrays."""
        return {
            "member": self.member,
            "units": list(self.units),
            "per_class": self.per_class,
            "count": self.count,
            "names": None if self.names is None else list(self.names),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by their names in a file."""
        own = {"at": self.at, "numbers": self.numbers, "labels": self.labels}
        return {f"{PREFIX}{k}": v for k, v in {**own, **self.excerpts._asdict()}.items()}


def exemplars_from(
    said: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]], n_outputs: int
) -> Exemplars | None:
    """Return what :meth:`Exemplars.to_dict` and ``arrays`` have written; None where nothing is.

    Raises
    ------
    ValueError
        If the numbers cannot be what they are said to be.
    """
    if said is None:
        return None
    own = {k.removeprefix(PREFIX): v for k, v in arrays.items() if k.startswith(PREFIX)}
    excerpts = Excerpts(*(own[name] for name in Excerpts._fields))
    numbers, labels, names = own["numbers"], own["labels"], said["names"]
    if names is not None and len(names) != len(numbers):
        raise ValueError(f"{len(names)} names of {len(numbers)} exemplars")
    if not len(numbers) or numbers[0] < 0 or (np.diff(numbers) <= 0).any():
        raise ValueError("numbers of exemplars do not grow from 0")
    if labels.min() < 0 or labels.max() >= (n_outputs if labels.ndim == 1 else 2):
        raise ValueError(f"an exemplar of a class beyond the {n_outputs} that there are")
    if excerpts.lengths.min() < 1:
        raise ValueError("an exemplar without steps")
    names = None if names is None else tuple(names)
    units = (said["units"][0], said["units"][1])
    facts = (said["member"], units, said["per_class"], said["count"])
    return Exemplars(*facts, own["at"], numbers, labels, excerpts, names)


def expected_arrays(
    said: Mapping[str, Any] | None, n_outputs: int, multilabel: bool
) -> dict[str, TensorSpec]:
    """Return the shapes of the arrays that a header implies."""
    if said is None:
        return {}
    n: tuple[int | str, ...] = ("n_kept",)
    channels = (*n, "n_channels")
    size = n_answers(n_outputs) + (0 if said["member"] is None else N_DIRECTIONS)
    specs = {
        "at": TensorSpec((*n, size), "float16"),
        "numbers": TensorSpec(n, "int64"),
        "labels": TensorSpec((*n, n_outputs) if multilabel else n, "int64"),
        "codes": TensorSpec((*channels, POINTS), "uint8"),
        "ranges": TensorSpec((*channels, 2), "float64"),
        "lengths": TensorSpec(n, "int64"),
    }
    return {f"{PREFIX}{name}": spec for name, spec in specs.items()}


def n_answers(n_outputs: int) -> int:
    """Return how many numbers of a fingerprint are of the answer."""
    return min(n_outputs, N_DIRECTIONS)


def answers_at(proba: NDArray[np.floating[Any]]) -> Floats:
    """Return where probabilities (n_series, n_outputs) are: (n_series, n_answers)."""
    roots: Floats = np.sqrt(np.clip(proba, 0.0, 1.0)).astype(np.float64)
    return roots if roots.shape[1] == n_answers(roots.shape[1]) else projected(roots)
