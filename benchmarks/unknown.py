"""How well what is unlike the training is told: classes left out, and whole files.

    python benchmarks/unknown.py choose DATA --sets FaceFour,Trace   # training files only
    python benchmarks/unknown.py classes DATA --sets FaceFour,Trace  # once, on test files
    python benchmarks/unknown.py drift DATA --sets ECG200,Trace

DATA is a folder of folders with a training and a test part each. `choose` and `classes` fit to all
classes but one in turn, and tell its series from those of the others, in a third of the training
part or in the test part. `drift` counts files that are said to be unlike the training: test parts
as they are, and with another gain, half as long, with noise, and of the set before.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedShuffleSplit

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.fitted.drift import drift_of
from msssm_ts.fitted.familiarity import entropy, logarithm, nearest

Series = list[np.ndarray]


def part(folder: Path, split: str) -> tuple[Series, np.ndarray]:
    """Return the series and labels of a part."""
    read = load(folder, ReadOptions(split=split))
    return [np.asarray(x, np.float32) for x in read.values], np.asarray(read.labels)


def projections(model: MSSSMClassifier, series: Series) -> np.ndarray:
    """Return what distances are of, over the unit."""
    fitted, own = model.model_, model.model_.familiarity
    values = fitted.standardized(fitted.prepared(fitted.checked(series)))
    return fitted.projected(values, own.member) / own.unit


def mahalanobis(at: np.ndarray, labels: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return logarithms of distances to the nearest class, all classes of one covariance."""
    classes, own = np.unique(labels, return_inverse=True)
    means = np.stack([at[own == k].mean(0) for k in range(len(classes))])
    covariance = np.cov((at - means[own]).T, bias=True)
    half = np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    inverse = np.linalg.inv((covariance + half) / 2)
    off = new[:, None] - means
    return np.log(np.einsum("nki,ij,nkj->nk", off, inverse, off).min(1) + 1e-12)


def scores(model: MSSSMClassifier, X: Series, y: np.ndarray, new: Series) -> dict[str, np.ndarray]:
    """Return scores of new series by name, larger for what is stranger."""
    own = model.model_.familiarity
    at, proba = projections(model, new), model.predict_proba(new)
    far = logarithm(nearest(at, own.known.astype(np.float64)))
    unsure = entropy(proba)
    known = projections(model, X)
    apart = mahalanobis(known, y, at)
    spread = mahalanobis(known, y, known)
    standard = (apart - spread.mean()) / (spread.std() or 1.0)
    return {
        "1 − p": 1 - proba.max(1),
        "entropy": unsure,
        "distance": far,
        "Mahalanobis": apart,
        "Mahalanobis + entropy": standard + own.entropy.standard(unsure),
        "distance + entropy": own.strangeness(at * own.unit, proba),
        "`unknown`": model.unknown_score(new),
    }


def classes_left_out(folder: Path, on_test: bool, preset: str, most: int) -> dict[str, float]:
    """Return the AUROC of each score, the mean over the classes left out in turn."""
    X, y = part(folder, "train")
    new, truth = part(folder, "test") if on_test else (X, y)
    found: dict[str, list[float]] = {}
    names, counts = np.unique(y, return_counts=True)
    for name in names[np.argsort(-counts, kind="stable")[:most]]:
        rows = np.flatnonzero(y != name)
        asked = np.arange(len(truth))
        if not on_test:
            split = StratifiedShuffleSplit(1, test_size=1 / 3, random_state=0)
            try:
                keep, aside = next(split.split(rows, y[rows]))
            except ValueError:
                continue
            rows, asked = rows[keep], np.concatenate([rows[aside], np.flatnonzero(y == name)])
        if len(np.unique(y[rows])) < 2 or (truth[asked] == name).all():
            continue
        model = MSSSMClassifier(preset, random_state=0).fit([X[i] for i in rows], y[rows])
        told = scores(model, [X[i] for i in rows], y[rows], [new[i] for i in asked])
        for score, values in told.items():
            auroc = roc_auc_score(truth[asked] == name, values)
            found.setdefault(score, []).append(float(auroc))
    return {score: float(np.mean(values)) for score, values in found.items()}


def changed(series: Series, training: Series, rng: np.random.Generator) -> dict[str, Series]:
    """Return test series as they are, and otherwise."""
    spread = float(np.mean([np.nanstd(x) for x in training]))
    return {
        "as it is": series,
        "gain 1.5": [x * 1.5 for x in series],
        "gain 2": [x * 2 for x in series],
        "half as long": [x[:, : max(1, x.shape[1] // 2)] for x in series],
        "noise": [x + rng.normal(0, spread / 2, x.shape).astype(np.float32) for x in series],
    }


def drift(folder: Path, before: Series | None, preset: str, most: int) -> dict[str, float]:
    """Return the shift of each kind of file, below 0 where nothing is said of it."""
    X, y = part(folder, "train")
    rng = np.random.default_rng(0)
    new = part(folder, "test")[0]
    new = [new[i] for i in np.sort(rng.permutation(len(new))[:most])]
    model = MSSSMClassifier(preset, random_state=0, missing="interpolate").fit(X, y)
    files = changed(new, X, rng)
    if before is not None and len(before[0]) == len(X[0]):
        files["another set"] = before
    n = model.model_.familiarity.held.count
    found = {}
    for kind, series in files.items():
        told = drift_of(model.unknown_score(series), n)
        found[kind] = np.nan if told is None else told.shift if told.is_there else -told.shift
    return found


def _row(name: str, values: list[float], form: str = "{:.3f}") -> str:
    return f"| {name} | " + " | ".join(form.format(v) for v in values) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("choose", "classes", "drift"))
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", required=True, help="with commas between")
    parser.add_argument("--most", type=int, default=200, help="test series of a file, for drift")
    parser.add_argument("--classes", type=int, default=3, help="left out, the most frequent ones")
    parser.add_argument("--preset", default="fast")
    asked = parser.parse_args()
    names = asked.sets.split(",")
    if asked.what == "drift":
        _drift(asked.data, names, asked.preset, asked.most)
        return
    rows = []
    for name in names:
        on_test = asked.what == "classes"
        rows.append(classes_left_out(asked.data / name, on_test, asked.preset, asked.classes))
        if len(rows) == 1:
            print(f"| set | {' | '.join(rows[0])} |\n|" + "---|" * (1 + len(rows[0])))
        print(_row(name, list(rows[-1].values())), flush=True)
    print(_row("mean", np.mean([list(row.values()) for row in rows], axis=0).tolist()))


def _drift(data: Path, names: list[str], preset: str, most: int) -> None:
    found: dict[str, list[float]] = {}
    before = None
    for name in names:
        row = drift(data / name, before, preset, most)
        before = part(data / name, "test")[0][:100]
        print(name, {kind: round(shift, 2) for kind, shift in row.items()}, flush=True)
        for kind, shift in row.items():
            found.setdefault(kind, []).append(shift)
    print(
        "| test files | files | said to be unlike the training | median shift |\n"
        + "|---" * 4
        + "|"
    )
    for kind, shifts in found.items():
        told = np.array(shifts)[~np.isnan(shifts)]
        print(f"| {kind} | {len(told)} | {(told > 0).mean():.3f} | {np.median(abs(told)):.2f} |")


if __name__ == "__main__":
    main()
