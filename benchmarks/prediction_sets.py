"""What prediction sets cover on test series, and how large they are.

    python benchmarks/prediction_sets.py DATA --sets ECG200,ECG5000,MITBIH_beats5 --resamples 3

DATA is a folder of folders with a training and a test part each. The first resample is the data's
own split, the others are drawn, stratified and as large; series that belong to groups (patients)
keep their own split alone, and their groups are told to the fit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from accuracy import resampled

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load


def measured(folder: Path, n: int, preset: str, coverages: list[float]) -> list[np.ndarray]:
    """Return what is covered, least of a class's, and mean sizes, (2, n_coverages, 3) a split."""
    train, test = load(folder), load(folder, ReadOptions(split="test"))
    series = [np.asarray(x, np.float32) for part in (train, test) for x in part.values]
    labels = np.concatenate([part.labels for part in (train, test)])
    found = []
    for number in range(n if train.groups is None else 1):
        rows, others = resampled(labels, train.n_series, number)
        model = MSSSMClassifier(preset, random_state=number)
        model.fit([series[i] for i in rows], labels[rows], groups=train.groups)
        proba = model.predict_proba([series[i] for i in others])
        truth = labels[others][:, None] == model.classes_
        told = model.model_.labels.coverage
        found.append(
            np.array(
                [
                    [_row(told.sets(proba, asked, per_class), truth) for asked in coverages]
                    for per_class in (False, True)
                ]
            )
        )
    return found


def _row(sets: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    held = (sets & truth).any(axis=1)
    least = min(held[column].mean() for column in truth.T if column.any())
    return held.mean(), least, sets.sum(axis=1).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", required=True, help="with commas between")
    parser.add_argument("--resamples", type=int, default=3)
    parser.add_argument("--coverages", default="0.9,0.95")
    parser.add_argument("--preset", default="fast")
    asked = parser.parse_args()
    coverages = [float(text) for text in asked.coverages.split(",")]
    head = ["set", "asked", "covered", "least of a class", "mean size"]
    head += [f"{what}, per class" for what in head[2:]]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    means = []
    for name in asked.sets.split(","):
        means.append(
            np.mean(measured(asked.data / name, asked.resamples, asked.preset, coverages), 0)
        )
        _show(name, coverages, means[-1])
    _show("mean", coverages, np.mean(means, 0))


def _show(name: str, coverages: list[float], values: np.ndarray) -> None:
    for i, coverage in enumerate(coverages):
        shown = " | ".join(f"{v:.3f}" for v in values[:, i].ravel())
        print(f"| {name} | {coverage:g} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
