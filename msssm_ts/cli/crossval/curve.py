"""Accuracy by how many series have trained: what a learning curve says, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from msssm_ts.cli.crossval.folds import Answers
    from msssm_ts.cli.crossval.run import Run

# Standard errors from which on a step is more than chance.
_CLEAR = 2.0


def curve_of(run: Run, answers: Sequence[Answers]) -> dict[str, Any]:
    """Return the learning curve, as JSON holds it.

    Parameters
    ----------
    run : Run
        With parts.
    answers : sequence of Answers
        To each of its fits.

    Returns
    -------
    dict
        ``points``, the smallest part first, ``steps`` from each to the next, and what they say
        in a sentence, ``reading``. Errors are standard errors over the folds of one repeat.
    """
    from msssm_ts.cli.crossval.scores import heard, scores_of

    by_part: dict[int, list[Any]] = {}
    for fold, own in zip(run.fits, answers, strict=True):
        accuracy = scores_of(run.targets, run.names, fold.test, own)["accuracy"]
        by_part.setdefault(fold.part, []).append((len(fold.train), accuracy, own.facts))
    of_all = [note for *_, facts in by_part[1] for note in facts["notes"]]
    points, n_folds = [], run.asked.folds
    for part in sorted(by_part, reverse=True):
        sizes, accuracies, facts = zip(*by_part[part], strict=True)
        points.append(
            {
                "part": 1 / part,
                "series": round(float(np.mean(sizes)), 1),
                "accuracy": float(np.mean(accuracies)),
                "se": _standard_error(accuracies, n_folds),
                "per_fold": list(accuracies),
                "seconds": round(sum(own["seconds"] for own in facts), 2),
                # What is said of the whole folds, too, is said once.
                "notes": heard([own["notes"] for own in facts], "fits", of_all),
            }
        )
    steps = []
    for few, many in pairwise(points):
        gains = np.subtract(many["per_fold"], few["per_fold"])
        steps.append(
            {
                "from": few["series"],
                "to": many["series"],
                "gain": float(gains.mean()),
                "se": _standard_error(gains, n_folds),
            }
        )
    return {"points": points, "steps": steps, "reading": reading(steps, points[-1]["accuracy"])}


def _standard_error(values: Any, n_folds: int) -> float:
    """Repeats test the same series again: they are no more folds."""
    return float(np.std(values, ddof=1) / np.sqrt(n_folds))


def reading(steps: Sequence[dict[str, float]], accuracy: float) -> str:
    """Return in a sentence whether more series would help, as far as the last steps say so.

    Parameters
    ----------
    steps : sequence of dict
        ``from`` how many series ``to`` how many, the mean ``gain`` of accuracy, ``se`` of it.
    accuracy : float
        With all of the series.

    Examples
    --------
    >>> first = {"from": 10, "to": 20, "gain": 0.08, "se": 0.01}
    >>> last = {"from": 20, "to": 40, "gain": 0.04, "se": 0.01}
    >>> print(reading([first, last], 0.9))
    from 20 to 40 series accuracy rose by 0.0400 ± 0.0100, after 0.0800 ± 0.0100 in the step before:
    twice as many series would bring about 0.0200 more, if it goes on like that
    >>> print(reading([first, last | {"gain": 0.01}], 0.9))
    from 20 to 40 series accuracy changed by +0.0100 ± 0.0100, which chance can do: this curve does
    not show that more series would help
    """
    last = steps[-1]
    said = f"from {last['from']:g} to {last['to']:g} series accuracy"
    if accuracy == 1:
        return f"{said} came to 1, and more series have nothing to add that these folds could show"
    if abs(last["gain"]) <= _CLEAR * last["se"]:
        return (
            f"{said} changed by {last['gain']:+.4f} ± {last['se']:.4f}, which chance can do: this "
            "curve does not show that more series would help"
        )
    if last["gain"] < 0:
        return (
            f"{said} fell by {-last['gain']:.4f} ± {last['se']:.4f}: look at what the later series "
            "are like, for more of them would not help"
        )
    said += f" rose by {last['gain']:.4f} ± {last['se']:.4f}"
    before = steps[-2] if len(steps) > 1 else None
    if before is None or before["gain"] <= max(_CLEAR * before["se"], last["gain"]):
        return f"{said}: more series are likely to help, by how much this curve does not tell"
    more = min(last["gain"] ** 2 / before["gain"], 1 - accuracy)
    return (
        f"{said}, after {before['gain']:.4f} ± {before['se']:.4f} in the step before: twice as "
        f"many series would bring about {more:.4f} more, if it goes on like that"
    )


def show_curve(curve: dict[str, Any], picture: Path) -> None:
    """Write the curve, and what it says, to stdout."""
    from msssm_ts.cli.shown.console import show
    from msssm_ts.cli.shown.tables import show_table

    gains = ["", *(f"{s['gain']:+.4f} ± {s['se']:.4f}" for s in curve["steps"])]
    rows = [
        [
            f"{point['series']:g}",
            f"{point['accuracy']:.4f} ± {point['se']:.4f}",
            gain,
            f"{point['seconds']:.1f}",
        ]
        for point, gain in zip(curve["points"], gains, strict=True)
    ]
    head = ["series", "accuracy", "gain", "seconds"]
    title = "learning curve, ± standard error over folds"
    show_table(head, rows, right=head, wrap=head, title=title)
    show(f"\n{curve['reading']}")
    for point in curve["points"]:
        for note in point["notes"]:
            show(f"of {point['series']:g} series: {note}")
    show(f"picture  {picture}")
