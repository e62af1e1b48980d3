"""Small pieces of HTML for notebooks: escaped, and readable on a light and on a dark page."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.text import visible

# Blue that both kinds of page leave room for; all else is the page's own colour.
_LINE = "#3b8ec2"
# A page without a doctype hands neither on.
TABLE = "border:none;color:inherit;font-size:inherit;margin:.3em 0"
_CELL = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top"


def text(value: object) -> str:
    """Return any text as HTML shows it, acting on nothing.

    Examples
    --------
    >>> text("<b>a & b</b>")
    '&lt;b&gt;a &amp; b&lt;/b&gt;'
    """
    return html.escape(visible(value), quote=True)


def titled(title: str, *parts: str) -> str:
    """Return parts that are HTML under a title that is text."""
    return f'<div style="font-size:90%"><strong>{text(title)}</strong>{"".join(parts)}</div>'


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """Return names and values as a table."""
    body = "".join(
        f'<tr style="background:none"><th style="{_CELL};font-weight:normal;opacity:.7">'
        f'{text(name)}</th><td style="{_CELL}">{text(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table style="{TABLE}">{body}</table>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of texts, its first row their names."""
    rule = "border-bottom:1px solid rgba(128,128,128,.4)"
    top = "".join(f'<th style="{_CELL};{rule}">{text(cell)}</th>' for cell in head)
    lines = ("".join(f'<td style="{_CELL}">{text(cell)}</td>' for cell in row) for row in rows)
    body = "".join(f'<tr style="background:none">{line}</tr>' for line in lines)
    return f'<table style="{TABLE}"><tr style="background:none">{top}</tr>{body}</table>'


def sparkline(places: NDArray[np.float64], values: NDArray[np.float64], name: str) -> str:
    """Return a line as a small picture; it is cut where values are missing.

    Parameters
    ----------
    places, values : array of shape (n,)
        Of its points.
    name : str
        What it shows, for those who do not see it.
    """
    width, height = 180.0, 36.0
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    across = max(float(places[-1] - places[0]), 1.0) if len(places) else 1.0
    x = (places - places[0]) / across * width if len(places) else places
    y = height - 2 - (values - low) / ((high - low) or 1.0) * (height - 4)
    path, pen = [], "M"
    for a, b, there in zip(x.tolist(), y.tolist(), known.tolist(), strict=True):
        if there:
            path.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L" if there else "M"
    return (
        f'<svg role="img" aria-label="{text(name)}" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}"><path d="{"".join(path)}" fill="none" '
        f'stroke="{_LINE}" stroke-width="1.2"/></svg>'
    )
