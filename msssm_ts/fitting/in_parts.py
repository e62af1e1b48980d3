"""Series that come in parts: what can do nothing with a part, and is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitting.data import TrainingData


def noted_in_parts(
    data: TrainingData, parameters: Mapping[str, Any], previous: FittedModel | None
) -> TrainingData:
    """Return a part of all series, with remarks on what has nothing to act on in one.

    Parameters
    ----------
    data : TrainingData
        The part.
    parameters : mapping
        The estimator's.
    previous : FittedModel, optional
        What goes on with it.
    """
    said = []
    if per_class := parameters["exemplars"]:
        # Which of all would be kept cannot be told by a part.
        said.append(
            f"exemplars={per_class} had nothing to act on: of series in parts none are kept"
        )
    alone = "without updatable=True partial_fit trains a network alone"
    if (preset := parameters["preset"]) not in ("default", "network"):
        said.append(f"preset={preset!r} had nothing to act on: {alone}")
    if (members := parameters["members"]) is not None and set(members) != {"network"}:
        said.append(f"members={list(members)!r} had nothing to act on: {alone}")
    before = () if previous is None else previous.vote.members
    gone = dict.fromkeys(member.kind for member in before if not member.learns_by_steps)
    if gone:
        said.append(f"{', '.join(gone)} of the model so far no longer vote: {alone}")
    return replace(data, remarks=(*data.remarks, *said))
