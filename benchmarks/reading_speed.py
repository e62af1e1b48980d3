"""Time to read a wide CSV of 200 MB, beside pandas with its pyarrow engine.

python benchmarks/reading_speed.py [MEGABYTES] [STEPS]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from timing import compare, peak_memory

from msssm_ts.datasets import load


def write_table(file: Path, megabytes: float, n_steps: int) -> None:
    """Write labels, records and steps of noise with four decimals until the file is as large."""
    generator = np.random.default_rng(0)
    n_rows = 500
    with file.open("w") as stream:
        stream.write(",".join(["label", "record", *(f"t{i}" for i in range(n_steps))]) + "\n")
        while stream.tell() < megabytes * 1e6:
            values = generator.normal(size=(n_rows, n_steps))
            records = generator.integers(100, 140, n_rows)
            for kind, record, row in zip("NLRVA" * 100, records, values, strict=True):
                stream.write(f"{kind},{record},{','.join(f'{v:.4f}' for v in row)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megabytes", type=float, nargs="?", default=200)
    parser.add_argument("steps", type=int, nargs="?", default=256)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "wide.csv")
        write_table(file, arguments.megabytes, arguments.steps)

        def ours() -> object:
            return load(file)

        def theirs() -> object:
            return pd.read_csv(file, engine="pyarrow")

        print(f"{file.stat().st_size / 1e6:.0f} MB; {load(file).summary()}")
        mine, other = compare(ours, theirs, seconds=30)
        readers: list[tuple[str, float, Callable[[], object]]] = [
            ("load", mine.median, ours),
            ("pandas.read_csv, pyarrow engine", other.median, theirs),
        ]
        for name, seconds, read in readers:
            memory = (peak_memory(read, torch.device("cpu")) or 0) / 1e6
            print(f"{name}: {seconds:.2f} s, at most {memory:.0f} MB more memory")
        print(f"ratio: {mine.median / other.median:.2f}")
        if mine.median > 1.5 * other.median:
            sys.exit("load takes more than 1.5 times as long as pandas")


if __name__ == "__main__":
    main()
