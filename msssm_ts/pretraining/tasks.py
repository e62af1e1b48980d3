"""The tasks that an encoder of series learns from: made-up ones, of one length a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from msssm_ts.generation import Task, draw_task


@dataclass(frozen=True)
class SeriesTasks:
    """Draws tasks.

    Parameters
    ----------
    n_values : int
        Steps of all series together in one step of the optimiser, about.
    shortest, longest : int
        Lengths, log-uniform between them.
    most_classes, most_each : int
        Of a task: from two classes on, and from four series of each.

    Examples
    --------
    >>> tasks = SeriesTasks(n_values=1000)(np.random.default_rng(0))
    >>> len({task.series.shape[2] for task in tasks})
    1
    """

    n_values: int = 16_384
    shortest: int = 16
    longest: int = 512
    most_classes: int = 6
    most_each: int = 12

    def __call__(self, rng: np.random.Generator) -> list[Task]:
        """Return tasks of one length, as many as a step takes; half of them as differences."""
        low, high = math.log(self.shortest), math.log(self.longest)
        length, n = int(math.exp(rng.uniform(low, high))), 0
        tasks: list[Task] = []
        while not tasks or n * length < self.n_values:
            n_classes = int(rng.integers(2, self.most_classes + 1))
            n_each = 2 * int(rng.integers(2, self.most_each // 2 + 1))
            task = draw_task(rng, n_classes, n_each, length)
            if rng.uniform() < 0.5:
                changes = np.diff(task.series, axis=2, prepend=task.series[:, :, :1])
                task = task._replace(series=changes / max(float(changes.std()), 1e-6))
            tasks.append(task)
            n += len(task.labels)
        return tasks
