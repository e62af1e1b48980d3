"""PhysioNet/CinC Challenge 2017 (N, A, O, ~), scored as the Challenge does.

    python benchmarks/cinc2017.py FOLDER [--preset fast] [--seeds 1] [--official]
        [--set NAME=VALUE] [--prepare window=10] [--name NAME]

FOLDER has training2017 with its records and REFERENCE-v3.csv or REFERENCE.csv. Records are
answered of in five stratified folds, shuffled by the seed; with --official those of FOLDER's
folder validation are, by a model of all others (in the published set they are copies of training
records, and are left out of these). The score is the mean of the F1 of N, A and O, all answers
counted together, with an interval from 1000 bootstrap samples of the records; that with ~ stands
beside it. The figures of the Challenge are of 3 658 hidden records.

Clifford et al., "AF classification from a short single lead ECG recording: the
PhysioNet/Computing in Cardiology Challenge 2017", Computing in Cardiology 44, 2017. --set takes
parameters of the estimator, --prepare settings of its Preparation. Results go to OUT/NAME.csv, a
row a fold; what is there already is not computed again; OUT/NAME.md has the table.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accuracy import setting
from kept_rows import KeptRows, figure, markdown
from machine import machine
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.intervals import Bootstrap, bootstrap
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.analysis.results.scores import Scores, Weights, score
from msssm_ts.datasets import LabelledSeries, load
from msssm_ts.preparation import Preparation

CLASSES = ("N", "A", "O", "~")
FOLDS = 5
KEY = ("settings", "protocol", "seed", "fold")
# The counts are of the confusion matrix, truth by truth.
COLUMNS = (*KEY, "counts", "n_train", "n_test", "fit_seconds", "predict_seconds", "peak_mb")
# Of the Challenge's hidden test set: its summary paper.
PUBLISHED = (
    ("the four winning entries, hidden test set", ".83"),
    ("45 entries combined, hidden test set", ".87"),
)


def challenge_score(predictions: Predictions, weights: Weights) -> Scores:
    """Score by F1, the Challenge's means in front of those that the package knows."""
    found = score(predictions, weights)
    f1 = found.per_class["f1"]
    # A class that a bootstrap sample neither has nor is told has no F1: the others' mean.
    means = {
        name: np.nan_to_num(f1[:, :n]).sum(1) / np.maximum(1, (~np.isnan(f1[:, :n])).sum(1))
        for name, n in (("f1_nao", 3), ("f1_nao_noise", 4))
    }
    return Scores(means | found.overall, found.per_class)


def of_counts(counts: NDArray[np.int64]) -> Predictions:
    """Return predictions that are counted like that, (4, 4): truth, answer."""
    truth, answer = (np.repeat(i, counts.ravel()) for i in np.indices(counts.shape).reshape(2, -1))
    each = np.eye(len(CLASSES), dtype=bool)
    return Predictions(CLASSES, each[truth], each[answer], each[answer].astype(float), False)


