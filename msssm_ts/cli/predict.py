"""``msssm-ts predict``: label series."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli import options
from msssm_ts.cli.console import say, show_json
from msssm_ts.cli.errors import guarded
from msssm_ts.cli.files import write_text
from msssm_ts.cli.reading import reads_data

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


@guarded
@reads_data
def predict(
    model: options.Model,
    data: options.Data,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="CSV file; else stdout.")
    ] = None,
    reading: Any = None,
    device: options.Device = "auto",
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Label the series of DATA with MODEL, with a probability per class, as CSV.

    The columns are id (the series' own, or its number from 1), prediction, and p_CLASS for each
    class; where a series can have several labels, those are joined by semicolons. Labels in DATA
    are not needed and not looked at.
    """
    from msssm_ts.cli.inputs import load_model_and_series

    classifier, series = load_model_and_series(
        model, data, reading, device=device, needs_labels=False, quiet=quiet
    )
    rows = _rows(classifier, series)
    if json:
        show_json(rows)
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if out is None:
        sys.stdout.write(text.getvalue())
        return
    write_text(out, text.getvalue())
    say(f"{len(rows)} predictions in {out}", quiet=quiet)


def _rows(classifier: MSSSMClassifier, series: LabelledSeries) -> list[dict[str, Any]]:
    from msssm_ts.cli.inputs import predict_proba

    proba = predict_proba(classifier, series)
    names = classifier.label_names
    if classifier.multilabel_:
        chosen = proba >= classifier.thresholds_
        predicted = [";".join(map(str, names[row])) for row in chosen]
    else:
        predicted = names[proba.argmax(1)].tolist()
    ids = range(1, series.n_series + 1) if series.ids is None else series.ids.tolist()
    return [
        {
            "id": name,
            "prediction": prediction,
            **{f"p_{c}": round(float(p), 6) for c, p in zip(names, row, strict=True)},
        }
        for name, prediction, row in zip(ids, predicted, proba, strict=True)
    ]
