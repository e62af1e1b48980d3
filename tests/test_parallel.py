from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch
from kernel_cases import ms_scan_inputs

from msssm_ts import MSSSMClassifier
from msssm_ts.fitting.kept import _n_workers
from msssm_ts.kernels import backend_report, ms_scan, parallel, use_backend
from msssm_ts.processors import usable_processors
from msssm_ts.training import reading_workers
from msssm_ts.workers import HERE
from msssm_ts.workers.dask_opened import _client_of

pytestmark = pytest.mark.usefixtures("two_threads")


def test_split_balances_costs() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        costs = rng.integers(0, 100, size=rng.integers(1, 40))
        for parts in (1, 2, 3, 8):
            ranges = parallel.split(costs, parts)
            covered = [i for a, b in ranges for i in range(a, b)]
            assert covered == list(range(len(costs)))
            assert len(ranges) <= parts
    halves = parallel.split(np.array([5, 1, 1, 1, 1, 1]), 2)
    assert halves == [(0, 1), (1, 6)]


def test_an_error_in_any_thread_is_raised() -> None:
    def work(first: int, last: int) -> None:
        if last == 4:
            raise ValueError("from a worker")

    with pytest.raises(ValueError, match="from a worker"):
        parallel.run(work, np.full(4, 10**9))


def test_items_are_made_one_ahead_in_their_order() -> None:
    made: list[tuple[int, int]] = []

    def items() -> Iterator[int]:
        for i in range(5):
            made.append((i, threading.get_ident()))
            yield i
        raise ValueError("of the maker")

    seen = []

    def go_through() -> None:
        for item in parallel.ahead(items()):
            seen.append(item)
            assert len(made) <= item + 2

    with pytest.raises(ValueError, match="of the maker"):
        go_through()
    assert seen == [i for i, _ in made] == list(range(5))
    assert threading.get_ident() not in {thread for _, thread in made}


def test_kernels_keep_their_threads_where_torch_has_one() -> None:
    """Also for one that begins while another is at it, and where one fails."""
    used = set()

    def work(first: int, last: int) -> None:
        barrier.wait(10)
        used.add(threading.get_ident())

    def other() -> None:
        # A thread of its own, which torch gives as many threads as were set last.
        with parallel.kernels_alone():
            seen.append(parallel.n_threads())
            go_on.wait(10)
        seen.append(torch.get_num_threads())

    seen: list[int] = []
    barrier, go_on = threading.Barrier(2), threading.Event()
    beside = threading.Thread(target=other)

    def fail() -> None:
        with parallel.kernels_alone():
            assert (torch.get_num_threads(), parallel.n_threads()) == (1, 2)
            parallel.run(work, np.full(2, 10**9))
            beside.start()
            raise ValueError("within")

    with pytest.raises(ValueError, match="within"):
        fail()
    assert len(used) == 2
    assert torch.get_num_threads() == parallel.n_threads() == 2
    go_on.set()
    beside.join(10)
    assert seen == [2, 2]
    assert torch.get_num_threads() == parallel.n_threads() == 2


def test_small_training_steps_have_the_same_bits_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 1, 130)), np.arange(40) % 2
    answers = []
    for n in (1, 2):
        torch.set_num_threads(n)
        network = MSSSMClassifier(members=["network"], max_epochs=2, random_state=0)
        answers.append(network.fit(X, y).decision_function(X))
    assert np.array_equal(*answers)


def _gradient() -> torch.Tensor:
    inputs = ms_scan_inputs(8, 200, 64, S=3, K=4, n=4, lti=False)
    x = inputs["x"].requires_grad_()
    ms_scan(**inputs)[0].square().sum().backward()
    assert x.grad is not None
    return x.grad


def test_concurrent_callers() -> None:
    expected = _gradient()
    results: list[torch.Tensor] = []
    threads = [
        threading.Thread(target=lambda: results.extend(_gradient() for _ in range(5)))
        for _ in range(3)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 15
    assert all(torch.equal(r, expected) for r in results)


def _in_child(queue: multiprocessing.Queue[float]) -> None:
    queue.put(float(_gradient().sum()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_works_after_its_parent() -> None:
    expected = float(_gradient().sum())
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=60) == pytest.approx(expected, rel=1e-5)
        child.join(60)
        assert child.exitcode == 0
    finally:
        child.kill()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_children_keep_their_threads_until_the_package_is_at_work() -> None:
    code = (
        "import os, torch; torch.set_num_threads(2); import msssm_ts.kernels as k\n"
        "def in_child():\n"
        "    if not (pid := os.fork()): os._exit(torch.get_num_threads())\n"
        "    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
        "before = in_child(); k.backend_report()\n"
        "print(before, in_child(), torch.get_num_threads())"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "1", "2"]


def test_backend_is_chosen_by_context_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert backend_report()["backend"] == "numba"
    monkeypatch.setenv("MSSSM_TS_BACKEND", "reference")
    report = backend_report()
    assert (report["backend"], report["reason"]) == ("reference", "chosen by MSSSM_TS_BACKEND")
    with use_backend("numba"):
        assert backend_report()["reason"] == "chosen by use_backend"
    monkeypatch.setenv("MSSSM_TS_BACKEND", "abacus")
    with pytest.raises(ValueError, match="MSSSM_TS_BACKEND must be one of"):
        backend_report()
    with pytest.raises(ValueError, match="use_backend must be one of"), use_backend("abacus"):
        pass


@pytest.mark.parametrize(
    ("processors", "threads", "reading", "preparing"),
    [(1, 8, 1, 1), (8, 1, 1, 1), (3, 8, 2, 3), (8, 2, 2, 2), (8, 8, 4, 8)],
)
def test_processors_that_a_process_may_not_use_do_not_count(
    processors: int, threads: int, reading: int, preparing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)), raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("torch.get_num_threads", lambda: threads)
    assert usable_processors() == processors
    assert reading_workers() == reading
    assert _n_workers(HERE) == preparing
    started = SimpleNamespace(LocalCluster=MagicMock(), Client=MagicMock())
    with _client_of(started, "local"):
        assert started.LocalCluster.call_args.kwargs["n_workers"] == processors


def test_items_share_the_threads_and_are_answered_in_order() -> None:
    def item(i: int) -> tuple[int, int, int]:
        # What an item would share is its own to do: all others may be waiting for theirs.
        inner: list[tuple[int, int]] = []
        parallel.run(lambda first, last: inner.append((first, last)), np.full(4, 10**9))
        assert inner == [(0, 4)]
        return i, threading.get_ident(), torch.get_num_threads()

    found = parallel.each(item, range(6))
    assert [i for i, _, _ in found] == list(range(6))
    assert len({thread for _, thread, _ in found}) == 2
    assert {n_threads for _, _, n_threads in found} == {1}
    assert torch.get_num_threads() == 2


def test_concurrent_callers_do_not_wait_for_each_other_for_ever() -> None:
    def item(_: int) -> int:
        done: list[int] = []
        parallel.run(lambda first, last: done.append(last - first), np.full(4, 10**9))
        return sum(done)

    sums: list[int] = []
    callers = [
        threading.Thread(target=lambda: sums.extend(parallel.each(item, range(8))), daemon=True)
        for _ in range(6)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert sums == [4] * 48
