"""What a fit asks of whoever computes, and this process as the plainest of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from msssm_ts.series import Prepared
from msssm_ts.training.progress import Reporter

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """Arguments of a function for one item.

    Parameters
    ----------
    args : tuple
        What :meth:`Workers.part` and :meth:`Workers.keep` return among them is turned into
        values where the function is called.
    size : int
        Its part of the progress, in series.
    """

    args: tuple[Any, ...]
    size: int = 0


class Workers(Protocol):
    """Who computes.

    Functions are called with the arguments of a :class:`Work` and a reporter behind them. They
    are of a module, or pickle; what they return hangs on their arguments alone.
    """

    @property
    def count(self) -> int:
        """How many items are worked on at once."""

    def can_read(self, values: Prepared) -> bool:
        """Whether all who compute can read lazy series where they lie."""

    def part(self, values: Prepared, index: NDArray[np.int64]) -> Any:
        """Return what stands for some of the series in the arguments of a function."""

    def keep(self, value: Any) -> Any:
        """Return what stands for a value that many items need."""

    def map(
        self,
        function: Callable[..., T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> Generator[T, None, None]:
        """Yield a function of each item, in their order.

        Parameters
        ----------
        function : callable
            Of the arguments, and a reporter.
        works : iterable of Work
            The items; no more are asked for than are worked on.
        reporter : Reporter, optional
            Told how far all are.
        total : int
            Sum of the items' sizes.
        """

    def reduce(
        self,
        function: Callable[..., T],
        merge: Callable[[T, T], T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> T:
        """Return a function of all items merged, neighbours first: see :func:`in_pairs`."""


@dataclass(frozen=True)
class Here:
    """The process itself, one item after the other.

    Examples
    --------
    >>> def double(x: int, reporter: object) -> int:
    ...     return 2 * x
    >>> list(Here().map(double, [Work((1,)), Work((2,))]))
    [2, 4]
    """

    count: ClassVar[int] = 1

    def can_read(self, values: Prepared) -> bool:
        """See :meth:`Workers.can_read`: this process has read of them what there is to know."""
        return True

    def part(self, values: Prepared, index: NDArray[np.int64]) -> Prepared:
        """Return some of the series."""
        return values.take(index)

    def keep(self, value: Any) -> Any:
        """Return the value."""
        return value

    def map(
        self,
        function: Callable[..., T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> Generator[T, None, None]:
        """See :meth:`Workers.map`; an item is asked for when the one before is done."""
        shares = Shares(reporter, total)
        for i, work in enumerate(works):
            yield function(*work.args, shares.reporter(i, work.size))

    def reduce(
        self,
        function: Callable[..., T],
        merge: Callable[[T, T], T],
        works: Iterable[Work],
        reporter: Reporter | None = None,
        total: int = 0,
    ) -> T:
        """See :meth:`Workers.reduce`."""
        return in_pairs(list(self.map(function, works, reporter, total)), merge)


HERE = Here()


def in_pairs(parts: list[T], merge: Callable[[T, T], T]) -> T:
    """Merge neighbours, then neighbours of these, until there is one: always in that order.

    Examples
    --------
    >>> in_pairs(list("abcde"), "({}{})".format)
    '(((ab)(cd))e)'
    """
    while len(parts) > 1:
        pairs = [merge(*parts[i : i + 2]) for i in range(0, len(parts) - 1, 2)]
        parts = pairs + parts[2 * len(pairs) :]
    return parts[0]


@dataclass
class Shares:
    """How far items are, put together for one reporter.

    Parameters
    ----------
    reporter : Reporter, optional
        Told of it.
    total : int
        Series of all items.
    """

    reporter_of_all: Reporter | None
    total: int
    done: dict[int, int] = field(default_factory=dict)

    def reporter(self, item: int, size: int) -> Reporter | None:
        """Return one that is told of an item of so many series."""
        if self.reporter_of_all is None:
            return None
        return Reporter((_Share(self, item, size),))

    def tell(self, item: int, done: int) -> None:
        """Say how many series of an item are done; what is done again does not count."""
        if done > self.done.get(item, 0):
            self.done[item] = done
            if self.reporter_of_all is not None:
                self.reporter_of_all.done(min(sum(self.done.values()), self.total), self.total)


@dataclass(frozen=True)
class _Share:
    shares: Shares
    item: int
    size: int

    def __call__(self, progress: object) -> None:
        """Nothing is trained by steps."""

    def stage(self, name: str, done: int, total: int) -> None:
        self.shares.tell(self.item, self.size * done // max(1, total))
