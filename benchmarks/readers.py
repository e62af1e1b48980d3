"""Load every set of a folder with an INDEX.csv by its path alone, and compare with the index.

python benchmarks/readers.py DATA_FOLDER [NAME ...]

The index has the columns name, n_train, n_test, channels, len_min, len_max and classes. Of a set
that it does not divide (n_train 0), every recording is loaded for itself.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError

RECORDINGS = (".hea", ".edf")


def facts(data: LabelledSeries) -> dict[str, str]:
    """Return what the index says, too; the shortest series by the values that it has."""
    known = [int((~np.isnan(s)).any(axis=0).sum()) for s in data.values]
    return {
        "channels": str(data.n_channels),
        "len_min": str(min(known)),
        "len_max": str(int(data.lengths.max())),
        "classes": "none" if data.classes is None else str(len(data.classes)),
    }


def check_set(folder: Path, row: dict[str, str]) -> Iterator[str]:
    """Load both parts; yield what disagrees with the index."""
    parts: list[LabelledSeries] = []
    for part in ("train", "test"):
        data = load(folder, ReadOptions(split=part))
        print(f"{row['name']} {part}: {data.summary()}", flush=True)
        parts.append(data)
        expected = int(row[f"n_{part}"])
        if row["classes"].isdigit() and data.n_series != expected:
            yield f"{part}: {data.n_series} series, in the index {expected}"
    found = [facts(p) for p in parts]
    both: dict[str, Any] = {
        **found[0],
        "len_min": str(min(int(f["len_min"]) for f in found)),
        "len_max": str(max(int(f["len_max"]) for f in found)),
    }
    for key, value in both.items():
        # Whole records: the index counts them, while the reader cuts their beats out.
        if row["classes"].isdigit() and value != row[key]:
            yield f"{key} {value}, in the index {row[key]}"


def check_recordings(folder: Path) -> Iterator[str]:
    """Load each recording; a refusal in one sentence is an answer, too."""
    for file in sorted(f for f in folder.iterdir() if f.suffix in RECORDINGS):
        try:
            print(f"{file.name}: {load(file, needs_labels=False).summary()}", flush=True)
        except InputError as error:
            print(f"{file.name}: refused: {error}", flush=True)
            if "\n" in str(error):
                yield f"{file.name}: refused in several lines"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    folder, names = arguments.data, arguments.names
    with (folder / "INDEX.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["name"] in names or not names]
    disagreements = 0
    for row in rows:
        here = folder / row["name"]
        try:
            wrong = list(check_recordings(here) if row["n_train"] == "0" else check_set(here, row))
        except InputError as error:
            wrong = [f"refused: {error}"]
        for line in wrong:
            print(f"{row['name']}: DISAGREES: {line}", flush=True)
        disagreements += bool(wrong)
    print(f"{len(rows) - disagreements} of {len(rows)} sets agree with the index")
    sys.exit(disagreements > 0)


if __name__ == "__main__":
    main()
