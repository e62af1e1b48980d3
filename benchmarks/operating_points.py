"""What operating points and decisions for rare classes reach on test files.

    python benchmarks/operating_points.py points DATA --sets ECG200,PowerCons --resamples 3
    python benchmarks/operating_points.py decide DATA --sets ECG5000,MedicalImages --resamples 3

DATA is a folder of UCR sets. ``points`` asks for sensitivities of the second of two classes, and
counts on the test part what comes of the threshold that was chosen on the training part;
``decide`` compares the most probable class with what is best for balanced accuracy and macro F1.
The first resample is the archive's own split, the others are drawn, stratified and as large.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import resampled
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.evaluation import evaluate_predictions
from msssm_ts.datasets import load

Array = NDArray[Any]
_AIMS = ("accuracy", "balanced_accuracy", "macro_f1")


def splits(folder: Path, n: int) -> Iterator[tuple[list[Array], Array, list[Array], Array]]:
    """Yield training series, their labels, test series and theirs, n times."""
    parts = [load(next(folder.glob(f"*_{part}.t*s*"))) for part in ("TRAIN", "TEST")]
    series = [np.asarray(x, np.float32) for part in parts for x in part.values]
    labels = np.concatenate([part.labels for part in parts])
    for number in range(n):
        train, test = resampled(labels, parts[0].n_series, number)
        one, other = ([series[i] for i in rows] for rows in (train, test))
        yield one, labels[train], other, labels[test]


def points(data: Path, names: list[str], n: int, targets: list[float], preset: str) -> None:
    """Print what is asked for, expected and reached."""
    head = ("set", "asked", "expected", "reached", "specificity expected", "reached", "in interval")
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for target in targets:
        means = []
        for name in names:
            rows = []
            for number, (X, y, Z, t) in enumerate(splits(data / name, n)):
                model = MSSSMClassifier(preset, sensitivity=target, random_state=number).fit(X, y)
                expected = model.decision_.estimate
                truth, found = (v == model.classes_[1] for v in (t, model.predict(Z)))
                reached = found[truth].mean()
                own = expected["sensitivity"]
                rows.append(
                    (
                        own["value"],
                        reached,
                        expected["specificity"]["value"],
                        (~found)[~truth].mean(),
                        own["low"] <= reached <= own["high"],
                    )
                )
            means.append(np.mean(rows, 0))
            _row(name, target, means[-1], sum(row[-1] for row in rows), n)
        inside = sum(round(row[-1] * n) for row in means)
        _row("mean", target, np.mean(means, 0), inside, n * len(names))


def _row(name: str, target: float, values: Array, inside: int, of: int) -> None:
    shown = [f"{value:.3f}" for value in values[:4]]
    print(f"| {name} | {target:g} | {' | '.join(shown)} | {inside} of {of} |", flush=True)


def decide(data: Path, names: list[str], n: int, preset: str) -> None:
    """Print three scores of each of three decisions."""
    head = ["set"] + [f"{score}, {aim}" for score in _AIMS for aim in _AIMS]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    means = []
    for name in names:
        rows = []
        for number, (X, y, Z, t) in enumerate(splits(data / name, n)):
            found = []
            for aim in _AIMS:
                model = MSSSMClassifier(preset, decide=aim, random_state=number).fit(X, y)
                proba = model.predict_proba(Z)
                columns = model.model_.labels.chosen_columns(proba)
                found.append(evaluate_predictions(t, proba, model.classes_, columns))
            rows.append([scores[score] for score in _AIMS for scores in found])
        means.append(np.mean(rows, 0))
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in means[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{v:.3f}" for v in np.mean(means, 0)) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("points", "decide"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", required=True, help="with commas between")
    parser.add_argument("--resamples", type=int, default=3)
    parser.add_argument("--sensitivities", default="0.9,0.95")
    parser.add_argument("--preset", default="fast")
    asked = parser.parse_args()
    names = asked.sets.split(",")
    if asked.what == "decide":
        decide(asked.data, names, asked.resamples, asked.preset)
        return
    targets = [float(text) for text in asked.sensitivities.split(",")]
    points(asked.data, names, asked.resamples, targets, asked.preset)


if __name__ == "__main__":
    main()
