"""What members with a ridge classifier on standardised features share: its fit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.room import MOST_KEPT, Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.within_time import cost_of, drawn_within, part_of, seconds_each
from msssm_ts.series import Prepared, Series
from msssm_ts.training import Reporter
from msssm_ts.workers import Work

# Numbers of features that are held at once: 64 MB.
_HELD = 1 << 24
# Series on which the work is tried, to say how long it will take.
_TRIED = 64


class Transform(Protocol):
    """Makes features of series, (n_series, n_features); pickles for other processes."""

    def __call__(
        self, values: Prepared, reporter: Reporter | None = None, /
    ) -> NDArray[np.float32]:
        """Return them, not standardised; a reporter is told the series done, and of all."""


class SeriesFeatures(Protocol):
    """Makes features of series that are given as arrays."""

    def transform(
        self, series: Sequence[Series], reporter: Reporter | None = None
    ) -> NDArray[np.float32]:
        """Return them, not standardised."""


def features_by(
    features: SeriesFeatures, values: Prepared, reporter: Reporter | None = None
) -> NDArray[np.float32]:
    """Return features (n_series, n_features); with its first argument a :class:`Transform`."""
    return features.transform(values.series, reporter)


@dataclass(frozen=True)
class ClosedForm:
    """A fitted ridge classifier on standardised features, and what it was judged by.

    Parameters
    ----------
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    z : array of shape (n_judged, n_features)
        Features of the series that penalty and temperature are from, as :meth:`Ridge.fit` leaves
        them.
    index : integer array of shape (n_judged,)
        Which series these are.
    part : Problem
        The same.
    n_learned : int
        Series that it was fitted to: those, or more.
    fewer : str
        What is to be said of features that there was no room for.
    """

    scaling: Scaling
    ridge: Ridge
    z: NDArray[np.float32]
    index: NDArray[np.int64]
    part: Problem
    n_learned: int
    fewer: str = ""

    def said(self, problem: Problem) -> str | None:
        """Return what the fit could not do as it was asked to; None: it could."""
        told = [part_of(self.n_learned, problem), self.fewer]
        return "; ".join(line for line in told if line) or None

    def left_out(self, problem: Problem) -> NDArray[np.float64] | None:
        """Return what it answers of series left out, (n_series, n_outputs), NaN of others."""
        if not problem.asks_left_out or self.ridge.left_out is None:
            return None
        answers = np.full((len(problem), problem.n_outputs), np.nan)
        answers[self.index] = self.ridge.left_out
        return answers


def fit_closed_form(
    problem: Problem,
    transform: Transform,
    weights: NDArray[np.float32],
    seed: int,
    seconds: float | None,
    reporter: Reporter | None,
    room: Room | None = None,
    wanted: int = 0,
    bent: bool = True,
) -> ClosedForm:
    """Standardise features, and fit a ridge classifier to them.

    Where features of all series are too many to be held, the classifier is fitted to sums over
    all of them (:class:`~msssm_ts.members.normal_equations.NormalEquations`); its penalty and
    temperature are chosen by some. That of an updatable model is fitted to these alone, and its
    features are those that sums will be kept of.

    Parameters
    ----------
    problem : Problem
        What to learn.
    transform : callable
        Makes the features.
    weights : array of shape (n_features,)
        How much each feature counts.
    seed : int
        Of the series that are drawn where not all are taken.
    seconds : float, optional
        There is for it.
    reporter : Reporter, optional
        Told how far it is.
    room : Room, optional
        What memory has room for.
    wanted : int
        Features that there would be with as much memory as by default.
    bent : bool
        Of the :class:`~msssm_ts.members.scaling.Scaling`.

    Raises
    ------
    NoTimeError
        See :func:`~msssm_ts.members.within_time.drawn_within`.
    """
    room = room or Room.of(None)
    index = drawn_within(problem, room, seed, seconds, len(weights), transform)
    size = room.block(len(weights))
    if room.holds(len(index), len(weights)):
        part = problem.part(index)
        z = _features(problem, index, transform, len(weights), size, reporter)
        fewer = _fewer(len(weights), max(wanted, len(weights)), len(index), room)
        return ClosedForm(*_fitted(z, weights, part, bent), z, index, part, len(index), fewer)
    # The same for all members: such series tell of the whole vote.
    judged = problem.drawn(room.rows_judged(len(weights)), 0)
    part = problem.part(judged)
    z = _features(problem, judged, transform, len(weights), size)
    used = _used(len(weights), room.products, seed)
    scaling, ridge = _fitted(z, weights * used, part, bent)
    fewer = _fewer(int(used.sum()), max(wanted, len(weights)), len(index), room)
    if room.only_judged:
        return ClosedForm(scaling, ridge, z, judged, part, len(index), fewer)
    workers = problem.workers
    every = problem.part(index)
    own = np.ones(len(every)) if every.weights is None else every.weights
    columns = workers.keep(_Columns(transform, scaling, used))
    # As many sums as are made at once: each is large.
    works = [
        Work(
            (
                *(columns, [every.signs[rows] for rows in run], [own[rows] for rows in run]),
                *(workers.part(problem.values, index[rows]) for rows in run),
            ),
            sum(map(len, run)),
        )
        for run in _runs(_blocks(len(index), size), workers.count)
    ]
    sums = workers.reduce(_sums, NormalEquations.merged, works, reporter, len(index))
    coefficients = np.zeros_like(ridge.coefficients)
    coefficients[used], intercept = sums.solution(ridge.penalty)
    ridge = replace(ridge, coefficients=coefficients, intercept=intercept)
    return ClosedForm(scaling, ridge, z, judged, part, len(index), fewer)


def need_of(
    problem: Problem,
    n_features: int,
    room: Room,
    draw: Callable[[Problem], Transform],
    beside: int = 0,
) -> Need:
    """Return what the fit of such a member takes.

    Parameters
    ----------
    problem : Problem
        What it is to learn.
    n_features : int
        Of a series.
    room : Room
        What memory has room for.
    draw : callable
        Draws what makes the features, from a problem of some of the series.
    beside : int
        Bytes that features of some series are worked out in.
    """
    n = len(problem)

    def seconds() -> float:
        few = problem.at_most(_TRIED, 0)
        return cost_of(n, seconds_each(few.values, draw(few)), n_features, room)

    # Signs of all, and what is answered of those left out.
    held = room.held(n, n_features) + 2 * 8 * n * problem.n_outputs + beside
    return Need(not room.has_room(n, n_features), held, seconds)


def _features(
    problem: Problem,
    index: NDArray[np.int64],
    transform: Transform,
    n_features: int,
    size: int,
    reporter: Reporter | None = None,
) -> NDArray[np.float32]:
    """Return features of some of the series, (n_series, n_features), block by block."""
    workers, blocks = problem.workers, [index[rows] for rows in _blocks(len(index), size)]
    kept = workers.keep(transform)
    works = (Work((kept, workers.part(problem.values, b)), len(b)) for b in blocks)
    with closing(workers.map(_made, works, reporter, len(index))) as made:
        if len(blocks) == 1:
            return next(made)
        out = np.empty((len(index), n_features), np.float32)
        for rows, z in zip(_blocks(len(index), size), made, strict=True):
            out[rows] = z
    return out


def _made(transform: Transform, values: Prepared, reporter: Reporter | None) -> NDArray[np.float32]:
    return transform(values, reporter)


@dataclass(frozen=True)
class _Columns:
    """Standardised features, those that are used."""

    transform: Transform
    scaling: Scaling
    used: NDArray[np.bool_]

    def __call__(self, values: Prepared) -> NDArray[np.float32]:
        z = self.transform(values)
        self.scaling.apply(z)
        return z[:, self.used]


def _sums(
    columns: _Columns,
    signs: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64]],
    *blocks_and_reporter: Any,
) -> NormalEquations:
    """Return the sums over blocks of series, one after the other."""
    *blocks, reporter = blocks_and_reporter
    sums = NormalEquations.of(int(columns.used.sum()), signs[0].shape[1])
    done, total = 0, sum(map(len, signs))
    for values, y, w in zip(blocks, signs, weights, strict=True):
        sums.add(columns(values), y, w)
        done += len(y)
        if reporter is not None:
            reporter.done(done, total)
    return sums


def _blocks(n: int, size: int) -> list[NDArray[np.int64]]:
    return np.split(np.arange(n), range(size, n, size))


def _runs(blocks: list[NDArray[np.int64]], n: int) -> list[list[NDArray[np.int64]]]:
    """Deal blocks out, neighbours together, to n at most."""
    n = min(n, len(blocks))
    edges = [len(blocks) * i // n for i in range(n + 1)]
    return [blocks[a:b] for a, b in itertools.pairwise(edges)]


def _fitted(
    z: NDArray[np.float32], weights: NDArray[np.float32], problem: Problem, bent: bool
) -> tuple[Scaling, Ridge]:
    scaling = Scaling.fit(z, weights, bent)
    scaling.apply(z)
    ridge = Ridge.fit(z, problem.signs, problem.weights, problem.multilabel, problem.groups)
    return scaling, ridge


def _fewer(n_features: int, wanted: int, n_series: int, room: Room) -> str:
    """Say that there are fewer features than with as much memory as by default."""
    default = Room.of(None)
    usual = wanted if default.holds(n_series, wanted) else min(wanted, default.products)
    if n_features >= usual:
        return ""
    bounded = room.limit is not None and not (room.only_judged and room.products == MOST_KEPT)
    why = "max_memory has no room for more" if bounded else "sums of more would be large to keep"
    return f"learned from {n_features} of {usual} features: {why}"


def _used(n_features: int, most: int, seed: int) -> NDArray[np.bool_]:
    """Return which features count where sums of their products are held: all, or some at random.

    Examples
    --------
    >>> int(_used(10, 8192, 0).sum()), int(_used(20_000, 8192, 0).sum())
    (10, 8192)
    """
    used = np.ones(n_features, bool)
    if n_features > most:
        order = np.random.default_rng(seed).permutation(n_features)
        used[order[most:]] = False
    return used


def in_parts(n_series: int, n_numbers: int, held: int = _HELD) -> list[NDArray[np.int64]]:
    """Return the indices of series in parts that take little memory.

    Parameters
    ----------
    n_series : int
        All of them.
    n_numbers : int
        That a series takes, its features for one.
    held : int
        Numbers that are held at once.

    Examples
    --------
    >>> [len(part) for part in in_parts(5, 1 << 23)]
    [2, 2, 1]
    """
    size = max(1, held // n_numbers)
    return np.split(np.arange(n_series), range(size, n_series, size))
