"""What each part of the network brings, with its control: a table for each.

    python benchmarks/cores.py DATA [--parts PART,PART] [--sets SET,SET]
    python benchmarks/cores.py --table

DATA has a folder for each set. A part is a file of benchmarks/core_experiments; without any, all
of them run. Networks are trained alone; every arm has the same series and the same seeds. What
comes is kept in benchmarks/results/cores, a file a part, and what is there is not run again.
``--table`` prints what is kept, and the table over all parts that is in docs/cores.md.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import json
from pathlib import Path
from typing import Any

import torch
from core_experiments.experiment import Experiment
from core_tables import RESULTS, experiments, parts, summary, table
from machine import machine

SEEDS = 3


def kept(experiment: Experiment) -> dict[str, Any]:
    """Return what came of an experiment so far."""
    file = RESULTS / f"{experiment.name}.json"
    known = {"machine": machine(torch.device("cpu")), "runs": {}}
    return json.loads(file.read_text()) if file.exists() else known


def run(experiment: Experiment, data: Path, seeds: int, sets: list[str]) -> None:
    """Run what is not kept, arms in turns; on some sets, or all."""
    known = kept(experiment)
    for name in (*experiment.sets, *experiment.generate):
        if sets and name not in sets:
            continue
        for seed in range(seeds):
            keys = [f"{name}/{seed}/{arm.name}" for arm in experiment.arms]
            if all(key in known["runs"] for key in keys):
                continue
            sides = experiment.sides(data, name, seed)
            for key, arm in zip(keys, experiment.arms, strict=True):
                if key in known["runs"]:
                    continue
                outcome = experiment.outcome(arm, sides, seed)
                known["runs"][key] = list(outcome)
                print(f"{experiment.name} {key:50} {outcome.accuracy:.3f}", flush=True)
            RESULTS.mkdir(exist_ok=True)
            text = json.dumps(known, indent=1) + "\n"
            (RESULTS / f"{experiment.name}.json").write_text(text)


def main() -> None:
    """Run, or show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=[])
    parser.add_argument("--sets", type=lambda text: text.split(","), default=[])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if not asked.table and asked.data is None:
        parser.error("DATA is missing")
    if unknown := set(asked.parts) - set(parts()):
        parser.error(f"no part is called {', '.join(sorted(unknown))}: {', '.join(parts())}")
    chosen = list(experiments(asked.parts))
    sets = {name for one in chosen for name in (*one.sets, *one.generate)}
    if unknown := set(asked.sets) - sets:
        parser.error(
            f"no part of these has {', '.join(sorted(unknown))}: {', '.join(sorted(sets))}"
        )
    if asked.table:
        print(*summary(), sep="\n")
    for experiment in chosen:
        if not asked.table:
            run(experiment, asked.data, asked.seeds, asked.sets)
        if kept(experiment)["runs"]:
            print(f"\n## {experiment.name}\n", *table(experiment), sep="\n")


if __name__ == "__main__":
    main()
