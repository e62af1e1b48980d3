"""A Dask cluster found, or started, and looked at before it is given work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msssm_ts.errors import InputError
from msssm_ts.optional import needed
from msssm_ts.processors import usable_processors
from msssm_ts.version import __version__
from msssm_ts.workers.dask_cluster import DaskWorkers
from msssm_ts.workers.dask_work import other_version, unmoved, version_here

# Seconds to find a cluster.
_FIND = 10.0


@contextmanager
def opened(cluster: Any, say: Callable[[str], object]) -> Iterator[DaskWorkers]:
    """Give the workers of a cluster.

    Parameters
    ----------
    cluster : str or distributed.Client
        The address of a scheduler; "local" or "local:N" for N processes of this machine, by
        default one a processor; or a client, which is left open.
    say : callable
        Told, in a line each, what is sent and who is lost.

    Raises
    ------
    InputError
        If there is no such cluster, it has no workers, or they have another version.
    """
    distributed = needed("dask", "cluster")
    with _client_of(distributed, cluster) as client:
        _check_workers(distributed, client)
        workers = DaskWorkers(client, say)
        client.subscribe_topic(workers.topic, workers.hear)
        try:
            yield workers
        finally:
            workers.close()


@contextmanager
def _client_of(distributed: Any, cluster: Any) -> Iterator[Any]:
    """Give a client, and close what was opened for it."""
    if not isinstance(cluster, str):
        yield cluster
        return
    name, _, number = cluster.partition(":")
    if name == "local":
        n = int(number) if number else usable_processors()
        started: dict[str, Any] = {
            "n_workers": n,
            "threads_per_worker": 1,
            "dashboard_address": "127.0.0.1:0",
        }
        started["scheduler_kwargs"] = {"dashboard": False}
        # Of workers that are lost a line is said; of those that end late none need be.
        started["silence_logs"] = logging.CRITICAL
        with (
            distributed.LocalCluster(host="127.0.0.1", **started) as local,
            distributed.Client(local, set_as_default=False) as client,
        ):
            client.run(unmoved)
            yield client
        return
    try:
        client = distributed.Client(cluster, timeout=_FIND, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cluster {cluster}: no Dask scheduler answers there; start "
            "one with 'dask scheduler', and workers with 'dask worker ADDRESS'"
        ) from error
    with client:
        yield client


def _check_workers(distributed: Any, client: Any) -> None:
    """Refuse a cluster that cannot do the work."""
    where = client.scheduler.address
    try:
        client.wait_for_workers(1, timeout=_FIND)
    except distributed.TimeoutError as error:
        raise InputError(
            f"cluster {where}: it has no workers; start some with 'dask worker {where}'"
        ) from error
    for worker, found in client.run(version_here, on_error="return").items():
        if isinstance(found, BaseException):
            raise InputError(
                f"cluster {where}: worker {worker} cannot import msssm_ts ({found}); install "
                f"msssm-ts {__version__} there"
            )
        if found != __version__:
            raise InputError(other_version(worker, found, __version__))
