"""Train on a tree of sound many times larger than the memory that the process may have.

    python benchmarks/memory.py [--limit GIGABYTES] [--times 10] [--threads 2 1 | --cores 2 1]
                                [--folder FOLDER] [-- OPTIONS]

Writes a tree of WAV files (8 channels, 48 kHz, 32-bit float) of so many times the limit, runs
``msssm-ts fit`` on it with each number of threads, and prints the seconds and the most memory that
all of its processes had together, pages that they share counted once. With one thread other
processes, which read ahead, still have the other cores; ``--cores`` keeps all processes of a fit to
so many cores, and gives it as many threads: a smaller machine. Ends with 1 where it took more than
the limit. Linux only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE, N_CHANNELS, SECONDS = 48_000, 8, 20
# Seconds between two looks at the memory.
_LOOK = 0.25


def write_tree(folder: Path, size: int) -> tuple[int, int]:
    """Two classes of tones in noise, about ``size`` bytes; returns files and bytes."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE * SECONDS) / RATE
    n_files = -(-size // (RATE * SECONDS * N_CHANNELS * 4))
    total = 0
    noise = rng.normal(scale=0.1, size=(len(t), N_CHANNELS)).astype(np.float32)
    for i in range(n_files):
        name, hertz = (("low", 300.0), ("high", 3000.0))[i % 2]
        tone = np.sin(2 * np.pi * hertz * rng.uniform(0.8, 1.25) * t).astype(np.float32)
        file = folder / name / f"{i:05d}.wav"
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, tone[:, None] * 0.1 + np.roll(noise, i, 0), RATE, subtype="FLOAT")
        total += file.stat().st_size
    return n_files, total


def resident(pid: int) -> int:
    """Return the bytes of memory that a process and those that it started have together."""
    total = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += 1024 * int(line.split()[1])
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(resident(int(child)) for child in (task / "children").read_text().split())
    except OSError:
        # It has ended meanwhile.
        pass
    return total


def timed_fit(
    tree: Path, out: Path, options: list[str], threads: int, cores: set[int]
) -> tuple[float, int]:
    """Fit by so many threads on some cores; return seconds, and the most memory of all processes.

    No cores: on those that this process may use.
    """
    began, most = time.perf_counter(), 0
    command = [sys.executable, "-m", "msssm_ts", "fit", str(tree), "--out", str(out)]
    process = subprocess.Popen(
        [*command, "--overlap", "0", *options],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        # What it starts stays there, too.
        preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
    )
    while process.poll() is None:
        most = max(most, resident(process.pid))
        time.sleep(_LOOK)
    if process.returncode:
        raise SystemExit(f"fit ended with {process.returncode}")
    return time.perf_counter() - began, most


def usable_cores(most: int) -> list[int]:
    """Return the cores that this process may use; end where there are fewer than are asked for."""
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("--cores: this system keeps no process to some cores; take --threads")
    usable = sorted(os.sched_getaffinity(0))
    if most > len(usable):
        raise SystemExit(f"--cores {most}: there are {len(usable)}; ask for no more")
    return usable


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=2.5, help="gigabytes of memory")
    parser.add_argument("--times", type=float, default=10, help="times as large is the tree")
    machine = parser.add_mutually_exclusive_group()
    machine.add_argument("--threads", type=int, nargs="+", default=[2], help="of each fit")
    machine.add_argument("--cores", type=int, nargs="+", help="that each fit may use")
    parser.add_argument("--folder", type=Path, help="where to write; else a temporary folder")
    parser.add_argument("options", nargs="*", default=["--crop", "2", "--max-epochs", "1"])
    arguments = parser.parse_args()
    numbers = arguments.cores or arguments.threads
    if min(numbers) < 1:
        parser.error("a fit takes a core and a thread at least")
    usable = usable_cores(max(numbers)) if arguments.cores else []
    limit = int(arguments.limit * 1e9)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as room:
        tree = Path(room) / "tree"
        n_files, size = write_tree(tree, int(arguments.times * limit))
        print(f"{n_files} files, {size / 1e9:.1f} GB; limit {limit / 1e9:.1f} GB", flush=True)
        peaks = []
        for i, n in enumerate(numbers):
            out, cores = Path(room) / f"run{i}", set(usable[:n])
            seconds, peak = timed_fit(tree, out, arguments.options, n, cores)
            peaks.append(peak)
            of = f"{n} {'core' if cores else 'thread'}{'' if n == 1 else 's'}"
            print(f"{of}: {seconds:.0f} s, {peak / 1e9:.2f} GB at most", flush=True)
    if max(peaks) > limit:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
