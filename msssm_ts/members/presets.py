"""What each preset fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

PresetName = Literal["fast", "default", "best", "network"]

# Trained networks of sound: little else tells words apart, and several are right more often than
# one (docs/tried/sound.md).
N_OF_SOUND = 4


@dataclass(frozen=True)
class Seat:
    """A place in the vote.

    Parameters
    ----------
    kind : str
        Of the member, as :data:`msssm_ts.members.MEMBERS` names it.
    count : int
        How many of the kind.
    of_sound : int, optional
        How many where series are sound; None: as many.
    options : dict, optional
        What the member is told beside the estimator's parameters.
    prior : float, optional
        Its kind's part of the vote in relation to other kinds', where nothing is measured; None:
        what the kind says itself.
    """

    kind: str
    count: int = 1
    of_sound: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    prior: float | None = None


PRESETS: dict[str, tuple[Seat, ...]] = {
    "fast": (
        Seat("scan_ridge", 2),
        Seat("quantile_trees"),
        Seat("shapelet_ridge"),
        Seat("encoder_ridge", 0, of_sound=1),
        Seat("coarse_ridge"),
    ),
    "default": (
        Seat("scan_ridge", 4),
        Seat("quantile_trees"),
        Seat("shapelet_ridge"),
        Seat("drawn_network"),
        Seat("encoder_ridge"),
        Seat("coarse_ridge"),
        Seat("network", of_sound=N_OF_SOUND),
    ),
    "best": (
        Seat("scan_ridge", 8),
        Seat("quantile_trees", options={"n_trees": 500}),
        Seat("shapelet_ridge", 2),
        Seat("drawn_network", 2),
        Seat("encoder_ridge"),
        Seat("coarse_ridge"),
        Seat("network", 4),
    ),
    # Where the trained one has no validation it has a fifth (docs/recipe.md).
    "network": (
        Seat("drawn_network", 2, prior=0.25),
        Seat("encoder_ridge", prior=0.55),
        Seat("network", of_sound=N_OF_SOUND, prior=0.2),
    ),
}


def seats(
    preset: str, members: Sequence[str] | None = None, causal: bool = False
) -> tuple[Seat, ...]:
    """Return what votes: the preset's, or the members that are named.

    Parameters
    ----------
    preset : str
        A key of :data:`PRESETS`.
    members : sequence of str, optional
        Kinds that are named instead.
    causal : bool
        Whether the model is to be read forward in time: the preset "network" is then the network
        alone.

    Examples
    --------
    >>> [(seat.kind, seat.count) for seat in seats("network")]
    [('drawn_network', 2), ('encoder_ridge', 1), ('network', 1)]
    >>> [(seat.kind, seat.count) for seat in seats("fast", ["network", "network"])]
    [('network', 2)]
    """
    if members is None:
        if causal and preset == "network":
            return (Seat("network"),)
        return PRESETS[preset]
    return tuple(Seat(kind, list(members).count(kind)) for kind in dict.fromkeys(members))


def taken(seats: Sequence[Seat], is_sound: bool) -> tuple[Seat, ...]:
    """Return the seats that are taken on series that are sound, or are not, with how many.

    Examples
    --------
    >>> wanted = Seat("encoder_ridge", 0, of_sound=1), Seat("network", of_sound=4)
    >>> [(seat.kind, seat.count) for seat in taken(wanted, is_sound=True)]
    [('encoder_ridge', 1), ('network', 4)]
    >>> [(seat.kind, seat.count) for seat in taken(wanted, is_sound=False)]
    [('network', 1)]
    """
    numbers = (
        seat.of_sound if is_sound and seat.of_sound is not None else seat.count for seat in seats
    )
    told = (replace(seat, count=n, of_sound=None) for seat, n in zip(seats, numbers, strict=True))
    return tuple(seat for seat in told if seat.count)
