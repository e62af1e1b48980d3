"""Try the paper's claims: what multi-scale streams, state space, convolution, mixer and start give.

    python benchmarks/paper.py DATA [--core s6] [--sets Plane,Trace] [--seeds 3] [--steps 400]

Karami et al., "MS-SSM", COLM 2025, table 4 takes one part after the other out of the model; so does
this, at equal state, width and number of steps: on official splits of open sets (DATA has a folder
for each, in the archives' formats), on scikit-learn's digits read pixel by pixel, and on short
ListOps expressions that are made up here. Accuracy, and for whole and single-scale model the mean
mixing distance of the trained network, in steps.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.mixing import mixing_distances
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.model.cores import CORES
from msssm_ts.model.cores.diagonal import DiagonalCore
from msssm_ts.training.batches import Batch

SETS = "Adiac,ArrowHead,ECG200,FaceAll,GunPoint,MedicalImages,OSULeaf,Plane,SyntheticControl,Trace"
BATCH = 32
# Operators of ListOps (Nangia and Bowman, 2018) on digits, with their symbols.
OPERATORS: dict[str, Callable[[Sequence[int]], int]] = {
    "MIN": min,
    "MAX": max,
    "MED": lambda values: int(np.median(values)),
    "SM": lambda values: sum(values) % 10,
}
SYMBOLS = [*map(str, range(10)), *(f"[{name}" for name in OPERATORS), "]"]

Split = tuple[list[np.ndarray], np.ndarray]


def variants(base: type[DiagonalCore]) -> dict[str, type[DiagonalCore]]:
    """Return the cores that lack a part, by what they lack."""

    class NoStateSpace(base):  # type: ignore[valid-type, misc]
        """y = D x̂: streams are mixed as they are."""

        def read(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
            B, C, dt, weight = super().read(x)
            return B, torch.zeros_like(C), dt, weight

    class NoConvolution(base):  # type: ignore[valid-type, misc]
        """Every stream reads the raw signal."""

        def layer(self, x: Tensor, gate: Tensor, decomposition: Any, *rest: Any) -> Tensor:
            same = torch.zeros_like(decomposition.phi)
            same[..., 0] = 1
            return super().layer(x, gate, _Filters(same, same), *rest)

    class Softmax(base):  # type: ignore[valid-type, misc]
        """Weights of the scales add up to 1."""

        def layer(self, x: Tensor, gate: Tensor, bank: Any, mixer: Any, *rest: Any) -> Tensor:
            return super().layer(x, gate, bank, lambda x: torch.softmax(mixer(x), -1), *rest)

    class Fixed(base):  # type: ignore[valid-type, misc]
        """Weights of the scales do not depend on the signal."""

        def layer(self, x: Tensor, gate: Tensor, bank: Any, mixer: Any, *rest: Any) -> Tensor:
            return super().layer(x, gate, bank, lambda x: mixer(torch.zeros_like(x)), *rest)

    class MambaStart(base):  # type: ignore[valid-type, misc]
        """A starts as −1 … −n in every stream."""

        def __init__(self, config: Any):
            super().__init__(config)
            n = self.A_log.shape[-1]
            with torch.no_grad():
                self.A_log.copy_(torch.log(torch.arange(1.0, n + 1)).expand_as(self.A_log))

    return {
        "no state space": NoStateSpace,
        "no convolution": NoConvolution,
        "softmax mixer": Softmax,
        "fixed mixer": Fixed,
        "Mamba's start": MambaStart,
    }


class _Filters:
    """What a layer reads of a decomposition."""

    def __init__(self, phi: Tensor, psi: Tensor):
        self.phi, self.psi = phi, psi


def digits() -> tuple[Split, Split]:
    """Return scikit-learn's digits, 64 pixels one after the other; a third to test on."""
    values, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    series = [row[None] for row in values]
    cut = len(order) * 2 // 3
    return _part(series, labels, order[:cut]), _part(series, labels, order[cut:])


