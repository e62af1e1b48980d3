"""What missing values cost: accuracy with a fifth of all values removed at random.

python benchmarks/missing.py ItalyPowerDemand GunPoint
"""

from __future__ import annotations

import sys

import numpy as np

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import LabelledSeries, ReadOptions, load


def with_holes(data: LabelledSeries, generator: np.random.Generator) -> list[np.ndarray]:
    return [np.where(generator.random(s.shape) < 0.2, np.nan, s) for s in data.values]


def main() -> None:
    for name in sys.argv[1:]:
        train, test = (load(name, ReadOptions(split=part)) for part in ("train", "test"))
        model = MSSSMClassifier(random_state=0).fit(list(train.values), train.labels)
        print(f"{name}, nothing missing: {model.score(list(test.values), test.labels):.3f}")
        generator = np.random.default_rng(0)
        X, X_test = with_holes(train, generator), with_holes(test, generator)
        for missing in ("mask", "interpolate"):
            model = MSSSMClassifier(missing=missing, random_state=0).fit(X, train.labels)
            print(f"{name}, {missing}: {model.score(X_test, test.labels):.3f}", flush=True)


if __name__ == "__main__":
    main()
