"""What each preset fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

PresetName = Literal["fast", "default", "best", "network"]


@dataclass(frozen=True)
class Seat:
    """A place in the vote.

    Parameters
    ----------
    kind : str
        Of the member, as :data:`msssm_ts.members.MEMBERS` names it.
    count : int
        How many of the kind.
    options : dict, optional
        What the member is told beside the estimator's parameters.
    """

    kind: str
    count: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)


PRESETS: dict[str, tuple[Seat, ...]] = {
    "fast": (Seat("scan_ridge", 2), Seat("quantile_trees"), Seat("shapelet_ridge")),
    "default": (
        Seat("scan_ridge", 4),
        Seat("quantile_trees"),
        Seat("shapelet_ridge"),
        Seat("drawn_network"),
        Seat("network"),
    ),
    "best": (
        Seat("scan_ridge", 8),
        Seat("quantile_trees", options={"n_trees": 500}),
        Seat("shapelet_ridge", 2),
        Seat("drawn_network", 2),
        Seat("network", 4),
    ),
    "network": (Seat("network"),),
}


def seats(preset: str, members: Sequence[str] | None = None) -> tuple[Seat, ...]:
    """Return what votes: the preset's, or the members that are named.

    Examples
    --------
    >>> seats("network")
    (Seat(kind='network', count=1, options={}),)
    >>> [(seat.kind, seat.count) for seat in seats("fast", ["network", "network"])]
    [('network', 2)]
    """
    if members is None:
        return PRESETS[preset]
    return tuple(Seat(kind, list(members).count(kind)) for kind in dict.fromkeys(members))
