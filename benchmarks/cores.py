"""What each part of the network brings, with its control: a table for each.

    python benchmarks/cores.py DATA [--parts PART,PART]
    python benchmarks/cores.py --table

DATA has a folder for each set. A part is a file of benchmarks/core_experiments; without any, all
of them run. Networks are trained alone; every arm has the same series and the same seeds. What
comes is kept in benchmarks/results/cores, a file a part, and what is there is not run again.
``--table`` prints what is kept.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from core_experiments.experiment import Experiment, Outcome
from machine import machine

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results" / "cores"
SEEDS = 3


def experiments(names: list[str]) -> Iterator[Experiment]:
    """Yield some or all."""
    found = sorted(file.stem for file in (FOLDER / "core_experiments").glob("*.py"))
    for name in names or [name for name in found if name != "experiment"]:
        yield importlib.import_module(f"core_experiments.{name}").EXPERIMENT


def kept(experiment: Experiment) -> dict[str, Any]:
    """Return what came of an experiment so far."""
    file = RESULTS / f"{experiment.name}.json"
    known = {"machine": machine(torch.device("cpu")), "runs": {}}
    return json.loads(file.read_text()) if file.exists() else known


def run(experiment: Experiment, data: Path, seeds: int) -> None:
    """Run what is not kept, arms in turns."""
    known = kept(experiment)
    for name in (*experiment.sets, *experiment.generate):
        for seed in range(seeds):
            keys = [f"{name}/{seed}/{arm.name}" for arm in experiment.arms]
            if all(key in known["runs"] for key in keys):
                continue
            sides = experiment.sides(data, name, seed)
            for key, arm in zip(keys, experiment.arms, strict=True):
                outcome = experiment.outcome(arm, sides, seed)
                known["runs"][key] = list(outcome)
                print(f"{experiment.name} {key:50} {outcome.accuracy:.3f}", flush=True)
            RESULTS.mkdir(exist_ok=True)
            text = json.dumps(known, indent=1) + "\n"
            (RESULTS / f"{experiment.name}.json").write_text(text)


def table(experiment: Experiment) -> Iterator[str]:
    """Yield the lines of an experiment's table: means, and what lies between an arm and the first.

    The standard error is that of the differences' mean over sets and seeds, an arm's run beside
    the baseline's with the same series and seed.
    """
    runs = kept(experiment)["runs"]
    names = [n for n in (*experiment.sets, *experiment.generate) if _seeds(runs, n)]
    yield experiment.question
    yield ""
    yield "| | " + " | ".join(names) + " | mean | against | seconds | parameters |"
    yield "|---" * (len(names) + 5) + "|"
    of = {
        arm.name: [[Outcome(*runs[f"{n}/{s}/{arm.name}"]) for s in _seeds(runs, n)] for n in names]
        for arm in experiment.arms
    }
    first = np.concatenate([[o.accuracy for o in one] for one in of[experiment.baseline]])
    for arm, outcomes in of.items():
        every = [o for one in outcomes for o in one]
        accuracies = np.array([o.accuracy for o in every])
        gained = accuracies - first
        error = gained.std(ddof=1) / len(gained) ** 0.5 if len(gained) > 1 else float("nan")
        against = "" if arm == experiment.baseline else f"{gained.mean():+.3f} ± {error:.3f}"
        cells = [f"{np.mean([o.accuracy for o in one]):.3f}" for one in outcomes]
        seconds = np.mean([o.seconds for o in every])
        size = np.mean([o.n_parameters for o in every])
        mean = np.mean([np.mean([o.accuracy for o in one]) for one in outcomes])
        row = (arm, *cells, f"{mean:.3f}", against, f"{seconds:.1f}", f"{size:,.0f}")
        yield f"| {' | '.join(row)} |"


def _seeds(runs: dict[str, Any], name: str) -> list[str]:
    return sorted({key.split("/")[1] for key in runs if key.startswith(f"{name}/")})


def main() -> None:
    """Run, or show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=[])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if not asked.table and asked.data is None:
        parser.error("DATA is missing")
    for experiment in experiments(asked.parts):
        if not asked.table:
            run(experiment, asked.data, asked.seeds)
        if kept(experiment)["runs"]:
            print(f"\n## {experiment.name}\n", *table(experiment), sep="\n")


if __name__ == "__main__":
    main()
