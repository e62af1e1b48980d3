"""Pictures, written all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msssm_ts.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Names of those that ``inspect`` draws into a folder, and of the table beside one of them.
IMPORTANCE = ("importance.png", "importance.csv")
_OF_NETWORK = ("bands.png", "mixing.png", "memory.png", "responses.png")
_BEHIND = ("motifs.png", "motif_shapes.png", "experts.png", "workspace.png")
PICTURES = ("series.png", *_OF_NETWORK, *_BEHIND, "similar.png", *IMPORTANCE)


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG."""
    with replacing(file) as temporary:
        figure.savefig(temporary, format="png")
