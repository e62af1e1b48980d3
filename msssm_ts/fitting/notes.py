"""What had nothing to act on, in a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.fitted.vote import Vote
from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import seats
from msssm_ts.parameters import specs


def notes(
    parameters: Mapping[str, Any],
    vote: Vote,
    left_out: str | None,
    share: float | None,
    has_times: bool,
) -> tuple[str, ...]:
    """Say which wanted members do not vote, and which settings therefore do nothing.

    Parameters
    ----------
    parameters : mapping
        The estimator's.
    vote : Vote
        What came of them.
    left_out : str or None
        Why no member that learns by steps was trained, where that was decided before.
    share : float or None
        The part of the vote that such members were measured to be worth.
    has_times : bool
        Whether the series have time stamps.
    """
    said = []
    present = {member.kind for member in vote.members}
    wanted = seats(parameters["preset"], parameters["members"])
    for seat in wanted:
        if seat.kind not in present:
            by_steps = MEMBERS.get(seat.kind).learns_by_steps
            if by_steps and left_out:
                reason = left_out
            elif by_steps and share == 0:
                reason = "on the series set aside it did not help the others"
            else:
                reason = "there was no time for it"
            said.append(f"no {seat.kind} votes: {reason}")
    idle: dict[str, list[str]] = {}
    for name, default, spec in specs():
        value = parameters[name]
        if spec.concerns and spec.concerns not in present and _differs(value, default):
            idle.setdefault(spec.concerns, []).append(f"{name}={value!r}")
    for kind, settings in idle.items():
        said.append(f"without a {kind}, {', '.join(settings)} had nothing to act on")
    if has_times and not any(member.uses_times for member in vote.members):
        said.append("no member uses time stamps: they were left out")
    return tuple(said)


def _differs(value: Any, default: Any) -> bool:
    return type(value) is not type(default) or value != default
