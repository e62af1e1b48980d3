"""What each preset fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PresetName = Literal["fast", "default", "best", "network"]


@dataclass(frozen=True)
class Preset:
    """Members of the vote.

    Parameters
    ----------
    n_ridges : int
        Ridge classifiers on random multi-scale features.
    n_trees : int
        Trees on quantiles over intervals.
    n_networks : int
        MS-SSM networks.
    """

    n_ridges: int
    n_trees: int
    n_networks: int

    @property
    def has_committee(self) -> bool:
        """Whether anything is fitted beside networks."""
        return bool(self.n_ridges or self.n_trees)


PRESETS: dict[str, Preset] = {
    "fast": Preset(n_ridges=2, n_trees=200, n_networks=0),
    "default": Preset(n_ridges=4, n_trees=200, n_networks=1),
    "best": Preset(n_ridges=8, n_trees=500, n_networks=4),
    "network": Preset(n_ridges=0, n_trees=0, n_networks=1),
}
