"""What part of the vote a trained network should have: rules tried on what was left out.

python benchmarks/shares.py DATA_FOLDER --sets Adiac FaceAll ...

A third of a training file (a fifth below 450 series) is left out; the default is fitted to the
rest, whose own validation series tell the share. No test file is opened.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedShuffleSplit

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.fitting import course, share
from msssm_ts.members.member import Member
from msssm_ts.series import take

MOST = 900
RULES = (
    "no network",
    "best share, halved",
    "least that is not surely worse, half at most",
    "the same, four fifths at most",
)


def scores(folder: Path) -> list[float]:
    """Return accuracy and log loss by each rule."""
    train = load(folder, ReadOptions(split="train"))
    labels = np.asarray(train.labels)
    rows = np.arange(len(labels))
    if len(rows) > MOST:
        drawn = StratifiedShuffleSplit(1, train_size=MOST, random_state=0)
        rows = next(drawn.split(rows, labels))[0]
    size = 0.2 if len(rows) < 450 else 0.33
    cut = StratifiedShuffleSplit(1, test_size=size, random_state=0)
    kept, aside = next(cut.split(rows, labels[rows]))
    seen: dict[str, Any] = {}

    def spy(learned: Sequence[Member], validation: Any, theirs: NDArray[np.float64]) -> float:
        ours = share.vote_of([], learned).predict_proba(validation.values)
        best = share.best_share(ours, theirs, validation.targets)
        sure = share.certain_share(ours, theirs, validation.targets)
        seen["shares"] = 0.0, best / 2, min(0.5, sure), min(0.8, sure)
        return 0.5

    measured, course.measured_share = course.measured_share, spy  # type: ignore[assignment]
    try:
        model = MSSSMClassifier(random_state=0)
        model.fit(take(train.values, rows[kept]), labels[rows[kept]])
    finally:
        course.measured_share = measured
    fitted = model.model_
    answers = {}
    for learned in (True, False):
        chosen = [
            (member, weight)
            for member, weight in zip(fitted.vote.members, fitted.vote.weights, strict=True)
            if member.learns_by_steps == learned
        ]
        members, weights = zip(*chosen, strict=True)
        vote = replace(fitted.vote, members=members, weights=tuple(2 * w for w in weights))
        model.model_ = replace(fitted, vote=vote)
        answers[learned] = model.predict_proba(take(train.values, rows[aside]))
    shares = seen["shares"]
    truth, row = labels[rows[aside]], []
    for part in shares:
        proba = part * answers[True] + (1 - part) * answers[False]
        accuracy = (model.classes_[proba.argmax(1)] == truth).mean()
        row += [float(accuracy), float(log_loss(truth, proba, labels=model.classes_))]
    print(f"{folder.name:32} shares {np.round(shares[1:], 2)}", np.round(row, 4), flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", nargs="+", required=True)
    arguments = parser.parse_args()
    found = np.mean([scores(arguments.data / name) for name in arguments.sets], 0)
    for title, (accuracy, loss) in zip(RULES, found.reshape(-1, 2), strict=True):
        print(f"{title:44} {accuracy:.4f} {loss:.4f}")


if __name__ == "__main__":
    main()
