"""One vote fitted by many processes: the same weights, whoever computes and whoever dies."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.fitted import shared as shared_module
from msssm_ts.fitting.record import json_parameters
from msssm_ts.members import room
from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.quantile_trees import trees as trees_module
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.training import Reporter
from msssm_ts.workers import Work, asked_workers

distributed = pytest.importorskip("distributed")

from msssm_ts.workers import dask_cluster, dask_opened  # noqa: E402

N = 130
MEMBERS = {"members": ["scan_ridge", "quantile_trees"], "random_state": 0}


class Told:
    """A callback that hears everything, and does something the first time a stage is told."""

    def __init__(self, at: str = "", does: Any = None):
        self.lines: list[str] = []
        self.stages: list[tuple[str, int, int]] = []
        self.at, self.does = at, does

    def __call__(self, progress: Any) -> None:
        raise AssertionError("nothing is trained step by step")

    def stage(self, name: str, done: int, total: int) -> None:
        self.stages.append((name, done, total))
        if name == self.at and self.does is not None:
            does, self.does = self.does, None
            does()

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import multiprocessing

    import dask

    # Libraries are imported once, and not by each process.
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        from distributed.utils import get_mp_context

        get_mp_context().set_forkserver_preload(
            [__name__, "distributed.nanny", "msssm_ts.workers.dask_opened", "msssm_ts.estimator"]
        )
        assert multiprocessing.get_start_method(allow_none=True) != "forkserver"
        with distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            silence_logs=logging.CRITICAL,
        ) as local:
            yield local


@pytest.fixture(scope="module")
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as found:
        yield found


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    rng, y = np.random.default_rng(0), np.arange(N) % 3
    X = rng.normal(size=(N, 2, 24)).astype(np.float32)
    X[:, 0] += np.sin(np.arange(24) * (0.3 + 0.3 * y[:, None]))
    return X, y


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "BLOCK", 32)
    monkeypatch.setattr(room, "BLOCK", 32)


@pytest.fixture
def beyond_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of all series cannot be held."""
    monkeypatch.setattr(room, "MOST_NUMBERS", 60 * 2000)
    monkeypatch.setattr(room, "MOST_PRODUCTS", 300)
    monkeypatch.setattr(trees_module, "_MOST_NUMBERS", 40 * 110)


def _weights(model: MSSSMClassifier) -> list[dict[str, Any]]:
    return [dict(member.state().arrays) for member in model.model_.vote.members]


def _assert_same(ours: MSSSMClassifier, theirs: MSSSMClassifier) -> None:
    assert ours.model_.vote.weights == theirs.model_.vote.weights
    for a, b in zip(_weights(ours), _weights(theirs), strict=True):
        assert a.keys() == b.keys()
        for name in a:
            np.testing.assert_allclose(a[name], b[name], atol=1e-6, err_msg=name)
    assert ours.model_.record.estimate == theirs.model_.record.estimate


def test_weights_are_the_same_from_two_workers(
    beyond_memory: None, client: Any, data: tuple[Any, Any]
) -> None:
    told, alone = Told(), MSSSMClassifier(**MEMBERS).fit(*data)
    shared = MSSSMClassifier(**MEMBERS, cluster=client, callbacks=[told]).fit(*data)
    _assert_same(shared, alone)
    # Sums were taken, and trees grown on parts.
    assert (shared.model_.vote.members[0].scaling.scale > 0).sum() <= 300  # type: ignore[attr-defined]
    (plan,) = told.lines
    assert "2 workers, 2 threads, 5 blocks of at most 32 series; 25 kB travel once" in plan
    assert {name for name, done, total in told.stages if done == total == N} == {
        "random features", "trees"
    }  # fmt: skip
    assert len({done for name, done, _ in told.stages if name == "trees"}) > 3
    assert "cluster" not in shared.model_.record.parameters
    # The last bits hang on how many threads a product is shared out to.
    asked = shared.predict_proba(data[0]), alone.predict_proba(data[0])
    np.testing.assert_allclose(*asked, rtol=0, atol=1e-6)


def test_weights_are_the_same_where_features_are_held(client: Any, data: tuple[Any, Any]) -> None:
    members = [*MEMBERS["members"], "shapelet_ridge", "drawn_network"]
    settings = {**MEMBERS, "members": members, "d_model": 8}
    alone = MSSSMClassifier(**settings).fit(*data)
    _assert_same(MSSSMClassifier(**settings, cluster=client).fit(*data), alone)


class _Logged:
    """Reads a file, and writes down that it did, and who."""

    def __init__(self, log: Path):
        self.log = log

    def __call__(self, path: Path) -> Any:
        with open(self.log, "a") as log:
            log.write(f"{os.getpid()} {path.stem}\n")
        return np.load(path)


