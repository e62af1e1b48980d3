"""How often the training series that a model names are of the class of the series asked about.

    python benchmarks/similar.py DATA [--sets A,B] [--preset fast] [--k 5] [--exemplars 50]

DATA has a folder for each set. Of each test series (300 at most) the K nearest exemplars are looked
up by their whole fingerprint, by either half of it, and, for comparison, by the values themselves:
the share of them that have the series' own class, and that have the class answered.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.fitted.exemplars import answers_at, n_answers
from msssm_ts.fitted.similar import kept_by

SETS = (
    "Adiac,ArrowHead,BasicMotions,ECG5000,FaceAll,Libras,OSULeaf,ShakeGestureWiimoteZ,"
    "SyntheticControl,UMD"
)
_MOST = 300


def nearest(asked: NDArray[Any], known: NDArray[Any], k: int) -> NDArray[np.int64]:
    """Return the k nearest of all, (n_asked, k)."""
    far = np.square(known).sum(1) - 2 * asked @ known.T
    return np.argsort(far, 1, kind="stable")[:, :k]


def shares(data: Path, name: str, parameters: dict[str, Any], k: int) -> dict[str, list[float]]:
    """Return both shares by each way."""
    train, test = (load(data / name, ReadOptions(split=part)) for part in ("train", "test"))
    X, y = [np.asarray(s, np.float32) for s in train.values], np.asarray(train.labels)
    some = np.sort(np.random.default_rng(0).permutation(test.n_series)[:_MOST])
    asked = [np.asarray(test.values[i], np.float32) for i in some]
    truth = np.asarray(test.labels)[some]
    model = MSSSMClassifier(random_state=0, **parameters).fit(X, y).model_
    own, proba = kept_by(model), model.predict_proba(asked)
    answered = model.labels.chosen(proba)
    known, n = own.at.astype(float), n_answers(proba.shape[1])
    at = [answers_at(proba) / own.units[0]]
    if own.member is not None:
        place = own.member
        of = model.by_series(lambda values: model.projected(values, place), model.checked(asked))
        at.append(of / own.units[1])
    whole = np.hstack(at)
    shortest = min(s.shape[1] for s in (*X, *asked))
    flat = [np.stack([s[:, :shortest].ravel() for s in part]) for part in (asked, X)]
    ways = {
        "fingerprint": (whole, known),
        "answers": (whole[:, :n], known[:, :n]),
        "features": (whole[:, n:], known[:, n:]),
        "values": (flat[0], flat[1][own.numbers]),
    }
    labels, found = y[own.numbers], {}
    for way, (here, there) in ways.items():
        near = labels[nearest(here, there, k)]
        found[way] = [float((near == one[:, None]).mean()) for one in (truth, answered)]
    print(f"{name:24}", *(f"{way} {a:.3f} {b:.3f}" for way, (a, b) in found.items()), flush=True)
    return found


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--exemplars", type=int, default=50)
    given = parser.parse_args()
    parameters = {"preset": given.preset, "exemplars": given.exemplars}
    every = [shares(given.data, name, parameters, given.k) for name in given.sets.split(",")]
    for way in every[0]:
        truth, answered = np.mean([one[way] for one in every], 0)
        print(
            f"{way:12} of the series' own class {truth:.3f}, of the class answered {answered:.3f}"
        )


if __name__ == "__main__":
    main()
