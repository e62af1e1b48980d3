"""What a fit is about to do, where data are larger than what is held of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Need
from msssm_ts.series import LazySeries
from msssm_ts.text import duration_text, size_text


@dataclass(frozen=True)
class Plan:
    """What there is to say before a long fit.

    Parameters
    ----------
    n_series : int
        Series, or windows of them, that are learned from.
    n_bytes : int
        That they are, as members are given them.
    is_read_again : bool
        Whether they are read whenever they are asked for, and not held themselves.
    n_passes : int
        How often members in closed form go through them.
    held : int
        Bytes at most, about, beside Python and its libraries.
    seconds : float
        About, where no network's training ends early; no more than ``time_budget``.
    exceeds : bool
        Whether members in closed form take more than ``max_memory``: no fit takes less.
    in_blocks : tuple of str
        Kinds of members that hold features of some series at a time.
    unknown : tuple of str
        Kinds that do not say what they need.
    unbounded : tuple of str
        Kinds whose training takes more than ``max_memory``, which does not bound it.
    """

    n_series: int
    n_bytes: int
    is_read_again: bool
    n_passes: int
    held: int
    seconds: float
    exceeds: bool
    in_blocks: tuple[str, ...]
    unknown: tuple[str, ...]
    unbounded: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        r"""Return it in a line or two.

        Examples
        --------
        >>> plan = Plan(10**6, 4 * 10**8, True, 3, 10**9, 9e3, False, ("scan_ridge",), ("other",))
        >>> print("\n".join(plan.lines()))
        1000000 series (400 MB), read 3 times: at most about 1 GB is held, for about 2 h 30 min
        features of all are too many to be held: scan_ridge learns in blocks; not counted: other
        """
        read = f"read {self.n_passes} times" if self.is_read_again else "held"
        first = (
            f"{self.n_series} series ({size_text(self.n_bytes)}), {read}: at most about "
            f"{size_text(self.held)} is held, for about {duration_text(self.seconds)}"
        )
        said = ["no fit takes as little as max_memory"] if self.exceeds else []
        if self.in_blocks:
            verb = "learns" if len(self.in_blocks) == 1 else "learn"
            kinds = ", ".join(self.in_blocks)
            said.append(f"features of all are too many to be held: {kinds} {verb} in blocks")
        if self.unbounded:
            kinds = ", ".join(self.unbounded)
            said.append(f"more than max_memory, which bounds no training: {kinds}")
        if self.unknown:
            said.append(f"not counted: {', '.join(self.unknown)}")
        return [first, "; ".join(said)] if said else [first]


def plan_of(
    seats: Sequence[Seat],
    others: Sequence[Seat],
    problem: Problem,
    parameters: Mapping[str, Any],
    twice: bool,
) -> Plan | None:
    """Return what is about to be done; None where all there is is held at once.

    Parameters
    ----------
    seats, others : sequence of Seat
        Of members in closed form, and of those that learn by steps.
    problem : Problem
        What they learn from first.
    parameters : mapping
        The estimator's.
    twice : bool
        Whether members in closed form are fitted again.
    """
    values = problem.values
    lazy = isinstance(values.series, LazySeries)
    closed = _needs(seats, problem, parameters)
    in_blocks = tuple(seat.kind for seat, _, need in closed if need is not None and need.in_blocks)
    if not in_blocks and not lazy:
        return None
    by_steps = _needs(others, problem, parameters)
    times = 2 if twice else 1
    counted = [(times * n, need) for _, n, need in closed] + [(n, need) for _, n, need in by_steps]
    seconds = sum(n * need.seconds() for n, need in counted if need is not None)
    held = max((need.held for _, need in counted if need is not None), default=0)

    def beyond(needs: Sequence[tuple[Seat, int, Need | None]]) -> tuple[str, ...]:
        limit = parameters["max_memory"]
        if limit is None:
            return ()
        return tuple(seat.kind for seat, _, need in needs if need and need.held > limit)

    n_bytes = int(values.lengths.sum()) * values.series[0].shape[0] * _bytes_each(parameters)
    return Plan(
        len(problem),
        n_bytes,
        lazy,
        times * sum(n for _, n, _ in closed),
        held + (0 if lazy else n_bytes),
        min(seconds, parameters["time_budget"] or seconds),
        bool(beyond(closed)),
        in_blocks,
        tuple(seat.kind for seat, _, need in (*closed, *by_steps) if need is None),
        beyond(by_steps),
    )


def _needs(
    seats: Sequence[Seat], problem: Problem, parameters: Mapping[str, Any]
) -> list[tuple[Seat, int, Need | None]]:
    """Return how many members of each seat there will be, and what each takes."""
    found = []
    for seat in seats:
        kind = MEMBERS.get(seat.kind)
        n = kind.copies(seat.count, problem)
        if n:
            found.append((seat, n, kind.need(problem, {**parameters, **seat.options})))
    return found


def _bytes_each(parameters: Mapping[str, Any]) -> int:
    return 8 if parameters["dtype"] == "float64" else 4