def splits(
    data: LabelledSeries, official: Path | None, seed: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield what to train on and what to answer of."""
    from sklearn.model_selection import StratifiedKFold

    if official is None:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        yield from folds.split(data.labels, data.labels)
        return
    names = {p.stem for p in official.glob("*.hea")}
    aside = np.isin(data.ids, sorted(names))
    if not names or aside.sum() != len(names):
        raise SystemExit(f"{official}: {len(names)} records, {aside.sum()} of them in training2017")
    yield np.flatnonzero(~aside), np.flatnonzero(aside)


def run_fold(
    train: LabelledSeries, test: LabelledSeries, seed: int, settings: dict[str, Any]
) -> dict[str, Any]:
    """Fit, answer and count."""
    model = MSSSMClassifier(random_state=seed, verbose=1, **settings)
    began = time.perf_counter()
    model.fit(train.as_estimator_input(), train.labels, sampling_rate=train.sampling_rate)
    fitted = time.perf_counter()
    said = model.predict(test.as_estimator_input(), sampling_rate=test.sampling_rate)
    done = time.perf_counter()
    for note in model.model_.record.notes:
        print(f"note: {note}")
    counts = [((test.labels == a) & (said == b)).sum() for a in CLASSES for b in CLASSES]
    return {
        "counts": " ".join(map(str, counts)),
        "n_train": train.n_series,
        "n_test": test.n_series,
        "fit_seconds": round(fitted - began, 1),
        "predict_seconds": round(done - fitted, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def together(rows: list[dict[str, str]]) -> Bootstrap:
    """Score the answers of all folds of a seed, with intervals."""
    counts = sum(np.array(row["counts"].split(), dtype=np.int64) for row in rows)
    return bootstrap(of_counts(np.reshape(counts, (4, 4))), scoring=challenge_score)


def report(rows: list[dict[str, str]], facts: str) -> str:
    """Return the tables, ours above the published figures."""
    ours = []
    for how in dict.fromkeys(tuple(row[name] for name in KEY[:3]) for row in rows):
        own = [row for row in rows if tuple(row[name] for name in KEY[:3]) == how]
        found = together(own)
        nao, noise = (found.overall[name] for name in ("f1_nao", "f1_nao_noise"))
        f1 = [figure(each.value or 0.0) for each in found.per_class["f1"]]
        seconds, answers = (
            f"{sum(float(row[c]) for row in own):.0f}" for c in ("fit_seconds", "predict_seconds")
        )
        counted = sum(int(row["n_test"]) for row in own)
        protocol = how[1]
        if protocol.startswith(str(FOLDS)) and len(own) < FOLDS:
            protocol += f", {len(own)} of them yet"
        shown = f"**{figure(nao.value or 0.0)}** ({figure(nao.low or 0.0)}–{figure(nao.high or 0)})"
        name = f"**msssm-ts, {how[0]}, seed {how[2]}**: {protocol}"
        ours.append([name, shown, *f1, figure(noise.value or 0.0), str(counted), seconds, answers])
    blank = [""] * 8
    return "\n".join(
        [
            "# PhysioNet/CinC Challenge 2017, F1",
            "",
            facts,
            "",
            "Published: Clifford et al., Computing in Cardiology 44, 2017; of other records.",
            "",
            markdown(
                [
                    *("", "mean of N, A, O", *CLASSES, "mean with ~"),
                    *("records", "fit s", "predict s"),
                ],
                [*ours, *([name, value, *blank] for name, value in PUBLISHED)],
            ),
            "",
        ]
    )


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--official", action="store_true", help="score FOLDER's validation records")
    parser.add_argument("--set", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--prepare", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--name", help="of the result files; else cinc2017-PRESET")
    asked = parser.parse_args(words)
    official = None
    if asked.official:
        places = (asked.folder / "validation", asked.folder / "sample2017" / "validation")
        official = next((place for place in places if place.is_dir()), None)
        if official is None:
            raise SystemExit(f"{asked.folder}: there is no folder validation (--official)")
    data = load(asked.folder)
    print(data.summary(), flush=True)
    prepare = Preparation.from_dict(dict(asked.prepare))
    settings: dict[str, Any] = dict(asked.set) | {"preset": asked.preset, "preparation": prepare}
    said = [f"{k}={v}" for k, v in (*asked.set, *asked.prepare)]
    how = {
        "settings": " ".join([asked.preset, *said]),
        "protocol": "validation folder" if official else f"{FOLDS} folds",
    }
    stem = asked.out / (asked.name or f"cinc2017-{asked.preset}")
    kept = KeptRows(stem.with_suffix(".csv"), KEY, COLUMNS)
    for seed in range(asked.seeds):
        for fold, (a, b) in enumerate(splits(data, official, seed)):
            which = how | {"seed": seed, "fold": fold}
            if kept.has(**which):
                continue
            kept.add(which | run_fold(data.take(a), data.take(b), seed, settings))
            print(f"seed {seed}, fold {fold}: {kept.rows[-1]['counts']}", flush=True)
    facts = ", ".join(f"{k} {v}" for k, v in machine(torch.device("cpu")).items())
    text = report(kept.rows, facts)
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
