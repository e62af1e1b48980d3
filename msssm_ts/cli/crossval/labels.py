"""What ``msssm-ts crossval --label-errors`` adds: labels that look wrong, ranked and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import show
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from msssm_ts.analysis.data.label_errors import LabelErrors
    from msssm_ts.cli.crossval.folds import Answers
    from msssm_ts.cli.crossval.run import Run
    from msssm_ts.fitting.targets import Targets

TABLE, PICTURE = "label_errors.csv", "label_errors.png"
# Series that are shown and drawn, and of each class at most as many that are looked at to find
# the nearest.
_SHOWN, _LOOKED_AT = 12, 500


def check_one_label(targets: Targets) -> None:
    """Refuse series that can have several labels.

    Raises
    ------
    InputError
        If they can.
    """
    if targets.multilabel:
        raise InputError(
            "--label-errors is of one class a series; here a series can have several labels: "
            "leave it out, or give one label at a time"
        )


def written_label_errors(run: Run, answers: list[Answers], safe_csv: bool) -> dict[str, Any]:
    """Write table and picture; return what there is to say, as JSON holds it."""
    from msssm_ts.analysis.data.label_errors import flips, label_errors
    from msssm_ts.cli.shown.csv_text import CsvText
    from msssm_ts.cli.shown.files import write_text

    # Of several repeats the mean.
    proba = run.joined(answers)[1].proba
    proba = proba.reshape(run.asked.repeats, run.series.n_series, -1).mean(0)
    found = label_errors(run.targets.encoded, proba)
    rows, names = _rows(run, found, proba), run.names.tolist()
    plain = [{**row, "flagged": int(row["flagged"])} for row in rows]
    write_text(run.out / TABLE, CsvText(safe=safe_csv).table(plain))
    _draw(run, found, proba)
    return {
        "n_series": len(rows),
        "n_flagged": int(found.flagged.sum()),
        "expected_flips": [
            {"label": names[i], "class": names[j], "count": round(n, 2)} for i, j, n in flips(found)
        ],
        "first": rows[:_SHOWN],
        "table": str(run.out / TABLE),
        "picture": str(run.out / PICTURE),
    }


def _rows(run: Run, found: LabelErrors, proba: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Return a row a series, the most doubtful first."""
    ids, groups = run.series.ids, run.series.groups
    names = run.names.tolist()
    rows = []
    for i in found.order.tolist():
        given, suggested = int(found.given[i]), int(found.suggested[i])
        rows.append(
            {
                "row": i + 1,
                **({} if ids is None else {"id": ids[i].item()}),
                **({} if groups is None else {"group": groups[i].item()}),
                "label": names[given],
                "suggested": names[suggested],
                "p_label": round(float(proba[i, given]), 6),
                "p_suggested": round(float(proba[i, suggested]), 6),
                "score": round(float(found.margin[i]), 6),
                "flagged": bool(found.flagged[i]),
            }
        )
    return rows


def _draw(run: Run, found: LabelErrors, proba: NDArray[np.float64]) -> None:
    """Draw the first dozen series, each over the nearest of its label and of the other class."""
    import numpy as np

    from msssm_ts.analysis.data.label_errors import alike, neighbour
    from msssm_ts.analysis.data.label_errors_figure import Doubt, label_errors_figure
    from msssm_ts.cli.shown.pictures import save

    series, first = run.series, found.order[:_SHOWN]
    # What is in doubt itself is no example of its label.
    certain = np.setdiff1d(np.flatnonzero(~found.flagged), first)
    of_class = {}
    for k in np.union1d(found.given[first], found.suggested[first]).tolist():
        own = certain[found.given[certain] == k]
        of_class[k] = own[np.linspace(0, len(own) - 1, min(len(own), _LOOKED_AT)).astype(int)]
    read = np.unique(np.concatenate([first, *of_class.values()]))
    values = dict(zip(read.tolist(), (series.values[i] for i in read), strict=True))
    rows = alike(list(values.values()))

    def nearest(i: int, k: int) -> Any:
        place = neighbour(rows, int(np.searchsorted(read, i)), np.searchsorted(read, of_class[k]))
        return None if place is None else values[int(read[place])]

    doubts = [
        Doubt(
            f"row {i + 1}" if series.ids is None else str(series.ids[i]),
            str(run.names[given]),
            str(run.names[suggested]),
            float(proba[i, given]),
            float(proba[i, suggested]),
            values[i],
            nearest(i, given),
            nearest(i, suggested),
        )
        for i, given, suggested in zip(
            *(a.tolist() for a in (first, found.given[first], found.suggested[first])), strict=True
        )
    ]
    names = series.channel_names
    channel = "" if series.n_channels == 1 else "1" if names is None else str(names[0])
    save(label_errors_figure(doubts, channel, series.sampling_rate), run.out / PICTURE)


def show_label_errors(facts: dict[str, Any]) -> None:
    """Write what looks wrong to stdout."""
    show(f"\nlabels that look wrong: {facts['n_flagged']} of {facts['n_series']} series")
    if facts["expected_flips"]:
        body = [
            [f"{flip['label']}", f"{flip['class']}", f"{flip['count']:.1f}"]
            for flip in facts["expected_flips"]
        ]
        show_table(["label", "rather", "series expected"], body, right=["series expected"])
    head = list(facts["first"][0])
    body = [[_shown(row[name]) for name in head] for row in facts["first"]]
    right = ["row", "p_label", "p_suggested", "score"]
    show_table(head, body, right=right, title="first of all")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
