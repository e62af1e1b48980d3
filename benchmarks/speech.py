"""Trained networks, or a preset, on spoken words: log-mel frames and the waveform, also of 8 kHz.

    python benchmarks/speech.py DATA/SpeechCommands10 [--networks 4 | --preset default]
    python benchmarks/speech.py DATA/SpeechCommands10 --validate --folds 1

DATA/SpeechCommands10 has the folders train and test; speakers are told from the files' names. The
copies of 8 kHz are what a telephone leaves of the clips; the network is trained at 16 kHz.
``--validate`` opens the training clips only: a quarter of the speakers is set aside. Settings of
the estimator are tried as ``--set masks=0.3 --set warp=0``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import LabelledSeries, load
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.filters import resample
from msssm_ts.series import take

RATE, SLOW = 16000.0, 8000.0
KINDS = {
    "logmel": Preparation(features="logmel", standardize="mostly-centred"),
    "waveform": Preparation(),
}
# Series, labels and groups of one side of a comparison.
Side = tuple[Any, NDArray[Any], NDArray[Any]]


def side(data: LabelledSeries, index: NDArray[np.int64] | None = None) -> Side:
    """Take all clips, or some."""
    assert data.labels is not None
    assert data.groups is not None
    index = np.arange(len(data.labels)) if index is None else index
    return take(data.values, index), data.labels[index], np.asarray(data.groups)[index]


def comparisons(data: Path, folds: int) -> Iterator[tuple[Side, Side]]:
    """Yield what to train on and what to score: folds of the training clips, or the test clips."""
    known = load(data / "train")
    if not folds:
        yield side(known), side(load(data / "test"))
        return
    split = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    for kept, aside in list(split.split(known.labels, known.labels, known.groups))[:folds]:
        yield side(known, kept), side(known, aside)


def scores(model: MSSSMClassifier, scored: Side, rate: float) -> tuple[float, float]:
    """Return accuracy and log loss on clips, or on their copies of another rate."""
    clips = [resample(np.asarray(clip), RATE, rate) for clip in scored[0]]
    proba = model.predict_proba(clips, sampling_rate=rate)
    right = model.classes_[proba.argmax(1)] == scored[1]
    return float(right.mean()), float(log_loss(scored[1], proba, labels=model.classes_))


def main() -> None:
    """Print a line a model: accuracy and log loss at both rates, seconds, load of the machine."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--networks", type=int, default=1, help="that many, and nothing else")
    parser.add_argument("--preset", help="in place of networks")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    asked = parser.parse_args()
    own: dict[str, Any] = {}
    for text in asked.set:
        name, _, value = text.partition("=")
        own[name] = json.loads(value)
    print(f"{'':10}{'16 kHz':>16}{'8 kHz':>16}{'seconds':>9}{'steps':>7}{'load':>6}")
    for kind in asked.kinds.split(","):
        for train, scored in comparisons(asked.data, asked.folds if asked.validate else 0):
            steps = [0]
            model = MSSSMClassifier(
                asked.preset or "default",
                members=None if asked.preset else ["network"] * asked.networks,
                preparation=KINDS[kind],
                random_state=asked.seed,
                callbacks=[lambda progress, steps=steps: steps.__setitem__(0, progress.step)],
                **own,
            )
            began = time.perf_counter()
            model.fit(train[0], train[1], groups=train[2], sampling_rate=RATE)
            seconds = time.perf_counter() - began
            shown = "".join(
                f"{right:8.3f}{loss:8.3f}"
                for right, loss in (scores(model, scored, rate) for rate in (RATE, SLOW))
            )
            load_now = os.getloadavg()[0]
            print(f"{kind:10}{shown}{seconds:9.0f}{steps[0]:7}{load_now:6.1f}", flush=True)


if __name__ == "__main__":
    main()
