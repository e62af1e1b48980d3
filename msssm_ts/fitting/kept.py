"""Prepared series of files, kept while a fit goes through them again and again."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msssm_ts.atomic import passing
from msssm_ts.errors import WritingError
from msssm_ts.fitting.checkpoint import Checkpoint
from msssm_ts.fitting.problems import Problems
from msssm_ts.members.closed_form import in_parts
from msssm_ts.preparation import apply
from msssm_ts.processors import usable_processors
from msssm_ts.series import LazySeries, Prepared, Series
from msssm_ts.series.on_disk import written
from msssm_ts.text import size_text
from msssm_ts.training import Reporter
from msssm_ts.training.processes import current
from msssm_ts.training.streaming import TOGETHER, in_order
from msssm_ts.workers.workers import Here, Work, Workers

# Of the disk's room that is free, what is taken at most.
_SHARE_OF_DISK = 0.5
# Bytes a second that a disk takes, and gives, at least.
_DISK = 200e6
# So many times as long as from the disk it has to take to make a series from its file.
_WORTH = 2.0
# Of a time budget, what may be taken before the first member is fitted.
_SHARE_OF_BUDGET = 0.25
# Seconds that starting other processes is not worth.
_ALONE = 2.0
# Blocks of series that a worker of a cluster is given at a time.
_WAVE = 4
# Series that tell how long they take.
_N_TIMED = 4


@contextmanager
def prepared_once(
    problems: Problems,
    parameters: Mapping[str, Any],
    reporter: Reporter,
    checkpoint: Checkpoint | None,
) -> Iterator[Problems]:
    """Give the same problems with series of files prepared once, where that is the quicker way.

    What is small enough stays in memory. More is written to a file where that is read back sooner
    than recordings are decoded, resampled or turned into spectra again; it lies in the folder of a
    fit that is kept, else in the system's temporary one, and goes with the fit. What members learn
    is the same to the bit. The workers of a cluster that read series where they lie prepare them,
    and read the file if they can; processes that train together read their own.

    Parameters
    ----------
    problems : Problems
        Of all series.
    parameters : mapping
        The estimator's.
    reporter : Reporter
        Told what is kept where, and how far it is.
    checkpoint : Checkpoint, optional
        Of the fit.
    """
    with ExitStack() as files:
        ready = _ready(problems, parameters, reporter, checkpoint, files)
        yield problems if ready is None else replace(problems, ready=ready)


def _ready(
    problems: Problems,
    parameters: Mapping[str, Any],
    reporter: Reporter,
    checkpoint: Checkpoint | None,
    files: ExitStack,
) -> Sequence[Series] | None:
    """Return all series, held or read from a file of ``files``; None: that is not worth it."""
    series, workers = problems.one_by_one(), problems.workers
    if current().count > 1 or not isinstance(series, LazySeries):
        return None
    if not workers.can_read(Prepared.of(series)):
        return None
    seconds, first = _timed(series)
    n_bytes = int(series.lengths.sum()) * first.shape[0] * first.itemsize
    n_workers = _n_workers(workers) if seconds > _ALONE else 0
    made = _told(_made(series, n_bytes // len(series), n_workers, workers), len(series), reporter)
    if n_bytes <= apply.IN_MEMORY:
        return list(made)
    folder = Path(tempfile.gettempdir()) if checkpoint is None else checkpoint.folder
    times_as_long, budget = seconds * _DISK / n_bytes, parameters["time_budget"]
    late = budget is not None and seconds / _n_workers(workers) > _SHARE_OF_BUDGET * budget
    if times_as_long < _WORTH or late:
        return None
    if n_bytes > _SHARE_OF_DISK * shutil.disk_usage(folder).free:
        reporter.say(
            f"{folder} has no room for prepared series ({size_text(n_bytes)}): each is prepared "
            "again whenever it is learned from"
        )
        return None
    reporter.say(
        f"prepared series are kept in {folder} while they are learned from ({size_text(n_bytes)}): "
        f"preparing them takes {times_as_long:.0f} times as long as reading them back"
    )
    file = files.enter_context(passing(folder / "prepared"))
    try:
        return written(made, file)
    except WritingError as error:
        # Nothing that the fit needs: it goes on as it would have without.
        reporter.say(f"{file}: {error.reason}; series are prepared again and again instead")
        files.close()
        return None


def _timed(series: LazySeries) -> tuple[float, Series]:
    """Return about how long it takes one process to prepare all series, and the first of them."""
    timed = np.unique(np.linspace(0, len(series) - 1, _N_TIMED).astype(np.int64))
    began = time.perf_counter()
    first = series[0]
    for i in timed[1:]:
        series[int(i)]
    took = time.perf_counter() - began
    return took * float(series.lengths.sum() / max(1, series.lengths[timed].sum())), first


def _n_workers(workers: Workers) -> int:
    """Return how many processes prepare series."""
    if isinstance(workers, Here):
        return min(torch.get_num_threads(), usable_processors())
    return workers.count


def _made(series: LazySeries, each: int, n_workers: int, workers: Workers) -> Iterator[Series]:
    """Prepare all series, of about so many bytes each, in their order."""
    if n_workers == 0 or isinstance(workers, Here):
        yield from in_order(series, each, n_workers if n_workers > 1 else 0)
        return
    values, blocks = Prepared.of(series), in_parts(len(series), max(1, each), TOGETHER)
    # What is made waits on the workers until its turn comes: not more than a few blocks each.
    wave = _WAVE * workers.count
    for first in range(0, len(blocks), wave):
        some = blocks[first : first + wave]
        for made in workers.map(_read, (Work((workers.part(values, b),), len(b)) for b in some)):
            yield from made


def _read(values: Prepared, reporter: Reporter | None) -> list[Series]:
    return [np.ascontiguousarray(one) for one in values.series]


def _told(made: Iterator[Series], n: int, reporter: Reporter) -> Iterator[Series]:
    """Say how far it is."""
    reporter = reporter.named("preparing series")
    for i, one in enumerate(made):
        yield one
        reporter.done(i + 1, n)
