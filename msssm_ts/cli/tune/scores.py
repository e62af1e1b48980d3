"""What a search found: as JSON holds it, as a table, and in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.cli.crossval.scores import heard
from msssm_ts.cli.evaluate.scores import SCORE_NAMES
from msssm_ts.cli.tune.search import FAILED, FINISHED, standard_error, told

if TYPE_CHECKING:
    from msssm_ts.cli.tune.search import Search, Trial

# Of the table on stdout.
_SHOWN = 10
# Standard errors from which on a gain is more than chance.
_CLEAR = 2.0


def results_of(search: Search, space: str) -> dict[str, Any]:
    """Return all that was found, as JSON holds it."""
    from msssm_ts.fitting.record import json_parameters

    run, best = search.run, search.best
    assert best is not None
    first = search.trials[0]
    gains = search.sign * np.subtract(best.scores(search.score), first.scores(search.score))
    return {
        "data": {"source": run.asked.data, "summary": run.series.summary()},
        "settings": json_parameters(run.settings),
        "space": space,
        "values": {key: list(values) for key, values in search.candidates.values.items()},
        "score": search.score,
        "folds": run.asked.folds,
        "grouped_by": None if run.groups is None else run.series.group_name,
        "trials": [_row(search, trial) for trial in search.trials],
        "best": best.number,
        "gain": float(gains.mean()),
        "gain_se": standard_error(gains.tolist()),
        "seconds": round(sum(trial.seconds for trial in search.trials), 2),
        "stopped": search.stopped,
        "notes": _notes(search),
        "reading": reading(best.number, float(gains.mean()), standard_error(gains.tolist()))
        if len(search.trials) > 1
        else "no other settings were tried",
    }


def _row(search: Search, trial: Trial) -> dict[str, Any]:
    scores = trial.scores(search.score)
    return {
        "trial": trial.number,
        "state": trial.state,
        "choices": dict(trial.choices),
        "told": told(trial, search.candidates.asked),
        "score": float(np.mean(scores)) if scores else None,
        "se": standard_error(scores) if len(scores) > 1 else None,
        "seconds": round(trial.seconds, 2),
        "per_fold": [dict(fold["scores"]) for fold in trial.folds],
        "reason": trial.reason or None,
    }


def _notes(search: Search) -> list[str]:
    """Say what had nothing to act on in how many trials, and what failed."""
    notes = [[note for fold in trial.folds for note in fold["notes"]] for trial in search.trials]
    said = heard(notes, "trials")
    failed = [trial.number for trial in search.trials if trial.state == FAILED]
    if failed:
        said.append(f"trials {', '.join(map(str, failed))} failed; search.json says why")
    return said


def reading(best: int, gain: float, se: float) -> str:
    """Return in sentences whether the search helped, and what its score is worth.

    Examples
    --------
    >>> print(reading(0, 0.0, 0.0))
    no other settings did better than those that were asked for: the search did not help
    >>> print(reading(3, 0.01, 0.02).partition(";")[0])
    trial 3 does better by 0.0100 ± 0.0200, which chance can do: those asked for may be as good
    """
    if best == 0:
        return (
            "no other settings did better than those that were asked for: the search did not help"
        )
    said = f"trial {best} does better by {gain:.4f} ± {se:.4f}"
    if gain <= _CLEAR * se:
        said += ", which chance can do: those asked for may be as good"
    return (
        f"{said}; the best of several is chosen by the folds that score it, so that its score is a "
        "bit too good: series that the search has not seen say what it is worth"
    )


def csv_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row a trial."""
    score, n = found["score"], found["folds"]
    return [
        {
            **{name: row[name] for name in ("trial", "state")},
            score: row["score"],
            "se": row["se"],
            "seconds": row["seconds"],
            **{
                f"fold_{i + 1}": row["per_fold"][i][score] if i < len(row["per_fold"]) else None
                for i in range(n)
            },
            **{key: row["choices"].get(key) for key in found["values"]},
        }
        for row in found["trials"]
    ]


def show_results(found: dict[str, Any]) -> None:
    """Write the best trials, and what they say, to stdout."""
    from msssm_ts.cli.shown.console import show, show_pairs
    from msssm_ts.cli.shown.tables import show_table

    trials, score = found["trials"], SCORE_NAMES[found["score"]]
    best, first = trials[found["best"]], trials[0]
    n_done = sum(row["state"] == FINISHED for row in trials)
    show_pairs(
        {
            "best": f"trial {best['trial']}: {best['told']}",
            score: f"{best['score']:.4f} ± {best['se']:.4f}",
            "as asked": f"{first['score']:.4f} ± {first['se']:.4f}",
            "gain": f"{found['gain']:+.4f} ± {found['gain_se']:.4f}, by the same folds",
            "trials": f"{len(trials)}, {n_done} of them on all {found['folds']} folds",
            "seconds": f"{found['seconds']:.1f}",
        }
    )
    sign = -1 if found["score"] == "log_loss" else 1
    scored = [row for row in trials if row["score"] is not None]
    ranked = sorted(scored, key=lambda row: (row["state"] != FINISHED, -sign * row["score"]))
    head = ["trial", score, "folds", "seconds", "settings"]
    body = [
        [
            str(row["trial"]),
            f"{row['score']:.4f} ± {row['se'] or 0:.4f}" if row["se"] is not None else "–",
            str(len(row["per_fold"])),
            f"{row['seconds']:.1f}",
            row["told"],
        ]
        for row in ranked[:_SHOWN]
    ]
    title = "best first, ± standard error over folds"
    if len(ranked) > _SHOWN:
        title += f"; {len(ranked) - _SHOWN} more in trials.csv"
    show_table(head, body, right=head[:4], wrap=head, title=title)
    show(f"\n{found['reading']}")
