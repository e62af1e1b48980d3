"""What is kept of the experiments on parts of the network, as tables."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from core_experiments.experiment import Arm, Experiment, Outcome

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results" / "cores"

# By set and seed.
Outcomes = dict[tuple[str, int], Outcome]


def parts() -> list[str]:
    """Return the names of all experiments."""
    files = (FOLDER / "core_experiments").glob("*.py")
    return sorted({file.stem for file in files} - {"experiment"})


def experiments(names: list[str]) -> Iterator[Experiment]:
    """Yield some or all."""
    for name in names or parts():
        yield importlib.import_module(f"core_experiments.{name}").EXPERIMENT


def outcomes(experiment: Experiment, arm: str) -> Outcomes:
    """Return what is kept of an arm."""
    file = RESULTS / f"{experiment.name}.json"
    runs = json.loads(file.read_text())["runs"] if file.exists() else {}
    split = ((*key.split("/", 2), numbers) for key, numbers in runs.items())
    return {(name, int(seed)): Outcome(*n) for name, seed, of, n in split if of == arm}


def difference(one: Outcomes, other: Outcomes) -> str:
    """Return how much more often one arm is right than another, with its standard error.

    The error is that of the differences' mean over sets and seeds, an arm's run beside the other's
    with the same series and seed.
    """
    # In one order, so that it is rounded alike whenever it is written.
    both = sorted(one.keys() & other.keys())
    gained = np.array([one[key].accuracy - other[key].accuracy for key in both])
    if len(gained) < 2:
        return "–"
    error = gained.std(ddof=1) / len(gained) ** 0.5
    return f"{gained.mean():+.3f} ± {error:.3f}".replace("-", "−").replace("0.", ".")


def table(experiment: Experiment) -> Iterator[str]:
    """Yield the lines of an experiment's table: means, and how far an arm is from the baseline."""
    first = outcomes(experiment, experiment.baseline)
    kept = {name for name, _ in first}
    names = [name for name in (*experiment.sets, *experiment.generate) if name in kept]
    yield experiment.question
    yield ""
    yield "| | " + " | ".join(names) + " | mean | against | seconds | parameters |"
    yield "|---" * (len(names) + 5) + "|"
    for arm in experiment.arms:
        found = outcomes(experiment, arm.name)
        if not found:
            continue
        by_set = [[o.accuracy for (n, _), o in found.items() if n == name] for name in names]
        means = [float(np.mean(one)) if one else np.nan for one in by_set]
        row = (
            arm.name,
            *("–" if np.isnan(mean) else f"{mean:.3f}" for mean in means),
            f"{np.mean(means):.3f}" if all(by_set) else "–",
            "" if arm.name == experiment.baseline else difference(found, first),
            f"{np.mean([o.seconds for o in found.values()]):.1f}",
            f"{np.mean([o.n_parameters for o in found.values()]):,.0f}",
        )
        yield f"| {' | '.join(row)} |"


def summary() -> Iterator[str]:
    """Yield the lines of one table over all parts: each arm beside what it is compared with."""
    head = ("part", "", "against", "", "its control", "", "sets", "seeds", "times as long")
    yield f"| {' | '.join(head)} | parameters |"
    yield "|---" * (len(head) + 1) + "|"
    for experiment in experiments([]):
        compared = {name for arm in experiment.arms for name in (arm.against, arm.control)}
        title = experiment.name
        for arm in experiment.arms:
            if arm.name not in compared | {experiment.baseline} and outcomes(experiment, arm.name):
                yield f"| {title} | {' | '.join(_cells(experiment, arm))} |"
                title = ""


def _cells(experiment: Experiment, arm: Arm) -> Iterator[str]:
    against = arm.against or experiment.baseline
    one, other = outcomes(experiment, arm.name), outcomes(experiment, against)
    both = sorted(one.keys() & other.keys())
    yield from (arm.name, against, difference(one, other))
    control = difference(one, outcomes(experiment, arm.control)) if arm.control else ""
    yield from (arm.control, control)
    names = [name for name, _ in both]
    yield str(len(set(names)))
    yield "–".join(map(str, sorted({names.count(name) for name in names})))
    slower = [np.log(one[key].seconds / other[key].seconds) for key in both]
    yield f"{np.exp(np.mean(slower)):.1f}" if experiment.in_turns else "–"
    sizes = (np.mean([of[key].n_parameters for key in both]) for of in (one, other))
    yield " for ".join(f"{size:,.0f}".replace(",", " ") for size in sizes)
