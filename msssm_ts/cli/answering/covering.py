"""Prediction sets: the classes that hold the true one as often as ``--coverage`` asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.fitted import Labels

AskedCoverage = Annotated[
    float | None,
    typer.Option(
        "--coverage",
        metavar="P",
        help="Sets of classes, so many of which hold the true one, such as 0.9.",
    ),
]
PerClass = Annotated[
    bool,
    typer.Option("--per-class", help="With --coverage: as many of each class, however rare it is."),
]


@dataclass(frozen=True)
class Covering:
    """Which prediction sets are asked for.

    Parameters
    ----------
    coverage : float
        Part of the sets that hold the true class.
    per_class : bool
        Whether of each class as many do.
    """

    coverage: float
    per_class: bool

    def sets(self, labels: Labels, proba: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Return which classes (n_series, n_classes) the set of each series has."""
        assert labels.coverage is not None
        return labels.coverage.sets(proba, self.coverage, self.per_class)


def asked_covering(coverage: float | None, per_class: bool) -> Covering | None:
    """Return which sets are asked for; None for none.

    Raises
    ------
    InputError
        If the options cannot be used together, or that coverage is none.
    """
    if coverage is None:
        if per_class:
            raise InputError("--per-class is about the sets of --coverage; give that, too")
        return None
    if not 0 < coverage < 1:
        raise InputError(f"--coverage {coverage:g}: must be between 0 and 1, such as 0.9")
    return Covering(coverage, per_class)


def check_covering(labels: Labels, covering: Covering | None) -> None:
    """Refuse a model that knows nothing to make sets from.

    Raises
    ------
    InputError
        If a series can have several labels, or no answers of series left out are kept.
    """
    if covering is None or labels.coverage is not None:
        return
    if labels.multilabel:
        raise InputError(
            "--coverage is of one class a series; here each label has a threshold of its own"
        )
    raise InputError(
        "--coverage: the model keeps no answers of series left out, being of an earlier version or "
        "fitted on too few, of which the most of its vote told nothing; fit it again, on more"
    )


def too_few(labels: Labels, covering: Covering) -> str | None:
    """Say which classes are in every set, because too few of their series were left out."""
    told = labels.coverage
    assert told is not None
    if not covering.per_class:
        if math.isfinite(told.every.limit(covering.coverage)):
            return None
        return (
            f"a coverage of {covering.coverage:g} asks for more than the {told.every.count} series "
            "(or groups) left out: every set has all classes"
        )
    names = [
        str(name)
        for name, scores in zip(labels.classes.tolist(), told.classes, strict=True)
        if not math.isfinite(scores.limit(covering.coverage))
    ]
    if not names:
        return None
    from msssm_ts.datasets.messages import enumerate_names

    return (
        f"too few series (or groups) of {enumerate_names(names)} were left out for a coverage of "
        f"{covering.coverage:g}: every set has them"
    )


def reached(sets: NDArray[np.bool_], truth: NDArray[np.bool_], names: list[str]) -> dict[str, Any]:
    """Return how prediction sets do on labelled series.

    Parameters
    ----------
    sets, truth : boolean arrays of shape (n_series, n_classes)
        What is in the sets, and what is true.
    names : list of str
        Of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> sets = np.array([[True, False], [True, True]])
    >>> reached(sets, np.eye(2, dtype=bool), ["a", "b"])["mean_size"]
    1.5
    """
    import numpy as np

    held, sizes = np.asarray((sets & truth).any(axis=1)), sets.sum(axis=1)
    single = sizes == 1
    of_class = {
        name: float(held[truth[:, k]].mean()) if truth[:, k].any() else None
        for k, name in enumerate(names)
    }
    return {
        "coverage": float(held.mean()),
        "mean_size": float(sizes.mean()),
        "single": float(single.mean()),
        "single_accuracy": float(held[single].mean()) if single.any() else None,
        "per_class": of_class,
    }


def reached_pairs(found: dict[str, Any], covering: Covering) -> dict[str, object]:
    """Return what :func:`reached` found, to show."""
    right = found["single_accuracy"]
    pairs: dict[str, object] = {
        "coverage": f"{found['coverage']:.4f} (asked for: {covering.coverage:g})",
        "mean set size": f"{found['mean_size']:.3f}",
        "sets of one class": f"{found['single']:.4f}"
        + ("" if right is None else f", of which {right:.4f} are right"),
    }
    known = {name: value for name, value in found["per_class"].items() if value is not None}
    least = min(known, key=lambda name: known[name])
    return pairs | {"least coverage of a class": f"{known[least]:.4f} ({least})"}
