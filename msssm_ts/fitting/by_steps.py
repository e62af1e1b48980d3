"""Members that learn by steps, one after the other, within the time that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msssm_ts.errors import Interrupted, TrainingError
from msssm_ts.members.member import Member
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem

# From a seat, which of its members it is, their number, seconds and what to go on from, to the
# member.
TrainOne = Callable[[Seat, int, int, float | None, Member | None], Member]


def fit_by_steps(
    into: list[Member],
    seats: Sequence[Seat],
    problem: Problem,
    parameters: Mapping[str, Any],
    seconds_left: Callable[[], float] | None,
    train_one: TrainOne,
    before: Sequence[Member],
) -> dict[str, str]:
    """Train as many of the wanted members as are worth it and as there is time for.

    Who names members wants them: each has its part of the time. Else the first of a kind has what
    is left, and the others follow where they can take as long.

    Parameters
    ----------
    into : list of Member
        Filled; a member that is cut short is in it, as far as it came.
    seats : sequence of Seat
        What is wanted.
    problem : Problem
        What to learn, with its validation.
    parameters : mapping
        The estimator's.
    seconds_left : callable, optional
        Returns the time that there is for all of it.
    train_one : callable
        Trains one.
    before : sequence of Member
        Of an earlier fit: those of a kind are gone on with.

    Returns
    -------
    dict of str to str
        Of kinds of which there are fewer than wanted: how many of how many vote, and why.
    """
    few: dict[str, str] = {}
    named, numbers = parameters["members"] is not None, [seat.count for seat in seats]
    for k, (seat, n) in enumerate(zip(seats, numbers, strict=True)):
        known, took = [m for m in before if m.kind == seat.kind], 0.0
        for i in range(n):
            seconds = None if seconds_left is None else seconds_left()
            if seconds is not None:
                if named:
                    seconds /= n - i + sum(numbers[k + 1 :])
                elif i and took > seconds:
                    few[seat.kind] = f"{i} of {n} {seat.kind} vote: there was no time for more"
                    break
                elif not i:
                    seconds /= len(seats) - k
            began = time.perf_counter()
            try:
                member = train_one(seat, i, n, seconds, known[i] if i < len(known) else None)
            except (Interrupted, TrainingError) as error:
                if error.partial is not None:
                    into.append(error.partial)
                raise
            took = time.perf_counter() - began
            into.append(member)
            if not named and i + 1 < n and _is_in_vain(member, problem):
                few[seat.kind] = (
                    f"{i + 1} of {n} {seat.kind} vote: on the series set aside the first added "
                    "next to nothing to the others"
                )
                break
    return few


def _is_in_vain(member: Member, problem: Problem) -> bool:
    """Whether a finished member has told next to nothing of the series set aside."""
    if problem.is_in_vain is None or problem.validation is None:
        return False
    return problem.is_in_vain(member.predict_proba(problem.validation.values))
