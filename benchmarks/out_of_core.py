"""Read series from text, Parquet, .npy and Zarr with less memory than they take, or in memory.

    python benchmarks/out_of_core.py [--series N] [--steps N] [--limit BYTES]

For each format a process of its own reads the data, goes through all series in order, and through
500 in the order of chance. Prints seconds of CPU and the largest
resident memory, beside Python's own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PARTS, CHANCE = 8, 500


def write(folder: Path, n: int, steps: int) -> dict[str, Path]:
    """Write the same series, float64, in each format: row groups and chunks of 500."""
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq
    import zarr

    places = {kind: folder / kind for kind in ("csv", "parquet", "npy", "zarr")}
    for kind in ("csv", "parquet", "npy"):
        places[kind].mkdir()
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    mapped = np.lib.format.open_memmap(
        places["npy"] / "X.npy", mode="w+", dtype="f8", shape=(n, steps)
    )
    group = zarr.open_group(str(places["zarr"]), mode="w")
    chunked = group.create_array("X", shape=(n, steps), dtype="f8", chunks=(500, steps))
    group.create_array("y", data=y)
    np.save(places["npy"] / "y.npy", y)
    for part, rows in enumerate(np.array_split(np.arange(n), PARTS)):
        X = rng.normal(size=(len(rows), steps)) + y[rows, None]
        mapped[rows] = chunked[rows[0] : rows[-1] + 1] = X
        table = pa.table(
            {"label": y[rows], "x": pa.FixedSizeListArray.from_arrays(X.ravel(), steps)}
        )
        pq.write_table(table, places["parquet"] / f"part-{part}.parquet", row_group_size=500)
        wide = pa.table({"label": y[rows], **{f"t{k}": X[:, k] for k in range(steps)}})
        pyarrow.csv.write_csv(wide, places["csv"] / f"part-{part}.csv")
    mapped.flush()
    return places


def peak() -> int:
    """Return the largest resident memory of this process so far, in kB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)


def read(source: str, limit: int) -> None:
    """Print seconds and memory of reading one source."""
    import pyarrow.csv  # noqa: F401

    from msssm_ts.datasets import ReadOptions, load
    from msssm_ts.datasets.arrays import zarr_store  # noqa: F401

    before = peak()
    start = time.process_time()
    data = load(source, ReadOptions(max_memory=limit or 64 * 10**9))
    loaded = time.process_time()
    total = sum(float(data.values[i].sum()) for i in range(data.n_series))
    passed = time.process_time()
    chosen = np.random.default_rng(0).integers(data.n_series, size=CHANCE)
    total += sum(float(data.values[i].sum()) for i in chosen.tolist())
    done = time.process_time()
    grown = peak() - before
    print(
        f"load {loaded - start:5.1f} s, in order {passed - loaded:5.1f} s, "
        f"{CHANCE} by chance {done - passed:5.1f} s, {grown / 1000:5.0f} MB; sum {total:.6g}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=40_000)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--limit", type=int, default=64_000_000)
    parser.add_argument("--kinds", nargs="+", default=["csv", "parquet", "npy", "zarr"])
    parser.add_argument("--read", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        read(given.read, given.limit)
        return
    with tempfile.TemporaryDirectory() as name:
        places = write(Path(name), given.series, given.steps)
        for kind, place in ((k, places[k]) for k in given.kinds):
            for limit in (0, given.limit):
                command = [sys.executable, __file__, "--read", str(place), "--limit", str(limit)]
                run = subprocess.run(command, check=True, capture_output=True, text=True)
                what = f"--max-memory {limit // 10**6}MB" if limit else "in memory"
                print(f"{kind:8} {what:18} {run.stdout.strip()}", flush=True)


if __name__ == "__main__":
    main()
