"""What series without labels bring where labels are few: every objective, with its controls.

    OMP_NUM_THREADS=1 python benchmarks/priors.py DATA [--labels 10] [--sets ECG5000] [--seeds 3]
    python benchmarks/priors.py --table

DATA has a folder for each set. Of its training part so many series of each class keep their labels,
the rest has none; the test part (or half of the training part) is scored. Every arm has the same
series with the same seed. What comes is kept in benchmarks/results/priors.json, and what is there
is not run again. An encoder's training and a network's have --steps steps each; "both budgets" is
a network from random weights that is trained for as long as an encoder and a network together.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier, MSSSMEncoder
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError
from msssm_ts.members.network.recipe import auto_batch_size
from msssm_ts.preparation import Preparation

RESULTS = Path(__file__).parent / "results" / "priors.json"
SETS = ("SpeechCommands10", "ECG5000", "Crop", "FaceAll", "MITBIH_beats5")
# The preset "fast", and an encoder.
WITH_RIDGE = ["scan_ridge", "scan_ridge", "quantile_trees", "shapelet_ridge", "encoder_ridge"]
# Series that are scored, at most, and of the training part those that are looked at.
_MOST = 1000
Series = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Few:
    """Series of which few have labels.

    Parameters
    ----------
    X, y : list of arrays of shape (n_channels, length), array of shape (n,)
        With labels.
    U : list of arrays
        Without.
    T, t : list of arrays, array
        To be scored.
    groups : array, optional
        Whom those with labels are of.
    preparation : Preparation
        That the set needs.
    rate : float, optional
        In hertz.
    """

    X: Series
    y: NDArray[Any]
    U: Series
    T: Series
    t: NDArray[Any]
    groups: NDArray[Any] | None
    preparation: Preparation
    rate: float | None


def drawn(folder: Path, n_labels: int, seed: int) -> Few:
    """Draw which series keep their labels."""
    rng = np.random.default_rng(seed)
    train = load(folder, ReadOptions(split="train"))
    labels, series = np.asarray(train.labels), [np.asarray(v) for v in train.values]
    order = rng.permutation(len(series))
    try:
        test = load(folder, ReadOptions(split="test"))
        T, t = [np.asarray(v) for v in test.values], np.asarray(test.labels)
        scored = rng.permutation(len(T))[:_MOST]
        T, t = [T[i] for i in scored], t[scored]
        order = order[: 2 * _MOST]
    except InputError:
        half = len(order) // 2
        T, t = [series[i] for i in order[half:]], labels[order[half:]]
        order = order[:half]
    own = labels[order]
    few = np.concatenate([order[own == c][:n_labels] for c in np.unique(own)])
    rest = np.setdiff1d(order, few)
    sound = (train.sampling_rate or 0) >= 4000
    preparation = Preparation(
        features="logmel" if sound else "raw",
        standardize="mostly-centred" if sound else "global",
    )
    X, U = [series[i] for i in few], [series[i] for i in rest]
    groups = None if train.groups is None else np.asarray(train.groups)[few]
    return Few(X, labels[few], U, T, t, groups, preparation, train.sampling_rate)


class Arms:
    """What is compared, on one draw: encoders are trained once."""

    def __init__(self, few: Few, steps: int, seed: int, folder: Path):
        self.few, self.steps, self.seed, self.folder = few, steps, seed, folder
        self._encoders: dict[str, tuple[str, float]] = {}

    def all(self) -> dict[str, Callable[[], tuple[MSSSMClassifier, float]]]:
        """Return the arms by name: each a fitted classifier and the seconds of all that it took."""
        arms: dict[str, Callable[[], tuple[MSSSMClassifier, float]]] = {
            "fast": lambda: self._fit(preset="fast"),
            "fast, own answers": lambda: self._fit(preset="fast", own=True),
            "default": lambda: self._default(),
            "default, own answers": lambda: self._default(own=True),
            "ridge, shipped": lambda: self._fit(members=["encoder_ridge"]),
            "network": lambda: self._fit(members=["network"], init="random"),
            "network, both budgets": self._longer,
            "network, shipped": lambda: self._fit(members=["network"], init="pretrained"),
        }
        for name in ("untrained", "spans", "contrast", "diffusion"):
            arms |= {
                f"ridge, {name}": lambda name=name: self._fit(name, members=["encoder_ridge"]),
                f"fast and ridge, {name}": lambda name=name: self._fit(name, members=WITH_RIDGE),
            }
        for name in ("spans", "contrast", "diffusion"):
            arms |= {
                f"network, {name}": lambda name=name: self._fit(name, members=["network"]),
            }
        return arms

    def _default(self, own: bool = False) -> tuple[MSSSMClassifier, float]:
        return self._fit(own=own, preset="default", max_epochs=None, early_stopping="auto")

    def _longer(self) -> tuple[MSSSMClassifier, float]:
        _, encoder = self._encoder("spans")
        _, alone = self._fit(members=["network"], init="random")
        epochs = self._epochs(len(self.few.X)) * (1 + encoder / alone)
        return self._fit(members=["network"], max_epochs=round(epochs), init="random")

    def _fit(
        self, encoder: str = "", own: bool = False, **parameters: Any
    ) -> tuple[MSSSMClassifier, float]:
        before = 0.0
        if encoder:
            file, before = self._encoder(encoder)
            parameters["init"] = file
        few = self.few
        chosen = {"max_epochs": self._epochs(len(few.X)), "early_stopping": False} | parameters
        model = MSSSMClassifier(random_state=self.seed, preparation=few.preparation, **chosen)
        began = time.perf_counter()
        unlabelled = few.U if own else None
        model.fit(
            *(few.X, few.y),
            groups=few.groups,
            sampling_rate=few.rate,
            unlabelled=unlabelled,
        )
        return model, before + time.perf_counter() - began

    def _encoder(self, name: str) -> tuple[str, float]:
        if name not in self._encoders:
            few, file = self.few, self.folder / f"{name.replace(' ', '_')}.safetensors"
            series = [*few.X, *few.U]
            untrained = name == "untrained"
            encoder = MSSSMEncoder(
                objective="spans" if untrained else name,
                max_epochs=1 if untrained else self._epochs(len(series)),
                learning_rate=1e-30 if untrained else 2e-3,
                init="random",
                random_state=self.seed,
                preparation=few.preparation,
            )
            began = time.perf_counter()
            encoder.fit(series, sampling_rate=few.rate).save(file)
            took = 0.0 if untrained else time.perf_counter() - began
            self._encoders[name] = str(file), took
        return self._encoders[name]

    def _epochs(self, n_series: int) -> int:
        size = auto_batch_size(n_series, (self.few.rate or 0) >= 4000)
        return max(1, round(self.steps / -(-n_series // size)))


def scores(model: MSSSMClassifier, few: Few) -> tuple[float, float]:
    """Return accuracy and log loss on the series to be scored."""
    proba = model.predict_proba(few.T, sampling_rate=few.rate)
    right = model.predict(few.T, sampling_rate=few.rate) == few.t
    known = np.isin(few.t, model.classes_)
    column = np.searchsorted(model.classes_, np.where(known, few.t, model.classes_[0]))
    likely = np.where(known, proba[np.arange(len(proba)), column], 0.0)
    return float(right.mean()), float(-np.log(np.clip(likely, 1e-6, 1)).mean())


def run(
    data: Path, sets: list[str], labels: list[int], seeds: int, steps: int, only: list[str]
) -> None:
    """Run what is not kept; of these arms, or of all."""
    known = {"machine": machine(torch.device("cpu")), "steps": steps, "runs": {}}
    if RESULTS.exists():
        known = json.loads(RESULTS.read_text())
    runs = known["runs"]
    for seed in range(seeds):
        for n in labels:
            for name in sets:
                few = drawn(data / name, n, seed)
                with tempfile.TemporaryDirectory() as folder:
                    arms = Arms(few, known["steps"], seed, Path(folder)).all()
                    for arm, fit in arms.items():
                        key = f"{name}/{n}/{seed}/{arm}"
                        if key in runs or (only and arm not in only):
                            continue
                        try:
                            model, seconds = fit()
                        except InputError as error:
                            print(f"{key:55} {error}")
                            continue
                        right, loss = scores(model, few)
                        runs[key] = [round(right, 4), round(loss, 4), round(seconds, 1)]
                        print(f"{key:55} {right:.3f} {loss:.3f} {seconds:6.1f} s", flush=True)
                        RESULTS.write_text(json.dumps(known, indent=1) + "\n")


def table() -> None:
    """Print means over seeds, an arm a row, a set a column."""
    runs = json.loads(RESULTS.read_text())["runs"]
    split = [key.split("/") for key in runs]
    columns = list(dict.fromkeys((name, n) for name, n, _, _ in split))
    print("| |" + "|".join(f" {name}, {n} |".rstrip("|") for name, n in columns) + "|")
    print("|---" * (len(columns) + 1) + "|")
    for arm in dict.fromkeys(key[3] for key in split):
        cells = []
        for name, n in columns:
            own = [runs["/".join(k)] for k in split if (k[0], k[1], k[3]) == (name, n, arm)]
            right, loss, _ = np.mean(own, 0) if own else (np.nan,) * 3
            cells.append(f"{right:.3f} ({loss:.2f})".replace("0.", ".", 1))
        print(f"| {arm} | {' | '.join(cells)} |")


def main() -> None:
    """Run or show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--labels", default="10")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--arms", help="such as 'fast;network, spans'; else all")
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if asked.data is not None:
        labels = [int(n) for n in asked.labels.split(",")]
        only = asked.arms.split(";") if asked.arms else []
        run(asked.data, asked.sets.split(","), labels, asked.seeds, asked.steps, only)
    if asked.table or asked.data is None:
        table()


if __name__ == "__main__":
    main()
