"""A finished member as what a checkpoint's file holds, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.members import MEMBERS
from msssm_ts.members.member import Member, State
from msssm_ts.members.problem import Problem
from msssm_ts.members.tensors import TensorSpec, check_shapes

# What a member says of series left out, beside its own arrays.
_LEFT_OUT = "checkpoint.left_out"


def as_kept(member: Member, seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return arrays and header of a finished member that took so long."""
    state = member.state()
    header = {"kind": member.kind, "facts": state.facts, "seconds": seconds, "said": member.said}
    told = {} if member.left_out is None else {_LEFT_OUT: member.left_out}
    return {**state.arrays, **told}, header


def from_kept(
    arrays: Mapping[str, Any], header: Mapping[str, Any], kind: str, problem: Problem, device: str
) -> tuple[Member, float]:
    """Return the member that :func:`as_kept` described, and the seconds that it took.

    Raises
    ------
    KeyError, TypeError, ValueError, RuntimeError
        If that is damaged, another kind's, or does not go with the problem.
    """
    if header["kind"] != kind:
        raise ValueError(f"a member {header['kind']}, not {kind}")
    own = {name: array for name, array in arrays.items() if name != _LEFT_OUT}
    made, n_channels = MEMBERS.get(kind), problem.values.series[0].shape[0]
    size = (n_channels, problem.n_outputs, problem.multilabel)
    specs = made.expected(header["facts"], *size)
    if specs is not None:
        check_shapes(specs, own)
    member = made.from_state(State(own, header["facts"]), problem.multilabel)
    member.check_channels(n_channels)
    left_out = arrays.get(_LEFT_OUT)
    if left_out is not None:
        spec = TensorSpec((len(problem), problem.n_outputs), "float64")
        check_shapes({_LEFT_OUT: spec}, {_LEFT_OUT: left_out})
    seconds = float(header["seconds"])
    return member.to(device).telling(left_out, seconds, header.get("said")), seconds
