"""Train on a tree of sound many times larger than the memory that the process may have.

    python benchmarks/memory.py [--limit GIGABYTES] [--times 10] [--folder FOLDER] [-- OPTIONS]

Writes a tree of WAV files (8 channels, 48 kHz, 32-bit float) of so many times the limit, starts
``msssm-ts fit`` with its address space limited (``ulimit -v``), and prints the largest resident
memory that it, or a worker of it, had.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

RATE, N_CHANNELS, SECONDS = 48_000, 8, 20


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--limit", type=float, default=2.5, help="gigabytes of address space")
    parser.add_argument("--times", type=float, default=10, help="times as large is the tree")
    parser.add_argument("--folder", type=Path, help="where to write; else a temporary folder")
    parser.add_argument("options", nargs="*", default=["--crop", "2", "--max-epochs", "1"])
    arguments = parser.parse_args()
    limit = int(arguments.limit * 1e9)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as room:
        tree = Path(room) / "tree"
        n_files, size = write_tree(tree, int(arguments.times * limit))
        print(f"{n_files} files, {size / 1e9:.1f} GB; limit {limit / 1e9:.1f} GB", flush=True)
        began = time.perf_counter()
        command = [sys.executable, "-m", "msssm_ts", "fit", str(tree), "--out", f"{room}/run"]
        subprocess.run(
            [*command, "--overlap", "0", *arguments.options],
            check=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(
            f"trained in {time.perf_counter() - began:.0f} s; largest resident memory "
            f"{peak / 1e9:.2f} GB"
        )


if __name__ == "__main__":
    main()
