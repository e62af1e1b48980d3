"""How many labels that were flipped are found among the first that are ranked.

    python benchmarks/label_errors.py DATA --sets ItalyPowerDemand,Trace,FaceFour --seeds 3

DATA is a folder of folders with a training part each. A share of its labels is flipped at random,
each to another class; answers are those of folds (msssm-ts crossval), ranked by
msssm_ts.analysis.data.label_errors.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.data.label_errors import label_errors
from msssm_ts.cli.crossval.folds import folds_of
from msssm_ts.datasets import load
from msssm_ts.fitting.targets import encode_targets


def flipped(labels: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which n are others, and which those are."""
    rows, found = rng.choice(len(labels), n, replace=False), labels.copy()
    for row in rows:
        found[row] = rng.choice(np.setdiff1d(labels, labels[row : row + 1]))
    return found, rows


def out_of_fold(series: list[np.ndarray], labels: np.ndarray, preset: str, seed: int) -> np.ndarray:
    """Return probabilities (n_series, n_classes) of models that have not seen the series."""
    targets = encode_targets(labels)
    proba = np.zeros((len(labels), len(targets.classes)))
    for fold in folds_of(targets, None, 5, 1, seed):
        model = MSSSMClassifier(preset, random_state=seed)
        model.fit([series[i] for i in fold.train], labels[fold.train])
        columns = np.searchsorted(targets.classes, model.classes_)
        own = model.predict_proba([series[i] for i in fold.test])
        proba[fold.test[:, None], columns] = own
    return proba


def measured(folder: Path, share: float, preset: str, seed: int) -> tuple[float, ...]:
    """Return series and flips; the share found, AUROC; flagged, and how many of those are flips."""
    train = load(folder)
    labels = np.asarray(train.labels)
    n = max(1, round(share * len(labels)))
    wrong, rows = flipped(labels, n, np.random.default_rng(seed))
    series = [np.asarray(x, np.float32) for x in train.values]
    proba = out_of_fold(series, wrong, preset, seed)
    found = label_errors(encode_targets(wrong).encoded, proba)
    is_wrong = np.isin(np.arange(len(labels)), rows)
    caught = float(is_wrong[found.order[:n]].mean())
    hits = float(is_wrong[found.flagged].mean()) if found.flagged.any() else np.nan
    auroc = roc_auc_score(is_wrong, -found.margin)
    return len(labels), n, caught, auroc, found.flagged.sum(), hits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", required=True, help="with commas between")
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--preset", default="fast")
    asked = parser.parse_args()
    head = ["set", "series", "flipped", "found among as many", "AUROC", "flagged", "of these flips"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    means = []
    for name in asked.sets.split(","):
        runs = [
            measured(asked.data / name, asked.share, asked.preset, seed)
            for seed in range(asked.seeds)
        ]
        means.append(np.nanmean(runs, axis=0))
        _show(name, means[-1])
    _show("mean", np.mean(means, axis=0))


def _show(name: str, row: np.ndarray) -> None:
    n, flips, caught, auroc, flagged, hits = row
    print(
        f"| {name} | {n:.0f} | {flips:.0f} | {caught:.3f} | {auroc:.3f} | {flagged:.1f} "
        f"| {hits:.3f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
