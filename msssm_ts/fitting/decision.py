"""Choose how probabilities become a class, by what a vote answers of training series left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.decision import (
    Aim,
    Asked,
    Decision,
    LogPriors,
    OperatingPoint,
    class_named,
)
from msssm_ts.fitted.intervals import accuracy_with_interval
from msssm_ts.fitting.targets import Targets
from msssm_ts.members.folds import dealt_out
from msssm_ts.members.strata import standing_for
from msssm_ts.parameter_checks import check_decision

Array = NDArray[np.float64]

_ASKED: tuple[Asked, ...] = ("sensitivity", "specificity")
# Strengths that are tried, and resamples over which the best ones are averaged.
_STRENGTHS = np.linspace(0.0, 1.5, 16)
_N_RESAMPLES = 40
# Patients of whom a rate is told: fewer are named.
_FEW_GROUPS = 5
_ROUNDING = 1e-9


def asked_point(parameters: Mapping[str, Any], targets: Targets) -> tuple[Asked, float, int] | None:
    """Return which rate is asked for, how much of it, and the positive class; None: no such thing.

    Parameters
    ----------
    parameters : mapping
        The estimator's, checked one by one.
    targets : Targets
        Of the training series.

    Raises
    ------
    InputError
        If they do not go together, or not with these targets.
    """
    given = [name for name in _ASKED if parameters[name] is not None]
    name, aim = parameters["pos_label"], _aim(parameters)
    if targets.multilabel and (given or name is not None or aim != "accuracy"):
        raise InputError(
            "sensitivity, specificity, pos_label and decide are for one class a series; of several "
            "labels each has a threshold of its own already"
        )
    check_decision(parameters)
    if not given:
        return None
    shown = ", ".join(map(str, targets.classes.tolist()[:20]))
    if name is None and len(targets.classes) != 2:
        raise InputError(
            f"{given[0]} is of one class against the others: say which (pos_label, --positive); "
            f"there are {shown}"
        )
    positive = len(targets.classes) - 1 if name is None else class_named(targets.classes, name)
    if positive is None:
        raise InputError(f"the positive class {name!r} is not among the classes: {shown}")
    return given[0], float(parameters[given[0]]), positive


def _aim(parameters: Mapping[str, Any]) -> Any:
    return "accuracy" if parameters["decide"] == "auto" else parameters["decide"]


@dataclass(frozen=True)
class Told:
    """Series that were left out: what was answered, and what is true."""

    proba: Array
    targets: NDArray[np.int64]
    weights: Array
    groups: NDArray[Any] | None

    def folds(self) -> list[NDArray[np.int64]]:
        """Return the series in folds, groups together."""
        return dealt_out(self.targets, self.groups)

    def take(self, rows: NDArray[np.int64]) -> Told:
        """Return some of the series."""
        groups = None if self.groups is None else self.groups[rows]
        return Told(self.proba[rows], self.targets[rows], self.weights[rows], groups)

    def without(self, rows: NDArray[np.int64]) -> Told:
        """Return the others."""
        return self.take(np.setdiff1d(np.arange(len(self.targets)), rows))

    def answered(self, choose: Callable[[Told], Decision]) -> NDArray[np.int64]:
        """Return the class of each series, decided by what the others have told."""
        found = np.full(len(self.targets), -1)
        for rows in self.folds():
            found[rows] = choose(self.without(rows)).chosen(self.proba[rows])
        return found


def told_of(
    targets: Targets, left_out: Array | None, weights: Array, groups: NDArray[Any] | None
) -> Told | None:
    """Return what a vote has answered of series left out; None: of none.

    Parameters
    ----------
    targets, left_out, weights, groups
        As for :func:`chosen_decision`.
    """
    known = np.zeros(0, int) if left_out is None else np.flatnonzero(~np.isnan(left_out).any(1))
    if left_out is None or not len(known):
        return None
    return Told(
        left_out[known],
        targets.encoded[known],
        standing_for(known, targets.encoded, weights),
        None if groups is None else groups[known],
    )


def chosen_decision(
    parameters: Mapping[str, Any],
    targets: Targets,
    left_out: Array | None,
    weights: Array,
    groups: NDArray[Any] | None,
) -> tuple[Decision | None, tuple[str, ...]]:
    """Return how a class is chosen, None for the most probable one; and what there is to say.

    Parameters
    ----------
    parameters : mapping
        The estimator's.
    targets : Targets
        Of the training series.
    left_out : array of shape (n_series, n_classes), optional
        What the vote answers of them when they, or their groups, are left out; NaN where that is
        not known.
    weights : array of shape (n_series,)
        Of the series.
    groups : array of shape (n_series,), optional
        What each belongs to.

    Raises
    ------
    InputError
        See :func:`asked_point`.
    """
    asked, aim = asked_point(parameters, targets), _aim(parameters)
    if asked is None and aim == "accuracy":
        return None, ()
    said: tuple[str, ...] = ()
    if asked is not None and parameters["pos_label"] is None:
        said = (
            f"{_name(targets, asked[2])} is taken for the positive class, being the second of two; "
            "pos_label (--positive) names another",
        )
    told = told_of(targets, left_out, weights, groups)
    present = np.zeros(len(targets.classes), bool)
    if told is not None:
        present[told.targets] = True
    if told is None or present.sum() < 2 or (asked is not None and not present[asked[2]]):
        what = f"for {aim.replace('_', ' ')} nothing" if asked is None else "no operating point"
        return None, (
            *said,
            f"{what} was chosen: too little is known of what would be answered of series left "
            "out; the most probable class is answered",
        )
    if asked is None:
        return _log_priors(told, aim), said
    point = _operating_point(told, *asked)
    return point, said + _remarks(told, targets, *asked, point)


def _operating_point(told: Told, asked: Asked, target: float, positive: int) -> OperatingPoint:
    """Choose a threshold by all that are told of; what to expect of it is told by folds."""

    def choose(some: Told) -> OperatingPoint:
        truth = some.targets == positive
        threshold = threshold_for(some.proba[:, positive], truth, some.weights, asked, target)
        return OperatingPoint(positive, threshold, asked, target)

    point, truth = choose(told), told.targets == positive
    right = (told.answered(choose) == positive) == truth
    estimate = {
        "sensitivity": _rate(told, right, truth),
        "specificity": _rate(told, right, ~truth),
    }
    return OperatingPoint(positive, point.threshold, asked, target, estimate)


def _rate(told: Told, right: NDArray[np.bool_], of: NDArray[np.bool_]) -> dict[str, Any] | None:
    groups = None if told.groups is None else told.groups[of]
    found = accuracy_with_interval(right[of].astype(float), told.weights[of], groups)
    return None if found is None else {"value": found.pop("accuracy"), **found}


def threshold_for(
    scores: Array, truth: NDArray[np.bool_], weights: Array, asked: Asked, target: float
) -> float:
    """Return the probability from which on a class is answered.

    The rate that is asked for is kept, and of thresholds that do the one with the highest other
    rate is taken, in the middle between the scores that it separates. So that new series keep the
    rate on average, one of them is counted as missed beside those that are known (Vovk, Gammerman,
    Shafer, "Algorithmic Learning in a Random World", 2005); where there are too few for that, none
    is missed.

    Parameters
    ----------
    scores : array of shape (n_series,)
        Probabilities of the class.
    truth : boolean array of shape (n_series,)
        Which are of the class.
    weights : array of shape (n_series,)
        Of the series.
    asked : {"sensitivity", "specificity"}
        Which rate: of those of the class, or of the others.
    target : float
        How much of it.

    Examples
    --------
    >>> scores, truth = np.arange(10) / 10, np.arange(10) >= 5
    >>> round(threshold_for(scores, truth, np.ones(10), "sensitivity", 0.5), 3)
    0.45
    """
    cuts, place = np.unique(scores, return_inverse=True)
    # Of the series below each cut, from none to all.
    below = {
        of: np.concatenate([[0.0], np.cumsum(np.bincount(place, weights * rows, len(cuts)))])
        for of, rows in (("sensitivity", truth), ("specificity", ~truth))
    }
    missed, other = below["sensitivity"], below["specificity"][-1] - below["specificity"]
    rows = truth
    if asked == "specificity":
        missed, other, rows = other, missed, ~truth
    total = float(weights[rows].sum())
    mean = total / max(1, int(rows.sum()))
    most = max(0.0, (1 - target) * (total + mean) - mean)
    allowed = missed <= most + _ROUNDING * total
    if cuts[-1] >= 1:
        # No probability is higher: nothing would be beyond it.
        allowed[-1] = False
    if not allowed.any():
        allowed = missed == missed[:-1].min()
        allowed[-1] = False
    # The fewest of the others wrong, then the fewest of those asked for.
    scale = max(float(other.max()), float(missed.max()), 1e-300)
    cost = np.where(allowed, np.round(other / scale, 9), np.inf)
    best = np.flatnonzero(cost == cost.min())
    k = int(best[np.argmin(missed[best])])
    low = 0.0 if k == 0 else float(cuts[k - 1])
    high = 1.0 if k == len(cuts) else float(cuts[k])
    middle = (low + high) / 2
    return middle if low < middle else high


def _remarks(
    told: Told, targets: Targets, asked: Asked, target: float, positive: int, point: OperatingPoint
) -> tuple[str, ...]:
    """Say what makes an operating point less than it was asked to be."""
    name, truth = _name(targets, positive), told.targets == positive
    called = point.chosen(told.proba) == positive
    of, whose = (truth, f"of class {name}") if asked == "sensitivity" else (~truth, "of others")
    n, least = int(of.sum()), math.ceil(target / (1 - target) - _ROUNDING)
    said = []
    if n < least:
        said.append(
            f"{n} series {whose} were left out, fewer than the {least} by which a {asked} of "
            f"{target:g} can be kept: the threshold gets all of them right, and new ones may not be"
        )
    if told.groups is not None and (n_groups := len(np.unique(told.groups[of]))) < _FEW_GROUPS:
        said.append(
            f"the {n} series {whose} are of {n_groups} group{'' if n_groups == 1 else 's'}: what "
            f"these say of the {asked} need not hold for the next"
        )
    wrong = float((told.weights * (called != truth))[of].sum() / told.weights[of].sum())
    if wrong > 1 - target + _ROUNDING:
        said.append(
            f"a {asked} of {target:g} is not reached on series left out: {1 - wrong:.3f} is the "
            "most that any threshold gives"
        )
    if called.all() or not called.any():
        every = "every" if called.all() else "no"
        said.append(
            f"with a {asked} of {target:g} {every} series left out is taken for {name}: the vote "
            "does not tell it apart so surely"
        )
    return tuple(said)


def _log_priors(told: Told, aim: Aim) -> LogPriors:
    """Choose one strength for all classes; what it brings is told by folds."""
    found = np.bincount(told.targets, told.weights, told.proba.shape[1])
    # A class of which none is told of is as rare as the rarest.
    frequencies = np.where(found > 0, found, found[found > 0].min()) / found.sum()
    against = np.log(frequencies.max()) - np.log(frequencies)

    def choose(some: Told) -> LogPriors:
        strength = _best_strength(some, aim, against)
        return LogPriors(aim, strength, tuple((strength * against).tolist()))

    before = told.proba.argmax(1)
    estimate = {
        when: float(_score(aim, told.targets, answers, told.weights[None])[0])
        for when, answers in (("before", before), ("after", told.answered(choose)))
    }
    best = choose(told)
    return LogPriors(aim, best.strength, best.values, estimate)


def _best_strength(told: Told, aim: Aim, against: Array) -> float:
    """Return the mean of the strengths that are best on resampled series, or whole groups.

    What is best on all of them hangs on a few series of the rare classes.
    """
    units = np.arange(len(told.targets))
    if told.groups is not None:
        units = np.unique(told.groups, return_inverse=True)[1]
    rng, n = np.random.default_rng(0), int(units.max()) + 1
    counts = np.stack(
        [np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(_N_RESAMPLES)]
    )
    weights = told.weights * counts[:, units]
    scores = []
    for strength in _STRENGTHS:
        answers = LogPriors(aim, strength, tuple(strength * against)).chosen(told.proba)
        scores.append(_score(aim, told.targets, answers, weights))
    return float(_STRENGTHS[np.argmax(np.round(scores, 9), axis=0)].mean())


def _score(
    aim: Aim, targets: NDArray[np.int64], answers: NDArray[np.int64], weights: Array
) -> Array:
    """Return mean recall or mean F1 of the classes that have weight, (n_weightings,)."""
    n = int(max(targets.max(), answers.max())) + 1
    total, claimed, hits = (
        np.stack([np.bincount(of, w, n) for w in weights * when])
        for of, when in ((targets, 1.0), (answers, 1.0), (targets, targets == answers))
    )
    whole = total if aim == "balanced_accuracy" else (total + claimed) / 2
    there = total > 0
    shares = np.divide(hits, whole, out=np.zeros_like(hits), where=there)
    means: Array = shares.sum(1) / np.maximum(there.sum(1), 1)
    return means


def _name(targets: Targets, k: int) -> str:
    return repr(str(targets.classes[k]))
