"""Fit on every training file of a folder, score its test file, compare with published figures.

python benchmarks/accuracy.py DATA_FOLDER --anchors published_accuracy.csv --preset fast

DATA_FOLDER holds a folder per set with a TRAIN and a TEST file; the anchors' columns are dataset
and one per method. Results go to OUT/NAME.csv, a row a set and seed; what is there already is not
computed again. With --validate FOLDS the test files are not opened: the training files are split,
stratified. With --resamples N there are N splits of both files together, the first as it is, the
others stratified and as large (drawn as tsml-eval does). --list takes the sets of an archive, as
far as the folder has them, instead of those with all published figures. --peers PYTHON also runs
aeon's classifiers, with an interpreter that has aeon (its versions of numba and scikit-learn are
others than ours).
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accuracy_report import Table, write_report
from machine import machine
from numpy.typing import NDArray

Index = NDArray[np.int64]

# aeon's.
PEERS = ("MultiRocketHydra", "MiniRocket")
COLUMNS = (
    *("dataset", "seed", "accuracy", "estimate", "fit_seconds", "predict_seconds", "peak_mb"),
    *("n_train", "n_test", "n_timepoints", "n_channels"),
)


def published(file: Path) -> dict[str, dict[str, float]]:
    """Return accuracies by set and method, blank ones left out."""
    with file.open(newline="") as stream:
        return {
            row.pop("dataset"): {k: float(v) for k, v in row.items() if v}
            for row in csv.DictReader(stream)
        }


def published_resamples(n: int) -> dict[str, dict[str, float]]:
    """Return HIVE-COTE 2's mean accuracies over the first n resamples, by set.

    From the result files of tsml-eval (results/classification/Univariate/HC2_accuracy.csv,
    commit 573f6491), Middlehurst et al., "HIVE-COTE 2.0", Machine Learning 110, 2021.
    """
    file = Path(__file__).with_name("published_resamples.csv")
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    numbers = [str(i) for i in range(n)]
    return {
        row["dataset"]: {"HC2": sum(float(row[i]) for i in numbers) / n}
        for row in rows
        if set(numbers) <= row.keys()
    }


def complete(anchors: dict[str, dict[str, float]], without: tuple[str, ...]) -> list[str]:
    """Return the sets for which every method but those has a figure."""
    methods = {m for row in anchors.values() for m in row} - set(without)
    return [name for name, row in anchors.items() if methods <= row.keys()]


def lists() -> dict[str, set[str]]:
    """Return the names of sets that others report on."""
    from sktime.datasets import tsc_dataset_names as names

    return {
        # Bagnall's: of one length, nothing missing, more than a series a class.
        "ucr112": set(names.univariate_equal_length) - {"Fungi"},
        "ucr128": set(names.univariate),
        "uea26": set(names.multivariate_equal_length),
        "uea33": set(names.multivariate),
    }


def resampled(y: NDArray[Any], n_train: int, number: int) -> tuple[Index, Index]:
    """Return which of all series train and test resample ``number``; 0: as they come.

    Each class is shuffled, and has as many training series as in the archive.
    """
    if not number:
        return np.arange(n_train), np.arange(n_train, len(y))
    shuffle = np.random.RandomState(number).shuffle
    train, test = [], []
    for label, count in zip(*np.unique(y[:n_train], return_counts=True), strict=True):
        index = np.flatnonzero(y == label)
        shuffle(index)
        train.append(index[:count])
        test.append(index[count:])
    return np.concatenate(train), np.concatenate(test)


def run_set(folder: Path, seeds: list[int], settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Fit and score one set, a row a seed. Runs in a process of its own."""
    from msssm_ts import MSSSMClassifier
    from msssm_ts.datasets import ReadOptions, load

    folds, resamples = settings.pop("folds"), settings.pop("resamples", False)
    warm = np.random.default_rng(0).normal(size=(20, 1, 32))
    # Kernels are compiled before the clock starts.
    MSSSMClassifier(**settings | {"max_epochs": 1}).fit(warm, np.arange(20) % 2).predict(warm)
    train = load(folder, ReadOptions(split="train"))
    X, y = train.as_estimator_input(), train.labels
    if folds:
        from sklearn.model_selection import StratifiedKFold

        smallest = int(np.unique(y, return_counts=True)[1].min())
        n_splits = max(2, min(folds, smallest))
        parts = [
            (X, y, a, b)
            for seed in seeds
            for a, b in StratifiedKFold(n_splits, shuffle=True, random_state=seed).split(y, y)
        ]
        seeds = list(range(len(parts)))
    else:
        test = load(folder, ReadOptions(split="test"))
        both = [*X, *test.as_estimator_input()], np.concatenate([y, test.labels])
        splits = [resampled(both[1], len(y), s if resamples else 0) for s in seeds]
        parts = [(*both, *split) for split in splits]
    for seed, (series, labels, a, b) in zip(seeds, parts, strict=True):
        model = MSSSMClassifier(missing="mask", random_state=seed, **settings)
        began = time.perf_counter()
        model.fit([series[i] for i in a], labels[a])
        fitted = time.perf_counter()
        predicted = model.predict([series[i] for i in b])
        done = time.perf_counter()
        estimate = (model.model_.record.estimate or {}).get("accuracy", float("nan"))
        # The peak is to be one model's, not that of the next one beside it.
        del model
        yield {
            "dataset": folder.name,
            "seed": seed,
            "accuracy": round(float(np.mean(predicted == labels[b])), 6),
            "estimate": round(estimate, 6),
            "fit_seconds": round(fitted - began, 3),
            "predict_seconds": round(done - fitted, 3),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "n_train": len(a),
            "n_test": len(b),
            "n_timepoints": int(train.lengths.max()),
            "n_channels": train.n_channels,
        }


