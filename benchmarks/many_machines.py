"""A fit shared out to Dask workers of this machine: seconds, CPU time, bytes that workers send.

    python benchmarks/many_machines.py --series 5000 --held 20000000 --workers 0 1 2

0 workers is the same fit without a cluster. Series are made up: two channels of noise with a wave
whose period is the class's. Bytes are those that leave workers, to each other and to the client;
what goes to them is in the plan that a fit says.
"""

from __future__ import annotations

import argparse
import logging
import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from machine import machine

from msssm_ts import MSSSMClassifier
from msssm_ts.members import closed_form

MEMBERS = ("scan_ridge", "quantile_trees")


def made_up(n: int, n_timepoints: int, seed: int = 0) -> tuple[Any, Any]:
    """Return series (n, 2, n_timepoints) and their classes, of four."""
    rng = np.random.default_rng(seed)
    y, steps = rng.integers(0, 4, n), np.arange(n_timepoints)
    X = rng.normal(size=(n, 2, n_timepoints)).astype(np.float32)
    X[:, 0] += 0.5 * np.sin(steps * (0.2 + 0.1 * y[:, None]) + rng.uniform(0, 6, (n, 1)))
    return X, y


def _sent(dask_worker: Any) -> int:
    return int(dask_worker.transfer_outgoing_bytes_total)


def _cpu() -> float:
    import os

    used = os.times()
    return used.user + used.system


class _Lines:
    def __call__(self, progress: Any) -> None:
        """Nothing is trained by steps."""

    def say(self, line: str) -> None:
        print(f"    {line}")


def measured(client: Any, work: Any) -> tuple[Any, str]:
    """Return what some work returns, and a line about it."""

    def of_workers() -> float:
        return 0.0 if client is None else sum(client.run(_cpu).values())

    def bytes_sent() -> int:
        return 0 if client is None else sum(client.run(_sent).values())

    before = (time.perf_counter(), _cpu(), of_workers(), bytes_sent())
    result = work()
    after = (time.perf_counter(), _cpu(), of_workers(), bytes_sent())
    seconds, here, there, sent = (b - a for a, b in zip(before, after, strict=True))
    said = f"{seconds:7.1f} s   CPU here {here:7.1f} s, workers {there:7.1f} s"
    return result, f"{said}   {sent / 1e6:8.1f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--members", nargs="+", default=list(MEMBERS))
    parser.add_argument(
        "--held", type=int, help="numbers of features that are held; sums are taken beyond"
    )
    asked = parser.parse_args()
    if asked.held is not None:
        closed_form.MOST_NUMBERS = asked.held
    torch.set_num_threads(1)
    print(machine(torch.device("cpu")))
    X, y = made_up(asked.series, asked.steps)
    print(f"{X.shape} float32, {X.nbytes / 1e6:.1f} MB")
    for n in asked.workers:
        print(f"{n} workers")
        with _cluster(n) as cluster, cluster.get_client() if n else nullcontext() as client:
            # Kernels are compiled, and libraries imported, before.
            small = {"members": asked.members, "random_state": 0, "cluster": client}
            MSSSMClassifier(**small).fit(X[: 50 * max(n, 1)], y[: 50 * max(n, 1)])
            for member in asked.members:
                model = MSSSMClassifier(
                    members=[member], random_state=0, cluster=client, callbacks=[_Lines()]
                )
                _, line = measured(client, lambda model=model: model.fit(X, y))
                print(f"  {member:16} {line}")
                _, line = measured(client, lambda model=model: model.predict_proba(X))
                print(f"  {'its answers':16} {line}", flush=True)


def _cluster(n: int) -> Any:
    if not n:
        return nullcontext()
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=n,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=logging.CRITICAL,
    )


if __name__ == "__main__":
    main()
