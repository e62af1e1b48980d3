"""What becomes of one value far from all others, and how much of a clip's mean sound keeps.

    python benchmarks/values.py outlier DATA --sets GunPoint,ECG200 --preset network --epochs 25
    python benchmarks/values.py sound DATA/SpeechCommands10/train --preset fast

DATA is a folder of UCR sets. Everything is measured on parts of the training files that are set
aside (three tenths of every class; a quarter of the speakers); test files are not opened.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import load
from msssm_ts.fitting.split import stratified_split
from msssm_ts.preparation import Preparation
from msssm_ts.series import take


def outlier(data: Path, names: list[str], seeds: int, settings: dict[str, Any]) -> None:
    """Print accuracy without an outlier, with one of 1e5 deviations, and with that one left in."""
    print(f"{'':22}{'none':>8}{'one':>8}{'left in':>9}  the same without limits")
    for name in names:
        known = load(next((data / name).glob("*TRAIN.t*s*")))
        encoded = np.unique(known.labels, return_inverse=True)[1]
        series = [np.asarray(s, np.float32) for s in known.values]
        right, same = [], []
        for seed in range(seeds):
            kept, aside = stratified_split(encoded, 0.3, seed)
            train, test = ([series[i].copy() for i in part] for part in (kept, aside))
            plain, left_in = Preparation(), Preparation(limits=())
            answers = []
            for own in (plain, left_in, plain, left_in):
                if len(answers) == 2:
                    middle = train[3].shape[1] // 2
                    train[3][0, middle] = 1e5 * np.nanstd(np.concatenate([s[0] for s in test]))
                model = MSSSMClassifier(
                    preparation=own, random_state=seed, missing="mask", verbose=0, **settings
                )
                answers.append(model.fit(train, known.labels[kept]).predict_proba(test))
            same.append(np.array_equal(answers[0], answers[1]))
            labels = (model.classes_[a.argmax(1)] for a in answers)
            right.append([(x == known.labels[aside]).mean() for x in labels])
        none, _, one, kept_in = np.mean(right, 0)
        print(f"{name:22}{none:8.3f}{one:8.3f}{kept_in:9.3f}  {all(same)}", flush=True)


def sound(data: Path, kinds: list[str], seeds: int, settings: dict[str, Any]) -> None:
    """Print accuracy on speakers set aside, by how series are standardised."""
    from sklearn.model_selection import GroupShuffleSplit

    known = load(data)
    for kind in kinds:
        right = []
        for seed in range(seeds):
            split = GroupShuffleSplit(1, test_size=0.25, random_state=seed)
            kept, aside = next(split.split(known.labels, known.labels, known.groups))
            own = Preparation(features="logmel", standardize=kind)  # type: ignore[arg-type]
            model = MSSSMClassifier(preparation=own, random_state=seed, verbose=0, **settings)
            model.fit(take(known.values, kept), known.labels[kept], sampling_rate=16000.0)
            right.append(model.score(take(known.values, aside), known.labels[aside]))
        print(f"{kind:16}{np.mean(right):.3f}  {np.round(right, 3)}", flush=True)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("outlier", "sound"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default="GunPoint,ECG200,ItalyPowerDemand,SyntheticControl")
    parser.add_argument("--kinds", default="mostly-centred,centred,global")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    settings = {"preset": asked.preset, "max_epochs": asked.epochs}
    if asked.what == "outlier":
        outlier(asked.data, asked.sets.split(","), asked.seeds, settings)
    else:
        settings["early_stopping"] = False if asked.epochs else "auto"
        sound(asked.data, asked.kinds.split(","), asked.seeds, settings)


if __name__ == "__main__":
    main()
