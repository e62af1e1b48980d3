"""Pictures, written all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msssm_ts.atomic import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Names of those that ``inspect`` draws into a folder, and of the table beside one of them.
IMPORTANCE = ("importance.png", "importance.csv")
PICTURES = ("series.png", "bands.png", "mixing.png", "memory.png", "responses.png", *IMPORTANCE)


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG."""
    with replacing(file) as temporary:
        figure.savefig(temporary, format="png")
