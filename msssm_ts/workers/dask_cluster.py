"""A Dask cluster as who computes."""

from __future__ import annotations

import os
import pickle
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import TrainingError
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.text import counted
from msssm_ts.training.progress import Reporter
from msssm_ts.version import __version__
from msssm_ts.workers.dask_work import called, joined, read_one, taken
from msssm_ts.workers.workers import Shares, Work, in_pairs

T = TypeVar("T")
Rows = NDArray[np.int64]

# Series that travel together, and lie on one worker.
BLOCK = 2048
# Seconds between two looks at who is there, and without anybody.
_LOOK, _ALONE = 1.0, 60.0
# How often what was lost with its worker is made anew, and what failed is tried again.
_AGAIN, _RETRIES = 10, 2
_GONE = ("cancelled", "lost")


def _sized(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"


@dataclass(eq=False)
class _Call:
    """A call on some worker, made anew where its result was lost.

    Parameters
    ----------
    function : callable
        What is called.
    args : tuple
        Other calls and kept values among them.
    told : (str, int), optional
        The topic, and the number, under which it tells how far it is.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    told: tuple[str, int] | None = None
    future: Any = None


@dataclass(eq=False)
class _Kept:
    """A value that lies on a worker; what it came from stays here, to be sent again.

    Parameters
    ----------
    value : callable
        Returns it.
    worker : int
        The number of the worker; −1: any, and every one that asks.
    """

    value: Callable[[], Any]
    worker: int = -1
    future: Any = None


@dataclass
class DaskWorkers:
    """The workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    say : callable
        Told, in a line each, what is sent and who is lost.
    block : int
        Series that travel together.
    """

    client: Any
    say: Callable[[str], object]
    block: int = field(default_factory=lambda: BLOCK)
    topic: str = field(default_factory=lambda: f"msssm-ts-{uuid.uuid4().hex}")

    def __post_init__(self) -> None:
        threads = self.client.nthreads()
        self.count = sum(threads.values())
        self._known = set(threads)
        self._looked = self._met = time.monotonic()
        self._placed: tuple[Any, list[_Kept]] | None = None
        self._tried: tuple[Any, str | None] | None = None
        self._shares: dict[int, tuple[Shares, int, int]] = {}
        self._heard: deque[tuple[int, int, int]] = deque()

    # What travels

    def can_read(self, values: Prepared) -> bool:
        """Whether every worker reads the shortest of the series."""
        return self._unreadable(values) is None

    def part(self, values: Prepared, index: Rows) -> Any:
        """Return what stands for some of the series: their places, or blocks that were sent."""
        if self._placed is None or self._placed[0] is not values.series:
            self._placed = values.series, self._place(values)
        kept = self._placed[1]
        if not kept:
            return values.take(index)
        block = index // self.block
        runs = np.split(index, np.flatnonzero(np.diff(block)) + 1)
        pieces = [self._piece(values, kept, run) for run in runs]
        return pieces[0] if len(pieces) == 1 else _Call(joined, tuple(pieces))

    def _piece(self, values: Prepared, kept: list[_Kept], rows: Rows) -> Any:
        """Return what stands for rows of one block."""
        number, own = rows[0] // self.block, rows % self.block
        size = min(self.block, len(values) - number * self.block)
        if np.array_equal(own, np.arange(size)):
            return kept[number]
        return _Call(taken, (kept[number], own))

    def _place(self, values: Prepared) -> list[_Kept]:
        """Deal blocks out to the workers, neighbours together; none where places are enough."""
        n = -(-len(values) // self.block)
        plan = (
            f"cluster {self.client.scheduler.address}: {counted(len(self._known), 'worker')}, "
            f"{counted(self.count, 'thread')}, {counted(n, 'block')} of at most {self.block} "
            "series; "
        )
        sent = values.series
        if isinstance(sent, LazySeries):
            reason = self._unreadable(values)
            if reason is None:
                size = _sized(len(pickle.dumps(sent)))
                self.say(f"{plan}workers read the series, {size} of places travel for a member")
                return []
            plan += f"workers do not read the series ({reason}), which are read here: "
        channels, item = sent[0].shape[0], sent[0].itemsize
        size = _sized(int(values.lengths.sum()) * channels * item)
        self.say(f"{plan}{size} travel once")
        rows = np.split(np.arange(len(values)), range(self.block, len(values), self.block))
        # What is known beside them no member of the vote asks for.
        bare = replace(values, features=None)
        return [_Kept(_Read(bare, own), i * len(self._known) // n) for i, own in enumerate(rows)]

    def _unreadable(self, values: Prepared) -> str | None:
        """Say why workers cannot read lazy series, which they try once; None: they can."""
        if self._tried is None or self._tried[0] is not values.series:
            self._tried = values.series, self._try(values)
        return self._tried[1]

    def _try(self, values: Prepared) -> str | None:
        one = values.take(np.argmin(values.lengths, keepdims=True))
        try:
            pickle.dumps(one)
        except Exception as error:  # whatever an object's own code raises
            return f"what reads them does not pickle: {error}"
        for worker, found in self.client.run(read_one, one, on_error="return").items():
            if isinstance(found, BaseException):
                return f"on {worker}: {found}"
        return None

    def keep(self, value: Any) -> Any:
        """Return what stands for a value that many items need."""
        return _Kept(lambda: value)

    # What is done with it

    def map(
        self,
        function: Callable[..., T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> Generator[T, None, None]:
        """See :meth:`msssm_ts.workers.Workers.map`; all items are asked for at once."""
        calls = self._calls(function, works, reporter, total)
        try:
            for call in calls:
                self._future(call)
            for call in calls:
                result = self._result(call)
                self._done(call)
                call.future = None
                yield result
        finally:
            self._let_go(calls)

    def reduce(
        self,
        function: Callable[..., T],
        merge: Callable[[T, T], T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> T:
        """See :meth:`msssm_ts.workers.Workers.reduce`."""
        calls = self._calls(function, works, reporter, total)
        made = list(calls)

        def merged(a: _Call, b: _Call) -> _Call:
            made.append(_Call(merge, (a, b)))
            return made[-1]

        try:
            result: T = self._result(in_pairs(calls, merged))
            for call in calls:
                self._done(call)
        finally:
            self._let_go(made)
        return result

    def _calls(
        self, function: Callable[..., T], works: Iterable[Work], reporter: Any, total: int
    ) -> list[_Call]:
        shares, calls = Shares(reporter, total), []
        for i, work in enumerate(works):
            number = len(self._shares)
            self._shares[number] = (shares, i, work.size)
            calls.append(_Call(function, work.args, (self.topic, number)))
        return calls

    def _future(self, node: Any) -> Any:
        """Return the live future of a call or a kept value, begun anew where it is gone."""
        if not isinstance(node, (_Call, _Kept)):
            return node
        if node.future is None or node.future.status in _GONE:
            if isinstance(node, _Kept):
                node.future = self._sent(node)
            else:
                args = [self._future(arg) for arg in node.args]
                how = (__version__, os.getpid(), node.told)
                node.future = self.client.submit(
                    *(called, how, node.function, *args), pure=False, retries=_RETRIES
                )
        return node.future

    def _forget_lost(self, call: _Call) -> None:
        """Let kept values that a call needs, and nobody has any more, be sent again."""
        for arg in call.args:
            if isinstance(arg, _Call):
                self._forget_lost(arg)
            elif isinstance(arg, _Kept) and not self._is_there(arg.future):
                arg.future = None

    def _is_there(self, future: Any) -> bool:
        """Whether some worker has a value; the client may not have heard yet that none has."""
        from distributed import CancelledError

        try:
            known = future is not None and future.status not in _GONE
            return known and any(self.client.who_has([future]).values())
        except CancelledError:
            return False

    def _sent(self, kept: _Kept) -> Any:
        live = sorted(self.client.nthreads())
        where = None if kept.worker < 0 or not live else [live[kept.worker % len(live)]]
        return self.client.scatter([kept.value()], workers=where, hash=False)[0]

    def _result(self, call: _Call) -> Any:
        """Wait for a call's result; what was lost with a worker is done again."""
        import distributed

        for _ in range(_AGAIN):
            future = self._future(call)
            while not future.done():
                self._look()
                try:
                    with self.client.as_current():
                        distributed.wait(future, timeout=_LOOK / 4)
                except (TimeoutError, distributed.CancelledError):
                    continue
            if future.status not in _GONE:
                try:
                    result = future.result()
                    self._tell()
                    return result
                except distributed.CancelledError:
                    pass
                except distributed.KilledWorker as error:
                    raise TrainingError(
                        "workers of the cluster died again and again over the same work, as a "
                        "rule for want of memory: give each more, or take fewer threads"
                    ) from error
            self._look(now=True)
            self._forget_lost(call)
        raise TrainingError(f"the cluster lost the same work {_AGAIN} times; see its workers' logs")

    def _look(self, now: bool = False) -> None:
        """Tell how far all are, and see who is there."""
        self._tell()
        if not now and time.monotonic() - self._looked < _LOOK:
            return
        if self.client.status not in ("running", "connecting"):
            raise TrainingError("the cluster's scheduler is gone; start it, and fit again")
        live = self._look_around()
        if live:
            self._met = self._looked
        elif self._looked - self._met > _ALONE:
            raise TrainingError(
                f"the cluster has had no worker for {_ALONE:.0f} s; start some with 'dask worker "
                f"{self.client.scheduler.address}', and fit again"
            )

    def _look_around(self) -> set[str]:
        """Say who is gone, and return who is there."""
        live = set(self.client.nthreads())
        self._looked = time.monotonic()
        for worker in sorted(self._known - live):
            self.say(f"worker {worker} is gone: what it held and did is given to others")
        self._known = live
        return live

    def hear(self, event: tuple[float, Any]) -> None:
        """Take down how far an item is, as its worker says: in a thread of the client."""
        self._heard.append(event[1])

    def _tell(self) -> None:
        while self._heard:
            number, done, total = self._heard.popleft()
            shares, item, size = self._shares[number]
            shares.tell(item, size * done // max(1, total))

    def _done(self, call: _Call) -> None:
        assert call.told is not None
        shares, item, size = self._shares[call.told[1]]
        shares.tell(item, size)

    def _let_go(self, calls: list[_Call]) -> None:
        """Keep no result, and wait for none: what nobody waits for Dask cancels."""
        for call in calls:
            call.future = None

    def close(self) -> None:
        """Let go of what lies on the workers."""
        self._placed = self._tried = None
        if self.client.status == "running":
            self._look_around()
            self.client.unsubscribe_topic(self.topic)


@dataclass(frozen=True)
class _Read:
    """Some series, read."""

    values: Prepared
    index: Rows

    def __call__(self) -> Prepared:
        some = self.values.take(self.index)
        return replace(some, series=[np.ascontiguousarray(s) for s in some.series])
