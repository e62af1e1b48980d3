"""A network trained by two processes against one, each on one thread, in turns.

    python benchmarks/processes.py --rounds 5

The time of an epoch is that of all but the first, which also warms up; start of the program and
reading of the data are not in it. CPU time of an epoch is that of all processes together, less that
of runs of one epoch: what it is more in two processes is what they do beside the work of one, and
tells their speed on cores that others use.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from machine import machine


def _write_series(file: Path, n: int, length: int) -> None:
    """Write noise with a sine in it, of a frequency for each of two classes; lengths differ."""
    random, steps = np.random.default_rng(0), np.arange(length)
    with file.open("w", encoding="utf-8") as out:
        out.write("id,label,x\n")
        for i in range(n):
            values = random.normal(size=length) + np.sin(steps / (5 + i % 2))
            for v in values[: random.integers(length // 2, length + 1)]:
                out.write(f"s{i},{'ab'[i % 2]},{v:.4f}\n")


def _epoch(folder: Path, processes: int, batch: int, epochs: int) -> tuple[float, float]:
    """Return seconds of an epoch, and seconds of CPU of the whole run."""
    several = ("torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m")
    run = folder / f"run{processes}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = f"--members network --batch-size {batch} --max-epochs {epochs} --seed 0 --quiet --force"
    launcher = several if processes > 1 else ()
    data = str(folder / "data.csv")
    subprocess.run(
        [sys.executable, "-m", *launcher, "msssm_ts", "fit", data, *asked.split(), "-o", str(run)],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (run / "history.csv").open(encoding="utf-8") as file:
        seconds = [float(row["seconds"]) for row in csv.DictReader(file)]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (seconds[-1] - seconds[0]) / max(1, len(seconds) - 1), cpu


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--series", type=int, default=256)
    asked.add_argument("--length", type=int, default=300)
    asked.add_argument("--batch-size", type=int, default=64)
    asked.add_argument("--epochs", type=int, default=15)
    given = asked.parse_args()
    print(machine(torch.device("cpu")))
    print(
        f"{given.series} series of {given.length // 2} to {given.length} steps, batches of "
        f"{given.batch_size}, one thread a process"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_series(folder / "data.csv", given.series, given.length)
        start_one, start_two = (_epoch(folder, n, given.batch_size, 1)[1] for n in (1, 2))
        for i in range(given.rounds):
            load = os.getloadavg()[0]
            one, cpu_one = _epoch(folder, 1, given.batch_size, given.epochs)
            two, cpu_two = _epoch(folder, 2, given.batch_size, given.epochs)
            cpu_one, cpu_two = (
                (cpu - start) / (given.epochs - 1)
                for cpu, start in ((cpu_one, start_one), (cpu_two, start_two))
            )
            print(
                f"round {i + 1}: an epoch takes {one:.2f} s in one process, {two:.2f} s in two: "
                f"{one / two:.2f} times as fast; CPU of it {cpu_one:.2f} and {cpu_two:.2f} s; "
                f"load before {load:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