@pytest.mark.parametrize("reads", [True, False])
def test_series_are_read_where_workers_are(
    reads: bool, client: Any, data: tuple[Any, Any], tmp_path: Path, beyond_memory: None
) -> None:
    """Workers prepare them once; values travel only where workers cannot read."""
    X, y = data
    paths = [tmp_path / f"{i}.npy" for i in range(N)]
    lengths = np.full(N, 24)
    lengths[7] = 20
    for path, x, length in zip(paths, X, lengths, strict=True):
        np.save(path, x[:, :length])
    log = tmp_path / "log"
    read = _Logged(log) if reads else lambda path: np.load(path)
    lazy, told = LazySeries(paths, read, lengths), Told()
    # Small series are held once they are prepared: these are not.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msssm_ts.preparation.apply.IN_MEMORY", 0)
        patch.setattr("msssm_ts.fitting.kept._ALONE", 0.0)
        patch.setattr("msssm_ts.fitting.kept.TOGETHER", 5 * X[0].nbytes)
        alone = MSSSMClassifier(**MEMBERS).fit(lazy, y)
        log.unlink(missing_ok=True)
        settings = {**MEMBERS, "callbacks": [told]}
        _assert_same(MSSSMClassifier(**settings, cluster=client).fit(lazy, y), alone)
    if not reads:
        (plan,) = told.lines
        assert "does not pickle" in plan
        assert "travel once" in plan
        return
    kept, raw, prepared = told.lines
    assert "workers read the series" in raw
    assert "workers read the series" in prepared
    assert "prepared series are kept" in kept
    assert (N, N) in {(done, n) for name, done, n in told.stages if name == "preparing series"}
    who = [line.split() for line in log.read_text().splitlines()]
    by_workers = [name for process, name in who if process != str(os.getpid())]
    # The shortest is what they are tried with, once each.
    assert sorted(set(by_workers), key=int) == list(map(str, range(N)))
    assert len(by_workers) == N + 2
    assert by_workers.count("7") == 3
    assert len({process for process, _ in who}) == 3


def _interrupt() -> None:
    raise KeyboardInterrupt


def test_what_is_finished_is_kept(client: Any, data: tuple[Any, Any]) -> None:
    model = MSSSMClassifier(**MEMBERS, cluster=client, callbacks=[Told("trees", _interrupt)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    assert [member.kind for member in model.model_.vote.members] == ["scan_ridge"]


def test_interrupted_work_is_cancelled(client: Any) -> None:
    def slow(reporter: Any) -> None:
        time.sleep(0.1)

    with asked_workers(client, lambda line: None) as workers:
        works = [Work((), 1) for _ in range(100)]
        # The traceback holds what the interrupted call did.
        with pytest.raises(KeyboardInterrupt) as stopped:
            list(workers.map(slow, works, Reporter((Told("", _interrupt),)), 100))
        time.sleep(0.5)
        assert not any(client.processing().values())
        assert stopped.tb is not None


def test_other_versions_are_refused(
    client: Any, data: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    monkeypatch.setattr(dask_opened, "__version__", "9.9")
    with pytest.raises(InputError, match=r"has msssm-ts \S+, this process 9.9; install one"):
        MSSSMClassifier(**MEMBERS, cluster=client, callbacks=[told]).fit(*data)
    assert not told.lines


def test_a_worker_that_comes_later_with_another_version_is_refused(
    client: Any, data: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "__version__", "9.9")
    monkeypatch.setattr(dask_opened, "_check_workers", lambda *_: None)
    with pytest.raises(InputError, match=r"has msssm-ts \S+, this process 9.9; install one"):
        MSSSMClassifier(**MEMBERS, cluster=client).fit(*data)


def test_no_cluster(data: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_opened, "_FIND", 0.2)
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9: no Dask scheduler answers there"):
        MSSSMClassifier(**MEMBERS, cluster="tcp://127.0.0.1:9").fit(*data)
    for wrong in ("here", "local:0", "local:x"):
        with pytest.raises(ValueError, match="cluster must be an address"):
            MSSSMClassifier(**MEMBERS, cluster=wrong).fit(*data)
    with pytest.raises(TypeError, match="an address or a"):
        MSSSMClassifier(**MEMBERS, cluster=4).fit(*data)


def test_what_is_large_is_known_to_be() -> None:
    """Dask moves work to where most of what it needs lies."""
    from dask.sizeof import sizeof

    assert sizeof(Prepared.of([np.ones((2, 500))] * 3)) > 24_000
    assert sizeof(NormalEquations.of(100, 2)) > 80_000


def test_a_model_is_the_same_wherever_it_was_made() -> None:
    assert json_parameters({"cluster": "tcp://10.0.0.1:8786", "n_scales": 3}) == {"n_scales": 3}


# The last one: there is a worker less then.
@pytest.mark.parametrize("stage", ["random features", "trees"])
def test_weights_are_the_same_where_a_worker_dies(
    stage: str,
    beyond_memory: None,
    cluster: Any,
    client: Any,
    data: tuple[Any, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster.scale(4)
    client.wait_for_workers(4, timeout=10)

    def kill() -> None:
        pids = client.run(os.getpid)
        worker = min(pids, key=pids.__getitem__)
        os.kill(pids[worker], signal.SIGKILL)
        until = time.monotonic() + 10
        while worker in client.nthreads() and time.monotonic() < until:
            time.sleep(0.02)

    told, alone = Told(stage, kill), MSSSMClassifier(**MEMBERS).fit(*data)
    shared = MSSSMClassifier(**MEMBERS, cluster=client, callbacks=[told]).fit(*data)
    assert told.does is None
    _assert_same(shared, alone)
    (gone,) = [line for line in told.lines if "is gone" in line]
    assert "what it held and did is given to others" in gone
    # Answers are those, too, and it is said.
    told = Told("probabilities", kill)
    monkeypatch.setattr(shared_module, "_ROWS", 32)
    asked = shared.set_params(callbacks=[told]).predict_proba(data[0])
    assert told.does is None
    assert told.stages[-1] == ("probabilities", N, N)
    assert any("is gone: what it held and did is given" in line for line in told.lines)
    np.testing.assert_allclose(asked, alone.predict_proba(data[0]), atol=1e-6)
