"""``msssm-ts data preview``: a picture and a table of classes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say, show_json
from msssm_ts.cli.shown.files import claim
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries


@guarded
@reads_data
def preview(
    data: options.Data,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="PNG file.")] = Path(
        "preview.png"
    ),
    per_class: Annotated[int, typer.Option(min=1, max=7, help="Series to draw of a class.")] = 3,
    force: options.Force = False,
    reading: Any = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Draw some series of each class of DATA, and count them."""
    from msssm_ts.cli.data.picture import draw_preview
    from msssm_ts.datasets import load

    claim(out, force=force, inputs=(data,), suffix=".png", what="the picture is a PNG file")
    series = load(data, reading, needs_labels=False)
    say(f"{data}: {series.summary()}", quiet=quiet)
    name = Path(data).name if Path(data).exists() else data
    draw_preview(series, name, out, per_class)
    rows = _rows(series)
    if json:
        show_json({"data": data, "picture": str(out), "classes": rows})
        return
    _show(rows)
    say(f"\npicture in {out}", quiet=quiet)


def _rows(series: LabelledSeries) -> list[dict[str, Any]]:
    from msssm_ts.cli.data.picture import members

    lengths = series.lengths
    rows = []
    for name, index in members(series).items():
        row: dict[str, Any] = {"class": name, "series": len(index)}
        row["share"] = round(len(index) / series.n_series, 4)
        row["steps"] = [int(lengths[index].min()), int(lengths[index].max())] if len(index) else []
        if series.groups is not None:
            row["groups"] = len(set(series.groups[index].tolist()))
        rows.append(row)
    return rows


def _show(rows: list[dict[str, Any]]) -> None:
    cells = []
    for row in rows:
        steps = "–".join(str(s) for s in dict.fromkeys(row["steps"]))
        cells.append([*(row | {"share": f"{row['share']:.1%}", "steps": steps}).values()])
    header = list(rows[0])
    show_table(header, cells, right=header[1:])
