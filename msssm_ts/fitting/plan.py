"""What a fit is about to do, where data are larger than what is held of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import Seat
from msssm_ts.members.problem import Problem
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
        About, for members in closed form; no more than ``time_budget``.
    exceeds : bool
        Whether that is more than ``max_memory``: no fit takes less.
    in_blocks : tuple of str
        Kinds of members that hold features of some series at a time.
    unknown : tuple of str
        Kinds that do not say what they need.
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

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        r"""Return it in a line or two.

        Examples
        --------
        >>> plan = Plan(10**6, 4 * 10**8, True, 3, 10**9, 9e3, False, ("scan_ridge",), ("network",))
        >>> print("\n".join(plan.lines()))
        1000000 series (400 MB), read 3 times: at most about 1 GB is held, for about 2 h 30 min
        features of all are too many to be held: scan_ridge learns in blocks; not counted: network
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
    counted = [(seat, MEMBERS.get(seat.kind).copies(seat.count, problem)) for seat in seats]
    needs = [
        (seat, n, MEMBERS.get(seat.kind).need(problem, {**parameters, **seat.options}))
        for seat, n in counted
        if n
    ]
    known = [(seat, n, need) for seat, n, need in needs if need is not None]
    in_blocks = tuple(seat.kind for seat, _, need in known if need.in_blocks)
    if not in_blocks and not lazy:
        return None
    times = 2 if twice else 1
    seconds = times * sum(n * need.seconds() for _, n, need in known)
    held, limit = max((need.held for *_, need in known), default=0), parameters["max_memory"]
    n_bytes = int(values.lengths.sum()) * values.series[0].shape[0] * _bytes_each(parameters)
    return Plan(
        len(problem),
        n_bytes,
        lazy,
        times * sum(n for _, n, _ in needs),
        held + (0 if lazy else n_bytes),
        min(seconds, parameters["time_budget"] or seconds),
        limit is not None and held > limit,
        in_blocks,
        tuple(seat.kind for seat, _, need in needs if need is None)
        + tuple(seat.kind for seat in others),
    )


def _bytes_each(parameters: Mapping[str, Any]) -> int:
    return 8 if parameters["dtype"] == "float64" else 4
