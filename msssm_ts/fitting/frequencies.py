"""How frequent classes are among series without labels, where those with labels do not tell.

After Saerens, Latinne, Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
Probabilities", Neural Computation 14, 2002: the frequencies that make a vote's answers most likely,
by expectation and maximisation; here held to those of the training, for answers that are not quite
as sure as they should be make frequencies of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.decision import LEAST, LogPriors
from msssm_ts.fitting.decision import told_of
from msssm_ts.fitting.share import as_sure_as_suits, made_sharper
from msssm_ts.fitting.targets import Targets

Array = NDArray[np.float64]

# Labels were looked for class by class where the class with most has no more than so many times
# what the class in the middle has; of the rarest there may not have been as many.
_ALIKE = 1.1
# The training's frequencies count as so many series for each one without a label, and the others
# must make an answer as much more likely, in nats a series (docs/unlabelled.md).
_HELD, _TELLING = 0.5, 0.1
_STEPS = 300
# Classes that a line names, at most.
_SHOWN = 5


def told_by_unlabelled(
    parameters: Mapping[str, Any],
    targets: Targets,
    left_out: Array | None,
    weights: Array,
    answers: Array,
) -> tuple[LogPriors | None, tuple[str, ...]]:
    """Return a decision by how frequent classes are among series without labels; None: as before.

    Only where as many series of most classes have labels: then these do not tell how frequent
    classes are. Who weighs classes, or says what is to be decided, has said it.

    Parameters
    ----------
    parameters : mapping
        The estimator's.
    targets : Targets
        Of the training series.
    left_out : array of shape (n_series, n_classes), optional
        What the vote answers of these when they are left out; NaN where that is not known.
    weights : array of shape (n_series,)
        Of these: what the vote has learned to be frequent goes by them.
    answers : array of shape (n_unlabelled, n_classes)
        What it answers of those without labels.

    Returns
    -------
    decision : LogPriors or None
    said : tuple of str
        What there is to say of it.
    """
    asked = ("sensitivity", "specificity", "class_weight")
    free = parameters["decide"] == "auto" and all(parameters[name] is None for name in asked)
    if targets.multilabel or not free:
        return None, ()
    told = told_of(targets, left_out, weights, None)
    n_classes = len(targets.classes)
    counts = np.bincount(targets.encoded, minlength=n_classes)
    if told is None or counts.max() > _ALIKE * np.median(counts):
        return None, ()
    exponent, _ = as_sure_as_suits(told.proba, told.targets)
    as_sure = made_sharper(answers, exponent, told.targets)
    training = np.bincount(targets.encoded, weights, n_classes) / weights.sum()
    free_of_it = frequencies(as_sure, training, 0.0)
    gain = float(np.log((as_sure * (free_of_it / training)).sum(1)).mean())
    if gain <= _TELLING:
        return None, ()
    found = frequencies(as_sure, training, _HELD)
    values = np.log(found / training) / exponent
    decision = LogPriors("accuracy", 1.0, tuple(values.tolist()))
    there = told.weights * (found / training)[told.targets]
    chosen = {"before": told.proba.argmax(1), "after": decision.chosen(told.proba)}
    estimate = {
        when: float(np.average(own == told.targets, weights=there)) for when, own in chosen.items()
    }
    return replace(decision, estimate=estimate), (_said(targets.classes, found, training),)


def frequencies(proba: Array, training: Array, held: float) -> Array:
    """Return the frequencies of classes that make answers likely, (n_classes,).

    Parameters
    ----------
    proba : array of shape (n_series, n_classes)
        Answers by a vote that has learned classes as frequent as in the training.
    training : array of shape (n_classes,)
        These frequencies.
    held : float
        How much they count: as so many series for each of ``proba``.

    Examples
    --------
    >>> proba = np.array([[0.9, 0.1]] * 8 + [[0.1, 0.9]] * 2)
    >>> even = np.array([0.5, 0.5])
    >>> frequencies(proba, even, 0.0).round(2), frequencies(proba, even, 1.0).round(2)
    (array([0.88, 0.13]), array([0.64, 0.36]))
    """
    proba, found = np.maximum(proba, LEAST), training
    for _ in range(_STEPS):
        likely = proba * (found / training)
        share = (likely / likely.sum(1, keepdims=True)).mean(0)
        found = (share + held * training) / (1 + held)
    return found


def _said(classes: NDArray[Any], found: Array, training: Array) -> str:
    """Say what has changed, of the classes that have most."""
    order = np.argsort(-np.abs(np.log(found / training)), kind="stable")[:_SHOWN]
    shown = ", ".join(f"{classes[k]} {found[k]:.0%}" for k in sorted(order))
    more = len(classes) - len(order)
    return (
        f"as many series of each class have labels (about {training.max():.0%}), and by what the "
        f"vote answers of the unlabelled ones classes are not as frequent there; taken are {shown}"
        f"{f' and {more} more' if more else ''}; predictions go by that (decide='accuracy', "
        "--decide accuracy, answers the most probable class instead)"
    )
