"""Kill fits at random moments, go on with each, and compare with fits that were left alone.

    python tests/fuzz/kills.py --kills 100 --seed 0
    python tests/fuzz/kills.py --cost

Every fit runs as the command does, in a process of its own: presets fast, default and network;
KILL, TERM, HUP and INT; into an empty folder, and over a model (``--force``). A third of the fits
that are gone on with are killed again. Prints a row a kind, and exits with 1 if an old model was
lost, a final weight differs in one bit, a half written file is left, a signal that can be caught
leaves another exit code than 130, or more work is lost than lies between two checkpoints.
``--cost`` prints which part of a network's training went into keeping it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SIGNALS = ("KILL", "TERM", "HUP", "INT")
PRESETS: dict[str, tuple[str, ...]] = {
    "fast": ("--preset", "fast"),
    "default": ("--max-epochs", "12"),
    "network": ("--members", "network", "--max-epochs", "12"),
}
INTERVAL = 1.0
# A member that is not trained by steps is lost as a whole; these take less, kernels loaded.
LONGEST_MEMBER = 4.0


@dataclass
class Row:
    """What became of the kills of one kind."""

    kills: int = 0
    before_start: int = 0
    again: int = 0
    most_lost: float = 0.0
    faults: list[str] = field(default_factory=list)


def write_data(file: Path) -> None:
    """Write 330 noisy waves of three classes."""
    rng = np.random.default_rng(0)
    steps = np.arange(80)
    with file.open("w") as stream:
        stream.write("label," + ",".join(f"t{i}" for i in steps) + "\n")
        for i in range(330):
            wave = np.sin(steps / (3 + i % 3) + rng.uniform(0, 6)) + rng.normal(size=80)
            stream.write(f"c{i % 3}," + ",".join(f"{v:.5f}" for v in wave) + "\n")


def start(*words: str | Path) -> subprocess.Popen[str]:
    """Start ``msssm-ts fit``."""
    command = [sys.executable, "-m", "msssm_ts", "fit", *map(str, words), "-q", "--debug"]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd=Path.cwd()
    )


def finish(*words: str | Path) -> tuple[float, str]:
    """Run it to its end; return the seconds, and what it said where it failed."""
    began = time.perf_counter()
    process = start(*words)
    _, said = process.communicate(timeout=600)
    return time.perf_counter() - began, "" if process.returncode == 0 else said


def kill(process: subprocess.Popen[str], name: str, after: float) -> tuple[bool, int, str, float]:
    """Send a signal; return whether it met the process, its exit code, stderr and the moment."""
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        moment = time.time()
        process.send_signal(getattr(signal, f"SIG{name}"))
        _, said = process.communicate(timeout=120)
        return True, process.returncode, said, moment
    _, said = process.communicate()
    return False, process.returncode, said, 0.0


def weights(run: Path) -> str:
    """Return a digest of all arrays of a model."""
    from msssm_ts.fitted import load_model
    from msssm_ts.fitted.model_file import model_tensors

    model = load_model(run)
    found = hashlib.sha256()
    for name, tensor in sorted(model_tensors(model).items()):
        found.update(name.encode() + tensor.tobytes())
    found.update(str(model.vote.weights).encode())
    return found.hexdigest()


def lost(run: Path, moment: float) -> float | None:
    """Return the seconds between the last that was kept and a kill; None: nothing had begun.

    Only of a fit that began anew: one that goes on has old files until it writes its first.
    """
    kept = [f.stat().st_mtime for f in (run / "checkpoint").glob("*.*") if f.name != "call.json"]
    return moment - max(kept) if kept else None


def attack(
    row: Row, preset: str, name: str, force: bool, work: Path, seconds: float, expected: str
) -> None:
    """Kill one fit, see what is left, go on with it, and compare."""
    run, data = work / "run", work / "data.csv"
    shutil.rmtree(run, ignore_errors=True)
    old = None
    if force:
        shutil.copytree(work / "old", run)
        old = (run / "model.safetensors").read_bytes()
    first = [data, "--out", run, *PRESETS[preset], *(["--force"] if force else [])]
    words: list[str | Path] = [*first, "--checkpoint-every", str(INTERVAL)]
    row.kills += 1
    case = f"{preset} {name}{' --force' if force else ''}"
    while True:
        met, code, said, moment = kill(start(*words), name, random.uniform(0.3, seconds))
        if not met:
            if code:
                row.faults.append(f"{case}: exit {code}: {said.strip()[-300:]}")
            break
        began = (run / "checkpoint").exists()
        finished = not began and (run / "metrics.json").exists() and not force
        if name != "KILL" and began and code != 130:
            row.faults.append(f"{case}: exit {code}: {said.strip()[-300:]}")
        if began and name != "KILL" and ("Traceback" in said or len(said.splitlines()) != 1):
            row.faults.append(f"{case}: said {said.strip()[-300:]}")
        since = None if words[0] == "--resume" else lost(run, moment)
        if since is not None:
            row.most_lost = max(row.most_lost, since)
            if since > INTERVAL + LONGEST_MEMBER:
                row.faults.append(f"{case}: {since:.1f} s lost")
        if old is not None and began and (run / "model.safetensors").read_bytes() != old:
            # Only the whole new model may have taken its place.
            if weights(run) != expected:
                row.faults.append(f"{case}: the old model is lost")
        elif began and (run / "model.safetensors").exists():
            weights(run)
        if finished or (not began and weights_or_none(run) == expected):
            break
        if began:
            words = ["--resume", run, "--checkpoint-every", str(INTERVAL)]
        else:
            row.before_start += 1
        if random.random() < 1 / 3:
            row.again += 1
            continue
        _, failed = finish(*words)
        if failed:
            row.faults.append(f"{case}: cannot go on: {failed.strip()[-300:]}")
            return
        break
    if weights(run) != expected:
        row.faults.append(f"{case}: other weights than without the kill")
    left = {f.name for f in run.iterdir()} - {
        *("model.safetensors", "metrics.json", "history.csv", "training_curve.png")
    }
    if left:
        row.faults.append(f"{case}: left over: {sorted(left)}")


def weights_or_none(run: Path) -> str | None:
    """Return :func:`weights` where there is a model."""
    return weights(run) if (run / "model.safetensors").exists() else None


def print_cost() -> None:
    """Train a network with checkpoints at several intervals, and say what they took."""
    from msssm_ts import MSSSMClassifier
    from msssm_ts.datasets import load
    from msssm_ts.fitting import Checkpoint

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.csv")
        write_data(data)
        series = load(str(data))
        for every in (60.0, 5.0, 1.0, 0.0):
            model = MSSSMClassifier(preset="network", max_epochs=90, random_state=0)
            with Checkpoint(Path(folder, "checkpoint"), every) as checkpoint:
                began = time.perf_counter()
                model.fit(series.as_estimator_input(), series.labels, checkpoint=checkpoint)
                seconds = time.perf_counter() - began
                part = checkpoint.seconds_writing / seconds
            print(f"every {every:4g} s: {seconds:5.1f} s, {part:.2%} of it writing", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--signals", default=",".join(SIGNALS))
    parser.add_argument("--cost", action="store_true")
    chosen = parser.parse_args()
    if chosen.cost:
        print_cost()
        return
    random.seed(chosen.seed)
    # A shell lets what it starts in the background ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen_signals = chosen.signals.split(",")
    cases = [(p, s, f) for f in (False, True) for s in chosen_signals for p in PRESETS]
    rows: dict[tuple[str, str, bool], Row] = {case: Row() for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["TMPDIR"] = str(work / "tmp")
        (work / "tmp").mkdir()
        write_data(work / "data.csv")
        print(finish(work / "data.csv", "--out", work / "old", "--preset", "fast", "--seed", "9"))
        times, expected = {}, {}
        for preset, words in PRESETS.items():
            times[preset], failed = finish(work / "data.csv", "--out", work / preset, *words)
            assert not failed, failed
            expected[preset] = weights(work / preset)
            print(f"{preset}: {times[preset]:.1f} s without a kill", flush=True)
        for i in range(chosen.kills):
            case = cases[i % len(cases)]
            preset, name, force = case
            attack(rows[case], preset, name, force, work, times[preset], expected[preset])
            for fault in rows[case].faults:
                print(fault, flush=True)
        # torch makes a folder for its compiler whenever it looks for it.
        names = [f.name for f in (work / "tmp").iterdir()]
        left = [name for name in names if not name.startswith("torchinductor")]
    print("preset  signal  --force  kills  again  before start  most lost s  faults")
    for (preset, name, force), row in rows.items():
        print(
            f"{preset:8}{name:8}{'yes' if force else 'no':9}{row.kills:5}{row.again:7}"
            f"{row.before_start:14}{row.most_lost:13.1f}{len(row.faults):8}"
        )
    faults = Counter(fault for row in rows.values() for fault in row.faults)
    print(f"{sum(row.kills for row in rows.values())} kills, {sum(faults.values())} faults")
    print(f"left in the temporary folder: {left or 'nothing'}")
    sys.exit(1 if faults or left else 0)


if __name__ == "__main__":
    main()
