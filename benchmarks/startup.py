"""Time what a person waits for: commands, and a new process to its first training step.

python benchmarks/startup.py [--against REF] [--rounds 5]

Commands are timed here and, turn by turn, at another commit; their processor time is told, which a
busy machine changes least. First steps are timed with an empty and with a filled kernel cache.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parents[1]
STEP = """
import numpy as np
from msssm_ts import MSSSMClassifier

class Stop(Exception): pass
def stop(progress): raise Stop

X = np.random.default_rng(0).normal(size=(16, 100))
try:
    MSSSMClassifier(members=["network"], core={core!r}, callbacks=[stop]).fit(X, np.arange(16) % 2)
except Stop:
    import time
    print(time.time())
"""
IMPORTS = "import torch, sklearn.base, time; print(time.time())"


def seconds_until_printed(code: str, cache: str) -> float:
    """Run code in a new process that prints the time when it is there."""
    began = time.time()
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MSSSM_TS_CACHE_DIR": cache},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(result.stdout) - began


COMMANDS = {
    "--version": ("-m", "msssm_ts", "--version"),
    "--help": ("-m", "msssm_ts", "--help"),
    "info nosuch": ("-m", "msssm_ts", "info", "nosuch"),
    "fit, of a name misspelt": ("-m", "msssm_ts", "fit", "ECG20"),
    "data list": ("-m", "msssm_ts", "data", "list"),
    "info": ("-m", "msssm_ts", "info"),
    "info MODEL": ("-m", "msssm_ts", "info", "run"),
    "predict MODEL, one series": ("-m", "msssm_ts", "predict", "run", "one.csv"),
    "import of the estimator": ("-c", "from msssm_ts import MSSSMClassifier"),
}


def processor_seconds(tree: Path, folder: Path, arguments: tuple[str, ...]) -> float:
    """Run Python in a folder, with the package of a tree; return the processor's seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def tree_of(ref: str | None) -> Iterator[Path | None]:
    """Check another commit out, for as long as it is timed."""
    if ref is None:
        yield None
        return
    git = ["git", "-C", str(HERE), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        subprocess.run([*git, "add", "--detach", str(other), ref], check=True, capture_output=True)
        try:
            yield other
        finally:
            subprocess.run([*git, "remove", "--force", str(other)], check=True)


def time_commands(ref: str | None, rounds: int) -> None:
    """Print the least seconds of each command, and what part of another commit's that is."""
    with tempfile.TemporaryDirectory() as name, tree_of(ref) as other:
        folder = Path(name)
        fit = ("-m", "msssm_ts", "fit", "ItalyPowerDemand", "--preset", "fast", "-o", "run", "-q")
        header = ",".join(f"t{i}" for i in range(24))
        (folder / "one.csv").write_text(f"{header}\n{','.join(map(str, range(24)))}\n")
        processor_seconds(other or HERE, folder, fit)
        trees = [HERE] if other is None else [other, HERE]
        for what, arguments in COMMANDS.items():
            turns = [
                [processor_seconds(t, folder, arguments) for t in trees] for _ in range(rounds)
            ]
            *before, now = (min(column) for column in zip(*turns, strict=True))
            was = "".join(f", {b:.2f} s at {ref}: {now / b:.2f} of it" for b in before)
            print(f"{what:<26} {now:.2f} s{was}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="REF", help="commit to compare commands with")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    time_commands(arguments.against, arguments.rounds)
    with tempfile.TemporaryDirectory() as cache:
        times = [seconds_until_printed(IMPORTS, cache) for _ in range(5)]
        print(f"importing torch and sklearn.base alone: {statistics.median(times):.2f} s")
    for core in ("s6", "lti"):
        with tempfile.TemporaryDirectory() as cache:
            code = STEP.format(core=core)
            print(f"{core:<4} cold: {seconds_until_printed(code, cache):.2f} s", flush=True)
            times = [seconds_until_printed(code, cache) for _ in range(5)]
            print(f"{core:<4} warm: {statistics.median(times):.2f} s", flush=True)


if __name__ == "__main__":
    main()
