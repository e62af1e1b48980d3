"""The workers that a parameter asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msssm_ts.workers.workers import HERE, Workers


@contextmanager
def asked_workers(cluster: Any, say: Callable[[str], object]) -> Iterator[Workers]:
    """Give this process as who computes, or the workers of a cluster.

    Parameters
    ----------
    cluster : str, distributed.Client or None
        See :class:`msssm_ts.MSSSMClassifier`.
    say : callable
        Told, in a line each, what is sent and who is lost.

    Raises
    ------
    InputError
        If the cluster cannot be used.
    """
    if cluster is None:
        yield HERE
        return
    from msssm_ts.workers.dask_opened import opened

    with opened(cluster, say) as workers:
        yield workers
