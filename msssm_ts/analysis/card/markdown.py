"""Texts from data in Markdown: shown as they are."""

from __future__ import annotations

import re
from typing import Any

from msssm_ts.text import visible

UNKNOWN = "not recorded"
# What Markdown, or HTML within it, would act on.
_ACTS = re.compile(r"([\\`*\[\]<>|~$&]|(?<!\w)_|_(?!\w)|^[#+-])")


class Markdown:
    """Text that is Markdown already."""

    def __init__(self, text: str):
        self.text = text


def escaped(value: Any) -> str:
    r"""Return a text that Markdown shows as it is; None is what is not recorded.

    Examples
    --------
    >>> escaped("a|b <i> _c_ d_e"), escaped(None)
    ('a\\|b \\<i\\> \\_c\\_ d_e', 'not recorded')
    """
    if value is None:
        return UNKNOWN
    return _ACTS.sub(r"\\\1", visible(value))


def code(value: Any) -> Markdown:
    """Return a text as code within a line."""
    text = visible(value)
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if len(ticks) > 1 else ""
    return Markdown(f"{ticks}{space}{text}{space}{ticks}".replace("|", "\\|"))
