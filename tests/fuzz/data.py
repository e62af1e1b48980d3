"""Break files of every kind at random, and see that series or a sentence come of it.

    python tests/fuzz/data.py [--rounds 12000] [--seed 0] [--formats mat5,hdf5] [--minutes 10]

A round takes a small sound source (a file, or a folder with recordings and a table), breaks one of
its files (bits, runs of bytes, lengths, numbers of headers, lines, garbage, the content of another
file), and lets a child read it with 64 MB allowed. What must come of it are series, finite or NaN
and of consistent lengths, or an InputError that names the file, within 10 seconds of CPU and a
bounded peak of memory. Failures are a traceback, a crash, a hang, too much memory, nonsense, a
sentence without the file's name or of several lines; each is printed with what reproduces
it, and the exit code is 1. A table says what came of each format, and what kinds of exceptions the
net of :mod:`msssm_ts.datasets.damage` has caught, for these want sentences of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from fuzz.data_mutations import broken  # noqa: E402
from fuzz.data_seeds import SEEDS  # noqa: E402

# Of wall-clock time, on a machine that may be busy.
_SECONDS = 60
_OPTIONS: tuple[dict[str, Any], ...] = (
    *({},) * 24,
    {"split": "test"},
    {"label": "label"},
    {"group": "patient"},
    {"window": [0.1, 0.1]},
    {"episodes": 1.0},
    {"label_from": "*{label}*"},
)


class Child:
    """A process that reads; started anew when it has died."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, source: Path, options: dict[str, Any], whole: str) -> dict[str, Any]:
        """Let it read a source."""
        if self._process is None:
            paths = os.pathsep.join(filter(None, (str(TESTS.parent), os.environ.get("PYTHONPATH"))))
            self._process = subprocess.Popen(
                [sys.executable, str(TESTS / "fuzz" / "data_worker.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            )
        child = self._process
        assert child.stdin is not None
        assert child.stdout is not None
        task = {"source": str(source), "options": options, "whole": whole}
        child.stdin.write(json.dumps(task).encode() + b"\n")
        child.stdin.flush()
        ready, _, _ = select.select([child.stdout], [], [], _SECONDS)
        line = child.stdout.readline() if ready else b""
        if line.endswith(b"\n"):
            return json.loads(line)
        child.kill()
        child.wait()
        self._process = None
        if not ready:
            return {"outcome": "hang", "detail": f"more than {_SECONDS} s"}
        return {"outcome": "crash", "detail": f"exit code {child.returncode}"}

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None


def run(
    formats: Sequence[str],
    rounds: int,
    seed: int,
    keep: Path | None = None,
    minutes: float = float("inf"),
) -> tuple[Counter[tuple[str, str]], Counter[tuple[str, str]], list[str]]:
    """Break and read, the formats in turn.

    Returns
    -------
    counts : Counter
        Of format and outcome.
    net : Counter
        Of format and what the net caught.
    failures : list of str
        What came of a round, and what reproduces it.
    """
    counts: Counter[tuple[str, str]] = Counter()
    net: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    child = Child()
    end = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
        whole: dict[str, tuple[Path, Path]] = {}
        for name in formats:
            folder = Path(temporary, "whole", name)
            folder.mkdir(parents=True)
            whole[name] = (folder, SEEDS[name](folder))
            found = child.ask(whole[name][1], {}, name)
            if found["outcome"] != "read":
                failures.append(f"{name}, not broken: {found}")
                print(failures[-1], flush=True)
        others = [f.read_bytes() for _, s in whole.values() if (f := s).is_file()]
        for number in range(rounds):
            if time.monotonic() > end:
                break
            name = formats[number % len(formats)]
            rng = random.Random(f"{seed}-{number // len(formats)}-{name}")
            folder, source = whole[name]
            # A place of its own: readers keep what they have decoded by its path.
            place = Path(temporary, f"broken-{number}")
            shutil.copytree(folder, place)
            file = rng.choice(sorted(f for f in place.rglob("*") if f.is_file()))
            file.write_bytes(broken(file.read_bytes(), rng, others))
            options = rng.choice(_OPTIONS)
            found = child.ask(place / source.relative_to(folder), options, "broken")
            outcome = found["outcome"]
            counts[name, outcome] += 1
            if found.get("net"):
                net[name, found["net"]] += 1
            if outcome not in ("read", "refused"):
                where = f"{name} --seed {seed} round {number}, {file.relative_to(place)}, {options}"
                failures.append(f"{where}: {outcome}\n{found['detail']}")
                print(failures[-1], flush=True)
                if keep is not None:
                    shutil.copytree(place, keep / f"{name}-{seed}-{number}", dirs_exist_ok=True)
            shutil.rmtree(place)
    child.close()
    return counts, net, failures


def main() -> int:
    """Run the rounds and print the table."""
    formatter = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--rounds", type=int, default=12000, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", default=",".join(SEEDS))
    parser.add_argument("--minutes", type=float, default=float("inf"), help="to stop after")
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    arguments = parser.parse_args()
    start = time.monotonic()
    formats = arguments.formats.split(",")
    counts, net, failures = run(
        formats, arguments.rounds, arguments.seed, arguments.keep, arguments.minutes
    )
    print(f"{'format':16} {'tried':>6} {'read':>6} {'refused':>8} {'failed':>7}")
    rows = [(name, *(counts[name, k] for k in ("read", "refused"))) for name in formats]
    tried = [sum(n for (f, _), n in counts.items() if f == name) for name in formats]
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows)))
    for (name, read, refused), n in zip(rows, [*tried, sum(tried)], strict=True):
        print(f"{name:16} {n:6} {read:6} {refused:8} {n - read - refused:7}")
    for (name, what), count in sorted(net.items()):
        print(f"caught by the net: {name}: {what} ({count})")
    print(f"seed {arguments.seed}, {time.monotonic() - start:.0f} s, {len(failures)} failures")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