def list_ops(n_train: int = 2000, n_test: int = 500, longest: int = 64) -> tuple[Split, Split]:
    """Return expressions such as [MAX 2 9 [MIN 4 7 ] 0 ], a channel a symbol, with their values."""
    rng = np.random.default_rng(0)
    series, labels, seen = [], [], set()
    while len(series) < n_train + n_test:
        words, value = _expression(rng, 3)
        if 8 <= len(words) <= longest and tuple(words) not in seen:
            seen.add(tuple(words))
            one_hot = np.zeros((len(SYMBOLS), len(words)), np.float32)
            one_hot[[SYMBOLS.index(word) for word in words], np.arange(len(words))] = 1
            series.append(one_hot)
            labels.append(value)
    every = np.arange(len(series))
    targets = np.array(labels)
    return _part(series, targets, every[:n_train]), _part(series, targets, every[n_train:])


def _expression(rng: np.random.Generator, depth: int) -> tuple[list[str], int]:
    name = str(rng.choice(list(OPERATORS)))
    words, values = [f"[{name}"], []
    for _ in range(rng.integers(2, 6)):
        if depth > 1 and rng.uniform() < 0.25:
            inner, value = _expression(rng, depth - 1)
        else:
            value = int(rng.integers(10))
            inner = [str(value)]
        words += inner
        values.append(value)
    return [*words, "]"], OPERATORS[name](values)


def _part(series: Sequence[np.ndarray], labels: np.ndarray, rows: np.ndarray) -> Split:
    return [series[i] for i in rows], labels[rows]


def official(folder: Path, name: str) -> tuple[Split, Split]:
    """Return a set's training and test file."""
    parts = [load(folder / name, ReadOptions(split=split)) for split in ("train", "test")]
    first, second = ((list(part.values), np.asarray(part.labels)) for part in parts)
    return first, second


def tried(train: Split, test: Split, seed: int, steps: int, **settings: Any) -> tuple[float, float]:
    """Return accuracy and mean mixing distance of a network that is trained for so many steps."""
    series, labels = train
    size = min(BATCH, len(series))
    classifier = MSSSMClassifier(
        members=["network"],
        max_epochs=math.ceil(steps / math.ceil(len(series) / size)),
        batch_size=size,
        early_stopping=False,
        random_state=seed,
        **settings,
    ).fit(series, labels)
    score = float(np.mean(classifier.predict(test[0]) == test[1]))
    model = classifier.model_
    values = model.standardized(model.prepared(test[0][:1])).series[0]
    x = torch.as_tensor(np.nan_to_num(np.ascontiguousarray(values.T)))[None]
    last = x.shape[1] - 1
    distances = mixing_distances(classifier.network_, Batch(x.float()), [last // 2, last])
    return score, float(distances.mean())


def main() -> None:
    """Print a table, a row a set, a column a variant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--core", default="lti", choices=["lti", "s6"])
    parser.add_argument("--sets", default=SETS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=int, default=2)
    options = parser.parse_args()
    arms: dict[str, dict[str, Any]] = {"whole": {}, "single scale": {"n_scales": 0}}
    for name, core in variants(CORES.get(options.core)).items():
        CORES.register(f"paper: {name}", name, lambda core=core: core)
        arms[name] = {"core": f"paper: {name}"}
    data: dict[str, Callable[[], tuple[Split, Split]]] = {
        name: lambda name=name: official(options.data, name) for name in options.sets.split(",")
    }
    data |= {"digits, by pixel": digits, "ListOps, short": list_ops}
    print(f"{'':18}" + "".join(f"{arm:>16}" for arm in arms), flush=True)
    sums = dict.fromkeys(arms, 0.0)
    for name, read in data.items():
        train, test = read()
        cells, began = [], time.perf_counter()
        for arm, changed in arms.items():
            settings = {"core": options.core, "d_model": options.width, **changed}
            runs = [
                tried(train, test, seed, options.steps, n_layers=options.layers, **settings)
                for seed in range(options.seeds)
            ]
            score, distance = np.mean(runs, 0)
            sums[arm] += score / len(data)
            cells.append(f"{score:.3f} ({distance:.1f})")
        took = time.perf_counter() - began
        print(f"{name:18}" + "".join(f"{c:>16}" for c in cells) + f"{took:6.0f} s", flush=True)
    print(f"{'mean accuracy':18}" + "".join(f"{sums[arm]:>16.3f}" for arm in arms))


if __name__ == "__main__":
    main()