def in_a_process(command: list[str], task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Run sets in a new process, so that its memory is its own; yield rows as they come."""
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(
            [*command, "--task", json.dumps(task)],
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
        if process.wait():
            messages.seek(0)
            raise RuntimeError(f"{task['folders']}: {messages.read().strip().splitlines()[-1]}")


def run_all(
    file: Path, command: list[str], tasks: list[dict[str, Any]], jobs: int
) -> list[dict[str, Any]]:
    """Run what is not in the file yet, and return all of it."""
    rows: list[dict[str, Any]] = []
    if file.exists():
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
    there: dict[str, set[int]] = {}
    for row in rows:
        there.setdefault(row["dataset"], set()).add(int(row["seed"]))
    lock = threading.Lock()
    with ThreadPoolExecutor(jobs) as pool, file.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        if not rows:
            writer.writeheader()

        def run(task: dict[str, Any]) -> None:
            for row in in_a_process(command, task):
                if int(row["seed"]) in there.get(row["dataset"], ()):
                    # Of a set that was interrupted.
                    continue
                with lock:
                    print(
                        f"{row['dataset']:32} seed {row['seed']}: {row['accuracy']:.4f}  fit "
                        f"{row['fit_seconds']:.1f} s, predict {row['predict_seconds']:.1f} s, "
                        f"{row['peak_mb']} MB",
                        flush=True,
                    )
                    writer.writerow(row)
                    stream.flush()
                    rows.append(row)

        def is_done(folder: str, task: dict[str, Any]) -> bool:
            return set(task["seeds"]) <= there.get(Path(folder).name, set())

        parts = [
            task | {"folders": [f for f in task["folders"] if not is_done(f, task)]}
            for task in tasks
        ]
        list(pool.map(run, [task for task in parts if task["folders"]]))
    return rows


def setting(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def main() -> None:
    if "--task" in sys.argv:
        task = json.loads(sys.argv[sys.argv.index("--task") + 1])
        for folder in task["folders"]:
            for row in run_set(Path(folder), task["seeds"], dict(task["settings"])):
                print(json.dumps(row), flush=True)
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--anchors", type=Path, required=True)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--seeds", type=int, default=3)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sets", nargs="*", help="names; else those with all published figures")
    which.add_argument("--list", choices=("ucr112", "ucr128", "uea26", "uea33"))
    split = parser.add_mutually_exclusive_group()
    split.add_argument("--resamples", type=int, default=0, metavar="N", help="instead of --seeds")
    split.add_argument("--validate", dest="folds", type=int, nargs="?", const=5, default=0)
    parser.add_argument("--set", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--jobs", type=int, default=1, help="sets at a time; 1 to time them")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--name", help="of the result files; else accuracy-PRESET")
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has aeon")
    arguments = parser.parse_args()
    anchors = published(arguments.anchors)
    # MambaSL's figures were chosen on the test files, and are there for few sets.
    names = arguments.sets or complete(anchors, without=("MambaSL",))
    if arguments.list:
        wanted = sorted(lists()[arguments.list])
        names = [name for name in wanted if (arguments.data / name).is_dir()]
        print(f"{arguments.list}: {len(names)} of {len(wanted)} sets are in {arguments.data}")
    if arguments.resamples:
        # Those of the archive's split are of other series.
        anchors = published_resamples(arguments.resamples)
        if not anchors:
            print("no published figures of so many resamples are at hand: none stand beside ours")
    folders = [arguments.data / name for name in names]
    arguments.out.mkdir(parents=True, exist_ok=True)
    kind = "-resamples" if arguments.resamples else ""
    name = arguments.name or f"accuracy-{arguments.preset}{kind}"
    seeds = list(range(arguments.resamples or arguments.seeds))
    how = {"folds": arguments.folds, "resamples": bool(arguments.resamples)}
    settings = dict(arguments.set) | {"preset": arguments.preset} | how
    ours = run_all(
        arguments.out / f"{name}.csv",
        [sys.executable, __file__],
        [{"folders": [str(f)], "seeds": seeds, "settings": settings} for f in folders],
        arguments.jobs,
    )
    others = []
    for peer in PEERS if arguments.peers else ():
        # All sets in one process: aeon takes long to start.
        task = {"folders": [*map(str, folders)], "seeds": [0], "settings": {"preset": peer}}
        command = [arguments.peers, str(Path(__file__).with_name("peers.py"))]
        others.append((peer, run_all(arguments.out / f"accuracy-{peer}.csv", command, [task], 1)))
    table = Table(name, ours, anchors, tuple(others), is_validation=bool(arguments.folds))
    text = write_report(
        table,
        arguments.out / name,
        ", ".join(f"{k} {v}" for k, v in machine(torch.device("cpu")).items()),
    )
    print(text)


if __name__ == "__main__":
    main()
