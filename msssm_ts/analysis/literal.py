"""Names from data in pictures: drawn as they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def literal_names() -> Iterator[None]:
    r"""Let matplotlib read no formula and no LaTeX into the texts that are made here.

    A class called ``$x`` or ``a_b`` is drawn under that name. Not around logarithmic axes, whose
    numbers are formulas themselves.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> with literal_names():
    ...     title = Figure().suptitle("a $lone dollar, \\frac, 5 %")
    >>> title.get_parse_math(), title.get_usetex()
    (False, False)
    """
    import matplotlib

    settings: dict[Any, Any] = {"text.parse_math": False, "text.usetex": False}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # Letters that matplotlib's own font lacks, the browser's has; PNG gets boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield
