"""How figures look, and how they get into a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msssm_ts.analysis.literal import literal_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by the colour-blind; yellow is too pale for lines.
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, "#56B4E9", "#E69F00", "#000000")
# With the colours' order, a second way to tell lines apart.
DASHES = ("-", "--", "-.", (0, (2, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (3, 3)), (0, (8, 2)))

# Inches: hardly wider than a phone's screen, so that nothing gets much smaller there.
WIDTH, NARROW = 4.6, 3.6


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw for a page: text stays text, and names from data are not read as formulas."""
    import matplotlib

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "msssm-ts",
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "lines.linewidth": 1.4,
    }
    with literal_names(), matplotlib.rc_context(settings):
        yield


def as_data_uri(figure: Figure) -> str:
    """Return the figure as an SVG image that stands in the page itself."""
    stream = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(stream, format="svg", metadata=nothing, transparent=True)
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def short(name: str, length: int = 28) -> str:
    r"""Return a name that there is room for, in one line: its beginning and its end.

    Examples
    --------
    >>> short("atrial fibrillation, type 12", 16), short("tab\tand line\n")
    ('atrial f…type 12', 'tab and line')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    half = length // 2
    return line if len(line) <= length else f"{line[:half]}…{line[len(line) - length + half + 1 :]}"
