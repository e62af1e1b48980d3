"""Folds of a cross-validation: which series each tests, and what it said of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.text import counted, plural
from msssm_ts.training import Kept

if TYPE_CHECKING:
    from msssm_ts.fitting.checkpoint import Checkpoint
    from msssm_ts.fitting.targets import Targets

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """A part of the series that is tested by a model of the others.

    Parameters
    ----------
    repeat, number : int
        From 1.
    name : str
        For messages.
    train, test : integer arrays
        The series, ascending.
    part : int
        Of the series beside those tested one in so many train, see
        :func:`msssm_ts.cli.crossval.parts.parts_of`.
    """

    repeat: int
    number: int
    name: str
    train: Rows
    test: Rows
    part: int = 1

    @property
    def stage(self) -> str:
        """What its file is called."""
        whole = f"repeat{self.repeat}-fold{self.number}"
        return whole if self.part == 1 else f"{whole}-part{self.part}"


@dataclass(frozen=True)
class Answers:
    """What a fold's model said of the series that it has not seen.

    Parameters
    ----------
    proba : array of shape (n_test, n_classes)
        Probabilities; 0 of a class that the model never saw.
    predicted : boolean array of shape (n_test, n_classes)
        What it answers, by its own decision.
    facts : dict
        ``seconds`` of fit and prediction, ``notes`` on the fit, ``decision``.
    """

    proba: NDArray[np.float64]
    predicted: NDArray[np.bool_]
    facts: dict[str, Any]

    def keep(self, checkpoint: Checkpoint, fold: Fold) -> None:
        """Write them, for a cross-validation that is gone on with."""
        arrays = {"proba": self.proba, "predicted": self.predicted, "test": fold.test}
        checkpoint.keep_work(fold.stage, Kept(arrays, self.facts))

    @classmethod
    def kept(cls, checkpoint: Checkpoint, fold: Fold, n_classes: int) -> Answers | None:
        """Return those of a fold that is finished; None: it is not.

        Raises
        ------
        InputError
            If they are not of that fold.
        """
        found = checkpoint.kept_work(fold.stage)
        if found is None:
            return None
        arrays, shape = found.arrays, (len(fold.test), n_classes)
        try:
            if not np.array_equal(arrays["test"], fold.test):
                raise ValueError("other series")
            if arrays["proba"].shape != shape or arrays["predicted"].shape != shape:
                raise ValueError("other classes")
            facts = {**found.facts, "seconds": float(found.facts["seconds"])}
            return cls(arrays["proba"], arrays["predicted"].astype(bool), facts)
        except (KeyError, ValueError, TypeError) as error:
            raise InputError(
                f"{checkpoint.folder}: what is kept of {fold.name} is damaged ({error}); begin "
                "anew with --force"
            ) from error


def holders(targets: Targets) -> NDArray[np.bool_]:
    """Return which series, a row each, are of which class, or have which label."""
    if targets.multilabel:
        return np.asarray(targets.encoded > 0)
    return np.asarray(targets.encoded[:, None] == np.arange(len(targets.classes)))


def folds_of(
    targets: Targets, groups: NDArray[Any] | None, n_folds: int, n_repeats: int, seed: int
) -> Iterator[Fold]:
    """Yield the folds: scikit-learn's, shuffled, by ``seed`` and for each repeat by one more.

    Parameters
    ----------
    targets : Targets
        By which they are stratified; several labels at once by the rarest that a series has.
    groups : array of shape (n_series,), optional
        A patient, a speaker: each is tested whole.
    n_folds, n_repeats : int
        How many.
    seed : int
        Which ones.

    Raises
    ------
    InputError
        If there are not so many folds in the series.

    Examples
    --------
    >>> from msssm_ts.fitting.targets import encode_targets
    >>> targets = encode_targets(["a", "b"] * 4)
    >>> [fold.test.tolist() for fold in folds_of(targets, np.arange(8) // 2, 2, 1, seed=0)]
    [[2, 3, 4, 5], [0, 1, 6, 7]]
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    from msssm_ts.members.strata import strata_of

    strata = strata_of(targets.encoded)
    codes = None if groups is None else np.unique(groups.astype(str), return_inverse=True)[1]
    _check(strata, codes, n_folds)
    kind: Any = StratifiedKFold if codes is None else StratifiedGroupKFold
    for repeat in range(n_repeats):
        splitter = kind(n_folds, shuffle=True, random_state=(seed + repeat) % 2**32)
        with warnings.catch_warnings():
            # Of rare classes more is said by rare_classes.
            warnings.simplefilter("ignore", UserWarning)
            parts = list(splitter.split(strata, strata, codes))
        for number, (train, test) in enumerate(parts, 1):
            name = f"fold {number} of {n_folds}"
            name = name if n_repeats == 1 else f"repeat {repeat + 1} of {n_repeats}, {name}"
            if not len(test):
                raise InputError(f"--folds {n_folds}: {name} would have no series; ask for fewer")
            yield Fold(repeat + 1, number, name, train, test)


def _check(strata: Rows, codes: Rows | None, n_folds: int) -> None:
    largest = int(np.unique(strata, return_counts=True)[1].max())
    if n_folds > largest:
        raise InputError(
            f"--folds {n_folds}: no class has more than {largest} series; ask for fewer"
        )
    n_groups = n_folds if codes is None else len(np.unique(codes))
    if n_folds > n_groups:
        groups = f"{plural(n_groups, 'is', 'are')} {counted(n_groups, 'group')}"
        raise InputError(f"--folds {n_folds}: there {groups}; ask for fewer")


def rare_classes(targets: Targets, groups: NDArray[Any] | None, n_folds: int) -> dict[int, int]:
    """Return the classes that not every fold can test, by column, and in how many units they are.

    Examples
    --------
    >>> from msssm_ts.fitting.targets import encode_targets
    >>> rare_classes(encode_targets(list("aaaab")), None, 2)
    {1: 1}
    """
    units = np.arange(len(targets.encoded)) if groups is None else groups.astype(str)
    has = holders(targets)
    counts = {i: len(np.unique(units[has[:, i]])) for i in range(has.shape[1])}
    return {i: n for i, n in counts.items() if n < n_folds}
