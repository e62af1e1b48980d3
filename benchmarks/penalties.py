"""How a ridge classifier's penalty is chosen where series have groups: what the next patient gets.

python benchmarks/penalties.py DATA_FOLDER/MITBIH_wfdb DATA_FOLDER/MITBIH_beats5 --most 1500

Of the training part, whole groups are left out in four folds. The penalty comes from rows left out
one by one, from groups left out, and from groups after the factor that suits the scores best.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score, log_loss
from sklearn.model_selection import StratifiedGroupKFold

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.members import ridge as ridge_module
from msssm_ts.members.problem import Problem
from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge
from msssm_ts.series import Standardizer

SPECTRUM = ridge_module._Spectrum
BY_GROUPS = SPECTRUM.best_penalty


def by_rows(fit, together=None):
    """As if rows told nothing of each other."""
    return BY_GROUPS(fit)


def by_groups_as_they_are(fit, together):
    """Squared errors of groups, the scores as they are."""
    penalties = ridge_module._PENALTIES * fit.scale
    errors = [float((fit.target - fit.left_out(p, together)).square().mean()) for p in penalties]
    return float(penalties[int(np.argmin(errors))])


RULES = {"rows": by_rows, "groups": by_groups_as_they_are, "groups, scaled": BY_GROUPS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=1500, help="series, drawn at random")
    arguments = parser.parse_args()
    for folder in arguments.data:
        data = load(folder, ReadOptions(split="train"))
        rng = np.random.default_rng(0)
        n = min(arguments.most, data.n_series)
        data = data.take(np.sort(rng.choice(data.n_series, n, replace=False)))
        series = [np.asarray(x, np.float32) for x in data.values]
        labels, y = np.unique(data.labels, return_inverse=True)
        groups = np.unique(data.groups, return_inverse=True)[1]
        print(f"{folder.name}: {n} series, {groups.max() + 1} groups, {len(labels)} classes")
        found: dict[str, list[tuple[float, ...]]] = {}
        for a, b in StratifiedGroupKFold(4).split(y, y, groups):
            scale = Standardizer.fit([series[i] for i in a])
            parts = [scale.apply([series[i] for i in part], "float32") for part in (a, b)]
            learn = Problem.of(parts[0], y[a], len(labels), groups=groups[a])
            asked = Problem.of(parts[1], y[b], len(labels))
            for name, rule in RULES.items():
                SPECTRUM.best_penalty = rule
                member = ScanRidge.fit(learn, 0)
                proba = member.predict_proba(asked.values)
                told = proba.argmax(1)
                loss = log_loss(y[b], proba, labels=np.arange(len(labels)))
                f1 = f1_score(y[b], told, average="macro", labels=np.unique(y[b]), zero_division=0)
                figures = ((told == y[b]).mean(), loss, f1, member.ridge.penalty)
                found.setdefault(name, []).append(figures)
        for name, rows in found.items():
            accuracy, loss, f1, _ = np.mean(rows, 0)
            penalties = " ".join(f"{row[3]:.0e}" for row in rows)
            print(
                f"{name:16} accuracy {accuracy:.3f}, log loss {loss:.3f}, macro F1 {f1:.3f}; "
                f"penalties {penalties}",
                flush=True,
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
