"""Seconds to fit and to predict, beside aeon's MiniRocket, in turns.

    python benchmarks/race.py DATA_FOLDER --peer PYTHON [--preset fast] [--rounds 3]

PYTHON is an interpreter that has aeon (its versions of numba and scikit-learn are others than ours;
see peers.py). Every round both, each in a process of its own, fit and predict all sets twice, after
a small set to warm up; of all rounds the least counts, since other work on the machine only adds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import peers

SETS = ("FaceAll", "ECG5000", "MedicalImages", "OSULeaf", "ScreenType", "Wafer")
PEER = "MiniRocket"
TRIES = 2


def make(name: str) -> Any:
    """Return an untrained classifier: a preset of ours, or aeon's."""
    if name == PEER:
        return peers.make(name, 0)
    from msssm_ts import MSSSMClassifier

    return MSSSMClassifier(name, random_state=0)


def seconds(data: Path, sets: list[str], name: str) -> dict[str, tuple[float, float]]:
    """Return the least seconds to fit and to predict each set."""
    warm = np.random.default_rng(0).normal(size=(20, 1, 64))
    make(name).fit(warm, np.arange(20) % 2).predict(warm)
    found = {}
    for of in sets:
        (X, y), (X_test, _) = (
            peers.read(next((data / of).glob(f"{of}_{part}.t*"))) for part in ("TRAIN", "TEST")
        )
        times = []
        for _ in range(TRIES):
            model = make(name)
            began = time.perf_counter()
            model.fit(X, y)
            fitted = time.perf_counter()
            model.predict(X_test)
            times.append((fitted - began, time.perf_counter() - fitted))
        fits, predictions = zip(*times, strict=True)
        found[of] = min(fits), min(predictions)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(seconds(given.data, given.sets, given.one)))
        return
    best: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for _ in range(given.rounds):
        for name, python in ((given.preset, sys.executable), (PEER, given.peer)):
            command = [python, __file__, str(given.data), "--one", name, "--sets", *given.sets]
            answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            for of, times in json.loads(answer).items():
                known = best[name].get(of, times)
                best[name][of] = [min(a, b) for a, b in zip(known, times, strict=True)]
    for name, by_set in best.items():
        print(name, {of: [round(t, 2) for t in times] for of, times in by_set.items()})
    ours, theirs = (np.sum(list(by_set.values()), 0) for by_set in best.values())
    for what, own, other in zip(("fit", "predict"), ours, theirs, strict=True):
        print(f"{what}: {given.preset} {own:.2f} s, {PEER} {other:.2f} s: {own / other:.1f} times")


if __name__ == "__main__":
    main()
