"""The six tasks of PTB-XL, as Strodthoff et al. score them, beside published figures.

    python benchmarks/ptbxl.py FOLDER [--tasks superdiag rhythm] [--preset fast] [--seeds 3]
        [--set NAME=VALUE] [--prepare window=2.5] [--level 0.95] [--name NAME]

FOLDER is PTB-XL as PhysioNet publishes it (ptbxl_database.csv, scp_statements.csv, records100).
Folds 1 to 8 train, fold 9 is for validation (where a network stops, and thresholds), fold 10 is
scored: mean area under the ROC curve over the labels, with an interval from 1000 bootstrap samples
of the test records. A label that a sample lacks is left out of that sample's mean; the published
code draws until no label is lacking (100 times, and shows the larger half of the interval from 5
to 95 %: --level 0.9).

Strodthoff, Wagner, Schaeffter, Samek, "Deep Learning for ECG Analysis: Benchmarks and Insights
from PTB-XL", IEEE J. Biomed. Health Inform. 25(5), 2021. --set takes parameters of the estimator,
--prepare settings of its Preparation. Results go to OUT/NAME.csv, a row a task and seed; what is
there already is not computed again; OUT/NAME.md has the table.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accuracy import setting
from kept_rows import KeptRows, figure, markdown
from machine import machine

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.intervals import bootstrap
from msssm_ts.analysis.results.predictions import Predictions
from msssm_ts.datasets import LabelledSeries, load
from msssm_ts.preparation import Preparation

# As the paper's table has them.
TASKS = ("all", "diag", "subdiag", "superdiag", "form", "rhythm")
KEY = ("task", "seed", "settings", "level", "bootstraps")
COLUMNS = (
    *KEY,
    *("macro_auroc", "low", "high", "n_labels", "n_labels_scored", "n_labels_unseen"),
    *("n_train", "n_validation", "n_test", "fit_seconds", "predict_seconds", "peak_mb"),
)


def run_task(
    parts: tuple[LabelledSeries, LabelledSeries],
    seed: int,
    settings: dict[str, Any],
    n_bootstraps: int,
    level: float,
) -> dict[str, Any]:
    """Fit a task and score it; return the figures."""
    train, test = parts
    if train.validation is None:
        raise SystemExit(f"{train.source}: there is no record of fold 9, which validates")
    model = MSSSMClassifier(random_state=seed, verbose=1, **settings)
    began = time.perf_counter()
    model.fit(
        train.as_estimator_input(),
        train.labels,
        groups=train.groups,
        validation=train.validation,
        label_names=train.label_names,
        channel_names=train.channel_names,
        sampling_rate=train.sampling_rate,
    )
    fitted = time.perf_counter()
    proba = model.predict_proba(
        test.as_estimator_input(),
        channel_names=test.channel_names,
        sampling_rate=test.sampling_rate,
    )
    done = time.perf_counter()
    for note in model.model_.record.notes:
        print(f"note: {note}")
    # Records are drawn, as in the paper, not patients.
    found = bootstrap(
        Predictions.of(model.model_, test.labels, proba), n_resamples=n_bootstraps, level=level
    )
    score = found.overall["macro_auroc"]
    fitted_to = train.labels[~train.validation]
    return {
        "macro_auroc": _rounded(score.value),
        "low": _rounded(score.low),
        "high": _rounded(score.high),
        "n_labels": len(train.label_names or ()),
        "n_labels_scored": sum(each.value is not None for each in found.per_class["auroc"]),
        "n_labels_unseen": int((np.asarray(fitted_to).sum(0) == 0).sum()),
        "n_train": len(fitted_to),
        "n_validation": int(train.validation.sum()),
        "n_test": test.n_series,
        "fit_seconds": round(fitted - began, 1),
        "predict_seconds": round(done - fitted, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _rounded(value: float | None) -> float:
    return float("nan") if value is None else round(value, 5)


def published() -> list[dict[str, str]]:
    """Return macro AUROC by method, with its source."""
    with Path(__file__).with_name("published_ptbxl.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def report(rows: list[dict[str, str]], facts: str) -> str:
    """Return the tables, ours above the published figures."""
    ours, fits = [], []
    for settings in dict.fromkeys(row["settings"] for row in rows):
        own = [row for row in rows if row["settings"] == settings]
        cells = []
        for task in TASKS:
            runs = [row for row in own if row["task"] == task]
            text = "not run"
            if runs:
                first = runs[0]
                mean = np.mean([float(row["macro_auroc"]) for row in runs])
                text = f"**{figure(mean)}** ({figure(first['low'])}–{figure(first['high'])})"
            cells.append(text)
        seeds = len({row["seed"] for row in own})
        name = f"msssm-ts, {settings}, {seeds} seed{'s' if seeds > 1 else ''}"
        ours.append([f"**{name}**", *cells, "here"])
    for row in rows:
        seconds = f"{float(row['fit_seconds']):.0f}", f"{float(row['predict_seconds']):.0f}"
        labels = f"{row['n_labels_scored']} of {row['n_labels']}"
        counts = row["n_train"], row["n_validation"], row["n_test"]
        figures = figure(row["macro_auroc"], 4), labels, row["n_labels_unseen"], *counts, *seconds
        fits.append([row["settings"], row["task"], row["seed"], *figures, row["peak_mb"]])
    others = [[row["method"], *(row[task] for task in TASKS), row["source"]] for row in published()]
    counted = ("labels scored", "never in folds 1–8", "train", "validation", "test")
    return "\n".join(
        [
            "# PTB-XL, macro AUROC of fold 10",
            "",
            facts,
            "",
            "Folds 1 to 8 train, 9 validates, 10 is scored, 100 Hz; means over seeds, and the "
            "bootstrap interval of the first (test records drawn; means over the labels that "
            "occur in a sample).",
            "",
            markdown(["", *TASKS, "source"], ours + others),
            "",
            markdown(
                ["settings", "task", "seed", "macro AUROC", *counted, "fit s", "predict s", "MB"],
                fits,
            ),
            "",
        ]
    )


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--preset", default="default")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--prepare", type=setting, nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--bootstraps", type=int, default=1000)
    parser.add_argument("--level", type=float, default=0.95, help="of the intervals")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--name", help="of the result files; else ptbxl-PRESET")
    asked = parser.parse_args(words)
    settings: dict[str, Any] = dict(asked.set) | {"preset": asked.preset}
    prepare = Preparation.from_dict(dict(asked.prepare))
    said = [f"{k}={v}" for k, v in (*asked.set, *asked.prepare)]
    how = {"settings": " ".join([asked.preset, *said])}
    how |= {"level": asked.level, "bootstraps": asked.bootstraps}
    stem = asked.out / (asked.name or f"ptbxl-{asked.preset}")
    kept = KeptRows(stem.with_suffix(".csv"), KEY, COLUMNS)
    for task in asked.tasks:
        wanted = [s for s in range(asked.seeds) if not kept.has(task=task, seed=s, **how)]
        if not wanted:
            continue
        parts = load(f"{asked.folder}/{task}:train"), load(f"{asked.folder}/{task}:test")
        print(f"{task}: {parts[0].summary()}", flush=True)
        for seed in wanted:
            chosen = settings | {"preparation": prepare}
            row = run_task(parts, seed, chosen, asked.bootstraps, asked.level)
            kept.add({"task": task, "seed": seed} | how | row)
            print(f"{task} seed {seed}: {row['macro_auroc']} ({row['low']}–{row['high']})")
    facts = ", ".join(f"{k} {v}" for k, v in machine(torch.device("cpu")).items())
    text = report(kept.rows, facts)
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
