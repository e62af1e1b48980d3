"""What networks that are not trained add to `fast`: drawn layers, and the pretrained encoder.

    OMP_NUM_THREADS=1 python benchmarks/closed_networks.py DATA_FOLDER [--sets Adiac ...]

At most 400 series of each training file, a third left out three times, stratified. No test file
is opened.
"""

from __future__ import annotations

# Before torch, as for a user.
from msssm_ts import MSSSMClassifier

# isort: split
import argparse
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shapelets import score
from sklearn.model_selection import StratifiedShuffleSplit

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.series.checks import as_series_list

MOST, ASIDE, N_SPLITS = 400, 0.35, 3
KINDS = {
    "fast": {"preset": "fast"},
    "drawn": {"members": ["drawn_network"] * 2},
    "encoder": {"members": ["encoder_ridge"]},
}
# Shares of the drawn ones, and of the encoder, in the vote.
SHARES = [(d, e) for d in (0, 0.05, 0.1, 0.15, 0.2) for e in (0, 0.05, 0.1, 0.15, 0.2, 0.3)]


def answers(folder: Path) -> list[tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]]:
    """Return what each kind answers of the series left out of a set, and their classes."""
    train = load(folder, ReadOptions(split="train"))
    known, labels = as_series_list(list(train.values), "mask"), np.asarray(train.labels)
    if len(labels) > MOST:
        chosen = np.random.default_rng(0).choice(len(labels), MOST, replace=False)
        known, labels = [known[i] for i in chosen], labels[chosen]
    classes, counts = np.unique(labels, return_counts=True)
    rows = np.flatnonzero(np.isin(labels, classes[counts > 1]))
    known, labels = [known[i] for i in rows], labels[rows]
    n_classes = len(np.unique(labels))
    n_aside = max(n_classes, int(max(ASIDE, n_classes / len(labels)) * len(labels)))
    found = []
    for split in range(N_SPLITS):
        folds = StratifiedShuffleSplit(1, test_size=n_aside, random_state=split)
        kept, aside = next(folds.split(labels, labels))
        own = {}
        for name, settings in KINDS.items():
            model = MSSSMClassifier(**settings, missing="interpolate", random_state=0)
            model.fit([known[i] for i in kept], labels[kept])
            own[name] = model.predict_proba([known[i] for i in aside])
        found.append((own, np.searchsorted(model.classes_, labels[aside])))
    return found


def main() -> None:
    """Fit, and print accuracy and log loss alone and together."""
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", help="else all UCR-style sets of the folder")
    asked = parser.parse_args()
    names = asked.sets or sorted(file.parent.name for file in asked.data.glob("*/*_TRAIN.ts*"))
    every = [answers(asked.data / name) for name in names]
    print(f"{len(every)} sets, accuracy and log loss on what was left out")

    def mean(of: dict[str, float]) -> NDArray[np.float64]:
        """Score the weighted mean of kinds on each set, (n_sets, 2)."""
        return np.array(
            [
                np.mean([score(sum(w * own[k] for k, w in of.items()), y) for own, y in one], 0)
                for one in every
            ]
        )

    for kind in KINDS:
        print(f"{kind:30}", *mean({kind: 1.0}).mean(0).round(4))
    before = mean({"fast": 0.9, "drawn": 0.1})[:, 0]
    for d, e in SHARES:
        found = mean({"fast": 1 - d - e, "drawn": d, "encoder": e})
        gain = found[:, 0] - before
        error = gain.std(ddof=1) / len(gain) ** 0.5 if len(gain) > 1 else np.nan
        print(
            f"drawn {d:.2f}, encoder {e:.2f}".ljust(30), *found.mean(0).round(4),
            f"to a tenth drawn: {gain.mean():+.4f} +- {error:.4f}",
        )  # fmt: skip


if __name__ == "__main__":
    main()
