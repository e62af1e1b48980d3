"""What ``msssm-ts inspect MODEL DATA`` shows of training series that a series is like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import show
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

_SHOWN = 5


def similar_facts(
    classifier: MSSSMClassifier, data: LabelledSeries, which: str | None, folder: Path
) -> dict[str, Any]:
    """Draw a series over the training series that it is most like; return what JSON shows."""
    import numpy as np

    from msssm_ts.analysis.vote.draw_similar import draw_similar
    from msssm_ts.cli.answering.similar import similar_found
    from msssm_ts.cli.inspect.viewed import find_series, title_of, view_of
    from msssm_ts.fitted.similar import kept_by

    own, index = kept_by(classifier.model_), find_series(data, which)
    found = similar_found(classifier, data.take(np.array([index])), min(_SHOWN, len(own)))[0]
    places = [one.pop("place") for one in found]
    view = view_of(classifier, data, index)
    titles = [title_of(data, index, view)]
    titles += [
        f"training series {one['name']} ({one['label']}), at {one['distance']:g}" for one in found
    ]
    series = np.asarray(data.values[index], np.float64)
    save(draw_similar(series, own, places, titles), folder / "similar.png")
    return {"similar": found, "pictures": [str(folder / "similar.png")]}


def show_similar(facts: list[dict[str, Any]]) -> None:
    """Write the table of them to stdout."""
    header = ["most like training series", "label", "distance"]
    rows = [[one["name"], str(one["label"]), f"{one['distance']:g}"] for one in facts]
    show()
    show_table(header, rows, right=header[2:])
