"""Who can vote in a model to which series are added later, and what does not go with that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msssm_ts.errors import InputError
from msssm_ts.fitting.data import TrainingData
from msssm_ts.members import MEMBERS
from msssm_ts.members.presets import Seat
from msssm_ts.parameter_checks import check_updatable


def updatable_seats(
    parameters: Mapping[str, Any], data: TrainingData, wanted: Sequence[Seat]
) -> tuple[TrainingData, tuple[Seat, ...]]:
    """Return the data, with a remark on who does not vote, and the seats of those that do.

    All are as they were where the model is not to be updatable.

    Parameters
    ----------
    parameters : mapping
        The estimator's.
    data : TrainingData
        To be learned from first.
    wanted : sequence of Seat
        Of members of any kind.

    Raises
    ------
    InputError
        If nobody is left to vote, or something is asked that would leave series out of the sums.
    """
    if not parameters["updatable"]:
        return data, tuple(wanted)
    check_updatable(parameters)
    if data.features is not None:
        raise InputError(
            "updatable with features beside the series: what they say does not follow from sums; "
            "leave one of them out"
        )
    voting = tuple(seat for seat in wanted if MEMBERS.get(seat.kind).learns_from_sums)
    others = [seat.kind for seat in wanted if seat not in voting]
    if not voting:
        able = ", ".join(name for name in MEMBERS.names() if MEMBERS.get(name).learns_from_sums)
        raise InputError(
            f"updatable: {', '.join(others)} cannot learn from sums over series; take {able}"
        )
    remarks = list(data.remarks)
    if others:
        remarks.append(
            f"no {', '.join(others)} votes: an updatable model has members that follow from sums"
        )
    if parameters["cluster"] is not None:
        remarks.append("the cluster had no part in the sums of an updatable model")
    return replace(data, remarks=tuple(remarks)), voting
