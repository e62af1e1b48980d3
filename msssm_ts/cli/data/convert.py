"""``msssm-ts data convert``: any data as one file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data
from msssm_ts.cli.shown.console import say
from msssm_ts.cli.shown.csv_text import runs, say_risky
from msssm_ts.cli.shown.files import claim
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries


@guarded
@reads_data
def convert(
    data: options.Data,
    out: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="File to write: .npz, .parquet or .csv (long)."),
    ],
    reading: Any = None,
    safe_csv: options.SafeCsv = False,
    force: options.Force = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Write the series of DATA to one file, which every command reads."""
    from msssm_ts.datasets import load
    from msssm_ts.datasets.write import write

    is_csv = out.suffix.lower() == ".csv"
    if safe_csv and not is_csv:
        raise InputError(f"--safe-csv: {out} is no CSV file; leave the option out")
    claim(out, force=force, inputs=(data,))
    series = load(data, reading, needs_labels=False)
    say(f"{data}: {series.summary()}", quiet=quiet)
    safe, n_risky = harmless(series)
    write(safe if safe_csv else series, out)
    if is_csv and not safe_csv:
        say_risky(n_risky, quiet)
    say(f"written to {out}", quiet=quiet)
    if series.features is not None and series.features.names:
        names = ",".join(series.features.names)
        if out.suffix.lower() == ".npz":
            say(f"left out: {names}, for .npz holds the series alone; .csv and .parquet keep them")
        else:
            say(f"{names} beside the series: --with {names} reads them again", quiet=quiet)


def harmless(series: LabelledSeries) -> tuple[LabelledSeries, int]:
    """Put ' before the names that a spreadsheet may run, and count them."""
    import numpy as np

    n_risky = 0

    def named(names: Any) -> list[Any]:
        nonlocal n_risky
        risky = [isinstance(name, str) and runs(name) for name in names]
        n_risky += sum(risky)
        return [f"'{name}" if bad else name for name, bad in zip(names, risky, strict=True)]

    changed: dict[str, Any] = {
        field: np.array(named(values.tolist()), dtype=object)
        for field in ("labels", "groups", "ids")
        if (values := getattr(series, field)) is not None and values.ndim == 1
    }
    if series.channel_names is not None:
        changed["channel_names"] = tuple(named(series.channel_names))
    return (replace(series, **changed) if n_risky else series), n_risky
