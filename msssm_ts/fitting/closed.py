"""Members in closed form, one after the other, within the time that there is."""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
from msssm_ts.members.within_time import NoTimeError

# From a seat, which of its members it is, their number, the problem and seconds, to the member
# and the seconds that it took.
FitOne = Callable[[Seat, int, int, Problem, float | None], tuple[Member, float]]


@dataclass
class Closed:
    """Members in closed form, those of a kind next to each other in the order of their seats.

    Parameters
    ----------
    members : list of Member
        That are finished.
    places : list of (int, int)
        The seat of each, and which of its members it is.
    not_worth : set of str
        Kinds that are not worth their time on these series.
    short : dict of str to int
        Kinds of which there was time for some only, and how many were wanted.
    """

    members: list[Member] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)
    not_worth: set[str] = field(default_factory=set)
    short: dict[str, int] = field(default_factory=dict)

    def add(self, place: tuple[int, int], member: Member) -> None:
        """Put a member where it belongs."""
        at = bisect.bisect(self.places, place)
        self.places.insert(at, place)
        self.members.insert(at, member)


def fit_closed(
    into: Closed,
    seats: Sequence[Seat],
    problem: Problem,
    seconds: float | None,
    fit_one: FitOne,
    *,
    named: bool,
) -> None:
    """Fit as many of the wanted members as are worth it and as there is time for.

    First one of each kind, each in its part of the time, then the others of a kind, where the
    first has not taken longer than what is left.

    Parameters
    ----------
    into : Closed
        Filled; what is there when the work is cut short is whole.
    seats : sequence of Seat
        What is wanted.
    problem : Problem
        What to learn.
    seconds : float, optional
        For all of it.
    fit_one : callable
        Fits one.
    named : bool
        Whether the user has named the members: who names them wants them.
    """
    wanted = []
    for seat in seats:
        n = MEMBERS.get(seat.kind).copies(seat.count, problem)
        if not n and not named:
            into.not_worth.add(seat.kind)
        wanted.append(n or (seat.count if named else 0))
    began = time.perf_counter()
    took: dict[int, float] = {}
    for i in range(max(wanted, default=0)):
        kinds = [k for k, n in enumerate(wanted) if i < n]
        for rank, k in enumerate(kinds):
            seat, left = seats[k], None
            if seconds is not None:
                left = seconds - (time.perf_counter() - began)
                if i and took.get(k, np.inf) > left:
                    into.short.setdefault(seat.kind, wanted[k])
                    continue
                # Of those that are first of their kind, each has its part of what is left.
                left = max(0.0, left) / (1 if i else len(kinds) - rank)
            try:
                asked = replace(problem, is_needed=not into.members)
                member, took[k] = fit_one(seat, i, wanted[k], asked, left)
            except NoTimeError:
                if i:
                    into.short.setdefault(seat.kind, wanted[k])
                continue
            into.add((k, i), member)


def fit_again(
    into: Closed,
    first: Closed,
    seats: Sequence[Seat],
    problem: Problem,
    seconds: float | None,
    fit_one: FitOne,
) -> None:
    """Fit the same members to all series; those for which there is no time stay as they were.

    Parameters
    ----------
    into : Closed
        Filled.
    first : Closed
        Members that have learned from some of the series.
    seats, problem, seconds, fit_one
        See :func:`fit_closed`.
    """
    into.not_worth, into.short = first.not_worth, first.short
    began = time.perf_counter()
    for done, ((k, i), old) in enumerate(zip(first.places, first.members, strict=True)):
        left = None
        if seconds is not None:
            left = max(0.0, seconds - (time.perf_counter() - began)) / (len(first.places) - done)
        count = sum(place[0] == k for place in first.places)
        try:
            member, _ = fit_one(seats[k], i, count, problem, left)
        except NoTimeError:
            said = "learned without the series set aside: there was no time to fit it again"
            member = old.telling(None, old.seconds, said)
        into.add((k, i), member)
